// SPDX-License-Identifier: Apache-2.0
// One build of a script tree for a running daemon: opened on the engine's thread, run on any, taken and settled on the
// engine's thread again, as engine/prepare.h has it.
#pragma once
#include "cli/scripts.h"
#include "engine/prepare.h"
#include <stdatomic.h>

// How it came to a build.
#define MD_DOOR_START "start"
#define MD_DOOR_FILES "files"   // files changed
#define MD_DOOR_RELOAD "reload" // somebody asked for it: SIGHUP, momentd reload
#define MD_DOOR_DEPLOY "deploy"

typedef struct md_build {
  // What is wanted; borrowed, or in the build's arena.
  const md_settings *settings;
  const char *door, *author, *note;
  const void *archive; // of a deploy
  size_t archive_len;
  bool dry_run;            // nothing is taken
  const atomic_bool *stop; // ends specs that run; or NULL
  // What came of it.
  md_arena *arena;
  md_source source;         // the tree
  md_source files;          // deploy: what the script directories hold
  md_shadows shadows;       // among them
  md_shadow *changed_below; // those that changed below what is used (md_build_take)
  int changed_below_count;
  md_prepared *prepared;
  md_problems problems;
  int code; // 0, or why there is nothing to be taken
  md_error err;
  md_micros took; // by md_build_run
} md_build;

// Notes what is live. Close it after a failure too.
int md_build_open(md_build *build, md_engine *engine, md_error *err);
// Any thread.
void md_build_run(md_build *build);
// Inside a transaction. MD_ECONFLICT: what is live was changed meanwhile: build again. Of one that failed only that is
// counted.
int md_build_take(md_build *build, md_engine *engine, md_error *err);
// `code`: 0 once it is committed.
void md_build_settle(md_build *build, md_engine *engine, int code);
void md_build_close(md_build *build);
