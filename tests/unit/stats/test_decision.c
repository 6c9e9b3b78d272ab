// SPDX-License-Identifier: Apache-2.0
// The table of cases of the month-end decision (docs/statistics.md), and its borders.
#include "base/file.h"
#include "stats/decision.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "stats_near.h"

typedef struct row {
  const char *what;
  double srm_p, days;
  const char *fault;
  bool early;
  md_goal_result goal;
  bool guarded, non_inferior;
  double guardrail_upper, days_needed;
  md_verdict verdict;
  int rule;
} row;

#define BETTER                                                                                                         \
  { 1, 0.01, 0.05, 0.003, -0.01, 0.07, 0.2 }
#define CLEARLY                                                                                                        \
  { 1, 0.03, 0.05, 1e-9, 0.01, 0.07, 0.01 }
#define WORSE                                                                                                          \
  { 1, -0.05, -0.01, 0.003, -0.07, 0.01, 0.2 }
#define NARROW                                                                                                         \
  { 1, -0.005, 0.007, 0.7, -0.01, 0.012, 1 }
#define WIDE                                                                                                           \
  { 1, -0.05, 0.07, 0.7, -0.1, 0.12, 1 }

static const row table[] = {
    {"arms do not fit (p = 0.0009), the goal is better", 0.0009, 30, NULL, false, CLEARLY, false, false, 0, 0,
     MD_VERDICT_NONE, 1},
    {"a data fault, the goal is better", 0.5, 30, "opens were lost on the 3rd", false, CLEARLY, false, false, 0, 0,
     MD_VERDICT_NONE, 1},
    {"arms just fit (p = 0.001), the goal is better", 0.001, 30, NULL, false, CLEARLY, false, false, 0, 0,
     MD_VERDICT_SCALE, 4},
    {"6 days, the goal is better", 0.5, 6, NULL, false, CLEARLY, false, false, 0, 0, MD_VERDICT_NONE, 2},
    {"7 days, the goal is better", 0.5, 7, NULL, false, CLEARLY, false, false, 0, 0, MD_VERDICT_SCALE, 4},
    {"the goal is worse", 0.5, 30, NULL, false, WORSE, false, false, 0, 0, MD_VERDICT_STOP, 3},
    {"the goal is better, a guardrail is worse", 0.5, 30, NULL, false, CLEARLY, true, false, -0.01, 0, MD_VERDICT_STOP,
     3},
    {"the goal is better, the guardrail is shown harmless", 0.5, 30, NULL, false, BETTER, true, true, 0.02, 0,
     MD_VERDICT_SCALE, 4},
    {"the goal is better, a guardrail is not yet shown harmless, time left", 0.5, 30, NULL, false, BETTER, true, false,
     0.02, 10, MD_VERDICT_EXTEND, 6},
    {"the same, no time left", 0.5, 30, NULL, false, BETTER, true, false, 0.02, 99, MD_VERDICT_KEEP, 6},
    {"early: better on the plain interval only", 0.5, 12, NULL, true, BETTER, false, false, 0, 10, MD_VERDICT_EXTEND,
     6},
    {"early: better on the always-valid interval", 0.5, 12, NULL, true, CLEARLY, false, false, 0, 10, MD_VERDICT_SCALE,
     4},
    {"early: worse on the plain interval only", 0.5, 12, NULL, true, WORSE, false, false, 0, 10, MD_VERDICT_EXTEND, 6},
    {"no difference, and a narrow interval", 0.5, 30, NULL, false, NARROW, false, false, 0, 10, MD_VERDICT_KEEP, 5},
    {"undecided, the days needed fit the cap", 0.5, 30, NULL, false, WIDE, false, false, 0, 28, MD_VERDICT_EXTEND, 6},
    {"undecided, and no further days are needed", 0.5, 30, NULL, false, WIDE, false, false, 0, 0, MD_VERDICT_KEEP, 6},
    {"undecided, they do not", 0.5, 30, NULL, false, WIDE, false, false, 0, 29, MD_VERDICT_KEEP, 6},
    {"no interval at all, the days needed do not fit",
     0.5,
     30,
     NULL,
     false,
     {1, NAN, NAN, NAN, NAN, NAN, NAN},
     false,
     false,
     0,
     29,
     MD_VERDICT_KEEP,
     6},
};

static md_decision_case case_of(const row *r, const md_guardrail_result *guardrail) {
  return (md_decision_case){.srm_p = r->srm_p,
                            .data_fault = r->fault,
                            .days = r->days,
                            .early = r->early,
                            .goals = &r->goal,
                            .goal_count = 1,
                            .guardrails = guardrail,
                            .guardrail_count = r->guarded,
                            .target_mde = 0.01,
                            .alpha = 0.05,
                            .days_needed = r->days_needed,
                            .days_cap = 28};
}

static void the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    md_guardrail_result guardrail = {1, table[i].guardrail_upper, table[i].non_inferior, NAN, false};
    md_decision_case at = case_of(&table[i], &guardrail);
    md_decision made = md_decide(&at, 1);
    if (made.verdict != table[i].verdict || made.rule != table[i].rule || !made.why)
      fail_msg("%s: %s by rule %d, not %s by rule %d", table[i].what, md_verdict_name(made.verdict), made.rule,
               md_verdict_name(table[i].verdict), table[i].rule);
  }
}

