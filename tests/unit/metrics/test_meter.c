// SPDX-License-Identifier: Apache-2.0
// Series by labels and days, windows, and the limit of series (A5).
#include "base/json.h"
#include "metrics/meter.h"
#include "store/metrics.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOON ((md_micros)20000 * MD_DAY + MD_DAY / 2)

static md_store *store;

static void observe(const char *labels, double value, md_micros at) {
  assert_int_equal(md_meter_of_store.add(store, "hours", labels, value, true, at, NULL), 0);
}

static int64_t count_of(const char *labels, md_micros since, double *median) {
  int64_t count = 0;
  *median = 0;
  assert_int_equal(md_meter_of_store.quantile(store, "hours", labels, 0.5, since, median, &count, NULL), 0);
  return count;
}

static int set_up(void **state) {
  (void)state;
  md_json_init();
  md_error err;
  if (md_store_open(&store, &(md_store_options){.path = NULL}, &err)) return -1;
  return md_store_begin(store, &err);
}

static int tear_down(void **state) {
  (void)state;
  md_store_rollback(store);
  md_store_close(store);
  return 0;
}

static void test_labels_and_windows(void **state) {
  (void)state;
  double median;
  observe("{\"carrier\":\"gls\",\"land\":\"dk\"}", 10, NOON - 3 * MD_DAY);
  observe("{\"carrier\":\"gls\",\"land\":\"se\"}", 20, NOON - MD_DAY);
  observe("{\"carrier\":\"dao\",\"land\":\"dk\"}", 90, NOON);
  observe("{}", 90, NOON);
  assert_int_equal(count_of("{}", 0, &median), 4);
  assert_int_equal(count_of("{\"carrier\":\"gls\"}", 0, &median), 2);
  assert_true(median > 9.9 && median < 10.1);
  assert_int_equal(count_of("{\"carrier\":\"gls\",\"land\":\"se\"}", 0, &median), 1);
  assert_true(median > 19.8 && median < 20.2);
  assert_int_equal(count_of("{\"carrier\":\"gl\"}", 0, &median), 0);
  assert_int_equal(count_of("{}", NOON - MD_DAY, &median), 3);
  assert_int_equal(count_of("{}", NOON, &median), 2);
}

// A value that looks like another label is none.
static void test_quotes(void **state) {
  (void)state;
  double median;
  observe("{\"a\":\"x\\\",\\\"b\\\":\\\"y\"}", 1, NOON);
  assert_int_equal(count_of("{\"b\":\"y\"}", 0, &median), 0);
  assert_int_equal(count_of("{\"a\":\"x\\\",\\\"b\\\":\\\"y\"}", 0, &median), 1);
}

static void test_A5_a_thousand_series(void **state) {
  (void)state;
  double median;
  int64_t count = 0;
  for (int i = 0; i < 10000; i++) {
    char labels[64];
    snprintf(labels, sizeof labels, "{\"sku\":\"%d\"}", i);
    observe(labels, 5, NOON);
  }
  assert_int_equal(md_series_count(store, "hours", &count, NULL), 0);
  assert_int_equal(count, MD_METER_SERIES + 1);
  assert_int_equal(count_of("{\"sku\":\"999\"}", 0, &median), 1);
  assert_int_equal(count_of("{\"sku\":\"1000\"}", 0, &median), 0);
  assert_int_equal(count_of("{\"sku\":\"other\"}", 0, &median), 9000);
  assert_int_equal(count_of("{}", 0, &median), 10000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_labels_and_windows, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(test_quotes, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(test_A5_a_thousand_series, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
