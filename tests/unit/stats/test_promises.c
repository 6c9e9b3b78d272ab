// SPDX-License-Identifier: Apache-2.0
// ctest: quick=no timeout=300
// What further methods promise, over random data with fixed seeds: error rates, coverage, power, run lengths, evenness.
// test_properties.c has the intervals and p-values of shares and means.
#include "base/json.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RUNS = 4000 };

static void assert_share(int count, int of, double p, double slack) {
  double reach = slack + 4 * sqrt(p * (1 - p) / of);
  if (fabs((double)count / of - p) > reach) fail_msg("%d of %d is not %g within %g", count, of, p, reach);
}

// Worse by just the margin: called harmless as often as alpha says.
static void non_inferiority_errs_as_often_as_it_says(void **state) {
  (void)state;
  stats_random r = {1982};
  int harmless = 0;
  for (int i = 0; i < RUNS; i++) {
    int c = stats_binomial(&r, 800, 0.30), t = stats_binomial(&r, 800, 0.25);
    harmless += json_is_true(
        json_object_get(stats_ask("non_inferiority_two_proportions",
                                  "{\"x_control\":%d,\"n_control\":800,\"x_treatment\":%d,\"n_treatment\":800,"
                                  "\"margin_absolute\":0.05,\"alpha_one_sided\":0.05}",
                                  c, t),
                        "non_inferior"));
    stats_forget();
  }
  assert_share(harmless, RUNS, 0.05, 0.005);
}

typedef struct answers {
  int promoters, passives, detractors;
} answers;

static answers ask(stats_random *r, int n) { // 50 % promoters, 30 % passives, 20 % detractors: a score of 30
  answers a = {0};
  for (int i = 0; i < n; i++) {
    double u = stats_uniform(r);
    *(u < 0.5 ? &a.promoters : u < 0.8 ? &a.passives : &a.detractors) += 1;
  }
  return a;
}

#define ANSWERS "{\"promoters\":%d,\"passives\":%d,\"detractors\":%d}"
#define OF(a) (a).promoters, (a).passives, (a).detractors

static void net_promoter_scores_cover(void **state) {
  (void)state;
  stats_random r = {2016};
  int wald = 0, adjusted = 0, found = 0;
  for (int i = 0; i < RUNS; i++) {
    answers a = ask(&r, 60), b = ask(&r, 90);
    json_t *one = stats_ask("nps_interval", ANSWERS, OF(a));
    wald += stats_number(one, "lower_wald") <= 30 && 30 <= stats_number(one, "upper_wald");
    adjusted += stats_number(one, "adj_wald_lower") <= 30 && 30 <= stats_number(one, "adj_wald_upper");
    json_t *two = stats_ask("nps_difference", "{\"control\":" ANSWERS ",\"treatment\":" ANSWERS "}", OF(a), OF(b));
    found += stats_number(two, "p_value") < 0.05;
    stats_forget();
  }
  assert_share(wald, RUNS, 0.95, 0.015);
  assert_share(adjusted, RUNS, 0.95, 0.01);
  assert_share(found, RUNS, 0.05, 0.01);
}

// Of the size that is said to have 80 % power, 80 % of experiments find the difference.
static void the_size_of_means_has_its_power(void **state) {
  (void)state;
  stats_random r = {1988};
  int found = 0;
  int n = (int)stats_number(
      stats_ask("sample_size_two_means", "{\"delta\":0.8,\"sd\":1,\"alpha_two_sided\":0.05,\"power\":0.8}"),
      "n_per_arm_t");
  for (int i = 0; i < RUNS; i++) {
    double sums[2] = {0}, squares[2] = {0};
    for (int k = 0; k < 2 * n; k++) {
      double value = stats_normal(&r) + (k % 2 ? 0.8 : 0);
      sums[k % 2] += value;
      squares[k % 2] += value * value;
    }
    json_t *out = stats_ask("mean_ttest_absolute",
                            "{\"control\":{\"n\":%d,\"sum\":%.17g,\"sum_squares\":%.17g},"
                            "\"treatment\":{\"n\":%d,\"sum\":%.17g,\"sum_squares\":%.17g}}",
                            n, sums[0], squares[0], n, sums[1], squares[1]);
    found += stats_number(out, "p_value") < 0.05;
    stats_forget();
  }
  assert_share(found, RUNS, 0.8, 0.01);
}

// The exact chain against the watch itself, run to its alarm.
static void run_lengths_as_simulated(void **state) {
  (void)state;
  stats_random r = {1999};
  double wanted = stats_item(stats_ask("bernoulli_cusum_arl_exact", "{\"m\":8,\"H\":20,\"true_p\":[0.15]}"), "arl", 0);
  double sum = 0, squares = 0;
  for (int i = 0; i < RUNS; i++) {
    int s = 0, length = 0;
    while (s < 20) {
      s += stats_uniform(&r) < 0.15 ? 7 : -1;
      if (s < 0) s = 0;
      length++;
    }
    sum += length;
    squares += (double)length * length;
  }
  double mean = sum / RUNS, error = sqrt((squares / RUNS - mean * mean) / RUNS);
  stats_near(mean, wanted, 4 * error);
}

