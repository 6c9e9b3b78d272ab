// SPDX-License-Identifier: Apache-2.0
// The steps about events, rule by rule: wait_for with its options, collect, past, latest (P5, W1, W4–W7, T3).

#define SHOP_PLAN                                                                                                      \
  "local plan = require 'plan'\n"                                                                                      \
  "return plan.define { person = { strong = { 'subject', 'data.email' } },\n"                                          \
  "  things = { cart = { of = 'person', at = 'data.cart_id' }, order = { of = 'person', at = 'data.order_id' },\n"     \
  "             parcel = { of = 'order', at = 'data.shipment_id' } } }\n"
#include "shop.h"

static int64_t event(const char *type, const char *data) {
  return shop_event(&s, type, "ida", data);
}

static int64_t timed_event(const char *type, const char *data, md_micros time, unsigned flags) {
  md_event made;
  shop_prepare(&s, &made, type, "ida", data, NULL);
  made.time = time;
  made.flags = MD_EVENT_HAS_TIME | flags;
  return shop_take(&s, &made);
}

// P5: a cart's run sees an order of the person only by the person.
static void test_P5_by_person(void **state) {
  (void)state;
  load(MOMENT("on = 'cart', about = 'cart', again = 'parallel'",
              "local e = m:wait_for('order.placed', { within = '1h', by = event.data.by })\n"
              "return e and 'bought ' .. e.data.order_id or 'none'"));
  event("cart", "{\"cart_id\":\"k1\",\"by\":\"person\"}");
  event("order.placed", "{\"order_id\":\"1\",\"cart_id\":\"k2\"}");
  assert_string_equal(shop_outcome(&s), "bought 1");
  event("cart", "{\"cart_id\":\"k3\"}");
  event("order.placed", "{\"order_id\":\"2\",\"cart_id\":\"k2\"}"); // about another cart
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.placed", "bo", "{\"order_id\":\"3\"}"); // of somebody else
  assert_string_equal(shop_outcome(&s), "waiting");
  event("order.placed", "{\"order_id\":\"4\"}"); // leads to no cart
  assert_string_equal(shop_outcome(&s), "bought 4");
}

// P5: by another kind, the run's own thing of that kind: what it belongs to, or what its trigger carried.
static void test_P5_by_kind(void **state) {
  (void)state;
  load(MOMENT("on = 'shipment.sent', about = 'parcel', again = 'parallel'",
              "local e = m:wait_for('order.*', { within = '1h', by = 'order' })\nreturn e and e.type or 'none'"));
  event("shipment.sent", "{\"shipment_id\":\"p1\",\"order_id\":\"1\"}");
  event("order.changed", "{\"order_id\":\"2\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  event("order.changed", "{}"); // a hole: its type carries an order
  assert_string_equal(shop_outcome(&s), "waiting");
  event("order.cancelled", "{\"order_id\":\"1\"}");
  assert_string_equal(shop_outcome(&s), "order.cancelled");
  load(MOMENT("on = 'order.placed', about = 'order'",
              "local e = m:wait_for('cart', { within = '1h', by = 'cart' })\nreturn e and e.data.cart_id or 'none'"));
  event("order.placed", "{\"order_id\":\"5\",\"cart_id\":\"k5\"}");
  event("cart", "{\"cart_id\":\"k6\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  event("cart", "{\"cart_id\":\"k5\"}");
  assert_string_equal(shop_outcome(&s), "k5");
}

// W1: since = "now" looks only past the turn that opened the wait.
static void test_W1_since_now(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:sleep('10m')\nlocal e = m:wait_for('b', { within = '1h', since = 'now' })\n"
                          "local f = m:wait_for('b', { within = '1m', since = 'start' })\n"
                          "return e.data.n .. ' ' .. (f and f.data.n or '-')"));
  event("a", NULL);
  event("b", "{\"n\":1}");
  shop_advance(&s, 20 * MD_MINUTE);
  assert_string_equal(shop_outcome(&s), "waiting");
  event("b", "{\"n\":2}");
  assert_string_equal(shop_outcome(&s), "2 1");
}

// W4: where sees the run's own variables; what it refuses stays for later waits.
static void test_W4_where_leaves_what_it_refuses(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local least, asked = event.data.least, 0\n"
                          "local function enough(e) asked = asked + 1 e.data.n = e.data.n + 100\n"
                          "  return e.data.n - 100 >= least end\n"
                          "local e = m:wait_for('b', { within = '1h', where = enough })\n"
                          "local f = m:wait_for('b', { within = '1h' })\n"
                          "return e.data.n .. ' ' .. f.data.n .. ' ' .. asked"));
  event("a", "{\"least\":5}");
  event("b", "{\"n\":1}");
  event("b", "{\"n\":4}");
  assert_string_equal(shop_outcome(&s), "waiting");
  event("b", "{\"n\":7}");
  assert_string_equal(shop_outcome(&s), "7 1 0");
}

