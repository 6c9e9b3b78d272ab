// SPDX-License-Identifier: Apache-2.0
// Tests of clock.c: the real clocks and the one moved by hand.
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void the_wall_agrees_with_time(void **state) {
  (void)state;
  md_clock *clock = md_clock_real();
  md_micros before = (md_micros)time(NULL) * MD_SECOND;
  md_micros now = clock->now(clock);
  assert_true(now >= before - MD_SECOND);
  assert_true(now <= before + MD_HOUR);
}

static void monotonic_and_boot_never_go_back(void **state) {
  (void)state;
  md_clock *clock = md_clock_real();
  md_micros monotonic = clock->monotonic(clock), boot = clock->boot(clock);
  for (int i = 0; i < 10000; i++) {
    md_micros next = clock->monotonic(clock);
    assert_true(next >= monotonic);
    monotonic = next;
    next = clock->boot(clock);
    assert_true(next >= boot);
    boot = next;
  }
}

static void virtual_stands_where_it_is_put(void **state) {
  (void)state;
  md_virtual_clock virtual;
  md_virtual_clock_init(&virtual, 42);
  md_clock *clock = &virtual.clock;
  assert_int_equal(clock->now(clock), 42);
  virtual.at += 3 * MD_DAY;
  assert_int_equal(clock->now(clock), 42 + 259200000000);
  assert_int_equal(clock->monotonic(clock), virtual.at);
  assert_int_equal(clock->boot(clock), virtual.at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_wall_agrees_with_time),
      cmocka_unit_test(monotonic_and_boot_never_go_back),
      cmocka_unit_test(virtual_stands_where_it_is_put),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
