// SPDX-License-Identifier: Apache-2.0
// S9, sentence by sentence: what may leave a script by each of its ways out, what a line of its log is, which durations
// are taken.
#include "script_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Each way out; %s is a Lua expression.
static const char *const ways[] = {
    "m:set('k', { x = %s })",
    "m:emit { type = 'b', data = { x = %s } }",
    "m:send { template = 't', data = { x = %s } }",
    "m:http { connection = 'c', path = '/', json = { x = %s } }",
    "m:update_profile { x = %s }",
    "m:continue_as { x = %s }",
};
enum { WAYS = sizeof ways / sizeof *ways };

static const char *in_way(int way, const char *value) {
  static char body[1000];
  snprintf(body, sizeof body, ways[way], value);
  return body;
}

static void test_S9_what_raises_by_every_way(void **state) {
  (void)state;
  static const struct {
    const char *value, *said;
  } cases[] = {
      {"0/0", "is not a number (NaN)"},
      {"1/0", "is infinite"},
      {"-1/0", "is infinite"},
      {"'\\xff'", "is no valid UTF-8"},
      {"next", "is no data"},
      {"(function() local t = {} t[1] = t return t end)()", "does it contain itself?"},
      {"(function() local t = {} local a = t for i = 1, 64 do a.x = {} a = a.x end return t end)()",
       "is deeper than 64 tables"},
      {"('x'):rep(65536)", "too large: at most 64 KiB"},
  };
  for (int way = 0; way < WAYS; way++)
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
      script_expect_error(in_way(way, cases[i].value), cases[i].said);
}

// At the limits it leaves: whatever happens then, it is no error of the script.
static void test_S9_what_leaves_by_every_way(void **state) {
  (void)state;
  static const char *const values[] = {
      "(function() local t = {} local a = t for i = 1, 62 do a.x = {} a = a.x end return t end)()", "('x'):rep(60000)",
      "{ 1, 2.5, true, 'æ', null }"};
  for (int way = 0; way < WAYS; way++)
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
      script_fixture f;
      md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
      const char *text = script_with_body(in_way(way, values[i]));
      md_json_scope(before);
      script_open(&f, text);
      md_turn_result result = script_turn(&f, NULL);
      if (result != MD_TURN_DONE && result != MD_TURN_SUSPENDED) fail_msg("%s: %s", text, f.err.text);
      script_close(&f);
      md_arena_free(arena);
    }
}

static void test_S9_an_outcome_is_a_text_of_1_KiB(void **state) {
  (void)state;
  static const char *const wrong[] = {"('x'):rep(1025)", "{}", "true", "next", "'\\xff'", "m"};
  script_expect("return ('x'):rep(1024):sub(1, 3)", "xxx");
  char longest[1025];
  memset(longest, 'x', 1024);
  longest[1024] = '\0';
  script_expect("return ('x'):rep(1024)", longest);
  script_expect("return nil", NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char body[100];
    snprintf(body, sizeof body, "return %s", wrong[i]);
    script_expect_error(body, "an outcome is a text of at most 1 KiB of UTF-8, or nothing");
  }
}

static void log_of(const char *body, script_fixture *f) {
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  const char *text = script_with_body(body);
  md_json_scope(before);
  script_open(f, text);
  assert_int_equal(script_turn(f, NULL), MD_TURN_DONE);
  md_arena_free(arena);
}

// What writes the line escapes it (base/log.h, md_print), once; a zero, which would end it, is written here.
static void test_S9_a_line_is_as_it_was_said(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"'a\\nlevel=error msg=\"forged\"'", "info a\nlevel=error msg=\"forged\" 3\n"},
      {"'\\r\\t\\0\\127\\27]0;x\\7'", "info \r\t\\x00\x7f\x1b]0;x\x07 3\n"},
      {"'\\u{85}\\u{9b}'", "info \xC2\x85\xC2\x9B 3\n"},
      {"'blåbær €'", "info blåbær € 3\n"},
      {"{}, nil, 1.0, 'x'", "info table\tnil\t1.0\tx 3\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    script_fixture f;
    char body[200];
    snprintf(body, sizeof body, "m:log(%s)", cases[i][0]);
    log_of(body, &f);
    assert_string_equal(f.log, cases[i][1]);
    script_close(&f);
  }
}

