// SPDX-License-Identifier: Apache-2.0
// The steps of a version, those that its specs took and those that only stand in its code; how its runs end; its
// experiments and files. One thread.
#include "cli/describe_doc.h"
#include "cli/describe_steps.h"
#include "script/outline.h"
#include <string.h>

// A walk through the outline of one file.
typedef struct walk {
  md_doc *doc;
  json_t *steps;
  const char *file;
  bool failed;
} walk;

static bool is_script(const char *path) {
  size_t len = strlen(path);
  bool lua = len > 4 && strcmp(path + len - 4, ".lua") == 0;
  return lua && !(len > 9 && strcmp(path + len - 9, "_spec.lua") == 0);
}

static void note_types(md_doc *doc, const json_t *args) {
  size_t i;
  json_t *type;
  json_array_foreach(json_object_get(args, "types"), i, type) md_doc_event(doc, json_string_value(type));
  const char *past = md_json_text(json_object_get(args, "unless"), "past");
  if (past) md_doc_event(doc, past);
}

// What a step was told, but for what only its own run knows.
static json_t *plain_args(const json_t *args) {
  static const char *const own[] = {"data", "value", "state", "body", "query"};
  json_t *plain = json_copy((json_t *)args);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    json_object_del(plain, own[i]);
  return plain;
}

static json_t *step_of(md_doc *doc, const md_place *place) {
  json_t *step = json_object();
  json_object_set_new(step, "kind", json_string(md_step_kind_name(place->kind)));
  json_object_set_new(step, "name", json_string(place->name));
  json_object_set_new(step, "text", md_doc_text(md_place_words(place, doc->arena)));
  json_object_set_new(step, "file", json_string(place->file));
  json_object_set_new(step, "line", json_integer(place->line));
  json_object_set_new(step, "trace", json_string(place->trace));
  json_object_set_new(step, "options", plain_args(place->args));
  json_object_set(step, "waits", place->spans);
  json_object_set(step, "results", place->results);
  json_object_set_new(step, "specs", json_integer(place->specs));
  if (place->kind == MD_STEP_EMIT) md_doc_event(doc, place->name);
  note_types(doc, place->args);
  return step;
}

static void note_literals(md_doc *doc, const char *method, const md_outline_span *first) {
  bool types = strcmp(method, "wait_for") == 0 || strcmp(method, "collect") == 0 || strcmp(method, "past") == 0;
  const char *type = types && first && first->literal ? md_arena_strndup(doc->arena, first->text, first->len) : NULL;
  if (type) md_doc_event(doc, type);
}

// A step that no spec took: its code says what it is.
static void add_unreached(void *context, const md_outline_step *outline) {
  walk *at = context;
  md_doc *doc = at->doc;
  if (md_paths_reached(&doc->paths, at->file, outline->line, outline->method)) return;
  json_t *step = json_object();
  const char *code = md_doc_code(outline->call.text, outline->call.len, doc->arena);
  const md_outline_span *first = md_outline_field_of(outline, "1");
  json_object_set_new(step, "kind", json_string(outline->method));
  json_object_set_new(step, "name", first && first->literal ? json_stringn(first->text, first->len) : json_string(""));
  json_object_set_new(step, "text", md_doc_text(code));
  json_object_set_new(step, "file", json_string(at->file));
  json_object_set_new(step, "line", json_integer(outline->line));
  json_object_set_new(step, "specs", json_integer(0));
  json_array_append_new(at->steps, step);
  note_literals(doc, outline->method, first);
}

static bool is_step(const char *method) {
  static const char *const others[] = {"now", "random", "log", "file"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i], method) == 0) return false;
  return true;
}

static void add_outline(void *context, const md_outline_step *outline) {
  if (is_step(outline->method)) add_unreached(context, outline);
}

static int put_steps(md_doc *doc, md_error *err) {
  walk at = {.doc = doc, .steps = json_array()};
  int code = 0;
  for (const md_place *place = doc->paths.places; place; place = place->next)
    json_array_append_new(at.steps, step_of(doc, place));
  for (int i = 0; i < doc->subject.own.count && !code; i++) {
    const md_source_file *file = &doc->subject.own.files[i];
    at.file = file->path;
    if (is_script(file->path)) code = md_outline_steps(file->data, file->len, doc->arena, add_outline, &at);
  }
  json_object_set_new(doc->json, "steps", at.steps);
  return code ? md_error_set(err, code, "out of memory") : 0;
}

static json_t *outcome_of(const char *text, int specs) {
  json_t *one = json_object();
  json_object_set_new(one, "outcome", md_doc_text(text));
  json_object_set_new(one, "specs", json_integer(specs));
  return one;
}

typedef struct outcome_list {
  md_doc *doc;
  json_t *all;
} outcome_list;

static void add_outcome(void *context, const md_outline_span *outcome) {
  outcome_list *at = context;
  json_t *one;
  size_t i;
  const char *text = md_outline_text(outcome, at->doc->arena);
  json_array_foreach(at->all, i, one) {
    const char *known = md_json_text(one, "outcome");
    if (known && text && strcmp(known, text) == 0) return;
  }
  if (text) json_array_append_new(at->all, outcome_of(text, 0));
}

static int put_outcomes(md_doc *doc, md_error *err) {
  char path[300];
  outcome_list list = {doc, json_array()};
  for (const md_ending *at = doc->paths.endings; at; at = at->next)
    json_array_append_new(list.all, outcome_of(at->text, at->specs));
  snprintf(path, sizeof path, "%s/moment.lua", doc->subject.moment);
  const md_source_file *file = md_source_find(&doc->subject.own, path);
  int code = file ? md_outline_outcomes(file->data, file->len, doc->arena, add_outcome, &list) : 0;
  json_object_set_new(doc->json, "outcomes", list.all);
  return code ? md_error_set(err, code, "out of memory") : 0;
}

static void put_experiments(md_doc *doc) {
  json_t *all = json_array();
  for (int i = 0; i < md_experiments_count(doc->shelf->experiments); i++) {
    const md_experiment *experiment = md_experiments_at(doc->shelf->experiments, i);
    json_t *one = json_object(), *arms = json_array();
    if (strcmp(experiment->moment, doc->subject.moment) != 0) continue;
    for (int arm = 0; arm < experiment->arm_count; arm++) {
      json_t *entry = json_object();
      json_object_set_new(entry, "arm", json_string(experiment->arms[arm]));
      json_object_set_new(entry, "weight", json_real(experiment->weights[arm]));
      json_object_set_new(entry, "control", json_boolean(arm == 0));
      json_array_append_new(arms, entry);
    }
    json_object_set_new(one, "experiment", json_string(experiment->name));
    json_object_set_new(one, "coverage", json_real(experiment->coverage));
    json_object_set_new(one, "arms", arms);
    json_object_set_new(one, "file", json_string(experiment->file));
    json_array_append_new(all, one);
  }
  json_object_set_new(doc->json, "experiments", all);
}

static void put_files(md_doc *doc) {
  json_t *all = json_array();
  for (int i = 0; i < doc->subject.own.count; i++)
    json_array_append_new(all, json_string(doc->subject.own.files[i].path));
  json_object_set_new(doc->json, "files", all);
}

int md_doc_steps(md_doc *doc, md_error *err) {
  int code = put_steps(doc, err);
  if (!code) code = put_outcomes(doc, err);
  put_experiments(doc);
  put_files(doc);
  return code;
}
