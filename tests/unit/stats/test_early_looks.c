// SPDX-License-Identifier: Apache-2.0
// The simulation behind MD_ASYMPCS_COUNT and MD_ASYMPCS_LIFT_COUNT (sequential.h): two equal shares of 1 to 5 percent,
// looked at up to 900 times, leave their interval on no look of 95 experiments in 100; without the two
// numbers far more of them do. docs/statistics.md prints the figures of a larger run of the same. Fixed seeds. ctest:
// timeout=300 quick=no
#include "stats/sequential.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

typedef struct experiment {
  double share;
  int control, treatment; // subjects between two looks
  double tuning_n;
  bool relative;
} experiment;

enum { RUNS = 1500 };
static const double alpha = 0.05;

// A subject of each of `n`, by the gaps between successes: quick for rare ones.
static int successes(stats_random *r, int n, double share) {
  double gap = log1p(-share);
  int found = 0;
  for (double at = log1p(-stats_uniform(r)) / gap; at < n; at += 1 + log1p(-stats_uniform(r)) / gap)
    found++;
  return found;
}

static bool misses(const experiment *e, const md_arm *control, const md_arm *treatment) {
  md_asympcs out;
  md_asympcs_effect(control, treatment, e->relative, alpha, e->tuning_n, &out);
  bool outside = out.lower > 0 || out.upper < 0; // NaN is neither
  if (outside != (out.p_value < alpha)) fail_msg("interval and p-value %.17g disagree", out.p_value);
  return outside;
}

// The same sums, but no longer those of 0 and 1.
static md_arm disguised(md_arm arm) {
  return (md_arm){arm.n, arm.sum, arm.sum * (1 + 1e-6), false};
}

// How many of the experiments raise a false alarm at any look, and how many would without the wait.
static void simulate(const experiment *e, stats_random *r, int *alarms, int *unguarded) {
  int looks = (int)(9 / e->share);
  for (int run = 0; run < RUNS; run++) {
    md_arm control = {.binary = true}, treatment = {.binary = true};
    bool alarm = false, early = false;
    for (int look = 0; look < looks && !alarm; look++) {
      control.n += e->control;
      treatment.n += e->treatment;
      control.sum = control.sum_squares = control.sum + successes(r, e->control, e->share);
      treatment.sum = treatment.sum_squares = treatment.sum + successes(r, e->treatment, e->share);
      alarm = misses(e, &control, &treatment);
      if (control.sum > 0 && treatment.sum > 0 && !early) {
        md_arm c = disguised(control), t = disguised(treatment);
        early = misses(e, &c, &t);
      }
    }
    *alarms += alarm;
    *unguarded += early || alarm;
  }
}

static void false_alarms_stay_below_alpha(void **state) {
  (void)state;
  static const experiment experiments[] = {{0.01, 20, 20, 6000, true},  {0.05, 20, 20, 1200, true},
                                           {0.01, 10, 90, 20000, true}, {0.05, 10, 90, 4000, true},
                                           {0.02, 90, 10, 10000, true}, {0.01, 20, 20, 6000, false},
                                           {0.05, 10, 90, 4000, false}, {0.01, 90, 10, 6000, false}};
  stats_random r = {210306};
  for (size_t i = 0; i < sizeof experiments / sizeof *experiments; i++) {
    const experiment *e = &experiments[i];
    int alarms = 0, unguarded = 0;
    simulate(e, &r, &alarms, &unguarded);
    print_message("%g of %d:%d, %s: %.3f, without the wait %.3f\n", e->share, e->control, e->treatment,
                  e->relative ? "relative" : "absolute", (double)alarms / RUNS, (double)unguarded / RUNS);
    assert_true(alarms <= alpha * RUNS);
    assert_true(alarms > 0); // not by being useless
    bool rare_control = e->control <= e->treatment;
    if (e->relative && rare_control) assert_true(unguarded > alpha * RUNS);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(false_alarms_stay_below_alpha)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
