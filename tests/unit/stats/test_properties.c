// SPDX-License-Identifier: Apache-2.0
// What intervals and p-values promise, over thousands of random data sets with fixed seeds: coverage, uniformity where
// nothing differs, validity over a whole path of daily looks.
// ctest: timeout=300 quick=no
#include "base/json.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static bool holds(const json_t *out, double truth) {
  return stats_number(out, "lower") <= truth && truth <= stats_number(out, "upper");
}

// The count of `of` trials of probability `p` strays by 4 standard errors once in 16,000 seeds.
static void assert_share(int count, int of, double p, double slack) {
  double reach = slack + 4 * sqrt(p * (1 - p) / of);
  if (fabs((double)count / of - p) > reach) fail_msg("%d of %d is not %g within %g", count, of, p, reach);
}

static void assert_at_most(int count, int of, double p) {
  if ((double)count / of > p + 4 * sqrt(p * (1 - p) / of)) fail_msg("%d of %d is above %g", count, of, p);
}

typedef struct moments {
  double n, sum, squares;
} moments;

static moments normal_sample(stats_random *r, int n, double mean, double sd) {
  moments m = {.n = n};
  for (int i = 0; i < n; i++) {
    double value = mean + sd * stats_normal(r);
    m.sum += value;
    m.squares += value * value;
  }
  return m;
}

#define ARM "{\"n\":%.17g,\"sum\":%.17g,\"sum_squares\":%.17g}"
#define MOMENTS(m) (m).n, (m).sum, (m).squares

// Newcombe 1998 gives a mean coverage of 0.95 for both over such rates; score intervals stray by a point at most.
static void score_intervals_cover(void **state) {
  (void)state;
  stats_random r = {1998};
  int wilson = 0, newcombe = 0, runs = 6000;
  for (int i = 0; i < runs; i++) {
    double p = 0.02 + 0.6 * stats_uniform(&r), q = 0.02 + 0.6 * stats_uniform(&r);
    int n = 20 + (int)(200 * stats_uniform(&r)), k = 20 + (int)(200 * stats_uniform(&r));
    int x = stats_binomial(&r, n, p), y = stats_binomial(&r, k, q);
    wilson += holds(stats_ask("wilson_interval", "{\"x\":%d,\"n\":%d}", x, n), p);
    newcombe += holds(stats_ask("newcombe_diff_ci", "{\"x1\":%d,\"n1\":%d,\"x2\":%d,\"n2\":%d}", x, n, y, k), p - q);
    stats_forget();
  }
  assert_share(wilson, runs, 0.95, 0.01);
  assert_share(newcombe, runs, 0.95, 0.01);
}

static void welch_covers_unequal_variances(void **state) {
  (void)state;
  stats_random r = {1947};
  int at95 = 0, at80 = 0, relative = 0, runs = 5000;
  for (int i = 0; i < runs; i++) {
    moments c = normal_sample(&r, 12, 10, 1), t = normal_sample(&r, 7, 12, 3);
    at95 += holds(
        stats_ask("mean_ttest_absolute", "{\"control\":" ARM ",\"treatment\":" ARM "}", MOMENTS(c), MOMENTS(t)), 2);
    at80 += holds(stats_ask("mean_ttest_absolute", "{\"control\":" ARM ",\"treatment\":" ARM ",\"level\":0.8}",
                            MOMENTS(c), MOMENTS(t)),
                  2);
    relative += holds(
        stats_ask("mean_ttest_relative", "{\"control\":" ARM ",\"treatment\":" ARM "}", MOMENTS(c), MOMENTS(t)), 0.2);
    stats_forget();
  }
  assert_share(at95, runs, 0.95, 0.005);
  assert_share(at80, runs, 0.80, 0.005);
  assert_share(relative, runs, 0.95, 0.01);
}

static void lift_of_rates_covers(void **state) {
  (void)state;
  stats_random r = {2018};
  int covered = 0, runs = 3000;
  for (int i = 0; i < runs; i++) {
    int x = stats_binomial(&r, 1500, 0.10), y = stats_binomial(&r, 1500, 0.13);
    covered += holds(stats_ask("relative_lift_delta_binary",
                               "{\"x_control\":%d,\"n_control\":1500,\"x_treatment\":%d,\"n_treatment\":1500}", x, y),
                     0.3);
    stats_forget();
  }
  assert_share(covered, runs, 0.95, 0.008);
}

