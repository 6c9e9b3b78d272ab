// SPDX-License-Identifier: Apache-2.0
// The engine with real scripts on a store in memory: triggers, waits, ties, again, parking, storage steps.
#include "shop.h"

static const char plan[] =
    "local plan = require 'plan'\n"
    "return plan.define { person = { strong = { 'subject', 'data.email' }, weak = { 'data.anon' } },\n"
    "  things = { order = { of = 'person', at = 'data.order_id' },\n"
    "             parcel = { of = 'order', at = 'data.shipment_id' } },\n"
    "  events = { ['carrier.scan'] = { means = 'seen', about = { parcel = 'data.tracking' } } } }\n";

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

static void load(const char *text) {
  shop_load(&s, "events.lua", plan, "m/moment.lua", text, NULL);
  assert_string_equal(s.problems, "");
}

// T1, W1: a run starts, waits, takes its event, ends.
static void test_wait_takes_its_event(void **state) {
  (void)state;
  load(MOMENT("on = 'cart.updated'", "local e = m:wait_for('order.placed', { within = '1h' })\n"
                                     "return e and 'bought ' .. e.data.total or 'lost'"));
  shop_event(&s, "cart.updated", "ida", "{\"total\":5}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.placed", "bo", "{\"total\":6}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.placed", "ida", "{\"total\":7}");
  assert_string_equal(shop_outcome(&s), "bought 7");
}

// W1: the deadline fires, not a microsecond earlier; a tie goes to the event.
static void test_deadline_and_tie(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "return m:wait_for('b', { within = '1h' }) and 'event' or 'deadline'"));
  shop_event(&s, "a", "ida", NULL);
  shop_advance(&s, MD_HOUR - 1);
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_advance(&s, 1);
  assert_string_equal(shop_outcome(&s), "deadline");
  shop_event(&s, "a", "bo", NULL);
  s.clock.at += MD_HOUR;
  shop_event(&s, "b", "bo", NULL);
  assert_string_equal(shop_outcome(&s), "event");
  shop_event(&s, "a", "per", NULL);
  s.clock.at += MD_HOUR + 1;
  shop_event(&s, "b", "per", NULL);
  assert_string_equal(shop_outcome(&s), "deadline");
}

// W1, W3: an event that came before its wait is found; none is taken twice; lowest sequence first.
static void test_early_events(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:sleep('10m')\nlocal got = {}\n"
                          "for i = 1, 3 do local e = m:wait_for({ 'b', 'c' }, { within = '1m' })\n"
                          "got[#got + 1] = e and e.data.n or 'none' end\nreturn table.concat(got, ' ')"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "c", "ida", "{\"n\":1}");
  shop_event(&s, "b", "ida", "{\"n\":2}");
  shop_advance(&s, 20 * MD_MINUTE);
  assert_string_equal(shop_outcome(&s), "1 2 none");
}

// T5
static void test_duplicates_and_conflicts(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'", "return 'ok'"));
  md_event event;
  shop_prepare(&s, &event, "a", "ida", "{}", "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_ACCEPTED);
  shop_prepare(&s, &event, "a", "ida", "{}", "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_DUPLICATE);
  shop_prepare(&s, &event, "a", "ida", "{\"x\":1}", "one");
  shop_take(&s, &event);
  assert_int_equal(s.status, MD_EVENT_CONFLICTING);
  assert_int_equal(shop_all_runs(&s).count, 1);
}

// T1, T2, T6: each reason for which nothing starts.
static void test_unmatched_reasons(void **state) {
  (void)state;
  load(MOMENT("on = 'a', about = 'order', max_age = '1h', where = function(e) if e.data.boom then error('boom') end "
              "return e.data.total > 1 end",
              "m:sleep('1d')"));
  md_event event;
  shop_prepare(&s, &event, "a", "ida", "{\"order_id\":\"1\",\"total\":5}", NULL);
  event.time = s.clock.at - MD_HOUR - 1;
  event.flags = MD_EVENT_HAS_TIME;
  assert_string_equal(shop_unmatched(&s, shop_take(&s, &event)), "max_age");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"total\":5}")), "about");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"order_id\":\"1\",\"total\":1}")), "where");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"order_id\":\"1\",\"boom\":true}")), "error");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"order_id\":\"1\",\"total\":5}")), "");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"order_id\":\"1\",\"total\":5}")), "again");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "zzz", "ida", NULL)), "");
  assert_int_equal(shop_all_runs(&s).count, 1);
}

