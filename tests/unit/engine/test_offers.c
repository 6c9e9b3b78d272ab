// SPDX-License-Identifier: Apache-2.0
// Whom an event reaches, and when: fan-out in durable batches (T8), links that come late (P4), who holds a key (T3),
// and what emitted events may do (T4).

#define SHOP_PLAN                                                                                                      \
  "local plan = require 'plan'\n"                                                                                      \
  "return plan.define { person = { strong = { 'subject' } },\n"                                                        \
  "  things = { order = { of = 'person', at = 'data.order_id' }, parcel = { of = 'order', at "                         \
  "= 'data.shipment_id' } } }\n"
#include "shop.h"

static int in_state(md_run_state state) {
  int count = 0;
  for (int64_t id = 1; id <= md_runs_last_id(s.store); id++) {
    md_run run;
    assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
    count += run.state == state;
  }
  return count;
}

static const char *outcome_of(int64_t id) {
  md_run run;
  assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
  return run.outcome ? run.outcome : run.reason ? run.reason : md_run_state_name(run.state);
}

static int batch(void) {
  md_error err = {0};
  int done = md_engine_batch(s.engine, false, &err);
  if (done < 0) fail_msg("%s", err.text);
  return done;
}

// Puts an event into the inbox without a batch.
static md_event made[4];
static md_submission submissions[4];
static md_event_status statuses[4];

static void submit(int slot, const char *type, const char *data) {
  shop_prepare(&s, &made[slot], type, "ida", data, NULL);
  submissions[slot] =
      (md_submission){.events = &made[slot], .statuses = &statuses[slot], .count = 1, .done = shop_done, .context = &s};
  assert_true(md_queue_push(md_engine_inbox(s.engine), &submissions[slot].node));
}

static void start_runs(int count) {
  for (int i = 0; i < count; i++)
    shop_event(&s, "a", "ida", NULL);
  assert_int_equal(in_state(MD_RUN_WAITING), count);
}

static void reopen(void) {
  md_engine_free(s.engine);
  md_engine_options options = {.store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger, .verify = true};
  assert_int_equal(md_engine_new(&s.engine, &options, NULL), 0);
}

// T8: 64 runs a batch, the rest through rows; a crash in between loses nothing and wakes nobody twice.
static void test_T8_fan_out(void **state) {
  (void)state;
  const char *script =
      MOMENT("on = 'a', again = 'parallel'", "local e = m:wait_for('b', { within = '1h' })\nm:emit { type = 'woke' }\n"
                                             "return e and 'woken ' .. e.data.n or 'none'");
  load(script);
  start_runs(300);
  submit(0, "b", "{\"n\":1}");
  batch();
  assert_int_equal(in_state(MD_RUN_DONE), 64);
  batch();
  assert_int_equal(in_state(MD_RUN_DONE), 128);
  reopen();
  load(script);
  shop_settle(&s);
  assert_int_equal(in_state(MD_RUN_DONE), 300);
  assert_string_equal(outcome_of(300), "woken 1");
  assert_int_equal(md_store_count(s.store, "events", NULL), 300 + 1 + 300);
  md_offer left;
  assert_int_equal(md_offers_first(s.store, &left, NULL), MD_ENOTFOUND);
}

// T8, W1: what comes while an event is on its way does not overtake it: neither another event nor the end of a wait.
static void test_T8_order(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'", "local e = m:wait_for('b', { within = '1h' })\n"
                                              "return e and 'woken ' .. e.data.n or 'none'"));
  start_runs(200);
  submit(0, "b", "{\"n\":1}");
  batch();
  submit(1, "b", "{\"n\":2}");
  batch();
  s.clock.at += MD_HOUR + 1; // the deadline of all passes before the last have been reached
  batch();
  shop_settle(&s);
  assert_int_equal(in_state(MD_RUN_DONE), 200);
  for (int64_t id = 1; id <= 200; id++)
    assert_string_equal(outcome_of(id), "woken 1");
}

// T8, W5: a collection that is reached late gathers in order.
static void test_T8_collect(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'", "local got = {}\n"
                                              "for i, e in ipairs(m:collect('b', { quiet = '1m', within = '1h' })) do\n"
                                              "  got[i] = e.data.n end\nreturn table.concat(got, ' ')"));
  start_runs(150);
  submit(0, "b", "{\"n\":1}");
  batch();
  submit(1, "b", "{\"n\":2}");
  batch();
  submit(2, "b", "{\"n\":3}");
  batch();
  s.clock.at += MD_MINUTE; // quiet ends while the last are still to be reached
  shop_settle(&s);
  shop_advance(&s, MD_HOUR);
  for (int64_t id = 1; id <= 150; id++)
    assert_string_equal(outcome_of(id), "1 2 3");
}

