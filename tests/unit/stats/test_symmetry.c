// SPDX-License-Identifier: Apache-2.0
// ctest: quick=no timeout=300
// What must hold between two answers of one method, or of two: arms swapped, orders changed, more data, other levels,
// a test and its interval, a size and the effect that it can see.
#include "base/json.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define RATES "{\"x_control\":%d,\"n_control\":%d,\"x_treatment\":%d,\"n_treatment\":%d"
enum { ROUNDS = 200 };

static int up_to(stats_random *r, int most) {
  return (int)((most + 1) * stats_uniform(r));
}

static void near(double got, double wanted) {
  stats_near(got, wanted, 1e-9 * fmax(1, fabs(wanted)));
}

static void swapped_arms_of_rates(void **state) {
  (void)state;
  stats_random r = {1};
  for (int i = 0; i < ROUNDS; i++) {
    int n = 1 + up_to(&r, 500), k = 1 + up_to(&r, 500), x = up_to(&r, n), y = up_to(&r, k);
    const char *newcombe = "{\"x1\":%d,\"n1\":%d,\"x2\":%d,\"n2\":%d}";
    json_t *a = stats_ask("newcombe_diff_ci", newcombe, x, n, y, k),
           *b = stats_ask("newcombe_diff_ci", newcombe, y, k, x, n);
    near(stats_number(a, "lower"), -stats_number(b, "upper"));
    near(stats_number(a, "upper"), -stats_number(b, "lower"));
    if (x + y > 0 && x + y < n + k) {
      a = stats_ask("two_proportion_z_pooled", RATES "}", x, n, y, k);
      b = stats_ask("two_proportion_z_pooled", RATES "}", y, k, x, n);
      near(stats_number(a, "z"), -stats_number(b, "z"));
      near(stats_number(a, "p_value"), stats_number(b, "p_value"));
      json_t *c = stats_ask("k_proportions_chi2", "{\"x\":[%d,%d],\"n\":[%d,%d]}", x, y, n, k);
      near(stats_number(c, "chi2"), stats_number(a, "chi2"));
      near(stats_number(c, "p_value"), stats_number(a, "p_value"));
    }
    stats_forget();
  }
}

static void wilson_of_the_others(void **state) {
  (void)state;
  stats_random r = {2};
  for (int i = 0; i < ROUNDS; i++) {
    int n = 1 + up_to(&r, 1000), x = up_to(&r, n);
    json_t *a = stats_ask("wilson_interval", "{\"x\":%d,\"n\":%d}", x, n);
    json_t *b = stats_ask("wilson_interval", "{\"x\":%d,\"n\":%d}", n - x, n);
    near(stats_number(a, "lower"), 1 - stats_number(b, "upper"));
    json_t *wide = stats_ask("wilson_interval", "{\"x\":%d,\"n\":%d,\"level\":0.99}", x, n);
    assert_true(stats_number(wide, "lower") <= stats_number(a, "lower") &&
                stats_number(wide, "upper") >= stats_number(a, "upper"));
    json_t *more = stats_ask("wilson_interval", "{\"x\":%d,\"n\":%d}", 10 * x, 10 * n);
    assert_true(stats_number(more, "upper") - stats_number(more, "lower") <
                stats_number(a, "upper") - stats_number(a, "lower"));
    stats_forget();
  }
}

static void swapped_posteriors(void **state) {
  (void)state;
  stats_random r = {3};
  for (int i = 0; i < ROUNDS; i++) {
    int n = up_to(&r, 3000), k = up_to(&r, 300), x = up_to(&r, n), y = up_to(&r, k);
    const char *format = RATES ",\"prior_alpha\":1.5,\"prior_beta\":4}";
    json_t *a = stats_ask("beta_binomial_chance_to_win", format, x, n, y, k);
    json_t *b = stats_ask("beta_binomial_chance_to_win", format, y, k, x, n);
    near(stats_number(a, "prob_treatment_beats_control") + stats_number(b, "prob_treatment_beats_control"), 1);
    near(stats_number(a, "expected_loss_choose_treatment"), stats_number(b, "expected_loss_choose_control"));
    // The losses differ by the difference of the means: E[max] is the same.
    near(stats_number(a, "expected_loss_choose_control") - stats_number(a, "expected_loss_choose_treatment"),
         stats_number(a, "posterior_mean_treatment") - stats_number(a, "posterior_mean_control"));
    json_t *many = stats_ask("beta_binomial_prob_best_multiarm",
                             "{\"x\":[%d,%d],\"n\":[%d,%d],\"prior_alpha\":1.5,\"prior_beta\":4}", x, y, n, k);
    near(stats_item(many, "prob_best", 1), stats_number(a, "prob_treatment_beats_control"));
    json_t *after = stats_ask(
        "before_after_beta_binomial",
        "{\"x_before\":%d,\"n_before\":%d,\"x_after\":%d,\"n_after\":%d,\"prior_alpha\":1.5,\"prior_beta\":4}", x, n, y,
        k);
    near(stats_number(after, "prob_after_greater"), stats_number(a, "prob_treatment_beats_control"));
    stats_forget();
  }
}

