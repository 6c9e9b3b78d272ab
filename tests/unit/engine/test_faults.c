// SPDX-License-Identifier: Apache-2.0
// B1: whatever allocation fails, a batch is whole or not there at all; the same event goes in afterwards, once.
#include "base/alloc.h"
#include "shop.h"

static const char script[] = "local moment = require 'moment'\n"
                             "return moment.define { class = 'service', on = 'a', where = function(e) return e.data.n "
                             "> 0 end, run = function(m, event)\n"
                             "  m:set('n', event.data.n)\n"
                             "  m:emit { type = 'seen', data = { n = event.data.n } }\n"
                             "  m:send { template = 'x' }\n"
                             "  local b = m:wait_for({ 'b' }, { within = '1h' })\n"
                             "  return b and 'b ' .. m:add('n', b.data.n) or 'none'\n"
                             "end }\n";

static void ignore_done(md_submission *submission) {
  (void)submission;
}

// Gives the engine one event while the `countdown`-th allocation fails.
static md_event_status give(shop *s, const char *type, const char *id, const char *data, long countdown) {
  md_event event;
  md_event_status status = MD_EVENT_UNAVAILABLE;
  shop_prepare(s, &event, type, "ida", data, id);
  md_submission submission = {.events = &event, .statuses = &status, .count = 1, .done = ignore_done};
  assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
  md_error err = {0};
  md_alloc_fail_after(countdown, 0);
  md_engine_batch(s->engine, false, &err);
  md_alloc_fail_after(0, 0);
  return status;
}

static void expect_whole(shop *s, md_event_status status, int64_t events_before) {
  int64_t events = md_store_count(s->store, "events", NULL);
  if (status == MD_EVENT_UNAVAILABLE)
    assert_int_equal(events, events_before);
  else
    assert_true(events > events_before);
}

static void test_every_allocation(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 400; n++) {
    shop s;
    shop_open(&s);
    shop_load(&s, "events.lua", "local p = require 'plan'\nreturn p.define { person = { strong = { 'subject' } } }\n",
              "m/moment.lua", script, NULL);
    assert_string_equal(s.problems, "");
    md_event_status status = give(&s, "a", "one", "{\"n\":2}", n);
    expect_whole(&s, status, 0);
    refused += status == MD_EVENT_UNAVAILABLE;
    status = give(&s, "a", "one", "{\"n\":2}", 0);
    assert_true(status == MD_EVENT_ACCEPTED || status == MD_EVENT_DUPLICATE);
    shop_settle(&s);
    int64_t before = md_store_count(s.store, "events", NULL);
    status = give(&s, "b", "two", "{\"n\":3}", n);
    expect_whole(&s, status, before);
    status = give(&s, "b", "two", "{\"n\":3}", 0);
    assert_true(status == MD_EVENT_ACCEPTED || status == MD_EVENT_DUPLICATE);
    shop_settle(&s);
    assert_true(md_engine_ready(s.engine));
    shop_runs all = shop_all_runs(&s);
    assert_int_equal(all.count, 1);
    if (all.list[0].state == MD_RUN_PARKED) // out of memory twice in the script itself (S4): kept, to be retried
      assert_int_equal(shop_retry(&s, 1), 0);
    assert_string_equal(shop_outcome(&s), "b 5");
    assert_int_equal(md_store_count(s.store, "messages", NULL), 1);
    shop_close(&s);
  }
  assert_true(refused > 5);
}

// The same for collections, where, past, latest, continue_as, a late link and a schedule.
static const char steps_plan[] = "local p = require 'plan'\nreturn p.define { person = { strong = { 'subject' } },\n"
                                 "  things = { order = { of = 'person', at = 'data.order' },\n"
                                 "             parcel = { of = 'order', at = 'data.parcel' } } }\n";

static const char steps_script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = { 'a', moment.schedule('0 0 1 1 *') }, about = 'order',\n"
    "  run = function(m, event, sum)\n"
    "  if event.type == 'schedule' then return 'clock' end\n"
    "  if sum then return 'sum ' .. sum .. ' ' .. m:past('b', { by = 'person' }).count .. ' ' .. m:latest().data.n "
    "end\n"
    "  local list = m:collect('b', { max = 2, within = '1h', where = function(e) return e.data.n > 0 end })\n"
    "  local last = m:wait_for('b', { within = '1h', where = function(e) return e.data.n == 3 end })\n"
    "  m:continue_as(#list * 10 + last.data.n)\n"
    "end }\n";

static void test_every_allocation_of_steps(void **state) {
  (void)state;
  static const char *const data[] = {"{\"n\":1,\"order\":\"o\"}", "{\"n\":1,\"parcel\":\"p\"}",
                                     "{\"n\":2,\"order\":\"o\",\"parcel\":\"p\"}", "{\"n\":3,\"order\":\"o\"}"};
  int refused = 0;
  for (long n = 1; n < 300; n++) {
    shop s;
    shop_open(&s);
    shop_load(&s, "events.lua", steps_plan, "m/moment.lua", steps_script, NULL);
    assert_string_equal(s.problems, "");
    for (int i = 0; i < 4; i++) {
      const char *id = md_arena_printf(s.arena, "e%d", i), *type = i == 0 ? "a" : "b";
      int64_t before = md_store_count(s.store, "events", NULL);
      md_event_status status = give(&s, type, id, data[i], n);
      expect_whole(&s, status, before);
      refused += status == MD_EVENT_UNAVAILABLE;
      status = give(&s, type, id, data[i], 0);
      assert_true(status == MD_EVENT_ACCEPTED || status == MD_EVENT_DUPLICATE);
      shop_settle(&s);
      if (strncmp(shop_outcome(&s), "waiting", 7) != 0 && shop_all_runs(&s).list[0].state == MD_RUN_PARKED)
        assert_int_equal(shop_retry(&s, 1), 0);
    }
    assert_string_equal(shop_outcome(&s), "sum 23 3 1");
    shop_close(&s);
  }
  assert_true(refused > 20);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation),
                                     cmocka_unit_test(test_every_allocation_of_steps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
