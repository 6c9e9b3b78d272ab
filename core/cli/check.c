// SPDX-License-Identifier: Apache-2.0
// `momentd check`: finds what is wrong with a script tree before a daemon takes it.
#include "base/json.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/known_types.h"
#include "cli/output.h"
#include "cli/scripts.h"
#include "cli/settings.h"
#include "cli/tree.h"
#include "message/copy.h"
#include "script/experiment.h"
#include "script/lint.h"
#include "script/lint_calls.h"
#include "script/plan.h"
#include "script/vm.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct inspection {
  md_tree tree;
  md_plan *plan;
  md_arena *arena;
  md_problems problems;
  int moments;
  const char *moment;        // that is looked at
  const md_source *own;      // its files
  const char *file;          // that is linted
  const char *locale;        // the default one
  const json_t *connections; // of the configuration file; NULL without one
  md_known_types types;
  md_experiments *experiments;
} inspection;

static void __attribute__((format(printf, 4, 5)))
found(inspection *at, const char *file, int line, const char *format, ...) {
  char text[600];
  va_list args;
  va_start(args, format);
  int len = file ? snprintf(text, sizeof text, "%s:%d: ", file, line) : 0;
  vsnprintf(text + len, sizeof text - (size_t)len, format, args);
  va_end(args);
  md_problems_add(&at->problems, at->moment, text);
}

static const char *get_copy(void *context, const char *path, size_t *len) {
  const inspection *at = context;
  const md_source_file *file = md_source_find(at->own, path);
  if (!file) return NULL;
  *len = file->len;
  return file->data;
}

static const char *nth_path(void *context, size_t index) {
  const inspection *at = context;
  return index < (size_t)at->own->count ? at->own->files[index].path : NULL;
}

static md_copy_source copy_source(inspection *at) {
  return (md_copy_source){at, md_arena_printf(at->arena, "%s/", at->moment), get_copy, nth_path};
}

static bool among(const char *text, const char *const *list) {
  for (; *list; list++)
    if (strcmp(*list, text) == 0) return true;
  return false;
}

static bool is_copy(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcmp(dot, ".md") == 0 || strcmp(dot, ".html") == 0 || strcmp(dot, ".txt") == 0);
}

// "order/reminder.da.md" → template "reminder", locale "da"; false for what is no copy of the moment's own folder.
static bool copy_name(inspection *at, const char *path, const char **name, const char **locale) {
  size_t folder = strlen(at->moment);
  if (strncmp(path, at->moment, folder) != 0 || path[folder] != '/' || !is_copy(path)) return false;
  const char *file = path + folder + 1, *dot = strchr(file, '.');
  const char *end = dot ? strchr(dot + 1, '.') : NULL;
  if (!end || strchr(end + 1, '.') || strchr(file, '/')) return false;
  *name = md_arena_strndup(at->arena, file, (size_t)(dot - file));
  *locale = md_arena_strndup(at->arena, dot + 1, (size_t)(end - dot - 1));
  return *name && *locale;
}

// The default locale itself, or its language ("da" for "da-DK").
static bool has_language(const char *const *locales, const char *wanted) {
  for (; *locales; locales++) {
    size_t len = strlen(*locales);
    if (strncmp(*locales, wanted, len) == 0 && (wanted[len] == '\0' || wanted[len] == '-')) return true;
  }
  return false;
}

// M1: a template that is declared or named exists in every locale that any copy of the moment has.
static void check_template(inspection *at, const char *name, const char *file, int line) {
  md_copy_source source = copy_source(at);
  const char **locales = NULL, *other, *locale;
  int count = md_copy_locales(&source, name, at->arena, &locales);
  if (count > 0 && !has_language((const char *const *)locales, at->locale))
    found(at, file, line, "the template %s has no copy in %s, the default locale: write %s.%s.md, or set locale", name,
          at->locale, name, at->locale);
  if (count == 0) found(at, file, line, "there is no copy for the template %s: write %s.LOCALE.md", name, name);
  const char *told = "";
  for (int i = 0; count > 0 && i < at->own->count; i++) {
    if (!copy_name(at, at->own->files[i].path, &other, &locale)) continue;
    if (among(locale, (const char *const *)locales) || strcmp(told, locale) == 0) continue;
    found(at, file, line, "the template %s has no copy in the locale %s, in which %s has one", name, locale, other);
    told = locale;
  }
}

