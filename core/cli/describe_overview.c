// SPDX-License-Identifier: Apache-2.0
// The overview of all moments. One thread.
#include "cli/describe_page.h"

static const char *text(const json_t *object, const char *name) {
  const char *found = md_json_text(object, name);
  return found ? found : "";
}

static json_t *name_line(const md_page *page, const json_t *doc, const char *ending) {
  const char *moment = text(doc, "moment"), *title = text(doc, "title");
  if (!*title) title = moment;
  const char *target = ending ? md_arena_printf(page->arena, "%s%s", moment, ending) : NULL;
  return target ? md_inline_link(target, title)
                : md_inline_of(md_inline_plain(title), md_inline_plain(" "), md_inline_code(moment), NULL);
}

static json_t *messages_line(const json_t *doc) {
  json_t *line = json_array(), *message;
  size_t i;
  json_array_foreach(json_object_get(doc, "messages"), i, message) {
    if (i) json_array_append_new(line, md_inline_plain(", "));
    json_array_append_new(line, md_inline_plain(text(message, "template")));
  }
  return i ? line : md_inline_plain("none");
}

static json_t *goal_line(const md_page *page, const json_t *doc) {
  const json_t *goal = json_object_get(doc, "goal");
  if (!json_is_object(goal)) return md_inline_plain("none");
  const char *within = md_arena_printf(page->arena, " within %s", text(goal, "words"));
  return md_inline_of(md_inline_code(text(goal, "event")), md_inline_plain(within), NULL);
}

static json_t *version_line(const md_page *page, const json_t *doc) {
  const char *digest = md_arena_printf(page->arena, "%.12s", text(json_object_get(doc, "version"), "digest"));
  return md_inline_code(digest);
}

void md_page_of_moments(md_page *page, const json_t *docs, const char *ending) {
  size_t i;
  json_t *doc, *broken = json_array();
  page->title = "Moments";
  md_page_heading(page, 1, "top", page->title);
  json_t *table =
      md_page_table(page, "What runs", "Moment", "Starts with", "Class", "Messages", "Goal", "Version", NULL);
  json_array_foreach((json_t *)docs, i, doc) {
    const char *error = md_json_text(doc, "error");
    if (error) {
      json_array_append_new(broken, md_inline_of(md_inline_code(text(doc, "moment")), md_inline_plain(": "),
                                                 md_inline_plain(error), NULL));
      continue;
    }
    md_page_row(table, name_line(page, doc, ending), md_inline_starts(page->arena, doc),
                md_inline_mark(text(doc, "class")), messages_line(doc), goal_line(page, doc), version_line(page, doc),
                NULL);
  }
  if (json_array_size(broken) == 0) return;
  md_page_heading(page, 2, "broken", "Could not be described");
  md_page_list(page, broken);
}
