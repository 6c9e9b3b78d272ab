// SPDX-License-Identifier: Apache-2.0
// `momentd check`: finds what is wrong with a script tree before a daemon takes it.
#include "cli/commands.h"
#include "cli/inspection.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/settings.h"
#include <stdio.h>
#include <string.h>

// Whether a file of this top-level folder concerns the part that was asked for.
static bool concerns(const md_tree *tree, const char *folder) {
  size_t len = strlen(folder);
  bool own = strncmp(tree->within, folder, len) == 0 && (tree->within[len] == '/' || tree->within[len] == '\0');
  return tree->within[0] == '\0' || own || strcmp(folder, "shared") == 0 || strcmp(folder, "events.lua") == 0;
}

// What cannot be read, by the folder that it costs.
static void check_refused(md_inspection *at) {
  for (const md_refusal *refused = at->tree.source.refused; refused; refused = refused->next) {
    const char *folder = md_arena_strndup(at->arena, refused->path, strcspn(refused->path, "/"));
    if (folder && concerns(&at->tree, folder)) md_problems_add(&at->problems, folder, refused->why);
  }
}

// NULL: out of memory.
static md_plan *check_plan(md_inspection *at) {
  md_error err = {0};
  md_plan *plan = NULL;
  bool refused = md_refusal_of_path(at->tree.source.refused, "events.lua");
  if (!refused && md_plan_new(&plan, md_source_find(&at->tree.source, "events.lua"), &err) == 0) return plan;
  if (!refused) md_problems_add(&at->problems, "events.lua", err.text);
  at->plan_unread = true;
  return md_plan_new(&plan, NULL, NULL) ? NULL : plan;
}

static void check_all(md_inspection *at) {
  md_inspect_experiments(at);
  for (int i = 0; i < at->tree.source.count; i++) {
    const char *path = at->tree.source.files[i].path;
    if (!md_tree_wants(&at->tree, md_tree_folder(path, at->arena)) && !md_tree_wants(&at->tree, path)) continue;
    const char *name = strchr(path, '/');
    if (name && strcmp(name, "/moment.lua") == 0)
      md_inspect_moment(at, md_tree_folder(path, at->arena));
    else
      md_inspect_stray(at, path);
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

static int show(const md_inspection *at, bool json) {
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

static void show_copy(const char *moment, const char *name, const md_copy_choice *choice, const char *locales) {
  md_print("%s: the template %s is %s for who has no locale: %s; there is copy in: %s\n", moment, name, choice->file,
           md_copy_why(choice->why), locales);
}

static int read_locale(md_inspection *at, const md_cli_args *args, md_error *err) {
  md_settings settings;
  int code = md_settings_load(&settings, args, at->arena, err);
  if (!code) code = md_policy_check(&settings, err);
  at->retention = code ? 0 : settings.retention;
  at->locale = code ? NULL : settings.locale;
  at->connections = code || !md_cli_arg(args, "config") ? NULL : settings.connections;
  return code;
}

// With what the checks ask.
static int check_tree(md_inspection *at, md_error *err) {
  md_experiments *experiments = NULL;
  check_refused(at);
  md_plan *plan = check_plan(at);
  at->plan = plan;
  int code = plan ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) code = md_known_types_read(&at->types, plan, &at->tree.source, at->arena);
  if (!code) code = md_experiments_new(&experiments, &at->tree.source, NULL, md_problems_add, &at->problems, err);
  at->experiments = experiments;
  if (!code) check_all(at);
  md_plan_free(plan);
  md_experiments_free(experiments);
  return code;
}

// Directories that lie over each other, as `momentd run` takes them.
static int read_overlays(md_inspection *at, const md_setting_list *directories, md_shadows *shadows, md_error *err) {
  at->tree = (md_tree){.root = directories->items[directories->count - 1], .within = ""};
  return md_scripts_read(directories, at->arena, &at->tree.source, shadows, err);
}

static int read_trees(md_inspection *at, const md_cli_args *args, md_shadows *shadows, md_error *err) {
  md_setting_list directories = {0};
  const char **items = md_arena_alloc(at->arena, sizeof *items * (size_t)(args->given_count + 1));
  if (!items) return md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < args->given_count; i++)
    if (strcmp(args->given[i].name, "scripts") == 0) items[directories.count++] = args->given[i].value;
  directories.items = items;
  if (directories.count) return read_overlays(at, &directories, shadows, err);
  return md_tree_read(&at->tree, args->positional_count ? args->positional[0] : "scripts", at->arena, err);
}

// What lies below a file of the same path is no problem, but worth knowing.
static void show_shadows(const md_shadows *shadows, bool json) {
  for (int i = 0; i < shadows->count; i++) {
    const md_shadow *shadow = &shadows->items[i];
    md_line line;
    if (!json) {
      md_print("%s: that of %s is used, not that of %s\n", shadow->path, shadow->above, shadow->below);
      continue;
    }
    md_line_begin(&line);
    md_line_text(&line, "shadowed", shadow->path);
    md_line_text(&line, "used", shadow->above);
    md_line_text(&line, "below", shadow->below);
    md_line_end(&line);
  }
}

static int check(const md_cli_args *args) {
  md_shadows shadows = {0};
  md_error err = {0};
  md_inspection at = {.arena = md_arena_new(0)};
  if (!at.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(at.arena);
  int code = read_trees(&at, args, &shadows, &err);
  if (!code) code = read_locale(&at, args, &err);
  if (md_cli_switch(args, "verbose") && !md_cli_switch(args, "json")) at.copy = show_copy;
  if (!code) code = check_tree(&at, &err);
  if (!code) show_shadows(&shadows, md_cli_switch(args, "json"));
  code = code ? md_cli_fail(&err) : show(&at, md_cli_switch(args, "json"));
  md_problems_clear(&at.problems);
  md_json_scope(scope);
  md_arena_free(at.arena);
  return code;
}

static const md_cli_option options[] = {
    {"scripts", "DIR", "a tree instead of DIR; of several the later wins, file by file; tells what is hidden"},
    {"config", "FILE", "take the default locale and the names of connections from this configuration file"},
    {"locale", "LOCALE", "the locale of a person who has none (default da)"},
    {"verbose", NULL, "say for each template which copy is taken for a person whose locale is not known, and why"},
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
