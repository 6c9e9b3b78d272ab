// SPDX-License-Identifier: Apache-2.0
// Which options each step takes: one list for the binding that reads them, for `check`, which finds a wrong one before
// it runs, and for the annotations. Private to core/script.
#pragma once

typedef struct md_step_options {
  const char *method;
  int argument; // of the table that has them, the colon's left side not counted; 0: any
  const char *const *known;
} md_step_options;

// Lists are NULL-terminated and sorted.
extern const char *const md_options_collect[];
extern const char *const md_options_define[]; // of moment.define
extern const char *const md_options_emit[];
extern const char *const md_options_experiment[]; // of experiment.define
extern const char *const md_options_fmt[];        // of fmt.date and fmt.time
extern const char *const md_options_http[];
extern const char *const md_options_past[];
extern const char *const md_options_quantile[];
extern const char *const md_options_send[];
extern const char *const md_options_set[];
extern const char *const md_options_sleep[];
extern const char *const md_options_sleep_until[]; // of its table that says when; what follows a time is as in sleep
extern const char *const md_options_wait_for[];

// NULL when the step takes none, or is none.
const md_step_options *md_step_options_of(const char *method);