// T3, T9
static void test_restart(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'restart'", "m:send { template = 'x' }\nm:sleep('1h')\nreturn 'slept'"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "a", "ida", NULL);
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.count, 2);
  assert_int_equal(all.list[0].state, MD_RUN_CANCELLED);
  assert_string_equal(all.list[0].reason, "restarted");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "slept");
  md_message message;
  assert_int_equal(md_messages_get(s.store, 1, s.arena, &message, NULL), 0);
  assert_int_equal(message.state, MD_MESSAGE_WITHDRAWN);
  assert_int_equal(md_messages_get(s.store, 2, s.arena, &message, NULL), 0);
  assert_int_equal(message.state, MD_MESSAGE_QUEUED);
}

// T3: first in, first out; max_age counts at its start.
static void test_queue(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue', max_age = '90m'", "m:sleep('1h')\nreturn 'n' .. event.data.n"));
  for (int i = 1; i <= 3; i++)
    shop_event(&s, "a", "ida", md_arena_printf(s.arena, "{\"n\":%d}", i));
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.count, 3);
  assert_int_equal(all.list[0].state, MD_RUN_WAITING);
  assert_int_equal(all.list[1].state, MD_RUN_QUEUED);
  shop_advance(&s, MD_HOUR);
  all = shop_all_runs(&s);
  assert_string_equal(all.list[0].outcome, "n1");
  assert_int_equal(all.list[1].state, MD_RUN_WAITING);
  shop_advance(&s, 2 * MD_HOUR);
  all = shop_all_runs(&s);
  assert_string_equal(all.list[1].outcome, "n2");
  assert_int_equal(all.list[2].state, MD_RUN_CANCELLED);
  assert_string_equal(all.list[2].reason, "max_age");
}

// T4: emitted events come in a later batch, about the run's person; a run never takes its own; depth 16 ends a loop.
static void test_emit(void **state) {
  (void)state;
  shop_load(&s, "events.lua", plan, "a/moment.lua",
            MOMENT("on = 'a'", "m:emit { type = 'b', data = { n = 1 } }\nlocal e = m:wait_for('b', { within = '1h' })\n"
                               "return e and 'took its own' or 'took nothing'"),
            "b/moment.lua", MOMENT("on = 'b'", "return 'b ' .. event.data.n .. ' ' .. event.id"), NULL);
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "b 1 1:0");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_all_runs(&s).list[0].outcome, "took nothing");
}

