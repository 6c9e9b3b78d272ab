// SPDX-License-Identifier: Apache-2.0
// What the sections of a document share. One thread.
#include "cli/describe_telling.h"
#include <string.h>

const json_t *md_tell_at(const json_t *object, const char *name) {
  return json_object_get(object, name);
}

const char *md_tell_text(const json_t *object, const char *name) {
  const char *found = json_string_value(json_object_get(object, name));
  return found ? found : "";
}

int md_tell_number(const json_t *object, const char *name) {
  return (int)json_integer_value(json_object_get(object, name));
}

const char *md_tell_words(const md_telling *c, const char *format, const char *a, const char *b) {
  const char *made = md_arena_printf(c->page->arena, format, a, b);
  return made ? made : "";
}

// "`order.placed`: The customer has ordered"
json_t *md_tell_event(const md_telling *c, const char *type) {
  const char *means = json_string_value(json_object_get(md_tell_at(c->json, "events"), type));
  if (!means) return md_inline_code(type);
  return md_inline_of(md_inline_code(type), md_inline_plain(md_tell_words(c, ": %s", means, NULL)), NULL);
}

const char *md_tell_specs(const md_telling *c, int count) {
  if (count == 0) return "none";
  const char *made = md_arena_printf(c->page->arena, "%d spec%s", count, count == 1 ? "" : "s");
  return made ? made : "";
}

const char *md_tell_day(const md_telling *c, const char *timestamp) {
  if (strlen(timestamp) < 16) return timestamp;
  const char *made = md_arena_printf(c->page->arena, "%.10s %.5s UTC", timestamp, timestamp + 11);
  return made ? made : timestamp;
}

// "3f2a… , live since 2026-11-23 09:30 UTC, by ida: “softer words”"
json_t *md_tell_version(const md_telling *c, const json_t *version) {
  md_arena *arena = c->page->arena;
  json_t *line = md_inline_of(md_inline_code(md_arena_printf(arena, "%.12s", md_tell_text(version, "digest"))), NULL);
  const char *stored = md_tell_text(version, "stored_at"), *live = md_tell_text(version, "live_at");
  if (strcmp(md_tell_text(version, "from"), "scripts") == 0)
    json_array_append_new(line, md_inline_plain(", of the script files"));
  else if (json_is_true(md_tell_at(version, "live")))
    json_array_append_new(
        line, md_inline_plain(md_tell_words(c, ", live since %s", md_tell_day(c, *live ? live : stored), NULL)));
  else
    json_array_append_new(line,
                          md_inline_plain(md_tell_words(c, ", stored %s, not live", md_tell_day(c, stored), NULL)));
  if (*md_tell_text(version, "author"))
    json_array_append_new(line, md_inline_plain(md_tell_words(c, ", by %s", md_tell_text(version, "author"), NULL)));
  if (*md_tell_text(version, "door"))
    json_array_append_new(line, md_inline_plain(md_tell_words(c, " (%s)", md_tell_text(version, "door"), NULL)));
  if (*md_tell_text(version, "note"))
    json_array_append_new(line, md_inline_plain(md_tell_words(c, ": “%s”", md_tell_text(version, "note"), NULL)));
  return line;
}

const char *md_tell_digits(const md_telling *c, int number) {
  const char *text = md_arena_printf(c->page->arena, "%d", number);
  return text ? text : "";
}

json_t *md_tell_place(const md_telling *c, const char *file, int line) {
  if (!file || !*file) return md_inline_plain("");
  size_t folder = strlen(c->doc->subject.moment);
  bool own = strncmp(file, c->doc->subject.moment, folder) == 0 && file[folder] == '/';
  return md_inline_place(md_arena_printf(c->page->arena, "%s:%d", own ? file + folder + 1 : file, line));
}
