// SPDX-License-Identifier: Apache-2.0
// Markdown copy: whatever the source, what data brings is inert in HTML, and elements nest.
#include "base/json.h"
#include "message/markdown.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A value that would be seen in the output if it were read as Markdown, as HTML or as Mustache.
static const char hostile[] = "<u>\"'>**x**[y](z)\r\n\r\n# {{a}}`{{#a}}<!--\n- ";

static const char *partial(void *context, const char *name, size_t *len, const char **file) {
  (void)context;
  static const char text[] = "- p {{a}}\n{{#c}}\n- q\n{{/c}}\n";
  if (*name != 'p') return NULL;
  *file = "partial";
  *len = sizeof text - 1;
  return text;
}

// Opening and closing tags of the elements that the HTML rendering writes, as a stack.
static void check_nesting(const char *html, size_t len) {
  static const char *const empty[] = {"br", "hr", "img"};
  char stack[512][12];
  int depth = 0;
  for (const char *at = html, *end = html + len; (at = memchr(at, '<', (size_t)(end - at)));) {
    bool close = *++at == '/';
    size_t name_len = strcspn(at + close, " >");
    if (name_len == 0 || name_len >= sizeof stack[0]) abort();
    char name[12] = "";
    memcpy(name, at + close, name_len);
    if (strcmp(name, "u") == 0) abort(); // the value's
    bool single = false;
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
      single = single || strcmp(name, empty[i]) == 0;
    if (single) continue;
    if (!close && depth == 512) return;
    if (!close)
      strcpy(stack[depth++], name);
    else if (depth == 0 || strcmp(stack[--depth], name) != 0)
      abort();
  }
  if (depth != 0) abort();
}

static void render(const char *text, size_t len, const json_t *data, md_arena *arena) {
  md_markdown compiled;
  md_mustache_options options = {.partial = partial};
  md_error err = {0};
  if (md_markdown_compile("fuzz", 1, text, len, &options, arena, &compiled, &err)) {
    if (err.text[0] == '\0') abort();
    return;
  }
  md_buffer out;
  md_buffer_init(&out);
  if (md_mustache_render(compiled.text, &options, &data, 1, arena, &out, &err) == 0 && out.data)
    md_markdown_tidy(out.data, out.len);
  md_buffer_clear(&out);
  options.html = true;
  if (md_mustache_render(compiled.html, &options, &data, 1, arena, &out, &err) == 0 && out.data)
    check_nesting(out.data, out.len);
  md_buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool ready;
  if (!ready) md_json_init();
  ready = true;
  md_arena *arena = md_arena_new(0);
  md_arena *before = md_json_scope(arena);
  const json_t *values =
      json_pack("{s:s,s:s,s:[s,s],s:{s:s}}", "a", hostile, "b", "https://b.dk", "c", hostile, "2", "d", "a", hostile);
  render((const char *)data, size, values, arena);
  md_json_scope(before);
  md_arena_free(arena);
  return 0;
}
