// SPDX-License-Identifier: Apache-2.0
// The decoder of CloudEvents: all three modes, what is refused and how that is said, canonical data and digest (E1, E2,
// T5).
#include "base/alloc.h"
#include "base/json.h"
#include "intake/event_decode.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_event event;
static md_error err;

static int decode(const char *text) {
  err = (md_error){0};
  return md_event_decode(arena, text, strlen(text), NULL, &event, &err);
}

static int binary(const md_event_header *headers, size_t count, const char *type, const char *body) {
  err = (md_error){0};
  return md_event_decode_binary(arena, headers, count, type, body, strlen(body), NULL, &event, &err);
}

static md_event_header header(const char *name, const char *value) {
  return (md_event_header){name, value, strlen(value)};
}

static void assert_says(int code, int wanted, const char *part) {
  assert_int_equal(code, wanted);
  if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  return arena ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

#define HEAD "\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/shop\",\"type\":\"cart.updated\""

static void test_structured(void **state) {
  (void)state;
  assert_int_equal(decode("{" HEAD ",\"subject\":\"c-1\",\"time\":\"2026-11-23T10:30:00.5+01:00\","
                          "\"data\":{\"total\":1.0,\"b\":[1,\"x\"],\"a\":null}}"),
                   0);
  assert_string_equal(event.id, "e-1");
  assert_string_equal(event.source, "/shop");
  assert_string_equal(event.type, "cart.updated");
  assert_string_equal(event.subject, "c-1");
  assert_true(event.flags & MD_EVENT_HAS_TIME);
  assert_int_equal(event.time, INT64_C(1795426200500000));
  assert_string_equal(event.data_text, "{\"a\":null,\"b\":[1,\"x\"],\"total\":1.0}");
  assert_non_null(json_object_get(event.data, "total"));
  assert_null(event.extensions);
}

static void test_what_may_be_absent(void **state) {
  (void)state;
  assert_int_equal(decode("{" HEAD ",\"subject\":\"\",\"time\":null,\"data\":null,\"partitionkey\":null}"), 0);
  assert_null(event.subject);
  assert_null(event.data);
  assert_null(event.data_text);
  assert_null(event.extensions);
  assert_false(event.flags & MD_EVENT_HAS_TIME);
}

static void test_extensions(void **state) {
  (void)state;
  assert_int_equal(decode("{" HEAD ",\"zeta\":\"z\",\"alpha\":7,\"ok\":true,\"dataschema\":\"http://x/y\","
                          "\"datacontenttype\":\"application/json\"}"),
                   0);
  assert_string_equal(event.extensions, "{\"alpha\":7,\"dataschema\":\"http://x/y\",\"ok\":true,\"zeta\":\"z\"}");
  assert_int_equal(decode("{" HEAD ",\"datacontenttype\":\"text/xml\",\"data\":\"<a/>\"}"), 0);
  assert_string_equal(event.extensions, "{\"datacontenttype\":\"text/xml\"}");
  assert_string_equal(event.data_text, "\"<a/>\"");
}

static void test_missing_attributes_are_all_named(void **state) {
  (void)state;
  assert_says(decode("{}"), MD_EINVAL, "missing attributes: specversion, id, source, type");
  assert_says(decode("{\"specversion\":\"1.0\",\"id\":null,\"source\":\"/s\"}"), MD_EINVAL,
              "missing attributes: id, type");
  assert_says(decode("{\"specversion\":\"0.3\",\"id\":\"\",\"source\":5}"), MD_EINVAL, "missing attribute: type");
  assert_says(0, 0, "\"specversion\" must be \"1.0\"");
  assert_says(0, 0, "\"id\" must be a non-empty string");
  assert_says(0, 0, "\"source\" must be a non-empty string");
}

static void test_bad_attributes_are_named(void **state) {
  (void)state;
  assert_says(decode("{" HEAD ",\"time\":\"yesterday\"}"), MD_EINVAL, "\"time\" must be an RFC 3339 time");
  assert_says(decode("{" HEAD ",\"time\":5}"), MD_EINVAL, "\"time\"");
  assert_says(decode("{" HEAD ",\"Upper\":\"x\"}"), MD_EINVAL, "\"Upper\" is misnamed");
  assert_says(decode("{" HEAD ",\"deep\":{}}"), MD_EINVAL, "\"deep\" must be a string, an integer or a boolean");
  assert_says(decode("{" HEAD ",\"half\":1.5}"), MD_EINVAL, "\"half\" must be");
  assert_says(decode("{" HEAD ",\"subject\":\"a\\nb\"}"), MD_EINVAL, "\"subject\" has control characters");
  assert_says(decode("{" HEAD ",\"subject\":\"a\\u0085b\"}"), MD_EINVAL, "\"subject\" has control characters");
  assert_says(decode("{" HEAD ",\"subject\":7}"), MD_EINVAL, "\"subject\"");
  assert_says(decode("{" HEAD ",\"datacontenttype\":\"json\"}"), MD_EINVAL, "\"datacontenttype\"");
}

static void test_binary_data_in_json(void **state) {
  (void)state;
  assert_int_equal(decode("{" HEAD ",\"data_base64\":\"AAEC/w==\"}"), 0);
  assert_string_equal(event.extensions, "{\"data_base64\":\"AAEC/w==\"}");
  assert_null(event.data_text);
  const char *const bad[] = {"\"AAEC/w=\"", "\"A===\"", "\"AA C\"", "\"====\"", "5"};
  for (size_t i = 0; i < 5; i++) {
    char text[200];
    snprintf(text, sizeof text, "{" HEAD ",\"data_base64\":%s}", bad[i]);
    assert_says(decode(text), MD_EINVAL, "data_base64");
  }
  assert_says(decode("{" HEAD ",\"data\":1,\"data_base64\":\"\"}"), MD_EINVAL, "cannot stand beside");
}

static void test_malformed_json(void **state) {
  (void)state;
  assert_says(decode("{" HEAD ",\n  \"x\" 5}"), MD_ESYNTAX, "line 2, column");
  assert_says(decode("{" HEAD ",\"id\":\"e-2\"}"), MD_ESYNTAX, "duplicate");
  assert_says(decode("[]"), MD_ESYNTAX, "line 1, column 1");
  assert_says(decode("5"), MD_ESYNTAX, "line 1");
  assert_says(decode(""), MD_ESYNTAX, "line 1");
  assert_says(decode("{" HEAD "} x"), MD_ESYNTAX, "line 1");
  char deep[200] = "{" HEAD ",\"data\":";
  for (int i = 0; i < MD_JSON_DEPTH; i++)
    strcat(deep, "[");
  assert_says(decode(deep), MD_ESYNTAX, "deep");
}

static void test_depth_is_of_the_document(void **state) {
  (void)state;
  char text[400] = "{" HEAD ",\"data\":", end[MD_JSON_DEPTH] = "";
  memset(text + strlen(text), '[', MD_JSON_DEPTH - 1);
  memset(end, ']', MD_JSON_DEPTH - 1);
  strcat(strcat(text, end), "}");
  assert_int_equal(decode(text), 0);
}

static void test_forced_source(void **state) {
  (void)state;
  const char *text = "{" HEAD "}";
  assert_int_equal(md_event_decode(arena, text, strlen(text), "/forced", &event, &err), 0);
  assert_string_equal(event.source, "/forced");
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  memcpy(digest, event.digest, sizeof digest);
  assert_int_equal(decode("{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/forced\",\"type\":\"cart.updated\"}"),
                   0);
  assert_memory_equal(digest, event.digest, sizeof digest);
  assert_says(md_event_decode(arena, "{}", 2, "/forced", &event, &err), MD_EINVAL, "source");
}

static void assert_digests(const char *left, const char *right, bool same) {
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  assert_int_equal(decode(left), 0);
  memcpy(digest, event.digest, sizeof digest);
  assert_int_equal(decode(right), 0);
  assert_int_equal(memcmp(digest, event.digest, sizeof digest) == 0, same);
}

// T5: the same event, however it is written; another one, whatever differs.
static void test_digest(void **state) {
  (void)state;
  assert_digests("{" HEAD ",\"data\":{\"a\":1,\"b\":2}}",
                 " {\"data\" : {\"b\":2, \"a\":1}, \"datacontenttype\":\"application/json\"," HEAD "}", true);
  assert_digests("{" HEAD ",\"time\":\"2026-11-23T10:00:00Z\"}",
                 "{" HEAD ",\"time\":\"2026-11-23T11:00:00.000+01:00\"}", true);
  assert_digests("{" HEAD ",\"data\":{\"a\":1}}", "{" HEAD ",\"data\":{\"a\":1.0}}", false);
  assert_digests("{" HEAD "}", "{" HEAD ",\"subject\":\"s\"}", false);
  assert_digests("{" HEAD "}", "{" HEAD ",\"time\":\"1970-01-01T00:00:00Z\"}", false);
  assert_digests("{" HEAD ",\"x\":\"1\"}", "{" HEAD ",\"x\":1}", false);
  assert_digests("{" HEAD ",\"data\":{\"x\":\"1\"}}", "{" HEAD ",\"x\":\"1\"}", false);
}

static const md_event_header plain[] = {
    {"ce-specversion", "1.0", 3}, {"Ce-Id", "e-1", 3}, {"CE-source", "/shop", 5}, {"ce-type", "cart.updated", 12}};

static void test_binary(void **state) {
  (void)state;
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  assert_int_equal(decode("{" HEAD ",\"data\":{\"a\":1}}"), 0);
  memcpy(digest, event.digest, sizeof digest);
  assert_int_equal(binary(plain, 4, "application/json; charset=UTF-8", "{ \"a\": 1 }"), 0);
  assert_memory_equal(digest, event.digest, sizeof digest);
  assert_string_equal(event.data_text, "{\"a\":1}");
  assert_int_equal(binary(plain, 4, NULL, "{\"a\":1}"), 0);
  assert_memory_equal(digest, event.digest, sizeof digest);
  assert_int_equal(binary(plain, 4, "application/vnd.shop+json", "[1]"), 0);
  assert_string_equal(event.data_text, "[1]");
  assert_string_equal(event.extensions, "{\"datacontenttype\":\"application/vnd.shop+json\"}");
  assert_int_equal(binary(plain, 4, "application/json", ""), 0);
  assert_null(event.data_text);
  assert_says(binary(plain, 4, "application/json", "{"), MD_ESYNTAX, "the body is not valid JSON: line 1");
  assert_says(binary(plain, 4, "nonsense", "{}"), MD_EINVAL, "Content-Type");
}

static void test_binary_with_other_content(void **state) {
  (void)state;
  assert_int_equal(binary(plain, 4, "text/plain", "r\xC3\xB8\x64"), 0);
  assert_string_equal(event.data_text, "\"r\xC3\xB8\x64\"");
  assert_int_equal(binary(plain, 4, "text/plain; charset=\"ISO-8859-1\"", "r\xF8\x64"), 0);
  assert_string_equal(event.data_text, "\"r\xC3\xB8\x64\"");
  assert_int_equal(binary(plain, 4, "text/plain", "r\xF8\x64"), 0);
  assert_null(event.data_text);
  assert_string_equal(event.extensions, "{\"data_base64\":\"cvhk\",\"datacontenttype\":\"text/plain\"}");
  assert_int_equal(binary(plain, 4, "image/png \t", "\x89PNG"), 0);
  assert_string_equal(event.extensions, "{\"data_base64\":\"iVBORw==\",\"datacontenttype\":\"image/png\"}");
}

static void test_binary_without_headers_misses_all(void **state) {
  (void)state;
  assert_says(binary(NULL, 0, "application/json", "{" HEAD "}"), MD_EINVAL,
              "missing attributes: specversion, id, source, type");
}

static void assert_subject(const char *raw, const char *wanted) {
  md_event_header headers[5];
  memcpy(headers, plain, sizeof plain);
  headers[4] = header("ce-subject", raw);
  assert_int_equal(binary(headers, 5, NULL, ""), 0);
  assert_string_equal(event.subject, wanted);
}

static void test_header_values(void **state) {
  (void)state;
  assert_subject("K\xC3\xB8\x62", "K\xC3\xB8\x62");                    // raw UTF-8
  assert_subject("K\xF8\x62", "K\xC3\xB8\x62");                        // Latin-1, as the SDK sends it
  assert_subject("K%C3%B8b%20%25", "K\xC3\xB8\x62 %");                 // percent-encoded UTF-8
  assert_subject("%F8", "\xC3\xB8");                                   // percent-encoded Latin-1
  assert_subject("%2541", "%41");                                      // decoded once
  assert_subject("100%, %zz %4", "100%, %zz %4");                      // no escapes
  assert_subject("\"a \\\"b\\\" \\\\\"", "a \"b\" \\");                // a quoted string
  assert_subject("Euro %E2%82%AC \xF8", "Euro \xE2\x82\xAC \xC3\xB8"); // both
  assert_subject("x \t", "x");
}

static void test_bad_headers(void **state) {
  (void)state;
  md_event_header headers[5];
  memcpy(headers, plain, sizeof plain);
  headers[4] = header("ce-id", "e-2");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "\"id\" is given twice");
  headers[4] = header("ce-subject", "a%00b");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "\"subject\" has control characters");
  headers[4] = header("ce-foo_bar", "x");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "\"foo_bar\" is misnamed");
  headers[4] = header("ce-", "x");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "is misnamed");
  headers[4] = header("ce-data", "x");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "data is the body");
  headers[4] = header("ce-time", "now");
  assert_says(binary(headers, 5, NULL, ""), MD_EINVAL, "\"time\"");
  headers[4] = header("ce-extra", "5");
  assert_int_equal(binary(headers, 5, NULL, ""), 0);
  assert_string_equal(event.extensions, "{\"extra\":\"5\"}");
}

