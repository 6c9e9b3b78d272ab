// SPDX-License-Identifier: Apache-2.0
// Tests of args.c and command.c: what a command line says, what is refused, and the nearest name.
#include "cli/args.h"
#include "cli/commands.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int nothing(const md_cli_args *args) {
  (void)args;
  return MD_EXIT_OK;
}

static const md_cli_option options[] = {{"limit", "N", "so many"}, {"json", NULL, "as JSON"}, {0}};
static const md_cli_command command = {.name = "try it",
                                       .arguments = "WHAT",
                                       .summary = "Try",
                                       .example = "  momentd try it",
                                       .options = options,
                                       .positional_min = 1,
                                       .positional_max = 1,
                                       .settings = MD_CLI_DB_SETTING,
                                       .run = nothing};

static int read_words(md_cli_args *args, md_error *err, int count, const char *const *words) {
  return md_cli_args_read(args, &command, count, (char *const *)words, err);
}

static void reads_options_and_words(void **state) {
  (void)state;
  md_cli_args args;
  md_error err = {0};
  int64_t limit = 0;
  assert_int_equal(read_words(&args, &err, 5, (const char *[]){"--limit", "7", "x", "--json", "--db=a.db"}), 0);
  assert_string_equal(args.positional[0], "x");
  assert_string_equal(md_cli_arg(&args, "db"), "a.db");
  assert_true(md_cli_switch(&args, "json"));
  assert_null(md_cli_arg(&args, "nothing"));
  assert_int_equal(md_cli_number(&args, "limit", 1, 50, &limit, &err), 0);
  assert_int_equal(limit, 7);
}

static void words_after_two_dashes_are_words(void **state) {
  (void)state;
  md_cli_args args;
  md_error err = {0};
  assert_int_equal(read_words(&args, &err, 2, (const char *[]){"--", "--limit"}), 0);
  assert_string_equal(args.positional[0], "--limit");
}

static void the_last_value_counts(void **state) {
  (void)state;
  md_cli_args args;
  md_error err = {0};
  assert_int_equal(read_words(&args, &err, 3, (const char *[]){"--limit=1", "--limit=2", "x"}), 0);
  assert_string_equal(md_cli_arg(&args, "limit"), "2");
}

static void refuses(int count, const char *const *words, const char *says) {
  md_cli_args args;
  md_error err = {0};
  assert_int_equal(read_words(&args, &err, count, words), MD_EINVAL);
  if (!strstr(err.text, says)) fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void refuses_what_is_wrong(void **state) {
  (void)state;
  refuses(2, (const char *[]){"--limt", "7"}, "did you mean --limit?");
  refuses(1, (const char *[]){"--limit"}, "--limit N");
  refuses(2, (const char *[]){"--json=1", "x"}, "takes no value");
  refuses(1, (const char *[]){"-x"}, "no short options");
  refuses(2, (const char *[]){"x", "y"}, "\"y\"");
  refuses(1, (const char *[]){"--json"}, "needs WHAT");
  refuses(2, (const char *[]){"--mail", "x"}, "no option --mail");
}

static void refuses_numbers_that_are_none(void **state) {
  (void)state;
  md_cli_args args;
  md_error err = {0};
  int64_t number = 0;
  const char *wrong[] = {"--limit=0", "--limit=-3", "--limit=7x", "--limit=", "--limit=99999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(read_words(&args, &err, 2, (const char *[]){wrong[i], "x"}), 0);
    assert_int_equal(md_cli_number(&args, "limit", 1, 50, &number, &err), MD_EINVAL);
  }
  assert_int_equal(md_cli_id("12", "run", &number, &err), 0);
  assert_int_equal(md_cli_id("0", "run", &number, &err), MD_EINVAL);
  assert_int_equal(md_cli_id("one", "run", &number, &err), MD_EINVAL);
}

static void finds_commands_of_two_words(void **state) {
  (void)state;
  int used = 0;
  assert_ptr_equal(md_cli_find(3, (char *const *)(const char *[]){"runs", "list", "x"}, &used), &md_cli_runs_list);
  assert_int_equal(used, 2);
  assert_ptr_equal(md_cli_find(2, (char *const *)(const char *[]){"events", "list"}, &used), &md_cli_events);
  assert_int_equal(used, 1);
  assert_null(md_cli_find(1, (char *const *)(const char *[]){"runs"}, &used));
  assert_null(md_cli_find(1, (char *const *)(const char *[]){"event2"}, &used));
}

// The first of two would be taken, and the other never be reached.
static void no_command_has_an_option_twice(void **state) {
  (void)state;
  md_cli_option known[MD_CLI_OPTIONS_MAX];
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    int count = md_cli_options_of(*at, known);
    for (int i = 0; i < count; i++)
      for (int k = 0; k < i; k++)
        if (strcmp(known[i].name, known[k].name) == 0) fail_msg("%s has --%s twice", (*at)->name, known[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_options_and_words),       cmocka_unit_test(words_after_two_dashes_are_words),
      cmocka_unit_test(the_last_value_counts),         cmocka_unit_test(refuses_what_is_wrong),
      cmocka_unit_test(refuses_numbers_that_are_none), cmocka_unit_test(finds_commands_of_two_words),
      cmocka_unit_test(no_command_has_an_option_twice)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
