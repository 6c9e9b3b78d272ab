// SPDX-License-Identifier: Apache-2.0
// The outbox from claim to the end: M2, M3, M4, T9, delivery modes, commit and rollback.
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

static int64_t queue(message_fixture *f, const char *class_name) {
  return message_fixture_queue(f, class_name, PLAIN);
}

static int64_t claim_one(message_fixture *f, const char *class_name) {
  int64_t id = queue(f, class_name);
  f->delivered_count = 0;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_ATTEMPTING);
  return id;
}

static md_message finish(message_fixture *f, int64_t id, md_delivery_outcome outcome, int reply, const char *detail) {
  message_fixture_finish(f, f->delivered_count - 1, outcome, reply, detail);
  message_fixture_batch(f);
  return message_fixture_get(f, id);
}

static void expect_event(message_fixture *f, int index, const char *words) {
  assert_true(index < f->event_count);
  if (!strstr(f->events[index], words)) fail_msg("%s", f->events[index]);
}

// --- claim ---

static void test_due_mail_is_rendered_and_handed_over(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  const md_delivery *delivery = f->delivered[0];
  md_message m = message_fixture_get(f, id);
  assert_int_equal(m.attempts, 1);
  assert_int_equal(delivery->message, id);
  assert_string_equal(delivery->from, "shop@shop.example");
  assert_string_equal(delivery->to, "ida@kunde.example");
  assert_string_equal(delivery->message_id, m.message_id);
  assert_non_null(strstr(delivery->mail, "Subject: Enkelt\r\n"));
  assert_non_null(strstr(delivery->mail, m.message_id));
  assert_null(m.rendering);
}

static void test_what_is_not_due_waits(void **state) {
  message_fixture *f = *state;
  message_fixture_queue(f, "service", "{\"template\":\"plain\",\"send_at\":1795426201}");
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 0);
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), f->now + MD_SECOND);
  f->now += MD_SECOND;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
}

// M2: few at a time; what has no slot stays queued, and nothing is due until one is free.
static void test_slots(void **state) {
  message_fixture *f = *state;
  f->slots = 2;
  f->urgent_slots = 3;
  for (int i = 0; i < 4; i++)
    queue(f, "service");
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 2);
  f->slots = 0;
  f->urgent_slots = 1;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 2);
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), 0);
  message_fixture_queue(f, "service", "{\"template\":\"plain\",\"urgent\":true}");
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), f->now);
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 3);
  assert_true(f->delivered[2]->urgent);
  f->urgent_slots = 0;
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), 0);
}

static void test_urgent_goes_first(void **state) {
  message_fixture *f = *state;
  queue(f, "service");
  message_fixture_queue(f, "service", "{\"template\":\"plain\",\"urgent\":true}");
  f->slots = f->urgent_slots = 1;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
  assert_true(f->delivered[0]->urgent);
}

// M2: the courier gets nothing whose `attempting` is not committed.
static void test_rollback_forgets_the_claim(void **state) {
  message_fixture *f = *state;
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  int64_t id = queue(f, "service");
  message_fixture_batch(f); // the first one recovers
  f->delivered_count = 0;
  message_fixture_finish(f, 0, MD_DELIVERY_TRANSIENT, 451, "451");
  for (int i = 0; i < 2; i++) {
    store_fixture_begin(f->db);
    store_fixture_expect(f->db, 0, messenger->claim(messenger->context, f->store, f->now, &f->db->err));
    assert_int_equal(f->delivered_count, 0);
    md_store_rollback(f->store);
    messenger->rolled_back(messenger->context);
    assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_ATTEMPTING);
    assert_int_equal(md_outbox_due_at(f->outbox, f->store), 1);
  }
  message_fixture_batch(f);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_QUEUED);
  assert_int_equal(md_outbox_under_way(f->outbox), 0);
  f->now += MD_MINUTE;
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, messenger->claim(messenger->context, f->store, f->now, &f->db->err));
  assert_int_equal(md_outbox_under_way(f->outbox), 1);
  md_store_rollback(f->store);
  messenger->rolled_back(messenger->context);
  assert_int_equal(md_outbox_under_way(f->outbox), 0);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_QUEUED);
}

