// SPDX-License-Identifier: Apache-2.0
// The checks of Lua text, on any bytes: they end, read nothing outside the text, and tell lines that it has.
#include "base/assert.h"
#include "script/lint.h"
#include "script/lint_calls.h"
#include "script/outline.h"
#include "script/plan_read.h"
#include "script/words.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct reading {
  int lines; // of the text
  int told;
  const char *begin, *end;
} reading;

static void check_line(const reading *at, int line) {
  md_require(line >= 1 && line <= at->lines);
}

static void found(void *context, int line, const char *what) {
  reading *at = context;
  check_line(at, line);
  md_require(strlen(what) < 2000);
  at->told++;
}

static void named(void *context, int line, const char *name, size_t len) {
  reading *at = context;
  check_line(at, line);
  for (size_t i = 0; i < len; i++)
    at->told += name[i] == 0; // every byte of it is readable
}

static bool unknown(void *context, const char *name, char *advice, size_t room) {
  (void)context;
  md_require(room > 8);
  strcpy(advice, "advice");
  return strlen(name) % 2 == 0;
}

static bool unknown_connection(void *context, const char *name, const char **near) {
  (void)context;
  *near = NULL;
  return name[0] == 'x';
}

static void variant(void *context, const char *template_name, const md_lint_variant_text *at) {
  check_line(context, at->line);
  md_require(template_name && at->before && at->after);
}

static void locale(void *context, const char *template_name, const char *text, int line) {
  check_line(context, line);
  md_require(template_name && text);
}

static void given(void *context, const char *template_name, const char *const *names, int line) {
  reading *at = context;
  check_line(at, line);
  for (; template_name && *names; names++)
    at->told += (*names)[0] == 0;
}

static void emitted(void *context, const char *type) {
  reading *at = context;
  at->told += type[0] == 0;
}

static void check_span(reading *at, const md_outline_span *span) {
  md_require(span->text >= at->begin && span->text + span->len <= at->end);
  check_line(at, span->line);
}

static void outline_step(void *context, const md_outline_step *step) {
  check_line(context, step->line);
  check_span(context, &step->call);
  for (int i = 0; i < step->field_count; i++)
    check_span(context, &step->fields[i].value);
}

static void outline_outcome(void *context, const md_outline_span *outcome) {
  check_span(context, outcome);
}

static void read_outline(reading *at, const char *text, size_t len, md_arena *arena) {
  md_outline_span span;
  md_require(md_outline_steps(text, len, arena, outline_step, at) == 0);
  md_require(md_outline_outcomes(text, len, arena, outline_outcome, at) == 0);
  if (md_outline_define(text, len, arena, "where", &span)) {
    check_span(at, &span);
    md_require(strlen(md_outline_text(&span, arena)) <= span.len);
  }
  const char *comment = md_outline_comment(text, len, arena);
  md_require(!comment || strlen(comment) <= len);
}

static int lines_of(const char *text, size_t len) {
  int lines = 1;
  for (size_t i = 0; i < len; i++)
    lines += text[i] == '\n';
  return lines;
}

static void read_calls(reading *at, const char *text, size_t len, md_arena *arena) {
  const md_call_lint lint = {.templates_declared = len % 2,
                             .context = at,
                             .unknown_type = unknown,
                             .unknown_kind = unknown,
                             .variant = variant,
                             .locale = locale,
                             .data = given,
                             .unknown_connection = unknown_connection,
                             .found = found};
  md_require(md_lint_calls(&lint, text, len, arena) == 0);
  md_require(md_lint_emitted(text, len, arena, emitted, at) == 0);
  check_line(at, md_lint_line_of(text, len, "on"));
}

// The first line is a plan's field; the rest, its file.
static void read_plan(const reading *at, const char *text, size_t len, md_arena *arena) {
  md_plan_field where = {{0}};
  const char *end = memchr(text, '\n', len);
  size_t first = end ? (size_t)(end - text) : 0;
  memcpy(where.text, text, first < sizeof where.text ? first : sizeof where.text - 1);
  int line = md_plan_line(text, len, &where, arena);
  md_require(line >= 0 && line <= at->lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size ? size : 1); // just as long as it is, so that a byte too far is seen
  md_arena *arena = md_arena_new(0);
  if (text && arena && size <= 20000) {
    if (size) memcpy(text, data, size);
    reading at = {.lines = lines_of(text, size), .begin = text, .end = text + size};
    md_script_lint(text, size, found, &at);
    md_script_lint_steps(text, size, found, &at);
    md_require(md_lint_names(text, size, arena, found, &at) == 0);
    md_script_templates(text, size, named, &at);
    md_script_experiments(text, size, named, &at);
    read_calls(&at, text, size, arena);
    read_plan(&at, text, size, arena);
    read_outline(&at, text, size, arena);
  }
  md_arena_free(arena);
  free(text);
  return 0;
}
