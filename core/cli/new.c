// SPDX-License-Identifier: Apache-2.0
// `momentd new`: a folder with a moment, its copy and its spec, from which a newcomer goes on.
#include "base/file.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/known_types.h"
#include "cli/new_files.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/tree.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_LENGTH = 64 };

typedef struct birth {
  md_settings settings;
  md_arena *arena;
  const char *root, *folder;
  md_new_words words;
  bool plan_is_new;
} birth;

static int check_name(const char *name, md_error *err) {
  size_t len = strlen(name), good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (len == 0 || good < len || len > NAME_MAX_LENGTH || name[0] < 'a' || name[0] > 'z')
    return md_error_set(err, MD_EINVAL,
                        "\"%s\" is no name for a moment: it begins with a letter and has only a-z, 0-9 and _, at most "
                        "%d of them, such as cart_reminder",
                        name, NAME_MAX_LENGTH);
  if (strcmp(name, "shared") == 0 || strcmp(name, "experiments") == 0)
    return md_error_set(err, MD_EINVAL, "the folder %s has a meaning of its own: choose another name", name);
  return 0;
}

static int check_folder(birth *b, const char *name, md_error *err) {
  struct stat info;
  b->root = b->settings.scripts.items[0];
  b->folder = md_arena_printf(b->arena, "%s/%s", b->root, name);
  if (!b->folder) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (lstat(b->folder, &info) == 0)
    return md_error_set(err, MD_EEXISTS, "%s is there already: choose another name, or remove it", b->folder);
  return 0;
}

