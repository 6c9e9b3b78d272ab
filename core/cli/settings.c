// SPDX-License-Identifier: Apache-2.0
// Reads the settings from their defaults, a Lua file, the environment and the command line, in this order.
#include "cli/settings.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/json.h"
#include "base/suggest.h"
#include "script/vm.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 256 * 1024 };

typedef struct setting {
  const char *name;   // as in the file
  const char *option; // as on the command line
  md_setting_type type;
  size_t offset;
  const char *word, *fallback, *help;
} setting;

static const setting settings[] = {
#define X(name, type, word, fallback, help)                                                                            \
  {#name, NULL, MD_SETTING_##type, offsetof(md_settings, name), word, fallback, help},
    MD_SETTINGS(X)
#undef X
};
enum { COUNT = sizeof settings / sizeof settings[0], NAME_MAX_BYTES = 32, HELP_MAX_BYTES = 200, PLACE_MAX_BYTES = 400 };

static md_cli_option options[COUNT + 1];
static char option_names[COUNT][NAME_MAX_BYTES];
static char option_helps[COUNT][HELP_MAX_BYTES];

// Underscores in the file are dashes on the command line. Made once, before there are threads.
static void make_options(void) {
  if (options[0].name) return;
  options[0] = (md_cli_option){"config", "FILE", "a configuration file, see docs/configuration.md"};
  for (int i = 0; i < COUNT; i++) {
    snprintf(option_names[i], sizeof option_names[i], "%s", settings[i].name);
    for (char *at = option_names[i]; *at; at++)
      if (*at == '_') *at = '-';
    bool shown = settings[i].fallback && settings[i].type != MD_SETTING_SWITCH;
    snprintf(option_helps[i], sizeof option_helps[i], "%s%s%s%s", settings[i].help, shown ? " (default " : "",
             shown ? settings[i].fallback : "", shown ? ")" : "");
    options[i + 1] = (md_cli_option){option_names[i], settings[i].word, option_helps[i]};
  }
}

int md_settings_options_count(void) {
  return COUNT + 1;
}

const md_cli_option *md_settings_option(int index) {
  make_options();
  return &options[index];
}

bool md_settings_taken(md_cli_settings taken, int index) {
  // clang-format off
  static const char *const engine[] = {
      "config", "db", "scripts", "mail", "delivery", "moment-delivery", "sender", "sender-name", "addresses", "locale",
      "max-age", "page-cache", "key-file",
      "connections",
      "timezone", "country", "quiet-hours", "caps", "consent-sender", "consent-products", "existing-customer", "sale-event",
      "public-url", "catch-up-rate",
  };
  // clang-format on
  const char *name = md_settings_option(index)->name;
  if (taken == MD_CLI_ALL_SETTINGS) return true;
  if (taken == MD_CLI_DB_SETTING) return strcmp(name, "db") == 0;
  for (size_t i = 0; taken == MD_CLI_ENGINE_SETTINGS && i < sizeof engine / sizeof engine[0]; i++)
    if (strcmp(engine[i], name) == 0) return true;
  return false;
}

bool md_settings_describe(int index, const char **name, const char **fallback) {
  if (index < 0 || index >= COUNT) return false;
  *name = settings[index].name;
  *fallback = settings[index].fallback;
  return true;
}

static int add_item(md_setting_list *list, const char *item, md_arena *arena, md_error *err) {
  const char **items = md_arena_alloc(arena, (size_t)(list->count + 1) * sizeof *items);
  char *copy = md_arena_strdup(arena, item);
  if (!items || !copy) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (list->count) memcpy(items, list->items, (size_t)list->count * sizeof *items);
  items[list->count] = copy;
  *list = (md_setting_list){items, list->count + 1};
  return 0;
}

static int set_switch(const setting *at, const char *text, bool *out, md_error *err) {
  *out = strcmp(text, "yes") == 0;
  if (*out || strcmp(text, "no") == 0) return 0;
  return md_error_set(err, MD_EINVAL, "%s is true or false, not \"%s\"", at->name, text);
}

static int set_number(const setting *at, const char *text, int64_t *out, md_error *err) {
  char *end = NULL;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  if (errno || end == text || *end || number < 0)
    return md_error_set(err, MD_EINVAL, "%s must be a whole number, not \"%s\"", at->name, text);
  *out = number;
  return 0;
}

static int set_duration(const setting *at, const char *text, md_micros *out, md_error *err) {
  md_error detail = {0};
  int code = md_duration_parse(text, strlen(text), out, &detail);
  return code ? md_error_set(err, code, "%s: %s", at->name, detail.text) : 0;
}

static int set_pair(const setting *at, const char *text, json_t *table, md_error *err) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text) return md_error_set(err, MD_EINVAL, "%s is %s, not \"%s\"", at->name, at->word, text);
  char name[128];
  snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
  if (json_object_set_new(table, name, json_string(equals + 1)))
    return md_error_set(err, MD_EINVAL, "%s: \"%s\" is no valid UTF-8", at->name, name);
  return 0;
}

