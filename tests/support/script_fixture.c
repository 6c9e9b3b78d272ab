// SPDX-License-Identifier: Apache-2.0
// The host's side of script_fixture.h.
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void note(char *out, size_t room, const char *format, ...) {
  size_t used = strlen(out);
  va_list args;
  va_start(args, format);
  vsnprintf(out + used, room - used, format, args);
  va_end(args);
}

static void note_step(script_fixture *f, const md_step *step) {
  md_buffer args;
  if (!f->verbose_trace) {
    note(f->trace, sizeof f->trace, "%s %s\n", md_step_kind_name(step->kind), step->name);
    return;
  }
  md_buffer_init(&args);
  md_json_write(&args, step->args);
  note(f->trace, sizeof f->trace, "%s %s %s %s:%d\n", md_step_kind_name(step->kind), step->name, args.data, step->file,
       step->line);
  md_buffer_deinit(&args);
}

static bool waits(md_step_kind kind) {
  return kind == MD_STEP_WAIT_FOR || kind == MD_STEP_SLEEP;
}

static void push_answer(script_fixture *f, json_t *value, md_step_kind kind, md_answer *answer) {
  if (kind != MD_STEP_WAIT_FOR || !json_is_object(value)) {
    answer->value = json_is_null(value) ? NULL : value;
    return;
  }
  answer->kind = MD_ANSWER_EVENT;
  answer->event = (md_event_view){.seq = 2, .id = "e2", .type = "order.changed", .source = "shop", .data = value};
  (void)f;
}

// What a step does the first time.
static json_t *perform(script_fixture *f, const md_step *step) {
  switch (step->kind) {
  case MD_STEP_GET:
    return json_object_get(f->stored, step->name);
  case MD_STEP_SET:
    json_object_set(f->stored, step->name, json_object_get(step->args, "value"));
    return NULL;
  case MD_STEP_SEND:
    return json_pack("{s:b,s:s}", "sent", 1, "id", "msg-1");
  case MD_STEP_PROFILE:
    return json_pack("{s:s,s:n}", "name", "Ida", "phone");
  case MD_STEP_ADD:
    return json_object_get(step->args, "n");
  default:
    return NULL;
  }
}

static void replay(script_fixture *f, const md_step *step, md_answer *answer) {
  const json_t *entry = json_array_get(f->journal, (size_t)f->at++);
  char identity[300];
  snprintf(identity, sizeof identity, "%s %s", md_step_kind_name(step->kind), step->name);
  answer->replayed = true;
  if (strcmp(identity, md_json_text(entry, "step")) != 0) {
    f->diverged = true;
    answer->kind = MD_ANSWER_SUSPEND;
    return;
  }
  push_answer(f, json_object_get(entry, "answer"), step->kind, answer);
}

static void record(script_fixture *f, const char *identity, json_t *value) {
  json_t *entry = json_object();
  json_object_set_new(entry, "step", json_string(identity));
  json_object_set(entry, "answer", value ? value : json_null());
  json_array_append_new(f->journal, entry);
}

static void take_step(void *context, const md_step *step, md_answer *answer) {
  script_fixture *f = context;
  char identity[300];
  if ((size_t)f->at < json_array_size(f->journal)) {
    replay(f, step, answer);
    return;
  }
  note_step(f, step);
  if (waits(step->kind)) {
    answer->kind = MD_ANSWER_SUSPEND;
    return;
  }
  if (strcmp(step->name, "raise") == 0) {
    answer->kind = MD_ANSWER_RAISE;
    snprintf(answer->error, sizeof answer->error, "the host says no");
    return;
  }
  snprintf(identity, sizeof identity, "%s %s", md_step_kind_name(step->kind), step->name);
  json_t *value = perform(f, step);
  record(f, identity, value);
  f->at++;
  push_answer(f, value, step->kind, answer);
}

static double tell_time(void *context) {
  (void)context;
  return 1700000000;
}

static uint64_t tell_random(void *context) {
  (void)context;
  return UINT64_C(0x8000000000000000);
}

static void take_log(void *context, const char *level, const char *text, int line) {
  script_fixture *f = context;
  note(f->log, sizeof f->log, "%s %s %d\n", level, text, line);
}

static bool tell_replaying(void *context) {
  script_fixture *f = context;
  return (size_t)f->at < json_array_size(f->journal);
}

