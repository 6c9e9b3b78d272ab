// SPDX-License-Identifier: Apache-2.0
// Tests of bayes.c and order.c: closed forms, the exact sum, symmetry, and far tails.
#include "stats/bayes.h"
#include "stats/special.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static md_chance chance(double xc, double nc, double xt, double nt, double a, double b) {
  md_arena *arena = md_arena_new(0);
  md_chance out;
  assert_int_equal(md_beta_chance_to_win(&(md_two_rates){xc, nc, xt, nt}, a, b, &out, arena), 0);
  md_arena_free(arena);
  return out;
}

// Beta(2, 1) against Beta(1, 2): 5/6, and E[(C - T)+] = ∫ u² (1 - u)² du = 1/30.
static void in_closed_form(void **state) {
  (void)state;
  md_chance out = chance(0, 1, 1, 1, 1, 1);
  assert_near(out.prob_treatment_beats_control, 5.0 / 6);
  assert_near(out.expected_loss_choose_treatment, 1.0 / 30);
  assert_near(out.expected_loss_choose_control, 1.0 / 3 + 1.0 / 30);
  assert_near(out.posterior_mean_treatment, 2.0 / 3);
  assert_near(chance(0, 0, 0, 0, 0.001, 3).prob_treatment_beats_control, 0.5);
}

// Miller 2014: P(T > C) = Σ B(aC + i, bC + bT)/((bT + i) B(1 + i, bT) B(aC, bC)) over i < aT.
static double exact_sum(double ac, double bc, double at, double bt) {
  double sum = 0;
  for (double i = 0; i < at; i++)
    sum += exp(lgamma(ac + i) + lgamma(bc + bt) - lgamma(ac + i + bc + bt) - log(bt + i) -
               (lgamma(1 + i) + lgamma(bt) - lgamma(1 + i + bt)) - (lgamma(ac) + lgamma(bc) - lgamma(ac + bc)));
  return sum;
}

static void agrees_with_the_exact_sum(void **state) {
  (void)state;
  static const double cases[][4] = {
      {200, 1000, 230, 1000}, {3, 10, 1, 400}, {50, 60, 2, 60}, {0, 900, 9, 900}, {7, 7, 7, 7}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double *c = cases[i];
    assert_near(chance(c[0], c[1], c[2], c[3], 1, 1).prob_treatment_beats_control,
                exact_sum(1 + c[0], 1 + c[1] - c[0], 1 + c[2], 1 + c[3] - c[2]));
  }
}

// Far apart: E[(T - C)+] = E[T^5]/(20 B(4, 8)) for T ~ Beta(401, 1e9 - 399), C ~ Beta(4, 8).
static void far_tails_are_exact(void **state) {
  (void)state;
  md_chance out = chance(3, 10, 400, 1e9, 1, 1);
  double moment = 1;
  for (int i = 0; i < 5; i++)
    moment *= (401 + i) / (1e9 + 2 + i);
  assert_within(out.expected_loss_choose_control, moment * exp(lgamma(12) - lgamma(4) - lgamma(8)) / 20, 1e-5);
}

static void equal_arms_share(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  md_beta posteriors[MD_BAYES_ARMS_MAX];
  double best[MD_BAYES_ARMS_MAX], loss[MD_BAYES_ARMS_MAX], means[MD_BAYES_ARMS_MAX], sds[MD_BAYES_ARMS_MAX],
      second[MD_BAYES_ARMS_MAX];
  for (size_t i = 0; i < MD_BAYES_ARMS_MAX; i++) {
    posteriors[i] = (md_beta){3, 8};
    means[i] = 5;
    sds[i] = 1e-3;
  }
  for (size_t arms = 1; arms <= MD_BAYES_ARMS_MAX; arms++) {
    assert_int_equal(md_beta_best(posteriors, arms, best, loss, arena), 0);
    assert_near(best[0], 1 / (double)arms);
    assert_int_equal(md_gaussian_best(means, sds, arms, best, second, arena), 0);
    assert_near(best[arms - 1], 1 / (double)arms);
    if (arms > 1) assert_near(second[0], 1 / (double)arms);
  }
  assert_near(loss[0], loss[MD_BAYES_ARMS_MAX - 1]);
  md_arena_free(arena);
}

// Two normal estimates: P = Φ((m1 - m2)/√(s1² + s2²)).
static void normal_pair_in_closed_form(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  double best[2], second[2], weights[2], top[2];
  const double means[] = {0, 1}, sds[] = {0.6, 0.8};
  assert_int_equal(md_thompson_weights(means, sds, 2, 0.1, best, second, weights, top, arena), 0);
  assert_near(best[1], 0.84134474606854295);
  assert_near(second[0], best[1]);
  assert_near(weights[1], 0.1 + 0.8 * best[1]);
  assert_near(top[0], 0.5);
  md_arena_free(arena);
}

