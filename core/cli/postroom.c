// SPDX-License-Identifier: Apache-2.0
// Wires outbox, courier and engine.
#include "cli/postroom.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "cli/policy.h"
#include "message/mode.h"
#include <stdio.h>
#include <string.h>

enum { QUEUED = 1, QUEUED_AGAIN, VIRTUAL_SLOTS = 64 };

static int nothing(md_submission *submission, md_engine *engine, md_error *err) {
  (void)submission, (void)engine, (void)err;
  return 0; // the batch's claim applies what has come back
}

// A wake that came while the nudge was in the queue is made up for here.
static void nudge_done(md_submission *submission) {
  md_postroom *room = submission->context;
  int queued = QUEUED;
  if (atomic_compare_exchange_strong(&room->nudged, &queued, 0)) return;
  atomic_store(&room->nudged, QUEUED);
  md_queue_push_always(md_engine_inbox(room->engine), &room->nudge.node);
}

// Any thread: results wait.
static void nudge(void *context) {
  md_postroom *room = context;
  int seen = atomic_load(&room->nudged);
  while (!atomic_compare_exchange_weak(&room->nudged, &seen, seen ? QUEUED_AGAIN : QUEUED)) {
  }
  if (seen == 0) md_queue_push_always(md_engine_inbox(room->engine), &room->nudge.node);
}

static int slots(void *context, bool urgent) {
  md_postroom *room = context;
  if (room->closed) return 0;
  return room->courier ? md_courier_slots(room->courier, urgent) : VIRTUAL_SLOTS;
}

static bool submit(void *context, md_delivery *delivery) {
  md_postroom *room = context;
  if (room->courier) return md_courier_submit(room->courier, delivery);
  if (!room->channel) return false;
  delivery->node.next = NULL;
  *room->waiting_end = &delivery->node;
  room->waiting_end = &delivery->node.next;
  return true;
}

static void finished(void *context, md_delivery *delivery) {
  md_postroom *room = context;
  md_outbox_finished(room->outbox, delivery);
}

static int emit(void *context, int64_t run, const char *type, const char *id, const char *data, int depth,
                md_error *err) {
  md_postroom *room = context;
  return md_engine_emit_about_run(room->engine, run, type, id, data, depth, err);
}

static int seen(void *context, const md_run *run, const char *type, md_micros since, bool *answer, md_error *err) {
  md_postroom *room = context;
  return md_engine_seen_since(room->engine, run, type, since, answer, err);
}

int md_postroom_deliver(md_postroom *room) {
  int count = 0;
  md_queue_node *at = room->waiting;
  room->waiting = NULL;
  room->waiting_end = &room->waiting;
  for (; at; count++) {
    md_delivery *delivery = (md_delivery *)at; // the node is its first member
    at = at->next;
    md_courier_deliver_now(room->channel, delivery);
    md_outbox_finished(room->outbox, delivery);
  }
  return count;
}

// A random text that stays the same for a database: Message-IDs are made with it.
static int installation(md_postroom *room, md_store *store, md_error *err) {
  const char *known = NULL;
  uint8_t bytes[16];
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_settings_get(store, "installation_id", arena, &known, err);
  if (!code) snprintf(room->installation, sizeof room->installation, "%s", known);
  if (code == MD_ENOTFOUND) {
    md_random_bytes(bytes, sizeof bytes);
    md_hex(bytes, sizeof bytes, room->installation);
    code = md_store_begin(store, err);
    if (!code) code = md_settings_set(store, "installation_id", room->installation, err);
    if (!code) code = md_store_commit(store, err);
    if (code && md_store_in_transaction(store)) md_store_rollback(store);
  }
  md_arena_free(arena);
  return code;
}

static bool calls_a_channel(const char *mode) {
  md_mode parsed;
  return md_mode_parse(mode, &parsed, NULL) == 0 && parsed.kind != MD_MODE_SHADOW;
}

static int require_mail(const md_settings *settings, md_error *err) {
  const char *moment;
  json_t *mode;
  bool calls = calls_a_channel(settings->delivery);
  json_object_foreach(settings->moment_delivery, moment, mode) calls =
      calls || calls_a_channel(json_string_value(mode));
  if (!calls || settings->mail) return 0;
  return md_error_set(err, MD_EINVAL,
                      "delivery is %s, but it is not said where mail goes: give --mail file:DIR or smtp://HOST:PORT",
                      settings->delivery);
}

