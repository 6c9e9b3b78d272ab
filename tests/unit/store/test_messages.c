// SPDX-License-Identifier: Apache-2.0
// The table of messages: M2, M5, T9.
#include "store/messages.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_message message_of(int64_t run, int64_t person, md_micros due_at) {
  return (md_message){.run = run,
                      .moment = "cart",
                      .person = person,
                      .channel = "email",
                      .state = MD_MESSAGE_QUEUED,
                      .created_at = 1,
                      .due_at = due_at};
}

static int64_t put(store_fixture *f, md_message message) {
  store_fixture_expect(f, 0, md_messages_insert(f->store, &message, &f->err));
  return message.id;
}

static md_message get(store_fixture *f, int64_t id) {
  md_message message;
  store_fixture_expect(f, 0, md_messages_get(f->store, id, f->arena, &message, &f->err));
  return message;
}

static void test_a_whole_message_comes_back(void **state) {
  store_fixture *f = *state;
  md_message m = {.run = 3, .step = 2, .moment = "cart", .version = 4, .person = 5, .template_name = "reminder"};
  m.variant = "b";
  m.locale = "da";
  m.subject = "Hej";
  m.channel = "email";
  m.class_name = "marketing";
  m.mode = "allow:@example.com";
  m.state = MD_MESSAGE_HELD;
  m.reason = "cap";
  m.detail = "450 later";
  m.to = "a@b.dk";
  m.message_id = "1@momentd";
  m.data = "{}";
  m.rendering = "From: x";
  m.urgent = true;
  m.cancel = true;
  m.attempts = 6;
  m.created_at = 7;
  m.due_at = 8;
  m.final_at = 9;
  md_message out = get(f, put(f, m));
  assert_int_equal(out.run, 3);
  assert_int_equal(out.step, 2);
  assert_int_equal(out.version, 4);
  assert_int_equal(out.person, 5);
  assert_int_equal(out.state, MD_MESSAGE_HELD);
  assert_true(out.urgent && out.cancel);
  assert_int_equal(out.attempts, 6);
  assert_int_equal(out.created_at, 7);
  assert_int_equal(out.due_at, 8);
  assert_int_equal(out.final_at, 9);
  const char *expected[] = {
      "cart", "reminder",  "b",      "da",        "Hej", "email",  "marketing", "allow:@example.com",
      "cap",  "450 later", "a@b.dk", "1@momentd", "{}",  "From: x"};
  const char *found[] = {out.moment,  out.template_name, out.variant, out.locale,   out.subject,
                         out.channel, out.class_name,    out.mode,    out.reason,   out.detail,
                         out.to,      out.message_id,    out.data,    out.rendering};
  for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
    assert_string_equal(found[i], expected[i]);
}

static void test_an_update_writes_what_can_change(void **state) {
  store_fixture *f = *state;
  md_message m = get(f, put(f, message_of(1, 1, 10)));
  m.state = MD_MESSAGE_FAILED;
  m.reason = "permanent";
  m.detail = "550 no such user";
  m.rendering = "x";
  m.cancel = true;
  m.attempts = 3;
  m.due_at = 20;
  m.final_at = 30;
  store_fixture_expect(f, 0, md_messages_update(f->store, &m, &f->err));
  md_message out = get(f, m.id);
  assert_int_equal(out.state, MD_MESSAGE_FAILED);
  assert_string_equal(out.reason, "permanent");
  assert_string_equal(out.detail, "550 no such user");
  assert_string_equal(out.rendering, "x");
  assert_true(out.cancel);
  assert_int_equal(out.attempts, 3);
  assert_int_equal(out.due_at, 20);
  assert_int_equal(out.final_at, 30);
  m.id = 99;
  store_fixture_expect(f, MD_ENOTFOUND, md_messages_update(f->store, &m, &f->err));
}