static void posterior_of_a_lift(void **state) {
  (void)state;
  md_posterior out;
  md_gaussian_lift(0.2, 0.01, &(md_prior){false, 0, 0}, 0.95, &out);
  assert_near(out.posterior_mean, 0.2);
  assert_near(out.chance_to_win, 0.97724986805182079);
  assert_near(out.risk_control - out.risk_treatment, 0.2);
  assert_near(out.upper, 0.2 + 0.1 * 1.9599639845400545);
  md_gaussian_lift(0.2, 0.01, &(md_prior){true, 0, 0.03}, 0.95, &out);
  assert_near(out.posterior_mean, 0.15);
  assert_near(out.posterior_sd, sqrt(0.0075));
}

// 2^53 of 2^53 and a flat prior: b is 1, though 1 + 2^53 is no double. Against 3 of 7, Beta(4, 5):
// E[X^(n+1)] = B(n + 5, 5)/B(4, 5).
static void the_largest_count(void **state) {
  (void)state;
  double n = 9007199254740992, even[2], far[2];
  md_chance same = chance(n, n, n, n, 1, 1);
  assert_near(same.prob_treatment_beats_control, 0.5);
  assert_near(same.expected_loss_choose_treatment * 2 * n, 1);
  md_arena *arena = md_arena_new(0);
  assert_int_equal(md_beta_best((md_beta[]){{n, 1}, {4, 5}}, 2, far, NULL, arena), 0);
  assert_int_equal(md_beta_best((md_beta[]){{n, 1}, {n, 1}}, 2, even, NULL, arena), 0);
  assert_near(far[1] / (24 * 280 / pow(n, 5)), 1);
  assert_near(even[0], 0.5);
  md_arena_free(arena);
}

// Against 60 digits of the exact sum: what is nearly certain has a tail with all its digits, down to where doubles end.
static void tails_keep_their_digits(void **state) {
  (void)state;
  static const double cases[][7] = {
      {0, 5000, 60, 5000, 0, 7.1684624370893731e-23, 0.011995201919232307},
      {0, 1000000, 40, 1000000, 0, 4.5455071151449155e-19, 3.9999920000160454e-5},
      {999995, 1000000, 999000, 1000000, 9.7235795218659987e-291, 0.00099499801000397999, 9.8159517484154298e-297},
      {10, 20, 11, 20, 0.51255383145238566, 0.0060309435117116787, 0.0065259930166621738}};
  for (size_t i = 0; i < 4; i++) {
    const double *c = cases[i], prior = i == 3 ? 1000 : 1;
    md_chance out = chance(c[0], c[1], c[2], c[3], prior, prior);
    if (c[4] > 0) assert_near(out.prob_treatment_beats_control, c[4]);
    assert_near(out.expected_loss_choose_treatment, c[5]);
    assert_near(out.expected_loss_choose_control, c[6]);
  }
}

// Φ(-d/√(1 + s²)) for a narrow arm far above a wide one: most of the tail lies beyond the narrow one's end.
static void a_wide_arm_reaches_beyond_a_narrow_one(void **state) {
  (void)state;
  static const double distances[] = {3, 10, 14, 20, 25, 30, 36}, narrow[] = {1e-6, 0.01, 1};
  md_arena *arena = md_arena_new(0);
  for (size_t i = 0; i < 21; i++) {
    double d = distances[i / 3], s = narrow[i % 3], best[2], second[2];
    assert_int_equal(md_gaussian_best((double[]){0, d}, (double[]){1, s}, 2, best, second, arena), 0);
    assert_near(best[0], md_normal_above(d / hypot(1, s)));
    assert_near(second[1], best[0]);
    md_arena_reset(arena);
  }
  md_arena_free(arena);
}

static void one_arm_has_no_second(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  double best, second, weight, top;
  assert_int_equal(md_thompson_weights((double[]){3}, (double[]){2}, 1, 0.4, &best, &second, &weight, &top, arena), 0);
  assert_near(best, 1);
  assert_missing(second);
  assert_near(weight, 1);
  assert_near(top, 1); // all new subjects go somewhere
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tails_keep_their_digits),
                                     cmocka_unit_test(a_wide_arm_reaches_beyond_a_narrow_one),
                                     cmocka_unit_test(one_arm_has_no_second),
                                     cmocka_unit_test(the_largest_count),
                                     cmocka_unit_test(in_closed_form),
                                     cmocka_unit_test(agrees_with_the_exact_sum),
                                     cmocka_unit_test(far_tails_are_exact),
                                     cmocka_unit_test(equal_arms_share),
                                     cmocka_unit_test(normal_pair_in_closed_form),
                                     cmocka_unit_test(posterior_of_a_lift)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
