// SPDX-License-Identifier: Apache-2.0
// Assignment: GrowthBook's own ranges, even shares, and a ramp that moves nobody.
#include "experiment/assign.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const double halves[] = {0.5, 0.5};

static int arm_of(int person, double coverage) {
  char unit[16];
  snprintf(unit, sizeof unit, "%d", person);
  return md_experiment_assign("cart_subject", coverage, halves, 2, unit);
}

static void test_shares(void **state) {
  (void)state;
  int count[3] = {0};
  for (int i = 0; i < 20000; i++)
    count[arm_of(i, 0.4) + 1]++;
  assert_in_range(count[0], 11600, 12400);
  assert_in_range(count[1], 3700, 4300);
  assert_in_range(count[2], 3700, 4300);
}

static void test_a_ramp_moves_nobody(void **state) {
  (void)state;
  for (int i = 0; i < 5000; i++)
    for (int percent = 0; percent < 100; percent += 10) {
      int before = arm_of(i, percent / 100.0);
      if (before >= 0) assert_int_equal(arm_of(i, (percent + 10) / 100.0), before);
    }
}

static void test_nobody_and_nonsense(void **state) {
  (void)state;
  assert_int_equal(arm_of(1, 0), -1);
  assert_int_equal(md_experiment_assign("s", 1, halves, 0, "1"), -1);
  assert_int_equal(md_experiment_assign("s", 1, halves, 17, "1"), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shares), cmocka_unit_test(test_a_ramp_moves_nobody),
                                     cmocka_unit_test(test_nobody_and_nonsense)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