// W4: events that came before the wait are asked about in order, also many.
static void test_W4_where_on_early_events(void **state) {
  (void)state;
  load(MOMENT("on = 'a'",
              "m:sleep('10m')\n"
              "local e = m:wait_for('b', { within = '1h', where = function(e) return e.data.n > 600 end })\n"
              "local f = m:wait_for('b', { within = '1h', where = function(e) return e.data.n > 600 end })\n"
              "return e.data.n .. ' ' .. f.data.n"));
  event("a", NULL);
  for (int i = 1; i <= 603; i++)
    event("b", md_arena_printf(s.arena, "{\"n\":%d}", i));
  shop_advance(&s, 20 * MD_MINUTE);
  assert_string_equal(shop_outcome(&s), "601 602");
}

// W4, S8: an error in where parks the run, whatever pcall stands around it; a step in it is one; so is a loop.
static void expect_parked_where(const char *where, const char *said) {
  shop_close(&s);
  shop_open(&s);
  load(md_arena_printf(s.arena,
                       MOMENT("on = 'a'", "local ok, e = pcall(m.wait_for, m, 'b', { where = %s })\n"
                                          "return 'went on'"),
                       where));
  event("a", NULL);
  event("b", NULL);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  if (!strstr(shop_outcome(&s), said)) fail_msg("\"%s\" does not say \"%s\"", shop_outcome(&s), said);
  load(MOMENT("on = 'a'", "local e = m:wait_for('b', { where = function(e) return true end })\nreturn 'mended'"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "mended");
}

static void test_W4_errors_park(void **state) {
  (void)state;
  expect_parked_where("function(e) error('boom') end", "m/moment.lua:3: boom");
  expect_parked_where("function(e) return e.data.x.y end", "m/moment.lua:3: attempt to index a nil value");
  expect_parked_where("function(e) return m:get('x') end", "m:get is called from a callback");
  expect_parked_where("function(e) m:sleep('1h') return true end", "m:sleep is called from a callback");
  expect_parked_where("function(e) while true do end end", "100000 instructions");
  expect_parked_where("function(e) error({}) end", "where");
}

// W5: a burst is one answer; it ends when it is quiet, and the end of quiet is inside.
static void test_W5_collect_until_quiet(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local list = m:collect('b', { quiet = '2m', within = '1h' })\nlocal got = {}\n"
                          "for i, e in ipairs(list) do got[i] = e.data.n end\n"
                          "return table.concat(got, ' ') .. ' at ' .. (m:now() - event.time)"));
  event("a", NULL);
  shop_advance(&s, 10 * MD_MINUTE);
  event("b", "{\"n\":1}");
  s.clock.at += 2 * MD_MINUTE; // the last instant that belongs
  event("b", "{\"n\":2}");
  shop_advance(&s, MD_MINUTE);
  event("c", "{\"n\":9}");
  event("b", "{\"n\":3}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_advance(&s, 2 * MD_MINUTE);
  assert_string_equal(shop_outcome(&s), "1 2 3 at 900");
}

// W5: nothing came: the empty list. The end of within ends a burst that goes on.
static void test_W5_collect_deadline(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local one = m:collect({ 'b', 'c' }, { quiet = '5m', within = '10m' })\n"
                          "local two = m:collect('b', { quiet = '3m', before = event.time + 1200 })\n"
                          "return #one .. ' ' .. #two .. ' at ' .. (m:now() - event.time)"));
  event("a", NULL);
  shop_advance(&s, 10 * MD_MINUTE);
  for (int i = 0; i < 6; i++) {
    event("b", NULL);
    s.clock.at += 2 * MD_MINUTE;
  }
  assert_string_equal(shop_outcome(&s), "0 6 at 1200");
}

// W5: max, and what is left over is found by the next wait.
static void test_W5_collect_max(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local n = {}\nfor i = 1, 3 do n[i] = #m:collect('b', { max = 2, within = '1m' }) end\n"
                          "return table.concat(n, ' ')"));
  event("a", NULL);
  for (int i = 0; i < 5; i++)
    event("b", NULL);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "2 2 1");
  load(MOMENT("on = 'x'", "return 'n ' .. #m:collect('b', { within = '1h' })"));
  event("x", NULL);
  for (int i = 0; i < 100; i++)
    event("b", NULL);
  assert_string_equal(shop_outcome(&s), "n 100");
}

