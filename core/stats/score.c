// SPDX-License-Identifier: Apache-2.0
// Recursive integration. What a path at score s came from is normal around s t/t', so that few panels count for each
// point; and between two panels the kernel splits into what depends on their distance and what depends on the points
// within: exp(-(d + u - v)²/2) = exp(-d²/2 + d v) exp(-d u) exp(-(u - v)²/2), of which the last is tabulated once a
// look.
#include "stats/score.h"
#include <math.h>

static const double far = 36;        // standard deviations: the density is kept so far, 1e-283 of its peak
static const double reach = 9.5;     // standard deviations of the kernel: 1e-20 of what counts lies beyond
static const double panel_width = 6; // in standard deviations of the narrowest kernel that a panel meets

typedef struct kernel {
  double sd, ratio, window;                          // √(t' - t), t/t', and how far to both sides of s t/t' counts
  double from[MD_GAUSS_POINTS], to[MD_GAUSS_POINTS]; // the points within a panel, in units of sd
  double table[MD_GAUSS_POINTS][MD_GAUSS_POINTS];    // [from][to]
} kernel;

static double window_of(const md_score *score, double *sd, double *ratio) {
  *sd = sqrt(score->next - score->t);
  *ratio = score->t / score->next;
  return reach * *sd * sqrt(*ratio);
}

// The panel in which `at` lies, held within those that there are.
static int panel_at(const md_score *score, double at) {
  double place = floor((at + score->end) / (2 * score->half));
  return (int)fmin(fmax(place, 0), 2 * score->panels - 1);
}

static double middle_of(const md_score *score, int panel) {
  return score->half * (2 * (panel - score->panels) + 1);
}

double md_score_above(const md_score *score, double bound, double *density) {
  double sd, ratio, window = window_of(score, &sd, &ratio), above = 0;
  *density = 0;
  if (score->t <= 0) {
    *density = md_normal_density(bound / sd) / sd;
    return md_normal_above(bound / sd);
  }
  md_gauss gauss;
  md_gauss_init(&gauss);
  for (int panel = panel_at(score, bound * ratio - window); panel < 2 * score->panels; panel++) {
    for (int i = 0; i < MD_GAUSS_POINTS; i++) {
      double z = (bound - middle_of(score, panel) - score->half * gauss.at[i]) / sd;
      above += score->mass[panel][i] * md_normal_above(z);
      *density += score->mass[panel][i] * md_normal_density(z) / sd;
    }
  }
  return above;
}

static void kernel_init(kernel *k, const md_score *from, const md_score *to, const md_gauss *gauss) {
  k->window = window_of(from, &k->sd, &k->ratio);
  for (int i = 0; i < MD_GAUSS_POINTS; i++) {
    k->from[i] = from->half * gauss->at[i] / k->sd;
    k->to[i] = to->half * gauss->at[i] / k->sd;
  }
  for (int j = 0; j < MD_GAUSS_POINTS; j++)
    for (int i = 0; i < MD_GAUSS_POINTS; i++)
      k->table[j][i] = exp(-(k->to[i] - k->from[j]) * (k->to[i] - k->from[j]) / 2);
}

// Adds to the density at a panel's points what comes from one panel of the look before, `distance` (in sd) below it.
static void add_panel(const kernel *k, const double *mass, double distance, double *density) {
  double sums[MD_GAUSS_POINTS] = {0};
  for (int j = 0; j < MD_GAUSS_POINTS; j++) {
    double weight = mass[j] * exp(distance * (k->from[j] - distance / 2));
    for (int i = 0; i < MD_GAUSS_POINTS; i++)
      sums[i] += weight * k->table[j][i];
  }
  for (int i = 0; i < MD_GAUSS_POINTS; i++)
    density[i] += sums[i] * exp(-distance * k->to[i]);
}

static void density_of_panel(const kernel *k, const md_score *from, double middle, double half, double *density) {
  int first = panel_at(from, (middle - half) * k->ratio - k->window);
  int last = panel_at(from, (middle + half) * k->ratio + k->window);
  for (int i = 0; i < MD_GAUSS_POINTS; i++)
    density[i] = 0;
  for (int panel = first; panel <= last; panel++)
    add_panel(k, from->mass[panel], (middle - middle_of(from, panel)) / k->sd, density);
}

// The first look: all came from 0.
static void density_from_start(const kernel *k, double middle, double *density) {
  for (int i = 0; i < MD_GAUSS_POINTS; i++)
    density[i] = sqrt(2 * M_PI) * md_normal_density(middle / k->sd + k->to[i]);
}

static void place_panels(const md_score *from, md_score *to, double bound, double after) {
  to->t = from->next;
  to->next = after;
  to->end = fmin(bound, far * sqrt(to->t));
  // What is integrated next is a product of the density, as wide as the last step, and the kernel of the next.
  double last = sqrt(to->t - from->t), coming = sqrt((after - to->t) * to->t / after);
  to->panels = (int)fmin(MD_SCORE_PANELS, 1 + ceil(to->end / (panel_width * fmin(last, coming))));
  to->half = to->end / to->panels / 2;
}

void md_score_advance(const md_score *from, md_score *to, double bound, double after, const md_gauss *gauss) {
  kernel k;
  double density[MD_GAUSS_POINTS];
  place_panels(from, to, bound, after);
  kernel_init(&k, from, to, gauss);
  for (int panel = to->panels; panel < 2 * to->panels; panel++) { // the right side; the left is its mirror
    double middle = middle_of(to, panel);
    if (from->t > 0)
      density_of_panel(&k, from, middle, to->half, density);
    else
      density_from_start(&k, middle, density);
    for (int i = 0; i < MD_GAUSS_POINTS; i++) {
      double mass = gauss->weight[i] * to->half * density[i] / (k.sd * sqrt(2 * M_PI));
      to->mass[panel][i] = to->mass[2 * to->panels - 1 - panel][MD_GAUSS_POINTS - 1 - i] = mass;
    }
  }
}
