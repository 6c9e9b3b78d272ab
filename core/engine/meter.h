// SPDX-License-Identifier: Apache-2.0
// Where what scripts measure goes, as an interface: the metrics room fills it, the command line wires it.
#pragma once
#include "store/store.h"

// Labels are canonical JSON: an object of texts.
typedef struct md_meter {
  // Adds a count, or a value observed, to the day of `now`. Inside the transaction.
  int (*add)(md_store *store, const char *metric, const char *labels, double value, bool observed, md_micros now,
             md_error *err);
  // The quantile q (0 … 1) of what was observed on the days from `since` on, and how many there were; with none
  // *count is 0.
  int (*quantile)(md_store *store, const char *metric, const char *labels, double q, md_micros since, double *value,
                  int64_t *count, md_error *err);
} md_meter;
