// SPDX-License-Identifier: Apache-2.0
// `momentd moments compare`: two versions side by side, with intervals of the differences.
#include "base/duration.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/output.h"
#include "stats/proportions.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEVEL 0.95

typedef struct comparison {
  md_version_sum sums[2];
  md_goal goal;
  md_table table;
} comparison;

// x of n runs, in both versions.
typedef struct shares {
  int64_t x[2], n[2];
} shares;

static bool difference(const shares *of, md_diff_interval *out) {
  *out = (md_diff_interval){.why = "a version has none"};
  if (of->n[0] > 0 && of->n[1] > 0)
    md_newcombe_diff((double)of->x[1], (double)of->n[1], (double)of->x[0], (double)of->n[0], LEVEL, out);
  return out->why == NULL;
}

static void add_numbers(md_table *table, const char *what, int64_t first, int64_t second) {
  md_table_cell(table, what);
  md_table_number(table, first);
  md_table_number(table, second);
  md_table_cell(table, NULL);
}

static void add_shares(md_table *table, const char *what, const shares *of) {
  char text[100];
  md_diff_interval diff;
  md_table_cell(table, what);
  for (int i = 0; i < 2; i++) {
    double share = of->n[i] ? 100.0 * (double)of->x[i] / (double)of->n[i] : 0;
    snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " (%.1f %%)", of->x[i], of->n[i], share);
    md_table_cell(table, text);
  }
  bool known = difference(of, &diff);
  if (known)
    snprintf(text, sizeof text, "%+.1f points (%+.1f to %+.1f)", 100 * diff.diff, 100 * diff.lower, 100 * diff.upper);
  md_table_cell(table, known ? text : NULL);
}

static int64_t count_of(const json_t *counts, const char *word) {
  return json_integer_value(json_object_get(counts, word));
}

// All words of both, those of the first in its order.
static json_t *words_of(const json_t *first, const json_t *second) {
  json_t *all = json_object();
  json_object_update(all, (json_t *)first);
  json_object_update_missing(all, (json_t *)second);
  return all;
}

static void add_outcomes(comparison *at) {
  const char *word;
  json_t *value, *words = words_of(at->sums[0].outcomes, at->sums[1].outcomes);
  json_object_foreach(words, word, value) {
    char what[200];
    shares of = {.n = {at->sums[0].done, at->sums[1].done}};
    for (int i = 0; i < 2; i++)
      of.x[i] = count_of(at->sums[i].outcomes, word);
    snprintf(what, sizeof what, "  %s", word);
    add_shares(&at->table, what, &of);
  }
}

static void add_messages(comparison *at) {
  const md_version_sum *a = &at->sums[0], *b = &at->sums[1];
  const char *word;
  json_t *value, *words = words_of(a->suppressed, b->suppressed);
  shares sent = {{a->sent, b->sent}, {a->messages - a->waiting, b->messages - b->waiting}};
  add_numbers(&at->table, "messages", a->messages, b->messages);
  add_numbers(&at->table, "  waiting", a->waiting, b->waiting);
  add_shares(&at->table, "  sent", &sent);
  add_numbers(&at->table, "  failed or unknown", a->failed, b->failed);
  json_object_foreach(words, word, value) {
    char what[200];
    snprintf(what, sizeof what, "  not sent: %s", word);
    add_numbers(&at->table, what, count_of(a->suppressed, word), count_of(b->suppressed, word));
  }
}

static void add_goal(comparison *at) {
  const md_version_sum *a = &at->sums[0], *b = &at->sums[1];
  shares of = {{a->converted, b->converted}, {a->eligible, b->eligible}};
  char what[300], within[24];
  if (!at->goal.event) return;
  md_duration_format(at->goal.within, within);
  snprintf(what, sizeof what, "goal %s within %s", at->goal.event, within);
  add_shares(&at->table, what, &of);
  add_numbers(&at->table, "  not over yet", a->open, b->open);
}

static void print_table(comparison *at, const char *moment) {
  char first[20], second[20];
  snprintf(first, sizeof first, "%.*s", MD_DIGEST_SHOWN, at->sums[0].version.digest);
  snprintf(second, sizeof second, "%.*s", MD_DIGEST_SHOWN, at->sums[1].version.digest);
  const char *const headers[] = {moment, first, second, "DIFFERENCE (95 %)", NULL};
  const md_version_sum *a = &at->sums[0], *b = &at->sums[1];
  md_table_init(&at->table, headers);
  add_numbers(&at->table, "runs", a->in_flight + a->parked + a->cancelled + a->done,
              b->in_flight + b->parked + b->cancelled + b->done);
  add_numbers(&at->table, "  in flight", a->in_flight, b->in_flight);
  add_numbers(&at->table, "  parked", a->parked, b->parked);
  add_numbers(&at->table, "  cancelled", a->cancelled, b->cancelled);
  add_numbers(&at->table, "done", a->done, b->done);
  add_outcomes(at);
  add_messages(at);
  add_goal(at);
  md_table_print(&at->table, "");
  if (at->goal.event)
    printf("The goal counts from %s.\n",
           at->goal.from_exposure ? "a run's first message that went out" : "the trigger");
  puts("Before and after, no experiment: what else changed between them counts as well.");
}

