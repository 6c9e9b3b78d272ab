// SPDX-License-Identifier: Apache-2.0
// Archives of a deploy: what is packed comes back, and what is cut short or empty is refused (A2).
#include "cli/archive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_source_file files[] = {{"events.lua", "return 1", 8},
                                 {"m/moment.lua", "", 0},
                                 {"m/photo.jpg", "\xff\0\xd8", 3},
                                 {"n/vilk\xc3\xa5r.txt", "x", 1}};
static const md_source tree = {.files = files, .count = 4};

static void test_what_is_packed_comes_back(void **state) {
  (void)state;
  md_buffer packed;
  md_source source;
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  md_buffer_init(&packed);
  assert_int_equal(md_archive_pack(&tree, &packed, &err), 0);
  assert_true(packed.len <= MD_ARCHIVE_BYTES);
  assert_int_equal(md_archive_unpack(packed.data, packed.len, arena, &source, &err), 0);
  assert_int_equal(source.count, tree.count);
  for (int i = 0; i < tree.count; i++) {
    assert_string_equal(source.files[i].path, files[i].path);
    assert_int_equal(source.files[i].len, files[i].len);
    assert_memory_equal(source.files[i].data, files[i].data, files[i].len);
  }
  // No cut is taken for another tree.
  for (size_t len = 0; len < packed.len; len += len % 512 ? 97 : 1)
    if (md_archive_unpack(packed.data, len, arena, &source, &err) == 0) assert_int_equal(source.count, tree.count);
  md_buffer_deinit(&packed);
  md_arena_free(arena);
}

static void test_A2_limits(void **state) {
  (void)state;
  static char big[(4 << 20) + 1];
  md_source_file large[] = {{"m/a.bin", big, 3 << 20}, {"m/b.bin", big, 2 << 20}};
  md_source_file lua[] = {{"m/moment.lua", big, (256 << 10) + 1}};
  const struct {
    md_source source;
    const char *says;
  } wrong[] = {{{.files = large, .count = 2}, "4 MiB"}, {{.files = lua, .count = 1}, "256 KiB"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    md_buffer packed;
    md_source source;
    md_error err = {0};
    md_arena *arena = md_arena_new(0);
    md_buffer_init(&packed);
    assert_int_equal(md_archive_pack(&wrong[i].source, &packed, &err), 0);
    assert_int_equal(md_archive_unpack(packed.data, packed.len, arena, &source, &err), MD_ETOOBIG);
    assert_non_null(strstr(err.text, wrong[i].says));
    md_buffer_deinit(&packed);
    md_arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_packed_comes_back),
                                     cmocka_unit_test(test_A2_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
