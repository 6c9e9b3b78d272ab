// SPDX-License-Identifier: Apache-2.0
// Checks a moment's folder: what its scripts name and call, its copy, what it defines. One thread.
#include "base/suggest.h"
#include "cli/inspection.h"
#include "script/lint.h"
#include <string.h>

static void lint_finding(void *context, int line, const char *what) {
  md_inspection *at = context;
  md_problems_add(&at->problems, at->moment, md_arena_printf(at->arena, "%s:%d: %s", at->file, line, what));
}

static bool unknown_type(void *context, const char *type, char *advice, size_t room) {
  return md_known_types_unknown(&((md_inspection *)context)->types, type, advice, room);
}

static void template_named(void *context, int line, const char *name, size_t len) {
  md_inspection *at = context;
  const char *copy = md_arena_strndup(at->arena, name, len);
  if (copy) md_inspect_template(at, copy, at->file, line);
}

static bool unknown_connection(void *context, const char *name, const char **near) {
  md_inspection *at = context;
  int count = 0;
  const char *known;
  json_t *value;
  if (json_object_get(at->connections, name)) return false;
  const char **names = md_arena_alloc_zero(at->arena, sizeof *names * (json_object_size(at->connections) + 1));
  if (!names) return false;
  json_object_foreach((json_t *)at->connections, known, value) names[count++] = known;
  *near = md_suggest(name, names);
  return true;
}

static void check_calls(md_inspection *at, const md_definition *definition) {
  const md_call_lint lint = {.templates_declared = !definition || (definition->templates && *definition->templates),
                             .context = at,
                             .unknown_type = unknown_type,
                             .unknown_kind = md_inspect_unknown_kind,
                             .variant = md_inspect_variant,
                             .locale = md_inspect_locale,
                             .data = md_inspect_data,
                             .unknown_connection = at->connections ? unknown_connection : NULL,
                             .found = lint_finding};
  for (int i = 0; i < at->own->count; i++) {
    const md_source_file *file = &at->own->files[i];
    at->file = file->path;
    if (md_is_script(file->path)) md_lint_calls(&lint, file->data, file->len, at->arena);
  }
}

static void check_files(md_inspection *at) {
  md_copy_source source = md_inspect_copy(at);
  for (int i = 0; i < at->own->count; i++) {
    const md_source_file *file = &at->own->files[i];
    md_error err = {0};
    at->file = file->path;
    bool script = md_is_script(file->path);
    if (script) md_script_lint(file->data, file->len, lint_finding, at);
    if (script) md_lint_names(file->data, file->len, at->arena, lint_finding, at);
    if (script) md_script_lint_steps(file->data, file->len, lint_finding, at);
    if (script) md_script_experiments(file->data, file->len, md_inspect_experiment, at);
    if (script) md_script_templates(file->data, file->len, template_named, at);
    if (md_inspect_is_copy(file->path) && md_copy_lint(&source, file->path, at->arena, &err))
      md_problems_add(&at->problems, at->moment, err.text);
    md_inspect_nobodys(at, file);
  }
}

void md_inspect_version(md_inspection *at, const char *moment, const md_source *own, const md_definition *definition) {
  at->moment = moment;
  at->own = own;
  at->named = NULL;
  check_files(at);
  if (definition) md_inspect_definition(at, definition, md_arena_printf(at->arena, "%s/moment.lua", moment));
  check_calls(at, definition);
  at->own = NULL;
}

void md_inspect_moment(md_inspection *at, const char *moment) {
  md_source own;
  md_vm *vm = NULL;
  md_error err = {0};
  at->moments++;
  if (md_refusal_of_folder(at->tree.source.refused, moment)) return; // told already
  int code = md_source_of_moment(&at->tree.source, moment, at->arena, &own, &err);
  if (!code && md_vm_new(&vm, moment, &own, NULL, &err)) md_problems_add(&at->problems, moment, err.text);
  if (code)
    md_problems_add(&at->problems, moment, err.text);
  else
    md_inspect_version(at, moment, &own, vm ? md_vm_definition(vm) : NULL);
  if (vm) md_vm_free(vm);
}
