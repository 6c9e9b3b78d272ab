// SPDX-License-Identifier: Apache-2.0
// When the key of an event or call is needed no more: no live run has it or waits for an event of its type, no queued
// message has its secrets, or an hour is over (X1).
#include "base/log.h"
#include "base/secret.h"
#include "engine/secrets.h"
#include "store/calls.h"
#include "store/messages.h"
#include "store/vault.h"
#include <stdio.h>
#include <string.h>

enum { KEYS_A_LOOK = 1024, CALM = 256 };

// The owners whose secrets are in messages on their way.
typedef struct wanted {
  md_buffer owners; // int64_t each
} wanted;

static int note_message(void *context, const md_message *message) {
  wanted *at = context;
  md_error err = {0};
  size_t i;
  const json_t *ref, *refs = md_json_parse(message->secrets, strlen(message->secrets), true, &err);
  json_array_foreach(refs, i, ref) {
    int64_t owner = md_secret_owner(ref);
    md_buffer_append(&at->owners, &owner, sizeof owner);
  }
  return refs && md_buffer_ok(&at->owners) ? 0 : MD_ENOMEM;
}

static bool in_messages(const wanted *at, int64_t owner) {
  for (size_t i = 0; i < at->owners.len; i += sizeof owner)
    if (memcmp(at->owners.data + i, &owner, sizeof owner) == 0) return true;
  return false;
}

// Whether a live run has the event as its trigger or an answer, or waits for what it may be.
static bool has_or_awaits(const md_run *run, const md_event *event) {
  md_wait wait;
  if (run->trigger_seq == event->seq || md_journal_consumed(run->journal, run->journal_len, event->seq)) return true;
  if (!run->wait || md_wait_unpack(run->wait, run->wait_len, &wait)) return false;
  return run->trigger_seq < event->seq && md_wait_wants(&wait, event->type);
}

static int run_needs(md_engine *engine, md_key key, const md_event *event, bool *needed, md_error *err) {
  int64_t after = 0;
  md_run run;
  while (!*needed) {
    int rc = md_runs_next_live(engine->store, key, after, INT64_MAX, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    after = run.id;
    *needed = has_or_awaits(&run, event);
  }
  return 0;
}

static int any_run_needs(md_engine *engine, const md_event *event, bool *needed, md_error *err) {
  md_members rows = {0};
  int rc = 0;
  for (int i = 0; rc == 0 && !*needed && i < event->key_count; i++)
    rc = run_needs(engine, event->keys[i], event, needed, err);
  if (rc == 0 && !*needed) rc = md_people_rows(engine->store, event->person, engine->arena, &rows, err);
  for (int i = 0; rc == 0 && !*needed && i < rows.count; i++) {
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)rows.ids[i]);
    rc = run_needs(engine, (md_key){"person", value}, event, needed, err);
  }
  return rc;
}

// The answer to a call is its run's alone.
static int call_is_needed(md_engine *engine, int64_t id, bool *needed, md_error *err) {
  md_call call;
  md_run run;
  int rc = md_calls_get(engine->store, id, engine->arena, &call, err);
  if (rc == 0) rc = md_runs_get(engine->store, call.run, engine->arena, &run, err);
  *needed = rc == 0 && run.ended_at == 0;
  return rc == MD_ENOTFOUND ? 0 : rc;
}

static int event_is_needed(md_engine *engine, int64_t seq, bool *needed, md_error *err) {
  md_event event;
  int rc = md_events_get(engine->store, seq, engine->arena, &event, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc; // the batch that made the key was rolled back
  *needed = event.flags & MD_EVENT_PENDING;
  return *needed ? 0 : any_run_needs(engine, &event, needed, err);
}

static int is_needed(md_engine *engine, int64_t owner, md_micros made_at, const wanted *messages, bool *needed,
                     md_error *err) {
  *needed = false;
  if (engine->now >= made_at + MD_VAULT_SECONDS * MD_SECOND) return 0;
  *needed = in_messages(messages, owner);
  if (*needed) return 0;
  return owner < 0 ? call_is_needed(engine, md_secret_call(owner), needed, err)
                   : event_is_needed(engine, owner, needed, err);
}

static int look(md_engine *engine, const wanted *messages, md_error *err) {
  int64_t owner = engine->unneeded.cursor;
  md_micros made_at = 0;
  for (int i = 0; i < KEYS_A_LOOK; i++) {
    bool needed = false;
    int rc = md_vault_next(engine->store, owner, &owner, &made_at, err);
    if (rc == MD_ENOTFOUND) owner = INT64_MIN; // from the first again
    if (rc == MD_ENOTFOUND) break;
    if (rc == 0) rc = is_needed(engine, owner, made_at, messages, &needed, err);
    if (rc) return rc;
    if (!needed) engine->unneeded.owners[engine->unneeded.count++] = owner;
  }
  engine->unneeded.cursor = owner;
  return 0;
}

// With many keys a look a second is enough.
static bool is_time(const md_engine *engine) {
  int64_t keys = md_vault_count(engine->store);
  return keys > 0 && (keys <= CALM || engine->now - engine->unneeded.looked >= MD_SECOND);
}

int md_secrets_find_unneeded(md_engine *engine, md_error *err) {
  wanted messages;
  engine->unneeded.count = 0;
  if (!is_time(engine)) return 0;
  engine->unneeded.owners = md_arena_alloc(engine->arena, KEYS_A_LOOK * sizeof *engine->unneeded.owners);
  if (!engine->unneeded.owners) return md_error_set(err, MD_ENOMEM, "out of memory while keys were looked at");
  md_buffer_init(&messages.owners);
  int rc = md_messages_with_secrets(engine->store, note_message, &messages, err);
  if (rc == 0) rc = look(engine, &messages, err);
  md_buffer_deinit(&messages.owners);
  engine->unneeded.looked = engine->now;
  return rc;
}

void md_secrets_forget_unneeded(md_engine *engine) {
  md_error err = {0};
  int count = engine->unneeded.count;
  engine->unneeded.count = 0;
  if (md_vault_forget(engine->store, engine->unneeded.owners, count, &err))
    md_log(MD_LOG_ERROR, "engine", "keys of secrets could not be forgotten; it is tried again", "error", err.text,
           NULL);
}
