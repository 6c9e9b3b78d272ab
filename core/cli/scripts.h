// SPDX-License-Identifier: Apache-2.0
// Script trees: read from one or more directories, given to the engine, problems kept for people. The engine's thread.
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

// Reads all directories as one tree. A path in two of them is MD_ECONFLICT.
int md_scripts_read(const md_setting_list *directories, md_arena *arena, md_source *out, md_error *err);
// Reads and loads; `problems` is cleared first. Logs each problem.
int md_scripts_load(md_engine *engine, const md_setting_list *directories, md_problems *problems, md_error *err);