static void test_urgent_ones_are_handed_over_first(void **state) {
  store_fixture *f = *state;
  md_message urgent = message_of(1, 1, 30), out;
  urgent.urgent = true;
  assert_int_equal(md_messages_due_at(f->store), 0);
  put(f, message_of(1, 1, 20));
  put(f, message_of(1, 1, 10));
  int64_t id = put(f, urgent);
  assert_int_equal(md_messages_due_at(f->store), 10);
  store_fixture_expect(f, 0, md_messages_next_due(f->store, 50, false, f->arena, &out, &f->err));
  assert_int_equal(out.id, id);
  store_fixture_expect(f, 0, md_messages_next_due(f->store, 25, false, f->arena, &out, &f->err));
  assert_int_equal(out.id, 2);
  store_fixture_expect(f, MD_ENOTFOUND, md_messages_next_due(f->store, 25, true, f->arena, &out, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_messages_next_due(f->store, 5, false, f->arena, &out, &f->err));
}

// T9
static void test_withdrawing_spares_what_is_on_its_way(void **state) {
  store_fixture *f = *state;
  md_message attempting = message_of(1, 1, 10);
  attempting.state = MD_MESSAGE_ATTEMPTING;
  int64_t queued = put(f, message_of(1, 1, 10)), on_its_way = put(f, attempting), other = put(f, message_of(2, 1, 10));
  store_fixture_expect(f, 0, md_messages_withdraw(f->store, 1, "restarted", 77, &f->err));
  assert_int_equal(get(f, queued).state, MD_MESSAGE_WITHDRAWN);
  assert_string_equal(get(f, queued).reason, "restarted");
  assert_int_equal(get(f, queued).final_at, 77);
  assert_int_equal(get(f, on_its_way).state, MD_MESSAGE_ATTEMPTING);
  assert_true(get(f, on_its_way).cancel);
  assert_int_equal(get(f, other).state, MD_MESSAGE_QUEUED);
}

static int see_message(void *context, const md_message *message) {
  char *text = context;
  sprintf(text + strlen(text), "%d:%s ", (int)message->id, md_message_state_name(message->state));
  return 0;
}

// M2
static void test_interrupted_ones_become_unknown(void **state) {
  store_fixture *f = *state;
  char text[200] = "";
  md_message attempting = message_of(1, 1, 10);
  attempting.state = MD_MESSAGE_ATTEMPTING;
  put(f, attempting);
  put(f, message_of(1, 1, 10));
  put(f, attempting);
  store_fixture_expect(f, 0, md_messages_interrupted(f->store, see_message, text, &f->err));
  assert_string_equal(text, "1:attempting 3:attempting ");
  assert_int_equal(get(f, 1).state, MD_MESSAGE_UNKNOWN);
  assert_int_equal(get(f, 2).state, MD_MESSAGE_QUEUED);
  assert_int_equal(get(f, 3).state, MD_MESSAGE_UNKNOWN);
}

static void list(store_fixture *f, md_message_filter filter, const char *expected) {
  char text[300] = "";
  store_fixture_expect(f, 0, md_messages_list(f->store, &filter, see_message, text, &f->err));
  assert_string_equal(text, expected);
}

static int see_count(void *context, md_message_state message_state, int64_t count) {
  char *text = context;
  sprintf(text + strlen(text), "%s=%d ", md_message_state_name(message_state), (int)count);
  return 0;
}

static void test_listing_and_counting(void **state) {
  store_fixture *f = *state;
  char text[200] = "";
  md_message held = message_of(2, 8, 10);
  held.state = MD_MESSAGE_HELD;
  put(f, message_of(1, 7, 10));
  put(f, held);
  put(f, message_of(2, 8, 10));
  list(f, (md_message_filter){0}, "3:queued 2:held 1:queued ");
  list(f, (md_message_filter){.run = 2, .limit = 1}, "3:queued ");
  list(f, (md_message_filter){.run = 2, .before = 3}, "2:held ");
  list(f, (md_message_filter){.state = MD_MESSAGE_HELD}, "2:held ");
  list(f, (md_message_filter){.person = 7, .moment = "cart"}, "1:queued ");
  list(f, (md_message_filter){.moment = "order"}, "");
  store_fixture_expect(f, 0, md_messages_counts(f->store, see_count, text, &f->err));
  assert_string_equal(text, "queued=2 held=1 ");
}

// M5: what reached the person or is reserved for them, by the time that counts.
typedef struct seen_times {
  char text[200];
} seen_times;

static int see_time(void *context, const md_message_time *time) {
  seen_times *seen = context;
  size_t used = strlen(seen->text);
  snprintf(seen->text + used, sizeof seen->text - used, "%lld@%lld ", (long long)time->run, (long long)time->at);
  return 0;
}

static void expect_times(store_fixture *f, md_message_span span, const char *wanted) {
  seen_times seen = {""};
  span.person = span.person ? span.person : 7;
  store_fixture_expect(f, 0, md_messages_times(f->store, &span, see_time, &seen, &f->err));
  assert_string_equal(seen.text, wanted);
}

static void test_the_times_of_what_reaches_a_person(void **state) {
  store_fixture *f = *state;
  md_message suppressed = message_of(4, 7, 100), other = message_of(5, 7, 100), team = message_of(6, 7, 100);
  md_message sent = message_of(3, 7, 90), trying = message_of(8, 7, 10);
  suppressed.state = MD_MESSAGE_SUPPRESSED;
  other.moment = "order";
  team.internal = true;
  sent.state = MD_MESSAGE_ACCEPTED;
  sent.final_at = 95;
  trying.state = MD_MESSAGE_ATTEMPTING;
  put(f, message_of(1, 7, 50));
  put(f, message_of(2, 7, 100));
  put(f, sent);
  put(f, suppressed);
  put(f, other);
  put(f, team);
  put(f, trying);
  put(f, message_of(9, 8, 100));
  md_message_span all = {.since = 0, .until = 1000, .now = 120, .reserved = true};
  expect_times(f, all, "1@50 3@95 2@100 5@100 8@120 ");
  md_message_span cart = all;
  cart.moment = "cart";
  cart.without = 2;
  cart.since = 50;
  expect_times(f, cart, "3@95 8@120 ");
  md_message_span sent_only = all;
  sent_only.reserved = false;
  expect_times(f, sent_only, "3@95 8@120 ");
  md_message_span of_class = all;
  of_class.class_name = "marketing";
  expect_times(f, of_class, "");
  md_message_span late = all;
  late.since = 119;
  expect_times(f, late, "8@120 ");
  late.now = 119;
  expect_times(f, late, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_memory, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_whole_message_comes_back),         TEST(test_an_update_writes_what_can_change),
      TEST(test_urgent_ones_are_handed_over_first),  TEST(test_withdrawing_spares_what_is_on_its_way),
      TEST(test_interrupted_ones_become_unknown),    TEST(test_listing_and_counting),
      TEST(test_the_times_of_what_reaches_a_person),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