static void many_arms_add_up_in_any_order(void **state) {
  (void)state;
  stats_random r = {4};
  const char *rates = "{\"x\":[%d,%d,%d],\"n\":[%d,%d,%d],\"prior_alpha\":1,\"prior_beta\":1}";
  for (int i = 0; i < ROUNDS / 4; i++) {
    int n[3], x[3];
    for (int k = 0; k < 3; k++) {
      n[k] = up_to(&r, k == 0 ? 100000 : 500);
      x[k] = up_to(&r, n[k]);
    }
    json_t *a = stats_ask("beta_binomial_prob_best_multiarm", rates, x[0], x[1], x[2], n[0], n[1], n[2]);
    json_t *b = stats_ask("beta_binomial_prob_best_multiarm", rates, x[2], x[0], x[1], n[2], n[0], n[1]);
    json_t *loss = stats_ask("beta_binomial_expected_loss_multiarm", rates, x[0], x[1], x[2], n[0], n[1], n[2]);
    double sum = 0;
    for (size_t k = 0; k < 3; k++) {
      sum += stats_item(a, "prob_best", k);
      near(stats_item(a, "prob_best", k), stats_item(b, "prob_best", (k + 1) % 3));
      assert_true(stats_item(loss, "expected_loss", k) >= 0);
    }
    near(sum, 1);
    stats_forget();
  }
}

// Shares do not change when all means move or the unit changes; best and second add up to 1 each.
static void thompson_knows_no_unit(void **state) {
  (void)state;
  stats_random r = {5};
  const char *format =
      "{\"posterior_mean\":[%.17g,%.17g,%.17g],\"posterior_sd\":[%.17g,%.17g,%.17g],\"min_weight\":0.05}";
  for (int i = 0; i < ROUNDS / 4; i++) {
    double m[3], s[3], best = 0, second = 0, top = 0;
    for (int k = 0; k < 3; k++) {
      m[k] = stats_normal(&r);
      s[k] = 0.1 + stats_uniform(&r);
    }
    json_t *a = stats_ask("thompson_weights_gaussian", format, m[0], m[1], m[2], s[0], s[1], s[2]);
    json_t *b = stats_ask("thompson_weights_gaussian", format, 3 + 8 * m[0], 3 + 8 * m[1], 3 + 8 * m[2], 8 * s[0],
                          8 * s[1], 8 * s[2]);
    for (size_t k = 0; k < 3; k++) {
      best += stats_item(a, "prob_best", k);
      second += stats_item(a, "prob_second", k);
      top += stats_item(a, "top_two_weights", k);
      near(stats_item(a, "prob_best", k), stats_item(b, "prob_best", k));
      assert_true(stats_item(a, "thompson_weights", k) >= 0.05 && stats_item(a, "top_two_weights", k) >= 0.05);
    }
    near(best, 1);
    near(second, 1);
    near(top, 1);
    stats_forget();
  }
}

static bool excludes_zero(const json_t *out) {
  return stats_number(out, "lower") > 0 || stats_number(out, "upper") < 0;
}

// A test and its interval are one statement: p < alpha where and only where 0 lies outside.
static void tests_agree_with_their_intervals(void **state) {
  (void)state;
  stats_random r = {6};
  int outside = 0;
  for (int i = 0; i < ROUNDS; i++) {
    double d = stats_normal(&r), s = 0.2 + stats_uniform(&r);
    json_t *t = stats_ask(
        "welch_t_absolute",
        "{\"mean_control\":5,\"sd_control\":%.17g,\"n_control\":9,\"mean_treatment\":%.17g,\"sd_treatment\":1,"
        "\"n_treatment\":11}",
        s, 5 + d);
    assert_int_equal(excludes_zero(t), stats_number(t, "p_value") < 0.05);
    int x = 100 + up_to(&r, 200), y = 100 + up_to(&r, 200);
    json_t *lift = stats_ask("relative_lift_delta_binary", RATES "}", x, 1000, y, 1000);
    assert_int_equal(excludes_zero(lift), stats_number(lift, "p_value") < 0.05);
    const char *rates =
        "{\"control\":{\"n\":1000,\"x\":%d},\"treatment\":{\"n\":1000,\"x\":%d},\"difference\":\"relative\","
        "\"alpha\":0.05,\"tuning_n\":2000}";
    json_t *always = stats_ask("asympcs_binary", rates, x, y);
    assert_int_equal(excludes_zero(always), stats_number(always, "p_value") < 0.05);
    // Validity on every day costs width and power on this one.
    assert_true(stats_number(always, "lower") < stats_number(lift, "lower"));
    assert_true(stats_number(always, "upper") > stats_number(lift, "upper"));
    assert_true(stats_number(always, "p_value") >= stats_number(lift, "p_value"));
    outside += excludes_zero(always);
    stats_forget();
  }
  assert_true(outside > ROUNDS / 10 && outside < ROUNDS * 9 / 10);
}

