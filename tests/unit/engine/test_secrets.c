// SPDX-License-Identifier: Apache-2.0
// Secrets in the engine: what is stored of an event, what a script has, when a key goes (X1, X2).
#include "base/alloc.h"
#include "base/secret.h"
#include "shop.h"
#include "store/vault.h"

static const char plan[] =
    "local p = require 'plan'\n"
    "return p.define { person = { strong = { 'subject' }, weak = { 'data.anon' } },\n"
    "  things = { order = { of = 'person', at = 'data.order' } },\n"
    "  events = { reset = { secret = { 'data.link', 'data.user.token' }, address = { email = 'data.user.email' },\n"
    "    typed = { ['data.at'] = 'time', ['data.shop'] = 'text', ['data.name'] = 'name' } } } }\n";

static const char script[] = "local moment = require 'moment'\n"
                             "return moment.define { class = 'service', on = 'reset', again = 'parallel',\n"
                             "  run = function(m, event)\n%s\nend }\n";

static void open_with(shop *s, const char *body) {
  shop_open(s);
  shop_load(s, "events.lua", plan, "m/moment.lua", md_arena_printf(s->arena, script, body), NULL);
  assert_string_equal(s->problems, "");
}

static const char *stored(shop *s, int64_t seq) {
  md_event event;
  md_error err = {0};
  if (md_events_get(s->store, seq, s->arena, &event, &err)) fail_msg("%s", err.text);
  return event.data_text;
}

static void test_X1_only_what_is_declared_is_readable(void **state) {
  (void)state;
  shop s;
  open_with(&s, "return 'x'");
  int64_t seq =
      shop_event(&s, "reset", "ida",
                 "{\"anon\":\"a1\",\"at\":\"2026-01-01T00:00:00Z\",\"link\":\"L\",\"name\":{\"x\":\"L\"},"
                 "\"note\":\"see L\",\"order\":5,\"shop\":\"dk\",\"user\":{\"a.b\":\"L\",\"email\":\"i@x.dk\","
                 "\"other\":\"L\",\"token\":{\"deep\":[\"L\"]}},\"user.email\":\"L\",\"L\":1}");
  assert_string_equal(stored(&s, seq),
                      "{\"anon\":\"a1\",\"at\":\"2026-01-01T00:00:00Z\",\"link\":\"[secret]\",\"order\":5,"
                      "\"shop\":\"dk\",\"user\":{\"email\":\"i@x.dk\",\"token\":\"[secret]\"}}");
  seq = shop_event(&s, "reset", "ida", "{\"link\":null,\"shop\":\"dk\"}");
  assert_string_equal(stored(&s, seq), "{\"shop\":\"dk\"}");
  seq = shop_event(&s, "reset", "ida", "[1,\"L\"]"); // no object: nothing of it can be declared
  assert_string_equal(stored(&s, seq), "{}");
  seq = shop_event(&s, "other", "ida", "{\"link\":\"L\"}");
  assert_string_equal(stored(&s, seq), "{\"link\":\"L\"}");
  shop_close(&s);
}

// Bytes have no paths, and extensions are declared nowhere.
static void test_X1_bytes_are_refused_and_extensions_not_kept(void **state) {
  (void)state;
  shop s;
  md_event event;
  open_with(&s, "return 'x'");
  shop_prepare(&s, &event, "reset", "ida", NULL, "bytes");
  event.extensions = "{\"data_base64\":\"TEtJTks=\"}";
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_REFUSED);
  assert_int_equal(md_store_count(s.store, "events", NULL), 0);
  static const char *const datas[] = {"{\"link\":\"L\"}", NULL};
  for (int i = 0; i < 2; i++) {
    shop_prepare(&s, &event, "reset", "ida", datas[i], i ? "two" : "one");
    event.extensions = "{\"note\":\"see L, \\\"data_base64\\\":\"}";
    shop_take(&s, &event);
    assert_int_equal(s.status, MD_EVENT_ACCEPTED);
    assert_int_equal(md_events_get(s.store, i + 1, s.arena, &event, NULL), 0);
    assert_null(event.extensions);
  }
  shop_prepare(&s, &event, "other", "ida", NULL, "three");
  event.extensions = "{\"data_base64\":\"TEtJTks=\"}";
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_ACCEPTED);
  shop_close(&s);
}

// What a script sees is the same in the first turn and in a replay, and after the key is gone.
static void test_X1_a_script_has_an_opaque_value(void **state) {
  (void)state;
  shop s;
  open_with(&s, "local function seen(d) return type(d.link) .. type(d.user) .. type(d.user.token) .. type(d.note) ..\n"
                "  d.shop .. (d.user.email or '?') end\n"
                "local before = seen(event.data)\nm:sleep('2h')\nreturn before .. ' ' .. seen(event.data)");
  shop_event(&s, "reset", "ida",
             "{\"link\":\"L\",\"note\":\"x\",\"shop\":\"dk\",\"user\":{\"email\":\"i@x.dk\",\"token\":\"t\"}}");
  shop_advance(&s, 3 * MD_HOUR);
  assert_int_equal(md_vault_count(s.store), 0);
  assert_string_equal(shop_outcome(&s), "userdatatableuserdatanildki@x.dk userdatatableuserdatanildki@x.dk");
  shop_close(&s);
}

