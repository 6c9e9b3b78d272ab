// SPDX-License-Identifier: Apache-2.0
// The SMTP channel against a scripted server: M2's flag, M3's unknown end, M4's reading of replies and the limits of
// plain SMTP.
// ctest: tsan=yes
#include "courier/channel.h"
#include "fake_smtp.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char mail[] = "From: a@shop.example\r\nTo: b@kunde.example\r\nSubject: x\r\n\r\n.hidden\r\nlast line\r\n";

typedef struct fixture {
  fake_smtp *server;
  md_channel *channel;
  md_delivery *delivery;
  md_channel_options options;
  atomic_bool stopping;
  char url[64];
} fixture;

static md_delivery *delivery_of(const char *text, size_t len) {
  md_delivery shape = {.message = 1,
                       .from = "a@shop.example",
                       .to = "b@kunde.example",
                       .message_id = "1.1@shop.example",
                       .mail = text,
                       .mail_len = len};
  md_delivery *delivery = md_delivery_new(&shape);
  assert_non_null(delivery);
  return delivery;
}

static void reopen(fixture *f) {
  md_error err = {0};
  md_channel_free(f->channel);
  f->channel = NULL;
  if (md_channel_open(&f->channel, &f->options, &err)) fail_msg("%s", err.text);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  f->server = fake_smtp_start();
  fake_smtp_url(f->server, f->url);
  f->options = (md_channel_options){.url = f->url, .reply_timeout = 2 * MD_SECOND, .stopping = &f->stopping};
  f->delivery = delivery_of(mail, sizeof mail - 1);
  *state = f;
  reopen(f);
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  md_channel_free(f->channel);
  md_delivery_free(f->delivery);
  fake_smtp_stop(f->server);
  free(f);
  return 0;
}

static md_delivery_result deliver(fixture *f) {
  md_delivery_result result = {0};
  f->channel->deliver(f->channel, f->delivery, &result);
  return result;
}

static md_delivery_result deliver_to(fixture *f, fake_smtp_script script) {
  fake_smtp_play(f->server, &script);
  return deliver(f);
}

static fake_smtp_record record(fixture *f) {
  static fake_smtp_record record;
  fake_smtp_read(f->server, &record);
  return record;
}

static void test_a_mail_is_accepted_whole(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver(f);
  assert_int_equal(result.outcome, MD_DELIVERY_ACCEPTED);
  assert_int_equal(result.reply, 250);
  assert_string_equal(result.detail, "250 2.0.0 taken");
  fake_smtp_record r = record(f);
  assert_int_equal(r.accepted, 1);
  assert_string_equal(r.body, mail);
  assert_string_equal(r.to, "<b@kunde.example>");
  assert_memory_equal(r.from, "<a@shop.example>", strlen("<a@shop.example>"));
}

// M4: libcurl calls a 550 at RCPT a send error; the reply says that it is final.
static void test_refused_recipient_is_permanent(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.rcpt = "550 5.1.1 no such user"});
  assert_int_equal(result.outcome, MD_DELIVERY_PERMANENT);
  assert_int_equal(result.reply, 550);
  assert_string_equal(result.detail, "550 5.1.1 no such user");
  assert_int_equal(record(f).data, 0);
}

static void test_multi_line_refusal(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.mail = "552-too\r\n552 large"});
  assert_int_equal(result.outcome, MD_DELIVERY_PERMANENT);
  assert_int_equal(result.reply, 552);
}

static void test_greylisting_is_transient(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.rcpt = "451 4.7.1 come back later"});
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(result.reply, 451);
  assert_int_equal(deliver_to(f, (fake_smtp_script){0}).outcome, MD_DELIVERY_ACCEPTED);
}

static void test_reply_to_data_and_dot(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver_to(f, (fake_smtp_script){.data = "451 no"}).outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.data = "554 no"}).outcome, MD_DELIVERY_PERMANENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.dot = "452 full"}).outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.dot = "554 spam"}).outcome, MD_DELIVERY_PERMANENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.dot = "421 closing"}).outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(record(f).accepted, 0);
}

// What concerns us and not the mail (the greeting, the login, a demand for TLS) must not fail the mail for good.
static void test_refusals_of_us_are_transient(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.greeting = "554 no service here"});
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  result = deliver_to(f, (fake_smtp_script){.mail = "530 5.7.0 Must issue a STARTTLS command first"});
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(result.reply, 530);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.ehlo = "501 no", .mail = "550 no"}).outcome,
                   MD_DELIVERY_TRANSIENT);
}

static void test_slow_reply_is_waited_for(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver_to(f, (fake_smtp_script){.dot_delay_ms = 1300}).outcome, MD_DELIVERY_ACCEPTED);
}

static void test_no_final_reply_in_time_is_unknown(void **state) {
  fixture *f = *state;
  f->options.reply_timeout = MD_SECOND;
  reopen(f);
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.dot_delay_ms = 2500});
  assert_int_equal(result.outcome, MD_DELIVERY_UNKNOWN);
  assert_int_equal(result.reply, 0);
}