static void test_emit_depth(void **state) {
  (void)state;
  load(MOMENT("on = { 'a', 'loop' }, again = 'parallel'", "m:emit { type = 'loop' }\nreturn 'x'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(shop_all_runs(&s).count, 16);
  assert_string_equal(shop_unmatched(&s, md_events_last_seq(s.store)), "depth");
}

// R3: an error parks with file and line, what the turn did is undone, and a retry on the mended script goes on.
static void test_park_and_retry(void **state) {
  (void)state;
  load(MOMENT(
      "on = 'a'",
      "m:set('n', 1)\nlocal e = m:wait_for('b')\nm:set('n', 2)\nif e.data.n == 1 then error('boom') end\nreturn 'ok'"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "b", "ida", "{\"n\":1}");
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.list[0].state, MD_RUN_PARKED);
  assert_non_null(strstr(all.list[0].reason, "m/moment.lua:6"));
  md_value value;
  assert_int_equal(md_values_get(s.store, "m", 1, all.list[0].person, "n", s.arena, &value, NULL), 0);
  assert_string_equal(value.json, "1");
  load(MOMENT("on = 'a'", "m:set('n', 1)\nlocal e = m:wait_for('b')\nm:set('n', 2)\nreturn 'mended ' .. e.data.n"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_string_equal(shop_outcome(&s), "mended 1");
}

// T9: an operator's cancel ends a run once, and frees its key.
static void test_cancel(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:sleep('1h')\nreturn 'x'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(shop_cancel(&s, 1), 0);
  assert_int_equal(shop_cancel(&s, 1), MD_ECONFLICT);
  assert_int_equal(shop_cancel(&s, 99), MD_ENOTFOUND);
  assert_int_equal(shop_retry(&s, 1), MD_ECONFLICT);
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "waiting");
}

// T3, R2: a run that was queued for its key began when it began, in each replay.
static void test_a_queued_run_keeps_the_time_of_its_start(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'queue'", "local began = m:now()\nm:wait_for('b')\nm:wait_for('c')\nreturn 'at ' .. "
                                           "began"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "a", "ida", NULL);
  shop_advance(&s, MD_HOUR);
  shop_event(&s, "b", "ida", NULL);
  shop_event(&s, "c", "ida", NULL);
  char wanted[40];
  snprintf(wanted, sizeof wanted, "at %.0f", (double)s.clock.at / 1e6);
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.list[1].started_at, s.clock.at);
  assert_string_equal(shop_outcome(&s), wanted);
}

// R1: another step than the journal's parks with both.
static void test_divergence(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:wait_for('b')\nerror('first')"));
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "b", "ida", NULL);
  load(MOMENT("on = 'a'", "m:sleep('1h')\nreturn 'x'"));
  assert_int_equal(shop_retry(&s, 1), 0);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  assert_non_null(strstr(shop_outcome(&s), "diverged at step 1"));
  assert_non_null(strstr(shop_outcome(&s), "sleep"));
}

// S3: a loop is put off once, then parked; others go on.
static void test_loop_is_parked(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "if event.data.loop then while true do end end\nreturn 'ok'"));
  shop_event(&s, "a", "ida", "{\"loop\":true}");
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
  shop_event(&s, "a", "bo", NULL);
  assert_string_equal(shop_outcome(&s), "ok");
}

// S3: what fits the larger budget is done in its own time.
static void test_heavy_turn(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "local n = 0\nfor i = 1, 2000000 do n = n + 1 end\nreturn 'n ' .. n"));
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "n 2000000");
}

// S4
static void test_memory_is_capped(void **state) {
  (void)state;
  load(MOMENT("on = 'a'",
              "local t = {}\nlocal x = string.rep('x', 1000)\nfor i = 1, 200000 do t[i] = x .. i end\nreturn 'ok'"));
  shop_event(&s, "a", "ida", NULL);
  assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_PARKED);
}

// A file-level variable starts clean each turn and run.
static void test_turns_start_clean(void **state) {
  (void)state;
  load("local moment = require 'moment'\nlocal seen = 0\ncount = 0\nreturn moment.define { class = 'service', on = "
       "'a',\n"
       "run = function(m, event)\nseen = seen + 1\ncount = (count or 0) + 1\nm:sleep('1m')\nreturn seen .. ' ' .. "
       "count\nend }\n");
  shop_event(&s, "a", "ida", NULL);
  shop_event(&s, "a", "bo", NULL);
  shop_advance(&s, MD_HOUR);
  shop_runs all = shop_all_runs(&s);
  assert_string_equal(all.list[0].outcome, "1 1");
  assert_string_equal(all.list[1].outcome, "1 1");
}

