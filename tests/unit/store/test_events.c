// SPDX-License-Identifier: Apache-2.0
// The tables of events, unmatched triggers and incidents: T4, T5, W1.
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_a_whole_event_comes_back(void **state) {
  store_fixture *f = *state;
  md_event event = {.received_at = 5,
                    .time = 4,
                    .id = "e1",
                    .source = "shop",
                    .type = "order.placed",
                    .subject = "anna",
                    .extensions = "{\"traceparent\":\"00\"}",
                    .data_text = "{\"total\":12}",
                    .digest = {1, 2, 3},
                    .person = 9,
                    .keys = {{"parcel", "p1"}, {"order", "o1"}},
                    .key_count = 2,
                    .depth = 3,
                    .emitter_run = 11,
                    .flags = MD_EVENT_HAS_TIME | MD_EVENT_HISTORY};
  md_event out;
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_events_insert(f->store, &event, &f->err));
  store_fixture_commit(f);
  assert_int_equal(event.seq, 1);
  store_fixture_expect(f, 0, md_events_get(f->store, 1, f->arena, &out, &f->err));
  assert_int_equal(out.seq, 1);
  assert_int_equal(out.received_at, 5);
  assert_int_equal(out.time, 4);
  assert_string_equal(out.id, "e1");
  assert_string_equal(out.source, "shop");
  assert_string_equal(out.type, "order.placed");
  assert_string_equal(out.subject, "anna");
  assert_string_equal(out.extensions, event.extensions);
  assert_string_equal(out.data_text, event.data_text);
  assert_null(out.data);
  assert_memory_equal(out.digest, event.digest, MD_EVENT_DIGEST_SIZE);
  assert_int_equal(out.person, 9);
  assert_int_equal(out.key_count, 2);
  assert_string_equal(out.keys[0].kind, "parcel");
  assert_string_equal(out.keys[1].value, "o1");
  assert_int_equal(out.depth, 3);
  assert_int_equal(out.emitter_run, 11);
  assert_int_equal(out.flags, event.flags);
  assert_int_equal(md_events_last_seq(f->store), 1);
}

// By halves, against a look at each.
static void test_the_last_by_a_time(void **state) {
  store_fixture *f = *state;
  static const int times[] = {3, 3, 5, 9, 9, 9, 12, 20, 20, 31};
  enum { COUNT = sizeof times / sizeof times[0] };
  store_fixture_begin(f);
  for (int i = 0; i < COUNT; i++) {
    md_event event = {.id = "", .source = "", .type = "t", .received_at = times[i]};
    store_fixture_expect(f, 0, md_events_insert(f->store, &event, &f->err));
  }
  store_fixture_commit(f);
  for (md_micros at = 0; at < 40; at++) {
    int64_t seq = -1, expected = 0;
    for (int i = 0; i < COUNT; i++)
      if (times[i] <= at) expected = i + 1;
    store_fixture_expect(f, 0, md_events_last_by(f->store, at, &seq, &f->err));
    assert_int_equal(seq, expected);
  }
}

static void test_what_is_missing_stays_missing(void **state) {
  store_fixture *f = *state;
  md_event event = {.id = "", .source = "", .type = "t"}, out;
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_events_insert(f->store, &event, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_events_get(f->store, event.seq, f->arena, &out, &f->err));
  assert_null(out.subject);
  assert_null(out.extensions);
  assert_null(out.data_text);
  assert_int_equal(out.key_count, 0);
  store_fixture_expect(f, MD_ENOTFOUND, md_events_get(f->store, 99, f->arena, &out, &f->err));
}

