// SPDX-License-Identifier: Apache-2.0
// Reads script trees and loads them, keeping what was wrong.
#include "cli/scripts.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/shown.h"
#include "cli/identities.h"
#include "script/plan.h"
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

// The trees that are laid over each other, and what comes of it.
typedef struct laying {
  md_arena *arena;
  const md_setting_list *directories;
  md_source *out;
  int *origin; // of each file of `out`: its directory
  md_shadows *shadows;
} laying;

static void digest(const md_source_file *file, char out[static 65]) {
  uint8_t bytes[MD_SHA256_SIZE];
  md_sha256(file->data, file->len, bytes);
  md_hex(bytes, sizeof bytes, out);
}

// Of several below each other the uppermost of those that are not used is told.
static md_shadow *shadow_of(laying *at, const char *path) {
  md_shadows *all = at->shadows;
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->items[i].path, path) == 0) return &all->items[i];
  md_shadow *items = md_arena_alloc(at->arena, sizeof *items * (size_t)(all->count + 1));
  if (!items) return NULL;
  if (all->count) memcpy(items, all->items, sizeof *items * (size_t)all->count);
  *all = (md_shadows){items, all->count + 1};
  return &items[all->count - 1];
}

static int note_shadow(laying *at, const md_source_file *below, int below_of, const md_source_file *above,
                       int above_of) {
  md_shadow *shadow = at->shadows ? shadow_of(at, above->path) : NULL;
  if (!shadow) return at->shadows ? MD_ENOMEM : 0;
  *shadow = (md_shadow){
      .path = above->path, .below = at->directories->items[below_of], .above = at->directories->items[above_of]};
  digest(below, shadow->below_digest);
  digest(above, shadow->above_digest);
  return 0;
}

static int lay_file(laying *at, const md_source_file *file, int of) {
  for (int i = 0; i < at->out->count; i++) {
    md_source_file *below = &at->out->files[i];
    if (strcmp(below->path, file->path) != 0) continue;
    int code = note_shadow(at, below, at->origin[i], file, of);
    *below = *file;
    at->origin[i] = of;
    return code;
  }
  at->origin[at->out->count] = of;
  at->out->files[at->out->count++] = *file;
  return 0;
}

static int lay(laying *at, const md_source *more, int of, md_error *err) {
  size_t room = (size_t)(at->out->count + more->count + 1);
  md_source_file *files = md_arena_alloc(at->arena, room * sizeof *files);
  int *origin = md_arena_alloc(at->arena, room * sizeof *origin);
  if (!files || !origin) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were read");
  if (at->out->count) memcpy(files, at->out->files, (size_t)at->out->count * sizeof *files);
  if (at->out->count) memcpy(origin, at->origin, (size_t)at->out->count * sizeof *origin);
  at->out->files = files;
  at->origin = origin;
  int code = 0;
  for (int i = 0; i < more->count && !code; i++)
    code = lay_file(at, &more->files[i], of);
  for (const md_refusal *refused = more->refused; refused && !code; refused = refused->next)
    code = md_refusal_add(&at->out->refused, at->arena, refused->path, refused->why, err);
  return code ? md_error_set(err, code, "out of memory while the scripts were read") : 0;
}

static int shadow_by_path(const void *a, const void *b) {
  return strcmp(((const md_shadow *)a)->path, ((const md_shadow *)b)->path);
}

int md_scripts_read(const md_setting_list *directories, md_arena *arena, md_source *out, md_shadows *shadows,
                    md_error *err) {
  laying at = {.arena = arena, .directories = directories, .out = out, .shadows = shadows};
  *out = (md_source){0};
  if (shadows) *shadows = (md_shadows){0};
  for (int i = 0; i < directories->count; i++) {
    md_source one;
    int code = md_source_read(directories->items[i], arena, &one, err);
    if (!code) code = lay(&at, &one, i, err);
    if (code) return code;
  }
  if (out->count) qsort(out->files, (size_t)out->count, sizeof *out->files, by_path);
  if (shadows && shadows->count) qsort(shadows->items, (size_t)shadows->count, sizeof *shadows->items, shadow_by_path);
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

void md_scripts_log_problems(md_store *store, const md_source *source, const md_problems *problems) {
  for (int i = 0; i < problems->count; i++) {
    const md_problem *at = &problems->items[i];
    md_log(MD_LOG_ERROR, "cli", what_stays(store, source, at->moment), "moment", at->moment, "file",
           at->file[0] ? at->file : NULL, "line", at->line ? md_log_int(at->line) : NULL, "error", at->message, NULL);
  }
}

static int remember_identities(md_store *store, const md_source *source, md_error *err) {
  md_plan *plan = NULL;
  if (md_plan_new(&plan, md_source_find(source, "events.lua"), NULL)) return 0; // told already; the paths stay
  int code = md_store_begin(store, err);
  if (!code) {
    code = md_identities_write(store, plan, err);
    if (code)
      md_store_rollback(store);
    else
      code = md_store_commit(store, err);
  }
  md_plan_free(plan);
  return code;
}

int md_scripts_load(md_engine *engine, const md_setting_list *directories, md_problems *problems, md_error *err) {
  md_source source;
  md_arena *arena = md_arena_new(256 * 1024);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were read");
  md_problems_clear(problems);
  int code = md_scripts_read(directories, arena, &source, NULL, err);
  if (!code) code = md_engine_load(engine, &source, md_problems_add, problems, err);
  if (!code) code = remember_identities(md_engine_store(engine), &source, err);
  if (!code) md_scripts_log_problems(md_engine_store(engine), &source, problems);
  md_arena_free(arena);
  return code;
}
