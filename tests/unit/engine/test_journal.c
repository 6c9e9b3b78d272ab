// SPDX-License-Identifier: Apache-2.0
// Journals and waits as bytes (R1, W2): what is written reads back, what is damaged is refused.
#include "engine/journal.h"
#include "engine/wait.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char three_seqs[] = {5, 1, 0x80, 0x01}; // 5, 6, 134

#define ENTRY(kind_, name_, file_, line_, at_, arguments_, ...)                                                        \
  { .kind = kind_, .name = name_, .file = file_, .line = line_, .at = at_, .arguments = arguments_, __VA_ARGS__ }

static const md_entry entries[] = {
    ENTRY(MD_STEP_SEND, "reminder", "m/moment.lua", 12, 1770000000000000, 0xdeadbeef, .result = MD_RESULT_JSON,
          .json = "{\"sent\":true}"),
    ENTRY(MD_STEP_WAIT_FOR, "order.placed", "m/moment.lua", 14, 1770000100000000, 0, .result = MD_RESULT_EVENT,
          .event_seq = 123456789012),
    ENTRY(MD_STEP_SLEEP, "", "shared/x.lua", 2, 1770000100000000, 7, .result = MD_RESULT_TIMEOUT),
    ENTRY(MD_STEP_COLLECT, "b", "shared/x.lua", 3, 1770000100000000, 7, .result = MD_RESULT_EVENTS, .count = 3,
          .seqs = three_seqs, .seqs_len = sizeof three_seqs, .late = true),
    ENTRY(MD_STEP_PAST, "b,c", "shared/x.lua", 4, 1770000100000000, 7, .result = MD_RESULT_SEEN, .event_seq = 77,
          .count = 12),
    ENTRY(MD_STEP_GET, "n", "m/moment.lua", 99999, 1770000000000001, 1, .result = MD_RESULT_NIL),
    ENTRY(MD_STEP_SET, "n", "m/moment.lua", 1, 1770000000000001, 1, .result = MD_RESULT_TRUE),
};
enum { COUNT = sizeof entries / sizeof *entries };

static void write_all(md_buffer *out) {
  md_journal_reader last;
  md_buffer_init(out);
  md_journal_read(&last, NULL, 0);
  for (int i = 0; i < COUNT; i++)
    md_journal_append(out, &last, &entries[i]);
}

static void test_round_trip(void **state) {
  (void)state;
  md_buffer journal;
  write_all(&journal);
  md_journal_reader reader;
  md_entry entry;
  md_journal_read(&reader, journal.data, journal.len);
  for (int i = 0; i < COUNT; i++) {
    assert_int_equal(md_journal_next(&reader, &entry), 1);
    assert_int_equal(entry.kind, entries[i].kind);
    assert_string_equal(entry.name, entries[i].name);
    assert_string_equal(entry.file, entries[i].file);
    assert_int_equal(entry.line, entries[i].line);
    assert_int_equal(entry.at, entries[i].at);
    assert_int_equal(entry.arguments, entries[i].arguments);
    assert_int_equal(entry.result, entries[i].result);
    assert_int_equal(entry.event_seq, entries[i].event_seq);
    assert_int_equal(entry.count, entries[i].count);
    assert_int_equal(entry.late, entries[i].late);
    if (entries[i].json) assert_string_equal(entry.json, entries[i].json);
  }
  assert_int_equal(md_journal_next(&reader, &entry), 0);
  assert_true(md_journal_consumed(journal.data, journal.len, 123456789012));
  assert_true(md_journal_consumed(journal.data, journal.len, 134));
  assert_false(md_journal_consumed(journal.data, journal.len, 1));
  assert_false(md_journal_consumed(journal.data, journal.len, 77)); // W1: past consumes nothing
  md_buffer_deinit(&journal);
}