static void check_triggers(inspection *at, const md_definition *definition, const md_source_file *file) {
  char advice[300];
  for (const char *const *on = definition->on; *on; on++)
    if (md_known_types_unknown(&at->types, *on, advice, sizeof advice))
      found(at, file->path, md_lint_line_of(file->data, file->len, "on"), "on: nothing can start it by '%s': %s", *on,
            advice);
}

// M8: where a security message about this trigger may go. Mail is all that is sent.
static void check_address(inspection *at, const char *file, const char *on, const md_plan_event *event) {
  if (event && event->address_email[0]) return;
  if (event && event->address_sms[0])
    found(at, file, 1,
          "a security moment writes only to the address that its trigger carries: %s declares one for sms alone, and "
          "mail is all that is sent; declare address = { email = \"data.…\" } for it in events.lua",
          event->type);
  else
    found(at, file, 1,
          "a security moment writes only to the address that its trigger carries: declare address for %s in events.lua",
          event ? event->type : on);
}

// A family is answered for by every declared type that it matches.
static void check_addresses(inspection *at, const char *file, const char *on) {
  size_t len = strlen(on);
  int count = 0, matched = 0;
  const md_plan_event *const *events = md_plan_events(at->plan, &count);
  if (len < 2 || strcmp(on + len - 2, ".*") != 0) {
    check_address(at, file, on, md_plan_event_of(at->plan, on));
    return;
  }
  for (int i = 0; i < count; i++) {
    if (strncmp(events[i]->type, on, len - 1) != 0) continue;
    check_address(at, file, on, events[i]);
    matched++;
  }
  if (matched == 0) check_address(at, file, on, NULL);
}

// What is no kind of the plan, and what may be meant.
static bool unknown_kind(void *context, const char *kind, char *advice, size_t room) {
  inspection *at = context;
  int count = 0;
  if (strcmp(kind, "person") == 0 || md_plan_thing_of(at->plan, kind)) return false;
  const md_plan_thing *things = md_plan_things(at->plan, &count);
  const char **kinds = md_arena_alloc_zero(at->arena, sizeof *kinds * (size_t)(count + 2));
  if (!kinds) return false;
  kinds[0] = "person";
  for (int i = 0; i < count; i++)
    kinds[i + 1] = things[i].kind;
  const char *near = md_suggest(kind, kinds);
  snprintf(advice, room, "the plan (events.lua) has no such thing; %s%s%s",
           near ? "did you mean '" : "write \"person\", or declare it there", near ? near : "", near ? "'?" : "");
  return true;
}

static int line_of(const md_source_file *file, const char *name) {
  return file ? md_lint_line_of(file->data, file->len, name) : 1;
}

static void check_definition(inspection *at, const md_definition *definition, const char *file) {
  bool security = strcmp(definition->class_name, "security") == 0;
  char advice[300];
  const md_source_file *text = md_source_find(at->own, file);
  if (definition->about && unknown_kind(at, definition->about, advice, sizeof advice))
    found(at, file, line_of(text, "about"), "about = \"%s\": %s", definition->about, advice);
  for (const char *const *on = definition->on; *on && security; on++)
    check_addresses(at, file, *on);
  for (const char *const *name = definition->templates; name && *name; name++)
    check_template(at, *name, file, line_of(text, "templates"));
  if (text) check_triggers(at, definition, text);
  if (definition->goal_event && md_known_types_unknown(&at->types, definition->goal_event, advice, sizeof advice))
    found(at, file, line_of(text, "goal"), "goal: nothing can reach it by '%s': %s", definition->goal_event, advice);
}

static void lint_finding(void *context, int line, const char *what) {
  inspection *at = context;
  md_problems_add(&at->problems, at->moment, md_arena_printf(at->arena, "%s:%d: %s", at->file, line, what));
}

static bool unknown_type(void *context, const char *type, char *advice, size_t room) {
  return md_known_types_unknown(&((inspection *)context)->types, type, advice, room);
}

