// SPDX-License-Identifier: Apache-2.0
// `momentd metrics list`: what scripts have counted and observed.
#include "store/metrics.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "metrics/sketch.h"
#include <stdio.h>
#include <string.h>

static const char *const headers[] = {"METRIC", "LABELS", "COUNT", "SUM", "P50", "P95", NULL};

typedef struct listing {
  md_reader *reader;
  md_table table;
  int64_t since; // day
  bool json;
  const char *labels; // of the series that is summed up
  double sum;
  int64_t count;
  md_sketch sketch;
} listing;

static int add_day(void *context, const char *labels, const md_point *point) {
  listing *at = context;
  md_sketch day;
  int code = 0;
  if (strcmp(labels, at->labels) != 0) return 0;
  at->sum += point->sum;
  at->count += point->count;
  if (!point->sketch) return 0;
  md_sketch_init(&day);
  code = md_sketch_unpack(point->sketch, point->sketch_len, &day);
  if (!code) code = md_sketch_merge(&at->sketch, &day);
  md_sketch_deinit(&day);
  return code;
}

// "" where nothing was observed.
static const char *quantile(const listing *at, double q, char out[static 32]) {
  out[0] = '\0';
  if (md_sketch_count(&at->sketch)) snprintf(out, 32, "%.4g", md_sketch_quantile(&at->sketch, q));
  return out;
}

static void print_row(listing *at, const char *metric) {
  char sum[32], half[32], most[32];
  snprintf(sum, sizeof sum, "%.10g", at->sum);
  if (!at->json) {
    md_table_cell(&at->table, metric);
    md_table_cell(&at->table, strcmp(at->labels, "{}") == 0 ? "" : at->labels);
    md_table_number(&at->table, at->count);
    md_table_cell(&at->table, sum);
    md_table_cell(&at->table, quantile(at, 0.5, half));
    md_table_cell(&at->table, quantile(at, 0.95, most));
    return;
  }
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "metric", metric);
  md_line_raw(&line, "labels", at->labels);
  md_line_number(&line, "count", at->count);
  md_line_raw(&line, "sum", sum);
  md_line_raw(&line, "p50", *quantile(at, 0.5, half) ? half : NULL);
  md_line_raw(&line, "p95", *quantile(at, 0.95, most) ? most : NULL);
  md_line_end(&line);
}

typedef struct names {
  md_arena *arena;
  const char **metrics, **labels;
  int count, room;
} names;

static int keep(void *context, const char *metric, const char *labels) {
  names *all = context;
  if (all->count == all->room) {
    int room = all->room ? 2 * all->room : 64;
    const char **metrics = md_arena_alloc(all->arena, (size_t)room * sizeof *metrics);
    const char **sets = md_arena_alloc(all->arena, (size_t)room * sizeof *sets);
    if (!metrics || !sets) return MD_ENOMEM;
    if (all->count) memcpy(metrics, all->metrics, (size_t)all->count * sizeof *metrics);
    if (all->count) memcpy(sets, all->labels, (size_t)all->count * sizeof *sets);
    *all = (names){all->arena, metrics, sets, all->count, room};
  }
  all->metrics[all->count] = md_arena_strdup(all->arena, metric);
  all->labels[all->count] = md_arena_strdup(all->arena, labels);
  return all->metrics[all->count] && all->labels[all->count++] ? 0 : MD_ENOMEM;
}

static int show_series(listing *at, const char *metric, const char *labels) {
  at->labels = labels;
  at->sum = 0;
  at->count = 0;
  md_sketch_init(&at->sketch);
  int code = md_points_since(at->reader->store, metric, at->since, add_day, at, &at->reader->err);
  if (!code && at->count) print_row(at, metric);
  md_sketch_deinit(&at->sketch);
  return code;
}

static int list(const md_cli_args *args) {
  md_reader reader;
  md_error err = {0};
  int64_t days = 0;
  if (md_cli_number(args, "days", 1, 30, &days, &err)) return md_cli_misuse(args, "%s", err.text);
  int code = md_reader_open(&reader, args);
  if (code) return code;
  int64_t newest = 0;
  md_settings_get_int(reader.store, "engine_time", &newest, NULL);
  listing at = {.reader = &reader, .since = newest / MD_DAY - days + 1, .json = md_cli_switch(args, "json")};
  names all = {.arena = reader.arena};
  md_table_init(&at.table, headers);
  code = md_metrics_list(reader.store, keep, &all, &reader.err);
  for (int i = 0; i < all.count && !code; i++)
    code = show_series(&at, all.metrics[i], all.labels[i]);
  if (!at.json) md_table_print(&at.table, "Nothing was measured.");
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"days", "N", "of the last N days, in UTC, with the newest (default 30)"},
                                        {"json", NULL, "one JSON object a line"},
                                        {0}};

const md_cli_command md_cli_metrics_list = {
    .name = "metrics list",
    .arguments = "",
    .summary = "List what scripts have counted and observed",
    .example = "  momentd metrics list --db shop.db --days 7",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = list,
};
