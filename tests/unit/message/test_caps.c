// SPDX-License-Identifier: Apache-2.0
// Caps, limits, `unless` and lateness (M5, M9, W7), in the turn and again at claim; and generated days of sends against
// a model that counts by hand.
#include "base/timestamp.h"
#include "message_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN "{\"template\":\"plain\"}"

static void consent(message_fixture *f, bool given, md_micros at) {
  md_consent row = {.person = f->person, .at = at, .given = given, .channel = "email", .purpose = "marketing"};
  store_fixture_expect(f->db, 0, md_consents_insert(f->store, &row, &f->db->err));
}

static void set_cap(message_fixture *f, const char *name, const char *text) {
  md_policy *policy = &f->options.policy;
  assert_int_equal(md_cap_parse(name, text, &policy->caps[policy->cap_count++], NULL), 0);
  message_fixture_outbox(f);
}

static int setup(void **state) {
  int rc = message_fixture_setup(state);
  consent(*state, true, 1);
  return rc;
}

static md_message decide_at(message_fixture *f, const char *class_name, md_micros when, const char *more) {
  char args[256];
  snprintf(args, sizeof args, "{\"template\":\"plain\",\"send_at\":%lld%s}", (long long)(when / MD_SECOND), more);
  md_send send = message_fixture_send(f, class_name, args);
  return message_fixture_decide(f, &send);
}

static md_message send_at(message_fixture *f, const char *class_name, md_micros when, const char *more) {
  md_message m = decide_at(f, class_name, when, more);
  store_fixture_expect(f->db, 0, md_messages_insert(f->store, &m, &f->db->err));
  return m;
}

static void expect_reason(md_message m, const char *reason, const char *words) {
  assert_int_equal(m.state, MD_MESSAGE_SUPPRESSED);
  assert_string_equal(m.reason, reason);
  if (!strstr(m.detail, words)) fail_msg("detail: %s", m.detail);
}

static void test_a_cap_slides(void **state) {
  message_fixture *f = *state;
  set_cap(f, "marketing", "2 per 36h");
  send_at(f, "marketing", f->now, "");
  send_at(f, "marketing", f->now + MD_HOUR, "");
  md_message m = decide_at(f, "marketing", f->now + 2 * MD_HOUR, "");
  expect_reason(m, "cap", "caps.marketing is 2 per 36h; the next may go at ");
  assert_int_equal(m.again_at, f->now + 36 * MD_HOUR);
  assert_int_equal(decide_at(f, "marketing", f->now + 36 * MD_HOUR, "").state, MD_MESSAGE_QUEUED);
  assert_int_equal(decide_at(f, "service", f->now, "").state, MD_MESSAGE_QUEUED);
}

// Whole days are days of the person's calendar: what was sent yesterday evening does not count today.
static void test_a_cap_of_days_counts_the_persons_days(void **state) {
  message_fixture *f = *state;
  md_micros evening = 0;
  md_timestamp_parse("2026-11-24T22:30:00Z", 20, &evening, NULL); // 23:30 in Copenhagen, 17:30 in New York
  f->now = evening;
  set_cap(f, "marketing/email", "1 per 1d");
  send_at(f, "marketing", evening, "");
  assert_int_equal(decide_at(f, "marketing", evening + MD_HOUR, "").state, MD_MESSAGE_QUEUED); // tomorrow there
  md_send send = message_fixture_send(f, "marketing", PLAIN);
  json_object_set_new(send.profile, "timezone", json_string("America/New_York"));
  send.now = evening + MD_HOUR;
  md_message m = message_fixture_decide(f, &send);
  expect_reason(m, "cap", "the next may go at 2026-11-25T05:00:00Z");
}

// M5: what is withdrawn or suppressed gives its place back; what this very turn has sent takes one.
static void test_places_are_given_back(void **state) {
  message_fixture *f = *state;
  set_cap(f, "marketing", "1 per 7d");
  md_message first = send_at(f, "marketing", f->now, "");
  expect_reason(decide_at(f, "marketing", f->now, ""), "cap", "1 per 7d");
  store_fixture_expect(f->db, 0, md_messages_withdraw(f->store, f->run.id, "restarted", f->now, &f->db->err));
  md_send send = message_fixture_send(f, "marketing", PLAIN);
  md_outgoing earlier = {.message = message_fixture_decide(f, &send)};
  assert_int_equal(earlier.message.state, MD_MESSAGE_QUEUED);
  send.earlier = &earlier;
  expect_reason(message_fixture_decide(f, &send), "cap", "1 per 7d");
  assert_int_equal(message_fixture_get(f, first.id).state, MD_MESSAGE_WITHDRAWN);
}

