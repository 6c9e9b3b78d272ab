// SPDX-License-Identifier: Apache-2.0
// Mustache: any text compiles or is refused, and renders or is refused, within its limits.
#include "base/json.h"
#include "message/mustache.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char data_text[] =
    "{\"a\":1,\"b\":\"<x>\",\"c\":[1,2,[3]],\"d\":{\"e\":{\"f\":\"g\"},\"p\":\"q\"},\"n\":null,"
    "\"s\":[{\"a\":2,\"s\":[{\"a\":3}]}]}";

// Every partial is the input itself, so that it may include and inherit from itself.
typedef struct input {
  const char *text;
  size_t len;
} input;

static const char *partial(void *context, const char *name, size_t *len, const char **file) {
  const input *self = context;
  if (*name == 'z') return NULL;
  *file = "partial";
  *len = self->len;
  return self->text;
}

static void render(const input *self, bool strict, bool html, const json_t *data, md_arena *arena) {
  const md_mustache *template;
  md_mustache_options options = {.html = html, .strict = strict, .partial = partial, .partial_context = (void *)self};
  md_error err = {0};
  md_buffer out;
  md_buffer_init(&out);
  int rc = md_mustache_compile("fuzz", 1, self->text, self->len, arena, &template, &err);
  if (rc == 0) rc = md_mustache_render(template, &options, &data, 1, arena, &out, &err);
  if (rc != 0 && err.text[0] == '\0') abort();
  if (rc == 0 && out.len > MD_MUSTACHE_OUTPUT_MAX) abort();
  md_buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  if (!ready) md_json_init();
  ready = true;
  md_arena *arena = md_arena_new(0);
  md_arena *before = md_json_scope(arena);
  const json_t *values = md_json_parse(data_text, sizeof data_text - 1, false, NULL);
  const input self = {(const char *)data, size};
  render(&self, size & 1, true, values, arena);
  md_json_scope(before);
  md_arena_free(arena);
  return 0;
}