// Sets from a text: a default, or the command line's value.
static int set_text(md_settings *out, const setting *at, const char *text, md_arena *arena, md_error *err) {
  void *field = (char *)out + at->offset;
  switch (at->type) {
  case MD_SETTING_TEXT:
    *(const char **)field = md_arena_strdup(arena, text);
    return *(const char **)field ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  case MD_SETTING_LIST:
    return add_item(field, text, arena, err);
  case MD_SETTING_TABLE:
  case MD_SETTING_TREE:
    return set_pair(at, text, *(json_t **)field, err);
  case MD_SETTING_DURATION:
    return set_duration(at, text, field, err);
  case MD_SETTING_NUMBER:
    return set_number(at, text, field, err);
  case MD_SETTING_SWITCH:
    return set_switch(at, text, field, err);
  }
  return MD_EINVAL;
}

static int wrong_type(const setting *at, const char *wanted, md_error *err) {
  return md_error_set(err, MD_EINVAL, "%s must be %s", at->name, wanted);
}

static int set_list(md_settings *out, const setting *at, const json_t *value, md_arena *arena, md_error *err) {
  md_setting_list *list = (void *)((char *)out + at->offset);
  *list = (md_setting_list){0};
  if (json_is_string(value)) return add_item(list, json_string_value(value), arena, err);
  size_t i;
  const json_t *item;
  int code = json_is_array(value) ? 0 : wrong_type(at, "a text or a list of texts", err);
  json_array_foreach(value, i, item) {
    if (!code && !json_is_string(item)) code = wrong_type(at, "a text or a list of texts", err);
    if (!code) code = add_item(list, json_string_value(item), arena, err);
  }
  return code;
}

static int set_table(md_settings *out, const setting *at, json_t *value, md_error *err) {
  const char *name;
  json_t *item;
  if (json_is_array(value) && json_array_size(value) == 0) return 0;
  if (!json_is_object(value)) return wrong_type(at, "a table of names with texts", err);
  json_object_foreach(value, name, item) {
    if (!json_is_string(item)) return wrong_type(at, "a table of names with texts", err);
  }
  *(json_t **)((char *)out + at->offset) = value;
  return 0;
}

static int set_tree(md_settings *out, const setting *at, json_t *value, md_error *err) {
  if (json_is_array(value) && json_array_size(value) == 0) return 0;
  if (!json_is_object(value)) return wrong_type(at, "a table of names with tables", err);
  *(json_t **)((char *)out + at->offset) = value;
  return 0;
}

static int set_seconds(md_settings *out, const setting *at, const json_t *value, md_arena *arena, md_error *err) {
  if (json_is_string(value)) return set_text(out, at, json_string_value(value), arena, err);
  double seconds = json_number_value(value);
  if (!json_is_number(value) || seconds < 0 || seconds * 1e6 > (double)MD_DURATION_MAX)
    return wrong_type(at, "a duration such as \"90s\" or a number of seconds", err);
  *(md_micros *)((char *)out + at->offset) = (md_micros)(seconds * 1e6);
  return 0;
}

// Sets from the file's value.
static int set_value(md_settings *out, const setting *at, json_t *value, md_arena *arena, md_error *err) {
  void *field = (char *)out + at->offset;
  switch (at->type) {
  case MD_SETTING_TEXT:
    return json_is_string(value) ? set_text(out, at, json_string_value(value), arena, err)
                                 : wrong_type(at, "a text", err);
  case MD_SETTING_LIST:
    return set_list(out, at, value, arena, err);
  case MD_SETTING_TABLE:
    return set_table(out, at, value, err);
  case MD_SETTING_TREE:
    return set_tree(out, at, value, err);
  case MD_SETTING_DURATION:
    return set_seconds(out, at, value, arena, err);
  case MD_SETTING_NUMBER:
    if (!json_is_integer(value) || json_integer_value(value) < 0) return wrong_type(at, "a whole number", err);
    *(int64_t *)field = json_integer_value(value);
    return 0;
  case MD_SETTING_SWITCH:
    if (!json_is_boolean(value)) return wrong_type(at, "true or false", err);
    *(bool *)field = json_is_true(value);
    return 0;
  }
  return MD_EINVAL;
}