static void test_X1_whatever_is_done_with_it_raises(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "return l .. 'x'",
      "return 'x' .. l",
      "return l.x",
      "l.x = 1",
      "return #l",
      "return l()",
      "return l < 'x'",
      "return l <= l",
      "return -l",
      "return l + 1",
      "return 1 // l",
      "return l & 1",
      "return tostring(l)",
      "for k in pairs(l) do end",
      "return l == event.data.user.token",
      "m:set('k', l)",
      "m:set('k', { l })",
      "m:update_profile { x = l }",
      "m:emit { type = 'x', data = { l = l } }",
      "return string.format('%s', l)",
      "return string.rep(l, 2)",
      "return l",
      "m:sleep(l)",
      "m:wait_for(l)",
      "m:log(l)",
      "m:log('x', l)",
      "error(l)",
      "error({ l })",
      "m:send { template = l }",
      "m:send { template = 'x', to = l }",
      "m:get(l)",
      "return select(l, 1)",
      "return setmetatable(l, {})",
      "return next(l)",
      "return utf8.len(l)",
      "return table.concat({ l })",
      "return math.floor(l)",

      "return tonumber(l, 10)",
      "return ('x'):find(l)",
      "return rawlen(l)",
      "return rawget(l, 1)",
      "local t = { l, l }\ntable.sort(t)",
      "return getmetatable(l).__index",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    shop s;
    char body[200];
    snprintf(body, sizeof body, "local l = event.data.link\n%s", bodies[i]);
    open_with(&s, body);
    shop_event(&s, "reset", "ida", "{\"link\":\"LINK\",\"user\":{\"token\":\"LINK\"}}");
    shop_runs all = shop_all_runs(&s);
    if (all.count != 1 || all.list[0].state != MD_RUN_PARKED) fail_msg("%s: not parked", bodies[i]);
    if (strstr(all.list[0].reason, "LINK")) fail_msg("%s: %s", bodies[i], all.list[0].reason);
    if (!strstr(all.list[0].reason, "m/moment.lua:")) fail_msg("%s: %s", bodies[i], all.list[0].reason);
    shop_close(&s);
  }
}

static void test_X1_nobody_forges_one(void **state) {
  (void)state;
  shop s;
  open_with(&s, "m:send { template = 'x', data = { l = '\\0' .. '1:link' } }");
  shop_event(&s, "reset", "ida", "{\"link\":\"LINK\"}");
  assert_non_null(strstr(shop_outcome(&s), "has a NUL byte"));
  shop_close(&s);
}

static void test_X1_the_key_goes_with_its_run(void **state) {
  (void)state;
  shop s;
  open_with(&s, "m:sleep('10m')\nreturn 'x'");
  shop_event(&s, "reset", "ida", "{\"link\":\"L\"}");
  assert_int_equal(md_vault_count(s.store), 1);
  shop_advance(&s, 9 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 1);
  shop_advance(&s, 2 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 0);
  shop_event(&s, "reset", NULL, "{\"link\":\"L\"}"); // starts nothing: nobody is known
  assert_int_equal(md_vault_count(s.store), 0);
  shop_close(&s);
}

static void test_X1_the_key_goes_after_an_hour(void **state) {
  (void)state;
  shop s;
  open_with(&s, "m:sleep('10d')\nreturn 'x'");
  shop_event(&s, "reset", "ida", "{\"link\":\"L\"}");
  shop_advance(&s, MD_HOUR - MD_SECOND);
  assert_int_equal(md_vault_count(s.store), 1);
  s.clock.at += MD_SECOND;
  shop_settle(&s); // without anything to do
  assert_int_equal(md_vault_count(s.store), 0);
  shop_close(&s);
}

static void test_X1_a_wait_keeps_what_it_may_take(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(
      &s, "events.lua", plan, "m/moment.lua",
      "local moment = require 'moment'\n"
      "return moment.define { class = 'service', on = 'start', run = function(m, event)\n"
      "  local e = m:wait_for('reset', { within = '30m' })\n  m:sleep('10m')\n  return type(e.data.link)\nend }\n",
      NULL);
  shop_event(&s, "start", "ida", NULL);
  shop_event(&s, "reset", "ida", "{\"link\":\"L\"}");
  assert_int_equal(md_vault_count(s.store), 1); // consumed by a live run
  shop_event(&s, "reset", "bo", "{\"link\":\"L\"}");
  assert_int_equal(md_vault_count(s.store), 1); // nobody's
  shop_advance(&s, 11 * MD_MINUTE);
  assert_string_equal(shop_outcome(&s), "userdata");
  assert_int_equal(md_vault_count(s.store), 0);
  shop_close(&s);
}