// R8, R2
static void test_values_time_and_chance(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'",
              "local a = m:add('n', 2)\nlocal b = m:get('n')\nlocal t = m:now()\nlocal r = m:random()\nm:sleep('1h')\n"
              "m:set('gone', { x = { 1, 2 } }, { ttl = '1m' })\n"
              "return string.format('%d %d %d %s %s', a, b, m:now() - t, r == m:random() and 'same' or 'other', "
              "m:get('gone').x[2])"));
  shop_event(&s, "a", "ida", NULL);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "2 2 3600 other 2");
  shop_event(&s, "a", "ida", NULL);
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_outcome(&s), "4 4 3600 other 2");
}

// P7
static void test_profile_and_consent(void **state) {
  (void)state;
  load(MOMENT("on = 'a', again = 'parallel'", "m:update_profile { nick = 'I' }\nlocal p = m:profile()\n"
                                              "return (p.email or '-') .. ' ' .. (p.locale or '-') .. ' ' .. (p.nick "
                                              "or '-') .. ' ' .. tostring(p.consent['email/marketing'])"));
  shop_event(&s, "profile.updated", "ida", "{\"email\":\"a@b.dk\",\"locale\":\"en\"}");
  shop_event(&s, "consent.given", "ida", "{\"channel\":\"email\",\"purpose\":\"marketing\"}");
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "a@b.dk en I true");
  shop_event(&s, "profile.updated", "ida", "{\"locale\":null}");
  shop_event(&s, "consent.withdrawn", "ida", "{}");
  shop_event(&s, "a", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "a@b.dk - I nil");
}

// P4, P5: an event about a parcel reaches the run about its order; another order's does not.
static void test_things(void **state) {
  (void)state;
  load(MOMENT("on = 'order.placed', about = 'order'", "local e = m:wait_for({ 'shipment.*', 'order.cancelled', "
                                                      "'called' }, { within = '1d' })\nreturn e and e.type or 'none'"));
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\"}");
  shop_event(&s, "shipment.sent", "ida", "{\"order_id\":\"2\",\"shipment_id\":\"p2\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "order.cancelled", "ida", "{}"); // a hole: its type carries an order
  assert_string_equal(shop_outcome(&s), "waiting");
  shop_event(&s, "shipment.sent", NULL, "{\"order_id\":\"1\",\"shipment_id\":\"p1\"}");
  assert_string_equal(shop_outcome(&s), "shipment.sent");
  shop_event(&s, "order.placed", "bo", "{\"order_id\":\"3\"}");
  shop_event(&s, "called", "bo", NULL); // of the person, about no order
  assert_string_equal(shop_outcome(&s), "called");
}

static void test_scan_knows_only_the_parcel(void **state) {
  (void)state;
  load(MOMENT("on = 'order.placed', about = 'order'",
              "local e = m:wait_for('carrier.scan', { within = '1d' })\nreturn e and 'seen' or 'none'"));
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\",\"shipment_id\":\"p1\"}");
  shop_event(&s, "carrier.scan", NULL, "{\"tracking\":\"p1\"}");
  assert_string_equal(shop_outcome(&s), "seen");
}

// P6
static void test_persons_are_never_mixed(void **state) {
  (void)state;
  load(MOMENT("on = 'order.placed', about = 'order'",
              "return m:wait_for('order.changed', { within = '1d' }) and 'taken' or 'none'"));
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"1\"}");
  shop_event(&s, "order.changed", "bo", "{\"order_id\":\"1\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  assert_non_null(strstr(shop_incidents(&s), "identity_conflict"));
}

// P2: what was seen together is one person, and open waits see both sides.
static void test_join(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "return m:wait_for('b', { within = '1d' }) and 'taken' or 'none'"));
  shop_event(&s, "a", NULL, "{\"email\":\"Ida@B.dk \"}");
  shop_event(&s, "login", "ida", "{\"email\":\"ida@b.dk\"}");
  shop_event(&s, "b", "ida", NULL);
  assert_string_equal(shop_outcome(&s), "taken");
  shop_event(&s, "login", "bo", "{\"email\":\"ida@b.dk\"}");
  assert_non_null(strstr(shop_incidents(&s), "identity_conflict"));
}

