// SPDX-License-Identifier: Apache-2.0
// Tests of assert.c: what each grade does when its condition does not hold.
#include "base/assert.h"
#include "base/log.h"
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

static void true_conditions_pass(void **state) {
  (void)state;
  int evaluated = 0;
  md_require(++evaluated == 1);
  assert_true(md_check(++evaluated == 2));
  assert_int_equal(evaluated, 2);
}

// Lines logged while `act` runs in a child; returns how the child ended.
static int in_child(void (*act)(void), char *lines, size_t size) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(ends[0]);
    signal(SIGABRT, SIG_DFL);
    md_log_configure(MD_LOG_INFO, false, ends[1]);
    act();
    _exit(3);
  }
  close(ends[1]);
  size_t len = 0;
  for (ssize_t got; (got = read(ends[0], lines + len, size - 1 - len)) > 0;)
    len += (size_t)got;
  lines[len] = '\0';
  close(ends[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void require_nothing(void) {
  md_require(1 == 2);
}

static void check_nothing(void) {
  if (md_check(1 == 2)) _exit(4);
}

static void assume_nothing(void) {
  md_assume(1 == 2);
}

static void require_ends_the_process(void **state) {
  (void)state;
  char lines[1024];
  int status = in_child(require_nothing, lines, sizeof lines);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(lines, "level=error"));
  assert_non_null(strstr(lines, "error=\"1 == 2\""));
  assert_non_null(strstr(lines, "test_assert.c"));
}

static void check_logs_and_goes_on(void **state) {
  (void)state;
  char lines[1024];
  int status = in_child(check_nothing, lines, sizeof lines);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 3);
  assert_non_null(strstr(lines, "msg=\"check failed\""));
}

static void assume_is_for_debug_builds(void **state) {
  (void)state;
  char lines[1024];
  int status = in_child(assume_nothing, lines, sizeof lines);
#ifdef NDEBUG
  assert_true(WIFEXITED(status));
#else
  assert_true(WIFSIGNALED(status));
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(true_conditions_pass),
      cmocka_unit_test(require_ends_the_process),
      cmocka_unit_test(check_logs_and_goes_on),
      cmocka_unit_test(assume_is_for_debug_builds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