// M5: nobody is forgotten behind the many messages of another, or of one's own run.
static void test_however_many_there_are(void **state) {
  message_fixture *f = *state;
  md_message m = decide_at(f, "marketing", f->now, "");
  int64_t own = m.run;
  store_fixture_begin(f->db);
  for (int i = 0; i < 1500; i++) {
    m.id = 0;
    m.run = i == 0 ? own + 1 : own;
    store_fixture_expect(f->db, 0, md_messages_insert(f->store, &m, &f->db->err));
  }
  store_fixture_commit(f->db);
  md_send send = message_fixture_send(f, "service", PLAIN);
  send.limit_runs = 1;
  send.limit_per = 7 * MD_DAY;
  expect_reason(message_fixture_decide(f, &send), "limit", "the limit is 1 of the moment's runs");
  send.limit_runs = 2;
  assert_int_equal(message_fixture_decide(f, &send).state, MD_MESSAGE_QUEUED);
}

// P3: caps of a joined person add up.
static void test_a_join_adds_up(void **state) {
  message_fixture *f = *state;
  set_cap(f, "marketing", "1 per 7d");
  int64_t first = f->person;
  send_at(f, "marketing", f->now, "");
  message_fixture_person(f, "kunde-2");
  consent(f, true, 1);
  assert_int_equal(decide_at(f, "marketing", f->now, "").state, MD_MESSAGE_QUEUED);
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, md_people_alias(f->store, first, f->person, 1, 30, &f->db->err));
  store_fixture_commit(f->db);
  expect_reason(decide_at(f, "marketing", f->now, ""), "cap", "1 per 7d");
}

static void test_a_cap_names_a_time_outside_the_night(void **state) {
  message_fixture *f = *state;
  md_quiet_hours_parse("21:00-08:00", &f->options.policy.quiet, NULL);
  set_cap(f, "marketing", "1 per 12h");
  md_micros morning = 0;
  md_timestamp_parse("2026-11-24T09:30:00Z", 20, &morning, NULL);
  f->now = morning;
  send_at(f, "marketing", morning, "");
  expect_reason(decide_at(f, "marketing", morning, ""), "cap", "the next may go at 2026-11-25T07:00:00Z"); // not 22:30
}

// M9: delayed, and counted for the time that it is delayed to.
static void test_quiet_hours_delay(void **state) {
  message_fixture *f = *state;
  md_micros night = 0, morning = 0;
  md_timestamp_parse("2026-11-24T22:00:00Z", 20, &night, NULL);
  md_timestamp_parse("2026-11-25T07:00:00Z", 20, &morning, NULL);
  md_quiet_hours_parse("21:00-08:00", &f->options.policy.quiet, NULL);
  set_cap(f, "marketing", "1 per 12h");
  f->now = night;
  md_message m = send_at(f, "marketing", night, "");
  assert_int_equal(m.due_at, morning);
  assert_non_null(strstr(m.detail, "quiet hours 21:00-08:00 in Europe/Copenhagen: waits until 2026-11-25T07:00:00Z"));
  expect_reason(decide_at(f, "marketing", night + 20 * MD_HOUR, ""), "cap", "12h");
  assert_int_equal(decide_at(f, "service", night, "").due_at, night);
}

// --- asked again at claim ---

static md_message claim(message_fixture *f, int64_t id) {
  message_fixture_batch(f);
  return message_fixture_get(f, id);
}

static void test_a_withdrawal_holds_for_what_is_queued(void **state) {
  message_fixture *f = *state;
  md_message m = send_at(f, "marketing", f->now + MD_HOUR, "");
  assert_string_equal(m.terms, "{\"products\":\"all\"}");
  consent(f, false, f->now);
  f->now += MD_HOUR;
  m = claim(f, m.id);
  expect_reason(m, "no_consent", "the person withdrew it: consent 2");
  assert_int_equal(m.final_at, f->now);
  assert_int_equal(f->delivered_count, 0);
}

static void test_caps_are_asked_again(void **state) {
  message_fixture *f = *state;
  md_message m = send_at(f, "marketing", f->now + MD_HOUR, "");
  set_cap(f, "marketing", "1 per 7d"); // a new configuration
  md_message early = send_at(f, "service", f->now, "");
  early.class_name = "marketing";
  early.id = 0;
  store_fixture_expect(f->db, 0, md_messages_insert(f->store, &early, &f->db->err));
  message_fixture_batch(f);
  f->now += MD_HOUR;
  expect_reason(claim(f, m.id), "cap", "1 per 7d");
}

