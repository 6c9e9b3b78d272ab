// SPDX-License-Identifier: Apache-2.0
// The families of methods, each a table that ends with an entry without a name, defined in methods_<family>.c; and the
// words in which their fields are declared. Private to this room.
#pragma once
#include "stats/method.h"
#include "stats/moments.h"
#include <math.h>

extern const md_stats_method md_stats_bucket_methods[];
extern const md_stats_method md_stats_bayes_methods[];
extern const md_stats_method md_stats_feedback_methods[];
extern const md_stats_method md_stats_means_methods[];
extern const md_stats_method md_stats_planning_methods[];
extern const md_stats_method md_stats_proportion_methods[];
extern const md_stats_method md_stats_sequential_methods[];
extern const md_stats_method md_stats_srm_methods[];
extern const md_stats_method md_stats_watch_methods[];

// Refuses an arm, called `name`, whose sums no values of 0 and 1 have.
int md_stats_check_binary(const md_arm *arm, const char *name, md_error *err);

// A field named as it is called in JSON, at `member` of the struct `in`; further members of md_stats_field follow.
#define MD_AS(label, in, member, kind, of, says, ...)                                                                  \
  {                                                                                                                    \
    .name = (label), .type = MD_STATS_##kind, .offset = offsetof(in, member), .unit = (of), .meaning = (says),         \
    __VA_ARGS__                                                                                                        \
  }
// The same where the member is called as the field is.
#define MD_IN(in, field, kind, of, says, ...) MD_AS(#field, in, field, kind, of, says, __VA_ARGS__)
#define MD_IN_LIST(in, field, kind, of, says, ...) MD_IN(in, field, kind, of, says, .list = true, __VA_ARGS__)
#define MD_OUT(out, field, of, says) MD_IN(out, field, REAL, of, says)

// Bounds.
#define MD_SHARE .least = 0, .most = 1
#define MD_INSIDE .least = 0, .most = 1, .open = true
#define MD_FROM(number) .least = (number), .most = INFINITY
#define MD_POSITIVE .least = 0, .most = INFINITY, .open = true
// Subjects that a prior stands for: as counts, up to 2^53.
#define MD_PRIOR .least = 0, .most = 9007199254740992, .open = true

#define MD_LEVEL(in)                                                                                                   \
  MD_IN(in, level, REAL, "probability", "of the interval", MD_INSIDE, .optional = true, .otherwise = "0.95")
// The four counts of a md_two_rates called `rates`; n from `fewest` on.
#define MD_RATES(in, fewest)                                                                                           \
  MD_AS("x_control", in, rates.x_control, COUNT, "subjects", "successes of the control", .at_most = "n_control"),      \
      MD_AS("n_control", in, rates.n_control, COUNT, "subjects", "of the control", MD_FROM(fewest)),                   \
      MD_AS("x_treatment", in, rates.x_treatment, COUNT, "subjects", "successes of the treatment",                     \
            .at_most = "n_treatment"),                                                                                 \
      MD_AS("n_treatment", in, rates.n_treatment, COUNT, "subjects", "of the treatment", MD_FROM(fewest))
