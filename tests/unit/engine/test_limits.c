// SPDX-License-Identifier: Apache-2.0
// Limits that time has: R3's thirty days parked, T4's sixty starts an hour, W7's longest wait.
#include "shop.h"

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', " options                                \
  ", run = function(m, event)\n" body "\nend }\n"

static shop s;

static int set_up(void **state) {
  (void)state;
  shop_open(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  shop_close(&s);
  return 0;
}

// Parked runs are looked at in each batch's hour; a batch needs something that comes in.
static void pass(md_micros span) {
  shop_advance(&s, span);
  shop_event(&s, "nothing", "per", NULL);
}

// R3: a parked run is cancelled after 30 days, not before; its key is free then. A retry begins the time anew.
static void test_parked_for_thirty_days(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("on = 'a'", "error('boom')"), NULL);
  shop_event(&s, "a", "ida", NULL);
  pass(30 * MD_DAY - 2 * MD_HOUR);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  assert_int_equal(shop_retry(&s, 1), 0); // fails again
  pass(30 * MD_DAY - 2 * MD_HOUR);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", NULL)), "again");
  pass(4 * MD_HOUR);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_CANCELLED);
  assert_string_equal(shop_all_runs(&s).list[0].reason, "parked for 30 days");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", NULL)), "");
}

// T4: sixty starts by emitted events a moment and person in an hour; another person and the next hour are free.
static void test_sixty_starts_an_hour(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "from/moment.lua",
            MOMENT("on = 'a', again = 'parallel'", "for i = 1, 20 do m:emit { type = 'b', data = { n = i } } end"),
            "to/moment.lua", MOMENT("on = 'b', again = 'parallel'", "return 'started'"), NULL);
  for (int i = 0; i < 3; i++)
    shop_event(&s, "a", "ida", NULL);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 3 + 60);
  assert_string_equal(shop_unmatched(&s, md_events_last_seq(s.store)), "");
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_unmatched(&s, md_events_last_seq(s.store)), "rate");
  assert_int_equal(md_store_count(s.store, "runs", NULL), 4 + 60);
  shop_event(&s, "a", "bo", NULL);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 5 + 80);
  for (int i = 0; i < 30; i++) // events from outside are not counted
    shop_event(&s, "b", "ida", NULL);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 5 + 110);
  shop_advance(&s, MD_HOUR + MD_MINUTE);
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 6 + 130);
}

// T4: a timer resets the depth; without one the sixteenth in a chain starts nothing.
static void test_a_timer_resets_the_depth(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("on = { 'a', 'loop' }, again = 'parallel'", "m:sleep('1m')\nm:emit { type = 'loop' }\nreturn 'x'"),
            NULL);
  shop_event(&s, "a", "ida", NULL);
  shop_advance(&s, 30 * MD_MINUTE);
  assert_int_equal(md_store_count(s.store, "runs", NULL), 31);
}

// W7: a wait without a deadline answers nil after 400 days. W6: history answers no wait.
static void test_the_longest_wait(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("on = 'a'", "return m:wait_for('b') and 'came' or 'never'"),
            NULL);
  shop_event(&s, "a", "ida", NULL);
  md_event event;
  shop_prepare(&s, &event, "b", "ida", NULL, NULL);
  event.flags = MD_EVENT_HISTORY;
  shop_take(&s, &event);
  shop_advance(&s, 400 * MD_DAY - 1);
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_advance(&s, 1);
  assert_string_equal(shop_outcome(&s), "never");
}

// W7: after a downtime waits resolve by their due times, whatever the order in which they were opened.
static void test_after_a_downtime(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("on = 'a'", "m:sleep(event.data.n .. 'h')\nm:emit { type = 'woke', data = { n = event.data.n } }"),
            NULL);
  static const int hours[] = {5, 1, 4, 2, 3};
  for (int i = 0; i < 5; i++)
    shop_event(&s, "a", md_arena_printf(s.arena, "p%d", i), md_arena_printf(s.arena, "{\"n\":%d}", hours[i]));
  s.clock.at += 10 * MD_HOUR;
  shop_settle(&s);
  int64_t last = md_events_last_seq(s.store);
  for (int i = 0; i < 5; i++) {
    md_event event;
    assert_int_equal(md_events_get(s.store, last - 4 + i, s.arena, &event, NULL), 0);
    assert_string_equal(event.type, "woke");
    assert_string_equal(event.data_text, md_arena_printf(s.arena, "{\"n\":%d}", i + 1));
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {TEST(test_parked_for_thirty_days), TEST(test_sixty_starts_an_hour),
                                     TEST(test_a_timer_resets_the_depth), TEST(test_the_longest_wait),
                                     TEST(test_after_a_downtime)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