static void test_a_courier_that_refuses(void **state) {
  message_fixture *f = *state;
  int64_t id = queue(f, "service");
  f->refuses = true;
  message_fixture_batch(f);
  f->slots = f->urgent_slots = 0;
  message_fixture_batch(f);
  md_message m = message_fixture_get(f, id);
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_int_equal(m.attempts, 0);
  assert_int_equal(m.due_at, f->now);
}

// --- modes ---

static void set_mode(message_fixture *f, const char *mode) {
  f->options.mode = mode;
  message_fixture_outbox(f);
}

static void test_shadow_keeps_the_rendering(void **state) {
  message_fixture *f = *state;
  set_mode(f, "shadow");
  int64_t id = queue(f, "service");
  message_fixture_batch(f);
  md_message m = message_fixture_get(f, id);
  assert_int_equal(f->delivered_count, 0);
  assert_int_equal(m.state, MD_MESSAGE_ACCEPTED);
  assert_string_equal(m.reason, "shadow");
  assert_non_null(strstr(m.rendering, "To: ida@kunde.example\r\n"));
  assert_int_equal(m.final_at, f->now);
  assert_int_equal(m.attempts, 0);
  assert_int_equal(f->event_count, 0);
}

static void test_redirect(void **state) {
  message_fixture *f = *state;
  set_mode(f, "redirect:dev@shop.example");
  int64_t id = claim_one(f, "service");
  assert_string_equal(f->delivered[0]->to, "dev@shop.example");
  assert_null(strstr(f->delivered[0]->mail, "ida@kunde.example"));
  assert_string_equal(message_fixture_get(f, id).to, "ida@kunde.example");
}

static void test_allow(void **state) {
  message_fixture *f = *state;
  set_mode(f, "allow:@kunde.example");
  claim_one(f, "service");
  assert_string_equal(f->delivered[0]->to, "ida@kunde.example");
  set_mode(f, "allow:@shop.example");
  int64_t id = queue(f, "service");
  message_fixture_batch(f);
  assert_string_equal(message_fixture_get(f, id).reason, "shadow");
}

// The mode is the turn's, not that of the time of delivery.
static void test_the_mode_is_frozen(void **state) {
  message_fixture *f = *state;
  set_mode(f, "shadow");
  int64_t id = queue(f, "service");
  set_mode(f, "live");
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 0);
  assert_string_equal(message_fixture_get(f, id).reason, "shadow");
}

// --- results ---

static void test_accepted(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  md_message m = finish(f, id, MD_DELIVERY_ACCEPTED, 250, "250 taken");
  assert_int_equal(m.state, MD_MESSAGE_ACCEPTED);
  assert_null(m.reason);
  assert_string_equal(m.detail, "250 taken");
  assert_int_equal(m.final_at, f->now);
  assert_int_equal(f->event_count, 1);
  char head[64];
  snprintf(head, sizeof head, "message.accepted %lld.3.accepted {", (long long)f->run.id);
  expect_event(f, 0, head);
  assert_int_equal(f->depths[0], 3);
  assert_int_equal(md_outbox_under_way(f->outbox), 0);
  assert_true(f->wakes > 0);
}

static void test_refused(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  md_message m = finish(f, id, MD_DELIVERY_PERMANENT, 550, "550 no such user");
  assert_int_equal(m.state, MD_MESSAGE_FAILED);
  assert_string_equal(m.reason, "refused");
  expect_event(f, 0, "message.failed ");
  expect_event(f, 0, "\"reason\":\"refused\",\"reply\":550,\"template\":\"plain\"");
}

