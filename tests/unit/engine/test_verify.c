// SPDX-License-Identifier: Apache-2.0
// Tests of md_engine_options.verify itself (R1, R2): a turn whose second replay meets other steps, opens another wait
// or ends otherwise is told. No script can read what is not journaled, so the messenger of these tests changes the data
// of the trigger in the middle of the turn.
#define SHOP_PLAN                                                                                                      \
  "return require('plan').define { person = { strong = { 'subject' } },\n"                                             \
  "events = { a = { means = 'a' }, b = { means = 'b' }, c = { means = 'c' } } }\n"
#include "shop.h"

static json_t *changed; // the trigger's data, or NULL: it stays

static int decide(void *context, md_store *store, const md_send *send, md_arena *arena, md_message *out,
                  md_error *err) {
  if (changed) json_object_set_new(changed, "word", json_string("other"));
  return shop_decide(context, store, send, arena, out, err);
}

// What becomes of a run of this body about { word: "one" }.
static const char *outcome(const char *body, bool change) {
  md_event event;
  s.messenger.decide = decide;
  load(md_arena_printf(s.arena, MOMENT("on = 'a', again = 'parallel'", "%s"), body));
  shop_prepare(&s, &event, "a", "ida", "{\"word\":\"one\"}", NULL);
  changed = change ? event.data : NULL;
  shop_take(&s, &event);
  return shop_outcome(&s);
}

static void differs(const char *body, const char *says) {
  const char *same = outcome(body, false), *other = outcome(body, true);
  if (strstr(same, "second replay") || strstr(same, "diverges")) fail_msg("nothing was changed: %s", same);
  if (!strstr(other, says)) fail_msg("\"%s\" does not say \"%s\"", other, says);
  assert_int_equal(shop_all_runs(&s).list[1].state, MD_RUN_PARKED);
}

static void test_R1_another_outcome_is_told(void **state) {
  (void)state;
  differs("local word = event.data.word\nm:send { template = 'x' }\nreturn word", "a second replay ended otherwise");
}

static void test_R1_another_wait_is_told(void **state) {
  (void)state;
  differs("local word = event.data.word\nm:send { template = 'x' }\nm:wait_for(word == 'one' and 'b' or 'c')",
          "a second replay did something else: wait_for(c) at m/moment.lua:5");
}

static void test_R1_another_step_is_told(void **state) {
  (void)state;
  differs("if event.data.word == 'one' then m:send { template = 'x' } else m:set('k', 1) end\nreturn 'x'",
          "diverged at step 1: the journal has send(x)");
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_R1_another_outcome_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R1_another_wait_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_R1_another_step_is_told, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