// A value is cut at 4 KiB, and never within a letter, which would make the whole of it unreadable.
static void test_S9_a_long_value_is_cut_between_letters(void **state) {
  (void)state;
  for (int shift = 0; shift < 3; shift++) {
    script_fixture f;
    char body[100];
    snprintf(body, sizeof body, "m:log(('x'):rep(%d) .. ('€'):rep(2000))", shift);
    log_of(body, &f);
    size_t len = strlen(f.log) - strlen("info ") - strlen(" 3\n"), euros = (4096 - (size_t)shift) / 3;
    assert_int_equal(len, (size_t)shift + 3 * euros);
    assert_null(strstr(f.log, "\xC3\xA2")); // the first byte of a euro, taken for Latin 1
    script_close(&f);
  }
}

// "100 lines a turn, then one that counts the rest"
static void test_S9_lines_of_a_turn(void **state) {
  (void)state;
  static const struct {
    int lines;
    const char *ends;
  } cases[] = {{100, "info 100 3\n"},
               {101, "info 100 3\nwarn 1 more lines in this turn are left out 0\n"},
               {5000, "info 100 3\nwarn 4900 more lines in this turn are left out 0\n"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    script_fixture f;
    char body[100];
    snprintf(body, sizeof body, "for i = 1, %d do m:log(i) end", cases[i].lines);
    log_of(body, &f);
    size_t len = strlen(cases[i].ends);
    assert_true(strlen(f.log) > len);
    assert_string_equal(f.log + strlen(f.log) - len, cases[i].ends);
    script_close(&f);
  }
}

static void open_body(script_fixture *f, md_arena *arena, const char *body) {
  md_arena *before = md_json_scope(arena);
  const char *text = script_with_body(body);
  md_json_scope(before);
  script_open(f, text);
  f->journal = json_array();
}

// What was logged in an earlier turn is neither logged again nor counted; a turn that fails has its lines, and the
// count.
static void test_S9_lines_of_later_turns(void **state) {
  (void)state;
  script_fixture f;
  md_arena *arena = md_arena_new(0);
  open_body(&f, arena,
            "for i = 1, 80 do m:log('a') end m:sleep(1) for i = 1, 80 do m:log('b') end m:sleep(1)\n"
            "for i = 1, 103 do m:log('c') end error('x')");
  assert_int_equal(script_turn(&f, NULL), MD_TURN_SUSPENDED);
  f.log[0] = '\0';
  assert_int_equal(script_answer(&f, NULL), MD_TURN_SUSPENDED);
  assert_null(strstr(f.log, "info a"));
  assert_null(strstr(f.log, "more lines"));
  f.log[0] = '\0';
  assert_int_equal(script_answer(&f, NULL), MD_TURN_ERROR);
  assert_null(strstr(f.log, "info b"));
  assert_non_null(strstr(f.log, "info c 4\nwarn 3 more lines in this turn are left out 0\n"));
  script_close(&f);
  md_arena_free(arena);
}

// "A negative or malformed duration, or one over 400 days, raises": in every place where one is taken.
static void test_S9_durations(void **state) {
  (void)state;
  static const char *const places[] = {
      "m:sleep(%s)",
      "m:wait_for('b', { within = %s })",
      "m:wait_for('b', { within = '1h', max_lateness = %s })",
      "m:collect('b', { within = '1h', quiet = %s })",
      "m:collect('b', { within = %s })",
      "m:past('b', { within = %s })",
      "m:sleep('1h', { max_lateness = %s })",
      "m:sleep_until(m:now() + 1, { max_lateness = %s })",
      "m:set('k', 1, { ttl = %s })",
      "m:quantile('q', 0.5, { over = %s })",
      "m:send { template = 't', max_lateness = %s }",
      "m:send { template = 't', unless = { past = 'b', within = %s } }",
  };
  static const char *const wrong[][2] = {
      {"-1", "is negative"}, {"'-1s'", "negative"},  {"0/0", "is negative"},          {"'soon'", "a digit"},
      {"'1'", "its unit"},   {"'401d'", "400 days"}, {"400 * 86400 + 1", "400 days"}, {"true", "must be a duration"},
      {"1/0", "400 days"}};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
      char body[200];
      snprintf(body, sizeof body, places[i], wrong[k][0]);
      script_expect_error(body, wrong[k][1]);
    }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S9_what_raises_by_every_way),
      cmocka_unit_test(test_S9_what_leaves_by_every_way),
      cmocka_unit_test(test_S9_an_outcome_is_a_text_of_1_KiB),
      cmocka_unit_test(test_S9_a_line_is_as_it_was_said),
      cmocka_unit_test(test_S9_a_long_value_is_cut_between_letters),
      cmocka_unit_test(test_S9_lines_of_a_turn),
      cmocka_unit_test(test_S9_lines_of_later_turns),
      cmocka_unit_test(test_S9_durations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