static void test_T5_duplicates_are_told_by_a_keyed_digest(void **state) {
  (void)state;
  shop s;
  md_event event;
  open_with(&s, "return 'x'");
  shop_prepare(&s, &event, "reset", "ida", "{\"link\":\"L\"}", "one");
  uint8_t plain[MD_EVENT_DIGEST_SIZE], kept[MD_EVENT_DIGEST_SIZE];
  memcpy(plain, event.digest, sizeof plain);
  shop_take(&s, &event);
  int64_t seq = 0;
  assert_int_equal(md_events_find_id(s.store, "/test", "one", &seq, kept, NULL), 0);
  assert_memory_not_equal(kept, plain, sizeof plain);
  shop_prepare(&s, &event, "reset", "ida", "{\"link\":\"L\"}", "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_DUPLICATE);
  shop_prepare(&s, &event, "reset", "ida", "{\"link\":\"M\"}", "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_CONFLICTING);
  shop_close(&s);
}

static void test_X1_emitted_events_too(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            "local moment = require 'moment'\n"
            "return moment.define { class = 'service', on = 'start', run = function(m, event)\n"
            "  m:emit { type = 'reset', data = { link = 'L', note = 'L', shop = 'dk' } }\nend }\n",
            "n/moment.lua", md_arena_printf(s.arena, script, "return type(event.data.link) .. event.data.shop"), NULL);
  int64_t seq = shop_event(&s, "start", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "userdatadk");
  assert_string_equal(stored(&s, seq + 1), "{\"link\":\"[secret]\",\"shop\":\"dk\"}");
  shop_close(&s);
}

// P8: a plan that is refused at a start leaves the one of before, so that nothing becomes readable.
static void test_X1_a_bad_plan_after_a_restart(void **state) {
  static const char other[] = "return require('moment').define { class = 'service', on = 'z', run = function() end }";
  (void)state;
  shop s;
  md_error err = {0};
  open_with(&s, "return 'x'");
  md_engine_free(s.engine);
  md_engine_options options = {.store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger};
  assert_int_equal(md_engine_new(&s.engine, &options, &err), 0);
  shop_load(&s, "events.lua", "return require 'plan'.define { evnts = {} }", "other/moment.lua", other, NULL);
  assert_non_null(strstr(s.problems, "did you mean 'events'"));
  int64_t seq = shop_event(&s, "reset", "ida", "{\"link\":\"L\",\"note\":\"L\"}");
  assert_string_equal(stored(&s, seq), "{\"link\":\"[secret]\"}");
  shop_load(&s, "other/moment.lua", other, NULL); // no plan at all is a plan too
  seq = shop_event(&s, "reset", "ida", "{\"link\":\"L\"}");
  assert_string_equal(stored(&s, seq), "{\"link\":\"L\"}");
  shop_close(&s);
}

static void ignore_done(md_submission *submission) {
  (void)submission;
}

// B1: whatever allocation fails, the event is whole or not there, and never readable.
static void test_X1_each_allocation_may_fail(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 150; n++) {
    shop s;
    md_event event;
    md_event_status status = MD_EVENT_UNAVAILABLE;
    open_with(&s, "m:send { template = 'x', data = event.data }\nm:sleep('1m')\nreturn 'x'");
    shop_prepare(&s, &event, "reset", "ida", "{\"link\":\"L\",\"user\":{\"token\":\"t\"}}", "one");
    md_submission submission = {.events = &event, .statuses = &status, .count = 1, .done = ignore_done};
    assert_true(md_queue_push(md_engine_inbox(s.engine), &submission.node));
    md_error err = {0};
    md_alloc_fail_after(n, 0);
    md_engine_batch(s.engine, false, &err);
    md_alloc_fail_after(0, 0);
    refused += status == MD_EVENT_UNAVAILABLE;
    int64_t count = md_store_count(s.store, "events", NULL);
    assert_int_equal(count, status == MD_EVENT_UNAVAILABLE ? 0 : 1);
    if (count) assert_string_equal(stored(&s, 1), "{\"link\":\"[secret]\",\"user\":{\"token\":\"[secret]\"}}");
    shop_close(&s);
  }
  assert_true(refused > 5);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_X1_only_what_is_declared_is_readable),
      cmocka_unit_test(test_X1_bytes_are_refused_and_extensions_not_kept),
      cmocka_unit_test(test_X1_a_script_has_an_opaque_value),
      cmocka_unit_test(test_X1_whatever_is_done_with_it_raises),
      cmocka_unit_test(test_X1_nobody_forges_one),
      cmocka_unit_test(test_X1_the_key_goes_with_its_run),
      cmocka_unit_test(test_X1_the_key_goes_after_an_hour),
      cmocka_unit_test(test_X1_a_wait_keeps_what_it_may_take),
      cmocka_unit_test(test_T5_duplicates_are_told_by_a_keyed_digest),
      cmocka_unit_test(test_X1_emitted_events_too),
      cmocka_unit_test(test_X1_a_bad_plan_after_a_restart),
      cmocka_unit_test(test_X1_each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