// M4: the first retry within 30 s, then ever later, a day in all.
static void test_backoff(void **state) {
  message_fixture *f = *state;
  int64_t id = queue(f, "service");
  md_micros start = f->now, pause = 0;
  int attempts = 0;
  for (;; attempts++) {
    f->delivered_count = 0;
    message_fixture_batch(f);
    assert_int_equal(f->delivered_count, 1);
    md_message m = finish(f, id, MD_DELIVERY_TRANSIENT, 451, "451 later");
    if (m.state != MD_MESSAGE_QUEUED) break;
    pause = m.due_at - f->now;
    assert_true(pause >= 7 * MD_SECOND);
    assert_true(attempts > 0 || pause <= 30 * MD_SECOND);
    assert_true(pause <= 75 * MD_MINUTE);
    f->now = m.due_at;
  }
  md_message m = message_fixture_get(f, id);
  assert_int_equal(m.state, MD_MESSAGE_FAILED);
  assert_string_equal(m.reason, "expired");
  assert_string_equal(m.detail, "451 later");
  assert_true(pause > 40 * MD_MINUTE);
  assert_true(attempts > 20);
  assert_true(f->now - start > 18 * MD_HOUR && f->now - start < 30 * MD_HOUR);
  assert_int_equal(f->event_count, 1);
}

// M3: security and service once more, with the same Message-ID; a second unknown is final.
static void test_unknown_once_more(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  md_message m = finish(f, id, MD_DELIVERY_UNKNOWN, 0, "after the final dot: x");
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_string_equal(m.reason, "unknown");
  assert_int_equal(f->event_count, 0);
  f->now = m.due_at;
  f->delivered_count = 0;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
  assert_string_equal(f->delivered[0]->message_id, m.message_id);
  m = finish(f, id, MD_DELIVERY_UNKNOWN, 0, "after the final dot: y");
  assert_int_equal(m.state, MD_MESSAGE_UNKNOWN);
  assert_null(m.reason);
  assert_int_equal(m.attempts, 2);
  expect_event(f, 0, "message.unknown ");
}

static void test_unknown_then_a_result_that_stands(void **state) {
  message_fixture *f = *state;
  static const md_delivery_outcome ends[] = {MD_DELIVERY_ACCEPTED, MD_DELIVERY_PERMANENT};
  static const md_message_state states[] = {MD_MESSAGE_ACCEPTED, MD_MESSAGE_FAILED};
  for (int i = 0; i < 2; i++) {
    int64_t id = claim_one(f, "service");
    f->now = finish(f, id, MD_DELIVERY_UNKNOWN, 0, "x").due_at;
    message_fixture_batch(f);
    // Not reached at all: that was no second mail, so it may be tried further, and an unknown end still is final.
    md_message m = finish(f, id, MD_DELIVERY_TRANSIENT, 0, "connecting: refused");
    assert_int_equal(m.state, MD_MESSAGE_QUEUED);
    assert_string_equal(m.reason, "unknown");
    f->now = m.due_at;
    message_fixture_batch(f);
    m = finish(f, id, ends[i], 0, "y");
    assert_int_equal(m.state, states[i]);
  }
}

static void test_unknown_marketing_is_final(void **state) {
  message_fixture *f = *state;
  md_consent row = {.person = f->person, .at = 1, .given = true, .channel = "email", .purpose = "marketing"};
  store_fixture_expect(f->db, 0, md_consents_insert(f->store, &row, &f->db->err));
  int64_t id = claim_one(f, "marketing");
  assert_int_equal(finish(f, id, MD_DELIVERY_UNKNOWN, 0, "x").state, MD_MESSAGE_UNKNOWN);
  id = claim_one(f, "feedback");
  assert_int_equal(finish(f, id, MD_DELIVERY_UNKNOWN, 0, "x").state, MD_MESSAGE_UNKNOWN);
}

