// SPDX-License-Identifier: Apache-2.0
// Secrets in a message's data: taken out, and put back where they were (X1, X2).
#include "base/alloc.h"
#include "base/secret.h"
#include "message/secrets.h"
#include "store/calls.h"
#include "store/vault.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW (1000 * MD_SECOND)

typedef struct fixture {
  md_store *store;
  md_arena *arena;
  md_error err;
} fixture;

static int open_store(void **state) {
  static fixture f;
  f = (fixture){.arena = md_arena_new(0)};
  md_json_scope(f.arena);
  *state = &f;
  return md_store_open(&f.store, &(md_store_options){.path = NULL}, &f.err);
}

static int close_store(void **state) {
  fixture *f = *state;
  md_alloc_fail_after(0, 0);
  md_store_close(f->store);
  md_json_scope(NULL);
  md_arena_free(f->arena);
  return 0;
}

static int64_t store_event(fixture *f, const char *id, const char *data) {
  md_event event = {.id = id, .source = "/s", .type = "t", .received_at = NOW};
  assert_int_equal(md_store_begin(f->store, &f->err), 0);
  int64_t seq = md_events_last_seq(f->store) + 1;
  assert_int_equal(md_vault_seal(f->store, seq, NOW, "[]", data, f->arena, &event.sealed, &event.sealed_len, &f->err),
                   0);
  assert_int_equal(md_events_insert(f->store, &event, &f->err), 0);
  assert_int_equal(event.seq, seq);
  assert_int_equal(md_store_commit(f->store, &f->err), 0);
  return seq;
}

// A call whose answer has secrets; answers its owner.
static int64_t store_call(fixture *f, const char *answer) {
  md_call call = {.state = MD_CALL_QUEUED,
                  .run = 1,
                  .moment = "m",
                  .connection = "c",
                  .method = "GET",
                  .path = "/",
                  .key = "k",
                  .secret = "[\"link\"]"};
  assert_int_equal(md_store_begin(f->store, &f->err), 0);
  assert_int_equal(md_calls_insert(f->store, &call, &f->err), 0);
  int64_t owner = md_secret_of_call(call.id);
  assert_int_equal(md_vault_seal(f->store, owner, NOW, "[]", answer, f->arena, &call.sealed, &call.sealed_len, &f->err),
                   0);
  assert_int_equal(md_calls_update(f->store, &call, &f->err), 0);
  assert_int_equal(md_store_commit(f->store, &f->err), 0);
  return owner;
}

static const char *written(const json_t *value) {
  static char text[500];
  md_buffer out;
  md_buffer_init(&out);
  md_json_write(&out, value);
  strncpy(text, out.data, sizeof text - 1);
  md_buffer_deinit(&out);
  return text;
}

static json_t *data_with_marks(int64_t first, int64_t second) {
  json_t *list =
      json_pack("[s, o, {s:o}]", "a", md_secret_mark(first, "user.token"), "deep", md_secret_mark(second, "link"));
  return json_pack("{s:o, s:i, s:o, s:s}", "link", md_secret_mark(first, "link"), "n", 5, "list", list, "x",
                   "[secret]");
}

static void test_X2_shown_without_and_revealed_with(void **state) {
  fixture *f = *state;
  int64_t first = store_event(f, "1", "{\"link\":\"L1\",\"user\":{\"token\":{\"k\":[1,2]}}}");
  int64_t second = store_event(f, "2", "{\"link\":\"L2\"}");
  json_t *data = data_with_marks(first, second), *shown = NULL, *references = NULL, *whole = NULL;
  assert_int_equal(md_message_secrets(data, &shown, &references), 0);
  assert_string_equal(written(shown), "{\"link\":\"[secret]\",\"list\":[\"a\",\"[secret]\",{\"deep\":\"[secret]\"}],"
                                      "\"n\":5,\"x\":\"[secret]\"}");
  assert_int_equal(json_array_size(references), 3);
  assert_null(strstr(written(references), "L1"));
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), 0);
  assert_string_equal(written(whole), "{\"link\":\"L1\",\"list\":[\"a\",{\"k\":[1,2]},{\"deep\":\"L2\"}],\"n\":5,"
                                      "\"x\":\"[secret]\"}"); // what only looks like one stays
  assert_string_equal(json_string_value(json_object_get(shown, "link")), "[secret]");
}

