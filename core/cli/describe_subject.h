// SPDX-License-Identifier: Apache-2.0
// What is described: a version of a moment, out of a database or of a script tree, ready to be looked at. One thread.
#pragma once
#include "cli/settings.h"
#include "script/experiment.h"
#include "script/plan.h"
#include "script/vm.h"
#include "store/versions.h"

// Where versions are looked for.
typedef struct md_shelf {
  md_arena *arena;
  const md_settings *settings;
  md_store *store; // read-only; NULL: there is none
  md_source tree;  // the script tree, where one was given
  bool of_tree;    // it is described, and not what the database has
  md_plan *plan;   // of the tree, else of the database; owned
  md_experiments *experiments;
} md_shelf;

typedef struct md_subject {
  const char *moment;
  char digest[65];
  bool stored;         // `version` is its row
  bool live;           // new runs take it
  md_micros paused_at; // its moment takes none for now; 0: it does
  md_version version;  // of the database
  md_source own;       // the files that make it
  md_source tree;      // with plan and experiments: what its specs run on
  md_vm *vm;           // owned
  const md_definition *definition;
} md_subject;

// Fills plan and experiments. Close it after a failure too.
int md_shelf_open(md_shelf *shelf, md_error *err);
void md_shelf_close(md_shelf *shelf);
// The moments that there are, by name; how many, or a negative code.
int md_shelf_moments(md_shelf *shelf, const char ***out, md_error *err);
// The moment that is live (or in the tree), or its version whose digest begins with `digest`. MD_ENOTFOUND with the
// nearest name.
int md_subject_open(md_subject *subject, md_shelf *shelf, const char *moment, const char *digest, md_error *err);
// The version that was stored before it (of a tree: the live one); MD_ENOTFOUND when there is none.
int md_subject_before(md_subject *before, md_shelf *shelf, const md_subject *subject, md_error *err);
void md_subject_close(md_subject *subject);