static void test_the_night_is_asked_again(void **state) {
  message_fixture *f = *state;
  md_micros night = 0, morning = 0;
  md_timestamp_parse("2026-11-24T22:00:00Z", 20, &night, NULL);
  md_timestamp_parse("2026-11-25T07:00:00Z", 20, &morning, NULL);
  f->now = night - 2 * MD_HOUR;
  md_message m = send_at(f, "marketing", f->now, "");
  md_quiet_hours_parse("21:00-08:00", &f->options.policy.quiet, NULL);
  message_fixture_outbox(f);
  f->now = night; // it was due before, but nobody was there
  m = claim(f, m.id);
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_int_equal(m.due_at, morning);
  f->now = morning;
  assert_int_equal(claim(f, m.id).state, MD_MESSAGE_ATTEMPTING);
}

// W7
static void test_max_lateness(void **state) {
  message_fixture *f = *state;
  md_message m = send_at(f, "service", f->now, ",\"max_lateness\":600");
  md_message in_time = send_at(f, "service", f->now, ",\"max_lateness\":3600");
  f->now += 601 * MD_SECOND;
  expect_reason(claim(f, m.id), "late", "max_lateness: it was to go by");
  assert_int_equal(message_fixture_get(f, in_time.id).state, MD_MESSAGE_ATTEMPTING);
}

static bool answer_seen;
static md_micros asked_since;
static int seen(void *engine, const md_run *run, const char *type, md_micros since, bool *out, md_error *err) {
  message_fixture *f = engine;
  (void)err;
  assert_int_equal(run->id, f->run.id);
  assert_string_equal(type, "order.placed");
  asked_since = since;
  *out = answer_seen;
  return 0;
}

#define UNLESS ",\"unless\":{\"past\":\"order.placed\",\"within\":172800}"

static void test_unless_is_asked_twice(void **state) {
  message_fixture *f = *state;
  f->options.seen = seen;
  message_fixture_outbox(f);
  answer_seen = true;
  expect_reason(decide_at(f, "service", f->now, UNLESS), "unless", "order.placed came within the last 2d");
  assert_int_equal(asked_since, f->now - 2 * MD_DAY);
  answer_seen = false;
  md_message m = send_at(f, "service", f->now + MD_HOUR, UNLESS);
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  answer_seen = true;
  f->now += MD_HOUR;
  expect_reason(claim(f, m.id), "unless", "order.placed");
  assert_int_equal(asked_since, f->now - 2 * MD_DAY);
}

// --- generated days ---

// Sends at random times; the model keeps what was allowed and counts every window by hand.
static void test_against_the_model(void **state) {
  message_fixture *f = *state;
  enum { SENDS = 300, SPAN = 48, MOST = 3 };
  int64_t hours[SENDS];
  int sent = 0, refused = 0;
  set_cap(f, "marketing", "3 per 48h");
  srandom(9);
  for (int i = 0; i < SENDS; i++) {
    int64_t hour = random() % 600;
    bool fits = true;
    for (int64_t start = hour - SPAN + 1; start <= hour && fits; start++) {
      int count = 0;
      for (int n = 0; n < sent; n++)
        count += hours[n] >= start && hours[n] < start + SPAN;
      fits = count < MOST;
    }
    md_message m = send_at(f, "marketing", f->now + hour * MD_HOUR, "");
    if ((m.state == MD_MESSAGE_QUEUED) != fits) fail_msg("send %d at hour %lld", i, (long long)hour);
    if (fits) hours[sent++] = hour;
    refused += !fits;
    if (!fits) assert_true(m.again_at > f->now + hour * MD_HOUR);
  }
  assert_true(sent > 20 && refused > 20);
}

int main(void) {
#define WITH_OUTBOX(test) cmocka_unit_test_setup_teardown(test, setup, message_fixture_teardown)
  const struct CMUnitTest tests[] = {
      WITH_OUTBOX(test_a_cap_slides),          WITH_OUTBOX(test_a_cap_of_days_counts_the_persons_days),
      WITH_OUTBOX(test_places_are_given_back), WITH_OUTBOX(test_however_many_there_are),
      WITH_OUTBOX(test_a_join_adds_up),        WITH_OUTBOX(test_a_cap_names_a_time_outside_the_night),
      WITH_OUTBOX(test_quiet_hours_delay),     WITH_OUTBOX(test_a_withdrawal_holds_for_what_is_queued),
      WITH_OUTBOX(test_caps_are_asked_again),  WITH_OUTBOX(test_the_night_is_asked_again),
      WITH_OUTBOX(test_max_lateness),          WITH_OUTBOX(test_unless_is_asked_twice),
      WITH_OUTBOX(test_against_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
