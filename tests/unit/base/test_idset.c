// SPDX-License-Identifier: Apache-2.0
// Sets of row ids.
#include "base/alloc.h"
#include "base/error.h"
#include "base/idset.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void holds_what_was_added(void **state) {
  (void)state;
  md_idset set = {0};
  assert_false(md_idset_has(&set, 1));
  for (int64_t id = 1; id < 20000; id += 3)
    assert_int_equal(md_idset_add(&set, id), 0);
  assert_int_equal(md_idset_add(&set, 4), 0);
  assert_int_equal(set.count, 6667);
  for (int64_t id = 1; id < 20000; id++)
    assert_int_equal(md_idset_has(&set, id), id % 3 == 1);
  assert_false(md_idset_has(&set, INT64_MAX));
  md_idset_deinit(&set);
  assert_false(md_idset_has(&set, 1));
  assert_int_equal(md_idset_add(&set, INT64_MAX), 0);
  assert_true(md_idset_has(&set, INT64_MAX));
  md_idset_deinit(&set);
}

static void says_when_there_is_no_memory(void **state) {
  (void)state;
  md_idset set = {0};
  for (int64_t id = 1; id <= 32; id++)
    assert_int_equal(md_idset_add(&set, id), 0);
  md_alloc_fail_after(1, 0);
  assert_int_equal(md_idset_add(&set, 33), MD_ENOMEM);
  md_alloc_fail_after(0, 0);
  assert_true(md_idset_has(&set, 32));
  assert_false(md_idset_has(&set, 33));
  assert_int_equal(md_idset_add(&set, 33), 0);
  assert_true(md_idset_has(&set, 33));
  md_idset_deinit(&set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holds_what_was_added),
      cmocka_unit_test(says_when_there_is_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
