// SPDX-License-Identifier: Apache-2.0
// What the admin socket is asked: acts are carried out inside a batch and answered after its commit.
#include "base/suggest.h"
#include "base/timestamp.h"
#include "cli/admin_moments.h"
#include "cli/daemon.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// An act on its way; it lives in its request's arena.
typedef struct act {
  md_submission submission;
  md_daemon *daemon;
  md_admin_request *request;
  int64_t run;
  int64_t person, other;
  const char *name; // of a key, or of a moment
  const char *text; // of the new key, shown once
  const char *scopes, *types, *source;
  bool swap_keys; // intake takes the stored keys after the commit
} act;

static act *new_act(md_daemon *daemon, md_admin_request *request) {
  act *at = md_arena_alloc_zero(md_admin_arena(request), sizeof *at);
  md_error err = {0};
  if (!at) {
    md_admin_answer(request, MD_ENOMEM, NULL, &err);
    return NULL;
  }
  at->daemon = daemon;
  at->request = request;
  at->submission.context = at;
  return at;
}

static int swap_keys(md_daemon *daemon, const char *without, md_error *err) {
  md_auth *keys = NULL;
  int code = md_daemon_keys(daemon->store, without, &keys, err);
  return code ? code : md_intake_set_keys(daemon->intake, keys, err);
}

static void answer_act(md_submission *submission) {
  act *at = submission->context;
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  md_error err = submission->error;
  int code = submission->code;
  if (at->swap_keys && code)
    swap_keys(at->daemon, NULL, &(md_error){0}); // back to what is stored
  else if (at->swap_keys)
    code = swap_keys(at->daemon, NULL, &err);
  json_t *answer = json_object();
  if (at->text) json_object_set_new(answer, "key", json_string(at->text));
  if (at->run) json_object_set_new(answer, "run", json_integer(at->run));
  md_admin_answer(at->request, code, answer, &err);
  md_json_scope(scope);
}

static void submit(act *at, int (*carry_out)(md_submission *, md_engine *, md_error *)) {
  at->submission.act = carry_out;
  at->submission.done = answer_act;
  if (md_queue_push(md_engine_inbox(at->daemon->engine), &at->submission.node)) return;
  md_error err = {0};
  md_error_set(&err, MD_EBUSY, "the engine's queue is full; try again");
  md_admin_answer(at->request, MD_EBUSY, NULL, &err);
}

static int cancel(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_cancel_run(engine, ((act *)submission->context)->run, "operator", err);
}

static int retry(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_retry_run(engine, ((act *)submission->context)->run, err);
}

static void runs_act(md_daemon *daemon, md_admin_request *request, const json_t *object,
                     int (*carry_out)(md_submission *, md_engine *, md_error *)) {
  act *at = new_act(daemon, request);
  if (!at) return;
  at->run = json_integer_value(json_object_get(object, "run"));
  submit(at, carry_out);
}

static int reset_clock(md_submission *submission, md_engine *engine, md_error *err) {
  (void)submission, (void)err;
  md_engine_reset_clock(engine);
  return 0;
}

static void clock_reset(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  (void)object;
  act *at = new_act(daemon, request);
  if (at) submit(at, reset_clock);
}

static void runs_cancel(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  runs_act(daemon, request, object, cancel);
}

static void runs_retry(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  runs_act(daemon, request, object, retry);
}

static int join_people(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  int64_t canonical = 0;
  return md_engine_join_people(engine, at->person, at->other, &canonical, err);
}

static int split_person(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_split_person(engine, ((act *)submission->context)->person, err);
}

static void people_act(md_daemon *daemon, md_admin_request *request, const json_t *object,
                       int (*carry_out)(md_submission *, md_engine *, md_error *)) {
  act *at = new_act(daemon, request);
  if (!at) return;
  at->person = json_integer_value(json_object_get(object, "person"));
  at->other = json_integer_value(json_object_get(object, "other"));
  submit(at, carry_out);
}

static void people_join(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  people_act(daemon, request, object, join_people);
}

static void people_split(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  people_act(daemon, request, object, split_person);
}

static int add_key(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  char text[MD_API_KEY_SIZE];
  md_api_key key = {.name = at->name,
                    .scopes = at->scopes ? at->scopes : "events",
                    .source = at->source,
                    .types = at->types,
                    .created_at = md_engine_time(engine)};
  int code = md_api_key_make(at->name, text, key.hash, err);
  if (!code) code = md_keys_insert(md_engine_store(engine), &key, err);
  at->text = code ? NULL : md_arena_strdup(md_admin_arena(at->request), text);
  return code;
}

