// SPDX-License-Identifier: Apache-2.0
// ctest: tsan=yes
// What POST /v1/events answers, over a real socket, in front of a fake engine (E1, E2, E3, A1, B2).
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
#include <unistd.h>

#include <cmocka.h>

#define STRUCTURED "Content-Type: application/cloudevents+json\r\n"
#define BATCH "Content-Type: application/cloudevents-batch+json\r\n"
#define EVENT(id) "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/shop\",\"type\":\"cart.updated\"}"
#define TYPED(type) "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/shop\",\"type\":\"" type "\"}"

static intake_fixture fixture;
static http_reply reply;

static int set_up(void **state) {
  (void)state;
  intake_fixture_start(&fixture, NULL, 1024);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  intake_fixture_stop(&fixture);
  return 0;
}

static void assert_reply(int status, const char *body) {
  if (reply.status != status || !strstr(reply.body, body))
    fail_msg("%d %s instead of %d %s", reply.status, reply.body, status, body);
  assert_non_null(strstr(reply.headers, "Content-Type: application/json"));
  assert_non_null(strstr(reply.headers, "X-Request-Id: "));
}

static void post(const char *headers, const char *body, int status, const char *answer) {
  http_post(fixture.port, headers, body, &reply);
  assert_reply(status, answer);
}

static void test_structured(void **state) {
  (void)state;
  post(STRUCTURED, EVENT("e-1"), 202, "{\"id\":\"e-1\",\"status\":\"accepted\"}\n");
  post("content-TYPE: Application/CloudEvents+JSON; charset=\"UTF-8\"\r\n", EVENT("dup-1"), 202,
       "{\"id\":\"dup-1\",\"status\":\"duplicate\"}\n");
  post(STRUCTURED, EVENT("conflict-1"), 409, "{\"id\":\"conflict-1\",\"status\":\"conflict\",\"error\":\"");
  post(STRUCTURED, EVENT("full-1"), 503, "{\"error\":\"the disk is full\"}\n");
  assert_non_null(strstr(reply.headers, "Retry-After: 1\r\n"));
  post(STRUCTURED, "{}", 400, "missing attributes: specversion, id, source, type");
  post(STRUCTURED, "{\n \"a\" 1}", 400, "line 2, column");
  post(STRUCTURED, "", 400, "line 1");
}

static void test_binary(void **state) {
  (void)state;
  post("ce-specversion: 1.0\r\nCE-ID: e-2\r\nce-source:/shop\r\nce-type: order.placed  \r\nce-extra: K%C3%B8b\r\n"
       "Content-Type: application/json\r\n",
       "{\"b\":1,\"a\":2}", 202, "{\"id\":\"e-2\",\"status\":\"accepted\"}\n");
  assert_string_equal(fixture.last_type, "order.placed");
  assert_string_equal(fixture.last_data, "{\"a\":2,\"b\":1}");
  assert_string_equal(fixture.last_extensions, "{\"extra\":\"K\xC3\xB8\x62\"}");
  post("ce-specversion: 1.0\r\nce-id: e-3\r\nce-source: /s\r\nce-type: t\r\nce-extra: K\xF8\x62\r\n", "", 202, "e-3");
  assert_string_equal(fixture.last_extensions, "{\"extra\":\"K\xC3\xB8\x62\"}");
  post("ce-id: e-2\r\nContent-Type: application/json\r\n", "{}", 400, "missing attributes: specversion, source, type");
  post("ce-specversion: 1.0\r\nce-id: e-4\r\nce-source: /s\r\nce-type: t\r\nContent-Type: text/plain\r\n", "hello", 202,
       "e-4");
  assert_string_equal(fixture.last_data, "\"hello\"");
}

static void test_json_without_headers_misses_all(void **state) {
  (void)state;
  post("Content-Type: application/json\r\n", EVENT("e"), 400, "missing attributes: specversion, id, source, type");
  post("", EVENT("e"), 400, "missing attributes: specversion, id, source, type");
}

static void test_batch(void **state) {
  (void)state;
  post(BATCH, "[]", 200, "[]\n");
  post(BATCH, "[" EVENT("e-1") "," EVENT("dup-2") "," EVENT("conflict-3") ",{\"id\":\"bad\"},7]", 200,
       "[{\"index\":0,\"id\":\"e-1\",\"status\":\"accepted\"},{\"index\":1,\"id\":\"dup-2\",\"status\":\"duplicate\"},"
       "{\"index\":2,\"id\":\"conflict-3\",\"status\":\"conflict\",\"error\":\"another event with this source and id "
       "was "
       "accepted before\"},{\"index\":3,\"id\":\"bad\",\"status\":\"refused\",\"error\":\"missing attributes: "
       "specversion, source, type\"},{\"index\":4,\"status\":\"refused\",\"error\":\"an event is a JSON object\"}]\n");
  post(BATCH, "[{\"id\":\"bad\"}]", 400, "[{\"index\":0,\"id\":\"bad\",\"status\":\"refused\"");
  post(STRUCTURED, EVENT("bytes-1"), 400,
       "{\"id\":\"bytes-1\",\"status\":\"refused\",\"error\":\"a type with secrets takes");
  post(BATCH, "[" EVENT("bytes-1") "," EVENT("e-2") "]", 200,
       "\"status\":\"refused\",\"error\":\"a type with secrets takes");
  post(BATCH, "[" EVENT("conflict-1") "]", 400, "\"status\":\"conflict\"");
  post(BATCH, "[" EVENT("e-1") "," EVENT("full-2") "]", 503, "the disk is full");
  post(BATCH, EVENT("e-1"), 400, "a batch is a JSON array");
  post(BATCH, "[" EVENT("e-1") ",]", 400, "line 1, column");
  post(BATCH, "[" TYPED("run.done") "," EVENT("e-1") "]", 200,
       "\"status\":\"refused\",\"error\":\"events of this type");
}

