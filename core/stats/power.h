// SPDX-License-Identifier: Apache-2.0
// How many subjects an answer needs, which effect they can show, and what a significant one is then worth. Pure; any
// thread.
#pragma once

// Power must be more than alpha/2 in all of them: that much chance alone gives.

typedef struct md_sample_size {
  const char *why;
  double n_per_arm;
} md_sample_size;

// (z(α/2) √(2 p̄ q̄) + z(β) √(p₁q₁ + p₂q₂))²/(p₁ - p₂)², rounded up. (Fleiss 1981, equation 3.14 without continuity
// correction.) NaN where the shares are equal.
void md_sample_size_two_proportions(double p_control, double p_treatment, double alpha_two_sided, double power,
                                    md_sample_size *out);

typedef struct md_sample_size_means {
  const char *why;
  double n_per_arm_t, n_per_arm_normal;
} md_sample_size_means;

// 2 (z(α/2) + z(β))² sd²/δ², rounded up; and the least n >= 2 whose t-test (df = 2n - 2, noncentral t) has the power,
// the far tail left out, as R's power.t.test rounded up. (Cohen 1988; Owen 1965.)
void md_sample_size_two_means(double delta, double sd, double alpha_two_sided, double power, md_sample_size_means *out);

typedef struct md_mde {
  const char *why;
  double mde_absolute, mde_relative;
} md_mde;

// The least rise δ > 0 of the control's share that n per arm can show: the (unrounded) size above, solved for δ.
// (Fleiss 1981, equation 3.14.)
void md_mde_two_proportions(double p_control, double n_per_arm, double alpha_two_sided, double power, md_mde *out);

typedef struct md_type_s_m {
  const char *why;
  double power, type_s, exaggeration_ratio;
} md_type_s_m;

// Of the results that are significant at |d| > z se: the share of wrong sign, and how many times too large they are on
// average: p.hi, p.lo and their sum as in the paper's function retrodesign(). (Gelman, Carlin 2014; the average in
// closed form: Lu, Qiu, Deng 2019.)
void md_type_s_type_m(double true_effect, double se, double alpha_two_sided, md_type_s_m *out);
