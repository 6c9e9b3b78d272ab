// SPDX-License-Identifier: Apache-2.0
// `momentd moments list` and `momentd moments versions`.
#include "base/duration.h"
#include "cli/commands.h"
#include "cli/moment_names.h"
#include "cli/output.h"
#include "store/version_counts.h"
#include <stdio.h>
#include <string.h>

enum { OUTCOMES_SHOWN = 3 };

typedef struct tally {
  int64_t in_flight, parked, ended;
  json_t *outcomes; // word → how many, of a version; the most frequent first
  md_buffer words;  // the first few, for people
  int kinds;
  int64_t others; // runs whose outcome is not among the words
} tally;

typedef struct listing {
  md_reader *reader;
  md_table table;
  md_micros now;
  bool json;
  int64_t version; // that is tallied; 0: all
  int64_t live;
  tally tally;
} listing;

static void add_outcome(tally *sum, const md_version_end *row) {
  const char *word = row->end ? row->end : "(nothing)";
  if (sum->outcomes) json_object_set_new(sum->outcomes, word, json_integer(row->count));
  if (sum->kinds++ >= OUTCOMES_SHOWN)
    sum->others += row->count;
  else
    md_buffer_printf(&sum->words, "%s%s %lld", sum->kinds > 1 ? ", " : "", word, (long long)row->count);
}

static int add_end(void *context, const md_version_end *row) {
  listing *at = context;
  tally *sum = &at->tally;
  if (at->version && row->version != at->version) return 0;
  bool live = row->state == MD_RUN_WAITING || row->state == MD_RUN_QUEUED;
  sum->in_flight += live ? row->count : 0;
  sum->parked += row->state == MD_RUN_PARKED ? row->count : 0;
  sum->ended += row->state == MD_RUN_DONE || row->state == MD_RUN_CANCELLED ? row->count : 0;
  if (at->version && row->state == MD_RUN_DONE) add_outcome(sum, row);
  return 0;
}

static int tally_runs(listing *at, const char *moment) {
  at->tally = (tally){.outcomes = json_object()};
  md_buffer_init(&at->tally.words);
  return md_version_ends(at->reader->store, moment, add_end, at, &at->reader->err);
}

// --- moments list

typedef struct moments {
  md_moment_row *rows;
  int count;
  md_arena *arena;
} moments;

static int keep_moment(void *context, const md_moment_row *row) {
  moments *all = context;
  md_moment_row *rows = md_arena_alloc(all->arena, sizeof *rows * (size_t)(all->count + 1));
  if (!rows) return MD_ENOMEM;
  if (all->count) memcpy(rows, all->rows, sizeof *rows * (size_t)all->count);
  rows[all->count] = (md_moment_row){md_arena_strdup(all->arena, row->name), row->live, row->paused_at,
                                     md_arena_strdup(all->arena, row->rolled_back_from)};
  all->rows = rows;
  return rows[all->count++].name ? 0 : MD_ENOMEM;
}

static const char *state_of(const md_moment_row *moment) {
  if (!moment->live) return "removed";
  return moment->paused_at ? "paused" : "live";
}

static void show_moment_json(const listing *at, const md_moment_row *moment, const md_version *live) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "moment", moment->name);
  md_line_text(&line, "state", state_of(moment));
  md_line_text(&line, "live", live ? live->digest : NULL);
  md_line_time(&line, "live_at", live ? live->live_at : 0);
  md_line_text(&line, "note", live ? live->note : NULL);
  md_line_time(&line, "paused_at", moment->paused_at);
  md_line_text(&line, "passed_over", moment->rolled_back_from);
  md_line_number(&line, "runs", at->tally.in_flight);
  md_line_number(&line, "parked", at->tally.parked);
  md_line_number(&line, "ended", at->tally.ended);
  md_line_end(&line);
}

static void show_moment_row(listing *at, const md_moment_row *moment, const md_version *live) {
  char digest[MD_DIGEST_SHOWN + 1] = "-";
  if (live) snprintf(digest, sizeof digest, "%.*s", MD_DIGEST_SHOWN, live->digest);
  md_table_cell(&at->table, moment->name);
  md_table_cell(&at->table, state_of(moment));
  md_table_cell(&at->table, digest);
  md_table_time(&at->table, live ? live->live_at : 0);
  md_table_number(&at->table, at->tally.in_flight);
  md_table_number(&at->table, at->tally.parked);
  md_table_number(&at->table, at->tally.ended);
  md_table_cell(&at->table, live ? live->note : NULL);
}

