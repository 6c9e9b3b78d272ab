// SPDX-License-Identifier: Apache-2.0
// The score S = Z √t of a test, which moves like Brownian motion while there is no effect: its density at a look on the
// paths that passed no bound before, by recursive integration (Armitage, McPherson, Rowe 1969, section 3; Jennison,
// Turnbull 2000, section 19.2). Private to this room. Pure; any thread.
#pragma once
#include "stats/special.h"

// Panels a side: enough for 36 standard deviations, 0.001 of information apart.
enum { MD_SCORE_PANELS = 200 };

typedef struct md_score {
  double t;    // information at this look; 0: the start, all paths at 0
  double next; // information at the next
  double end;  // the density is kept on [-end, end], in `panels` panels a side, each `half` wide to both sides of its
               // middle
  double half;
  int panels;
  double mass[2 * MD_SCORE_PANELS][MD_GAUSS_POINTS]; // density times weight at Gauss points, from the left
} md_score;

// P(the next look finds S above `bound`); `density`: that of S there.
double md_score_above(const md_score *score, double bound, double *density);
// The density at the next look, on the paths that stayed within ±bound there; `after` is the look that follows it.
void md_score_advance(const md_score *from, md_score *to, double bound, double after, const md_gauss *gauss);