// B4: handed back unsent is as if it had not been claimed.
static void test_unsent(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  f->slots = f->urgent_slots = 0;
  md_message m = finish(f, id, MD_DELIVERY_UNSENT, 0, "");
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_int_equal(m.attempts, 0);
  assert_int_equal(m.due_at, f->now);
  assert_null(m.detail);
}

static void test_a_detail_cut_within_a_character(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  md_message m = finish(f, id, MD_DELIVERY_PERMANENT, 550, "550 r\303\270dgr\303");
  assert_string_equal(m.detail, "550 r??dgr?");
  expect_event(f, 0, "550 r??dgr?");
}

// --- pausing (M9) ---

static void pause_cart(message_fixture *f, md_micros at) {
  store_fixture_expect(f->db, 0, md_moments_set_live(f->store, "cart", f->version, f->now, &f->db->err));
  store_fixture_expect(f->db, 0, md_moments_set_paused(f->store, "cart", at, &f->db->err));
}

static void resume_cart(message_fixture *f, int64_t expected) {
  int64_t count = 0;
  pause_cart(f, 0);
  store_fixture_expect(f->db, 0, md_messages_release(f->store, "cart", 10, &count, &f->db->err));
  assert_int_equal(count, expected);
}

static void test_M9_a_paused_moments_mail_is_held(void **state) {
  message_fixture *f = *state;
  int64_t id = queue(f, "service");
  pause_cart(f, f->now);
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 0);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_HELD);
  assert_string_equal(message_fixture_get(f, id).reason, "paused");
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), 0); // nothing is to be woken up for
  resume_cart(f, 1);
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
  assert_int_equal(finish(f, id, MD_DELIVERY_ACCEPTED, 250, "ok").state, MD_MESSAGE_ACCEPTED);
  assert_null(message_fixture_get(f, id).reason);
}

// T9
static void test_held_mail_is_withdrawn_with_its_run(void **state) {
  message_fixture *f = *state;
  int64_t id = queue(f, "service");
  pause_cart(f, f->now);
  message_fixture_batch(f);
  store_fixture_expect(f->db, 0, md_messages_withdraw(f->store, f->run.id, "operator", f->now, &f->db->err));
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_WITHDRAWN);
  resume_cart(f, 0);
}

// M3: held or not, a second unknown is final.
static void test_M3_a_pause_gives_no_third_attempt(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "service");
  md_message m = finish(f, id, MD_DELIVERY_UNKNOWN, 354, "x");
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  pause_cart(f, f->now);
  f->now = m.due_at;
  message_fixture_batch(f);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_HELD);
  resume_cart(f, 1);
  message_fixture_batch(f);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_ATTEMPTING);
  assert_int_equal(finish(f, id, MD_DELIVERY_UNKNOWN, 354, "x").state, MD_MESSAGE_UNKNOWN);
}

// --- cancelling (M2, T9) ---

static void cancel(message_fixture *f) {
  store_fixture_expect(f->db, 0, md_messages_withdraw(f->store, f->run.id, "restarted", f->now, &f->db->err));
}

static void test_cancel_raises_the_flag_after_the_commit(void **state) {
  message_fixture *f = *state;
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  int64_t id = claim_one(f, "service");
  store_fixture_begin(f->db);
  cancel(f);
  store_fixture_expect(f->db, 0, messenger->claim(messenger->context, f->store, f->now, &f->db->err));
  md_store_rollback(f->store);
  messenger->rolled_back(messenger->context);
  message_fixture_batch(f);
  assert_false(atomic_load(&f->delivered[0]->cancel));
  cancel(f);
  message_fixture_batch(f);
  assert_true(atomic_load(&f->delivered[0]->cancel));
  f->run.state = MD_RUN_CANCELLED;
  f->run.reason = "restarted";
  store_fixture_expect(f->db, 0, md_runs_update(f->store, &f->run, &f->db->err));
  md_message m = finish(f, id, MD_DELIVERY_CANCELLED, 0, "");
  assert_int_equal(m.state, MD_MESSAGE_WITHDRAWN);
  assert_string_equal(m.reason, "restarted");
  assert_int_equal(f->event_count, 0);
}