static void test_X1_gone_with_the_key(void **state) {
  fixture *f = *state;
  int64_t seq = store_event(f, "1", "{\"link\":\"L1\"}");
  json_t *data = json_pack("{s:o}", "link", md_secret_mark(seq, "link")), *shown, *references, *whole = NULL;
  json_t *missing = json_pack("{s:o}", "link", md_secret_mark(seq, "other")), *unknown, *shown_too;
  assert_int_equal(md_message_secrets(data, &shown, &references), 0);
  assert_int_equal(md_message_secrets(missing, &shown_too, &unknown), 0);
  md_micros late = NOW + MD_VAULT_SECONDS * MD_SECOND;
  assert_int_equal(md_message_reveal(f->store, shown, references, late, f->arena, &whole, &f->err), MD_ENOTFOUND);
  assert_int_equal(md_message_reveal(f->store, shown, unknown, NOW, f->arena, &whole, &f->err), MD_ENOTFOUND);
  assert_int_equal(md_vault_forget(f->store, &seq, 1, &f->err), 0);
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), MD_ENOTFOUND);
}

// Of another life of the database: told from a key that is gone, and from a storage that fails.
static void test_X1_a_key_that_does_not_fit(void **state) {
  fixture *f = *state;
  int64_t seq = store_event(f, "1", "{\"link\":\"L1\"}");
  json_t *data = json_pack("{s:o}", "link", md_secret_mark(seq, "link")), *shown, *references, *whole = NULL;
  const void *bytes = NULL;
  size_t len = 0;
  assert_int_equal(md_message_secrets(data, &shown, &references), 0);
  assert_int_equal(md_store_begin(f->store, &f->err), 0);
  assert_int_equal(md_vault_seal(f->store, seq, NOW, "[]", "{}", f->arena, &bytes, &len, &f->err), 0);
  assert_int_equal(md_store_commit(f->store, &f->err), 0);
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), MD_ECONFLICT);
  seq = store_event(f, "2", "{\"link\":\"L2\"}"); // the next has its own
  data = json_pack("{s:o}", "link", md_secret_mark(seq, "link"));
  assert_int_equal(md_message_secrets(data, &shown, &references), 0);
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), 0);
}

// H3: of an event and a call with the same number, each has its own.
static void test_X1_of_an_answer(void **state) {
  fixture *f = *state;
  int64_t event = store_event(f, "1", "{\"link\":\"of the event\"}"),
          call = store_call(f, "{\"link\":\"of the call\"}");
  assert_int_equal(call, -event);
  json_t *data = json_pack("{s:o, s:o}", "a", md_secret_mark(event, "link"), "b", md_secret_mark(call, "link"));
  json_t *shown = NULL, *references = NULL, *whole = NULL;
  assert_int_equal(md_message_secrets(data, &shown, &references), 0);
  assert_string_equal(written(references), "[{\"at\":[\"a\"],\"event\":1,\"path\":\"link\"},"
                                           "{\"at\":[\"b\"],\"call\":1,\"path\":\"link\"}]");
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), 0);
  assert_string_equal(written(whole), "{\"a\":\"of the event\",\"b\":\"of the call\"}");
  assert_int_equal(md_vault_forget(f->store, &call, 1, &f->err), 0);
  assert_int_equal(md_message_reveal(f->store, shown, references, NOW, f->arena, &whole, &f->err), MD_ENOTFOUND);
}

static void test_no_secrets_no_references(void **state) {
  (void)state;
  json_t *shown = NULL, *references = json_null();
  assert_int_equal(md_message_secrets(json_pack("{s:[s,n,b,f]}", "a", "x", 1, 1.5), &shown, &references), 0);
  assert_null(references);
  assert_string_equal(written(shown), "{\"a\":[\"x\",null,true,1.5]}");
}

static void test_out_of_memory(void **state) {
  fixture *f = *state;
  int64_t seq = store_event(f, "1", "{\"link\":\"L1\"}");
  int failures = 0;
  for (long n = 1; n < 60; n++) {
    md_arena *arena = md_arena_new(64), *before = md_json_scope(arena); // small: it asks for more again and again
    json_t *data = json_pack("{s:o}", "link", md_secret_mark(seq, "link")), *shown = NULL, *references = NULL, *whole;
    md_alloc_fail_after(n, 0);
    int code = md_message_secrets(data, &shown, &references);
    if (!code) code = md_message_reveal(f->store, shown, references, NOW, arena, &whole, &f->err);
    md_alloc_fail_after(0, 0);
    assert_true(code == 0 || code == MD_ENOMEM);
    if (code) failures++;
    if (!code) assert_string_equal(written(whole), "{\"link\":\"L1\"}");
    md_json_scope(before);
    md_arena_free(arena);
  }
  assert_true(failures > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {TEST(test_X2_shown_without_and_revealed_with), TEST(test_X1_gone_with_the_key),
                                     TEST(test_X1_a_key_that_does_not_fit),         TEST(test_X1_of_an_answer),
                                     TEST(test_no_secrets_no_references),           TEST(test_out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
