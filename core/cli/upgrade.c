// SPDX-License-Identifier: Apache-2.0
// `momentd upgrade --check`: replays all runs in flight with this program before it is trusted with them. Changes
// nothing: a database of an older schema is copied, and the copy migrated.
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "engine/engine.h"
#include "engine/recheck.h"
#include "store/snapshot.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 100, PROGRESS_EVERY = 256, COPY_PATH_MAX = 4096 };

typedef struct checking {
  const char *path;
  char copy[COPY_PATH_MAX]; // "" where the database itself is read
  int schema;
  md_store *store;
  md_engine *engine;
  md_arena *arena;
  bool json, progress;
  int64_t total, tried, fit, unfit, parked, broken;
  md_error err;
} checking;

static void show_progress(const checking *at) {
  if (!at->progress || at->tried % PROGRESS_EVERY) return;
  fprintf(stderr, "\r\033[K%" PRId64 " of %" PRId64 " runs replayed", at->tried, at->total);
  fflush(stderr);
}

static void end_progress(const checking *at) {
  if (at->progress) fputs("\r\033[K", stderr);
}

static int count_run(void *context, const md_run_count *row) {
  checking *at = context;
  if (row->state == MD_RUN_WAITING || row->state == MD_RUN_QUEUED || row->state == MD_RUN_PARKED)
    at->total += row->count;
  return 0;
}

static int open_copy(checking *at) {
  int len = snprintf(at->copy, sizeof at->copy, "%s.upgrade-%d", at->path, (int)getpid());
  if (len < 0 || (size_t)len >= sizeof at->copy) {
    at->copy[0] = '\0';
    return md_error_set(&at->err, MD_EINVAL, "the path of the database is too long");
  }
  int code = md_snapshot_write(at->path, at->copy, &at->err);
  if (code) at->copy[0] = '\0';
  return code ? code : md_store_open(&at->store, &(md_store_options){.path = at->copy, .unsynced = true}, &at->err);
}

static void remove_copy(const checking *at) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".lock"};
  char path[COPY_PATH_MAX + 16];
  for (size_t i = 0; at->copy[0] && i < sizeof endings / sizeof endings[0]; i++) {
    snprintf(path, sizeof path, "%s%s", at->copy, endings[i]);
    unlink(path);
  }
}

static void tell_moment(void *context, const char *moment, const char *text) {
  checking *at = context;
  at->broken++;
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_line_text(&line, "moment", moment);
    md_line_text(&line, "error", text);
    md_line_end(&line);
  } else {
    md_print("%s: its live version cannot be built any more: %s\n", moment, text);
  }
}

static int open_all(checking *at) {
  static const md_messenger nobody = {0}; // nothing is sent in a replay
  int code = md_snapshot_schema(at->path, &at->schema, &at->err);
  if (!code && at->schema == md_store_schema())
    code = md_store_open(&at->store, &(md_store_options){.path = at->path, .read_only = true}, &at->err);
  else if (!code)
    code = open_copy(at);
  md_engine_options options = {
      .store = at->store, .clock = md_clock_real(), .messenger = &nobody, .accept_clock = true};
  if (!code) code = md_engine_new(&at->engine, &options, &at->err);
  if (!code) code = md_engine_recover(at->engine, tell_moment, at, &at->err);
  return code ? code : md_runs_counts(at->store, count_run, at, &at->err);
}

static void print_unfit(const checking *at, const md_recheck *run) {
  const md_rehearsal *found = &run->found;
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_line_number(&line, "run", found->run);
    md_line_text(&line, "moment", run->moment);
    md_line_text(&line, "version", md_version_digest(at->store, at->arena, found->from));
    md_line_bool(&line, "fits", false);
    md_line_text(&line, "why", md_fit_name(found->fit));
    md_line_number(&line, "step", found->step);
    md_line_text(&line, "recorded", found->recorded);
    md_line_text(&line, "attempted", found->attempted);
    md_line_end(&line);
  } else if (at->unfit <= SHOWN_MAX && !found->step) {
    end_progress(at);
    md_print("run %" PRId64 " of %s cannot be replayed: %s\n", found->run, run->moment,
             found->attempted ? found->attempted : "its version is of no use");
  } else if (at->unfit <= SHOWN_MAX) {
    end_progress(at);
    md_print("run %" PRId64 " of %s %s at step %d: recorded %s, this momentd comes to %s\n", found->run, run->moment,
             md_fit_name(found->fit), found->step, found->recorded ? found->recorded : "nothing",
             found->attempted ? found->attempted : "nothing");
  }
}

