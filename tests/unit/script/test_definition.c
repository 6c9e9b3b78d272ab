// SPDX-License-Identifier: Apache-2.0
// moment.define and the options of the steps: what is taken, what is refused, and how it is told (S9).
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_a_full_definition(void **state) {
  (void)state;
  script_fixture f;
  script_open(&f, "return require('moment').define { title = 'Abandoned cart', class = 'marketing',\n"
                  "on = { 'cart.updated', 'cart.*' }, about = 'cart', where = function() return true end,\n"
                  "again = 'restart', max_age = '1d', limit = { runs = 1, per = '7d' },\n"
                  "goal = { event = 'order.placed', within = '7d', from = 'exposure' },\n"
                  "templates = { 'a_b', 'c' }, run = function() end }");
  const md_definition *d = md_vm_definition(f.vm);
  assert_string_equal(d->moment, "m1");
  assert_string_equal(d->title, "Abandoned cart");
  assert_string_equal(d->class_name, "marketing");
  assert_string_equal(d->on[0], "cart.updated");
  assert_string_equal(d->on[1], "cart.*");
  assert_null(d->on[2]);
  assert_string_equal(d->about, "cart");
  assert_int_equal(d->again, MD_AGAIN_RESTART);
  assert_int_equal(d->max_age, MD_DAY);
  assert_int_equal(d->limit_runs, 1);
  assert_int_equal(d->limit_per, 7 * MD_DAY);
  assert_string_equal(d->goal_event, "order.placed");
  assert_int_equal(d->goal_within, 7 * MD_DAY);
  assert_string_equal(d->goal_from, "exposure");
  assert_string_equal(d->templates[0], "a_b");
  assert_string_equal(d->templates[1], "c");
  assert_null(d->templates[2]);
  assert_true(d->has_where);
  script_close(&f);
}

static void test_a_short_definition(void **state) {
  (void)state;
  script_fixture f;
  script_open(&f, "return require('moment').define { class = 'service', on = 'a', run = function() end }");
  const md_definition *d = md_vm_definition(f.vm);
  assert_string_equal(d->title, "m1");
  assert_string_equal(d->on[0], "a");
  assert_null(d->on[1]);
  assert_null(d->about);
  assert_int_equal(d->again, MD_AGAIN_SKIP);
  assert_int_equal(d->max_age, -1);
  assert_int_equal(d->limit_runs, 0);
  assert_null(d->templates[0]);
  assert_null(d->goal_event);
  assert_false(d->has_where);
  script_close(&f);
}

static void refused(const char *fields, const char *text) {
  char moment[600];
  snprintf(moment, sizeof moment,
           "local moment = require 'moment'\nlocal function run() end\n"
           "return moment.define { %s }",
           fields);
  script_expect_refused(moment, MD_ESCRIPT, text);
  script_expect_refused(moment, MD_ESCRIPT, "m1/moment.lua:3: moment.define");
}

static void test_wrong_definitions_are_refused(void **state) {
  (void)state;
  refused("class = 'service', on = 'a', run = run, titel = 'x'", "has no option 'titel'; did you mean 'title'?");
  refused("class = 'service', on = 'a', run = run, zzzzzz = 1", "has no option 'zzzzzz'; it has: about again class");
  refused("'a'", "takes named options");
  refused("on = 'a', run = run", "needs a class");
  refused("class = 'sales', on = 'a', run = run",
          "class is 'sales'; it must be one of: feedback marketing security service");
  refused("class = 'service', run = run", "needs on:");
  refused("class = 'service', on = {}, run = run", "needs on:");
  refused("class = 'service', on = 5, run = run", "on must be a type, a schedule, or a list of them, not number");
  refused("class = 'service', on = { 'a', 5 }, run = run",
          "on must be a type, a schedule, or a list of them, not number");
  refused("class = 'service', on = 'order placed', run = run", "'order placed' is no event type");
  refused("class = 'service', on = '*', run = run", "'*' is no event type");
  refused("class = 'service', on = 'a'", "needs run:");
  refused("class = 'service', on = 'a', run = 'x'", "run must be a function, not string");
  refused("class = 'service', on = 'a', run = run, where = true", "where must be a function, not boolean");
  refused("class = 'service', on = 'a', run = run, again = 'twice'", "must be one of: skip restart queue parallel");
  refused("class = 'service', on = 'a', run = run, max_age = '-1d'", "max_age");
  refused("class = 'service', on = 'a', run = run, max_age = -1", "max_age is negative");
  refused("class = 'service', on = 'a', run = run, max_age = '500d'", "max_age");
  refused("class = 'service', on = 'a', run = run, limit = 1", "limit must be a table");
  refused("class = 'service', on = 'a', run = run, limit = { runs = 1 }", "limit needs runs and per");
  refused("class = 'service', on = 'a', run = run, limit = { runs = 1.5, per = '1d' }", "must be a whole number");
  refused("class = 'service', on = 'a', run = run, limit = { run = 1, per = '1d' }", "did you mean 'runs'?");
  refused("class = 'service', on = 'a', run = run, goal = { event = 'x' }", "goal needs event and within");
  refused("class = 'service', on = 'a', run = run, goal = { event = 'x', within = '1d', from = 'y' }",
          "must be one of: exposure trigger");
  refused("class = 'service', on = 'a', run = run, templates = { 'A' }", "'A' is no template's name");
  refused("class = 'service', on = 'a', run = run, about = 'Cart!'", "'Cart!' is no kind of thing");
  refused("class = 'service', on = 'a', run = run, title = ''", "title is empty");
}

