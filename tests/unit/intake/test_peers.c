// SPDX-License-Identifier: Apache-2.0
// Limits: connections, an address's share of them, time, and the size of bodies (E2, E3).
#include "base/json.h"
#include "base/log.h"
#include "intake/peers.h"
#include "intake_fixture.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define STRUCTURED "Content-Type: application/cloudevents+json\r\n"
#define HEALTH "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"

static intake_fixture fixture;
static http_reply reply;

static void start(md_intake_limits limits) {
  intake_fixture_start(&fixture, &(md_intake_options){.limits = limits}, 64);
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static enum MHD_Result may_connect(md_intake *intake, const char *text) {
  struct sockaddr_in four = {.sin_family = AF_INET};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
    return md_peers_may_connect(intake, (struct sockaddr *)&four, sizeof four);
  assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
  return md_peers_may_connect(intake, (struct sockaddr *)&six, sizeof six);
}

// E3: loopback is exempt; so is a trusted proxy, behind which all clients are.
static void test_connections_of_an_address(void **state) {
  (void)state;
  md_network proxy;
  assert_int_equal(md_network_parse("192.0.2.128/25", &proxy, NULL), 0);
  md_intake intake = {.limits = {.connections_address = 2}, .proxies = &proxy, .proxy_count = 1};
  const char *const open[] = {"192.0.2.1", "192.0.2.1", "192.0.2.200", "192.0.2.200",        "127.0.0.1",
                              "127.0.0.1", "::1",       "::1",         "2001:db8:0:1::beef", "2001:db8:0:1::1"};
  md_peer peers[10] = {0};
  for (size_t i = 0; i < 10; i++) {
    assert_true(md_address_parse(open[i], strlen(open[i]), &peers[i].address));
    peers[i].next = intake.peers;
    intake.peers = &peers[i];
  }
  assert_int_equal(may_connect(&intake, "192.0.2.1"), MHD_NO);
  assert_int_equal(may_connect(&intake, "192.0.2.2"), MHD_YES);
  assert_int_equal(may_connect(&intake, "192.0.2.200"), MHD_YES);
  assert_int_equal(may_connect(&intake, "127.0.0.1"), MHD_YES);
  assert_int_equal(may_connect(&intake, "::1"), MHD_YES);
  assert_int_equal(may_connect(&intake, "2001:db8:0:1::7"), MHD_NO);
  assert_int_equal(may_connect(&intake, "2001:db8:0:2::7"), MHD_YES);
  atomic_store(&intake.stopping, true);
  assert_int_equal(may_connect(&intake, "127.0.0.1"), MHD_NO);
}

// Further ones wait until one of the others is closed.
static void test_all_connections(void **state) {
  (void)state;
  int fds[4];
  start((md_intake_limits){.connections = 3});
  for (int i = 0; i < 4; i++) {
    fds[i] = http_connect(fixture.port);
    http_puts(fds[i], HEALTH);
    if (i < 3) http_read(fds[i], &reply);
  }
  struct pollfd waiting = {.fd = fds[3], .events = POLLIN};
  assert_int_equal(poll(&waiting, 1, 200), 0);
  close(fds[0]);
  http_read(fds[3], &reply);
  assert_int_equal(reply.status, 200);
  for (int i = 1; i < 4; i++)
    close(fds[i]);
  intake_fixture_stop(&fixture);
}

static void test_idle(void **state) {
  (void)state;
  start((md_intake_limits){.idle_seconds = 1});
  int silent = http_connect(fixture.port), kept = http_connect(fixture.port), half = http_connect(fixture.port);
  http_puts(kept, HEALTH);
  http_read(kept, &reply);
  http_puts(half, "POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Content-Length: 10\r\n\r\n{");
  assert_true(http_is_closed(silent, 4000));
  assert_true(http_is_closed(kept, 4000));
  assert_true(http_is_closed(half, 4000));
  close(silent), close(kept), close(half);
  intake_fixture_stop(&fixture);
}

// Sends a byte now and then, so that it is never idle, and has to go all the same.
static void trickle(const char *head, const char *byte) {
  int fd = http_connect(fixture.port);
  double started = now();
  http_puts(fd, head);
  while (!http_is_closed(fd, 100) && now() - started < 8)
    http_puts(fd, byte);
  assert_true(now() - started < 7);
  close(fd);
}

static void test_slow_loris(void **state) {
  (void)state;
  start((md_intake_limits){.idle_seconds = 2, .request_seconds = 1});
  trickle("GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: ", "x");
  trickle("POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Content-Length: 1000\r\n\r\n", " ");
  intake_fixture_stop(&fixture);
}

// The time limit is for requests, not for answers: the engine may take longer.
static void test_slow_engine(void **state) {
  (void)state;
  start((md_intake_limits){.idle_seconds = 1, .request_seconds = 1});
  atomic_store(&fixture.pace_us, 2500000);
  http_post(fixture.port, STRUCTURED, "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"t\"}",
            &reply);
  assert_int_equal(reply.status, 202);
  intake_fixture_stop(&fixture);
}

static void send_filler(int fd, size_t len, bool chunked) {
  static char filler[16384];
  memset(filler, ' ', sizeof filler);
  for (size_t sent = 0; sent < len; sent += sizeof filler) {
    if (chunked) http_puts(fd, "4000\r\n");
    http_send(fd, filler, sizeof filler);
    if (chunked) http_puts(fd, "\r\n");
  }
}

static void assert_too_large(const char *type, size_t len) {
  char head[256];
  int fd = http_connect(fixture.port);
  snprintf(head, sizeof head, "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
           type, len);
  http_puts(fd, head);
  http_read(fd, &reply); // it does not wait for the body
  assert_int_equal(reply.status, 413);
  assert_non_null(strstr(reply.body, "{\"error\":\"the body is larger than"));
  assert_true(http_is_closed(fd, 4000));
  close(fd);
}

static void test_too_large(void **state) {
  (void)state;
  start((md_intake_limits){0});
  assert_too_large("application/cloudevents+json", 256 * 1024 + 1);
  assert_too_large("application/json", 256 * 1024 + 1);
  assert_too_large("application/cloudevents-batch+json", 4 * 1024 * 1024 + 1);
  assert_too_large("application/cloudevents+json", 1000000000000);
  intake_fixture_stop(&fixture);
}

// Who sends all of it before reading hears the answer too: the connection is not reset under it.
static void test_too_large_and_sent(void **state) {
  (void)state;
  start((md_intake_limits){0});
  for (int i = 0; i < 5; i++) {
    int fd = http_connect(fixture.port);
    http_puts(fd, "POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Content-Length: 8388608\r\n\r\n");
    send_filler(fd, 8388608, false);
    http_read(fd, &reply);
    assert_int_equal(reply.status, 413);
    close(fd);
  }
  intake_fixture_stop(&fixture);
}

static void test_too_large_in_chunks(void **state) {
  (void)state;
  start((md_intake_limits){0});
  int fd = http_connect(fixture.port);
  for (int i = 0; i < 2; i++) {
    http_puts(fd, "POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Transfer-Encoding: chunked\r\n\r\n");
    send_filler(fd, 512 * 1024, true);
    http_puts(fd, "0\r\n\r\n");
    http_read(fd, &reply);
    assert_int_equal(reply.status, 413);
    assert_false(reply.closed);
  }
  http_puts(fd, "POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Transfer-Encoding: chunked\r\n\r\n");
  send_filler(fd, 32 * 1024 * 1024, true); // no end of it
  assert_true(http_is_closed(fd, 4000));
  close(fd);
  intake_fixture_stop(&fixture);
}

static void test_largest_allowed(void **state) {
  (void)state;
  start((md_intake_limits){0});
  size_t len = 256 * 1024;
  char *body = malloc(len + 1), head[] = "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"t\"}";
  memset(body, ' ', len);
  memcpy(body, head, sizeof head - 1);
  body[len] = '\0';
  http_post(fixture.port, STRUCTURED, body, &reply);
  assert_int_equal(reply.status, 202);
  http_post(fixture.port, STRUCTURED "Expect: 100-continue\r\n", body, &reply);
  assert_int_equal(reply.status, 202);
  free(body);
  intake_fixture_stop(&fixture);
}

static void test_expect_and_refusal(void **state) {
  (void)state;
  start((md_intake_limits){0});
  int fd = http_connect(fixture.port);
  http_puts(fd, "POST /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
  http_read(fd, &reply);
  assert_int_equal(reply.status, 404);
  assert_true(reply.closed);
  close(fd);
  intake_fixture_stop(&fixture);
}

int main(void) {
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, 2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connections_of_an_address),
      cmocka_unit_test(test_all_connections),
      cmocka_unit_test(test_idle),
      cmocka_unit_test(test_slow_loris),
      cmocka_unit_test(test_slow_engine),
      cmocka_unit_test(test_too_large),
      cmocka_unit_test(test_too_large_and_sent),
      cmocka_unit_test(test_too_large_in_chunks),
      cmocka_unit_test(test_largest_allowed),
      cmocka_unit_test(test_expect_and_refusal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
