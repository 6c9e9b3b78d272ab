// SPDX-License-Identifier: Apache-2.0
// Makes the blocks of documents.
#include "cli/describe_page.h"
#include <stdarg.h>
#include <string.h>

static json_t *one_field(const char *name, const char *text) {
  json_t *object = json_object();
  json_object_set_new(object, name, json_string(text ? text : ""));
  return object;
}

json_t *md_inline_plain(const char *text) {
  return json_string(text ? text : "");
}

json_t *md_inline_code(const char *text) {
  return one_field("code", text);
}

json_t *md_inline_place(const char *text) {
  return one_field("place", text);
}

json_t *md_inline_mark(const char *text) {
  return one_field("mark", text);
}

json_t *md_inline_link(const char *target, const char *text) {
  json_t *object = one_field("link", target);
  json_object_set_new(object, "text", json_string(text ? text : ""));
  return object;
}

json_t *md_inline_of(json_t *first, ...) {
  va_list args;
  json_t *list = json_array();
  va_start(args, first);
  for (json_t *at = first; at; at = va_arg(args, json_t *))
    json_array_append_new(list, at);
  va_end(args);
  return list;
}

json_t *md_inline_starts(md_arena *arena, const json_t *doc) {
  const json_t *trigger = json_object_get(doc, "trigger");
  json_t *line = json_array(), *one;
  size_t i;
  json_array_foreach(json_object_get(trigger, "types"), i, one) {
    if (i) json_array_append_new(line, md_inline_plain(" or "));
    json_array_append_new(line, md_inline_code(json_string_value(one)));
  }
  json_array_foreach(json_object_get(trigger, "schedules"), i, one) {
    if (json_array_size(line)) json_array_append_new(line, md_inline_plain(" or "));
    json_array_append_new(line, md_inline_plain(md_arena_printf(arena, "%s (%s)", md_json_text(one, "words"),
                                                                md_json_text(one, "zone"))));
  }
  return line;
}

static json_t *block(md_page *page, const char *kind) {
  json_t *object = one_field("kind", kind);
  json_array_append_new(page->blocks, object);
  return object;
}

void md_page_heading(md_page *page, int level, const char *id, const char *text) {
  json_t *at = block(page, "heading");
  json_object_set_new(at, "level", json_integer(level));
  json_object_set_new(at, "id", json_string(id));
  json_object_set_new(at, "text", json_string(text));
}

void md_page_text(md_page *page, json_t *line) {
  json_object_set_new(block(page, "text"), "line", line);
}

void md_page_list(md_page *page, json_t *lines) {
  json_object_set_new(block(page, "list"), "lines", lines);
}

json_t *md_page_facts(md_page *page) {
  json_t *at = block(page, "facts"), *rows = json_array();
  json_object_set_new(at, "rows", rows);
  return rows;
}

void md_page_fact(json_t *facts, const char *name, json_t *line) {
  json_t *row = json_array();
  json_array_append_new(row, json_string(name));
  json_array_append_new(row, line);
  json_array_append_new(facts, row);
}

// Whether the heading above says it already: then a caption is for those who only hear the page.
static bool is_said(const json_t *blocks, const char *caption) {
  const json_t *last = json_array_get(blocks, json_array_size(blocks) - 1);
  const char *text = md_json_text(last, "text");
  return text && strcmp(text, caption) == 0;
}

json_t *md_page_table(md_page *page, const char *caption, ...) {
  va_list args;
  bool said = is_said(page->blocks, caption);
  json_t *at = block(page, "table"), *columns = json_array(), *rows = json_array();
  va_start(args, caption);
  for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *))
    json_array_append_new(columns, json_string(name));
  va_end(args);
  json_object_set_new(at, "caption", json_string(caption));
  json_object_set_new(at, "said", json_boolean(said));
  json_object_set_new(at, "columns", columns);
  json_object_set_new(at, "rows", rows);
  return rows;
}

void md_page_row(json_t *table, json_t *first, ...) {
  va_list args;
  json_t *row = json_array();
  va_start(args, first);
  for (json_t *at = first; at; at = va_arg(args, json_t *))
    json_array_append_new(row, at);
  va_end(args);
  json_array_append_new(table, row);
}

void md_page_mail(md_page *page, const json_t *copy) {
  json_object_set(block(page, "mail"), "copy", (json_t *)copy);
}

void md_page_diff(md_page *page, const json_t *lines) {
  json_object_set(block(page, "diff"), "lines", (json_t *)lines);
}

void md_page_figure(md_page *page) {
  block(page, "figure");
}
