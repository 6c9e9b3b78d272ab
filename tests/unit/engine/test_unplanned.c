// SPDX-License-Identifier: Apache-2.0
// Event types that the plan does not declare: counted, with the nearest, as long as it does not.
#include "base/json.h"
#include "engine/unplanned.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char seen[8192];

static void add(void *context, const char *type, int64_t count, const char *nearest) {
  size_t used = strlen(seen);
  (void)context;
  snprintf(seen + used, sizeof seen - used, "%s %lld %s\n", type, (long long)count, nearest ? nearest : "-");
}

static const char *told(const md_unplanned *all, const md_plan *plan) {
  seen[0] = '\0';
  md_unplanned_each(all, plan, add, NULL);
  return seen;
}

static md_plan *plan_of(const char *events) {
  char text[512];
  md_plan *plan = NULL;
  md_error err = {0};
  int len = snprintf(text, sizeof text, "return require('plan').define { events = { %s } }", events);
  md_source_file file = {.path = "events.lua", .data = text, .len = (size_t)len};
  if (md_plan_new(&plan, &file, &err)) fail_msg("%s", err.text);
  return plan;
}

static void test_counts_and_names_the_nearest(void **state) {
  (void)state;
  md_unplanned all = {0};
  md_plan *plan = plan_of("['order.placed'] = {}, ['cart.updated'] = {}");
  const char *const types[] = {"order.placed", "order.plced",     "cart.updated",      "order.plced",
                               "xyz",          "profile.updated", "consent.withdrawn", "consent.given"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    md_unplanned_see(&all, plan, types[i]);
  assert_string_equal(told(&all, plan), "order.plced 2 order.placed\nxyz 1 -\n");
  md_plan *later = plan_of("['xyz'] = {}");
  assert_string_equal(told(&all, later), "order.plced 2 -\n");
  md_plan_free(later);
  md_plan_free(plan);
  md_unplanned_deinit(&all);
}

static void test_a_plan_without_types_says_nothing(void **state) {
  (void)state;
  md_unplanned all = {0};
  md_plan *plan = plan_of("");
  md_unplanned_see(&all, plan, "order.plced");
  assert_string_equal(told(&all, plan), "");
  md_plan_free(plan);
  md_unplanned_deinit(&all);
}

static void test_a_flood_of_types_has_an_end(void **state) {
  (void)state;
  md_unplanned all = {0};
  md_plan *plan = plan_of("['a'] = {}");
  char type[24];
  for (int i = 0; i < 2 * MD_UNPLANNED_TYPES; i++) {
    snprintf(type, sizeof type, "flood.%d", i);
    md_unplanned_see(&all, plan, type);
    md_unplanned_see(&all, plan, type);
  }
  assert_int_equal(all.count, MD_UNPLANNED_TYPES);
  assert_string_equal(all.types[MD_UNPLANNED_TYPES - 1], "flood.63");
  assert_int_equal(all.counts[MD_UNPLANNED_TYPES - 1], 2);
  md_plan_free(plan);
  md_unplanned_deinit(&all);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts_and_names_the_nearest),
                                     cmocka_unit_test(test_a_plan_without_types_says_nothing),
                                     cmocka_unit_test(test_a_flood_of_types_has_an_end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
