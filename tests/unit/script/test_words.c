// SPDX-License-Identifier: Apache-2.0
// A Lua text as words: arguments of calls, fields of tables, where expressions end.
#include "script/words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_words words;

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

static void read(const char *text) {
  assert_int_equal(md_words_read(text, strlen(text), arena, &words), 0);
}

static const char *word(int index) {
  const md_token *token = md_words_at(&words, index);
  return md_arena_strndup(arena, token->text, token->len);
}

static void arguments_of_a_call(void **state) {
  (void)state;
  int begins[MD_WORDS_ARGUMENTS + 1];
  read("f({ a, b }, g(1, 2), 'x')");
  md_words_arguments(&words, 1, begins);
  assert_string_equal(word(begins[1]), "{");
  assert_string_equal(word(begins[2]), "g");
  assert_string_equal(word(begins[3]), "x");
  assert_int_equal(begins[4], 0);
  read("f { a }");
  md_words_arguments(&words, 1, begins);
  assert_string_equal(word(begins[1]), "{");
  assert_int_equal(begins[2], 0);
  read("f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"); // more than are kept
  md_words_arguments(&words, 1, begins);
  assert_string_equal(word(begins[8]), "8");
}

static void fields_of_a_table(void **state) {
  (void)state;
  read("{ a = 1, ['b.c'] = { d = 2 }, 3, f(x, y), e == 5, [g] = 6; h = 7 }");
  md_words_table table = md_words_table_at(&words, 0);
  static const char *const wanted[][2] = {{"a", "1"}, {"b.c", "{"}, {"h", "7"}};
  for (int i = 0; i < 3; i++) {
    assert_true(md_words_field(&table));
    assert_int_equal(table.name->len, strlen(wanted[i][0]));
    assert_memory_equal(table.name->text, wanted[i][0], table.name->len);
    assert_string_equal(word(table.value), wanted[i][1]);
  }
  assert_false(md_words_field(&table));
  assert_false(md_words_field(&table));
  assert_int_equal(md_words_value(&words, 0, "d"), 0); // of the inner one
  assert_int_equal(md_words_value(&words, 2, "a"), 0); // no table opens there
  assert_string_equal(word(md_words_value(&words, 0, "h")), "7");
  read("{ a = "); // ends in the middle
  assert_int_equal(md_words_at(&words, md_words_value(&words, 0, "a"))->kind, MD_TOKEN_END);
}

static void texts_that_are_written_out(void **state) {
  (void)state;
  read("{ a = 'x', b = 'x' .. y, c = z, d = 'last' }");
  assert_memory_equal(md_words_text(&words, 0, "a")->text, "x", 1);
  assert_null(md_words_text(&words, 0, "b"));
  assert_null(md_words_text(&words, 0, "c"));
  assert_memory_equal(md_words_text(&words, 0, "d")->text, "last", 4);
  assert_null(md_words_text(&words, 0, "e"));
}

static void ends_of_expressions(void **state) {
  (void)state;
  read("{ a = f(1, { 2, 3 })[4] .. 'x', b = 5 }");
  assert_string_equal(word(md_words_end(&words, md_words_value(&words, 0, "a"))), ",");
  assert_string_equal(word(md_words_end(&words, md_words_value(&words, 0, "b"))), "}");
}

static void methods_of_m(void **state) {
  (void)state;
  read("m:send {} x.m:send {} m.send {} y = m:now()");
  int found = 0;
  for (int i = 0; i < words.count; i++)
    found += md_words_step(&words, i);
  assert_int_equal(found, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(arguments_of_a_call, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fields_of_a_table, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_that_are_written_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(ends_of_expressions, set_up, tear_down),
      cmocka_unit_test_setup_teardown(methods_of_m, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