// Where a subject sends many times its values hang together: the delta method holds where sends counted as if
// independent would not (Deng, Knoblich, Lu 2018).
static void ratio_of_correlated_sends_covers(void **state) {
  (void)state;
  stats_random r = {77};
  enum { SUBJECTS = 80, RUNS = 1500 };
  int linearised = 0, naive = 0;
  for (int i = 0; i < RUNS; i++) {
    char lists[2][SUBJECTS * 8];
    int used[2] = {0, 0};
    double opened = 0, sent = 0;
    for (int s = 0; s < SUBJECTS; s++) {
      int sends = 1 + (int)(12 * stats_uniform(&r));
      int opens = stats_binomial(&r, sends, stats_uniform(&r) < 0.5 ? 0.1 : 0.7); // half of them read nearly all
      used[0] += snprintf(lists[0] + used[0], sizeof lists[0] - (size_t)used[0], ",%d", opens);
      used[1] += snprintf(lists[1] + used[1], sizeof lists[1] - (size_t)used[1], ",%d", sends);
      opened += opens;
      sent += sends;
    }
    json_t *out = stats_ask("ratio_metric_delta_method",
                            "{\"numerator_control\":[%s],\"denominator_control\":[%s],\"numerator_treatment\":[%s],"
                            "\"denominator_treatment\":[%s]}",
                            lists[0] + 1, lists[1] + 1, lists[0] + 1, lists[1] + 1);
    double ratio = stats_number(out, "ratio_control"), se = stats_number(out, "se_control");
    stats_near(ratio, opened / sent, 1e-12);
    linearised += fabs(ratio - 0.4) <= 1.96 * se;
    naive += fabs(ratio - 0.4) <= 1.96 * sqrt(ratio * (1 - ratio) / sent);
    stats_forget();
  }
  assert_share(linearised, RUNS, 0.95, 0.015);
  assert_true(naive < 0.8 * RUNS);
}

// Kolmogorov's distance of p-values from the uniform: 1.95 / sqrt(n) is passed once in 1,000 seeds.
enum { P_VALUES = 3000 };
static void assert_uniform(const double *p, double slack) {
  int below[101] = {0};
  for (int i = 0; i < P_VALUES; i++)
    for (int at = (int)ceil(p[i] * 100); at <= 100; at++)
      below[at]++;
  for (int at = 0; at <= 100; at++)
    stats_near((double)below[at] / P_VALUES, at / 100.0, slack + 1.95 / sqrt(P_VALUES));
}

static void p_values_are_uniform_without_effect(void **state) {
  (void)state;
  static double welch[P_VALUES], pooled[P_VALUES], ratio[P_VALUES], groups[P_VALUES];
  stats_random r = {31};
  for (int i = 0; i < P_VALUES; i++) {
    moments c = normal_sample(&r, 20, 5, 2), t = normal_sample(&r, 25, 5, 2);
    welch[i] = stats_number(
        stats_ask("mean_ttest_absolute", "{\"control\":" ARM ",\"treatment\":" ARM "}", MOMENTS(c), MOMENTS(t)),
        "p_value");
    int x = stats_binomial(&r, 900, 0.3), y = stats_binomial(&r, 1100, 0.3), z = stats_binomial(&r, 1000, 0.3);
    pooled[i] =
        stats_number(stats_ask("two_proportion_z_pooled",
                               "{\"x_control\":%d,\"n_control\":900,\"x_treatment\":%d,\"n_treatment\":1100}", x, y),
                     "p_value");
    groups[i] =
        stats_number(stats_ask("k_proportions_chi2", "{\"x\":[%d,%d,%d],\"n\":[900,1100,1000]}", x, y, z), "p_value");
    int first = stats_binomial(&r, 3000, 0.3);
    ratio[i] = stats_number(stats_ask("srm_chi_square", "{\"observed\":[%d,%d],\"weights\":[3,7],\"threshold\":0.001}",
                                      first, 3000 - first),
                            "p_value");
    stats_forget();
  }
  assert_uniform(welch, 0);
  assert_uniform(pooled, 0.02); // counts are lumpy
  assert_uniform(groups, 0.01);
  assert_uniform(ratio, 0.02);
}

