// SPDX-License-Identifier: Apache-2.0
// Tests of json.c: what is refused and where, canonical text, memory, numbers.
#include "base/alloc.h"
#include "base/json.h"
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static md_arena *arena;

static int enter(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  return arena ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

static json_t *parsed(const char *text) {
  md_error err = {0};
  json_t *root = md_json_parse(text, strlen(text), true, &err);
  if (!root) fail_msg("%s: %s", text, err.text);
  return root;
}

static void assert_canonical(const char *text, const char *expected) {
  md_buffer out;
  md_buffer_init(&out);
  md_json_write(&out, parsed(text));
  assert_true(md_buffer_ok(&out));
  assert_string_equal(out.data, expected);
  md_buffer_deinit(&out);
}

static void canonical_text(void **state) {
  (void)state;
  assert_canonical(" { \"b\" : 1 , \"a\" : [ true , false , null ] } ", "{\"a\":[true,false,null],\"b\":1}");
  assert_canonical("{}", "{}");
  assert_canonical("[]", "[]");
  assert_canonical("[[],{}]", "[[],{}]");
  assert_canonical("[1.0,-0.0,1e2,0.1,-5]", "[1.0,-0.0,100.0,0.1,-5]");
  assert_canonical("[9223372036854775807,-9223372036854775808,0]", "[9223372036854775807,-9223372036854775808,0]");
  assert_canonical("\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\\/\\u007f\\u001f\"",
                   "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7f\\u001f\"");
  assert_canonical("\"\\u00e9\\ud83d\\ude00 \xE2\x82\xAC\"", "\"\xC3\xA9\xF0\x9F\x98\x80 \xE2\x82\xAC\"");
}

static void keys_are_sorted_bytewise(void **state) {
  (void)state;
  assert_canonical("{\"b\":1,\"\":2,\"ab\":3,\"a\":4,\"B\":5,\"\xC3\xA9\":6,\"a\\n\":7}",
                   "{\"\":2,\"B\":5,\"a\":4,\"a\\n\":7,\"ab\":3,\"b\":1,\"\xC3\xA9\":6}");
  md_buffer text, expected;
  md_buffer_init(&text);
  md_buffer_init(&expected);
  for (int i = 0; i < 1000; i++) { // more than fit the stack
    md_buffer_printf(&text, "%c\"%03d\":%d", i ? ',' : '{', 999 - i, i);
    md_buffer_printf(&expected, "%c\"%03d\":%d", i ? ',' : '{', i, 999 - i);
  }
  md_buffer_putc(&text, '}');
  md_buffer_putc(&expected, '}');
  assert_canonical(text.data, expected.data);
  md_buffer_deinit(&text);
  md_buffer_deinit(&expected);
}

static void refuses_with_line_and_column(void **state) {
  (void)state;
  static const struct {
    const char *text, *place;
  } cases[] = {
      {"", "line 1, column 0"},
      {"{", "line 1, column 1"},
      {"[1,]", "line 1, column 4"},
      {"{\n  \"a\": 1,\n  \"a\": 2\n}", "line 3, column 5: duplicate object key"},
      {"[1] x", "line 1, column 5: end of file expected"},
      {"{}{}", "line 1, column 3"},
      {"[\"a\\u0000b\"]", "line 1, column 11"},
      {"{\"a\\u0000b\":1}", "line 1"},
      {"[\"a\nb\"]", "line 1"},
      {"[\n\"\xFF\"]", "line 2"},
      {"[\"\xED\xA0\x80\"]", "line 1"},
      {"[\"\\ud800\"]", "line 1"},
      {"[01]", "line 1"},
      {"[1.]", "line 1"},
      {"[.5]", "line 1"},
      {"[+1]", "line 1"},
      {"[NaN]", "line 1"},
      {"[1e999]", "line 1, column 6: real number overflow"},
      {"[9223372036854775808]", "line 1, column 20: too big integer"},
      {"['a']", "line 1"},
      {"[1 /* c */]", "line 1"},
      {"\xEF\xBB\xBF{}", "line 1"},
      {"[\x1b]", "line 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    md_error err = {0};
    assert_null(md_json_parse(cases[i].text, strlen(cases[i].text), true, &err));
    assert_int_equal(err.code, MD_ESYNTAX);
    if (!strstr(err.text, cases[i].place)) fail_msg("%s: %s", cases[i].text, err.text);
    for (const char *at = err.text; *at; at++)
      assert_true((unsigned char)*at >= 0x20);
    assert_null(md_json_parse(cases[i].text, strlen(cases[i].text), true, NULL));
  }
}

static void bytes_of_nul_are_refused(void **state) {
  (void)state;
  assert_null(md_json_parse("[\"a\0b\"]", 7, true, NULL));
  assert_null(md_json_parse("[1]\0", 4, true, NULL));
  assert_null(md_json_parse("\0", 1, true, NULL));
  assert_null(md_json_parse(NULL, 0, true, NULL));
}

static void scalars_only_where_asked_for(void **state) {
  (void)state;
  assert_int_equal(json_integer_value(md_json_parse("12x", 2, true, NULL)), 12);
  assert_string_equal(json_string_value(parsed("\"x\"")), "x");
  assert_true(json_is_null(parsed("null")));
  md_error err;
  assert_null(md_json_parse("12", 2, false, &err));
  assert_int_equal(err.code, MD_ESYNTAX);
  assert_non_null(md_json_parse("[]", 2, false, &err));
}

static char *nested(size_t depth, char open, char close, size_t *len) {
  char *text = malloc(2 * depth + 1);
  assert_non_null(text);
  memset(text, open, depth);
  memset(text + depth, close, depth);
  *len = 2 * depth;
  return text;
}

static void depth_is_bounded(void **state) {
  (void)state;
  size_t len;
  char *text = nested(MD_JSON_DEPTH, '[', ']', &len);
  assert_non_null(md_json_parse(text, len, false, NULL));
  free(text);
  md_error err;
  text = nested(MD_JSON_DEPTH + 1, '[', ']', &len);
  assert_null(md_json_parse(text, len, false, &err));
  assert_int_equal(err.code, MD_ESYNTAX);
  assert_string_equal(err.text, "line 1, column 65: nested more than 64 levels deep");
  free(text);
  text = nested(10 * 1000 * 1000, '[', ']', &len);
  assert_null(md_json_parse(text, len, false, &err));
  assert_null(md_json_parse(text, len / 2, false, &err));
  free(text);
  text = nested(1000 * 1000, '{', '}', &len);
  assert_null(md_json_parse(text, len, false, &err));
  free(text);
}

static void brackets_in_strings_are_no_depth(void **state) {
  (void)state;
  md_buffer text;
  md_buffer_init(&text);
  md_buffer_puts(&text, "[\"\\\"");
  for (int i = 0; i < 100; i++)
    md_buffer_puts(&text, "[{");
  md_buffer_puts(&text, "\\\\\",\"\"]");
  parsed(text.data);
  // Neither do unbalanced ones make the bound wider.
  md_buffer_clear(&text);
  for (int i = 0; i < 200; i++)
    md_buffer_puts(&text, "]");
  for (int i = 0; i < 3000; i++)
    md_buffer_puts(&text, "[");
  assert_null(md_json_parse(text.data, text.len, true, NULL));
  for (size_t len = 0; len < 3; len++)
    assert_null(md_json_parse("\"\\\"", len, true, NULL));
  md_buffer_deinit(&text);
}

static void the_writer_bounds_depth_too(void **state) {
  (void)state;
  json_t *root = json_array();
  for (int i = 1; i < 4 * MD_JSON_DEPTH; i++) {
    json_t *outer = json_array();
    json_array_append_new(outer, root);
    root = outer;
  }
  md_buffer out;
  md_buffer_init(&out);
  md_json_write(&out, root);
  assert_true(md_buffer_ok(&out));
  assert_int_equal(out.len, 2 * 4 * MD_JSON_DEPTH);
  json_t *outer = json_array();
  json_array_append_new(outer, root);
  md_buffer_clear(&out);
  md_json_write(&out, outer);
  assert_false(md_buffer_ok(&out));
  md_buffer_deinit(&out);
}

static void duplicates_in_any_object(void **state) {
  (void)state;
  static const char twice[] = "[{\"x\":{\"a\":1,\"\\u0061\":2}}]", apart[] = "[{\"a\":1},{\"a\":2}]";
  md_error err;
  assert_null(md_json_parse(twice, sizeof twice - 1, false, &err));
  assert_non_null(strstr(err.text, "duplicate"));
  assert_non_null(md_json_parse(apart, sizeof apart - 1, false, NULL));
}

static void doubles(void **state) {
  (void)state;
  static const struct {
    double number;
    const char *text;
  } cases[] = {
      {0, "0.0"},
      {-0.0, "-0.0"},
      {1, "1.0"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {100000, "100000.0"},
      {123456789012345, "123456789012345.0"},
      {1e15, "1e15"},
      {1e21, "1e21"},
      {1e-7, "1e-7"},
      {-1.5e-10, "-1.5e-10"},
      {5e-324, "5e-324"},
      {DBL_MIN, "2.2250738585072014e-308"},
      {DBL_MAX, "1.7976931348623157e308"},
      {1.0 / 3, "0.3333333333333333"},
      {9007199254740993.0, "9007199254740992.0"},
      {NAN, "nan"},
      {INFINITY, "inf"},
      {-INFINITY, "-inf"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[32];
    assert_int_equal(md_double_format(cases[i].number, text), strlen(cases[i].text));
    assert_string_equal(text, cases[i].text);
  }
}

static void doubles_read_back(void **state) {
  (void)state;
  uint64_t bits = 3;
  for (int i = 0; i < 200000; i++) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    uint64_t mixed = bits ^ bits >> 29;
    double number, back;
    memcpy(&number, &mixed, sizeof number);
    if (!isfinite(number)) continue;
    char text[32];
    size_t len = md_double_format(number, text);
    assert_true(len < sizeof text);
    back = strtod(text, NULL);
    assert_memory_equal(&back, &number, sizeof back);
    assert_non_null(strpbrk(text, ".e"));
  }
}

static void strings_with_nul(void **state) {
  (void)state;
  md_buffer out;
  md_buffer_init(&out);
  md_json_write_string(&out, "a\0b", 3);
  assert_string_equal(out.data, "\"a\\u0000b\"");
  md_buffer_clear(&out);
  md_json_write_string(&out, "", 0);
  assert_string_equal(out.data, "\"\"");
  md_buffer_clear(&out);
  md_json_write(&out, NULL);
  assert_string_equal(out.data, "null");
  md_buffer_deinit(&out);
}

static void what_stands_at_a_path(void **state) {
  (void)state;
  json_t *root = parsed("{\"a\":{\"b\":{\"c\":7}},\"s\":\"text\",\"l\":[{\"x\":1}],\"\":{\"\":8}}");
  assert_int_equal(json_integer_value(md_json_at(root, "a.b.c")), 7);
  assert_true(json_is_object(md_json_at(root, "a")));
  assert_int_equal(json_integer_value(md_json_at(root, ".")), 8);
  assert_null(md_json_at(root, "a.b.c.d"));
  assert_null(md_json_at(root, "a.x"));
  assert_null(md_json_at(root, "a."));
  assert_null(md_json_at(root, "l.0"));
  assert_null(md_json_at(root, "ab"));
  assert_null(md_json_at(NULL, "a"));
  assert_string_equal(md_json_text(root, "s"), "text");
  assert_null(md_json_text(root, "a"));
  assert_null(md_json_text(root, "missing"));
  assert_null(md_json_text(NULL, "s"));
}

static void scopes_nest(void **state) {
  (void)state;
  md_arena *inner = md_arena_new(0);
  size_t before = md_arena_used(arena);
  assert_ptr_equal(md_json_scope(inner), arena);
  json_t *text = json_string("in the inner one");
  assert_true(md_arena_used(inner) > 0);
  assert_int_equal(md_arena_used(arena), before);
  json_decref(text);
  assert_ptr_equal(md_json_scope(arena), inner);
  md_arena_free(inner);
}

static void without_a_scope_it_is_a_bug(void **state) {
  (void)state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    md_json_scope(NULL);
    json_object();
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void *parse_elsewhere(void *context) {
  static const char text[] = "{\"a\":[1,2,{\"b\":\"c\"}]}";
  md_arena *own = md_arena_new(0);
  md_json_scope(own);
  for (int i = 0; i < 2000; i++) {
    if (!md_json_parse(text, sizeof text - 1, false, NULL)) *(bool *)context = false;
    md_arena_reset(own);
  }
  md_json_scope(NULL);
  md_arena_free(own);
  return NULL;
}

static void each_thread_has_its_scope(void **state) {
  (void)state;
  pthread_t threads[3];
  bool fine[3] = {true, true, true};
  size_t before = md_arena_used(arena);
  for (int i = 0; i < 3; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, parse_elsewhere, &fine[i]), 0);
  for (int i = 0; i < 3; i++) {
    pthread_join(threads[i], NULL);
    assert_true(fine[i]);
  }
  assert_int_equal(md_arena_used(arena), before);
}

static void every_failed_allocation_of_a_parse(void **state) {
  (void)state;
  md_buffer text;
  md_buffer_init(&text);
  md_buffer_puts(&text, "{\"list\":[");
  for (int i = 0; i < 200; i++)
    md_buffer_printf(&text, "{\"k%d\":\"%040d\",\"r\":%d.5},", i, i, i);
  md_buffer_puts(&text, "null]}");
  json_t *root = NULL;
  for (long n = 1; !root; n++) {
    md_arena *small = md_arena_new(64);
    md_json_scope(small);
    md_error err = {0};
    md_alloc_fail_after(n, 1);
    root = md_json_parse(text.data, text.len, false, &err);
    md_alloc_fail_after(0, 0);
    if (!root) assert_int_equal(err.code, MD_ENOMEM);
    md_json_scope(arena);
    md_arena_free(small);
    assert_true(n < 1000);
  }
  md_buffer_deinit(&text);
}

static void every_failed_allocation_of_a_write(void **state) {
  (void)state;
  md_buffer text, out;
  md_buffer_init(&text);
  for (int i = 0; i < 100; i++)
    md_buffer_printf(&text, "%c\"%d\":[%d]", i ? ',' : '{', i, i);
  md_buffer_putc(&text, '}');
  json_t *root = parsed(text.data);
  bool done = false;
  for (long n = 1; !done; n++) {
    md_buffer_init(&out);
    md_alloc_fail_after(n, 0);
    md_json_write(&out, root);
    md_alloc_fail_after(0, 0);
    done = md_buffer_ok(&out);
    md_buffer_deinit(&out);
    assert_true(n < 100);
  }
  md_buffer_deinit(&text);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(canonical_text, enter, leave),
      cmocka_unit_test_setup_teardown(keys_are_sorted_bytewise, enter, leave),
      cmocka_unit_test_setup_teardown(refuses_with_line_and_column, enter, leave),
      cmocka_unit_test_setup_teardown(bytes_of_nul_are_refused, enter, leave),
      cmocka_unit_test_setup_teardown(scalars_only_where_asked_for, enter, leave),
      cmocka_unit_test_setup_teardown(depth_is_bounded, enter, leave),
      cmocka_unit_test_setup_teardown(brackets_in_strings_are_no_depth, enter, leave),
      cmocka_unit_test_setup_teardown(the_writer_bounds_depth_too, enter, leave),
      cmocka_unit_test_setup_teardown(duplicates_in_any_object, enter, leave),
      cmocka_unit_test_setup_teardown(doubles, enter, leave),
      cmocka_unit_test_setup_teardown(doubles_read_back, enter, leave),
      cmocka_unit_test_setup_teardown(strings_with_nul, enter, leave),
      cmocka_unit_test_setup_teardown(what_stands_at_a_path, enter, leave),
      cmocka_unit_test_setup_teardown(scopes_nest, enter, leave),
      cmocka_unit_test_setup_teardown(without_a_scope_it_is_a_bug, enter, leave),
      cmocka_unit_test_setup_teardown(each_thread_has_its_scope, enter, leave),
      cmocka_unit_test_setup_teardown(every_failed_allocation_of_a_parse, enter, leave),
      cmocka_unit_test_setup_teardown(every_failed_allocation_of_a_write, enter, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
