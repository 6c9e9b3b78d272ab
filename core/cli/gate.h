// SPDX-License-Identifier: Apache-2.0
// Whether a version may go live: what `momentd check` asks of it, and its own specs. Any thread, one gate a
// preparation.
#pragma once
#include "cli/known_types.h"
#include "cli/scripts.h"
#include "engine/prepare.h"
#include <stdatomic.h>

typedef struct md_gate {
  const md_settings *settings; // borrowed
  const atomic_bool *stop;     // ends specs that run; or NULL
  md_problems *problems;       // where what is wrong goes
  md_known_types types;
  bool types_known;
} md_gate;

// As md_prepare_options wants them; the context is a md_gate.
void md_gate_problem(void *context, const char *moment, const char *text);
int md_gate_examine(void *context, const md_candidate *candidate, md_arena *arena, md_error *err);
// What is wrong with the tree beside its versions: folders that are no moments, experiments of none. Refuses none.
void md_gate_tree(md_gate *gate, const md_source *source, const md_experiments *experiments, md_arena *arena);