// An effect that would do alone is not enough among many goals and arms.
static void holm_over_goals_and_arms(void **state) {
  (void)state;
  md_goal_result goals[10] = {{1, 0.001, 0.05, 0.03, NAN, NAN, 1}};
  for (int i = 1; i < 10; i++)
    goals[i] = (md_goal_result){2 + i % 2, -0.05, 0.05, 0.5, NAN, NAN, 1};
  md_decision_case at = {.srm_p = 0.5,
                         .days = 30,
                         .goals = goals,
                         .goal_count = 1,
                         .target_mde = 0.01,
                         .alpha = 0.05,
                         .days_needed = 1,
                         .days_cap = 1};
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_SCALE);
  at.goal_count = 10;
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_EXTEND);
  assert_int_equal(md_decide(&at, 7).verdict, MD_VERDICT_NONE); // no such arm
}

static void another_arms_guardrail_is_its_own(void **state) {
  (void)state;
  md_goal_result goals[] = {CLEARLY};
  md_guardrail_result guardrail = {2, -1, false, -1, false};
  md_decision_case at = {.srm_p = 0.5,
                         .days = 30,
                         .goals = goals,
                         .goal_count = 1,
                         .guardrails = &guardrail,
                         .guardrail_count = 1,
                         .target_mde = 0.01,
                         .alpha = 0.05};
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_SCALE);
}

// Before the planned end a guardrail's plain interval is a look too many: neither its harm nor its harmlessness counts.
static void an_early_guardrail_is_read_as_every_look_may_be(void **state) {
  (void)state;
  const md_guardrail_result plain_harm = {1, -0.01, false, 0.02, true}, harm = {1, 0.02, true, -0.01, false};
  md_goal_result goal = CLEARLY;
  md_decision_case at = {.srm_p = 0.5,
                         .days = 12,
                         .goals = &goal,
                         .goal_count = 1,
                         .guardrails = &plain_harm,
                         .guardrail_count = 1,
                         .target_mde = 0.01,
                         .alpha = 0.05,
                         .early = true};
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_SCALE);
  at.early = false;
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_STOP);
  at.guardrails = &harm;
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_SCALE);
  at.early = true;
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_STOP);
}

// Half of the interval's width counts, wherever 0 lies in it; the sentence claims no more than that.
static void rule_5_is_about_the_half_width(void **state) {
  (void)state;
  md_goal_result goal = {1, 0, 0.02, 0.05, NAN, NAN, 1};
  md_decision_case at = {
      .srm_p = 0.5, .days = 30, .goals = &goal, .goal_count = 1, .target_mde = 0.01, .alpha = 0.05, .days_needed = 1};
  md_decision made = md_decide(&at, 1);
  assert_int_equal(made.rule, 5);
  assert_string_equal(made.why, "no difference was found, as precisely as was asked: keep what runs");
  goal.upper = 0.0201;
  assert_int_equal(md_decide(&at, 1).rule, 6);
}

static void swapped_limits_are_a_fault(void **state) {
  (void)state;
  md_goal_result goal = {1, 0.05, -0.05, 0.01, NAN, NAN, 1};
  md_decision_case at = {
      .srm_p = 0.5, .days = 3, .goals = &goal, .goal_count = 1, .target_mde = 0.01, .alpha = 0.05, .days_needed = 1};
  md_decision made = md_decide(&at, 1);
  assert_int_equal(made.verdict, MD_VERDICT_NONE);
  assert_int_equal(made.rule, 1);
  assert_non_null(strstr(made.why, "limit"));
}

// Nothing is added where nothing is needed, whatever the cap; nor where nobody knows how much.
static void no_days_needed_extend_nothing(void **state) {
  (void)state;
  static const double needed[] = {0, -1, NAN};
  md_goal_result goal = WIDE;
  md_decision_case at = {
      .srm_p = 0.5, .days = 30, .goals = &goal, .goal_count = 1, .target_mde = 0.01, .alpha = 0.05, .days_cap = 28};
  for (size_t i = 0; i < 3; i++) {
    at.days_needed = needed[i];
    assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_KEEP);
  }
  at.days_needed = 0.5;
  assert_int_equal(md_decide(&at, 1).verdict, MD_VERDICT_EXTEND);
}

// docs/statistics.md shows this table, row by row.
static void the_page_has_the_table(void **state) {
  (void)state;
  md_error err = {0};
  md_buffer page;
  md_buffer_init(&page);
  if (md_file_read(MOMENTD_SOURCE_DIR "/docs/statistics.md", 1 << 20, &page, &err)) fail_msg("%s", err.text);
  md_buffer_append(&page, "", 1);
  const char *at = strstr(page.data, "| Case | Verdict | Rule |\n|---|---|---|\n");
  assert_non_null(at);
  at = strchr(strchr(at, '\n') + 1, '\n') + 1;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char wanted[200];
    int len = snprintf(wanted, sizeof wanted, "| %s | %s | %d |\n", table[i].what, md_verdict_name(table[i].verdict),
                       table[i].rule);
    if (strncmp(at, wanted, (size_t)len) != 0) fail_msg("row %zu of the page is not: %s", i + 1, wanted);
    at += len;
  }
  assert_int_equal(*at, '\n');
  md_buffer_deinit(&page);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table),
                                     cmocka_unit_test(the_page_has_the_table),
                                     cmocka_unit_test(holm_over_goals_and_arms),
                                     cmocka_unit_test(an_early_guardrail_is_read_as_every_look_may_be),
                                     cmocka_unit_test(rule_5_is_about_the_half_width),
                                     cmocka_unit_test(swapped_limits_are_a_fault),
                                     cmocka_unit_test(no_days_needed_extend_nothing),
                                     cmocka_unit_test(another_arms_guardrail_is_its_own)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
