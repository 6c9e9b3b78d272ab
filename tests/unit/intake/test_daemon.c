// SPDX-License-Identifier: Apache-2.0
// ctest: tsan=yes timeout=120
// libmicrohttpd driven by our loop: many keep-alive connections in lock-step never stall, pipelined and half-closed
// ones are answered, and stopping answers what is in flight (B2, B4).
#include "base/json.h"
#include "base/log.h"
#include "intake_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 384, ROUNDS = 12 };

static intake_fixture fixture;
static http_reply reply;

static void write_post(char *to, size_t size, const char *id) {
  char body[256];
  snprintf(body, sizeof body, "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/s\",\"type\":\"t\"}", id);
  snprintf(
      to, size,
      "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %zu\r\n"
      "\r\n%s",
      strlen(body), body);
}

static void put_event(int fd, const char *id) {
  char request[512];
  write_post(request, sizeof request, id);
  http_puts(fd, request);
}

static void assert_accepted(int fd, const char *id) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "{\"id\":\"%s\",\"status\":\"accepted\"}\n", id);
  http_read(fd, &reply);
  assert_int_equal(reply.status, 202);
  assert_string_equal(reply.body, wanted);
}

// All ask, then all are answered, while the engine is held: every connection is ready at the same moment, both for
// reading and, in one batch, for its answer.
static void run_in_lock_step(int connections) {
  static int fds[MOST];
  char id[32];
  intake_fixture_start(&fixture, NULL, 1024);
  for (int i = 0; i < connections; i++)
    fds[i] = http_connect(fixture.port);
  for (int round = 0; round < ROUNDS; round++) {
    if (round % 2 == 0) intake_fixture_hold(&fixture);
    for (int i = 0; i < connections; i++) {
      snprintf(id, sizeof id, "%d-%d", i, round);
      put_event(fds[i], id);
    }
    if (round % 2 == 0) usleep(20000);
    intake_fixture_release(&fixture);
    for (int i = 0; i < connections; i++) {
      snprintf(id, sizeof id, "%d-%d", i, round);
      assert_accepted(fds[i], id);
    }
  }
  assert_int_equal(atomic_load(&fixture.events), connections * ROUNDS);
  assert_int_equal(md_intake_stats_read(fixture.intake).connections, connections);
  for (int i = 0; i < connections; i++)
    close(fds[i]);
  intake_fixture_stop(&fixture);
}

static void test_lock_step(void **state) {
  (void)state;
  const int connections[] = {1, 64, 127, 128, 129, 256, MOST};
  for (size_t i = 0; i < sizeof connections / sizeof *connections; i++)
    run_in_lock_step(connections[i]);
}

static void test_pipelined(void **state) {
  (void)state;
  char requests[8192] = "", id[32];
  intake_fixture_start(&fixture, NULL, 64);
  int fd = http_connect(fixture.port);
  for (int i = 0; i < 20; i++) {
    snprintf(id, sizeof id, "p-%d", i);
    write_post(requests + strlen(requests), 512, id);
  }
  http_puts(fd, requests);
  for (int i = 0; i < 20; i++) {
    snprintf(id, sizeof id, "p-%d", i);
    assert_accepted(fd, id);
  }
  close(fd);
  intake_fixture_stop(&fixture);
}

// Who has said all, and says so, still hears the answer.
static void test_half_closed(void **state) {
  (void)state;
  intake_fixture_start(&fixture, NULL, 64);
  int fd = http_connect(fixture.port);
  put_event(fd, "half");
  shutdown(fd, SHUT_WR);
  assert_accepted(fd, "half");
  assert_true(http_is_closed(fd, 4000));
  close(fd);
  intake_fixture_stop(&fixture);
}

static void test_client_goes_away(void **state) {
  (void)state;
  intake_fixture_start(&fixture, NULL, 256);
  intake_fixture_hold(&fixture);
  for (int i = 0; i < 100; i++) {
    int fd = http_connect(fixture.port);
    put_event(fd, "gone");
    if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
  }
  usleep(50000);
  intake_fixture_release(&fixture);
  int fd = http_connect(fixture.port);
  put_event(fd, "here");
  assert_accepted(fd, "here");
  close(fd);
  intake_fixture_stop(&fixture);
}

static void *let_go(void *context) {
  (void)context;
  usleep(100000);
  intake_fixture_release(&fixture);
  return NULL;
}

// B4: what is in flight is answered; who has asked nothing is closed; nobody new comes in.
static void test_stop(void **state) {
  (void)state;
  int fds[40];
  pthread_t thread;
  intake_fixture_start(&fixture, NULL, 64);
  int port = fixture.port;
  intake_fixture_hold(&fixture);
  for (int i = 0; i < 40; i++) {
    fds[i] = http_connect(port);
    if (i < 30) put_event(fds[i], "last");
  }
  while (md_intake_stats_read(fixture.intake).in_flight < 30)
    usleep(1000);
  assert_int_equal(pthread_create(&thread, NULL, let_go, NULL), 0);
  md_intake_stop(fixture.intake);
  fixture.intake = NULL;
  pthread_join(thread, NULL);
  for (int i = 0; i < 40; i++) {
    if (i < 30) assert_accepted(fds[i], "last");
    assert_true(http_is_closed(fds[i], 1000));
    close(fds[i]);
  }
  intake_fixture_stop(&fixture);
}

static void *load_in_background(void *context) {
  int fd = http_connect(*(int *)context);
  for (int i = 0; i < 100000; i++) {
    put_event(fd, "load");
    http_read(fd, &reply);
    if (reply.status == 0 || reply.closed) break;
  }
  close(fd);
  return NULL;
}

static void test_stop_under_load(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) {
    pthread_t thread;
    intake_fixture_start(&fixture, NULL, 64);
    assert_int_equal(pthread_create(&thread, NULL, load_in_background, &fixture.port), 0);
    usleep(30000);
    intake_fixture_stop(&fixture);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&fixture.events) > 0);
  }
}

int main(void) {
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, 2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lock_step),        cmocka_unit_test(test_pipelined), cmocka_unit_test(test_half_closed),
      cmocka_unit_test(test_client_goes_away), cmocka_unit_test(test_stop),      cmocka_unit_test(test_stop_under_load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