// A script that reads the profile of nobody, a version that is gone, a bad plan: each harms only itself.
static void test_bad_folder_keeps_the_old_version(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "return 'old'"));
  shop_load(&s, "events.lua", plan, "m/moment.lua", "return 1 +", "n/moment.lua", MOMENT("on = 'a'", "return 'n'"),
            NULL);
  assert_non_null(strstr(s.problems, "m/moment.lua:1"));
  shop_event(&s, "a", "ida", NULL);
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.count, 2);
  assert_string_equal(all.list[0].outcome, "old");
  assert_string_equal(all.list[1].outcome, "n");
}

// R7: runs stay on their version.
static void test_runs_stay_on_their_version(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "m:sleep('1h')\nreturn 'v1'"));
  shop_event(&s, "a", "ida", NULL);
  load(MOMENT("on = 'a'", "return 'v2'"));
  shop_event(&s, "a", "bo", NULL);
  assert_string_equal(shop_outcome(&s), "v2");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(shop_all_runs(&s).list[0].outcome, "v1");
}

// W6
static void test_history_answers_nothing(void **state) {
  (void)state;
  load(MOMENT("on = 'a'", "return m:wait_for('b', { within = '1d' }) and 'taken' or 'none'"));
  shop_event(&s, "a", "ida", NULL);
  md_event event;
  shop_prepare(&s, &event, "b", "ida", NULL, NULL);
  event.flags = MD_EVENT_HISTORY;
  shop_take(&s, &event);
  shop_prepare(&s, &event, "a", "per", NULL, NULL);
  event.flags = MD_EVENT_HISTORY;
  shop_take(&s, &event);
  assert_string_equal(shop_outcome(&s), "waiting");
  assert_int_equal(shop_all_runs(&s).count, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

// P7: a profile that would be larger than a script's values is left as it is, and it is said.
static void test_P7_a_profile_is_bounded(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", "local p = require 'plan'\nreturn p.define { person = { strong = { 'subject' } } }\n",
            NULL);
  char *large = md_arena_alloc(s.arena, 70000);
  int len = snprintf(large, 70000, "{\"trait\":\"");
  memset(large + len, 'x', 66000);
  snprintf(large + len + 66000, 70000 - 66000 - (size_t)len, "\"}");
  shop_event(&s, "profile.updated", "ida", "{\"locale\":\"en\"}");
  shop_event(&s, "profile.updated", "ida", large);
  md_person person;
  assert_int_equal(md_people_get(s.store, 1, s.arena, &person, NULL), 0);
  assert_string_equal(person.profile, "{\"locale\":\"en\"}");
  assert_string_equal(shop_incidents(&s), "profile_too_large");
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P7_a_profile_is_bounded),
      T(test_wait_takes_its_event),
      T(test_deadline_and_tie),
      T(test_early_events),
      T(test_duplicates_and_conflicts),
      T(test_unmatched_reasons),
      T(test_restart),
      T(test_queue),
      T(test_emit),
      T(test_emit_depth),
      T(test_park_and_retry),
      T(test_cancel),
      T(test_a_queued_run_keeps_the_time_of_its_start),
      T(test_divergence),
      T(test_loop_is_parked),
      T(test_heavy_turn),
      T(test_memory_is_capped),
      T(test_turns_start_clean),
      T(test_values_time_and_chance),
      T(test_profile_and_consent),
      T(test_things),
      T(test_scan_knows_only_the_parcel),
      T(test_persons_are_never_mixed),
      T(test_join),
      T(test_bad_folder_keeps_the_old_version),
      T(test_runs_stay_on_their_version),
      T(test_history_answers_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
