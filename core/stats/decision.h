// SPDX-License-Identifier: Apache-2.0
// What a month's numbers say to do: no verdict, stop, scale, keep or extend. One function over numbers that others have
// computed; docs/statistics.md has its table of cases. Pure; any thread. Allocates nothing.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { MD_DECISION_GOALS_MAX = 100 };

typedef enum md_verdict {
  MD_VERDICT_NONE,   // no verdict: repair, or wait
  MD_VERDICT_STOP,   // end the treatment: it harms
  MD_VERDICT_SCALE,  // give it to all
  MD_VERDICT_KEEP,   // leave what runs: no difference that matters
  MD_VERDICT_EXTEND, // go on measuring
} md_verdict;

// One comparison of a treatment with the control. Effects are turned so that higher is better.
typedef struct md_goal_result {
  int arm;                                     // which treatment
  double lower, upper, p_value;                // for the planned end
  double always_lower, always_upper, always_p; // valid at every look (asympcs)
} md_goal_result;

typedef struct md_guardrail_result {
  int arm;
  double upper;      // upper limit of the benefit: below 0, the guardrail is significantly worse
  bool non_inferior; // by its margin
  // The same by an interval that is valid at every look (asympcs): what counts before the planned end.
  double always_upper;
  bool always_non_inferior;
} md_guardrail_result;

typedef struct md_decision_case {
  double srm_p;                // of the assignment; NaN where nothing could be tested
  const char *data_fault;      // what is wrong with the data, or NULL
  double days;                 // measured
  bool early;                  // looked at before the planned end
  const md_goal_result *goals; // of all arms: their p-values are adjusted together (Holm)
  size_t goal_count;
  const md_guardrail_result *guardrails; // of all arms
  size_t guardrail_count;
  double target_mde;            // an interval whose half-width is this, or less, is narrow enough
  double alpha;                 // of the family of goals and arms
  double days_needed, days_cap; // still needed for the target, 0 for none; the most that may be added, fixed in advance
} md_decision_case;

typedef struct md_decision {
  md_verdict verdict;
  int rule;        // 1 to 6, which decided
  const char *why; // one sentence
} md_decision;

// Decides about `arm`. At most MD_DECISION_GOALS_MAX goals; a case with more, or with none of that arm, has no verdict.
// An interval that does not exist (NaN) lies nowhere: it neither stops nor scales nor is narrow. One whose lower limit
// is above its upper one is a fault of the data.
md_decision md_decide(const md_decision_case *at, int arm);

// "none", "stop", "scale", "keep", "extend".
const char *md_verdict_name(md_verdict verdict);
