// SPDX-License-Identifier: Apache-2.0
// Looking before the end without paying for it: asymptotic confidence sequences, group-sequential bounds, and the
// confidence sequence of a share. Pure; any thread.
#pragma once
#include "stats/means.h"
#include <stddef.h>

// The tuning at which an asymptotic confidence sequence is tightest at N* = `tuning_n` subjects:
// √((-2 ln α + ln(1 - 2 ln α))/N*); a one-sided one puts 2α for α (α below 1/2). (Waudby-Smith, Arbour, Sinha, Kennedy,
// Ramdas 2023, arXiv 2103.06476v7, equation 161.) NaN where it does not exist.
double md_asympcs_rho(double alpha, double tuning_n, bool two_sided);

// The normal distribution that such a sequence leans on is not yet there while an arm of 0 and 1 has few of either:
// fewer of one than MD_ASYMPCS_COUNT, or for a lift fewer successes of the control than MD_ASYMPCS_LIFT_COUNT, give no
// interval. The simulation behind the two numbers: docs/statistics.md, asympcs_binary.
enum { MD_ASYMPCS_COUNT = 20, MD_ASYMPCS_LIFT_COUNT = 60 };

typedef struct md_asympcs {
  const char *why;
  double effect, se, lower, upper, p_value;
} md_asympcs;

// An interval that holds at every look: half-width SE √N √(2(Nρ²+1) ln(√(Nρ²+1)/α)/(Nρ)²), N the subjects of both arms;
// p = min(1, √(Nρ²+1) exp(-ρ²Z²N/(2(Nρ²+1)))). (The same, equation 9, two-sided.) Difference absolute or relative, as
// in means.h. Arms whose sums only values of 0 and 1 have are taken for such.
void md_asympcs_effect(const md_arm *control, const md_arm *treatment, bool relative, double alpha, double tuning_n,
                       md_asympcs *out);

enum { MD_LOOKS_MAX = 60 };
#define MD_SPENT_LEAST 1e-250 // a look that spends less has no bound: it would be beyond 33 standard deviations

// Symmetric bounds ±z at each look, spending 2 - 2Φ(z(1-α/4)/√t) a side (Lan, DeMets 1983, of O'Brien and Fleming's
// kind), by recursive integration of the density between the bounds (Armitage, McPherson, Rowe 1969). `fractions`
// increase, in (0, 1], apart by 0.001 at least. `cumulative` is the α spent so far, both sides. A bound is infinite
// where a look spends less than MD_SPENT_LEAST. Takes 100 KB of stack.
void md_lan_demets_obf(double alpha_two_sided, const double *fractions, size_t looks, double *bounds,
                       double *cumulative);
// The other way round: P(|Z| was above its bound at this look or before), without an effect, for bounds of any shape.
// The price of looking early without such bounds: all of them 1.96. (Armitage, McPherson, Rowe 1969, section 3.)
void md_looks_spend(const double *fractions, const double *bounds, size_t looks, double *cumulative);

// All p at which the likelihood ratio of a Beta(a, b) mixture against p is below 1/α, at every n. (Robbins 1970.)
void md_bernoulli_sequence(double successes, double n, double a, double b, double alpha, md_interval *out);