// P4: a parcel is known before its order is: what was seen of it is offered to the order's run, in order, and found by
// waits to come.
static void test_P4_late_link(void **state) {
  (void)state;
  load(MOMENT("on = 'order.placed', about = 'order'",
              "local got = {}\nfor i = 1, 4 do local e = m:wait_for('scan', { within = '1h' })\n"
              "got[i] = e and e.data.n or '-' end\nreturn table.concat(got, ' ')"));
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\"}");
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\",\"n\":1}");
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\",\"n\":2}");
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p2\",\"n\":9}");
  md_run run;
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.steps, 0);
  shop_event(&s, "packed", NULL, "{\"shipment_id\":\"p1\",\"order_id\":\"1\"}");
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
  assert_int_equal(run.steps, 2);
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\",\"n\":3}");
  shop_advance(&s, MD_DAY);
  assert_string_equal(shop_outcome(&s), "1 2 3 -");
}

// P4: history that a late link brings answers nothing; what came before the trigger neither.
static void test_P4_late_link_of_old_events(void **state) {
  (void)state;
  md_event event;
  load(MOMENT("on = 'order.placed', about = 'order'", "local e = m:wait_for('scan', { within = '1h' })\n"
                                                      "return (e and e.data.n or '-') .. ' ' .. m:past('scan').count"));
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\",\"n\":1}");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\"}");
  shop_prepare(&s, &event, "scan", NULL, "{\"shipment_id\":\"p1\",\"n\":2}", NULL);
  event.flags = MD_EVENT_HISTORY;
  shop_take(&s, &event);
  shop_event(&s, "packed", NULL, "{\"shipment_id\":\"p1\",\"order_id\":\"1\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_advance(&s, MD_DAY);
  assert_string_equal(shop_outcome(&s), "- 2");
}

// P4: a run about the parcel learns its order and person by the link, and so does a chain of things.
static void test_P4_runs_below_the_link(void **state) {
  (void)state;
  load(MOMENT("on = 'scan', about = 'parcel'", "local e = m:wait_for({ 'called', 'paid' }, { within = '1h' })\n"
                                               "return (e and e.type or '-') .. ' ' .. (m:profile().email or '?')"));
  shop_event(&s, "profile.updated", "ida", "{\"email\":\"ida@example.com\"}");
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\"}");
  shop_event(&s, "called", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "packed", NULL, "{\"shipment_id\":\"p1\",\"order_id\":\"1\"}");
  shop_event(&s, "invoiced", "ida", "{\"order_id\":\"1\"}");
  shop_event(&s, "paid", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "called ida@example.com");
}

// P4, P5: a wait by a kind of thing that the run had none of yet sees that thing's events once the link is there.
static void test_P4_by_a_thing_that_is_linked_late(void **state) {
  (void)state;
  load(MOMENT("on = 'scan', about = 'parcel'", "local e = m:wait_for('order.*', { within = '1h', by = 'order' })\n"
                                               "return e and e.type or '-'"));
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\"}");
  shop_event(&s, "scan", NULL, "{\"shipment_id\":\"p1\"}");
  shop_event(&s, "order.changed", "ida", "{\"order_id\":\"2\"}");
  shop_event(&s, "packed", NULL, "{\"shipment_id\":\"p1\",\"order_id\":\"1\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.changed", "ida", "{\"order_id\":\"2\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.cancelled", "ida", "{\"order_id\":\"1\"}");
  assert_string_equal(shop_outcome(&s), "order.cancelled");
}

// T3: 100 wait for a key; the next is refused. A parked run holds its key, whatever `again` says but restart.
static void test_T3_queue_is_bounded(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue'", "m:wait_for('b')\nreturn 'n' .. event.data.n"));
  for (int i = 0; i <= 100; i++)
    shop_event(&s, "a", "ida", md_arena_printf(s.arena, "{\"n\":%d}", i));
  assert_int_equal(in_state(MD_RUN_QUEUED), 100);
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"n\":101}")), "again");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "bo", "{\"n\":102}")), "");
  for (int i = 0; i < 3; i++)
    shop_event(&s, "b", "ida", NULL);
  // Each b answers the run that waits, and then the next: one that starts later finds it among what came since its
  // trigger.
  assert_int_equal(in_state(MD_RUN_QUEUED), 0);
}