// rho makes the interval narrowest near the tuned size (Waudby-Smith and others, appendix on rho).
static void tuning_pays_at_its_size(void **state) {
  (void)state;
  double widths[3];
  static const int tuned[] = {400, 4000, 40000};
  for (int i = 0; i < 3; i++) {
    json_t *out = stats_ask(
        "asympcs_binary",
        "{\"control\":{\"n\":2000,\"x\":300},\"treatment\":{\"n\":2000,\"x\":340},\"difference\":\"absolute\","
        "\"alpha\":0.05,\"tuning_n\":%d}",
        tuned[i]);
    widths[i] = stats_number(out, "upper") - stats_number(out, "lower");
  }
  assert_true(widths[1] < widths[0] && widths[1] < widths[2]);
}

static void adjusted_p_values_keep_order(void **state) {
  (void)state;
  stats_random r = {7};
  for (int i = 0; i < ROUNDS; i++) {
    double p[4];
    for (int k = 0; k < 4; k++)
      p[k] = pow(stats_uniform(&r), 3);
    json_t *out =
        stats_ask("multiple_testing_adjust", "{\"p_values\":[%.17g,%.17g,%.17g,%.17g]}", p[0], p[1], p[2], p[3]);
    for (size_t k = 0; k < 4; k++) {
      double holm = stats_item(out, "holm", k), bh = stats_item(out, "bh", k);
      assert_true(p[k] <= bh && bh <= holm && holm <= stats_item(out, "bonferroni", k) && holm <= 1);
      for (size_t l = 0; l < 4; l++)
        if (p[k] < p[l]) assert_true(holm <= stats_item(out, "holm", l) && bh <= stats_item(out, "bh", l));
    }
    stats_forget();
  }
}

static void spending_ends_at_alpha(void **state) {
  (void)state;
  stats_random r = {8};
  for (int i = 0; i < 20; i++) {
    double a = 0.1 + 0.3 * stats_uniform(&r), b = a + 0.05 + 0.3 * stats_uniform(&r);
    json_t *out = stats_ask("group_sequential_lan_demets_obf",
                            "{\"alpha_two_sided\":0.05,\"information_fractions\":[%.17g,%.17g,1]}", a, b);
    near(stats_item(out, "cumulative_alpha", 2), 0.05);
    for (size_t k = 0; k < 2; k++) {
      assert_true(stats_item(out, "z_bounds", k) > stats_item(out, "z_bounds", k + 1));
      assert_true(stats_item(out, "cumulative_alpha", k) < stats_item(out, "cumulative_alpha", k + 1));
    }
    assert_true(stats_item(out, "z_bounds", 2) > 1.959963);
    stats_forget();
  }
}

// The bounds together are crossed by a random walk without drift as often as they say.
static void spending_is_what_is_spent(void **state) {
  (void)state;
  stats_random r = {9};
  json_t *out = stats_ask("group_sequential_lan_demets_obf",
                          "{\"alpha_two_sided\":0.2,\"information_fractions\":[0.3,0.5,0.8,1]}");
  static const double t[] = {0, 0.3, 0.5, 0.8, 1};
  int runs = 100000, crossed[4] = {0};
  for (int i = 0; i < runs; i++) {
    double score = 0;
    for (int k = 0; k < 4; k++) {
      score += sqrt(t[k + 1] - t[k]) * stats_normal(&r);
      if (fabs(score) / sqrt(t[k + 1]) < stats_item(out, "z_bounds", (size_t)k)) continue;
      for (int later = k; later < 4; later++)
        crossed[later]++;
      break;
    }
  }
  for (size_t k = 0; k < 4; k++) {
    double spent = stats_item(out, "cumulative_alpha", k);
    stats_near((double)crossed[k] / runs, spent, 4 * sqrt(spent * (1 - spent) / runs));
  }
}

