// SPDX-License-Identifier: Apache-2.0
// The paths of a moment's runs, while its specs run: which steps they took, by which lines, and what happened at each.
// One thread.
#pragma once
#include "base/json.h"
#include "cli/describe_graph.h"
#include "cli/describe_subject.h"

// A step at one place of the code, reached by one chain of calls.
typedef struct md_place {
  md_step_kind kind;
  const char *key;  // the graph's
  const char *name; // the step's identity
  const char *file;
  int line;
  const char *trace; // the lines that led there, the innermost first
  json_t *args;      // of its first call
  json_t *spans;     // how long it waits, in words: each once
  json_t *results;   // what happened → how many specs
  int specs, last;
  struct md_place *next;
} md_place;

// How runs ended, with how many specs saw it.
typedef struct md_ending {
  const char *text; // the outcome, or NULL: none
  int specs, last;
  struct md_ending *next;
} md_ending;

// What a template was filled with the first time that it was sent in a locale.
typedef struct md_sample {
  const char *template_name, *locale, *spec;
  const json_t *data;
  struct md_sample *next;
} md_sample;

typedef struct md_paths {
  md_graph graph;
  md_place *places; // in the order in which they were met
  md_ending *endings;
  md_sample *samples;
  int specs, failed;
  json_t *failures; // { spec, message }
  bool no_memory;
} md_paths;

// Runs the specs of the subject. What fails is noted, not an error. All in `arena`, which is in scope.
int md_paths_read(md_paths *paths, const md_subject *subject, const md_settings *settings, md_arena *arena,
                  md_error *err);
// Of this locale, else of any; or NULL.
const md_sample *md_paths_sample(const md_paths *paths, const char *template_name, const char *locale);
// Whether a spec took the step of this name that the code has there.
bool md_paths_reached(const md_paths *paths, const char *file, int line, const char *method);