static void test_no_reply_before_data_in_time_is_transient(void **state) {
  fixture *f = *state;
  f->options.reply_timeout = MD_SECOND;
  reopen(f);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.rcpt_delay_ms = 2500}).outcome, MD_DELIVERY_TRANSIENT);
}

// M3: everything was handed over.
static void test_closing_after_the_dot_is_unknown(void **state) {
  fixture *f = *state;
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.breaks = FAKE_SMTP_BREAKS_AFTER_DOT});
  assert_int_equal(result.outcome, MD_DELIVERY_UNKNOWN);
  assert_memory_equal(result.detail, "after the final dot", strlen("after the final dot"));
  assert_int_equal(record(f).dots, 1);
}

// libcurl reads to the end only where it had to double a dot; most mails have no such line.
static void test_closing_after_the_dot_without_dots_in_the_mail(void **state) {
  fixture *f = *state;
  static const char plain[] = "Subject: Hej\r\n\r\nHej\r\n";
  md_delivery_free(f->delivery);
  f->delivery = delivery_of(plain, sizeof plain - 1);
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.breaks = FAKE_SMTP_BREAKS_AFTER_DOT});
  assert_int_equal(result.outcome, MD_DELIVERY_UNKNOWN);
  assert_int_equal(record(f).dots, 1);
}

static void test_closing_before_the_dot_is_transient(void **state) {
  fixture *f = *state;
  enum { LINE = 64, LINES = 120000 }; // more than sockets and libcurl buffer
  char *large = malloc((size_t)LINE * LINES + 1);
  for (int i = 0; i < LINES; i++)
    snprintf(large + (size_t)i * LINE, LINE + 1, "%061d.\r\n", i);
  md_delivery_free(f->delivery);
  f->delivery = delivery_of(large, (size_t)LINE * LINES);
  free(large);
  md_delivery_result result = deliver_to(f, (fake_smtp_script){.breaks = FAKE_SMTP_BREAKS_IN_BODY});
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(record(f).dots, 0);
}

static void test_a_large_mail_arrives(void **state) {
  fixture *f = *state;
  enum { LINE = 64, LINES = 30000 };
  char *large = malloc((size_t)LINE * LINES + 1);
  for (int i = 0; i < LINES; i++)
    snprintf(large + (size_t)i * LINE, LINE + 1, "%061d.\r\n", i);
  md_delivery_free(f->delivery);
  f->delivery = delivery_of(large, (size_t)LINE * LINES);
  fake_smtp_play(f->server, &(fake_smtp_script){.ehlo = "250 fake"});
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_ACCEPTED);
  fake_smtp_record r = record(f);
  assert_int_equal(r.body_len, sizeof r.body - 1);
  assert_memory_equal(r.body, large, r.body_len);
  free(large);
}

static void test_closing_early_is_transient(void **state) {
  fixture *f = *state;
  assert_int_equal(deliver_to(f, (fake_smtp_script){.breaks = FAKE_SMTP_BREAKS_AT_GREETING}).outcome,
                   MD_DELIVERY_TRANSIENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){.breaks = FAKE_SMTP_BREAKS_AT_RCPT}).outcome,
                   MD_DELIVERY_TRANSIENT);
  assert_int_equal(deliver_to(f, (fake_smtp_script){0}).outcome, MD_DELIVERY_ACCEPTED);
}

static void test_refused_connection_is_transient(void **state) {
  fixture *f = *state;
  fake_smtp *other = fake_smtp_start();
  fake_smtp_url(other, f->url);
  fake_smtp_stop(other);
  reopen(f);
  md_delivery_result result = deliver(f);
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(result.reply, 0);
  assert_memory_equal(result.detail, "connecting: ", strlen("connecting: "));
}

static void test_one_connection_serves_many_mails(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 50; i++)
    assert_int_equal(deliver(f).outcome, MD_DELIVERY_ACCEPTED);
  fake_smtp_record r = record(f);
  assert_int_equal(r.connections, 1);
  assert_int_equal(r.accepted, 50);
}

static void test_a_refusal_does_not_harm_the_next_mail(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(deliver_to(f, (fake_smtp_script){0}).outcome, MD_DELIVERY_ACCEPTED);
    assert_int_equal(deliver_to(f, (fake_smtp_script){.rcpt = "550 no"}).outcome, MD_DELIVERY_PERMANENT);
  }
}

static void test_cancelled_before_it_starts(void **state) {
  fixture *f = *state;
  atomic_store(&f->delivery->cancel, true);
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_CANCELLED);
  assert_int_equal(record(f).dots, 0);
}

static void *cancel_at_rcpt(void *context) {
  fixture *f = context;
  fake_smtp_wait_rcpt(f->server, 1);
  atomic_store(&f->delivery->cancel, true);
  return NULL;
}

// M2: the flag is raised while the server thinks about DATA; nothing of the mail leaves.
static void test_cancelled_before_data(void **state) {
  fixture *f = *state;
  pthread_t thread;
  fake_smtp_play(f->server, &(fake_smtp_script){.data_delay_ms = 300});
  pthread_create(&thread, NULL, cancel_at_rcpt, f);
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_CANCELLED);
  pthread_join(thread, NULL);
  fake_smtp_record r = record(f);
  assert_int_equal(r.dots, 0);
  assert_int_equal(r.body_len, 0);
  atomic_store(&f->delivery->cancel, false);
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_ACCEPTED);
}

