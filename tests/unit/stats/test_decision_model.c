// SPDX-License-Identifier: Apache-2.0
// ctest: quick=no timeout=300
// The month-end decision against the six rules written down once more, plainly, over thousands of random months; and
// over months of nothing, looked at every day, it does not find something more often than alpha says.
#include "base/json.h"
#include "stats/decision.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

enum { GOALS = 4, GUARDS = 3, ARM = 1 };

typedef struct month {
  md_goal_result goals[GOALS];
  md_guardrail_result guards[GUARDS];
  md_decision_case at;
} month;

static double one_of(stats_random *r, const double *values, int count) {
  return values[(int)(count * stats_uniform(r))];
}

static month random_month(stats_random *r) {
  static const double srm[] = {0.5, 0.001, 0.00099, 1e-9, NAN, 0.9, 0.2}, days[] = {0, 6.99, 7, 14, 30, 30, 30},
                      ends[] = {-0.3, -0.02, -1e-9, 0, 1e-9, 0.02, 0.3},
                      p[] = {1e-6, 0.004, 0.0125, 0.02, 0.04, 0.2, 1};
  month m = {.at = {.srm_p = one_of(r, srm, 7),
                    .days = one_of(r, days, 7),
                    .data_fault = stats_uniform(r) < 0.03 ? "events are missing since Tuesday" : NULL,
                    .early = stats_uniform(r) < 0.3,
                    .target_mde = 0.05,
                    .alpha = 0.05,
                    .days_needed = fmax(0, 22 * stats_uniform(r) - 2),
                    .days_cap = 14,
                    .goal_count = (size_t)(1 + 3.99 * stats_uniform(r)),
                    .guardrail_count = (size_t)(3.99 * stats_uniform(r))}};
  for (int i = 0; i < GOALS; i++) {
    double a = one_of(r, ends, 7), b = one_of(r, ends, 7), c = one_of(r, ends, 7), d = one_of(r, ends, 7);
    m.goals[i] = (md_goal_result){i == 0 ? ARM : (int)(1.99 * stats_uniform(r)),
                                  fmin(a, b),
                                  fmax(a, b),
                                  one_of(r, p, 7),
                                  fmin(c, d),
                                  fmax(c, d),
                                  one_of(r, p, 7)};
  }
  for (int i = 0; i < GUARDS; i++)
    m.guards[i] = (md_guardrail_result){(int)(1.99 * stats_uniform(r)), one_of(r, ends, 7), stats_uniform(r) < 0.7,
                                        one_of(r, ends, 7), stats_uniform(r) < 0.7};
  return m;
}

// Holm: p[k] is rejected where each of the p-values up to it passes its own part of alpha.
static bool rejected_by_holm(const double *p, int count, int k, double alpha) {
  for (int i = 0; i < count; i++) {
    if (p[i] > p[k]) continue;
    int smaller = 0;
    for (int j = 0; j < count; j++)
      smaller += p[j] < p[i] || (p[j] == p[i] && j < i);
    if (p[i] * (count - smaller) > alpha) return false;
  }
  return true;
}

static md_verdict by_the_rules(const month *m, int *rule) {
  const md_decision_case *at = &m->at;
  bool below = false, above = false, wide = false, worse = false, inferior = false;
  double p[GOALS];
  for (size_t i = 0; i < at->goal_count; i++)
    p[i] = at->early ? m->goals[i].always_p : m->goals[i].p_value;
  for (size_t i = 0; i < at->goal_count; i++) {
    double low = at->early ? m->goals[i].always_lower : m->goals[i].lower;
    double high = at->early ? m->goals[i].always_upper : m->goals[i].upper;
    if (m->goals[i].arm != ARM) continue;
    if (high < 0) below = true;
    if (low > 0 && rejected_by_holm(p, (int)at->goal_count, (int)i, at->alpha)) above = true;
    if (low > 0 || high < 0 || (high - low) / 2 > at->target_mde) wide = true;
  }
  for (size_t i = 0; i < at->guardrail_count; i++) {
    if (m->guards[i].arm != ARM) continue;
    if ((at->early ? m->guards[i].always_upper : m->guards[i].upper) < 0) worse = true;
    if (!(at->early ? m->guards[i].always_non_inferior : m->guards[i].non_inferior)) inferior = true;
  }
  if ((*rule = 1, at->data_fault || at->srm_p < 0.001)) return MD_VERDICT_NONE;
  if ((*rule = 2, at->days < 7)) return MD_VERDICT_NONE;
  if ((*rule = 3, below || worse)) return MD_VERDICT_STOP;
  if ((*rule = 4, above && !inferior)) return MD_VERDICT_SCALE;
  if ((*rule = 5, !wide)) return MD_VERDICT_KEEP;
  *rule = 6;
  return at->days_needed > 0 && at->days_needed <= at->days_cap ? MD_VERDICT_EXTEND : MD_VERDICT_KEEP;
}

