// SPDX-License-Identifier: Apache-2.0
// The command line's HTTP client against a server that says what it is told.
#include "courier/http_client.h"
#include <arpa/inet.h>
#include <pthread.h>
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

// Answers every request of one connection with `answer`; NULL: reads and stays silent. An empty one closes.
typedef struct fixture {
  int listener;
  pthread_t thread;
  const char *answer;
  char request[4096];
  int requests, connections;
  char url[64];
  md_http_client *client;
} fixture;

static bool read_more(int socket, char *text, size_t *have, size_t size) {
  ssize_t got = recv(socket, text + *have, size - 1 - *have, 0);
  if (got <= 0) return false;
  text[ *have += (size_t)got] = '\0';
  return true;
}

static bool read_request(fixture *f, int socket) {
  char text[sizeof f->request] = "", *end;
  size_t have = 0;
  while (!(end = strstr(text, "\r\n\r\n")))
    if (!read_more(socket, text, &have, sizeof text)) return false;
  const char *length = strcasestr(text, "content-length: ");
  size_t whole = (size_t)(end - text) + 4 + (length ? strtoul(length + 16, NULL, 10) : 0);
  while (have < whole)
    if (!read_more(socket, text, &have, sizeof text)) return false;
  memcpy(f->request, text, sizeof text);
  return true;
}

static void *serve(void *context) {
  fixture *f = context;
  for (int socket; (socket = accept(f->listener, NULL, NULL)) >= 0; close(socket)) {
    f->connections++;
    while (read_request(f, socket)) {
      f->requests++;
      if (f->answer && !*f->answer) break;
      if (f->answer && send(socket, f->answer, strlen(f->answer), MSG_NOSIGNAL) < 0) break;
    }
  }
  return NULL;
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  f->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(f->listener, (struct sockaddr *)&at, len), 0);
  assert_int_equal(listen(f->listener, 8), 0);
  getsockname(f->listener, (struct sockaddr *)&at, &len);
  snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d/v1/events", ntohs(at.sin_port));
  f->client = md_http_client_new(NULL);
  *state = f;
  return 0;
}

static void start(fixture *f, const char *answer) {
  f->answer = answer;
  assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static int tear_down(void **state) {
  fixture *f = *state;
  md_http_client_free(f->client);
  shutdown(f->listener, SHUT_RDWR);
  if (f->thread) pthread_join(f->thread, NULL);
  close(f->listener);
  free(f);
  return 0;
}

static void test_post(void **state) {
  fixture *f = *state;
  start(f, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"id\":1}\n");
  const char *const headers[] = {"Content-Type: application/cloudevents+json", "Authorization: Bearer k", NULL};
  md_http_request request = {.url = f->url, .headers = headers, .body = "{\"a\":1}", .body_len = 7};
  for (int i = 0; i < 3; i++) {
    md_http_answer answer;
    md_error err = {0};
    if (md_http_send(f->client, &request, &answer, &err)) fail_msg("%s", err.text);
    assert_int_equal(answer.status, 202);
    assert_string_equal(answer.content_type, "application/json");
    assert_string_equal(answer.body.data, "{\"id\":1}\n");
    md_http_answer_deinit(&answer);
  }
  assert_memory_equal(f->request, "POST /v1/events HTTP/1.1\r\n", 26);
  assert_non_null(strstr(f->request, "Authorization: Bearer k\r\n"));
  assert_null(strcasestr(f->request, "expect:"));
  assert_non_null(strstr(f->request, "\r\n\r\n{\"a\":1}"));
  assert_int_equal(f->requests, 3);
  assert_int_equal(f->connections, 1);
}

static int send_plain(fixture *f, const md_http_request *request, md_http_answer *answer, md_error *err) {
  md_http_request whole = *request;
  whole.url = f->url;
  return md_http_send(f->client, &whole, answer, err);
}

static void test_other_statuses_are_answers(void **state) {
  fixture *f = *state;
  start(f, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
  md_http_answer answer;
  assert_int_equal(send_plain(f, &(md_http_request){0}, &answer, NULL), 0);
  assert_int_equal(answer.status, 503);
  assert_int_equal(answer.retry_after, 7);
  assert_int_equal(answer.body.len, 0);
  md_http_answer_deinit(&answer);
  assert_memory_equal(f->request, "GET ", 4);
}

static void test_too_long_an_answer(void **state) {
  fixture *f = *state;
  start(f, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
  md_http_answer answer;
  md_error err = {0};
  assert_int_equal(send_plain(f, &(md_http_request){.answer_limit = 9}, &answer, &err), MD_ETOOBIG);
  assert_non_null(strstr(err.text, "longer than 9 bytes"));
  md_http_answer_deinit(&answer);
}

static void test_silence_times_out(void **state) {
  fixture *f = *state;
  start(f, NULL);
  md_http_answer answer;
  assert_int_equal(send_plain(f, &(md_http_request){.timeout = MD_SECOND / 5}, &answer, NULL), MD_ETIMEOUT);
  md_http_answer_deinit(&answer);
}

static void test_a_closed_connection(void **state) {
  fixture *f = *state;
  start(f, "");
  md_http_answer answer;
  assert_int_equal(send_plain(f, &(md_http_request){0}, &answer, NULL), MD_ENETWORK);
  md_http_answer_deinit(&answer);
}

static void test_nobody_there(void **state) {
  fixture *f = *state;
  shutdown(f->listener, SHUT_RDWR);
  md_http_answer answer;
  md_error err = {0};
  assert_int_equal(send_plain(f, &(md_http_request){0}, &answer, &err), MD_ENETWORK);
  assert_non_null(strstr(err.text, f->url));
  md_http_answer_deinit(&answer);
}

static void test_bad_url(void **state) {
  fixture *f = *state;
  md_http_answer answer;
  assert_int_equal(md_http_send(f->client, &(md_http_request){.url = "ftp://x/"}, &answer, NULL), MD_EINVAL);
  md_http_answer_deinit(&answer);
}

int main(void) {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_SERVER(test_post),
      WITH_SERVER(test_other_statuses_are_answers),
      WITH_SERVER(test_too_long_an_answer),
      WITH_SERVER(test_silence_times_out),
      WITH_SERVER(test_a_closed_connection),
      WITH_SERVER(test_nobody_there),
      WITH_SERVER(test_bad_url),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