static void test_wrong_files_are_refused(void **state) {
  (void)state;
  script_expect_refused("return 5", MD_ESCRIPT, "m1/moment.lua:1: the file must end with: return moment.define");
  script_expect_refused("require('moment').define { class = 'service', on = 'a', run = function() end }", MD_ESCRIPT,
                        "the file must end with");
  script_expect_refused("return {\nx = }", MD_ESYNTAX, "m1/moment.lua:2: unexpected symbol");
  script_expect_refused("\nerror 'so'", MD_ESCRIPT, "m1/moment.lua:2: so");
  script_expect_refused("local d = require('moment').define\nlocal t = { class = 'service', on = 'a', run = error }\n"
                        "d(t) return d(t)",
                        MD_ESCRIPT, "moment.define is called twice");
  script_expect_refused("return require('moment').define(5)", MD_ESCRIPT, "moment.define takes a table");
  script_expect_refused("return require('moment').defin {}", MD_ESCRIPT, "there is no moment.defin; did you mean");
  script_expect_refused("require('plan').define {}", MD_ESCRIPT, "plan.define belongs in events.lua");
}

static void test_wrong_steps_raise(void **state) {
  (void)state;
  static const char *const wrong[][2] = {
      {"m:wait_for()", "m:wait_for: the type must be a text or a list of texts, not nil"},
      {"m:wait_for({})", "must be a list of 1 to 64"},
      {"m:wait_for('a b')", "'a b' is no event type"},
      {"m:wait_for('a', { whitin = 1 })", "m:wait_for has no option 'whitin'; did you mean 'within'?"},
      {"m:wait_for('a', { by = 5 })", "m:wait_for: by must be a text"},
      {"m:wait_for('a', '1h')", "m:wait_for takes its options as a table"},
      {"m:wait_for('a', { within = '1h', before = 5 })", "takes within or before, not both"},
      {"m:wait_for('a', { within = -1 })", "m:wait_for: within is negative"},
      {"m:wait_for('a', { within = 0/0 })", "m:wait_for: within is negative"},
      {"m:wait_for('a', { within = '401d' })", "m:wait_for: within"},
      {"m:wait_for('a', { within = 401 * 86400 })", "m:wait_for: within is over 400 days"},
      {"m:wait_for('a', { within = '1 fortnight' })", "m:wait_for: within"},
      {"m:wait_for('a', { within = true })", "m:wait_for: within must be a duration such as \"15m\", or seconds"},
      {"m:wait_for('a', { before = '1h' })", "before must be a time in seconds"},
      {"m:wait_for('a', { before = -5 })", "before is no time"},
      {"m:sleep()", "m:sleep must be a duration"},
      {"m:emit('x')", "m:emit takes a table"},
      {"m:emit {}", "m:emit needs a type"},
      {"m:emit { type = 'order.*' }", "is no event type"},
      {"m:emit { type = 'message.failed' }", "types that begin with 'message.' are the host's"},
      {"m:emit { type = 'a', data = { 1 } }", "data must be a table with names"},
      {"m:get()", "m:get: the key must be a text, not nil"},
      {"m:get('')", "m:get: the key is empty"},
      {"m:get(('x'):rep(257))", "m:get: the key is longer than 256 bytes"},
      {"m:set('k', 1, { tll = 1 })", "m:set has no option 'tll'; did you mean 'ttl'?"},
      {"m:add('k', 'x')", "m:add: n must be a number, not string"},
      {"m:add('k', 0/0)", "m:add: n is not a number"},
      {"m:update_profile { 1 }", "m:update_profile takes a table with names"},
      {"m:update_profile { name = 5 }", "m:update_profile: name must be a text"},
      {"m:update_profile { consent = {} }", "consent is given by consent.given"},
      {"m:send('x')", "m:send takes a table"},
      {"m:send {}", "m:send needs a template"},
      {"m:send { template = 'Big' }", "'Big' is no template's name"},
      {"m:send { template = 'x', datas = {} }", "m:send has no option 'datas'; did you mean 'data'?"},
      {"m:send { template = 'x', data = 'y' }", "m:send: data must be a table with names, not string"},
      {"m:send { template = 'x', data = { 1 } }", "m:send: data must be a table with names, not a list"},
      {"m:send { template = 'x', channel = 'pigeon' }", "channel is 'pigeon'; it must be one of: email"},
      {"m:send { template = 'x', urgent = 'yes' }", "urgent must be true or false, not string"},
      {"m:send { template = 'x', send_at = '9:00' }", "send_at must be a time in seconds"},
      {"m:send { template = 'x', fallback_template = 'x/y' }", "'x/y' is no template's name"},
      {"m:send { template = 'x', locale = 5 }", "m:send: locale must be a text, not number"},
      {"m:send { template = 'x', unless = 'order.placed' }", "m:send: unless must be a table: { past ="},
      {"m:send { template = 'x', unless = { past = 'a' } }", "m:send: unless needs past and within"},
      {"m:send { template = 'x', unless = { past = 'a b', within = '1d' } }", "'a b' is no event type"},
      {"m:send { template = 'x', unless = { pst = 'a' } }", "m:send: unless has no option 'pst'; did you mean 'past'?"},
      {"m:send { template = 'x', max_lateness = 'soon' }", "max_lateness"},
      {"m:send { template = 'x', products = {} }", "m:send: products must be a text, not table"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    script_expect_error(wrong[i][0], wrong[i][1]);
    script_expect_error(wrong[i][0], "m1/moment.lua:3: ");
  }
}

static void test_steps_arrive_in_normal_form(void **state) {
  (void)state;
  static const char *const right[][2] = {
      {"m:wait_for('a.*', { before = 1.5 })", "wait_for a.* {\"before\":1.5,\"types\":[\"a.*\"]} m1/moment.lua:3\n"},
      {"m:wait_for { 'c', 'b', 'c' }", "wait_for b,c {\"types\":[\"b\",\"c\"]} m1/moment.lua:3\n"},
      {"m:sleep('250ms')", "sleep  {\"for\":0.25} m1/moment.lua:3\n"},
      {"m:sleep(90)", "sleep  {\"for\":90} m1/moment.lua:3\n"},
      {"m:emit { type = 'x', data = { a = 1 } }", "emit x {\"data\":{\"a\":1},\"type\":\"x\"} m1/moment.lua:3\n"},
      {"m:profile()", "profile  {} m1/moment.lua:3\n"},
      {"m:update_profile { phone = null }", "update_profile  {\"phone\":null} m1/moment.lua:3\n"},
      {"m:set('k', 1, { ttl = '30d' })", "set k {\"key\":\"k\",\"ttl\":2592000,\"value\":1} m1/moment.lua:3\n"},
      {"m:add('k')", "add k {\"key\":\"k\",\"n\":1} m1/moment.lua:3\n"},
      {"m:add('k', -0.5)", "add k {\"key\":\"k\",\"n\":-0.5} m1/moment.lua:3\n"},
      {"m:send { template = 'x', unless = { past = 'order.*', within = '2d' }, max_lateness = '1h', products = 'wine' "
       "}",
       "send x {\"data\":{},\"max_lateness\":3600,\"products\":\"wine\",\"template\":\"x\",\"unless\":{\"past\":"
       "\"order.*\",\"within\":172800}} m1/moment.lua:3\n"},
      {"\n\nreturn m:send { template = 'x' }.id", "send x {\"data\":{},\"template\":\"x\"} m1/moment.lua:5\n"},
      {"m:send { template = 'x', data = { a = 1 }, channel = 'email', variant = 'b', locale = 'en', to = 'team',"
       "urgent = true, send_at = 7, fallback_template = 'y' }",
       "send x {\"channel\":\"email\",\"data\":{\"a\":1},\"fallback_template\":\"y\",\"locale\":\"en\",\"send_at\":7,"
       "\"template\":\"x\",\"to\":\"team\",\"urgent\":true,\"variant\":\"b\"} m1/moment.lua:3\n"},
  };
  for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
    script_fixture f;
    md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
    const char *text = script_with_body(right[i][0]);
    md_json_scope(before);
    script_open(&f, text);
    f.verbose_trace = true;
    md_turn_result result = script_turn(&f, NULL);
    if (result > MD_TURN_SUSPENDED) fail_msg("%s", f.err.text);
    assert_string_equal(f.trace, right[i][1]);
    script_close(&f);
    md_arena_free(arena);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_full_definition),
      cmocka_unit_test(test_a_short_definition),
      cmocka_unit_test(test_wrong_definitions_are_refused),
      cmocka_unit_test(test_wrong_files_are_refused),
      cmocka_unit_test(test_wrong_steps_raise),
      cmocka_unit_test(test_steps_arrive_in_normal_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
