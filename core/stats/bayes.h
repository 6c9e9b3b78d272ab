// SPDX-License-Identifier: Apache-2.0
// Which arm is best, by posteriors of shares (Beta) and of normal estimates; all by quadrature, nothing sampled. Pure;
// any thread. MD_ENOMEM is the only failure of what takes an arena.
#pragma once
#include "base/arena.h"
#include "stats/proportions.h"
#include <stddef.h>

enum { MD_BAYES_ARMS_MAX = 12 };

typedef struct md_beta {
  double a, b; // both positive
} md_beta;

// P(arm i is the highest) = ∫ f_i Π F_j and E[max of all - arm i] = ∫ (F_i - Π F_j), for `arms` Beta posteriors: order
// statistics of independent variables (David, Nagaraja 2003, section 5.2); as a decision, Stucchio 2015. Either output
// may be NULL.
int md_beta_best(const md_beta *posteriors, size_t arms, double *best, double *loss, md_arena *arena);

typedef struct md_chance {
  const char *why;
  double prob_treatment_beats_control, expected_loss_choose_treatment, expected_loss_choose_control,
      posterior_mean_control, posterior_mean_treatment;
} md_chance;

// Two arms; the loss of a choice is what the other would have given more, on average. (Stucchio 2015; the probability
// agrees with the exact sum of Miller 2014 for whole parameters.) n may be 0: the prior.
int md_beta_chance_to_win(const md_two_rates *rates, double prior_a, double prior_b, md_chance *out, md_arena *arena);

// P(arm i is the highest) and P(arm i is the second), for independent normal estimates; sd positive. (The same order
// statistics; as the weights of a bandit, Thompson 1933.)
int md_gaussian_best(const double *means, const double *sds, size_t arms, double *best, double *second,
                     md_arena *arena);

// Allocation by Thompson sampling and its top-two form (best + second)/2, each with the floor f: f + (1 - k f) w.
// (Russo 2016; floor as GrowthBook's bandits.) `floor` at most 1/arms. Of one arm, which has no second, `second` is NaN
// and both weights are 1.
int md_thompson_weights(const double *means, const double *sds, size_t arms, double floor, double *best, double *second,
                        double *weights, double *top_two, md_arena *arena);

typedef struct md_prior {
  bool proper;
  double mean, variance;
} md_prior;

typedef struct md_posterior {
  const char *why;
  double posterior_mean, posterior_sd, chance_to_win, risk_control, risk_treatment, lower, upper;
} md_posterior;

// The lift with its delta-method variance (md_lift) and a normal prior, joined by precision. Risk of the treatment:
// E[max(-lift, 0)] = σφ(μ/σ) - μΦ(-μ/σ); of the control: E[max(lift, 0)]. (GrowthBook's gbstats, Bayesian engine.)
void md_gaussian_lift(double lift, double variance, const md_prior *prior, double level, md_posterior *out);
