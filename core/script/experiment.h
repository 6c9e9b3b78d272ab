// SPDX-License-Identifier: Apache-2.0
// Experiments as declared in experiments/*.lua: which arms there are, with what weights, for which share of the people.
// Read-only data after loading.
#pragma once
#include "base/clock.h"
#include "script/source.h"
#include <stdbool.h>

enum { MD_EXPERIMENT_ARMS = 16 };

typedef struct md_experiment {
  const char *name;   // as m:experiment takes it
  const char *file;   // "experiments/cart_subject.lua"
  const char *moment; // where its arms are used
  const char *seed;   // of the hash; the name, where it is not given
  double coverage;    // 0 … 1: the share of people who take part
  int arm_count;
  const char *arms[MD_EXPERIMENT_ARMS]; // the first is the control
  double weights[MD_EXPERIMENT_ARMS];   // sum 1
} md_experiment;

typedef struct md_experiments md_experiments;

// Reads every experiments/*.lua of the source. One that is wrong is told to `problem` with file, line and text, and
// stays as it was in `old` (may be NULL). MD_ENOMEM. Returns owned.
int md_experiments_new(md_experiments **out, const md_source *source, const md_experiments *old,
                       void (*problem)(void *context, const char *name, const char *text), void *context,
                       md_error *err);
void md_experiments_free(md_experiments *experiments); // NULL is allowed
int md_experiments_count(const md_experiments *experiments);
const md_experiment *md_experiments_at(const md_experiments *experiments, int index);          // by name, ascending
const md_experiment *md_experiments_find(const md_experiments *experiments, const char *name); // or NULL