static void key_add(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  act *at = new_act(daemon, request);
  if (!at) return;
  at->name = md_json_text(object, "name");
  at->scopes = md_json_text(object, "scopes");
  at->types = md_json_text(object, "types");
  at->source = md_json_text(object, "source");
  at->name = at->name ? at->name : "";
  at->swap_keys = true;
  submit(at, add_key);
}

// Intake drops the key first: it refuses when a public address would be left without any.
static int revoke_key(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  int code = swap_keys(at->daemon, at->name, err);
  return code ? code : md_keys_revoke(md_engine_store(engine), at->name, md_engine_time(engine), err);
}

static void key_revoke(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  act *at = new_act(daemon, request);
  if (!at) return;
  at->name = md_json_text(object, "name");
  at->name = at->name ? at->name : "";
  at->swap_keys = true;
  submit(at, revoke_key);
}

static json_t *time_json(md_micros at) {
  char text[32];
  if (!at) return json_null();
  md_timestamp_format(at, text);
  return json_string(text);
}

static void add_unplanned(void *context, const char *type, int64_t count, const char *nearest) {
  json_t *row = json_object();
  json_object_set_new(row, "type", json_string(type));
  json_object_set_new(row, "count", json_integer(count));
  json_object_set_new(row, "nearest", nearest ? json_string(nearest) : json_null());
  json_array_append_new(context, row);
}

static void status(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  (void)object;
  json_t *answer = json_object();
  md_intake_stats stats = md_intake_stats_read(daemon->intake);
  json_object_set_new(answer, "engine_time", time_json(md_engine_time(daemon->engine)));
  json_object_set_new(answer, "started_at", time_json(daemon->started_at));
  json_object_set_new(answer, "ready", json_boolean(md_engine_ready(daemon->engine)));
  json_object_set_new(answer, "listen", json_string(daemon->url));
  json_object_set_new(answer, "delivery", json_string(daemon->settings->delivery));
  json_object_set_new(answer, "moment_delivery", json_deep_copy(daemon->settings->moment_delivery));
  json_object_set_new(answer, "mail", daemon->settings->mail ? json_string(daemon->settings->mail) : json_null());
  json_object_set_new(answer, "version", json_string(MOMENTD_VERSION));
  json_object_set_new(answer, "pid", json_integer(getpid()));
  json_object_set_new(answer, "inbox", json_integer((json_int_t)md_queue_length(md_engine_inbox(daemon->engine))));
  json_object_set_new(answer, "under_way", json_integer(md_outbox_under_way(daemon->postroom.outbox)));
  json_object_set_new(answer, "requests", json_integer((json_int_t)stats.requests));
  json_object_set_new(answer, "connections", json_integer((json_int_t)stats.connections));
  json_t *unplanned = json_array();
  md_engine_unplanned(daemon->engine, add_unplanned, unplanned);
  json_object_set_new(answer, "unplanned", unplanned);
  json_object_set_new(answer, "errors", md_problems_json(md_builder_problems(daemon->builder)));
  json_object_set_new(answer, "reload", md_daemon_reload_json(daemon));
  json_object_set_new(answer, "shadowed", md_daemon_shadows_json(daemon));
  md_admin_answer(request, 0, answer, NULL);
}

static const struct {
  const char *name;
  void (*handle)(md_daemon *daemon, md_admin_request *request, const json_t *object);
} commands[] = {{"clock.reset", clock_reset},
                {"deploy", md_daemon_deploy},
                {"key.add", key_add},
                {"key.revoke", key_revoke},
                {"moments.migrate", md_admin_moments_migrate},
                {"moments.pause", md_admin_moments_pause},
                {"moments.resume", md_admin_moments_resume},
                {"moments.rollback", md_admin_moments_rollback},
                {"people.join", people_join},
                {"people.split", people_split},
                {"quarantine.redrive", md_admin_quarantine_redrive},
                {"reload", md_daemon_reload},
                {"runs.cancel", runs_cancel},
                {"runs.cancel_all", md_admin_runs_cancel_all},
                {"runs.retry", runs_retry},
                {"runs.retry_all", md_admin_runs_retry_all},
                {"status", status}};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

void md_daemon_admin(void *context, md_admin_request *request, const json_t *object) {
  const char *name = md_json_text(object, "command");
  const char *names[COMMANDS + 1] = {NULL};
  for (int i = 0; name && i < COMMANDS; i++) {
    names[i] = commands[i].name;
    if (strcmp(names[i], name) != 0) continue;
    commands[i].handle(context, request, object);
    return;
  }
  md_error err = {0};
  const char *nearest = name ? md_suggest(name, names) : NULL;
  md_error_set(&err, MD_EINVAL, "the admin socket knows no command \"%s\"%s%s", name ? name : "",
               nearest ? "; nearest: " : "", nearest ? nearest : "");
  md_admin_answer(request, MD_EINVAL, NULL, &err);
}
