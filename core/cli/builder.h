// SPDX-License-Identifier: Apache-2.0
// Keeps what is live like the scripts are: takes wishes for a build from all doors, makes one build at a time on a
// thread of its own, and has the engine take what came of it between two batches. What is wished for while a build runs
// is one build after it. All functions on the engine's thread.
#pragma once
#include "cli/build.h"
#include <uv.h>

typedef struct md_builder md_builder;

typedef struct md_builder_options {
  uv_loop_t *loop;
  md_engine *engine;
  const md_settings *settings;
} md_builder_options;

// Somebody who waits for the end of a build; embedded in what is the waiter's.
typedef struct md_wish md_wish;
struct md_wish {
  md_wish *next;
  // `build` is over: taken, or code and error say why not. It is borrowed, and may have nothing prepared. Called once,
  // on the engine's thread.
  void (*done)(md_wish *wish, const md_build *build);
};

typedef struct md_deploy {
  const void *archive; // lives until the wish is done
  size_t len;
  const char *author, *note; // likewise; or NULL
  bool dry_run;
} md_deploy;

// What became of the last build.
typedef struct md_builder_report {
  md_micros at;   // 0: there was none; engine time
  md_micros took; // aside
  const char *door;
  int code;
  const char *error;               // or NULL
  int64_t builds, refused, failed; // so far: builds, versions that were refused, builds of which nothing was taken
  const md_shadow *changed_below;  // files below used ones that have changed
  int changed_below_count;
} md_builder_report;

int md_builder_open(md_builder **out, const md_builder_options *options, md_error *err);
// The first build, on this thread, with the engine to itself. With reload = "manual" nothing is read once there are
// moments in the database. The code of a failure that concerns all.
int md_builder_start(md_builder *builder, md_error *err);
// Ends the build that runs; none begins any more. What is in the engine's inbox is still to be taken by a batch.
void md_builder_stop(md_builder *builder); // NULL is allowed
// After the loop's handles were closed by md_builder_close and the loop has run on.
void md_builder_close(md_builder *builder); // NULL is allowed; frees itself on the loop

// MD_EDENIED with reload = "manual". `wish` may be NULL.
int md_builder_reload(md_builder *builder, const char *door, md_wish *wish, md_error *err);
// MD_EBUSY: another deploy is under way.
int md_builder_deploy(md_builder *builder, const md_deploy *deploy, md_wish *wish, md_error *err);

const md_problems *md_builder_problems(const md_builder *builder); // of the last build
md_builder_report md_builder_report_of(const md_builder *builder);
