// SPDX-License-Identifier: Apache-2.0
// Tests of power.c and multiple.c against R, the papers, and each other.
#include "stats/multiple.h"
#include "stats/power.h"
#include "stats/special.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_near.h"

static void sizes_as_r_has_them(void **state) {
  (void)state;
  md_sample_size shares;
  md_sample_size_means means;
  md_sample_size_two_proportions(0.1, 0.12, 0.05, 0.8, &shares);
  assert_true(shares.n_per_arm == 3841); // power.prop.test: 3840.847
  md_sample_size_two_means(0.5, 1, 0.05, 0.8, &means);
  assert_true(means.n_per_arm_t == 64 && means.n_per_arm_normal == 63); // power.t.test: 63.76577
  md_sample_size_two_means(-2, 1, 0.05, 0.9, &means);
  assert_true(means.n_per_arm_t == 7); // power.t.test: 6.38705
  md_sample_size_two_means(100, 1, 0.05, 0.9, &means);
  assert_true(means.n_per_arm_t == 2);
}

static void no_difference_needs_no_number(void **state) {
  (void)state;
  md_sample_size shares;
  md_sample_size_means means;
  md_sample_size_two_proportions(0.1, 0.1, 0.05, 0.8, &shares);
  assert_missing(shares.n_per_arm);
  assert_non_null(shares.why);
  md_sample_size_two_means(0, 1, 0.05, 0.8, &means);
  assert_missing(means.n_per_arm_t);
  assert_non_null(means.why);
}

static void mde_is_the_inverse(void **state) {
  (void)state;
  for (double delta = 0.001; delta < 0.5; delta *= 2) {
    md_sample_size size;
    md_mde mde;
    md_sample_size_two_proportions(0.1, 0.1 + delta, 0.05, 0.8, &size);
    md_mde_two_proportions(0.1, size.n_per_arm, 0.05, 0.8, &mde);
    assert_true(mde.mde_absolute <= delta * (1 + 1e-9));
    md_mde_two_proportions(0.1, size.n_per_arm - 1, 0.05, 0.8, &mde);
    assert_true(mde.mde_absolute > delta);
    assert_near(mde.mde_relative, mde.mde_absolute / 0.1);
  }
  md_mde none;
  md_mde_two_proportions(0.9, 3, 0.05, 0.8, &none);
  assert_missing(none.mde_absolute);
  assert_non_null(none.why);
}

// Gelman, Carlin 2014, page 644: power 0.06, type S 0.24, exaggeration 9.7 for an effect of 2 and an error of 8.1; and
// page 645's Fig. 1: at a plausible effect of 0.1 and an error of 3.28, type S 0.46 and an exaggeration of 77.
static void a_winner_is_cursed(void **state) {
  (void)state;
  md_type_s_m out;
  md_type_s_type_m(0.1, 3.28, 0.05, &out);
  assert_printed(out.power, 0.05, 2);
  assert_printed(out.type_s, 0.46, 2);
  assert_printed(out.exaggeration_ratio, 77, 0);
  md_type_s_type_m(-2, 8.1, 0.05, &out);
  assert_printed(out.power, 0.06, 2);
  assert_printed(out.type_s, 0.24, 2);
  md_type_s_type_m(100, 1, 0.05, &out);
  assert_near(out.exaggeration_ratio, 1);
  md_type_s_type_m(0, 1, 0.05, &out);
  assert_near(out.power, 0.05);
  assert_missing(out.type_s);
  assert_non_null(out.why);
}

// Benjamini, Hochberg 1995, page 295: of 15 hypotheses four are rejected at 0.05, by Bonferroni three.
static void as_in_the_paper_of_benjamini_and_hochberg(void **state) {
  (void)state;
  const double p[] = {0.0459, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298,
                      0.0344, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  double bh[15], blunt[15], holm[15];
  size_t order[15];
  int by_bh = 0, by_bonferroni = 0;
  md_adjust_order(p, 15, order);
  md_adjust_bh(p, 15, order, bh);
  md_adjust_bonferroni(p, 15, blunt);
  md_adjust_holm(p, 15, order, holm);
  for (int i = 0; i < 15; i++) {
    by_bh += bh[i] <= 0.05;
    by_bonferroni += blunt[i] <= 0.05;
    assert_true(bh[i] <= holm[i] && holm[i] <= blunt[i]);
  }
  assert_int_equal(by_bh, 4);
  assert_int_equal(by_bonferroni, 3);
  assert_near(bh[4], 0.0095 * 15 / 4);
  assert_near(holm[2], 0.0004 * 14);
}

// Of a share of 0, n δ = (z + z)²(1 - δ/2): a tiny rise has its digits too, to the largest n.
static void a_tiny_rise_is_found(void **state) {
  (void)state;
  md_mde out;
  double z = md_normal_upper(0.025) + md_normal_quantile(0.8);
  for (double n = 1e6; n <= 9007199254740992; n *= 4) {
    md_mde_two_proportions(0, n, 0.05, 0.8, &out);
    assert_true(fabs(out.mde_absolute * n / (z * z) - 1) < 20 / n + 1e-12);
  }
  md_mde_two_proportions(1e-12, 1e14, 0.05, 0.8, &out);
  md_sample_size size;
  md_sample_size_two_proportions(1e-12, 1e-12 + out.mde_absolute, 0.05, 0.8, &size);
  assert_true(fabs(size.n_per_arm / 1e14 - 1) < 1e-3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_as_r_has_them), cmocka_unit_test(no_difference_needs_no_number),
      cmocka_unit_test(mde_is_the_inverse),  cmocka_unit_test(a_tiny_rise_is_found),
      cmocka_unit_test(a_winner_is_cursed),  cmocka_unit_test(as_in_the_paper_of_benjamini_and_hochberg)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
