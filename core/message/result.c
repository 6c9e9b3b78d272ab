// SPDX-License-Identifier: Apache-2.0
// What comes back from the courier, and what it makes of a message: accepted, tried again, failed, unknown, withdrawn
// (M2, M3, M4).
#include "base/digest.h"
#include "base/log.h"
#include "message/outbox_state.h"
#include <stdio.h>
#include <string.h>

#define BACKOFF_FIRST (10 * MD_SECOND)
#define BACKOFF_LONGEST MD_HOUR
#define BACKOFF_TOTAL MD_DAY

typedef struct outcome {
  md_outbox *outbox;
  md_store *store;
  md_micros now;
  md_error *err;
  md_message message;
  const md_delivery_result *result;
} outcome;

// The pause after the `attempt`-th attempt, without jitter.
static md_micros pause_after(int attempt) {
  md_micros pause = BACKOFF_FIRST;
  for (int i = 1; i < attempt && pause < BACKOFF_LONGEST; i++)
    pause *= 2;
  return pause < BACKOFF_LONGEST ? pause : BACKOFF_LONGEST;
}

static bool exhausted(int attempts) {
  md_micros total = 0;
  for (int i = 1; i <= attempts && total <= BACKOFF_TOTAL; i++)
    total += pause_after(i);
  return total > BACKOFF_TOTAL;
}

// A quarter more or less, so that those that failed together do not come back together. From a hash and not from
// chance: virtual time repeats itself.
static md_micros with_jitter(md_micros pause, const md_message *message) {
  uint64_t hash = md_hash64((uint64_t)message->id, &message->attempts, sizeof message->attempts);
  return pause - pause / 4 + (md_micros)(hash % (uint64_t)(pause / 2));
}

static int end(outcome *o, md_message_state state, const char *reason) {
  o->message.state = state;
  o->message.reason = reason;
  o->message.final_at = o->now;
  return md_outbox_end(o->outbox, o->store, &o->message, o->result->reply, o->err);
}