static void *raise_at_dot(void *context) {
  fixture *f = context;
  fake_smtp_wait_dots(f->server, 1);
  atomic_store(&f->delivery->cancel, true);
  atomic_store(&f->stopping, true);
  return NULL;
}

// Once the mail is handed over its reply counts, whatever is wanted by then (M2, B4).
static void test_raised_too_late(void **state) {
  fixture *f = *state;
  pthread_t thread;
  fake_smtp_play(f->server, &(fake_smtp_script){.dot_delay_ms = 1500});
  pthread_create(&thread, NULL, raise_at_dot, f);
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_ACCEPTED);
  pthread_join(thread, NULL);
}

static void test_stopping_hands_back(void **state) {
  fixture *f = *state;
  atomic_store(&f->stopping, true);
  assert_int_equal(deliver(f).outcome, MD_DELIVERY_UNSENT);
}

// A server that offers TLS and cannot do it gets no mail in the clear.
static void test_broken_starttls_sends_nothing(void **state) {
  fixture *f = *state;
  fake_smtp_script script = {.ehlo = "250-fake\r\n250 STARTTLS", .starttls = "220 go on"};
  assert_int_equal(deliver_to(f, script).outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(record(f).rcpts, 0);
}

static void write_password(char path[static 32], const char *text) {
  strcpy(path, "/tmp/md_smtp_XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
}

static void test_login(void **state) {
  fixture *f = *state;
  char path[32];
  write_password(path, "geheim\n");
  snprintf(f->url, sizeof f->url, "smtp://shop@127.0.0.1:%d", fake_smtp_port(f->server));
  f->options.password_file = path;
  reopen(f);
  fake_smtp_script script = {.ehlo = "250-fake\r\n250 AUTH PLAIN"};
  assert_int_equal(deliver_to(f, script).outcome, MD_DELIVERY_ACCEPTED);
  assert_string_equal(record(f).login, "AUTH PLAIN AHNob3AAZ2VoZWlt");
  reopen(f);
  script.auth = "535 5.7.8 wrong password";
  md_delivery_result result = deliver_to(f, script);
  assert_int_equal(result.outcome, MD_DELIVERY_TRANSIENT);
  assert_int_equal(result.reply, 535);
  assert_null(strstr(result.detail, "geheim"));
  unlink(path);
}

static void expect_refused(const char *url, const char *password_file, const char *words) {
  md_channel *channel = NULL;
  md_error err = {0};
  md_channel_options options = {.url = url, .password_file = password_file};
  assert_int_equal(md_channel_open(&channel, &options, &err), MD_EINVAL);
  if (!strstr(err.text, words)) fail_msg("%s: %s", url, err.text);
}

static void test_bad_urls(void **state) {
  (void)state;
  expect_refused("smtp://u:secret@mail.example", NULL, "password file");
  expect_refused("smtp://u@mail.example", NULL, "password file");
  expect_refused("smtp://mail.example", "/nonexistent", "without a user");
  expect_refused("smtp://mail.example/path", NULL, "nothing may follow");
  expect_refused("smtp://mail.example:port", NULL, "smtp://[user@]host");
  expect_refused("smtp://", NULL, "smtp://[user@]host");
  expect_refused("http://mail.example", NULL, "file:DIR");
}

int main(void) {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_SERVER(test_a_mail_is_accepted_whole),
      WITH_SERVER(test_refused_recipient_is_permanent),
      WITH_SERVER(test_multi_line_refusal),
      WITH_SERVER(test_greylisting_is_transient),
      WITH_SERVER(test_reply_to_data_and_dot),
      WITH_SERVER(test_refusals_of_us_are_transient),
      WITH_SERVER(test_slow_reply_is_waited_for),
      WITH_SERVER(test_no_final_reply_in_time_is_unknown),
      WITH_SERVER(test_no_reply_before_data_in_time_is_transient),
      WITH_SERVER(test_closing_after_the_dot_is_unknown),
      WITH_SERVER(test_closing_after_the_dot_without_dots_in_the_mail),
      WITH_SERVER(test_closing_before_the_dot_is_transient),
      WITH_SERVER(test_a_large_mail_arrives),
      WITH_SERVER(test_closing_early_is_transient),
      WITH_SERVER(test_refused_connection_is_transient),
      WITH_SERVER(test_one_connection_serves_many_mails),
      WITH_SERVER(test_a_refusal_does_not_harm_the_next_mail),
      WITH_SERVER(test_cancelled_before_it_starts),
      WITH_SERVER(test_cancelled_before_data),
      WITH_SERVER(test_raised_too_late),
      WITH_SERVER(test_stopping_hands_back),
      WITH_SERVER(test_broken_starttls_sends_nothing),
      WITH_SERVER(test_login),
      cmocka_unit_test(test_bad_urls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