static void template_named(void *context, int line, const char *name, size_t len) {
  inspection *at = context;
  const char *copy = md_arena_strndup(at->arena, name, len);
  if (copy) check_template(at, copy, at->file, line);
}

// Of this moment.
static const char *nearest_experiment(inspection *at, const char *name) {
  int count = md_experiments_count(at->experiments), own = 0;
  const char **names = md_arena_alloc_zero(at->arena, sizeof *names * (size_t)(count + 1));
  for (int i = 0; names && i < count; i++) {
    const md_experiment *experiment = md_experiments_at(at->experiments, i);
    if (strcmp(experiment->moment, at->moment) == 0) names[own++] = experiment->name;
  }
  return names ? md_suggest(name, names) : NULL;
}

static void experiment_named(void *context, int line, const char *name, size_t len) {
  inspection *at = context;
  const char *own = md_arena_strndup(at->arena, name, len);
  const md_experiment *experiment = own ? md_experiments_find(at->experiments, own) : NULL;
  const char *near = own && !experiment ? nearest_experiment(at, own) : NULL;
  if (near)
    found(at, at->file, line, "m:experiment(\"%s\") names an experiment that no file declares; did you mean \"%s\"?",
          own, near);
  else if (own && !(experiment && strcmp(experiment->moment, at->moment) == 0))
    found(
        at, at->file, line,
        "m:experiment(\"%s\") names an experiment that no file declares for this moment: write experiments/%s.lua with "
        "moment = \"%s\"",
        own, own, at->moment);
}

