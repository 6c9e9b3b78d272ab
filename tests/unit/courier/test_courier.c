// SPDX-License-Identifier: Apache-2.0
// The pool of senders: slots, the place kept for urgent mail, and the end (B4).
// ctest: tsan=yes
#include "courier/courier.h"
#include "fake_smtp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 128 };

typedef struct fixture {
  fake_smtp *server;
  md_courier *courier;
  md_queue *done;
  md_delivery *deliveries[MAX];
  int count;
  char url[64];
} fixture;

static void on_done(void *context, md_delivery *delivery) {
  fixture *f = context;
  md_queue_push_always(f->done, &delivery->node);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  md_error err = {0};
  f->server = fake_smtp_start();
  f->done = md_queue_new(0, NULL, NULL);
  fake_smtp_url(f->server, f->url);
  md_courier_options options = {.channel = {.url = f->url, .reply_timeout = 10 * MD_SECOND}, .done = on_done};
  options.context = f;
  if (md_courier_start(&f->courier, &options, &err)) fail_msg("%s", err.text);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  md_courier_stop(f->courier);
  for (int i = 0; i < f->count; i++)
    md_delivery_free(f->deliveries[i]);
  md_queue_free(f->done);
  fake_smtp_stop(f->server);
  free(f);
  return 0;
}

static bool submit(fixture *f, bool urgent) {
  md_delivery shape = {.from = "a@b.dk", .to = "c@d.dk", .message_id = "1@b.dk", .mail = "Subject: x\r\n\r\nx\r\n"};
  shape.mail_len = strlen(shape.mail);
  shape.urgent = urgent;
  md_delivery *delivery = md_delivery_new(&shape);
  assert_true(f->count < MAX);
  f->deliveries[f->count++] = delivery;
  return md_courier_submit(f->courier, delivery);
}

// Takes one result, in at most five seconds.
static md_delivery *result(fixture *f) {
  assert_true(md_queue_wait(f->done, 5000));
  return (md_delivery *)md_queue_take(f->done, 1);
}

static void test_mails_are_delivered(void **state) {
  fixture *f = *state;
  int back = 0;
  for (int i = 0; i < 100; i++) {
    for (; md_courier_slots(f->courier, false) == 0; back++)
      assert_int_equal(result(f)->result.outcome, MD_DELIVERY_ACCEPTED);
    assert_true(submit(f, false));
  }
  for (; back < 100; back++)
    assert_int_equal(result(f)->result.outcome, MD_DELIVERY_ACCEPTED);
  static fake_smtp_record record;
  fake_smtp_read(f->server, &record);
  assert_int_equal(record.accepted, 100);
  assert_true(record.connections <= 3);
}

// Mail of no hurry fills its own places; the last thread still takes what is urgent.
static void test_a_place_is_kept_for_urgent_mail(void **state) {
  fixture *f = *state;
  fake_smtp_play(f->server, &(fake_smtp_script){.dot_delay_ms = 700});
  assert_int_equal(md_courier_slots(f->courier, false), 6);
  assert_int_equal(md_courier_slots(f->courier, true), 8);
  for (int i = 0; i < 6; i++)
    assert_true(submit(f, false));
  assert_false(submit(f, false));
  assert_int_equal(md_courier_slots(f->courier, false), 0);
  assert_true(fake_smtp_wait_dots(f->server, 3));
  fake_smtp_play(f->server, &(fake_smtp_script){0});
  assert_true(submit(f, true));
  assert_true(result(f)->urgent);
  for (int i = 0; i < 6; i++)
    assert_int_equal(result(f)->result.outcome, MD_DELIVERY_ACCEPTED);
  assert_int_equal(md_courier_slots(f->courier, true), 8);
}

// B4: what is in DATA is finished, the rest comes back unsent.
static void test_stop(void **state) {
  fixture *f = *state;
  fake_smtp_play(f->server, &(fake_smtp_script){.dot_delay_ms = 500});
  for (int i = 0; i < 6; i++)
    assert_true(submit(f, false));
  assert_true(fake_smtp_wait_dots(f->server, 3));
  md_courier_stop(f->courier);
  f->courier = NULL;
  int accepted = 0, unsent = 0;
  for (int i = 0; i < 6; i++) {
    md_delivery_outcome outcome = result(f)->result.outcome;
    accepted += outcome == MD_DELIVERY_ACCEPTED;
    unsent += outcome == MD_DELIVERY_UNSENT;
  }
  assert_int_equal(accepted, 3);
  assert_int_equal(unsent, 3);
}

static void test_stop_does_not_wait_for_a_slow_start(void **state) {
  fixture *f = *state;
  fake_smtp_play(f->server, &(fake_smtp_script){.rcpt_delay_ms = 4000});
  assert_true(submit(f, false));
  assert_true(fake_smtp_wait_rcpt(f->server, 1));
  md_micros before = md_clock_real()->monotonic(md_clock_real());
  md_courier_stop(f->courier);
  f->courier = NULL;
  assert_true(md_clock_real()->monotonic(md_clock_real()) - before < 3500 * 1000);
  assert_int_equal(result(f)->result.outcome, MD_DELIVERY_UNSENT);
}

static void test_bad_options(void **state) {
  (void)state;
  md_courier *courier = NULL;
  md_error err = {0};
  md_courier_options options = {.channel = {.url = "file:/tmp"}, .threads = 1, .done = on_done};
  assert_int_equal(md_courier_start(&courier, &options, &err), MD_EINVAL);
  options = (md_courier_options){.channel = {.url = "gopher://x"}, .done = on_done};
  assert_int_equal(md_courier_start(&courier, &options, &err), MD_EINVAL);
  assert_null(courier);
}

int main(void) {
#define WITH_COURIER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_COURIER(test_mails_are_delivered),
      WITH_COURIER(test_a_place_is_kept_for_urgent_mail),
      WITH_COURIER(test_stop),
      WITH_COURIER(test_stop_does_not_wait_for_a_slow_start),
      cmocka_unit_test(test_bad_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