// 20,000 ids fall into 20 equal parts: chi-square of 19 degrees of freedom, 99.99 % below 50.8; and independently so
// under two seeds.
static void buckets_are_even(void **state) {
  (void)state;
  enum { IDS = 20000, PARTS = 20 };
  int first[PARTS] = {0}, both[4] = {0};
  double chi2 = 0, chi2_both = 0;
  for (int i = 0; i < IDS; i++) {
    json_t *out = stats_ask("growthbook_bucket",
                            "{\"cases\":[{\"seed\":\"a\",\"value\":\"kunde-%d\",\"hash_version\":2},"
                            "{\"seed\":\"b\",\"value\":\"kunde-%d\",\"hash_version\":2}]}",
                            i, i);
    double a = stats_item(out, "bucket", 0), b = stats_item(out, "bucket", 1);
    first[(int)(a * PARTS)]++;
    both[2 * (a < 0.5) + (b < 0.5)]++;
    stats_forget();
  }
  for (int k = 0; k < PARTS; k++)
    chi2 += pow(first[k] - IDS / (double)PARTS, 2) / (IDS / (double)PARTS);
  for (int k = 0; k < 4; k++)
    chi2_both += pow(both[k] - IDS / 4.0, 2) / (IDS / 4.0);
  assert_true(chi2 < 50.8);
  assert_true(chi2_both < 21.1); // 3 degrees of freedom
}

static void append(char *text, double value) {
  sprintf(text + strlen(text), "%s%.17g", *text ? "," : "", value);
}

static void cuped_covers_and_is_sharper(void **state) {
  (void)state;
  stats_random r = {2013};
  int covered = 0, runs = 1500;
  double reduction = 0;
  for (int i = 0; i < runs; i++) {
    static char y[2][4096], x[2][4096];
    for (int arm = 0; arm < 2; arm++) {
      y[arm][0] = x[arm][0] = '\0';
      for (int k = 0; k < 60; k++) {
        double before = stats_normal(&r);
        append(x[arm], before);
        append(y[arm], 5 + before + stats_normal(&r) + 0.4 * arm);
      }
    }
    json_t *out = stats_ask("cuped_difference",
                            "{\"y_control\":[%s],\"x_control\":[%s],\"y_treatment\":[%s],\"x_treatment\":[%s]}", y[0],
                            x[0], y[1], x[1]);
    covered += fabs(stats_number(out, "diff_adjusted") - 0.4) <= 1.96 * stats_number(out, "se_adjusted");
    reduction += stats_number(out, "variance_reduction");
    stats_forget();
  }
  assert_share(covered, runs, 0.95, 0.01);
  stats_near(reduction / runs, 0.5, 0.03); // the square of the correlation (Deng, Xu, Kohavi, Walker 2013)
}

// Johari, Koomen, Pekelis, Walsh, "Always valid inference: continuous monitoring of A/B tests" (Operations Research 70,
// 2022), the mixture sequential probability ratio test with a normal mixture of variance τ² for normal data of variance
// V a subject: Λ = √(V/(V + nτ²)) exp(n²τ²θ²/(2V(V + nτ²))), and p = min(1, 1/Λ). asympcs_mean is that with n subjects
// of both arms, SE² = V/n and ρ² = τ²/V.
static void always_valid_p_of_the_mixture(void **state) {
  (void)state;
  const double alpha = 0.05, tuning = 5000, n = 3000; // an arm
  double effects[] = {0, 0.02, 0.05, 0.1, 0.2};
  double rho =
      stats_number(stats_ask("asympcs_rho", "{\"alpha\":%g,\"tuning_n\":%g,\"two_sided\":true}", alpha, tuning), "rho");
  for (size_t i = 0; i < 5; i++) {
    json_t *out =
        stats_ask("asympcs_mean",
                  "{\"control\":{\"n\":%g,\"sum\":0,\"sum_squares\":%.17g},\"treatment\":{\"n\":%g,"
                  "\"sum\":%.17g,\"sum_squares\":%.17g},\"difference\":\"absolute\",\"alpha\":%g,\"tuning_n\":%g}",
                  n, n - 1, n, effects[i] * n, n - 1 + effects[i] * effects[i] * n, alpha, tuning);
    double all = 2 * n, variance = all * 2 / n, tau2 = rho * rho * variance;
    double ratio = sqrt(variance / (variance + all * tau2)) *
                   exp(all * all * tau2 * effects[i] * effects[i] / (2 * variance * (variance + all * tau2)));
    stats_near(stats_number(out, "p_value"), fmin(1, 1 / ratio), 1e-9);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(non_inferiority_errs_as_often_as_it_says),
      cmocka_unit_test(net_promoter_scores_cover),
      cmocka_unit_test(the_size_of_means_has_its_power),
      cmocka_unit_test(run_lengths_as_simulated),
      cmocka_unit_test(buckets_are_even),
      cmocka_unit_test(cuped_covers_and_is_sharper),
      cmocka_unit_test(always_valid_p_of_the_mixture),
  };
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
