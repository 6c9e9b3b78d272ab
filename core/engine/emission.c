// SPDX-License-Identifier: Apache-2.0
// Events that come from inside: stored at the end of their batch, processed by a later one (T4).
#include "base/digest.h"
#include "engine/secrets.h"
#include <string.h>

static void digest(md_event *event) {
  uint8_t whole[MD_SHA256_SIZE];
  md_sha256_state *state = md_sha256_new();
  if (!state) return;
  md_sha256_update(state, event->source, strlen(event->source) + 1);
  md_sha256_update(state, event->id, strlen(event->id) + 1);
  md_sha256_update(state, event->type, strlen(event->type) + 1);
  if (event->data_text) md_sha256_update(state, event->data_text, strlen(event->data_text));
  md_sha256_finish(state, whole);
  memcpy(event->digest, whole, sizeof event->digest);
}

static void about_run(md_event *event, const md_run *run) {
  event->person = run->person;
  if (strcmp(run->about.kind, "person") != 0 && strcmp(run->about.kind, MD_ABOUT_SCHEDULE) != 0)
    event->keys[event->key_count++] = run->about;
  for (int i = 0; i < run->key_count && event->key_count < MD_KEYS_MAX; i++)
    event->keys[event->key_count++] = run->keys[i];
}

// The parts that every emitted event has; who it is about is still open.
static int begin(md_engine *engine, const char *source, const char *type, const char *id, const char *data,
                 md_emission **out, md_error *err) {
  md_emission *emission = md_arena_alloc_zero(engine->arena, sizeof *emission);
  if (!emission || !source) return md_error_set(err, MD_ENOMEM, "out of memory while an event was emitted");
  md_event *event = &emission->event;
  event->id = md_arena_strdup(engine->arena, id);
  event->type = md_arena_strdup(engine->arena, type);
  event->data_text = md_arena_strdup(engine->arena, data);
  event->source = source;
  if (!event->id || !event->type || (data && !event->data_text))
    return md_error_set(err, MD_ENOMEM, "out of memory while an event was emitted");
  event->received_at = event->time = engine->now;
  event->flags = MD_EVENT_PENDING | MD_EVENT_HAS_TIME;
  *out = emission;
  return 0;
}

static void finish(md_engine *engine, md_emission *emission) {
  digest(&emission->event);
  emission->before = engine->emitted;
  engine->emitted = emission;
}

int md_emit(md_engine *engine, const md_run *run, const char *type, const char *id, const char *data, int depth,
            md_error *err) {
  md_emission *emission;
  int rc = begin(engine, md_arena_printf(engine->arena, "/moments/%s", run->moment), type, id, data, &emission, err);
  if (rc) return rc;
  emission->event.depth = depth;
  emission->event.emitter_run = run->id;
  about_run(&emission->event, run);
  finish(engine, emission);
  return 0;
}

int md_emit_about_person(md_engine *engine, int64_t person, const char *source, const char *type, const char *id,
                         const char *data, md_error *err) {
  md_emission *emission;
  int rc = begin(engine, source, type, id, data, &emission, err);
  if (rc) return rc;
  emission->event.person = person;
  finish(engine, emission);
  return 0;
}

bool md_emission_find(const md_engine *engine, const char *source, const char *id) {
  for (const md_emission *at = engine->emitted; at; at = at->before)
    if (strcmp(at->event.source, source) == 0 && strcmp(at->event.id, id) == 0) return true;
  return false;
}

static md_emission *oldest_first(md_emission *newest) {
  md_emission *list = NULL;
  while (newest) {
    md_emission *before = newest->before;
    newest->before = list;
    list = newest;
    newest = before;
  }
  return list;
}

int md_store_emitted(md_engine *engine, md_error *err) {
  for (md_emission *at = oldest_first(engine->emitted); at; at = at->before) {
    at->event.seq = engine->last_event + 1;
    int rc = md_secrets_digest(engine, &at->event, err);
    if (rc == 0) rc = md_secrets_conceal(engine, &at->event, err);
    if (rc == 0) rc = md_events_insert(engine->store, &at->event, err);
    if (rc) return rc;
    engine->last_event = at->event.seq;
    engine->pending = true;
  }
  engine->emitted = NULL;
  return 0;
}

int md_process_pending(md_engine *engine, int limit, int *done, md_error *err) {
  int64_t after = 0;
  for (*done = 0; engine->pending && *done < limit; (*done)++) {
    md_event *event = md_arena_alloc_zero(engine->arena, sizeof *event);
    if (!event) return md_error_set(err, MD_ENOMEM, "out of memory while emitted events were read");
    int rc = md_events_next_pending(engine->store, after, engine->arena, event, err);
    if (rc == MD_ENOTFOUND) {
      engine->pending = false;
      return 0;
    }
    if (rc == 0) rc = md_events_mark_processed(engine->store, event->seq, err);
    if (rc == 0) rc = md_process_event(engine, event, err);
    if (rc) return rc;
    after = event->seq;
  }
  return 0;
}

int md_engine_emit_about_run(md_engine *engine, int64_t run, const char *type, const char *id, const char *data,
                             int depth, md_error *err) {
  md_run about;
  int rc = md_runs_get(engine->store, run, engine->arena, &about, err);
  if (rc == 0) rc = md_emit(engine, &about, type, id, data, depth, err);
  if (rc == 0) engine->emitted->event.emitter_run = 0; // the host's, so the run itself may wait for it
  return rc;
}