// The reason is that of the run's end, where the run was cancelled.
static int withdraw(outcome *o) {
  md_run run;
  int rc = md_runs_get(o->store, o->message.run, o->outbox->arena, &run, o->err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  bool told = rc == 0 && run.state == MD_RUN_CANCELLED && run.reason;
  return end(o, MD_MESSAGE_WITHDRAWN, told ? run.reason : "cancelled");
}

static int queue_again(outcome *o, md_micros pause) {
  if (o->message.cancel) return withdraw(o);
  o->message.state = MD_MESSAGE_QUEUED;
  if (pause) o->message.due_at = o->now + with_jitter(pause, &o->message);
  return md_messages_update(o->store, &o->message, o->err);
}

static int unsent(outcome *o) {
  if (o->message.attempts > 0) o->message.attempts--;
  return queue_again(o, 0);
}

static int transient(outcome *o) {
  char message[24], reply[24];
  // The transport's own words hold no address; a server's reply may.
  md_log(MD_LOG_WARN, "message", "a mail was not taken, it is tried again", "message",
         md_log_int_text((long long)o->message.id, message), "code",
         o->result->reply ? md_log_int_text(o->result->reply, reply) : NULL, "error",
         o->result->reply ? NULL : o->result->detail, NULL);
  if (exhausted(o->message.attempts)) return end(o, MD_MESSAGE_FAILED, "expired");
  return queue_again(o, pause_after(o->message.attempts));
}

// M3: security and service go out once more, and that result stands.
static int unknown(outcome *o) {
  const md_message *message = &o->message;
  bool needed = strcmp(message->class_name, "security") == 0 || strcmp(message->class_name, "service") == 0;
  bool again = message->reason && strcmp(message->reason, "unknown") == 0;
  if (!needed || again || message->cancel) return end(o, MD_MESSAGE_UNKNOWN, NULL);
  o->message.reason = "unknown";
  return queue_again(o, pause_after(message->attempts));
}

static int settle(outcome *o) {
  o->message.detail = o->result->detail[0] ? md_outbox_readable(o->outbox->arena, o->result->detail) : NULL;
  switch (o->result->outcome) {
  case MD_DELIVERY_ACCEPTED:
    return end(o, MD_MESSAGE_ACCEPTED, NULL);
  case MD_DELIVERY_PERMANENT:
    return end(o, MD_MESSAGE_FAILED, "refused");
  case MD_DELIVERY_UNKNOWN:
    return unknown(o);
  case MD_DELIVERY_CANCELLED:
    return withdraw(o);
  case MD_DELIVERY_UNSENT:
    return unsent(o);
  case MD_DELIVERY_NONE: // a channel that filled nothing in says nothing about the mail
  case MD_DELIVERY_TRANSIENT:
    break;
  }
  return transient(o);
}

static int apply(md_outbox *outbox, md_store *store, md_micros now, const md_delivery *delivery, md_error *err) {
  outcome o = {.outbox = outbox, .store = store, .now = now, .err = err, .result = &delivery->result};
  int rc = md_messages_get(store, delivery->message, outbox->arena, &o.message, err);
  if (rc == MD_ENOTFOUND) return 0; // erased meanwhile
  if (rc) return rc;
  return o.message.state == MD_MESSAGE_ATTEMPTING ? settle(&o) : 0;
}

static void take_finished(md_outbox *outbox) {
  md_queue_node *node = md_queue_take(outbox->finished, SIZE_MAX);
  while (node) {
    md_queue_node *next = node->next;
    ((md_delivery *)node)->stage = MD_STAGE_BACK;
    node = next;
  }
}

int md_outbox_results(md_outbox *outbox, md_store *store, md_micros now, int *count, md_error *err) {
  take_finished(outbox);
  for (md_delivery *delivery = outbox->first; delivery; delivery = delivery->next) {
    if (delivery->stage != MD_STAGE_BACK) continue;
    int rc = apply(outbox, store, now, delivery, err);
    if (rc) return rc;
    delivery->stage = MD_STAGE_APPLIED;
    (*count)++;
  }
  return 0;
}

// --- interrupted at the last end (M2) ---

static int note_interrupted(void *context, const md_message *message) {
  md_buffer_append(context, &message->id, sizeof message->id);
  return md_buffer_ok(context) ? 0 : MD_ENOMEM;
}

static int settle_interrupted(md_outbox *outbox, md_store *store, md_micros now, int64_t id, md_error *err) {
  static const md_delivery_result result = {.outcome = MD_DELIVERY_UNKNOWN,
                                            .detail = "the process ended while it was being delivered"};
  outcome o = {.outbox = outbox, .store = store, .now = now, .err = err, .result = &result};
  int rc = md_messages_get(store, id, outbox->arena, &o.message, err);
  return rc ? rc : settle(&o);
}

static int recover(md_outbox *outbox, md_store *store, md_micros now, md_error *err) {
  md_buffer ids;
  md_buffer_init(&ids);
  int rc = md_messages_interrupted(store, note_interrupted, &ids, err);
  for (size_t at = 0; rc == 0 && at < ids.len; at += sizeof(int64_t)) {
    int64_t id;
    memcpy(&id, ids.data + at, sizeof id);
    rc = settle_interrupted(outbox, store, now, id, err);
  }
  md_buffer_deinit(&ids);
  return rc;
}

int md_outbox_recover(md_outbox *outbox, md_store *store, md_micros now, md_error *err) {
  if (outbox->recovered) return 0;
  md_arena *scope = md_json_scope(outbox->arena);
  int rc = recover(outbox, store, now, err);
  md_json_scope(scope);
  outbox->recovered = outbox->recovering = rc == 0;
  return rc;
}

// --- the end ---

static void log_end(const md_message *message, int reply) {
  char id[24], run[24], code[24];
  if (message->state != MD_MESSAGE_FAILED && message->state != MD_MESSAGE_UNKNOWN) return;
  md_log(MD_LOG_WARN, "message",
         message->state == MD_MESSAGE_FAILED ? "a message failed" : "whether a message arrived is unknown", "message",
         md_log_int_text((long long)message->id, id), "run", md_log_int_text((long long)message->run, run), "moment",
         message->moment, "error", message->reason, "code", reply ? md_log_int_text(reply, code) : NULL, NULL);
}

static json_t *event_data(const md_message *message, int reply) {
  char name[64];
  snprintf(name, sizeof name, "%lld.%d", (long long)message->run, message->step);
  return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s*, s:s*, s:o*}", "message", name, "moment", message->moment,
                   "template", message->template_name, "class", message->class_name, "attempts", message->attempts,
                   "reason", message->reason, "detail", message->detail, "reply", reply ? json_integer(reply) : NULL);
}

// T4: one deeper than what began the run's turn.
static int emit(md_outbox *outbox, md_store *store, const md_message *message, int reply, md_error *err) {
  const md_outbox_options *options = &outbox->options;
  const char *state = md_message_state_name(message->state);
  md_run run;
  int rc = md_runs_get(store, message->run, outbox->arena, &run, err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  md_buffer data;
  md_buffer_init(&data);
  json_t *tree = event_data(message, reply);
  if (tree) md_json_write(&data, tree);
  char type[32], id[80];
  snprintf(type, sizeof type, "message.%s", state);
  snprintf(id, sizeof id, "%lld.%d.%s", (long long)message->run, message->step, state);
  rc = tree && md_buffer_ok(&data) ? options->emit(options->engine, run.id, type, id, data.data, run.depth + 1, err)
                                   : md_error_set(err, MD_ENOMEM, "out of memory while a message ended");
  md_buffer_deinit(&data);
  return rc;
}

int md_outbox_end(md_outbox *outbox, md_store *store, md_message *message, int reply, md_error *err) {
  int rc = md_messages_update(store, message, err);
  if (rc) return rc;
  log_end(message, reply);
  bool told = message->state != MD_MESSAGE_WITHDRAWN && outbox->options.emit;
  return told ? emit(outbox, store, message, reply, err) : 0;
}