static const setting *find(const char *name) {
  for (int i = 0; i < COUNT; i++)
    if (strcmp(settings[i].name, name) == 0) return &settings[i];
  return NULL;
}

// The file that is read, to say where in it something is wrong.
typedef struct config_file {
  const char *path;
  md_buffer text;
} config_file;

// "momentd.lua:7"; without the line where the name is put together.
static const char *place_of(const config_file *file, const char *name, char out[static PLACE_MAX_BYTES]) {
  int line = md_script_data_line(file->text.data ? file->text.data : "", file->text.len, name);
  if (line)
    snprintf(out, PLACE_MAX_BYTES, "%s:%d", file->path, line);
  else
    snprintf(out, PLACE_MAX_BYTES, "%s", file->path);
  return out;
}

static int unknown(const char *place, const char *name, md_error *err) {
  const char *names[COUNT + 1];
  for (int i = 0; i < COUNT; i++)
    names[i] = settings[i].name;
  names[COUNT] = NULL;
  const char *nearest = md_suggest(name, names);
  return md_error_set(err, MD_EINVAL, "%s: there is no option \"%s\"%s%s%s", place, name,
                      nearest ? "; did you mean \"" : "; docs/configuration.md lists them", nearest ? nearest : "",
                      nearest ? "\"?" : "");
}

static int apply_table(md_settings *out, const config_file *file, json_t *table, md_arena *arena, md_error *err) {
  char place[PLACE_MAX_BYTES];
  const char *name;
  json_t *value;
  json_object_foreach(table, name, value) {
    const setting *at = find(name);
    md_error detail = {0};
    int code = at ? set_value(out, at, value, arena, &detail) : unknown(place_of(file, name, place), name, err);
    if (code && at) return md_error_set(err, code, "%s: %s", place_of(file, name, place), detail.text);
    if (code) return code;
  }
  return 0;
}

static int apply_file(md_settings *out, const char *path, md_arena *arena, md_error *err) {
  config_file file = {.path = path};
  json_t *table = NULL;
  md_buffer_init(&file.text);
  int code = md_file_read(path, FILE_LIMIT, &file.text, err);
  if (!code) code = md_script_data(path, file.text.data ? file.text.data : "", file.text.len, &table, err);
  if (!code && !json_is_object(table) && json_array_size(table) > 0)
    code = md_error_set(err, MD_EINVAL, "%s must return a table of options with their names", path);
  if (!code) code = apply_table(out, &file, table, arena, err);
  md_buffer_deinit(&file.text);
  return code;
}

static int apply_defaults(md_settings *out, md_arena *arena, md_error *err) {
  *out = (md_settings){0};
  int code = 0;
  for (int i = 0; i < COUNT && !code; i++) {
    bool named = settings[i].type == MD_SETTING_TABLE || settings[i].type == MD_SETTING_TREE;
    json_t *table = named ? json_object() : NULL;
    if (table)
      *(json_t **)(void *)((char *)out + settings[i].offset) = table;
    else if (named)
      code = md_error_set(err, MD_ENOMEM, "out of memory");
    if (settings[i].fallback) code = set_text(out, &settings[i], settings[i].fallback, arena, err);
  }
  return code;
}

// A list on the command line takes the place of the file's.
static int apply_arguments(md_settings *out, const md_cli_args *args, md_arena *arena, md_error *err) {
  int code = 0;
  make_options();
  for (int s = 0; s < COUNT && !code; s++) {
    bool first = true;
    for (int i = 0; i < args->given_count && !code; i++) {
      if (strcmp(args->given[i].name, option_names[s]) != 0) continue;
      if (first && settings[s].type == MD_SETTING_LIST)
        *(md_setting_list *)(void *)((char *)out + settings[s].offset) = (md_setting_list){0};
      first = false;
      md_error detail = {0};
      code = set_text(out, &settings[s], args->given[i].value ? args->given[i].value : "yes", arena, &detail);
      if (code) md_error_set(err, code, "--%s: %s", option_names[s], detail.text);
    }
  }
  return code;
}

int md_settings_load(md_settings *out, const md_cli_args *args, md_arena *arena, md_error *err) {
  md_arena *before = md_json_scope(arena);
  const char *file = md_cli_arg(args, "config");
  const char *db = getenv("MOMENTD_DB");
  int code = apply_defaults(out, arena, err);
  if (!code && file) code = apply_file(out, file, arena, err);
  if (!code && db && db[0]) out->db = db;
  if (!code) code = apply_arguments(out, args, arena, err);
  md_json_scope(before);
  return code;
}