// T5
static void test_an_event_is_found_by_source_and_id(void **state) {
  store_fixture *f = *state;
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  int64_t seq = 0;
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  store_fixture_expect(f, 0, md_events_find_id(f->store, "shop", "a", &seq, digest, &f->err));
  assert_int_equal(seq, 1);
  assert_int_equal(digest[0], 7);
  store_fixture_expect(f, MD_ENOTFOUND, md_events_find_id(f->store, "shop2", "a", &seq, digest, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_events_find_id(f->store, "shop", "b", &seq, digest, &f->err));
  store_fixture_commit(f);
}

// W1
static void test_events_about_a_key_come_in_order(void **state) {
  store_fixture *f = *state;
  md_event out;
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 3, "order", "o1");
  make_event(f->store, "b", "t", 4, "order", "o2");
  make_event(f->store, "c", "t", 3, "order", "o1");
  store_fixture_commit(f);
  md_key order = {"order", "o1"}, person = {"person", "3"};
  store_fixture_expect(f, 0, md_events_next_about(f->store, order, 0, f->arena, &out, &f->err));
  assert_string_equal(out.id, "a");
  store_fixture_expect(f, 0, md_events_next_about(f->store, order, 1, f->arena, &out, &f->err));
  assert_string_equal(out.id, "c");
  store_fixture_expect(f, MD_ENOTFOUND, md_events_next_about(f->store, order, 3, f->arena, &out, &f->err));
  store_fixture_expect(f, 0, md_events_next_about(f->store, person, 1, f->arena, &out, &f->err));
  assert_string_equal(out.id, "c");
  store_fixture_expect(f, 0, md_events_last_about(f->store, order, INT64_MAX, f->arena, &out, &f->err));
  assert_string_equal(out.id, "c");
  store_fixture_expect(f, 0, md_events_last_about(f->store, person, 3, f->arena, &out, &f->err));
  assert_string_equal(out.id, "a");
  store_fixture_expect(f, MD_ENOTFOUND, md_events_last_about(f->store, person, 1, f->arena, &out, &f->err));
}

