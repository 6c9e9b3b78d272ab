// SPDX-License-Identifier: Apache-2.0
// Tests of arena.c: alignment, chunks, reset, exhaustion.
#include "base/alloc.h"
#include "base/arena.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int switch_off(void **state) {
  (void)state;
  md_alloc_fail_after(0, 0);
  return 0;
}

static void pieces_are_aligned_and_apart(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(64);
  unsigned char *pieces[500];
  for (size_t i = 0; i < 500; i++) {
    pieces[i] = md_arena_alloc(arena, i);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % 16, 0);
    memset(pieces[i], (int)(i & 255), i);
  }
  for (size_t i = 0; i < 500; i++)
    for (size_t j = 0; j < i; j++)
      assert_int_equal(pieces[i][j], i & 255);
  assert_true(md_arena_used(arena) >= 499 * 500 / 2);
  md_arena_free(arena);
  md_arena_free(NULL);
}

static void texts(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  assert_string_equal(md_arena_strdup(arena, "abc"), "abc");
  assert_null(md_arena_strdup(arena, NULL));
  assert_null(md_arena_strndup(arena, NULL, 0));
  assert_string_equal(md_arena_strndup(arena, "abcdef", 3), "abc");
  assert_string_equal(md_arena_strndup(arena, "", 0), "");
  assert_string_equal(md_arena_printf(arena, "%s-%d", "x", 12), "x-12");
  assert_int_equal(strlen(md_arena_printf(arena, "%09000d", 1)), 9000);
  unsigned char *zeros = md_arena_alloc_zero(arena, 5000);
  for (int i = 0; i < 5000; i++)
    assert_int_equal(zeros[i], 0);
  md_arena_free(arena);
}

static void absurd_sizes_are_refused(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(0);
  assert_null(md_arena_alloc(arena, SIZE_MAX));
  assert_null(md_arena_alloc(arena, SIZE_MAX - 8));
  assert_null(md_arena_alloc_zero(arena, SIZE_MAX / 2 + 1));
  assert_null(md_arena_strndup(arena, "x", SIZE_MAX));
  assert_null(md_arena_new(SIZE_MAX));
  assert_non_null(md_arena_alloc(arena, 1));
  md_arena_free(arena);
}

static void reset_keeps_one_chunk(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(128);
  for (int i = 0; i < 1000; i++)
    md_arena_alloc(arena, 100);
  md_arena_alloc(arena, 4 * 1024 * 1024);
  md_arena_reset(arena);
  assert_int_equal(md_arena_used(arena), 0);
  md_alloc_fail_after(1, 1); // what was kept has room without asking again
  assert_non_null(md_arena_alloc_zero(arena, 16 * 1024));
  assert_null(md_arena_alloc(arena, 4 * 1024 * 1024));
  md_alloc_fail_after(0, 0);
  md_arena_free(arena);
}

static void reset_of_large_chunks_only(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(2 * 1024 * 1024);
  memset(md_arena_alloc(arena, 1024), 1, 1024);
  md_arena_reset(arena);
  md_alloc_fail_after(1, 1);
  assert_null(md_arena_alloc(arena, 1));
  md_alloc_fail_after(0, 0);
  assert_non_null(md_arena_alloc(arena, 1));
  md_arena_reset(arena);
  md_arena_reset(arena);
  md_arena_free(arena);
}

static void a_large_piece_leaves_the_room_of_the_first(void **state) {
  (void)state;
  md_arena *arena = md_arena_new(4096);
  char *before = md_arena_alloc(arena, 16);
  assert_non_null(md_arena_alloc(arena, 1024 * 1024));
  char *after = md_arena_alloc(arena, 16);
  assert_ptr_equal(after, before + 16);
  md_arena_free(arena);
}

static void exhaustion_gives_null(void **state) {
  (void)state;
  for (long n = 1; n <= 2; n++) {
    md_alloc_fail_after(n, 0);
    assert_null(md_arena_new(0));
  }
  md_alloc_fail_after(0, 0);
  md_arena *arena = md_arena_new(64);
  md_alloc_fail_after(1, 1);
  assert_null(md_arena_alloc(arena, 1000));
  assert_null(md_arena_alloc_zero(arena, 1000));
  assert_null(
      md_arena_strdup(arena, "a text that is longer than what the first chunk of sixty-four bytes still holds"));
  assert_null(md_arena_printf(arena, "%0200d", 1));
  assert_string_equal(md_arena_strdup(arena, "short"), "short");
  md_alloc_fail_after(0, 0);
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_are_aligned_and_apart),
      cmocka_unit_test(texts),
      cmocka_unit_test(absurd_sizes_are_refused),
      cmocka_unit_test_teardown(reset_keeps_one_chunk, switch_off),
      cmocka_unit_test_teardown(reset_of_large_chunks_only, switch_off),
      cmocka_unit_test(a_large_piece_leaves_the_room_of_the_first),
      cmocka_unit_test_teardown(exhaustion_gives_null, switch_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
