// SPDX-License-Identifier: Apache-2.0
// Tells what has changed since another version. One thread.
#include "cli/describe_telling.h"

static void put_definition_changes(const md_telling *c, const json_t *changes) {
  json_t *one;
  size_t i;
  if (json_array_size(md_tell_at(changes, "definition")) == 0) return;
  json_t *table = md_page_table(c->page, "Its definition", "Field", "Was", "Is", NULL);
  json_array_foreach(md_tell_at(changes, "definition"), i, one) {
    const char *was = json_string_value(md_tell_at(one, "was")), *is = json_string_value(md_tell_at(one, "is"));
    md_page_row(table, md_inline_code(md_tell_text(one, "field")),
                was ? md_inline_code(was) : md_inline_plain("not given"),
                is ? md_inline_code(is) : md_inline_plain("not given"), NULL);
  }
}

static bool any_change(const json_t *lines) {
  json_t *line;
  size_t i;
  json_array_foreach((json_t *)lines, i, line) {
    const char *sign = json_string_value(json_array_get(line, 0));
    if (*sign == '+' || *sign == '-') return true;
  }
  return false;
}

void md_tell_changes(const md_telling *c) {
  const json_t *changes = md_tell_at(c->json, "changes");
  json_t *file;
  size_t i;
  if (!json_is_object(changes)) return;
  md_page_heading(c->page, 2, "changes", "What has changed");
  md_page_text(c->page, md_inline_of(md_inline_plain("Since version "),
                                     md_tell_version(c, md_tell_at(changes, "since")), md_inline_plain("."), NULL));
  if (json_array_size(md_tell_at(changes, "files")) == 0)
    md_page_text(c->page, md_inline_plain("Nothing: the files are the same."));
  put_definition_changes(c, changes);
  if (any_change(md_tell_at(changes, "steps"))) {
    md_page_heading(c->page, 3, "changed-steps", "Steps");
    md_page_diff(c->page, md_tell_at(changes, "steps"));
  }
  json_array_foreach(md_tell_at(changes, "files"), i, file) {
    const char *id = md_arena_printf(c->page->arena, "changed-file-%d", (int)i + 1);
    md_page_heading(c->page, 3, id ? id : "",
                    md_tell_words(c, "%s (%s)", md_tell_text(file, "file"), md_tell_text(file, "change")));
    md_page_diff(c->page, md_tell_at(file, "lines"));
  }
}