int script_try(script_fixture *f, const md_vm_limits *limits, const char *moment_lua, const char *more[]) {
  md_source_file files[20] = {{.path = "m1/moment.lua", .data = moment_lua, .len = strlen(moment_lua)}};
  md_source source = {.files = files, .count = 1};
  for (int i = 0; more && more[i]; i += 2, source.count++)
    files[source.count] = (md_source_file){.path = more[i], .data = more[i + 1], .len = strlen(more[i + 1])};
  *f = (script_fixture){.arena = md_arena_new(0)};
  f->before = md_json_scope(f->arena);
  f->journal = json_array();
  f->stored = json_object();
  return md_vm_new(&f->vm, "m1", &source, limits, &f->err);
}

void script_open(script_fixture *f, const char *moment_lua) {
  if (script_try(f, NULL, moment_lua, NULL)) fail_msg("%s", f->err.text);
}

void script_close(script_fixture *f) {
  md_vm_free(f->vm);
  md_json_scope(f->before);
  md_arena_free(f->arena);
}

md_turn_result script_turn(script_fixture *f, const char *data) {
  const md_turn_host host = {.context = f,
                             .step = take_step,
                             .now = tell_time,
                             .random = tell_random,
                             .log = take_log,
                             .replaying = f->no_replaying ? NULL : tell_replaying};
  md_event_view trigger = {.seq = 1,
                           .id = "e1",
                           .type = "order.placed",
                           .source = "shop",
                           .subject = "kunde-1",
                           .time = 1700000000 * MD_SECOND,
                           .data = data ? md_json_parse(data, strlen(data), true, NULL) : NULL};
  f->at = 0;
  f->err = (md_error){0};
  return md_vm_turn(f->vm, &host, &trigger, f->budget, &f->end, &f->err);
}

md_turn_result script_answer(script_fixture *f, const char *data) {
  char *last = strrchr(f->trace, '\n');
  while (last && last > f->trace && last[-1] != '\n')
    last--;
  assert_non_null(last);
  char identity[300];
  snprintf(identity, sizeof identity, "%.*s", (int)strcspn(last, "\n"), last);
  record(f, identity, data ? md_json_parse(data, strlen(data), true, NULL) : NULL);
  return script_turn(f, NULL);
}

const char *script_with_body(const char *body) {
  md_arena *arena = md_json_scope(NULL);
  md_json_scope(arena);
  return md_arena_printf(arena,
                         "local moment = require \"moment\"\n"
                         "return moment.define { class = \"service\", on = \"order.placed\", run = function(m, event)\n"
                         "%s\nend }\n",
                         body);
}

static md_turn_result run_body(script_fixture *f, md_arena *arena, const char *body) {
  md_arena *before = md_json_scope(arena);
  const char *text = script_with_body(body);
  md_json_scope(before);
  script_open(f, text);
  return script_turn(f, "{\"total\":200,\"lines\":[],\"none\":null,\"list\":[1,null,2.0]}");
}

void script_expect(const char *body, const char *outcome) {
  script_fixture f;
  md_arena *arena = md_arena_new(0);
  md_turn_result result = run_body(&f, arena, body);
  if (result != MD_TURN_DONE) fail_msg("result %d: %s", result, f.err.text);
  if (outcome)
    assert_string_equal(f.end.outcome ? f.end.outcome : "(nil)", outcome);
  else
    assert_null(f.end.outcome);
  script_close(&f);
  md_arena_free(arena);
}

void script_expect_error(const char *body, const char *text) {
  script_fixture f;
  md_arena *arena = md_arena_new(0);
  md_turn_result result = run_body(&f, arena, body);
  if (result != MD_TURN_ERROR) fail_msg("result %d instead of an error: %s", result, f.err.text);
  if (!strstr(f.err.text, text)) fail_msg("\"%s\" is not in: %s", text, f.err.text);
  script_close(&f);
  md_arena_free(arena);
}

void script_expect_refused(const char *moment_lua, int code, const char *text) {
  script_fixture f;
  int got = script_try(&f, NULL, moment_lua, NULL);
  if (got != code || !strstr(f.err.text, text))
    fail_msg("%s (%s) instead of %s: %s", md_error_name(got), f.err.text, md_error_name(code), text);
  script_close(&f);
}