static bool unknown_connection(void *context, const char *name, const char **near) {
  inspection *at = context;
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

// Each arm but the control, which may take the plain file, has copy of its own in each of the template's locales:
// without it the arm would get what the control gets.
static void variant_sent(void *context, int line, const char *name, size_t len, const char *experiment,
                         size_t experiment_len) {
  inspection *at = context;
  md_copy_source source = copy_source(at);
  const char *template = md_arena_strndup(at->arena, name, len), **locales = NULL, **own = NULL;
  const char *called = md_arena_strndup(at->arena, experiment, experiment_len);
  const md_experiment *declared = called ? md_experiments_find(at->experiments, called) : NULL;
  if (!template || !declared || strcmp(declared->moment, at->moment) != 0) return;
  int count = md_copy_locales(&source, template, at->arena, &locales);
  for (int arm = 1; arm < declared->arm_count && count > 0; arm++) {
    const char *file = md_arena_printf(at->arena, "%s_%s", template, declared->arms[arm]);
    if (!file || md_copy_locales(&source, file, at->arena, &own) < 0) return;
    for (int i = 0; i < count; i++)
      if (!among(locales[i], (const char *const *)own))
        found(at, at->file, line, "the arm %s of %s has no copy in %s: write %s.%s.md", declared->arms[arm], called,
              locales[i], file, locales[i]);
  }
}

static void check_calls(inspection *at, const md_definition *definition) {
  const md_call_lint lint = {.templates_declared = !definition || (definition->templates && *definition->templates),
                             .context = at,
                             .unknown_type = unknown_type,
                             .unknown_kind = unknown_kind,
                             .variant = variant_sent,
                             .unknown_connection = at->connections ? unknown_connection : NULL,
                             .found = lint_finding};
  for (int i = 0; i < at->own->count; i++) {
    const md_source_file *file = &at->own->files[i];
    at->file = file->path;
    if (md_is_script(file->path)) md_lint_calls(&lint, file->data, file->len, at->arena);
  }
}

static void check_files(inspection *at) {
  md_copy_source source = copy_source(at);
  for (int i = 0; i < at->own->count; i++) {
    const md_source_file *file = &at->own->files[i];
    md_error err = {0};
    at->file = file->path;
    bool script = md_is_script(file->path);
    if (script) md_script_lint(file->data, file->len, lint_finding, at);
    if (script) md_script_lint_steps(file->data, file->len, lint_finding, at);
    if (script) md_script_experiments(file->data, file->len, experiment_named, at);
    if (script) md_script_templates(file->data, file->len, template_named, at);
    if (is_copy(file->path) && md_copy_lint(&source, file->path, at->arena, &err))
      md_problems_add(&at->problems, at->moment, err.text);
  }
}

static void check_moment(inspection *at, const char *moment, const char *file) {
  md_source own;
  md_vm *vm = NULL;
  md_error err = {0};
  at->moments++;
  at->moment = moment;
  if (md_refusal_of_folder(at->tree.source.refused, moment)) return; // told already
  if (md_source_of_moment(&at->tree.source, moment, at->arena, &own, &err)) {
    md_problems_add(&at->problems, moment, err.text);
    return;
  }
  at->own = &own;
  check_files(at);
  if (md_vm_new(&vm, moment, &own, NULL, &err))
    md_problems_add(&at->problems, moment, err.text);
  else
    check_definition(at, md_vm_definition(vm), file);
  check_calls(at, vm ? md_vm_definition(vm) : NULL);
  if (vm) md_vm_free(vm);
  at->own = NULL;
}

// Whether a file of this top-level folder concerns the part that was asked for.
static bool concerns(const md_tree *tree, const char *folder) {
  size_t len = strlen(folder);
  bool own = strncmp(tree->within, folder, len) == 0 && (tree->within[len] == '/' || tree->within[len] == '\0');
  return tree->within[0] == '\0' || own || strcmp(folder, "shared") == 0 || strcmp(folder, "events.lua") == 0;
}

// What cannot be read, by the folder that it costs.
static void check_refused(inspection *at) {
  for (const md_refusal *refused = at->tree.source.refused; refused; refused = refused->next) {
    const char *folder = md_arena_strndup(at->arena, refused->path, strcspn(refused->path, "/"));
    if (folder && concerns(&at->tree, folder)) md_problems_add(&at->problems, folder, refused->why);
  }
}

static void check_plan(inspection *at) {
  md_error err = {0};
  if (md_refusal_of_path(at->tree.source.refused, "events.lua")) {
    md_plan_new(&at->plan, NULL, NULL);
    return;
  }
  if (md_plan_new(&at->plan, md_source_find(&at->tree.source, "events.lua"), &err) == 0) return;
  md_problems_add(&at->problems, "events.lua", err.text);
  md_plan_new(&at->plan, NULL, NULL);
}

// A folder with Lua or copy but without moment.lua is most likely a slip.
static void check_stray(inspection *at, const char *path) {
  const char *folder = md_tree_folder(path, at->arena);
  if (!folder || !folder[0] || strcmp(folder, "shared") == 0 || strcmp(folder, "experiments") == 0) return;
  const char *main = md_arena_printf(at->arena, "%s/moment.lua", folder);
  if (!main || md_source_find(&at->tree.source, main)) return;
  at->moment = folder;
  for (int i = 0; i < at->problems.count; i++)
    if (strcmp(at->problems.items[i].moment, folder) == 0) return;
  found(at, NULL, 0, "the folder %s has no moment.lua", folder);
}

static const char *nearest_moment(inspection *at, const char *name) {
  const md_source *source = &at->tree.source;
  const char **names = md_arena_alloc_zero(at->arena, sizeof *names * (size_t)(source->count + 1));
  for (int i = 0, count = 0; names && i < source->count; i++) {
    const char *path = source->files[i].path, *slash = strchr(path, '/');
    if (slash && strcmp(slash, "/moment.lua") == 0) names[count++] = md_tree_folder(path, at->arena);
  }
  return names ? md_suggest(name, names) : NULL;
}

// An experiment of a moment that there is not never begins.
static void check_experiments(inspection *at) {
  for (int i = 0; i < md_experiments_count(at->experiments); i++) {
    const md_experiment *experiment = md_experiments_at(at->experiments, i);
    const char *main = md_arena_printf(at->arena, "%s/moment.lua", experiment->moment);
    if (!main || md_source_find(&at->tree.source, main)) continue;
    const char *near = nearest_moment(at, experiment->moment);
    at->moment = experiment->file;
    found(at, experiment->file, line_of(md_source_find(&at->tree.source, experiment->file), "moment"),
          "moment = \"%s\": there is no such moment%s%s%s", experiment->moment, near ? "; did you mean \"" : "",
          near ? near : "", near ? "\"?" : "");
  }
}

static void check_all(inspection *at) {
  check_experiments(at);
  for (int i = 0; i < at->tree.source.count; i++) {
    const char *path = at->tree.source.files[i].path;
    if (!md_tree_wants(&at->tree, md_tree_folder(path, at->arena)) && !md_tree_wants(&at->tree, path)) continue;
    const char *name = strchr(path, '/');
    if (name && strcmp(name, "/moment.lua") == 0)
      check_moment(at, md_tree_folder(path, at->arena), path);
    else
      check_stray(at, path);
  }
}

static void show_json(const md_problem *problem) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "moment", problem->moment);
  md_line_text(&line, "file", problem->file[0] ? problem->file : NULL);
  md_line_number(&line, "line", problem->line);
  md_line_text(&line, "message", problem->message);
  md_line_end(&line);
}

