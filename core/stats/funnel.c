// SPDX-License-Identifier: Apache-2.0
// A funnel's steps.
#include "stats/funnel.h"
#include "stats/proportions.h"
#include <math.h>

static md_funnel_step step_of(double from, double to, double level) {
  md_interval kept, lost;
  if (!(from > 0)) return (md_funnel_step){NAN, NAN, NAN, NAN, NAN, NAN};
  md_wilson_interval(to, from, level, &kept);
  md_wilson_interval(from - to, from, level, &lost);
  return (md_funnel_step){to / from, (from - to) / from, kept.lower, kept.upper, lost.lower, lost.upper};
}

void md_funnel_dropoff(const double *counts, size_t count, double level, md_funnel_step *steps, md_funnel *out) {
  md_funnel_step overall = step_of(counts[0], counts[count - 1], level);
  *out = (md_funnel){NULL, overall.conversion, overall.conv_lower, overall.conv_upper, NAN};
  for (size_t i = 0; i + 1 < count; i++) {
    steps[i] = step_of(counts[i], counts[i + 1], level);
    if (isnan(steps[i].dropoff))
      out->why = "nobody reached a step: it converts nobody and loses nobody";
    else if (isnan(out->worst_step_1based) || steps[i].dropoff > steps[(size_t)out->worst_step_1based - 1].dropoff)
      out->worst_step_1based = (double)i + 1;
  }
}
