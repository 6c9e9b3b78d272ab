// SPDX-License-Identifier: Apache-2.0
// What differs between two versions of a moment: its definition, its steps, and line by line its files. One thread.
#include "base/timestamp.h"
#include "cli/describe_diff.h"
#include "cli/describe_doc.h"
#include "script/outline.h"
#include "script/plan_part.h"
#include <string.h>

// What moment.define was given, field by field, as the code has it.
static const char *const fields[] = {"title",   "class", "on",   "about",     "where", "again",
                                     "max_age", "limit", "goal", "templates", "store", NULL};

static const md_source_file *main_file(const md_subject *subject) {
  char path[300];
  snprintf(path, sizeof path, "%s/moment.lua", subject->moment);
  return md_source_find(&subject->own, path);
}

static const char *field_of(md_doc *doc, const md_subject *subject, const char *name) {
  const md_source_file *file = main_file(subject);
  md_outline_span span;
  if (!file || !md_outline_define(file->data, file->len, doc->arena, name, &span)) return NULL;
  return md_doc_code(span.text, span.len, doc->arena);
}

static bool same(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static json_t *definition_changes(md_doc *doc, const md_subject *since) {
  json_t *all = json_array();
  for (int i = 0; fields[i]; i++) {
    const char *was = field_of(doc, since, fields[i]), *is = field_of(doc, &doc->subject, fields[i]);
    if (same(was, is)) continue;
    json_t *one = json_object();
    json_object_set_new(one, "field", json_string(fields[i]));
    json_object_set_new(one, "was", md_doc_text(was));
    json_object_set_new(one, "is", md_doc_text(is));
    json_array_append_new(all, one);
  }
  return all;
}

typedef struct listing {
  md_doc *doc;
  json_t *lines;
} listing;

static void add_line(void *context, const md_outline_step *step) {
  listing *at = context;
  const char *code = md_doc_code(step->call.text, step->call.len, at->doc->arena);
  json_array_append_new(at->lines, json_string(code ? code : ""));
}

// The steps in the order of the code, a line each.
static const char *steps_of(md_doc *doc, const md_subject *subject) {
  listing at = {doc, json_array()};
  const char *text = "";
  size_t i;
  json_t *line;
  for (int k = 0; k < subject->own.count; k++) {
    const md_source_file *file = &subject->own.files[k];
    size_t len = strlen(file->path);
    bool spec = len > 9 && strcmp(file->path + len - 9, "_spec.lua") == 0;
    if (len > 4 && strcmp(file->path + len - 4, ".lua") == 0 && !spec)
      md_outline_steps(file->data, file->len, doc->arena, add_line, &at);
  }
  json_array_foreach(at.lines, i, line) if (text) text =
      md_arena_printf(doc->arena, "%s%s\n", text, json_string_value(line));
  return text;
}

static int diff_of(md_doc *doc, const char *was, const char *is, json_t **out, md_error *err) {
  md_diff diff;
  *out = json_array();
  if (!was || !is || md_diff_lines(was, is, doc->arena, &diff)) return md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < diff.count; i++)
    json_array_append_new(*out, json_pack("[s#s]", &diff.lines[i].sign, 1, diff.lines[i].text));
  return 0;
}

// The part of the plan is one long line: a line a field says more.
static const char *text_of(const md_source_file *file) {
  if (!file) return "";
  json_t *part = strcmp(file->path, MD_PLAN_PART) == 0 ? md_json_parse(file->data, file->len, false, NULL) : NULL;
  return part ? json_dumps(part, JSON_INDENT(2) | JSON_SORT_KEYS) : file->data;
}

static int file_change(md_doc *doc, json_t *all, const md_source_file *was, const md_source_file *is, md_error *err) {
  json_t *one = json_object(), *lines = NULL;
  const char *how = !was ? "added" : !is ? "removed" : "changed";
  int code = diff_of(doc, text_of(was), text_of(is), &lines, err);
  json_object_set_new(one, "file", json_string(is ? is->path : was->path));
  json_object_set_new(one, "change", json_string(how));
  json_object_set_new(one, "lines", lines);
  json_array_append_new(all, one);
  return code;
}

static bool same_file(const md_source_file *a, const md_source_file *b) {
  return a && b && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int file_changes(md_doc *doc, const md_subject *since, json_t *all, md_error *err) {
  int code = 0;
  for (int i = 0; i < doc->subject.own.count && !code; i++) {
    const md_source_file *is = &doc->subject.own.files[i], *was = md_source_find(&since->own, is->path);
    if (!same_file(was, is)) code = file_change(doc, all, was, is, err);
  }
  for (int i = 0; i < since->own.count && !code; i++) {
    const md_source_file *was = &since->own.files[i];
    if (!md_source_find(&doc->subject.own, was->path)) code = file_change(doc, all, was, NULL, err);
  }
  return code;
}

static json_t *version_of(const md_subject *since) {
  char at[32];
  md_timestamp_format(since->version.created_at, at);
  json_t *version = json_object();
  json_object_set_new(version, "digest", json_string(since->digest));
  json_object_set_new(version, "live", json_boolean(since->live));
  json_object_set_new(version, "stored_at", json_string(at));
  json_object_set_new(version, "note", md_doc_text(since->version.note));
  json_object_set_new(version, "author", md_doc_text(since->version.author));
  return version;
}

int md_doc_changes(md_doc *doc, const md_subject *since, md_error *err) {
  json_t *changes = json_object(), *files = json_array(), *steps = NULL;
  if (!since) {
    json_object_set_new(doc->json, "changes", json_null());
    return 0;
  }
  int code = diff_of(doc, steps_of(doc, since), steps_of(doc, &doc->subject), &steps, err);
  if (!code) code = file_changes(doc, since, files, err);
  json_object_set_new(changes, "since", version_of(since));
  json_object_set_new(changes, "definition", definition_changes(doc, since));
  json_object_set_new(changes, "steps", steps);
  json_object_set_new(changes, "files", files);
  json_object_set_new(doc->json, "changes", changes);
  return code;
}