static json_t *interval_json(const shares *of, int which) {
  md_interval wilson = {.why = "none"};
  if (of->n[which] > 0) md_wilson_interval((double)of->x[which], (double)of->n[which], LEVEL, &wilson);
  if (wilson.why) return json_null();
  return json_pack("{s:f, s:f, s:f}", "rate", (double)of->x[which] / (double)of->n[which], "lower", wilson.lower,
                   "upper", wilson.upper);
}

static json_t *sum_json(const comparison *at, int which) {
  const md_version_sum *sum = &at->sums[which];
  shares goal = {{at->sums[0].converted, at->sums[1].converted}, {at->sums[0].eligible, at->sums[1].eligible}};
  json_t *reached = !at->goal.event ? json_null()
                                    : json_pack("{s:I, s:I, s:I, s:o}", "runs", (json_int_t)sum->eligible, "reached",
                                                (json_int_t)sum->converted, "open", (json_int_t)sum->open, "share",
                                                interval_json(&goal, which));
  return json_pack("{s:s, s:I, s:I, s:I, s:I, s:O, s:I, s:I, s:I, s:I, s:O, s:o}", "digest", sum->version.digest,
                   "runs", (json_int_t)sum->in_flight, "parked", (json_int_t)sum->parked, "cancelled",
                   (json_int_t)sum->cancelled, "done", (json_int_t)sum->done, "outcomes", sum->outcomes, "messages",
                   (json_int_t)sum->messages, "sent", (json_int_t)sum->sent, "failed", (json_int_t)sum->failed,
                   "waiting", (json_int_t)sum->waiting, "suppressed", sum->suppressed, "goal", reached);
}

static json_t *difference_json(const shares *of) {
  md_diff_interval diff;
  if (!difference(of, &diff)) return json_null();
  return json_pack("{s:f, s:f, s:f, s:f}", "difference", diff.diff, "lower", diff.lower, "upper", diff.upper, "level",
                   LEVEL);
}

static void print_json(const comparison *at, const char *moment) {
  md_line line;
  const md_version_sum *a = &at->sums[0], *b = &at->sums[1];
  const char *word;
  json_t *value, *outcomes = json_object(), *words = words_of(a->outcomes, b->outcomes);
  shares goal = {{a->converted, b->converted}, {a->eligible, b->eligible}};
  json_object_foreach(words, word, value) {
    shares of = {{count_of(a->outcomes, word), count_of(b->outcomes, word)}, {a->done, b->done}};
    json_object_set_new(outcomes, word, difference_json(&of));
  }
  md_line_begin(&line);
  md_line_text(&line, "moment", moment);
  md_line_json(&line, "first", sum_json(at, 0));
  md_line_json(&line, "second", sum_json(at, 1));
  md_line_json(&line, "outcomes", outcomes);
  md_line_text(&line, "goal", at->goal.event);
  md_line_text(&line, "goal_from", at->goal.event ? at->goal.from_exposure ? "exposure" : "trigger" : NULL);
  md_line_json(&line, "goal_difference", at->goal.event ? difference_json(&goal) : NULL);
  md_line_end(&line);
}

// That of the second version, else of the first: both are counted by one measure.
static int find_goal(md_reader *reader, comparison *at) {
  int code = md_goal_of_version(reader, &at->sums[1].version, &at->goal);
  return code || at->goal.event ? code : md_goal_of_version(reader, &at->sums[0].version, &at->goal);
}

static int compare(md_reader *reader, const md_cli_args *args) {
  comparison at = {0};
  md_moment_row moment;
  int code = md_moment_by_name(reader, args->positional[0], &moment);
  for (int i = 0; i < 2 && !code; i++)
    code = md_version_by_prefix(reader, moment.name, args->positional[i + 1], &at.sums[i].version);
  if (!code && at.sums[0].version.id == at.sums[1].version.id)
    code = md_error_set(&reader->err, MD_EINVAL, "both are version %.*s", MD_DIGEST_SHOWN, at.sums[0].version.digest);
  if (!code) code = find_goal(reader, &at);
  for (int i = 0; i < 2 && !code; i++)
    code = md_version_add_up(reader, &at.goal, &at.sums[i]);
  if (code) return md_cli_fail(&reader->err);
  if (md_cli_switch(args, "json"))
    print_json(&at, moment.name);
  else
    print_table(&at, moment.name);
  return MD_EXIT_OK;
}

static int run(const md_cli_args *args) {
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  code = compare(&reader, args);
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_moments_compare = {
    .name = "moments compare",
    .arguments = "MOMENT VERSION VERSION",
    .summary = "Show two versions side by side: runs, messages, outcomes, the goal",
    .notes =
        "Differences are the second version's minus the first's, with 95 % intervals by Newcombe. The goal is that\n"
        "of the second version (else of the first); runs whose time for it is not over are counted apart.",
    .example = "  momentd moments compare abandoned_cart 067673 5c32a6 --db shop.db",
    .options = options,
    .positional_min = 3,
    .positional_max = 3,
    .settings = MD_CLI_DB_SETTING,
    .run = run,
};