static void test_batch(void **state) {
  (void)state;
  md_batch_item *items;
  size_t count;
  const char *text = "[{" HEAD "},{\"id\":\"e-9\"},7,{" HEAD ",\"data\":[]}]";
  assert_int_equal(md_event_decode_batch(arena, text, strlen(text), NULL, &items, &count, &err), 0);
  assert_int_equal(count, 4);
  assert_string_equal(items[0].event->id, "e-1");
  assert_null(items[1].event);
  assert_string_equal(items[1].id, "e-9");
  assert_string_equal(items[1].error, "missing attributes: specversion, source, type");
  assert_null(items[2].id);
  assert_string_equal(items[2].error, "an event is a JSON object");
  assert_string_equal(items[3].event->data_text, "[]");
  assert_int_equal(md_event_decode_batch(arena, "[]", 2, NULL, &items, &count, &err), 0);
  assert_int_equal(count, 0);
  assert_says(md_event_decode_batch(arena, "{}", 2, NULL, &items, &count, &err), MD_ESYNTAX, "line 1, column 1");
  assert_says(md_event_decode_batch(arena, "[{]", 3, NULL, &items, &count, &err), MD_ESYNTAX, "line 1, column");
}

static int decode_any(int which) {
  md_batch_item *items;
  size_t count;
  const char *one = "{" HEAD ",\"ext\":\"x\",\"time\":\"2026-11-23T10:00:00Z\",\"data\":{\"a\":[1.5,\"b\"]}}";
  const char *many = "[{" HEAD ",\"data\":{\"a\":1}},{\"id\":\"x\"},5]";
  if (which == 0) return decode(one);
  if (which == 1) return md_event_decode_batch(arena, many, strlen(many), "/forced", &items, &count, &err);
  md_event_header headers[5];
  memcpy(headers, plain, sizeof plain);
  headers[4] = header("ce-subject", "K%C3%B8b \xF8");
  return binary(headers, 5, which == 2 ? "text/plain; charset=latin1 " : "image/png", "r\xF8\x64");
}

