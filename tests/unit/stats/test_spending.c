// SPDX-License-Identifier: Apache-2.0
// Tests of spending.c and score.c: the tables that papers print of repeated looks, by the same exact integration that
// the bounds come from, and looks so early that their bounds are far out.
#include "stats/sequential.h"
#include "stats/special.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LOOKS = 200 };

// What `looks` equally spaced ones spend at the bounds `constant` √(looks/k)^power: 0 Pocock's, 1 O'Brien and
// Fleming's.
static double spent(int looks, double constant, double power) {
  double fractions[LOOKS], bounds[LOOKS], cumulative[LOOKS];
  for (int k = 0; k < looks; k++) {
    fractions[k] = (k + 1.0) / looks;
    bounds[k] = constant * pow(fractions[k], -power / 2);
  }
  md_looks_spend(fractions, bounds, (size_t)looks, cumulative);
  return cumulative[looks - 1];
}

static void assert_within(double got, double wanted, double within) {
  if (!(fabs(got - wanted) <= within)) fail_msg("%.9g, not %.9g", got, wanted);
}

// Armitage, McPherson, Rowe, Journal of the Royal Statistical Society A 132 (1969), 235: table 2, normal observations:
// the probability of a result significant at 5 % at some look, without an effect, to the digits printed.
static void armitage_mcpherson_rowe_1969(void **state) {
  (void)state;
  static const double rows[][2] = {{1, 0.050},  {2, 0.083},  {3, 0.107},  {4, 0.126},   {5, 0.142},
                                   {10, 0.193}, {20, 0.248}, {50, 0.320}, {100, 0.374}, {200, 0.424}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_within(spent((int)rows[i][0], md_normal_upper(0.025), 0), rows[i][1], 0.00051);
}

typedef struct design {
  int looks;
  double power;
} design;

static double spent_too_much(double constant, const void *context) {
  const design *d = context;
  return 0.05 - spent(d->looks, constant, d->power);
}

// Jennison, Turnbull, Group Sequential Methods (2000): tables 2.1, C_P(K, 0.05), and 2.3, C_B(K, 0.05), of the tests of
// Pocock 1977 and of O'Brien and Fleming 1979.
static void jennison_turnbull_2000_constants(void **state) {
  (void)state;
  static const double pocock[] = {1.960, 2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555};
  static const double obrien_fleming[] = {1.960, 1.977, 2.004, 2.024, 2.040, 2.053, 2.063, 2.072, 2.080, 2.087};
  for (int looks = 1; looks <= 10; looks++) {
    assert_within(md_bisect(spent_too_much, &(design){looks, 0}, 1.5, 4), pocock[looks - 1], 0.00051);
    assert_within(md_bisect(spent_too_much, &(design){looks, 1}, 1.5, 4), obrien_fleming[looks - 1], 0.00051);
  }
}

// Two looks are one integral over the first: ∫ φ(x) P(|Z| > b after x) within ±a; by Simpson's rule.
static void two_looks_by_simpsons_rule(void **state) {
  (void)state;
  enum { STEPS = 2000 };
  double fractions[] = {0.4, 1}, bounds[] = {2.5, 2.1}, cumulative[2], sum = 0;
  md_looks_spend(fractions, bounds, 2, cumulative);
  for (int i = 0; i <= STEPS; i++) {
    double z = -2.5 + 5.0 * i / STEPS, score = z * sqrt(0.4), sd = sqrt(0.6);
    double out = md_normal_above((2.1 - score) / sd) + md_normal_above((2.1 + score) / sd);
    sum += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * md_normal_density(z) * out;
  }
  assert_within(cumulative[1] - cumulative[0], sum * 5.0 / STEPS / 3, 1e-12);
  assert_within(cumulative[0], 2 * md_normal_above(2.5), 1e-15);
}

// The bounds, given back, spend what was to be spent: relatively, however little that is.
static void bounds_spend_what_they_should(void **state) {
  (void)state;
  static const double alphas[] = {0.9999, 0.5, 0.05, 1e-9, 1e-60};
  double fractions[MD_LOOKS_MAX], bounds[MD_LOOKS_MAX], wanted[MD_LOOKS_MAX], got[MD_LOOKS_MAX];
  for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
    for (size_t k = 0; k < MD_LOOKS_MAX; k++)
      fractions[k] = 0.4 + 0.02 * (double)(k / 2) + (k % 2 ? 0.001 : 0);
    md_lan_demets_obf(alphas[a], fractions, MD_LOOKS_MAX, bounds, wanted);
    md_looks_spend(fractions, bounds, MD_LOOKS_MAX, got);
    for (size_t k = 0; k < MD_LOOKS_MAX; k++)
      assert_within(got[k] / wanted[k], 1, 1e-9);
  }
}

// A look that spends less than numbers resolve has no bound, and the next are as if it had not been.
static void looks_too_early_have_no_bound(void **state) {
  (void)state;
  double bounds[3], alone[2], cumulative[3];
  md_lan_demets_obf(0.05, (double[]){0.001, 0.3, 1}, 3, bounds, cumulative);
  md_lan_demets_obf(0.05, (double[]){0.3, 1}, 2, alone, cumulative);
  assert_true(isinf(bounds[0]));
  assert_within(bounds[1] / alone[0], 1, 1e-12);
  assert_within(bounds[2] / alone[1], 1, 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(armitage_mcpherson_rowe_1969),  cmocka_unit_test(jennison_turnbull_2000_constants),
      cmocka_unit_test(two_looks_by_simpsons_rule),    cmocka_unit_test(bounds_spend_what_they_should),
      cmocka_unit_test(looks_too_early_have_no_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