static void random_months_follow_the_rules(void **state) {
  (void)state;
  stats_random r = {6};
  int met[7] = {0};
  for (int i = 0; i < 50000; i++) {
    month m = random_month(&r);
    m.at.goals = m.goals;
    m.at.guardrails = m.guards;
    int rule = 0;
    md_verdict wanted = by_the_rules(&m, &rule);
    md_decision got = md_decide(&m.at, ARM);
    if (got.verdict != wanted || got.rule != rule)
      fail_msg("month %d: %s by rule %d, but %s by rule %d", i, md_verdict_name(got.verdict), got.rule,
               md_verdict_name(wanted), rule);
    assert_non_null(got.why);
    met[rule]++;
  }
  for (int rule = 1; rule <= 6; rule++)
    assert_true(met[rule] > 100);
}

// The day's numbers of two arms with the same rate, as the methods give them.
static md_goal_result day_of(const int *n, const int *x) {
  json_t *lift =
      stats_ask("relative_lift_delta_binary",
                "{\"x_control\":%d,\"n_control\":%d,\"x_treatment\":%d,\"n_treatment\":%d}", x[0], n[0], x[1], n[1]);
  json_t *always =
      stats_ask("asympcs_binary",
                "{\"control\":{\"n\":%d,\"x\":%d},\"treatment\":{\"n\":%d,\"x\":%d},\"difference\":\"relative\","
                "\"alpha\":0.05,\"tuning_n\":6000}",
                n[0], x[0], n[1], x[1]);
  md_goal_result goal = {ARM,
                         stats_number(lift, "lower"),
                         stats_number(lift, "upper"),
                         stats_number(lift, "p_value"),
                         stats_number(always, "lower"),
                         stats_number(always, "upper"),
                         stats_number(always, "p_value")};
  stats_forget();
  return goal;
}

static bool acts(const md_goal_result *goal, int day, bool early) {
  md_decision_case at = {.srm_p = 0.5,
                         .days = day,
                         .early = early,
                         .goals = goal,
                         .goal_count = 1,
                         .target_mde = 0.01,
                         .alpha = 0.05,
                         .days_needed = 1,
                         .days_cap = 1};
  md_verdict verdict = md_decide(&at, ARM).verdict;
  return verdict == MD_VERDICT_STOP || verdict == MD_VERDICT_SCALE;
}

static void months_of_nothing_looked_at_daily(void **state) {
  (void)state;
  stats_random r = {30};
  enum { MONTHS = 1500, DAYS = 30 };
  int honest = 0, as_if_planned = 0;
  for (int i = 0; i < MONTHS; i++) {
    int n[2] = {0}, x[2] = {0};
    bool acted = false, fooled = false;
    for (int day = 1; day <= DAYS; day++) {
      for (int arm = 0; arm < 2; arm++) {
        n[arm] += 100;
        x[arm] += stats_binomial(&r, 100, 0.2);
      }
      if (day < 7) continue;
      md_goal_result goal = day_of(n, x);
      acted |= acts(&goal, day, true);
      fooled |= acts(&goal, day, false);
    }
    honest += acted;
    as_if_planned += fooled;
  }
  assert_true(honest <= 0.05 * MONTHS);
  assert_true(as_if_planned > 0.13 * MONTHS); // what `early` is for
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_months_follow_the_rules),
      cmocka_unit_test(months_of_nothing_looked_at_daily),
  };
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