static bool is_type(const char *type) {
  size_t len = strlen(type);
  return len > 0 && len <= 255 &&
         strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

// Specs send some of these themselves, and others nobody sends.
static bool is_of_the_host(const char *type) {
  static const char *const begins[] = {"message.", "run.", "version.", "channel.", "consent.", "profile.", NULL};
  for (int i = 0; begins[i]; i++)
    if (strncmp(type, begins[i], strlen(begins[i])) == 0) return true;
  return false;
}

static bool identifies(const char *const *paths, const char *wanted) {
  for (; *paths; paths++)
    if (strcmp(*paths, wanted) == 0) return true;
  return false;
}

// The event that starts it: the one that was asked for, if the plan knows it, else the first that the plan declares.
static int choose_event(birth *b, const md_plan *plan, const md_source *source, const char *wanted, md_error *err) {
  int count = 0;
  char advice[300];
  md_known_types known;
  const md_plan_event *const *events = md_plan_events(plan, &count);
  b->words.event = wanted ? wanted : MD_NEW_EVENT;
  bool search = !wanted && !md_plan_event_of(plan, MD_NEW_EVENT);
  for (int i = 0; i < count && search; i++) {
    search = is_of_the_host(events[i]->type);
    if (!search) b->words.event = events[i]->type;
  }
  if (md_known_types_read(&known, plan, source, b->arena)) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (md_known_types_unknown(&known, b->words.event, advice, sizeof advice))
    return md_error_set(err, MD_EINVAL, "--on %s: %s", b->words.event, advice);
  return 0;
}

static int read_plan(birth *b, const char *wanted, md_error *err) {
  md_source source = {0};
  struct stat info;
  md_plan *plan = NULL;
  int code = stat(b->root, &info) ? 0 : md_source_read(b->root, b->arena, &source, err);
  if (code) return code;
  const md_source_file *file = md_source_find(&source, "events.lua");
  b->plan_is_new = !file;
  if (!file) {
    b->words.event = wanted ? wanted : MD_NEW_EVENT;
    return 0;
  }
  code = md_plan_new(&plan, file, err);
  if (!code && !identifies(md_plan_strong(plan), "subject") && !identifies(md_plan_weak(plan), "subject"))
    code = md_error_set(err, MD_EUNSUPPORTED,
                        "the plan (events.lua) knows nobody by subject, so that the spec could speak of no person: add "
                        "\"subject\" to person.strong, or write the moment by hand");
  if (!code) code = choose_event(b, plan, &source, wanted, err);
  if (!code) b->words.event = md_arena_strdup(b->arena, b->words.event); // the plan goes
  md_plan_free(plan);
  return code || b->words.event ? code : md_error_set(err, MD_ENOMEM, "out of memory");
}

static int check_event(const char *type, md_error *err) {
  if (!type) return 0;
  if (!is_type(type))
    return md_error_set(err, MD_EINVAL, "--on takes one event type, such as order.placed, not \"%s\"", type);
  if (is_of_the_host(type))
    return md_error_set(err, MD_EINVAL, "--on %s: take an event of the shop; change `on` by hand afterwards", type);
  return 0;
}

static int write_one(birth *b, const char *path, const char *form, md_error *err) {
  md_buffer text;
  md_buffer_init(&text);
  md_new_fill(&text, form, &b->words);
  int code = md_buffer_ok(&text) && path ? md_file_create(path, text.data, text.len, 0644, err)
                                         : md_error_set(err, MD_ENOMEM, "out of memory");
  md_buffer_deinit(&text);
  return code;
}

// What was begun and failed is taken back.
static int write_all(birth *b, md_error *err) {
  int code = md_directory_make(b->folder, 0755, err), made = 0;
  for (; md_new_files[made].name && !code; made++)
    code = write_one(b, md_arena_printf(b->arena, "%s/%s", b->folder, md_new_files[made].name), md_new_files[made].form,
                     err);
  if (!code && b->plan_is_new)
    code = write_one(b, md_arena_printf(b->arena, "%s/events.lua", b->root), md_new_plan, err);
  for (int i = 0; code && i < made; i++) {
    const char *path = md_arena_printf(b->arena, "%s/%s", b->folder, md_new_files[i].name);
    if (path) unlink(path);
  }
  if (code) rmdir(b->folder);
  return code;
}

static int make(birth *b, const md_cli_args *args, md_error *err) {
  const char *name = args->positional[0], *on = md_cli_arg(args, "on");
  int code = md_settings_load(&b->settings, args, b->arena, err);
  if (!code) code = check_name(name, err);
  if (!code) code = check_event(on, err);
  if (!code) code = check_folder(b, name, err);
  if (!code) code = read_plan(b, on, err);
  b->words.name = name;
  return code ? code : write_all(b, err);
}

static void tell(const birth *b) {
  if (b->plan_is_new) md_print("%s/events.lua: a tracking plan, since there was none\n", b->root);
  for (int i = 0; md_new_files[i].name; i++)
    md_print("%s/%s: %s\n", b->folder, md_new_files[i].name, md_new_files[i].what);
  md_print("\nSee that it is right:  momentd check %s && momentd test %s\n", b->root, b->folder);
  md_print("See it run:            echo "
           "'{\"type\":\"%s\",\"subject\":\"kunde-1\",\"data\":{\"email\":\"ida@example.com\"}}' |\n"
           "                         momentd try %s --event -\n",
           b->words.event, b->folder);
}

static int new (const md_cli_args *args) {
  md_error err = {0};
  birth b = {.arena = md_arena_new(0)};
  if (!b.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(b.arena);
  int code = make(&b, args, &err);
  if (!code) tell(&b);
  code = code ? md_cli_fail(&err) : MD_EXIT_OK;
  md_json_scope(scope);
  md_arena_free(b.arena);
  return code;
}

static const md_cli_option options[] = {
    {"scripts", "DIR", "the script tree that it becomes part of (default scripts)"},
    {"on", "TYPE", "the event that starts it, which the plan must know (default order.placed, else the plan's first)"},
    {0}};

const md_cli_command md_cli_new = {
    .name = "new",
    .arguments = "NAME",
    .summary = "Begin a moment: a folder with script, copy and spec that pass check and test",
    .notes = "Where there is no events.lua a tracking plan is written too; one that is there is never changed.",
    .example = "  momentd new thank_you --on order.placed",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .run = new,
};
