// SPDX-License-Identifier: Apache-2.0
// The month-end decision: six rules, the first that holds decides.
#include "stats/decision.h"
#include "stats/multiple.h"
#include <math.h>

static const double srm_threshold = 0.001, fewest_days = 7;

// What the goals of one arm say together.
typedef struct finding {
  bool any, below, above, narrow; // some interval wholly below 0; one above, also after Holm; all around 0 and narrow
} finding;

static double lower_of(const md_goal_result *goal, bool early) {
  return early ? goal->always_lower : goal->lower;
}

static double upper_of(const md_goal_result *goal, bool early) {
  return early ? goal->always_upper : goal->upper;
}

static void adjust(const md_decision_case *at, double adjusted[static MD_DECISION_GOALS_MAX]) {
  double p[MD_DECISION_GOALS_MAX];
  size_t order[MD_DECISION_GOALS_MAX];
  for (size_t i = 0; i < at->goal_count; i++) {
    double given = at->early ? at->goals[i].always_p : at->goals[i].p_value;
    p[i] = isnan(given) ? 1 : given;
  }
  md_adjust_order(p, at->goal_count, order);
  md_adjust_holm(p, at->goal_count, order, adjusted);
}

static finding look(const md_decision_case *at, int arm) {
  double adjusted[MD_DECISION_GOALS_MAX];
  finding found = {.narrow = true};
  adjust(at, adjusted);
  for (size_t i = 0; i < at->goal_count; i++) {
    double lower = lower_of(&at->goals[i], at->early), upper = upper_of(&at->goals[i], at->early);
    if (at->goals[i].arm != arm) continue;
    found.any = true;
    found.below |= upper < 0;
    found.above |= lower > 0 && adjusted[i] <= at->alpha;
    found.narrow &= lower <= 0 && upper >= 0 && (upper - lower) / 2 <= at->target_mde;
  }
  return found;
}

static bool guardrail_worse(const md_decision_case *at, int arm) {
  for (size_t i = 0; i < at->guardrail_count; i++) {
    const md_guardrail_result *rail = &at->guardrails[i];
    if (rail->arm == arm && (at->early ? rail->always_upper : rail->upper) < 0) return true;
  }
  return false;
}

static bool guardrails_hold(const md_decision_case *at, int arm) {
  for (size_t i = 0; i < at->guardrail_count; i++) {
    const md_guardrail_result *rail = &at->guardrails[i];
    if (rail->arm == arm && !(at->early ? rail->always_non_inferior : rail->non_inferior)) return false;
  }
  return true;
}

static bool swapped(const md_decision_case *at, int arm) {
  for (size_t i = 0; i < at->goal_count; i++)
    if (at->goals[i].arm == arm && lower_of(&at->goals[i], at->early) > upper_of(&at->goals[i], at->early)) return true;
  return false;
}

// Rules 3 to 6: the numbers can be trusted, and there are enough days.
static md_decision weigh(const md_decision_case *at, int arm) {
  finding found = look(at, arm);
  if (!found.any) return (md_decision){MD_VERDICT_NONE, 1, "the arm has no goal: repair the experiment's definition"};
  if (found.below) return (md_decision){MD_VERDICT_STOP, 3, "a goal is worse than in the control"};
  if (guardrail_worse(at, arm)) return (md_decision){MD_VERDICT_STOP, 3, "a guardrail is worse than in the control"};
  if (found.above && guardrails_hold(at, arm))
    return (md_decision){MD_VERDICT_SCALE, 4, "a goal is better than in the control, and no guardrail suffers"};
  if (found.narrow)
    return (md_decision){MD_VERDICT_KEEP, 5, "no difference was found, as precisely as was asked: keep what runs"};
  if (!(at->days_needed > 0))
    return (md_decision){MD_VERDICT_KEEP, 6, "not decided, and no further days are needed: keep what runs"};
  if (at->days_needed <= at->days_cap)
    return (md_decision){MD_VERDICT_EXTEND, 6, "not decided yet, and the days still needed fit the cap"};
  return (md_decision){MD_VERDICT_KEEP, 6, "not decided, and the days still needed do not fit the cap: keep what runs"};
}

md_decision md_decide(const md_decision_case *at, int arm) {
  if (at->data_fault) return (md_decision){MD_VERDICT_NONE, 1, at->data_fault};
  if (at->srm_p < srm_threshold)
    return (md_decision){MD_VERDICT_NONE, 1,
                         "the arms' sizes do not fit their weights: find out who is missing from which arm"};
  if (at->goal_count > MD_DECISION_GOALS_MAX)
    return (md_decision){MD_VERDICT_NONE, 1, "over 100 goals: say which ones decide"};
  if (swapped(at, arm))
    return (md_decision){MD_VERDICT_NONE, 1,
                         "a goal's lower limit is above its upper one: repair where they come from"};
  if (!(at->days >= fewest_days)) return (md_decision){MD_VERDICT_NONE, 2, "fewer than 7 days were measured: wait"};
  return weigh(at, arm);
}

const char *md_verdict_name(md_verdict verdict) {
  static const char *const names[] = {"none", "stop", "scale", "keep", "extend"};
  return names[verdict];
}
