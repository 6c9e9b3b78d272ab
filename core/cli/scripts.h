// SPDX-License-Identifier: Apache-2.0
// Script trees: read from one or more directories, given to an engine, problems kept for people. One thread each.
#pragma once
#include "cli/settings.h"
#include "engine/engine.h"

// What a tree's loading found wrong. Strings owned.
typedef struct md_problem {
  char *moment;  // its folder, or the shared file
  char *file;    // "" where the text names none
  int line;      // 0 likewise
  char *message; // without them
} md_problem;

typedef struct md_problems {
  md_problem *items;
  int count;
} md_problems;

void md_problems_clear(md_problems *problems);
// Takes "file:line: text" apart. The callback shape of md_engine_load; `context` is a md_problems.
void md_problems_add(void *context, const char *moment, const char *text);
// "file:line: text", or "moment: text", on one line.
void md_problem_format(const md_problem *problem, md_buffer *out);

// A file that another directory has too: the later one's is used.
typedef struct md_shadow {
  const char *path;
  const char *below, *above; // the directories
  char below_digest[65], above_digest[65];
} md_shadow;

typedef struct md_shadows {
  md_shadow *items; // by path
  int count;
} md_shadows;

// Reads all directories as one tree, file by file: of a path in several of them the later one wins, and the earlier are
// answered in `shadows` (may be NULL). Any thread.
int md_scripts_read(const md_setting_list *directories, md_arena *arena, md_source *out, md_shadows *shadows,
                    md_error *err);
// Reads the tree and loads it on this thread; `problems` is cleared first. Logs each problem.
int md_scripts_load(md_engine *engine, const md_setting_list *directories, md_problems *problems, md_error *err);
// One line each. The engine's thread.
void md_scripts_log_problems(md_store *store, const md_source *source, const md_problems *problems);
