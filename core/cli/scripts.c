// SPDX-License-Identifier: Apache-2.0
// Reads script trees and loads them, keeping what was wrong.
#include "cli/scripts.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/shown.h"
#include "cli/identities.h"
#include "store/versions.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void md_problems_clear(md_problems *problems) {
  for (int i = 0; i < problems->count; i++) {
    md_free(problems->items[i].moment);
    md_free(problems->items[i].file);
    md_free(problems->items[i].message);
  }
  md_free(problems->items);
  *problems = (md_problems){0};
}

// "shared/view.lua:12: text" → the length of the file's name and the line; 0 when the text does not begin so.
static size_t position(const char *text, int *line, const char **rest) {
  size_t len = strcspn(text, ": \n");
  *line = 0;
  *rest = text;
  if (text[len] != ':' || len == 0 || !isdigit((unsigned char)text[len + 1])) return 0;
  char *end = NULL;
  long number = strtol(text + len + 1, &end, 10);
  if (*end != ':') return 0;
  *line = (int)number;
  *rest = end + 1 + strspn(end + 1, " ");
  return len;
}

static char *copy(const char *text, size_t len) {
  char *out = md_alloc(len + 1);
  if (!out) return NULL;
  memcpy(out, text, len);
  out[len] = '\0';
  return out;
}

void md_problems_add(void *context, const char *moment, const char *text) {
  md_problems *problems = context;
  md_problem *items = md_realloc(problems->items, (size_t)(problems->count + 1) * sizeof *items);
  const char *rest = NULL;
  md_problem problem = {0};
  if (!items) return;
  problems->items = items;
  size_t len = position(text, &problem.line, &rest);
  problem.moment = md_strdup(moment);
  problem.file = copy(text, len);
  problem.message = md_strdup(rest);
  if (problem.moment && problem.file && problem.message) {
    items[problems->count++] = problem;
    return;
  }
  md_free(problem.moment);
  md_free(problem.file);
  md_free(problem.message);
}

void md_problem_format(const md_problem *problem, md_buffer *out) {
  if (problem->file[0])
    md_shown_printf(out, "%s:%d: %s", problem->file, problem->line, problem->message);
  else
    md_shown_printf(out, "%s: %s", problem->moment, problem->message);
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const md_source_file *)a)->path, ((const md_source_file *)b)->path);
}

static int append(md_source *out, const md_source *more, md_arena *arena, md_error *err) {
  md_source_file *files = md_arena_alloc(arena, (size_t)(out->count + more->count + 1) * sizeof *files);
  if (!files) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were read");
  if (out->count) memcpy(files, out->files, (size_t)out->count * sizeof *files);
  if (more->count) memcpy(files + out->count, more->files, (size_t)more->count * sizeof *files);
  out->files = files;
  out->count += more->count;
  int code = 0;
  for (const md_refusal *at = more->refused; at && !code; at = at->next)
    code = md_refusal_add(&out->refused, arena, at->path, at->why, err);
  return code;
}

int md_scripts_read(const md_setting_list *directories, md_arena *arena, md_source *out, md_error *err) {
  *out = (md_source){0};
  for (int i = 0; i < directories->count; i++) {
    md_source one;
    int code = md_source_read(directories->items[i], arena, &one, err);
    if (!code) code = append(out, &one, arena, err);
    if (code) return code;
  }
  if (out->count) qsort(out->files, (size_t)out->count, sizeof *out->files, by_path);
  for (int i = 1; i < out->count; i++)
    if (strcmp(out->files[i - 1].path, out->files[i].path) == 0)
      return md_error_set(err, MD_ECONFLICT, "%s is in more than one of the script directories", out->files[i].path);
  return 0;
}

typedef struct search {
  const char *moment;
  bool live;
} search;

static int look_for(void *context, const md_moment_row *row) {
  search *at = context;
  at->live |= row->live != 0 && strcmp(row->name, at->moment) == 0;
  return 0;
}

static const char *what_stays(md_store *store, const md_source *source, const char *moment) {
  char main[300];
  search at = {.moment = moment};
  snprintf(main, sizeof main, "%s/moment.lua", moment);
  if (!md_source_find(source, main)) return "a file was refused: what it said before stays";
  if (md_moments_list(store, look_for, &at, NULL) || at.live) return "a script was refused: its old version stays";
  return "a script was refused, and it has no older version: no event starts this moment until it is mended";
}

static void log_problems(md_store *store, const md_source *source, const md_problems *problems) {
  for (int i = 0; i < problems->count; i++) {
    const md_problem *at = &problems->items[i];
    md_log(MD_LOG_ERROR, "cli", what_stays(store, source, at->moment), "moment", at->moment, "file",
           at->file[0] ? at->file : NULL, "line", at->line ? md_log_int(at->line) : NULL, "error", at->message, NULL);
  }
}

int md_scripts_load(md_engine *engine, const md_setting_list *directories, md_problems *problems, md_error *err) {
  md_source source;
  md_arena *arena = md_arena_new(256 * 1024);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were read");
  md_problems_clear(problems);
  int code = md_scripts_read(directories, arena, &source, err);
  if (!code) code = md_engine_load(engine, &source, md_problems_add, problems, err);
  if (!code) code = md_identities_write(md_engine_store(engine), &source, err);
  if (!code) log_problems(md_engine_store(engine), &source, problems);
  md_arena_free(arena);
  return code;
}