// W5: 4 MB end a collection.
static void test_W5_collect_bytes(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "return 'n ' .. #m:collect('b', { within = '1h' })"));
  char *data = md_arena_alloc(s.arena, 250001);
  memset(data, 'x', 250000);
  memcpy(data, "{\"n\":\"", 6);
  memcpy(data + 249998, "\"}", 3);
  event("a", NULL);
  for (int i = 0; i < 17; i++) {
    assert_string_equal(shop_outcome(&s), "waiting");
    event("b", data);
  }
  assert_string_equal(shop_outcome(&s), "n 17");
}

// W5: events that came before the collection was opened belong by the same rule.
static void test_W5_collect_early(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:sleep('10m')\nlocal one = m:collect('b', { quiet = '1m', within = '1h' })\n"
                          "local two = m:collect('b', { quiet = '5m', within = '1h' })\n"
                          "return #one .. ' ' .. #two .. ' at ' .. (m:now() - event.time)"));
  event("a", NULL);
  event("b", NULL);
  shop_advance(&s, 30 * MD_SECOND);
  event("b", NULL);
  shop_advance(&s, 8 * MD_MINUTE);
  event("b", NULL);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "2 1 at 810");
}

// W4, W5: collect with a where; a parked run gathers by the times of receipt when it is retried.
static void test_W5_collect_where_and_retry(void **state) {
  (void)state;
  load(MOMENT("on = 'a'",
              "local list = m:collect('b', { quiet = '2m', within = '1h', where = function(e)\n"
              "  if e.data.n == 3 then error('boom') end return e.data.n % 2 == 1 end })\nreturn 'n ' .. #list"));
  event("a", NULL);
  for (int i = 1; i <= 3; i++)
    event("b", md_arena_printf(s.arena, "{\"n\":%d}", i));
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  shop_advance(&s, MD_MINUTE);
  event("b", "{\"n\":5}");
  shop_advance(&s, 30 * MD_MINUTE);
  event("b", "{\"n\":7}");
  load(MOMENT("on = 'a'", "local list = m:collect('b', { quiet = '2m', within = '1h', where = function(e)\n"
                          "  return e.data.n % 2 == 1 end })\nreturn 'n ' .. #list .. ' last ' .. list[#list].data.n"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "n 3 last 5");
}

// W1, W6: past looks by event time, end included, without the run's own trigger; it consumes nothing.
static void test_W6_past(void **state) {
  (void)state;
  md_micros now = s.clock.at;
  load(MOMENT("on = 'a'",
              "local p = m:past({ 'a', 'b' }, { within = '1h' })\nlocal q = m:past('c')\n"
              "local r = m:past('b')\nlocal e = m:wait_for('b', { within = '1m', since = 'start' })\n"
              "return p.count .. ' ' .. p.last.data.n .. ' ' .. q.count .. ' ' .. tostring(q.last) .. ' ' .. "
              "r.count .. ' ' .. (e and e.data.n or '-')"));
  timed_event("b", "{\"n\":1}", now - MD_HOUR, 0); // the beginning is outside
  timed_event("b", "{\"n\":2}", now - MD_HOUR + 1, 0);
  timed_event("b", "{\"n\":3}", now, MD_EVENT_HISTORY);
  timed_event("b", "{\"n\":4}", now - MD_MINUTE, 0);
  shop_event(&s, "b", "bo", "{\"n\":5}");
  event("a", NULL);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "3 3 0 nil 4 -");
}

// P5: past by another kind.
static void test_P5_past_by(void **state) {
  (void)state;
  load(MOMENT("on = 'cart', about = 'cart'", "return m:past('order.placed').count .. ' ' .. "
                                             "m:past('order.placed', { by = 'person' }).count"));
  event("order.placed", "{\"order_id\":\"1\",\"cart_id\":\"k1\"}");
  event("order.placed", "{\"order_id\":\"2\",\"cart_id\":\"k2\"}");
  event("cart", "{\"cart_id\":\"k1\"}");
  assert_string_equal(shop_outcome(&s), "1 2");
}

// T3: the newest trigger for the key that passed where; the argument never changes, and nothing is consumed.
static void test_T3_latest(void **state) {
  (void)state;
  load(MOMENT("on = 'a', where = function(e) return e.data.n < 10 end",
              "local first = m:latest().data.n\nm:sleep('1h')\nlocal e = m:latest()\n"
              "local w = m:wait_for('a', { within = '1m' })\n"
              "return first .. ' ' .. e.data.n .. ' ' .. event.data.n .. ' ' .. w.data.n"));
  event("a", "{\"n\":1}");
  event("a", "{\"n\":2}");
  event("a", "{\"n\":3}");
  event("a", "{\"n\":99}");                                  // where says no
  timed_event("a", "{\"n\":5}", s.clock.at - 2 * MD_DAY, 0); // too old to start anything
  shop_event(&s, "a", "bo", "{\"n\":6}");
  event("b", "{\"n\":7}");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_all_runs(&s).list[0].outcome, "1 3 1 2");
}