// Looked at daily for 60 days: an always-valid interval may leave the truth on no day of 95 paths in 100, and its
// p-value may pass alpha on no day of as many (Waudby-Smith and others; Johari and others 2017).
static void daily_looks_are_always_valid(void **state) {
  (void)state;
  stats_random r = {2103};
  int left = 0, rejected = 0, runs = 1200;
  for (int i = 0; i < runs; i++) {
    moments c = {0}, t = {0};
    bool out_once = false, small_once = false;
    for (int day = 0; day < 60; day++) {
      moments dc = normal_sample(&r, 30, 1, 1), dt = normal_sample(&r, 30, 1, 1);
      c = (moments){c.n + dc.n, c.sum + dc.sum, c.squares + dc.squares};
      t = (moments){t.n + dt.n, t.sum + dt.sum, t.squares + dt.squares};
      json_t *out = stats_ask("asympcs_mean",
                              "{\"control\":" ARM ",\"treatment\":" ARM
                              ",\"difference\":\"absolute\",\"alpha\":0.05,\"tuning_n\":1800}",
                              MOMENTS(c), MOMENTS(t));
      out_once |= !holds(out, 0);
      small_once |= stats_number(out, "p_value") < 0.05;
      stats_forget();
    }
    left += out_once;
    rejected += small_once;
  }
  assert_at_most(left, runs, 0.05);
  assert_at_most(rejected, runs, 0.05);
  assert_true(left > 0); // not by being useless
}

static void bernoulli_sequence_covers_its_whole_path(void **state) {
  (void)state;
  stats_random r = {1970};
  int left = 0, runs = 1500;
  for (int i = 0; i < runs; i++) {
    int successes = 0;
    bool out_once = false;
    for (int n = 1; n <= 150; n++) {
      successes += stats_uniform(&r) < 0.2;
      out_once |=
          !holds(stats_ask("bernoulli_confidence_sequence_beta_mixture",
                           "{\"successes\":%d,\"n\":%d,\"prior_a\":1,\"prior_b\":1,\"alpha\":0.1}", successes, n),
                 0.2);
      stats_forget();
    }
    left += out_once;
  }
  assert_at_most(left, runs, 0.1);
  assert_true(left > runs / 200);
}

static void sample_ratio_may_be_looked_at_daily(void **state) {
  (void)state;
  stats_random r = {2022};
  int alarmed = 0, fixed = 0, runs = 1500;
  for (int i = 0; i < runs; i++) {
    int counts[2] = {0, 0};
    bool bayes = false, chi2 = false;
    for (int day = 0; day < 40; day++) {
      int first = stats_binomial(&r, 50, 0.5);
      counts[0] += first;
      counts[1] += 50 - first;
      bayes |= stats_number(stats_ask("srm_sequential_multinomial_bayes_factor",
                                      "{\"observed\":[%d,%d],\"weights\":[1,1],\"dirichlet_prior\":[1,1]}", counts[0],
                                      counts[1]),
                            "p_value_at_this_look") < 0.05;
      chi2 |= stats_number(stats_ask("srm_chi_square", "{\"observed\":[%d,%d],\"weights\":[1,1],\"threshold\":0.05}",
                                     counts[0], counts[1]),
                           "p_value") < 0.05;
      stats_forget();
    }
    alarmed += bayes;
    fixed += chi2;
  }
  assert_at_most(alarmed, runs, 0.05);
  assert_true(fixed > 0.15 * runs); // the test for one look
}

// Both e-detectors raise a false alarm at 1 / threshold of steps at most: the mean time to it is threshold at least.
static void e_detectors_keep_their_run_length(void **state) {
  (void)state;
  stats_random r = {2024};
  enum { STEPS = 400, RUNS = 400 };
  double waited = 0;
  for (int i = 0; i < RUNS; i++) {
    char bits[2 * STEPS + 1];
    for (int n = 0; n < STEPS; n++) {
      bits[2 * n] = stats_uniform(&r) < 0.1 ? '1' : '0';
      bits[2 * n + 1] = n + 1 < STEPS ? ',' : '\0';
    }
    json_t *out =
        stats_ask("e_detector_bernoulli_path", "{\"sequence\":[%s],\"p0\":0.1,\"p1\":0.2,\"threshold\":50}", bits);
    const json_t *alarm = json_object_get(out, "alarm_sr");
    waited += json_is_null(alarm) ? STEPS : json_number_value(alarm);
    stats_forget();
  }
  assert_true(waited / RUNS >= 50);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(score_intervals_cover),
      cmocka_unit_test(welch_covers_unequal_variances),
      cmocka_unit_test(lift_of_rates_covers),
      cmocka_unit_test(ratio_of_correlated_sends_covers),
      cmocka_unit_test(p_values_are_uniform_without_effect),
      cmocka_unit_test(daily_looks_are_always_valid),
      cmocka_unit_test(bernoulli_sequence_covers_its_whole_path),
      cmocka_unit_test(sample_ratio_may_be_looked_at_daily),
      cmocka_unit_test(e_detectors_keep_their_run_length),
  };
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
