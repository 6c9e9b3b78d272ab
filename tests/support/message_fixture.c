// SPDX-License-Identifier: Apache-2.0
// For tests of the outbox: a store with one moment and its copy, a run, a courier and an engine that take notes.
#include "message_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_OF(name, text)                                                                                            \
  { .path = "cart/" name, .data = text, .len = sizeof text - 1 }

static const md_version_file copy_files[] = {
    FILE_OF("b.da.md", "---\nsubject: B\n---\nKun dansk\n"),
    FILE_OF("missing.da.md", "---\nsubject: M\n---\n{{nowhere}}\n"),
    FILE_OF("plain.da.md", "---\nsubject: Enkelt\n---\nHej\n"),
    FILE_OF("reminder.da.md",
            "---\nsubject: Din kurv, {{item}}\n---\nHej{{#name}} {{name}}{{/name}}, {{item}} venter.\n"),
    FILE_OF("reminder.en.md", "---\nsubject: Your cart, {{item}}\n---\nHello{{#name}} {{name}}{{/name}}\n"),
    FILE_OF("reminder_b.da.md", "---\nsubject: Variant {{item}}\n---\nHej\n"),
    FILE_OF("whole.da.md", "---\nsubject: {{subject_line}}\n---\nHej\n"),
};

static int slots(void *context, bool urgent) {
  message_fixture *f = context;
  return urgent ? f->urgent_slots : f->slots;
}

static bool submit(void *context, md_delivery *delivery) {
  message_fixture *f = context;
  if (f->refuses) return false;
  assert_true(f->delivered_count < MESSAGE_FIXTURE_MAX);
  f->delivered[f->delivered_count++] = delivery;
  return true;
}

static int emit(void *context, int64_t run, const char *type, const char *id, const char *data, int depth,
                md_error *err) {
  message_fixture *f = context;
  (void)run, (void)err;
  assert_true(f->event_count < 16);
  f->depths[f->event_count] = depth;
  snprintf(f->events[f->event_count++], sizeof f->events[0], "%s %s %s", type, id, data);
  return 0;
}

static void wake(void *context) {
  message_fixture *f = context;
  f->wakes++;
}

static void store_version(message_fixture *f) {
  f->file_count = sizeof copy_files / sizeof copy_files[0];
  store_fixture_expect(
      f->db, 0, md_versions_put(f->store, "cart", "d1", copy_files, f->file_count, NULL, 1, &f->version, &f->db->err));
  store_fixture_expect(f->db, 0,
                       md_versions_files(f->store, f->version, f->arena, &f->files, &f->file_count, &f->db->err));
}

int message_fixture_setup(void **state) {
  message_fixture *f = calloc(1, sizeof *f);
  void *db = NULL;
  md_json_init();
  store_fixture_setup_memory(&db);
  f->db = db;
  f->store = f->db->store;
  f->arena = f->db->arena;
  md_json_scope(f->arena);
  f->now = 1795426200 * MD_SECOND;
  f->slots = f->urgent_slots = 100;
  store_fixture_begin(f->db);
  store_version(f);
  f->person = make_person(f->store, "subject", "kunde-1");
  message_fixture_run(f);
  store_fixture_commit(f->db);
  f->options = (md_outbox_options){.installation = "here", .from = "shop@shop.example", .mode = "live"};
  store_fixture_expect(f->db, 0, md_master_key_new(&f->key, &f->db->err));
  md_token_ring_init(&f->options.unsubscribe, md_unsubscribe_purpose);
  store_fixture_expect(f->db, 0, md_token_ring_add(&f->options.unsubscribe, f->key, &f->db->err));
  f->options.link_base = "https://mail.shop.example";
  f->options.slots = slots;
  f->options.submit = submit;
  f->options.courier = f;
  f->options.emit = emit;
  f->options.wake = wake;
  f->options.engine = f;
  message_fixture_outbox(f);
  *state = f;
  return 0;
}

int message_fixture_teardown(void **state) {
  message_fixture *f = *state;
  md_outbox_free(f->outbox);
  md_master_key_free(f->key);
  md_json_scope(NULL);
  void *db = f->db;
  store_fixture_teardown(&db);
  free(f);
  return 0;
}

void message_fixture_outbox(message_fixture *f) {
  md_outbox_free(f->outbox);
  f->outbox = NULL;
  f->delivered_count = 0;
  store_fixture_expect(f->db, 0, md_outbox_new(&f->outbox, &f->options, &f->db->err));
}

void message_fixture_run(message_fixture *f) {
  char person[24];
  snprintf(person, sizeof person, "%lld", (long long)f->person);
  f->run = (md_run){.moment = "cart", .version = f->version, .state = MD_RUN_WAITING, .person = f->person, .depth = 2};
  f->run.about = (md_key){"person", md_arena_strdup(f->arena, person)};
  bool within = md_store_in_transaction(f->store);
  if (!within) store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, md_runs_insert(f->store, &f->run, &f->db->err));
  if (!within) store_fixture_commit(f->db);
}

void message_fixture_person(message_fixture *f, const char *subject) {
  store_fixture_begin(f->db);
  f->person = make_person(f->store, "subject", subject);
  message_fixture_run(f);
  store_fixture_commit(f->db);
}

md_send message_fixture_send(message_fixture *f, const char *class_name, const char *args_json) {
  json_t *args = md_json_parse(args_json, strlen(args_json), false, &f->err);
  if (!args) fail_msg("%s", f->err.text);
  json_t *profile = json_object();
  json_object_set_new(profile, "email", json_string("ida@kunde.example"));
  json_object_set_new(profile, "consent", json_object());
  return (md_send){.run = &f->run,
                   .step = 3,
                   .class_name = class_name,
                   .args = args,
                   .profile = profile,
                   .files = f->files,
                   .file_count = f->file_count,
                   .now = f->now};
}

md_message message_fixture_decide(message_fixture *f, const md_send *send) {
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  md_message message;
  store_fixture_expect(f->db, 0,
                       messenger->decide(messenger->context, f->store, send, f->arena, &message, &f->db->err));
  return message;
}

int64_t message_fixture_queue(message_fixture *f, const char *class_name, const char *args_json) {
  md_send send = message_fixture_send(f, class_name, args_json);
  md_message message = message_fixture_decide(f, &send);
  if (message.state != MD_MESSAGE_QUEUED) fail_msg("suppressed: %s: %s", message.reason, message.detail);
  store_fixture_expect(f->db, 0, md_messages_insert(f->store, &message, &f->db->err));
  return message.id;
}

md_message message_fixture_get(message_fixture *f, int64_t id) {
  md_message message;
  store_fixture_expect(f->db, 0, md_messages_get(f->store, id, f->arena, &message, &f->db->err));
  return message;
}

void message_fixture_batch(message_fixture *f) {
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, messenger->claim(messenger->context, f->store, f->now, &f->db->err));
  store_fixture_commit(f->db);
  messenger->committed(messenger->context);
}

void message_fixture_finish(message_fixture *f, int index, md_delivery_outcome outcome, int reply, const char *detail) {
  md_delivery *delivery = f->delivered[index];
  delivery->result = (md_delivery_result){.outcome = outcome, .reply = reply};
  snprintf(delivery->result.detail, sizeof delivery->result.detail, "%s", detail);
  md_outbox_finished(f->outbox, delivery);
}
