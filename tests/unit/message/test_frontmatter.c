// SPDX-License-Identifier: Apache-2.0
// The head of copy files: keys, literal and quoted values, errors with file and line.
#include "message/frontmatter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_frontmatter head;
static md_error error;

static int parse(const char *text) {
  md_arena_reset(arena);
  error = (md_error){0};
  return md_frontmatter_parse("reminder.da.md", text, strlen(text), arena, &head, &error);
}

static void assert_fails(const char *text, const char *says) {
  assert_int_equal(parse(text), MD_ESYNTAX);
  if (!strstr(error.text, says)) fail_msg("\"%s\" is not in: %s", says, error.text);
}

static void literal_values(void **state) {
  (void)state;
  assert_int_equal(parse("---\nsubject: Hej: {{name}} # x\npreview:  'a' \\n \t\n---\nBody\n"), 0);
  assert_string_equal(head.subject, "Hej: {{name}} # x");
  assert_string_equal(head.preview, "'a' \\n");
  assert_int_equal(head.subject_line, 2);
  assert_int_equal(head.preview_line, 3);
  assert_int_equal(head.body_line, 5);
  assert_int_equal(head.body_len, 5);
  assert_memory_equal(head.body, "Body\n", 5);
}

static void quoted_values(void **state) {
  (void)state;
  assert_int_equal(parse("---\r\nsubject: \"a \\\"b\\\" \\\\ c\\nd \" \r\n---\r\nx"), 0);
  assert_string_equal(head.subject, "a \"b\" \\ c\nd ");
  assert_null(head.preview);
  assert_memory_equal(head.body, "x", head.body_len);
  assert_fails("---\nsubject: \"a\" b\n---\n", "reminder.da.md:2: text after the closing quote");
  assert_fails("---\nsubject: \"a\n---\n", "does not end");
  assert_fails("---\nsubject: \"a\\t\"\n---\n", "a backslash in quotes");
}

static void without_a_head(void **state) {
  (void)state;
  assert_int_equal(parse("Just text\n---\n"), 0);
  assert_null(head.subject);
  assert_int_equal(head.body_len, 14);
  assert_int_equal(head.body_line, 1);
  assert_int_equal(parse(""), 0);
  assert_int_equal(head.body_len, 0);
  assert_int_equal(parse("\xef\xbb\xbf---\nsubject: x\n---\n"), 0);
  assert_string_equal(head.subject, "x");
  assert_int_equal(parse("---\n\n# a remark\n---"), 0);
  assert_int_equal(head.body_len, 0);
}

static void wrong_heads(void **state) {
  (void)state;
  assert_fails("---\n\nsubjekt: x\n---\n", "reminder.da.md:3: unknown key \"subjekt\", did you mean \"subject\"?");
  assert_fails("---\nfrom: x\n---\n", "unknown key \"from\": known are subject and preview");
  assert_fails("---\nsubject: x\nsubject: y\n---\n", "reminder.da.md:3: this key was given before");
  assert_fails("---\nsubject:\n---\n", "without a value");
  assert_fails("---\nhello\n---\n", "without a colon");
  assert_fails("---\nsubject: x\n", "the head does not end");
}

int main(void) {
  arena = md_arena_new(0);
  const struct CMUnitTest tests[] = {cmocka_unit_test(literal_values), cmocka_unit_test(quoted_values),
                                     cmocka_unit_test(without_a_head), cmocka_unit_test(wrong_heads)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  md_arena_free(arena);
  return failed;
}
