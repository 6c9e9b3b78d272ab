// SPDX-License-Identifier: Apache-2.0
// What fits into a sliding span (M5), against a model that tries every span there is.
#include "message/window.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LONGEST = 30, ITEMS = 8 };

// With one more of group 99 at `at`, does any span hold more than `most` groups?
static bool model_fits(const md_window *window, int64_t at) {
  for (int64_t start = at - window->span + 1; start <= at; start++) {
    bool groups[100] = {0};
    int64_t count = 1;
    for (size_t i = 0; i < window->count; i++) {
      const md_window_item *item = &window->items[i];
      bool within = item->at >= start && item->at < start + window->span;
      if (within && !groups[item->group]) count++;
      if (within) groups[item->group] = true;
    }
    if (count > window->most) return false;
  }
  return true;
}

static int64_t model_next(const md_window *window, int64_t at) {
  while (!model_fits(window, at))
    at++;
  return at;
}

static void test_against_the_model(void **state) {
  int refused = 0;
  (void)state;
  srandom(11);
  for (int i = 0; i < 20000; i++) {
    md_window_item items[ITEMS];
    md_window window = {
        .items = items, .count = (size_t)(random() % (ITEMS + 1)), .span = 1 + random() % 12, .most = 1 + random() % 4};
    for (size_t n = 0; n < window.count; n++)
      items[n] = (md_window_item){.at = random() % LONGEST, .group = random() % 5};
    md_window_sort(items, window.count);
    int64_t at = random() % LONGEST;
    bool fits = model_fits(&window, at);
    refused += !fits;
    if (md_window_fits(&window, at) != fits || md_window_next(&window, at) != model_next(&window, at))
      fail_msg("case %d: at %lld, span %lld, most %lld", i, (long long)at, (long long)window.span,
               (long long)window.most);
  }
  assert_in_range(refused, 2000, 18000); // both answers are met often
}

static void test_a_span_is_open_at_its_end(void **state) {
  md_window_item one[] = {{.at = 100, .group = 1}};
  (void)state;
  md_window_sort(one, 1);
  md_window window = {.items = one, .count = 1, .span = 10, .most = 1};
  assert_false(md_window_fits(&window, 109));
  assert_true(md_window_fits(&window, 110));
  assert_false(md_window_fits(&window, 91)); // what is scheduled later counts too
  assert_true(md_window_fits(&window, 90));
  assert_int_equal(md_window_next(&window, 95), 110);
}

// A run that writes daily for years hides nobody else's: each of 5,000 counts, and it does not take for ever.
static void test_however_many_there_are(void **state) {
  enum { MANY = 5000 };
  static md_window_item items[MANY];
  (void)state;
  for (int i = 0; i < MANY; i++)
    items[i] = (md_window_item){.at = MANY - i, .group = i % 2 ? 1 : i};
  md_window_sort(items, MANY);
  md_window window = {.items = items, .count = MANY, .span = MANY, .most = MANY / 2 + 1};
  assert_false(md_window_fits(&window, MANY)); // 2,500 of their own and that of the odd ones
  window.most++;
  assert_true(md_window_fits(&window, MANY));
  window.most = 1;
  assert_int_equal(md_window_next(&window, 1), 2 * MANY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_the_model),
      cmocka_unit_test(test_a_span_is_open_at_its_end),
      cmocka_unit_test(test_however_many_there_are),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