// Each allocation fails once: that is said, nothing is lost, and nothing is read half.
static void test_out_of_memory(void **state) {
  (void)state;
  for (int which = 0; which < 4; which++) {
    int code = MD_ENOMEM;
    for (long n = 1; code == MD_ENOMEM && n < 200; n++) {
      md_arena_free(arena);
      arena = md_arena_new(64);
      md_alloc_fail_after(n, 0);
      code = decode_any(which);
      md_alloc_fail_after(0, 0);
    }
    assert_int_equal(code, 0);
  }
}

static void test_long_names_are_cut_between_characters(void **state) {
  (void)state;
  char text[400] = "{" HEAD ",\"";
  for (int i = 0; i < 40; i++)
    strcat(text, i % 2 ? "\xE2\x82\xAC" : "x");
  strcat(text, "\":1}");
  assert_says(decode(text), MD_EINVAL, "\xE2\x80\xA6\" is misnamed");
}

int main(void) {
  md_json_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_structured),
      TEST(test_what_may_be_absent),
      TEST(test_extensions),
      TEST(test_missing_attributes_are_all_named),
      TEST(test_bad_attributes_are_named),
      TEST(test_binary_data_in_json),
      TEST(test_malformed_json),
      TEST(test_depth_is_of_the_document),
      TEST(test_forced_source),
      TEST(test_digest),
      TEST(test_binary),
      TEST(test_binary_with_other_content),
      TEST(test_binary_without_headers_misses_all),
      TEST(test_header_values),
      TEST(test_bad_headers),
      TEST(test_batch),
      TEST(test_out_of_memory),
      TEST(test_long_names_are_cut_between_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