static void test_content_types(void **state) {
  (void)state;
  post("Content-Type: text/plain\r\n", EVENT("e"), 415, "send application/cloudevents+json");
  post("Content-Type: application/cloudevents+xml\r\n", "<event/>", 415, "send application/cloudevents+json");
  post("Content-Type: application/cloudevents+json; charset=iso-8859-1\r\n", EVENT("e"), 415, "UTF-8 only");
  post("Content-Type: ;\r\n", EVENT("e"), 415, "send");
  post(STRUCTURED "Content-Encoding: gzip\r\n", "x", 415, "Content-Encoding");
  post(STRUCTURED "Content-Encoding: identity\r\n", EVENT("e"), 202, "accepted");
}

static void test_reserved_types(void **state) {
  (void)state;
  post(STRUCTURED, TYPED("message.failed"), 403, "made by momentd itself");
  post(STRUCTURED, TYPED("consent.given"), 202, "accepted"); // E3: on loopback without keys
}

static void test_chunked(void **state) {
  (void)state;
  http_exchange(fixture.port,
                "POST /v1/events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n" STRUCTURED "\r\n"
                "15;x=y\r\n{\"specversion\":\"1.0\",\r\n37\r\n\"id\":\"e-1\",\"source\":\"/s\",\"type\":\"t\",\"data\":"
                "{\"total\":1}}\r\n0\r\nTrailer: x\r\n\r\n",
                &reply);
  assert_reply(202, "{\"id\":\"e-1\",\"status\":\"accepted\"}");
  assert_string_equal(fixture.last_data, "{\"total\":1}");
}

static void exchange(const char *line, const char *headers, int status, const char *body) {
  char request[512];
  snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: h\r\n%s\r\n", line, headers);
  http_exchange(fixture.port, request, &reply);
  assert_reply(status, body);
}

static void test_routes(void **state) {
  (void)state;
  exchange("GET /healthz", "", 200, "alive");
  exchange("GET /readyz?verbose=1", "", 200, "ready");
  atomic_store(&fixture.ready, false);
  exchange("GET /readyz", "", 503, "not ready");
  exchange("GET /healthz", "", 200, "alive");
  exchange("GET /v1/events", "", 405, "POST");
  assert_non_null(strstr(reply.headers, "Allow: POST\r\n"));
  exchange("DELETE /healthz", "", 405, "GET or HEAD");
  assert_non_null(strstr(reply.headers, "Allow: GET, HEAD\r\n"));
  const char *const unknown[] = {"/", "/v1/event", "/v1/events/", "/v1/%65vents", "/v1/events%00", "/V1/events"};
  for (size_t i = 0; i < 6; i++) {
    char line[64];
    snprintf(line, sizeof line, "POST %s", unknown[i]);
    exchange(line, "Content-Length: 0\r\n", 404, "nothing here");
  }
}