// T4
static void test_pending_events_are_taken_once(void **state) {
  store_fixture *f = *state;
  md_event event = {.id = "7:2", .source = "momentd", .type = "t", .flags = MD_EVENT_PENDING}, out;
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  store_fixture_expect(f, 0, md_events_insert(f->store, &event, &f->err));
  store_fixture_expect(f, 0, md_events_next_pending(f->store, 0, f->arena, &out, &f->err));
  assert_int_equal(out.seq, event.seq);
  store_fixture_expect(f, MD_ENOTFOUND, md_events_next_pending(f->store, event.seq, f->arena, &out, &f->err));
  store_fixture_expect(f, 0, md_events_mark_processed(f->store, event.seq, &f->err));
  store_fixture_expect(f, 0, md_events_mark_conflict(f->store, event.seq, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_events_next_pending(f->store, 0, f->arena, &out, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_events_get(f->store, event.seq, f->arena, &out, &f->err));
  assert_int_equal(out.flags, MD_EVENT_CONFLICT);
}

typedef struct seen {
  char text[200];
  int stop_after, count;
} seen;

static int see(seen *s, const char *text) {
  strcat(s->text, text ? text : "-");
  strcat(s->text, " ");
  return s->stop_after && ++s->count == s->stop_after ? 1 : 0;
}

static int see_event(void *context, const md_event *event) {
  return see(context, event->id);
}

static int see_unmatched(void *context, const md_unmatched *row) {
  char text[100];
  snprintf(text, sizeof text, "%s/%s/%s/%s/%s", row->event_id, row->type, row->moment, row->reason,
           row->detail ? row->detail : "-");
  return see(context, text);
}

static void test_listing_is_newest_first(void **state) {
  store_fixture *f = *state;
  seen all = {0}, typed = {0}, stopped = {.stop_after = 1};
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  make_event(f->store, "b", "u", 0, NULL, NULL);
  make_event(f->store, "c", "t", 0, NULL, NULL);
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_events_list(f->store, NULL, 0, 2, see_event, &all, &f->err));
  assert_string_equal(all.text, "c b ");
  store_fixture_expect(f, 0, md_events_list(f->store, "t", 3, 10, see_event, &typed, &f->err));
  assert_string_equal(typed.text, "a ");
  assert_int_equal(md_events_list(f->store, NULL, 0, 10, see_event, &stopped, &f->err), 1);
  assert_string_equal(stopped.text, "c ");
}

static void test_what_came_after_is_oldest_first(void **state) {
  store_fixture *f = *state;
  seen some = {0}, rest = {0}, unmatched = {0};
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  make_event(f->store, "b", "u", 0, NULL, NULL);
  make_event(f->store, "c", "t", 0, NULL, NULL);
  for (int64_t seq = 1; seq <= 3; seq++)
    store_fixture_expect(f, 0, md_unmatched_insert(f->store, seq, "cart", "where", NULL, 5, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_events_after(f->store, 0, 2, see_event, &some, &f->err));
  assert_string_equal(some.text, "a b ");
  store_fixture_expect(f, 0, md_events_after(f->store, 2, 10, see_event, &rest, &f->err));
  assert_string_equal(rest.text, "c ");
  store_fixture_expect(f, 0, md_unmatched_after(f->store, 1, 1, see_unmatched, &unmatched, &f->err));
  assert_string_equal(unmatched.text, "b/u/cart/where/- ");
}

static void test_unmatched_triggers_name_their_event(void **state) {
  store_fixture *f = *state;
  seen all = {0}, one = {0};
  store_fixture_begin(f);
  make_event(f->store, "a", "t", 0, NULL, NULL);
  make_event(f->store, "b", "u", 0, NULL, NULL);
  store_fixture_expect(f, 0, md_unmatched_insert(f->store, 1, "cart", "where", NULL, 5, &f->err));
  store_fixture_expect(f, 0, md_unmatched_insert(f->store, 2, "cart", "error", "cart/moment.lua:3: x", 6, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_unmatched_list(f->store, 0, 10, see_unmatched, &all, &f->err));
  assert_string_equal(all.text, "b/u/cart/error/cart/moment.lua:3: x a/t/cart/where/- ");
  store_fixture_expect(f, 0, md_unmatched_list(f->store, 1, 10, see_unmatched, &one, &f->err));
  assert_string_equal(one.text, "a/t/cart/where/- ");
}

static int see_incident(void *context, const md_incident *row) {
  char text[100];
  snprintf(text, sizeof text, "%s/%d/%d/%d", row->kind, (int)row->event_seq, (int)row->run, (int)row->at);
  return see(context, text);
}

static int see_count(void *context, const char *kind, int64_t count) {
  char text[100];
  snprintf(text, sizeof text, "%s:%d", kind, (int)count);
  return see(context, text);
}

static void test_incidents_are_kept(void **state) {
  store_fixture *f = *state;
  seen all = {0};
  store_fixture_expect(f, 0, md_incidents_insert(f->store, "drift", 0, 4, NULL, 5, &f->err));
  store_fixture_expect(f, 0, md_incidents_insert(f->store, "identity_conflict", 3, 0, "x", 6, &f->err));
  store_fixture_expect(f, 0, md_incidents_list(f->store, 10, see_incident, &all, &f->err));
  assert_string_equal(all.text, "identity_conflict/3/0/6 drift/0/4/5 ");
  all = (seen){0};
  store_fixture_expect(f, 0, md_incidents_insert(f->store, "drift", 0, 5, NULL, 7, &f->err));
  store_fixture_expect(f, 0, md_incidents_count(f->store, see_count, &all, &f->err));
  assert_string_equal(all.text, "drift:2 identity_conflict:1 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_memory, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_whole_event_comes_back),
      TEST(test_the_last_by_a_time),
      TEST(test_what_is_missing_stays_missing),
      TEST(test_an_event_is_found_by_source_and_id),
      TEST(test_events_about_a_key_come_in_order),
      TEST(test_pending_events_are_taken_once),
      TEST(test_listing_is_newest_first),
      TEST(test_what_came_after_is_oldest_first),
      TEST(test_unmatched_triggers_name_their_event),
      TEST(test_incidents_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