static int show_moment(listing *at, const md_moment_row *moment) {
  md_version live;
  md_reader *reader = at->reader;
  int code = moment->live ? md_versions_get(reader->store, moment->live, reader->arena, &live, &reader->err) : 0;
  if (!code) code = tally_runs(at, moment->name);
  md_buffer_deinit(&at->tally.words);
  if (code) return code;
  if (at->json)
    show_moment_json(at, moment, moment->live ? &live : NULL);
  else
    show_moment_row(at, moment, moment->live ? &live : NULL);
  return 0;
}

static int list(const md_cli_args *args) {
  static const char *const headers[] = {"MOMENT", "STATE", "VERSION", "SINCE", "RUNS", "PARKED", "ENDED", "NOTE", NULL};
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  listing at = {.reader = &reader, .json = md_cli_switch(args, "json")};
  moments all = {.arena = reader.arena};
  md_table_init(&at.table, headers);
  code = md_moments_list(reader.store, keep_moment, &all, &reader.err);
  for (int i = 0; i < all.count && !code; i++)
    code = show_moment(&at, &all.rows[i]);
  if (!at.json && !code) md_table_print(&at.table, "No moments.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

// --- moments versions

static void show_version_json(const listing *at, const md_version *version) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "digest", version->digest);
  md_line_bool(&line, "live", version->id == at->live);
  md_line_text(&line, "note", version->note);
  md_line_number(&line, "age", (at->now - version->created_at) / MD_SECOND);
  md_line_number(&line, "runs", at->tally.in_flight);
  md_line_number(&line, "parked", at->tally.parked);
  md_line_number(&line, "ended", at->tally.ended);
  md_line_json(&line, "outcomes", at->tally.outcomes);
  md_line_text(&line, "author", version->author);
  md_line_text(&line, "door", version->door);
  md_line_time(&line, "created_at", version->created_at);
  md_line_time(&line, "live_at", version->live_at);
  md_line_end(&line);
}

// "3d", "5h", "12m": one unit is enough for people.
static const char *age_text(md_micros age, char out[static 24]) {
  md_micros unit = age >= MD_DAY ? MD_DAY : age >= MD_HOUR ? MD_HOUR : age >= MD_MINUTE ? MD_MINUTE : MD_SECOND;
  md_duration_format(age < 0 ? 0 : age - age % unit, out);
  return out;
}

static void show_version_row(listing *at, const md_version *version) {
  char digest[MD_DIGEST_SHOWN + 1], age[24];
  tally *sum = &at->tally;
  snprintf(digest, sizeof digest, "%.*s", MD_DIGEST_SHOWN, version->digest);
  if (sum->others) md_buffer_printf(&sum->words, ", %lld in other ways", (long long)sum->others);
  md_table_cell(&at->table, digest);
  md_table_cell(&at->table, version->id == at->live ? "live" : "");
  md_table_cell(&at->table, age_text(at->now - version->created_at, age));
  md_table_number(&at->table, sum->in_flight);
  md_table_number(&at->table, sum->parked);
  md_table_cell(&at->table, md_buffer_ok(&sum->words) ? sum->words.data : NULL);
  md_table_cell(&at->table, version->author);
  md_table_cell(&at->table, version->note);
}

static int show_version(void *context, const md_version *version) {
  listing *at = context;
  at->version = version->id;
  int code = tally_runs(at, version->moment);
  if (!code && at->json)
    show_version_json(at, version);
  else if (!code)
    show_version_row(at, version);
  md_buffer_deinit(&at->tally.words);
  return code;
}

static int versions(const md_cli_args *args) {
  static const char *const headers[] = {"VERSION", "LIVE", "AGE", "RUNS", "PARKED", "OUTCOMES", "BY", "NOTE", NULL};
  md_reader reader;
  md_moment_row moment;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  md_clock *clock = md_clock_real();
  listing at = {.reader = &reader, .json = md_cli_switch(args, "json"), .now = clock->now(clock)};
  md_table_init(&at.table, headers);
  at.table.whole = 1U << 0;
  code = md_moment_by_name(&reader, args->positional[0], &moment);
  at.live = moment.live;
  if (!code) code = md_versions_list(reader.store, moment.name, show_version, &at, &reader.err);
  if (!at.json && !code) md_table_print(&at.table, "No versions.");
  if (!at.json && !code && moment.rolled_back_from && moment.rolled_back_from[0])
    printf("Its script files have %.*s, which is passed over until they change.\n", MD_DIGEST_SHOWN,
           moment.rolled_back_from);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object a line"}, {0}};

const md_cli_command md_cli_moments_list = {
    .name = "moments list",
    .arguments = "",
    .summary = "List moments with the version that new runs take, and their runs",
    .example = "  momentd moments list --db shop.db",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};

const md_cli_command md_cli_moments_versions = {
    .name = "moments versions",
    .arguments = "MOMENT",
    .summary = "List a moment's versions: age, note, runs in flight, parked, outcomes so far",
    .example = "  momentd moments versions abandoned_cart --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = versions,
};