static void test_head(void **state) {
  (void)state;
  int fd = http_connect(fixture.port);
  http_puts(fd, "HEAD /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  char answer[1024] = "";
  size_t len = 0;
  for (ssize_t count; (count = read(fd, answer + len, sizeof answer - 1 - len)) > 0;)
    len += (size_t)count;
  close(fd);
  assert_non_null(strstr(answer, "HTTP/1.1 200 OK"));
  assert_string_equal(answer + len - 4, "\r\n\r\n");
}

static void test_request_id(void **state) {
  (void)state;
  post(STRUCTURED "X-Request-Id: shop_7.a-B\r\n", EVENT("e"), 202, "accepted");
  assert_non_null(strstr(reply.headers, "X-Request-Id: shop_7.a-B\r\n"));
  assert_string_equal(fixture.last_request, "shop_7.a-B");
  post(STRUCTURED "X-Request-Id: a b\r\n", EVENT("e"), 202, "accepted");
  assert_null(strstr(reply.headers, "a b"));
  assert_true(strlen(fixture.last_request) > 8);
}

static void test_refusal_keeps_the_connection(void **state) {
  (void)state;
  int fd = http_connect(fixture.port);
  for (int i = 0; i < 3; i++) {
    http_puts(fd, "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    http_read(fd, &reply);
    assert_reply(404, "nothing here");
    assert_false(reply.closed);
  }
  close(fd);
}

// B2: rather 503 than growth.
static void test_full_inbox(void **state) {
  (void)state;
  intake_fixture_stop(&fixture);
  intake_fixture_start(&fixture, NULL, 1);
  intake_fixture_hold(&fixture);
  int first = http_connect(fixture.port);
  char request[512];
  snprintf(request, sizeof request,
           "POST /v1/events HTTP/1.1\r\nHost: h\r\n" STRUCTURED "Content-Length: %zu\r\n\r\n%s", strlen(EVENT("e")),
           EVENT("e"));
  http_puts(first, request);
  while (md_intake_stats_read(fixture.intake).in_flight < 1)
    usleep(1000);
  http_exchange(fixture.port, request, &reply);
  assert_reply(503, "too many events");
  assert_non_null(strstr(reply.headers, "Retry-After: 1\r\n"));
  intake_fixture_release(&fixture);
  http_read(first, &reply);
  assert_reply(202, "accepted");
  close(first);
}

static void test_memory_in_flight(void **state) {
  (void)state;
  intake_fixture_stop(&fixture);
  intake_fixture_start(&fixture, &(md_intake_options){.limits = {.memory_bytes = 20000}}, 100);
  char *body = calloc(1, 30000);
  strcpy(body, "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"t\",\"data\":\"");
  memset(body + strlen(body), 'x', 25000);
  strcat(body, "\"}");
  post(STRUCTURED, body, 503, "too much is waiting");
  post(STRUCTURED, EVENT("e"), 202, "accepted");
  free(body);
}

static md_auth *make_keys(char text[2][MD_API_KEY_SIZE]) {
  md_api_key keys[2] = {{.name = "shop", .scopes = "events", .source = "/forced", .types = "cart.*,consent.given"},
                        {.name = "ops", .scopes = "deploy"}};
  for (int i = 0; i < 2; i++)
    assert_int_equal(md_api_key_make(keys[i].name, text[i], keys[i].hash, NULL), 0);
  return md_auth_new(keys, 2);
}

static void post_with(const char *key, const char *body, int status, const char *answer) {
  char headers[256];
  snprintf(headers, sizeof headers, STRUCTURED "Authorization: Bearer %s\r\n", key);
  post(headers, body, status, answer);
}

static void wait_for_keys(int status) {
  for (int i = 0; i < 200; i++) {
    http_post(fixture.port, STRUCTURED, EVENT("e"), &reply);
    if (reply.status == status) return;
    usleep(5000);
  }
  fail_msg("the keys were not taken over");
}

static void test_keys(void **state) {
  (void)state;
  char keys[2][MD_API_KEY_SIZE];
  assert_int_equal(md_intake_set_keys(fixture.intake, make_keys(keys), NULL), 0);
  wait_for_keys(401);
  assert_reply(401, "an API key is needed");
  assert_non_null(strstr(reply.headers, "WWW-Authenticate: Bearer"));
  post_with("mk_shop_nonsense", EVENT("e"), 401, "not known");
  post_with(keys[1], EVENT("e"), 403, "no scope");
  post_with(keys[0], EVENT("e"), 202, "accepted");
  assert_string_equal(fixture.last_source, "/forced");
  post_with(keys[0], TYPED("consent.given"), 202, "accepted");
  post_with(keys[0], TYPED("consent.withdrawn"), 403, "does not name this type");
  post_with(keys[0], TYPED("order.placed"), 403, "may not send");
  post_with(keys[0], TYPED("run.done"), 403, "made by momentd");
  exchange("GET /healthz", "", 200, "alive");
  assert_int_equal(md_intake_set_keys(fixture.intake, md_auth_new(NULL, 0), NULL), 0);
  wait_for_keys(202);
}

// A1: a public address without keys is refused.
static void test_public_address(void **state) {
  (void)state;
  md_intake *intake = NULL;
  md_error err;
  char keys[2][MD_API_KEY_SIZE];
  md_intake_options options = {.listen = "0.0.0.0:0", .inbox = fixture.inbox};
  assert_int_equal(md_intake_start(&intake, &options, &err), MD_EDENIED);
  options.keys = md_auth_new(NULL, 0);
  assert_int_equal(md_intake_start(&intake, &options, &err), MD_EDENIED);
  options.keys = make_keys(keys);
  assert_int_equal(md_intake_start(&intake, &options, &err), 0);
  assert_true(md_intake_port(intake) > 0);
  assert_int_equal(md_intake_set_keys(intake, NULL, &err), MD_EDENIED);
  md_intake_stop(intake);
  options.keys = NULL;
  const char *const bad[] = {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:80", ":80", "[]:80"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    options.listen = bad[i];
    assert_int_equal(md_intake_start(&intake, &options, &err), MD_EINVAL);
  }
}

int main(void) {
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, 2);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_structured),
      TEST(test_binary),
      TEST(test_json_without_headers_misses_all),
      TEST(test_batch),
      TEST(test_content_types),
      TEST(test_reserved_types),
      TEST(test_chunked),
      TEST(test_routes),
      TEST(test_head),
      TEST(test_request_id),
      TEST(test_refusal_keeps_the_connection),
      TEST(test_full_inbox),
      TEST(test_memory_in_flight),
      TEST(test_keys),
      TEST(test_public_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