// What is wrong in a shared file is found once for every moment that uses it.
static bool told_before(const md_problems *problems, int index) {
  const md_problem *now = &problems->items[index];
  for (int i = 0; i < index; i++) {
    const md_problem *at = &problems->items[i];
    if (now->file[0] && now->line == at->line && strcmp(now->file, at->file) == 0 &&
        strcmp(now->message, at->message) == 0)
      return true;
  }
  return false;
}

static int show(const inspection *at, bool json) {
  int count = 0;
  for (int i = 0; i < at->problems.count; i++) {
    md_buffer text;
    if (told_before(&at->problems, i)) continue;
    count++;
    if (json) {
      show_json(&at->problems.items[i]);
      continue;
    }
    md_buffer_init(&text);
    md_problem_format(&at->problems.items[i], &text);
    md_buffer_putc(&text, '\n');
    md_print_buffer(&text);
  }
  if (!json && count)
    printf("%d %s, %d %s\n", at->moments, at->moments == 1 ? "moment" : "moments", count,
           count == 1 ? "problem" : "problems");
  else if (!json)
    printf("%d %s, no problems\n", at->moments, at->moments == 1 ? "moment" : "moments");
  return count ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int read_locale(inspection *at, const md_cli_args *args, md_error *err) {
  md_settings settings;
  int code = md_settings_load(&settings, args, at->arena, err);
  at->locale = code ? NULL : settings.locale;
  at->connections = code || !md_cli_arg(args, "config") ? NULL : settings.connections;
  return code;
}

// What the checks ask.
static int prepare(inspection *at, md_error *err) {
  check_refused(at);
  check_plan(at);
  int code = at->plan ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) code = md_known_types_read(&at->types, at->plan, &at->tree.source, at->arena);
  if (!code) code = md_experiments_new(&at->experiments, &at->tree.source, NULL, md_problems_add, &at->problems, err);
  return code;
}

static int check(const md_cli_args *args) {
  md_error err = {0};
  inspection at = {.arena = md_arena_new(0)};
  if (!at.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(at.arena);
  int code = md_tree_read(&at.tree, args->positional_count ? args->positional[0] : "scripts", at.arena, &err);
  if (!code) code = read_locale(&at, args, &err);
  if (!code) code = prepare(&at, &err);
  if (!code) check_all(&at);
  md_plan_free(at.plan);
  md_experiments_free(at.experiments);
  code = code ? md_cli_fail(&err) : show(&at, md_cli_switch(args, "json"));
  md_problems_clear(&at.problems);
  md_json_scope(scope);
  md_arena_free(at.arena);
  return code;
}

static const md_cli_option options[] = {
    {"config", "FILE", "take the default locale and the names of connections from this configuration file"},
    {"locale", "LOCALE", "the locale of a person who has none (default da)"},
    {"json", NULL, "one JSON object a problem: moment, file, line, message"},
    {0}};

const md_cli_command md_cli_check = {
    .name = "check",
    .arguments = "[DIR]",
    .summary = "Check a script tree, or one moment's folder: plan, moments, templates, experiments",
    .notes = "Each problem is a line FILE:LINE: TEXT. Without DIR it checks the directory scripts.",
    .example = "  momentd check scripts",
    .options = options,
    .positional_max = 1,
    .run = check,
};