static void test_T3_parked_holds_its_key(void **state) {
  (void)state;
  static const char *const again[] = {"skip", "queue", "restart"};
  for (int i = 0; i < 3; i++) {
    shop_close(&s);
    shop_open(&s);
    load(md_arena_printf(
        s.arena, MOMENT("on = 'a', again = '%s'", "if event.data.boom then error('boom') end return 'x'"), again[i]));
    shop_event(&s, "a", "ida", "{\"boom\":true}");
    int64_t second = shop_event(&s, "a", "ida", "{}");
    if (i == 0) assert_string_equal(shop_unmatched(&s, second), "again");
    if (i == 1) assert_string_equal(outcome_of(2), "queued");
    if (i == 1) assert_int_equal(shop_cancel(&s, 1), 0); // and then the queue goes on
    if (i == 2) assert_string_equal(outcome_of(1), "restarted");
    if (i > 0) assert_string_equal(outcome_of(2), "x");
  }
}

// T3: the version and max_age count at a queued run's start.
static void test_T3_queue_takes_the_version_of_its_start(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue'", "m:sleep('1h')\nreturn 'one'"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "a", "ida", NULL);
  load(MOMENT("on = 'a', again = 'queue'", "m:sleep('1h')\nreturn 'two'"));
  shop_advance(&s, MD_DAY);
  assert_string_equal(outcome_of(1), "one");
  assert_string_equal(outcome_of(2), "two");
}

// T4: a run is not restarted, followed or updated by what it emitted itself.
static void test_T4_own_emissions(void **state) {
  (void)state;
  static const char *const again[] = {"restart", "queue", "skip"};
  for (int i = 0; i < 3; i++) {
    shop_close(&s);
    shop_open(&s);
    load(md_arena_printf(s.arena,
                         MOMENT("on = 'a', again = '%s'", "if event.data.n then return 'follower' end\n"
                                                          "m:emit { type = 'a', data = { n = 1 } }\nm:sleep('1h')\n"
                                                          "return tostring(m:latest().data.n)"),
                         again[i]));
    shop_event(&s, "a", "ida", "{}");
    shop_advance(&s, MD_DAY);
    assert_int_equal(md_runs_last_id(s.store), 1);
    assert_string_equal(outcome_of(1), "nil");
  }
}

// T4: after 60 starts by emitted events a moment and person in an hour: stored, no run. An hour later it goes on.
static void test_T4_rate(void **state) {
  (void)state;
  shop_load(&s, "events.lua", SHOP_PLAN, "a/moment.lua",
            MOMENT("on = 'a', again = 'parallel'", "m:emit { type = 'b' }"), "b/moment.lua",
            MOMENT("on = 'b', again = 'parallel'", "return 'b'"), NULL);
  for (int i = 0; i < 61; i++)
    shop_event(&s, "a", "ida", NULL);
  assert_int_equal(md_runs_last_id(s.store), 61 + 60);
  assert_string_equal(shop_unmatched(&s, md_events_last_seq(s.store)), "rate");
  shop_event(&s, "a", "bo", NULL);
  assert_int_equal(md_runs_last_id(s.store), 61 + 60 + 2);
  shop_advance(&s, MD_HOUR + MD_SECOND);
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(md_runs_last_id(s.store), 61 + 60 + 4);
}

// T4: depth is carried by events, and a timer resets it.
static void test_T4_a_timer_resets_the_depth(void **state) {
  (void)state;
  load(MOMENT("on = { 'a', 'loop' }, again = 'parallel'", "if event.data.n == 20 then return 'enough' end\n"
                                                          "m:sleep('1m')\n"
                                                          "m:emit { type = 'loop', data = { n = event.data.n + 1 } }"));
  shop_event(&s, "a", "ida", "{\"n\":0}");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(outcome_of(21), "enough");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      T(test_T8_fan_out),
      T(test_T8_order),
      T(test_T8_collect),
      T(test_P4_late_link),
      T(test_P4_late_link_of_old_events),
      T(test_P4_runs_below_the_link),
      T(test_P4_by_a_thing_that_is_linked_late),
      T(test_T3_queue_is_bounded),
      T(test_T3_parked_holds_its_key),
      T(test_T3_queue_takes_the_version_of_its_start),
      T(test_T4_own_emissions),
      T(test_T4_rate),
      T(test_T4_a_timer_resets_the_depth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