static int replay_all(checking *at) {
  md_recheck run = {0};
  for (;;) {
    int code = md_engine_recheck(at->engine, &run, &at->err);
    if (code || run.done) return code;
    at->tried++;
    at->fit += run.kind == MD_RECHECK_FITS;
    at->parked += run.kind == MD_RECHECK_PARKED;
    at->unfit += run.kind == MD_RECHECK_UNFIT;
    if (run.kind == MD_RECHECK_UNFIT) print_unfit(at, &run);
    md_arena_reset(at->arena);
    show_progress(at);
  }
}

static void print_summary(const checking *at) {
  if (at->json) {
    md_line line;
    md_line_begin(&line);
    md_line_number(&line, "schema", at->schema);
    md_line_number(&line, "schema_after", md_store_schema());
    md_line_number(&line, "tried", at->fit + at->unfit);
    md_line_number(&line, "fit", at->fit);
    md_line_number(&line, "unfit", at->unfit);
    md_line_number(&line, "parked", at->parked);
    md_line_number(&line, "broken_moments", at->broken);
    md_line_end(&line);
    return;
  }
  if (at->unfit > SHOWN_MAX) printf("%" PRId64 " more do not fit: --json tells of each.\n", at->unfit - SHOWN_MAX);
  if (at->copy[0])
    printf("Schema %d becomes %d: a copy of the database was migrated.\n", at->schema, md_store_schema());
  printf("%" PRId64 " of %" PRId64 " runs in flight fit this momentd (" MOMENTD_VERSION ").", at->fit,
         at->fit + at->unfit);
  if (at->parked) printf(" %" PRId64 " parked ones were not tried.", at->parked);
  putchar('\n');
  if (at->unfit || at->broken) puts("Those would be parked: keep the momentd of before until they have ended.");
}

static int check(checking *at) {
  int code = at->arena ? open_all(at) : MD_ENOMEM;
  if (!code) code = replay_all(at);
  end_progress(at);
  if (!code) print_summary(at);
  md_engine_free(at->engine);
  md_store_close(at->store);
  remove_copy(at);
  if (code == MD_ENOTFOUND || code == MD_EDENIED) {
    md_cli_fail(&at->err);
    return MD_EXIT_UNREACHABLE;
  }
  if (code) return md_cli_fail(&at->err);
  return at->unfit || at->broken ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int run(const md_cli_args *args) {
  if (!md_cli_switch(args, "check")) {
    fputs("momentd upgrade: say --check: it replays all runs in flight with this program and changes nothing.\n"
          "A database is migrated by the first `momentd run` of a newer momentd (docs/upgrading.md).\n",
          stderr);
    return MD_EXIT_USAGE;
  }
  checking at = {.path = md_db_path(args),
                 .json = md_cli_switch(args, "json"),
                 .progress = isatty(STDERR_FILENO),
                 .arena = md_arena_new(0)};
  md_arena *scope = at.arena ? md_json_scope(at.arena) : NULL;
  int code = check(&at);
  if (at.arena) md_json_scope(scope);
  if (at.arena) md_arena_free(at.arena);
  return code;
}

static const md_cli_option options[] = {
    {"check", NULL, "replay all runs in flight with this program, and change nothing"},
    {"json", NULL, "one JSON object for each run that does not fit, then a summary"},
    {0}};

const md_cli_command md_cli_upgrade = {
    .name = "upgrade",
    .arguments = "--check",
    .summary = "Before another momentd is trusted: does it go on with all runs?",
    .notes = "Run the new program over the database of the old one, which may be running. Each run in flight is\n"
             "replayed on its own version up to its wait. Exit code 1 when one does not fit.",
    .example = "  ./momentd-new upgrade --check --db shop.db",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = run,
};
