// SPDX-License-Identifier: Apache-2.0
// Engine time (B3): never back, held after a jump, going on when the clock is right again or said to be.
#include "engine/timekeeper.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct clock3 {
  md_clock clock;
  md_micros wall, ticks;
} clock3;

static md_micros wall(md_clock *clock) {
  return ((clock3 *)clock)->wall;
}

static md_micros ticks(md_clock *clock) {
  return ((clock3 *)clock)->ticks;
}

static clock3 at(md_micros now) {
  return (clock3){{wall, ticks, ticks}, now, 0};
}

static void pass(clock3 *clock, md_micros span) {
  clock->wall += span;
  clock->ticks += span;
}

static void test_never_back(void **state) {
  (void)state;
  clock3 clock = at(1000 * MD_DAY);
  md_timekeeper time;
  md_timekeeper_init(&time, &clock.clock, 0);
  pass(&clock, MD_SECOND);
  assert_int_equal(md_timekeeper_tick(&time), 1000 * MD_DAY + MD_SECOND);
  clock.wall -= MD_HOUR; // set back: time goes on with the monotonic clock
  pass(&clock, MD_SECOND);
  assert_int_equal(md_timekeeper_tick(&time), 1000 * MD_DAY + 2 * MD_SECOND);
  assert_false(time.held);
}

static void test_jump_is_held(void **state) {
  (void)state;
  clock3 clock = at(1000 * MD_DAY);
  md_timekeeper time;
  md_timekeeper_init(&time, &clock.clock, 0);
  clock.wall += 3 * MD_DAY;
  pass(&clock, MD_SECOND);
  assert_int_equal(md_timekeeper_tick(&time), 1000 * MD_DAY + MD_SECOND);
  assert_true(time.held);
  clock.wall -= 3 * MD_DAY;
  pass(&clock, MD_SECOND);
  md_timekeeper_tick(&time);
  assert_false(time.held);
}

static void test_reset(void **state) {
  (void)state;
  clock3 clock = at(1000 * MD_DAY);
  md_timekeeper time;
  md_timekeeper_init(&time, &clock.clock, 2000 * MD_DAY); // stored while the clock was wrong
  assert_true(md_timekeeper_tick(&time) >= 2000 * MD_DAY);
  md_timekeeper_reset(&time);
  assert_int_equal(md_timekeeper_tick(&time), 1000 * MD_DAY);
}

static void test_gap_at_start(void **state) {
  (void)state;
  clock3 clock = at(1000 * MD_DAY);
  md_timekeeper time;
  md_timekeeper_init(&time, &clock.clock, 969 * MD_DAY);
  assert_true(md_timekeeper_gap(&time, 969 * MD_DAY));
  assert_false(md_timekeeper_gap(&time, 970 * MD_DAY));
  assert_false(md_timekeeper_gap(&time, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_never_back), cmocka_unit_test(test_jump_is_held),
                                     cmocka_unit_test(test_reset), cmocka_unit_test(test_gap_at_start)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
