// SPDX-License-Identifier: Apache-2.0
// Who looks on is told of each step of each replay, with the lines that led to it and its answer.
#include "shop.h"

static md_buffer seen;
static shop s;

static const char *answer_name(const md_answer *answer) {
  switch (answer->kind) {
  case MD_ANSWER_SUSPEND:
    return "waits";
  case MD_ANSWER_EVENT:
    return answer->event.type;
  case MD_ANSWER_VALUE:
    return answer->value ? "value" : "nil";
  default:
    return "other";
  }
}

static void on_replayed(void *context, const md_run *run, int index, const md_step *step, const md_answer *answer) {
  (void)run;
  md_buffer_printf(context, "%d %s %s: %s\n", index, md_step_kind_name(step->kind), step->trace, answer_name(answer));
}

static const md_observer observer = {.context = &seen, .replayed = on_replayed};

static int open(void **state) {
  (void)state;
  md_buffer_init(&seen);
  md_buffer_puts(&seen, "");
  shop_open_with(&s, NULL, SHOP_START, &(md_engine_options){.observer = &observer});
  return 0;
}

static int close(void **state) {
  (void)state;
  md_buffer_deinit(&seen);
  shop_close(&s);
  return 0;
}

// The third line is the helper's, the fifth and sixth those that call it.
static const char helper[] = "local moment = require 'moment'\n"
                             "local function bought(m, within)\n"
                             "  return m:wait_for('b', { within = within }) ~= nil\nend\n"
                             "return moment.define { class = 'service', on = 'a', run = function(m)\n"
                             "  if bought(m, '1h') then return 'soon' end\n"
                             "  if bought(m, '2h') then return 'late' end\nend }\n";

static void expect(const char *wanted) {
  assert_true(md_buffer_ok(&seen));
  assert_string_equal(seen.data, wanted);
  md_buffer_clear(&seen);
  md_buffer_puts(&seen, "");
}

static void steps_come_with_their_lines(void **state) {
  (void)state;
  shop_load(&s, "m/moment.lua", helper, NULL);
  shop_event(&s, "a", "ida", NULL);
  expect("0 wait_for m/moment.lua:3 m/moment.lua:6: waits\n");
  shop_advance(&s, 2 * MD_HOUR);
  expect("0 wait_for m/moment.lua:3 m/moment.lua:6: nil\n"
         "1 wait_for m/moment.lua:3 m/moment.lua:7: waits\n");
  shop_event(&s, "b", "ida", NULL);
  expect("0 wait_for m/moment.lua:3 m/moment.lua:6: nil\n"
         "1 wait_for m/moment.lua:3 m/moment.lua:7: b\n");
  assert_string_equal(shop_outcome(&s), "late");
}

// A long chain of calls is cut, not refused.
static void deep_calls_are_cut(void **state) {
  (void)state;
  shop_load(&s, "m/moment.lua",
            "local moment = require 'moment'\n"
            "local function down(m, n) if n == 0 then m:sleep('1h') else down(m, n - 1) end return n end\n"
            "return moment.define { class = 'service', on = 'a', run = function(m) down(m, 150) end }\n",
            NULL);
  shop_event(&s, "a", "ida", NULL);
  assert_true(strncmp(seen.data, "0 sleep m/moment.lua:2 m/moment.lua:2 ", 38) == 0);
  assert_in_range(seen.len, 1000, 1060);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(steps_come_with_their_lines, open, close),
      cmocka_unit_test_setup_teardown(deep_calls_are_cut, open, close),
  };
  md_json_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