// Every cut and every changed byte is read without harm: entries, an end, MD_ECORRUPT, or a kind that is not known.
static void test_damage(void **state) {
  (void)state;
  md_buffer journal;
  write_all(&journal);
  for (size_t len = 0; len < journal.len; len++)
    for (int flip = 0; flip < 256; flip += 51) {
      char *copy = malloc(len + 1);
      memcpy(copy, journal.data, len);
      if (len) copy[len / 2] = (char)(copy[len / 2] ^ flip);
      md_journal_reader reader;
      md_entry entry;
      int rc = 1;
      md_journal_read(&reader, copy, len);
      for (int i = 0; rc == 1; i++) {
        assert_true(i < 1000);
        rc = md_journal_next(&reader, &entry);
      }
      assert_true(rc == 0 || rc == MD_ECORRUPT || rc == MD_EUNSUPPORTED);
      md_wait wait;
      rc = md_wait_unpack(copy, len, &wait);
      assert_true(rc == 0 || rc == MD_ECORRUPT);
      free(copy);
    }
  md_buffer_deinit(&journal);
}

static void test_wait(void **state) {
  (void)state;
  md_wait wait = {.kind = MD_STEP_WAIT_FOR,
                  .name = "a,order.*",
                  .file = "m/moment.lua",
                  .line = 3,
                  .arguments = 9,
                  .opened_at = -5,
                  .deadline = 1770000000000000,
                  .types = {"a", "order.*"},
                  .type_count = 2},
          back;
  md_buffer bytes;
  md_buffer_init(&bytes);
  md_wait_pack(&bytes, &wait);
  assert_int_equal(md_wait_unpack(bytes.data, bytes.len, &back), 0);
  assert_int_equal(back.opened_at, -5);
  assert_int_equal(back.deadline, wait.deadline);
  assert_string_equal(back.name, wait.name);
  assert_true(md_wait_wants(&back, "a"));
  assert_true(md_wait_wants(&back, "order.placed"));
  assert_false(md_wait_wants(&back, "order"));
  assert_false(md_wait_wants(&back, "order."));
  assert_false(md_wait_wants(&back, "orders.placed"));
  md_buffer_deinit(&bytes);
}

// W5, W7: the options of waits.
static void test_wait_options(void **state) {
  (void)state;
  md_wait wait = {.kind = MD_STEP_COLLECT,
                  .name = "a",
                  .file = "m/moment.lua",
                  .deadline = 1000,
                  .types = {"a"},
                  .type_count = 1,
                  .after = 9,
                  .by = "order",
                  .by_value = "o1",
                  .where = true,
                  .late = MD_LATE_SKIP,
                  .max_lateness = 7,
                  .quiet = 100,
                  .max = 50,
                  .gathered = 3,
                  .seqs = three_seqs,
                  .seqs_len = sizeof three_seqs,
                  .last_seq = 134,
                  .last_at = 800,
                  .bytes = 12345},
          back;
  md_buffer bytes;
  md_buffer_init(&bytes);
  md_wait_pack(&bytes, &wait);
  assert_int_equal(md_wait_unpack(bytes.data, bytes.len, &back), 0);
  assert_string_equal(back.by, "order");
  assert_string_equal(back.by_value, "o1");
  assert_true(back.where);
  assert_int_equal(back.after, 9);
  assert_int_equal(back.late, MD_LATE_SKIP);
  assert_int_equal(back.max_lateness, 7);
  assert_int_equal(back.gathered, 3);
  assert_int_equal(back.last_seq, 134);
  assert_int_equal(back.bytes, 12345);
  assert_int_equal(md_wait_due(&back), 900);
  back.last_at = 950;
  assert_int_equal(md_wait_due(&back), 1000);
  md_seqs seqs = md_seqs_open(back.seqs, back.seqs_len);
  assert_int_equal(md_seqs_next(&seqs), 5);
  assert_int_equal(md_seqs_next(&seqs), 6);
  assert_int_equal(md_seqs_next(&seqs), 134);
  assert_int_equal(md_seqs_next(&seqs), 0);
  for (size_t len = 0; len < bytes.len; len++) { // cut anywhere: refused, or a plain wait
    int rc = md_wait_unpack(bytes.data, len, &back);
    assert_true(rc == MD_ECORRUPT || (rc == 0 && !back.by));
  }
  md_buffer_deinit(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage),
                                     cmocka_unit_test(test_wait), cmocka_unit_test(test_wait_options)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
