// SPDX-License-Identifier: Apache-2.0
// The tables of metrics: series (a metric and its labels) and their days. One thread a store.
#pragma once
#include "store/store.h"

int md_series_find(md_store *store, const char *metric, const char *labels, int64_t *id, md_error *err); // MD_ENOTFOUND
int md_series_insert(md_store *store, const char *metric, const char *labels, int64_t *id, md_error *err);
int md_series_count(md_store *store, const char *metric, int64_t *count, md_error *err);

typedef struct md_point {
  int64_t series, day; // days since 1970, UTC
  double sum;
  int64_t count;
  const void *sketch; // metrics/sketch.h, or NULL
  size_t sketch_len;
} md_point;

int md_points_get(md_store *store, int64_t series, int64_t day, md_arena *arena, md_point *out,
                  md_error *err); // MD_ENOTFOUND
int md_points_put(md_store *store, const md_point *point, md_error *err);
// All days of all series of a metric from `day` on; what `each` answers other than 0 ends it and is returned.
int md_points_since(md_store *store, const char *metric, int64_t day,
                    int (*each)(void *context, const char *labels, const md_point *point), void *context,
                    md_error *err);
// The metrics there are, each once, in their order.
int md_metrics_list(md_store *store, int (*each)(void *context, const char *metric, const char *labels), void *context,
                    md_error *err);