static void test_cancelled_is_not_tried_again(void **state) {
  message_fixture *f = *state;
  static const md_delivery_outcome outcomes[] = {MD_DELIVERY_TRANSIENT, MD_DELIVERY_UNSENT, MD_DELIVERY_UNKNOWN,
                                                 MD_DELIVERY_ACCEPTED};
  static const md_message_state states[] = {MD_MESSAGE_WITHDRAWN, MD_MESSAGE_WITHDRAWN, MD_MESSAGE_UNKNOWN,
                                            MD_MESSAGE_ACCEPTED};
  for (int i = 0; i < 4; i++) {
    int64_t id = claim_one(f, "service");
    cancel(f);
    assert_int_equal(finish(f, id, outcomes[i], 0, "x").state, states[i]);
  }
}

// --- interrupted (M2) ---

static void test_interrupted_goes_by_the_rule_of_unknown(void **state) {
  message_fixture *f = *state;
  int64_t service = claim_one(f, "service"), feedback = claim_one(f, "feedback"), again = claim_one(f, "service");
  md_message m = message_fixture_get(f, again);
  m.reason = "unknown"; // it was on its second way already
  store_fixture_expect(f->db, 0, md_messages_update(f->store, &m, &f->db->err));
  message_fixture_outbox(f); // as after a crash
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), 1);
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 0);
  m = message_fixture_get(f, service);
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_string_equal(m.reason, "unknown");
  assert_true(m.due_at > f->now);
  assert_int_equal(message_fixture_get(f, feedback).state, MD_MESSAGE_UNKNOWN);
  assert_int_equal(message_fixture_get(f, again).state, MD_MESSAGE_UNKNOWN);
  assert_int_equal(f->event_count, 2);
  f->now = m.due_at;
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
}

// At start there is no batch yet, and no arena in scope.
static void test_recovery_before_the_first_batch(void **state) {
  message_fixture *f = *state;
  int64_t id = claim_one(f, "feedback");
  message_fixture_outbox(f);
  md_json_scope(NULL);
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, md_outbox_recover(f->outbox, f->store, f->now, &f->db->err));
  store_fixture_commit(f->db);
  md_json_scope(f->arena);
  assert_int_equal(message_fixture_get(f, id).state, MD_MESSAGE_UNKNOWN);
  expect_event(f, 0, "message.unknown ");
  message_fixture_batch(f);
  assert_int_equal(f->event_count, 1);
}

static void test_a_template_that_is_gone_at_claim(void **state) {
  message_fixture *f = *state;
  int64_t id = queue(f, "service");
  md_message m = message_fixture_get(f, id);
  m.template_name = "never_written";
  m.message_id = "2@shop.example";
  store_fixture_expect(f->db, 0, md_messages_insert(f->store, &m, &f->db->err));
  message_fixture_batch(f);
  assert_int_equal(f->delivered_count, 1);
  m = message_fixture_get(f, m.id);
  assert_int_equal(m.state, MD_MESSAGE_FAILED);
  assert_string_equal(m.reason, "template");
  expect_event(f, 0, "message.failed ");
}

// --- after a downtime (W7) ---

static void down_for(message_fixture *f, md_micros span) {
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, md_settings_set_int(f->store, "engine_time", f->now - span, &f->db->err));
  store_fixture_commit(f->db);
  f->options.catch_up_rate = 60;
  message_fixture_outbox(f);
}

static int delivered_now(message_fixture *f) {
  int before = f->delivered_count;
  message_fixture_batch(f);
  return f->delivered_count - before;
}

