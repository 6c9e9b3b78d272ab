// SPDX-License-Identifier: Apache-2.0
// Versions built aside: a script tree is compiled, defined, checked and tried on any thread, while the engine goes on;
// then the engine takes what is new between two batches. One preparation of an engine at a time.
//
//   md_prepared_new     the engine's thread   notes what is live
//   md_prepare          any thread            builds what is not
//   md_prepared_take    the engine's thread   inside an act: stores it
//   md_prepared_settle  the engine's thread   after the commit: swaps the pointers; after a rollback: drops it
#pragma once
#include "engine/engine.h"
#include "script/experiment.h"
#include "script/plan.h"
#include "script/vm.h"
#include "store/versions.h"

typedef struct md_prepared md_prepared;

// A version that has been compiled and defined and whose copy can be used.
typedef struct md_candidate {
  const char *moment;
  const md_source *tree; // the whole
  const md_source *own;  // what makes the version
  const md_definition *definition;
  const md_plan *plan;               // that holds with it
  const md_experiments *experiments; // likewise
} md_candidate;

typedef struct md_prepare_options {
  // Told of each thing that is wrong, with file and line in the text where they are known.
  void (*problem)(void *context, const char *moment, const char *text);
  // Whether a version may go live: 0; MD_EINVAL when it is refused, and `problem` has been told why; another code ends
  // the preparation. NULL: every one may.
  int (*examine)(void *context, const md_candidate *candidate, md_arena *arena, md_error *err);
  void *context;
  // A deploy takes the place of the files: `files` (or NULL: there are none) is what they hold now, to be passed over
  // until it changes. It is taken whole or not at all.
  bool deploy;
  const md_source *files;
} md_prepare_options;

typedef enum md_change_kind {
  MD_CHANGE_NONE,    // what is live already
  MD_CHANGE_NEW,     // a moment that took no runs
  MD_CHANGE_CHANGED, // another version than the live one
  MD_CHANGE_RETIRED, // the moment is not in the tree any more
  MD_CHANGE_HELD,    // its files are passed over: they have not changed since a rollback or a deploy
  MD_CHANGE_REFUSED, // something is wrong with it; what was live stays
} md_change_kind;
const char *md_change_name(md_change_kind kind); // "unchanged" "new" "changed" "retired" "held" "refused"

typedef struct md_change {
  const char *moment;
  md_change_kind kind;
  char digest[65];         // of the tree's version; "" where there is none, or it could not be told
  char was[65];            // of the live one; "" without
  char files[65];          // deploy: of the files' version; "" without
  bool marked;             // files of the moment were passed over until now
  struct md_loaded *built; // NULL: nothing new
} md_change;

int md_prepared_new(md_prepared **out, md_engine *engine, md_error *err);
// `source` must live until md_prepared_settle. What is wrong with single moments goes to `problem`; the code is that of
// a failure that concerns all.
int md_prepare(md_prepared *prepared, const md_source *source, const md_prepare_options *options, md_error *err);
// MD_ECONFLICT: what is live has changed since md_prepared_new: prepare again. MD_EINVAL: a deploy with problems.
int md_prepared_take(md_engine *engine, md_prepared *prepared, const md_version_origin *origin, md_error *err);
// `code`: 0 when what md_prepared_take stored is committed.
void md_prepared_settle(md_engine *engine, md_prepared *prepared, int code);
void md_prepared_free(md_prepared *prepared); // NULL is allowed

int md_prepared_problems(const md_prepared *prepared); // how many there were
const md_change *md_prepared_changes(const md_prepared *prepared, int *count);
// Whether anything changes, the plan or experiments included.
bool md_prepared_is_news(const md_prepared *prepared);
// The plan and the experiments (or NULL) that hold once it is taken.
const md_plan *md_prepared_plan(const md_prepared *prepared);
const md_experiments *md_prepared_experiments(const md_prepared *prepared);