static void sizes_and_effects_are_inverse(void **state) {
  (void)state;
  stats_random r = {10};
  int before = 2147483647;
  for (int i = 1; i <= 20; i++) {
    json_t *out =
        stats_ask("sample_size_two_proportions",
                  "{\"p_control\":0.1,\"p_treatment\":%.17g,\"alpha_two_sided\":0.05,\"power\":0.8}", 0.1 + 0.01 * i);
    int n = (int)stats_number(out, "n_per_arm");
    assert_true(n < before);
    before = n;
    double p = 0.02 + 0.5 * stats_uniform(&r);
    out = stats_ask("mde_two_proportions_absolute",
                    "{\"p_control\":%.17g,\"n_per_arm\":%d,\"alpha_two_sided\":0.05,\"power\":0.8}", p, n);
    double effect = stats_number(out, "mde_absolute");
    near(stats_number(out, "mde_relative"), effect / p);
    out =
        stats_ask("sample_size_two_proportions",
                  "{\"p_control\":%.17g,\"p_treatment\":%.17g,\"alpha_two_sided\":0.05,\"power\":0.8}", p, p + effect);
    stats_near(stats_number(out, "n_per_arm"), n, 1);
  }
}

// At an end of the interval the mixture's likelihood ratio is 1 / alpha; in between it is below.
static void beta_mixture_ends_where_it_says(void **state) {
  (void)state;
  stats_random r = {11};
  for (int i = 0; i < ROUNDS; i++) {
    int n = 2 + up_to(&r, 2000), x = 1 + up_to(&r, n - 2);
    double a = 0.2 + 3 * stats_uniform(&r), b = 0.2 + 3 * stats_uniform(&r);
    json_t *out =
        stats_ask("bernoulli_confidence_sequence_beta_mixture",
                  "{\"successes\":%d,\"n\":%d,\"prior_a\":%.17g,\"prior_b\":%.17g,\"alpha\":0.05}", x, n, a, b);
    double mixture = lgamma(a + x) + lgamma(b + n - x) - lgamma(a + b + n) - lgamma(a) - lgamma(b) + lgamma(a + b);
    double ends[] = {stats_number(out, "lower"), stats_number(out, "upper")};
    assert_true(ends[0] < (double)x / n && (double)x / n < ends[1]);
    for (int k = 0; k < 2; k++)
      stats_near(mixture - x * log(ends[k]) - (n - x) * log1p(-ends[k]), log(20), 1e-5);
    stats_forget();
  }
}

// The Shiryaev-Roberts detector lies above the CUSUM's, and alarms no later.
static void sr_is_never_below_cusum(void **state) {
  (void)state;
  stats_random r = {12};
  for (int i = 0; i < ROUNDS / 4; i++) {
    char bits[121] = "";
    for (int k = 0; k < 60; k++) {
      bits[2 * k] = stats_uniform(&r) < 0.25 ? '1' : '0';
      bits[2 * k + 1] = k < 59 ? ',' : '\0';
    }
    json_t *out =
        stats_ask("e_detector_bernoulli_path", "{\"sequence\":[%s],\"p0\":0.2,\"p1\":0.4,\"threshold\":8}", bits);
    json_t *cusum = stats_ask("bernoulli_cusum_llr_path",
                              "{\"sequence\":[%s],\"p0\":0.2,\"p1\":0.4,\"threshold\":%.17g}", bits, log(8));
    for (size_t k = 0; k < 60; k++) {
      double e = stats_item(out, "e_cusum", k);
      assert_true(stats_item(out, "e_sr", k) >= e);
      near(stats_item(cusum, "path", k), fmax(0, log(e))); // one chart, on two scales
    }
    stats_forget();
  }
}

static void covariate_without_spread_changes_nothing(void **state) {
  (void)state;
  json_t *out = stats_ask("cuped_difference", "{\"y_control\":[1,2,4],\"x_control\":[3,3,3],\"y_treatment\":[2,5,4,7],"
                                              "\"x_treatment\":[3,3,3,3]}");
  near(stats_number(out, "diff_adjusted"), stats_number(out, "diff_raw"));
  near(stats_number(out, "se_adjusted"), stats_number(out, "se_raw"));
  out = stats_ask("winsorise_upper", "{\"values\":[5,1,9,2,2],\"upper_percentile\":1}");
  near(stats_number(out, "mean"), stats_number(out, "raw_mean"));
  near(stats_number(out, "cap"), 9);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(swapped_arms_of_rates),
      cmocka_unit_test(wilson_of_the_others),
      cmocka_unit_test(swapped_posteriors),
      cmocka_unit_test(many_arms_add_up_in_any_order),
      cmocka_unit_test(thompson_knows_no_unit),
      cmocka_unit_test(tests_agree_with_their_intervals),
      cmocka_unit_test(tuning_pays_at_its_size),
      cmocka_unit_test(adjusted_p_values_keep_order),
      cmocka_unit_test(spending_ends_at_alpha),
      cmocka_unit_test(spending_is_what_is_spent),
      cmocka_unit_test(sizes_and_effects_are_inverse),
      cmocka_unit_test(beta_mixture_ends_where_it_says),
      cmocka_unit_test(sr_is_never_below_cusum),
      cmocka_unit_test(covariate_without_spread_changes_nothing),
  };
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
