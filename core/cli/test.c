// SPDX-License-Identifier: Apache-2.0
// `momentd test`: runs spec files in virtual time on the real engine.
#include "base/duration.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/specs.h"
#include "cli/tree.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

typedef struct suite {
  md_settings settings;
  md_specs specs;
  md_arena *arena; // of the command
  bool tap, json;
  int count, failed;
} suite;

static void indent(const md_buffer *text, const char *margin) {
  const char *at = text->data, *end = text->data + text->len;
  while (at && at < end) {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((line ? line : end) - at);
    md_print("%s%.*s\n", margin, (int)len, at);
    at = line ? line + 1 : end;
  }
}

static void result_json(const char *file, const char *name, const md_error *err, const md_buffer *details) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "file", file);
  md_line_text(&line, "spec", name);
  md_line_bool(&line, "ok", !err);
  md_line_text(&line, "message", err ? err->text : NULL);
  md_line_text(&line, "timeline", err && details->len ? details->data : NULL);
  md_line_end(&line);
}

static void passed(void *context, const char *file, const char *name) {
  suite *s = context;
  s->count++;
  if (s->json)
    result_json(file, name, NULL, NULL);
  else if (s->tap)
    md_print("ok %d - %s: %s\n", s->count, file, name);
  else
    md_print("ok      %s: %s\n", file, name);
}

// `details`: what the shop saw; may be empty.
static void fail(suite *s, const char *file, const char *name, const md_error *err, md_buffer *details) {
  s->count++;
  s->failed++;
  if (s->json) {
    result_json(file, name, err, details);
    return;
  }
  if (s->tap)
    md_print("not ok %d - %s: %s\n  ---\n  message: |\n    %s\n", s->count, file, name, err->text);
  else
    md_print("FAILED  %s: %s\n  %s\n", file, name, err->text);
  if (s->tap && details->len) puts("  timeline: |");
  indent(details, s->tap ? "    " : "  ");
  if (s->tap) puts("  ...");
}

static bool failed(void *context, const char *file, const char *name, const md_error *err, md_shop *shop) {
  md_buffer details;
  md_buffer_init(&details);
  if (shop) md_shop_describe(shop, &details);
  fail(context, file, name, err, &details);
  md_buffer_deinit(&details);
  return true;
}

// What cannot be read may have been a spec.
static void fail_refused(suite *s, const md_tree *tree) {
  md_buffer none;
  md_buffer_init(&none);
  for (const md_refusal *at = tree->source.refused; at; at = at->next) {
    md_error why;
    if (!md_tree_wants(tree, at->path)) continue;
    md_error_set(&why, MD_EDENIED, "%s", at->why);
    fail(s, at->path, "it can be read", &why, &none);
  }
}

static int run_path(suite *s, const char *path, md_error *err) {
  md_tree tree;
  int code = md_tree_read(&tree, path, s->arena, err);
  if (!code) fail_refused(s, &tree);
  for (int i = 0; i < tree.source.count && !code; i++)
    if (md_is_spec(tree.source.files[i].path) && md_tree_wants(&tree, tree.source.files[i].path))
      md_specs_run(&s->specs, &tree, &tree.source.files[i], s->arena);
  return code;
}

static int read_limit(suite *s, const md_cli_args *args, md_error *err) {
  const char *text = md_cli_arg(args, "limit");
  s->specs.limit = MD_SPECS_MAX;
  if (!text) return 0;
  int code = md_duration_parse(text, strlen(text), &s->specs.limit, err);
  if (!code && s->specs.limit <= MD_SPECS_MAX) return 0;
  return md_error_set(err, MD_EINVAL, "--limit %s: a duration of at most 60s", text);
}

static int load_settings(suite *s, const md_cli_args *args, md_error *err) {
  int code = md_settings_load(&s->settings, args, s->arena, err);
  md_specs_settings(&s->settings, &s->settings);
  s->specs.settings = &s->settings;
  s->json = md_cli_switch(args, "json");
  s->tap = md_cli_switch(args, "tap") && !s->json;
  md_log_configure(MD_LOG_ERROR, false, open("/dev/null", O_WRONLY | O_CLOEXEC)); // the timeline tells it
  return code;
}

static int finish(const suite *s) {
  if (s->count == 0) {
    fputs("momentd: no specs were found: they are files whose names end in _spec.lua\n", stderr);
    return MD_EXIT_FAILED;
  }
  if (s->json) return s->failed ? MD_EXIT_FAILED : MD_EXIT_OK;
  if (s->tap)
    printf("1..%d\n", s->count);
  else
    md_print("%d %s, %d failed\n", s->count, s->count == 1 ? "spec" : "specs", s->failed);
  return s->failed ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int run_all(suite *s, const md_cli_args *args, md_error *err) {
  int code = load_settings(s, args, err);
  if (!code && s->tap) puts("TAP version 13");
  if (!code && args->positional_count == 0) code = run_path(s, "scripts", err);
  for (int i = 0; i < args->positional_count && !code; i++)
    code = run_path(s, args->positional[i], err);
  return code;
}

static int test(const md_cli_args *args) {
  md_error err = {0};
  suite s = {.arena = md_arena_new(0), .specs = {.passed = passed, .failed = failed}};
  s.specs.context = &s;
  if (!s.arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  if (read_limit(&s, args, &err)) {
    md_arena_free(s.arena);
    return md_cli_misuse(args, "%s", err.text);
  }
  md_arena *scope = md_json_scope(s.arena);
  int code = run_all(&s, args, &err);
  if (s.tap && code) md_print("Bail out! %s\n", err.text);
  code = code ? md_cli_fail(&err) : finish(&s);
  md_json_scope(scope);
  md_arena_free(s.arena);
  return code;
}

static const md_cli_option options[] = {
    {"tap", NULL, "print TAP version 13"},
    {"json", NULL, "one JSON object a spec: file, spec, ok, message, timeline"},
    {"limit", "DURATION", "how long the specs of one file may take: 60s at most, as without it"},
    {"config", "FILE", "take addresses and locale from this configuration file"},
    {"addresses", "NAME=ADDRESS", "a name that scripts may give as `to`; may be given more than once"},
    {0}};

const md_cli_command md_cli_test = {
    .name = "test",
    .arguments = "[DIR|FILE]…",
    .summary = "Run the specs of moments in virtual time",
    .notes = "Takes every *_spec.lua below the directories (default: scripts), or single files. Each `it` gets an\n"
             "engine of its own with a database in memory; every turn is replayed and its journal compared.",
    .example = "  momentd test scripts/order_confirmation",
    .options = options,
    .positional_max = -1,
    .run = test,
};