// W7: a timer that fires later than max_lateness after its time: skip ends the run, branch tells it, else it goes on.
static void expect_late(const char *body, md_micros downtime, const char *outcome) {
  shop_close(&s);
  shop_open(&s);
  load(md_arena_printf(s.arena, MOMENT("on = 'a'", "%s"), body));
  event("a", NULL);
  event("b", NULL);
  s.clock.at += MD_HOUR + downtime;
  shop_settle(&s);
  assert_string_equal(shop_outcome(&s), outcome);
}

static void test_W7_lateness(void **state) {
  (void)state;
  const char *wait = "local e, late = m:wait_for('c', { within = '1h', max_lateness = '2h' })\n"
                     "return tostring(e) .. ' ' .. tostring(late)";
  expect_late(wait, 2 * MD_HOUR, "nil nil");
  expect_late(wait, 2 * MD_HOUR + 1, "nil late");
  expect_late("local _, late = m:sleep('1h', { max_lateness = '2h', late = 'branch' })\nreturn late or 'in time'",
              3 * MD_HOUR, "late");
  expect_late("m:send { template = 'x' }\nm:sleep('1h', { max_lateness = '2h', late = 'skip' })\nreturn 'slept'",
              3 * MD_HOUR, "late");
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_CANCELLED);
  md_message message;
  assert_int_equal(md_messages_get(s.store, 1, s.arena, &message, NULL), 0);
  assert_int_equal(message.state, MD_MESSAGE_WITHDRAWN); // T9
  expect_late("m:sleep('1h', { max_lateness = '2h', late = 'go_on' })\nreturn 'slept'", 3 * MD_HOUR, "slept");
  expect_late("local list, late = m:collect('b', { within = '1h', max_lateness = '2h' })\nreturn #list .. ' ' .. late",
              3 * MD_HOUR, "1 late");
}

// Wrong options say what to write instead.
static void expect_refused(const char *call, const char *said) {
  shop_close(&s);
  shop_open(&s);
  load(md_arena_printf(s.arena, MOMENT("on = 'a'", "%s"), call));
  event("a", NULL);
  if (!strstr(shop_outcome(&s), said)) fail_msg("%s: \"%s\" does not say \"%s\"", call, shop_outcome(&s), said);
}

static void test_refused_options(void **state) {
  (void)state;
  expect_refused("m:wait_for('b', { by = 'Person' })", "m:wait_for: by = 'Person' is no kind of thing");
  expect_refused("m:wait_for('b', { by = 'persn' })", "m:wait_for: by = 'persn' is no kind of thing of the plan");
  expect_refused("m:collect('b', { by = 'persn' })", "m:collect: by = 'persn'");
  expect_refused("m:past('b', { by = 'persn' })", "did you mean 'person'?");
  expect_refused("m:past('b', { by = 'xyzzy' })", "write \"person\", or declare it there");
  expect_refused("m:wait_for('b', { since = 'then' })", "since is 'then'; it must be one of: now start");
  expect_refused("m:wait_for('b', { where = 5 })", "m:wait_for: where must be a function");
  expect_refused("m:wait_for('b', { wher = 5 })", "did you mean 'where'?");
  expect_refused("m:wait_for('b', { late = 'skip' })", "give max_lateness too");
  expect_refused("m:wait_for('b', { within = '1h', before = 5 })", "within or before, not both");
  expect_refused("m:collect('b', { max = 1001 })", "max is at most 1000");
  expect_refused("m:collect('b', { max = 0 })", "max must be a whole number from 1");
  expect_refused("m:collect('b', { quiet = '-1m' })", "quiet");
  expect_refused("m:past('b', { before = 5 })", "m:past has no option 'before'");
  expect_refused("m:sleep('1h', { max_lateness = '500d' })", "400");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      T(test_P5_by_person),
      T(test_P5_by_kind),
      T(test_W1_since_now),
      T(test_W4_where_leaves_what_it_refuses),
      T(test_W4_where_on_early_events),
      T(test_W4_errors_park),
      T(test_W5_collect_until_quiet),
      T(test_W5_collect_deadline),
      T(test_W5_collect_max),
      T(test_W5_collect_bytes),
      T(test_W5_collect_early),
      T(test_W5_collect_where_and_retry),
      T(test_W6_past),
      T(test_P5_past_by),
      T(test_T3_latest),
      T(test_W7_lateness),
      T(test_refused_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