static void test_mail_is_paced_after_a_downtime(void **state) {
  message_fixture *f = *state;
  for (int i = 0; i < 5; i++)
    queue(f, "service");
  down_for(f, MD_HOUR);
  assert_int_equal(delivered_now(f), 1);
  assert_int_equal(delivered_now(f), 0);
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), f->now + MD_SECOND);
  message_fixture_queue(f, "service", "{\"template\":\"plain\",\"urgent\":true}");
  assert_int_equal(md_outbox_due_at(f->outbox, f->store), f->now);
  assert_int_equal(delivered_now(f), 1); // urgent mail is not held back
  for (int i = 0; i < 4; i++) {
    f->now += MD_SECOND;
    assert_int_equal(delivered_now(f), 1);
  }
  f->now += MD_SECOND; // nothing is left: as ever from here on
  assert_int_equal(delivered_now(f), 0);
  for (int i = 0; i < 3; i++)
    queue(f, "service");
  assert_int_equal(delivered_now(f), 3);
}

static void test_a_rolled_back_batch_spends_nothing(void **state) {
  message_fixture *f = *state;
  const md_messenger *messenger;
  queue(f, "service");
  queue(f, "service");
  down_for(f, MD_HOUR);
  messenger = md_outbox_messenger(f->outbox);
  store_fixture_begin(f->db);
  store_fixture_expect(f->db, 0, messenger->claim(messenger->context, f->store, f->now, &f->db->err));
  md_store_rollback(f->store);
  messenger->rolled_back(messenger->context);
  assert_int_equal(delivered_now(f), 1);
}

static void test_a_short_gap_is_no_downtime(void **state) {
  message_fixture *f = *state;
  for (int i = 0; i < 5; i++)
    queue(f, "service");
  down_for(f, MD_MINUTE);
  assert_int_equal(delivered_now(f), 5);
}

int main(void) {
#define WITH_OUTBOX(test) cmocka_unit_test_setup_teardown(test, message_fixture_setup, message_fixture_teardown)
  const struct CMUnitTest tests[] = {
      WITH_OUTBOX(test_due_mail_is_rendered_and_handed_over),
      WITH_OUTBOX(test_what_is_not_due_waits),
      WITH_OUTBOX(test_slots),
      WITH_OUTBOX(test_urgent_goes_first),
      WITH_OUTBOX(test_rollback_forgets_the_claim),
      WITH_OUTBOX(test_a_courier_that_refuses),
      WITH_OUTBOX(test_shadow_keeps_the_rendering),
      WITH_OUTBOX(test_redirect),
      WITH_OUTBOX(test_allow),
      WITH_OUTBOX(test_the_mode_is_frozen),
      WITH_OUTBOX(test_accepted),
      WITH_OUTBOX(test_refused),
      WITH_OUTBOX(test_backoff),
      WITH_OUTBOX(test_unknown_once_more),
      WITH_OUTBOX(test_unknown_then_a_result_that_stands),
      WITH_OUTBOX(test_unknown_marketing_is_final),
      WITH_OUTBOX(test_unsent),
      WITH_OUTBOX(test_a_detail_cut_within_a_character),
      WITH_OUTBOX(test_M9_a_paused_moments_mail_is_held),
      WITH_OUTBOX(test_held_mail_is_withdrawn_with_its_run),
      WITH_OUTBOX(test_M3_a_pause_gives_no_third_attempt),
      WITH_OUTBOX(test_cancel_raises_the_flag_after_the_commit),
      WITH_OUTBOX(test_cancelled_is_not_tried_again),
      WITH_OUTBOX(test_interrupted_goes_by_the_rule_of_unknown),
      WITH_OUTBOX(test_recovery_before_the_first_batch),
      WITH_OUTBOX(test_a_template_that_is_gone_at_claim),
      WITH_OUTBOX(test_mail_is_paced_after_a_downtime),
      WITH_OUTBOX(test_a_rolled_back_batch_spends_nothing),
      WITH_OUTBOX(test_a_short_gap_is_no_downtime),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
