// SPDX-License-Identifier: Apache-2.0
// What a preparation consists of. Private to engine/.
#pragma once
#include "engine/prepare.h"
#include "engine/state.h"

// A moment as the database knew it when the preparation began.
typedef struct md_prepared_row {
  const char *name;
  int64_t live;
  char digest[65];
  const char *passed; // rolled_back_from
} md_prepared_row;

// The plan, or the experiments: what of a tree belongs to no moment alone.
typedef struct md_prepared_part {
  char live[65];      // digest of what the engine has
  char digest[65];    // of what the tree has
  char files[65];     // deploy: of what the files have
  const char *passed; // digest of the files that is passed over, or NULL
  const char *text;   // what is to be remembered of the new one; NULL: nothing changes
} md_prepared_part;

struct md_prepared {
  md_arena *arena;
  const md_messenger *messenger;
  md_micros retention;
  const md_plan *live_plan;
  const md_experiments *live_experiments;
  const char *live_experiment_texts; // as they are remembered
  bool planned;                      // the engine's plan is no default
  md_prepared_row *rows;             // by name
  int row_count;
  md_prepare_options options;
  const md_source *source;
  md_arena *scratch; // of md_prepare
  md_plan *plan;
  md_prepared_part plan_part;
  md_experiments *experiments;
  md_prepared_part experiments_part;
  md_change *changes;
  int change_count;
  int problems;
};

// recover.c: takes up what was live when the process before ended; once.
int md_engine_take_up(md_engine *engine, md_error *err);
extern const char md_plan_none[]; // what is remembered of a tree without events.lua
// The texts of experiments by path. One that is no valid UTF-8 is left out.
json_t *md_experiments_texts(const md_source *source);

// prepare_moment.c: what the tree has of one moment, compared with what is live, built where it is new.
int md_prepare_moment(md_prepared *prepared, md_change *change, md_error *err);
void md_prepare_tell(md_prepared *prepared, const char *moment, const char *text);

// versions.c
md_loaded *md_loaded_new(void);
void md_loaded_free(md_loaded *loaded);
// Copies the files, from wherever they are, into the version's own arena in both shapes.
int md_loaded_take_files(md_loaded *loaded, const char *moment, const md_version_file *files, int count);
md_loaded *md_loaded_find(md_engine *engine, int64_t version);
void md_loaded_keep(md_engine *engine, md_loaded *loaded);
// The moment's place among those of the engine, made where it is new.
int md_moment_slot(md_engine *engine, const char *name, md_moment **out);
