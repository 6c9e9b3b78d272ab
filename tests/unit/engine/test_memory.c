// SPDX-License-Identifier: Apache-2.0
// S4, sentence by sentence: a script's memory ends at 64 MB, the turn is made once more in a fresh VM, then the run is
// parked and nothing of it has happened; whoever comes next has a VM without what was left behind.
#define SHOP_PLAN "return require 'plan'.define { person = { strong = { 'subject' } } }\n"
#include "shop.h"

// More than 64 MB that are all in use. Filling them takes more than the small budget, so the turn is put off first
// (S3).
#define HOG "local t = {} local x = ('x'):rep(1 << 20) for i = 1, 80 do t[i] = x .. i end\n"

typedef struct ear {
  char said[500];
} ear;

static void on_step(void *context, const md_run *run, const md_entry *entry) {
  (void)context, (void)run, (void)entry;
}

static void on_said(void *context, const md_run *run, const char *text, int line) {
  (void)run, (void)line;
  ear *at = context;
  size_t len = strlen(at->said);
  snprintf(at->said + len, sizeof at->said - len, "%s ", text);
}

static ear heard;
static const md_observer observer = {.context = &heard, .step = on_step, .said = on_said};

static int open_with_ear(void **state) {
  (void)state;
  heard.said[0] = '\0';
  shop_open_with(&s, NULL, SHOP_START, &(md_engine_options){.observer = &observer});
  return 0;
}

static md_run last_run(void) {
  shop_runs all = shop_all_runs(&s);
  return all.list[all.count - 1];
}

// "64 MB a VM"; "the turn is rerun once in a fresh VM, then the run is parked": twice with the large budget, after the
// one with the small.
static void test_S4_once_more_and_then_parked(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:log('begins')\n" HOG "m:log('ends')\nreturn 'ok'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(last_run().state, MD_RUN_PARKED);
  assert_non_null(strstr(last_run().reason, "m/moment.lua:4: out of memory: a script has 65536 KiB"));
  assert_string_equal(heard.said, "begins begins begins ");
}

// What is let go of is no memory: much more than 64 MB one after the other.
static void test_S4_garbage_is_not_counted(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local x = ('x'):rep(1 << 20) local y for i = 1, 80 do y = x .. i end\nreturn 'ok ' .. #y"));
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "ok 1048578");
}

// The undone turn has left nothing, in either attempt; the retry of what was mended does it once.
static void test_S4_nothing_of_it_has_happened(void **state) {
  (void)state;
  static const char steps[] = "m:add('n', 1)\nm:emit { type = 'seen' }\nm:send { template = 'x' }\n";
  load(MOMENT("on = 'a'", "m:add('n', 1)\nm:emit { type = 'seen' }\nm:send { template = 'x' }\n" HOG "return 'ok'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(last_run().state, MD_RUN_PARKED);
  assert_int_equal(last_run().steps, 0);
  assert_int_equal(md_store_count(s.store, "messages", NULL), 0);
  assert_int_equal(md_store_count(s.store, "events", NULL), 1);
  assert_int_equal(md_store_count(s.store, "stored_values", NULL), 0);
  load(md_arena_printf(s.arena, MOMENT("on = 'a'", "%s return 'n ' .. m:get('n')"), steps));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "n 1");
  assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
  assert_int_equal(md_store_count(s.store, "events", NULL), 2);
}

// pcall does not catch it, nor does anything that runs while it is told.
static void test_S4_it_is_not_caught(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "pcall(function() " HOG " end) m:set('bad', 1)",
      "xpcall(function() " HOG " end, function() m:set('bad', 1) end)",
      "local o = setmetatable({}, { __tostring = function() m:set('bad', 1) return 'x' end })\n"
      "pcall(function() " HOG " error(o) end) m:set('bad', 1)",
      "table.sort({ 2, 1 }, function() " HOG " end) m:set('bad', 1)",
      "(('x'):rep(9)):gsub('x', function() " HOG " end) m:set('bad', 1)",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    load(md_arena_printf(s.arena, MOMENT("on = 'a', again = 'parallel'", "%s"), bodies[i]));
    shop_event(&s, "a", "ida", NULL);
    if (last_run().state != MD_RUN_PARKED || !strstr(last_run().reason, "out of memory"))
      fail_msg("%s: %s", bodies[i], shop_outcome(&s));
    assert_int_equal(md_store_count(s.store, "stored_values", NULL), 0);
  }
}

// A run that waits is parked by the turn that answers it; its wait stands, and the mended version goes on from there.
static void test_S4_in_a_later_turn(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:add('n', 1)\nlocal e = m:wait_for('b', { within = '1h' })\n" HOG "return 'ok'"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "b", "ida", "{\"n\":7}");
  assert_int_equal(last_run().state, MD_RUN_PARKED);
  load(MOMENT("on = 'a'",
              "m:add('n', 1)\nlocal e = m:wait_for('b', { within = '1h' })\nreturn m:get('n') .. ' ' .. e.data.n"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "1 7");
}

// What one run left in a VM is not held against the next: twenty in a row that need half of it each.
static void test_S4_each_run_has_it_all(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'",
              "if event.data.big then " HOG " end\nlocal t = {} local x = ('x'):rep(1 << 20)\n"
              "for i = 1, 30 do t[i] = x .. i end\nkept = t\nreturn 'ok'"));
  for (int i = 0; i < 20; i++) {
    bool big = i % 5 == 4;
    shop_event(&s, "a", "ida", big ? "{\"big\":true}" : "{}");
    assert_int_equal(last_run().state, big ? MD_RUN_PARKED : MD_RUN_DONE);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_S4_once_more_and_then_parked, open_with_ear, tear_down),
      cmocka_unit_test_setup_teardown(test_S4_garbage_is_not_counted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_S4_nothing_of_it_has_happened, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_S4_it_is_not_caught, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_S4_in_a_later_turn, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_S4_each_run_has_it_all, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