static int make_tables(md_postroom *room, const md_settings *settings, md_outbox_options *options, md_error *err) {
  const char *name;
  json_t *value;
  room->addresses = md_alloc((json_object_size(settings->addresses) + 1) * sizeof *room->addresses);
  room->modes = md_alloc((json_object_size(settings->moment_delivery) + 1) * sizeof *room->modes);
  if (!room->addresses || !room->modes) return md_error_set(err, MD_ENOMEM, "out of memory");
  json_object_foreach(settings->addresses, name, value) room->addresses[options->address_count++] =
      (md_outbox_address){name, json_string_value(value)};
  json_object_foreach(settings->moment_delivery, name, value) room->modes[options->mode_count++] =
      (md_outbox_mode){name, json_string_value(value)};
  options->addresses = room->addresses;
  options->modes = room->modes;
  return 0;
}

static bool stays_here(const md_postroom *room, const md_settings *settings) {
  return room->channel || room->closed || !settings->mail || strncmp(settings->mail, "file:", 5) == 0;
}

static int set_links(md_postroom *room, const md_settings *settings, md_outbox_options *options, md_error *err) {
  room->arena = md_arena_new(0);
  if (!room->arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_policy_unsubscribe(room->master_key, &options->unsubscribe, err);
  if (code) return code;
  return md_policy_link_base(settings, stays_here(room, settings), room->arena, &options->link_base, &room->own_links,
                             err);
}

static int open_outbox(md_postroom *room, const md_settings *settings, md_error *err) {
  md_outbox_options options = {.installation = room->installation,
                               .from = settings->sender,
                               .from_name = settings->sender_name,
                               .locale = settings->locale,
                               .mode = settings->delivery,
                               .catch_up_rate = settings->catch_up_rate,
                               .slots = slots,
                               .submit = submit,
                               .courier = room,
                               .emit = emit,
                               .seen = seen,
                               .copy = room->copy,
                               .wake = nudge,
                               .engine = room};
  int code = make_tables(room, settings, &options, err);
  if (!code) code = set_links(room, settings, &options, err);
  if (!code) code = md_policy_of_settings(settings, room->master_key, &options.policy, err);
  return code ? code : md_outbox_new(&room->outbox, &options, err);
}

int md_postroom_open(md_postroom *room, md_store *store, const md_postroom_options *options, md_error *err) {
  *room = (md_postroom){
      .nudge = {.act = nothing, .done = nudge_done}, .channel = options->channel, .closed = options->closed};
  room->nudge.context = room;
  room->master_key = options->master_key;
  room->copy = options->copy;
  room->waiting_end = &room->waiting;
  int code = room->channel || room->closed ? 0 : require_mail(options->settings, err);
  if (!code) code = installation(room, store, err);
  if (!code) code = open_outbox(room, options->settings, err);
  return code;
}

static md_channel_options channel_options(const md_postroom_options *options) {
  const md_settings *settings = options->settings;
  return (md_channel_options){.url = settings->mail,
                              .password_file = settings->smtp_password_file,
                              .ca_file = settings->smtp_ca_file,
                              .allow_plain = settings->smtp_plain,
                              .no_sync = options->virtual_time,
                              .connect_timeout = settings->smtp_connect_timeout,
                              .reply_timeout = settings->smtp_reply_timeout};
}

static int open_delivery(md_postroom *room, const md_postroom_options *options, md_error *err) {
  md_courier_options courier = {.channel = channel_options(options),
                                .threads = (int)options->settings->smtp_connections,
                                .stop_grace = options->settings->stop_grace,
                                .done = finished,
                                .context = room};
  if (room->channel || room->closed || !options->settings->mail) return 0;
  if (options->virtual_time) return md_channel_open(&room->channel, &courier.channel, err);
  return md_courier_start(&room->courier, &courier, err);
}

int md_postroom_attach(md_postroom *room, md_engine *engine, const md_postroom_options *options, md_error *err) {
  room->engine = engine;
  return open_delivery(room, options, err);
}

void md_postroom_stop(md_postroom *room) {
  room->closed = true;
  md_courier_stop(room->courier);
  room->courier = NULL;
}

void md_postroom_close(md_postroom *room) {
  md_postroom_stop(room);
  md_outbox_free(room->outbox);
  md_channel_free(room->channel);
  md_arena_free(room->arena);
  md_free(room->addresses);
  md_free(room->modes);
  *room = (md_postroom){0};
}
