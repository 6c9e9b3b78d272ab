// SPDX-License-Identifier: Apache-2.0
// Numbers that papers, books and R's manual print, to the digits that they print.
#include "base/json.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Newcombe, Statistics in Medicine 17 (1998), 873: table II, method 10.
static void newcombe_1998_differences(void **state) {
  (void)state;
  static const double rows[][6] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
                                   {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
                                   {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
                                   {10, 10, 0, 20, 0.6791, 1.0000},  {10, 10, 0, 10, 0.6075, 1.0000}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double *r = rows[i];
    json_t *out = stats_ask("newcombe_diff_ci", "{\"x1\":%g,\"n1\":%g,\"x2\":%g,\"n2\":%g}", r[0], r[1], r[2], r[3]);
    stats_near(stats_number(out, "lower"), r[4], 0.5001e-4);
    stats_near(stats_number(out, "upper"), r[5], 0.5001e-4);
  }
}

// Newcombe, Statistics in Medicine 17 (1998), 857: table I, method 3, Wilson's score without continuity correction.
static void newcombe_1998_single_proportions(void **state) {
  (void)state;
  static const double rows[][4] = {
      {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0000, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    json_t *out = stats_ask("wilson_interval", "{\"x\":%g,\"n\":%g}", rows[i][0], rows[i][1]);
    stats_near(stats_number(out, "lower"), rows[i][2], 0.5001e-4);
    stats_near(stats_number(out, "upper"), rows[i][3], 0.5001e-4);
  }
}

static int rejected(const json_t *out, const char *field, size_t count) {
  int found = 0;
  for (size_t i = 0; i < count; i++)
    found += stats_item(out, field, i) <= 0.05;
  return found;
}

// Benjamini and Hochberg 1995, section 3.2: of 15 hypotheses Bonferroni rejects 3, the false discovery rate 4.
static void benjamini_hochberg_1995(void **state) {
  (void)state;
  json_t *out = stats_ask("multiple_testing_adjust",
                          "{\"p_values\":[0.0001,0.0004,0.0019,0.0095,0.0201,0.0278,0.0298,0.0344,0.0459,0.3240,"
                          "0.4262,0.5719,0.6528,0.7590,1.0000]}");
  assert_int_equal(rejected(out, "bonferroni", 15), 3);
  assert_int_equal(rejected(out, "bh", 15), 4);
  assert_int_equal(rejected(out, "holm", 15), 3);
  stats_near(stats_item(out, "bh", 3), 0.0095 * 15 / 4, 1e-12);
}

static void assert_bounds(const char *fractions, const double *wanted, size_t count) {
  json_t *out = stats_ask("group_sequential_lan_demets_obf",
                          "{\"alpha_two_sided\":0.05,\"information_fractions\":[%s]}", fractions);
  for (size_t i = 0; i < count; i++)
    stats_near(stats_item(out, "z_bounds", i), wanted[i], 1.5e-4);
}

// Reboussin, DeMets, Kim, Lan, Controlled Clinical Trials 21 (2000), 190: O'Brien and Fleming's spending function,
// two-sided 0.05, equally spaced looks. Their program's grid errs by 0.0001 (3.3569 is 3.3570).
static void lan_demets_obrien_fleming_constants(void **state) {
  (void)state;
  assert_bounds("0.5,1", (double[]){2.9626, 1.9686}, 2);
  assert_bounds("0.33333333333333333,0.66666666666666667,1", (double[]){3.7103, 2.5114, 1.9930}, 3);
  assert_bounds("0.25,0.5,0.75,1", (double[]){4.3326, 2.9631, 2.3590, 2.0141}, 4);
  assert_bounds("0.2,0.4,0.6,0.8,1", (double[]){4.8769, 3.3569, 2.6803, 2.2898, 2.0310}, 5);
}

// Jennison and Turnbull 2000, table 2.3, constants C_B(K, 0.05) of the classical O'Brien and Fleming test, whose last
// bound is C_B. Spending by Lan and DeMets approximates it from below: within 0.012.
static void jennison_turnbull_last_bounds(void **state) {
  (void)state;
  static const char *const fractions[] = {"1", "0.5,1", "0.33333333333333333,0.66666666666666667,1", "0.25,0.5,0.75,1",
                                          "0.2,0.4,0.6,0.8,1"};
  static const double constants[] = {1.960, 1.977, 2.004, 2.024, 2.040};
  for (size_t k = 0; k < 5; k++) {
    json_t *out = stats_ask("group_sequential_lan_demets_obf",
                            "{\"alpha_two_sided\":0.05,\"information_fractions\":[%s]}", fractions[k]);
    double last = stats_item(out, "z_bounds", k);
    assert_true(last <= constants[k] + 0.0005 && last >= constants[k] - 0.012);
  }
}

// Gelman and Carlin, Perspectives on Psychological Science 9 (2014), 641: the two examples worked there; power and
// type S as their retrodesign() prints them, the exaggeration to what their simulation allows.
static void gelman_carlin_2014(void **state) {
  (void)state;
  json_t *out = stats_ask("type_s_type_m_error", "{\"true_effect\":2,\"se\":8.1,\"alpha_two_sided\":0.05}");
  stats_near(stats_number(out, "power"), 0.05701294, 0.5001e-8);
  stats_near(stats_number(out, "type_s"), 0.2396177, 0.5001e-7);
  stats_near(stats_number(out, "exaggeration_ratio"), 9.5, 0.1);
  out = stats_ask("type_s_type_m_error", "{\"true_effect\":0.1,\"se\":3.28,\"alpha_two_sided\":0.05}");
  stats_near(stats_number(out, "power"), 0.05010648, 0.5001e-8);
  stats_near(stats_number(out, "type_s"), 0.4644228, 0.5001e-7);
  stats_near(stats_number(out, "exaggeration_ratio"), 77, 1);
}

// Charig and others, British Medical Journal 292 (1986), 879: open surgery against nephrolithotomy, stones under 2 cm
// and above. Better in each stratum, worse in the sum.
static void charig_1986_is_simpsons(void **state) {
  (void)state;
  json_t *out = stats_ask("mantel_haenszel_simpson", "{\"strata\":[{\"x_a\":81,\"n_a\":87,\"x_b\":234,\"n_b\":270},"
                                                     "{\"x_a\":192,\"n_a\":263,\"x_b\":55,\"n_b\":80}]}");
  stats_near(stats_number(out, "pooled_rate_a"), 0.78, 0.005);
  stats_near(stats_number(out, "pooled_rate_b"), 0.83, 0.005);
  assert_true(stats_number(out, "mh_risk_difference") > 0);
  assert_true(json_is_true(json_object_get(out, "sign_reversal")));
}

// R's UCBAdmissions (Bickel, Hammel, O'Connell 1975), common odds ratio as mantelhaen.test prints it.
static void berkeley_admissions(void **state) {
  (void)state;
  json_t *out = stats_ask(
      "mantel_haenszel_simpson",
      "{\"strata\":[{\"x_a\":512,\"n_a\":825,\"x_b\":89,\"n_b\":108},{\"x_a\":353,\"n_a\":560,\"x_b\":17,\"n_b\":25},"
      "{\"x_a\":120,\"n_a\":325,\"x_b\":202,\"n_b\":593},{\"x_a\":138,\"n_a\":417,\"x_b\":131,\"n_b\":375},"
      "{\"x_a\":53,\"n_a\":191,\"x_b\":94,\"n_b\":393},{\"x_a\":22,\"n_a\":373,\"x_b\":24,\"n_b\":341}]}");
  stats_near(stats_number(out, "mh_odds_ratio"), 0.9046968, 0.5001e-7);
  assert_true(json_is_true(json_object_get(out, "sign_reversal")));
}

// Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments (2020), chapter 21: p = 1.8e-6.
static void kohavi_sample_ratio(void **state) {
  (void)state;
  json_t *out = stats_ask("srm_chi_square", "{\"observed\":[821588,815482],\"weights\":[0.5,0.5]}");
  stats_near(stats_number(out, "p_value"), 1.8e-6, 0.05e-6);
  assert_true(json_is_true(json_object_get(out, "mismatch")));
}

// R's manual: ?prop.test (Fleiss 1981, page 139), ?power.prop.test, ?power.t.test, ?t.test of Student's sleep data.
static void manual_of_r(void **state) {
  (void)state;
  json_t *out = stats_ask("k_proportions_chi2", "{\"x\":[83,90,129,70],\"n\":[86,93,136,82]}");
  stats_near(stats_number(out, "chi2"), 12.6004, 0.5001e-4);
  stats_near(stats_number(out, "p_value"), 0.005585, 0.5001e-6);
  out = stats_ask("sample_size_two_proportions",
                  "{\"p_control\":0.5,\"p_treatment\":0.75,\"alpha_two_sided\":0.05,\"power\":0.9}");
  stats_near(stats_number(out, "n_per_arm"), 77, 0); // 76.7
  out = stats_ask("sample_size_two_means", "{\"delta\":1,\"sd\":1,\"alpha_two_sided\":0.05,\"power\":0.9}");
  stats_near(stats_number(out, "n_per_arm_t"), 23, 0); // 22.02
  out = stats_ask("mean_ttest_absolute", "{\"control\":{\"n\":10,\"sum\":7.5,\"sum_squares\":34.43},"
                                         "\"treatment\":{\"n\":10,\"sum\":23.3,\"sum_squares\":90.37}}");
  stats_near(stats_number(out, "df"), 17.776, 0.5001e-3);
  stats_near(stats_number(out, "p_value"), 0.07939, 0.5001e-5);
  stats_near(stats_number(out, "lower"), -0.2054832, 0.5001e-7);
  stats_near(stats_number(out, "upper"), 3.3654832, 0.5001e-7);
}

static double run_length(int m, int h, double p) {
  return stats_item(stats_ask("bernoulli_cusum_arl_exact", "{\"m\":%d,\"H\":%d,\"true_p\":[%.17g]}", m, h, p), "arl",
                    0);
}

// The Bernoulli CUSUM of Reynolds and Stoumbos 1999 where its run length has a closed form. H <= m - 1: the first
// success alarms. H = m: two successes at most m - 1 apart, each gap geometric.
static void cusum_run_lengths_in_closed_form(void **state) {
  (void)state;
  static const double rates[] = {0.001, 0.01, 0.1, 0.5};
  static const int sizes[] = {3, 10, 50, 200};
  for (size_t i = 0; i < 16; i++) {
    double p = rates[i / 4];
    int m = sizes[i % 4];
    stats_near(run_length(m, 1, p) * p, 1, 1e-9);
    stats_near(run_length(m, m - 1, p) * p, 1, 1e-9);
    double close = -expm1((m - 1) * log1p(-p)), wanted = (1 + 1 / close) / p;
    stats_near(run_length(m, m, p) / wanted, 1, 1e-9);
    stats_forget();
  }
}

// m = 2 is a walk of steps +1 and -1 with a wall at 0. At p = 1/2 it takes H (H + 1) - s (s + 1) steps from s to H:
// that solves E(s) = 1 + (E(s - 1) + E(s + 1)) / 2 with E(-1) = E(0).
static void cusum_of_a_fair_walk(void **state) {
  (void)state;
  for (int h = 1; h <= 40; h++)
    stats_near(run_length(2, h, 0.5) / (h * (h + 1.0)), 1, 1e-9);
}

// Evan Miller, "Formulas for Bayesian A/B testing" (2015), equation 6: a finite sum where parameters are whole.
static double miller_sum(double a_alpha, double a_beta, double b_alpha, double b_beta) {
  double sum = 0, total = lgamma(a_alpha + a_beta) - lgamma(a_alpha) - lgamma(a_beta);
  for (int i = 0; i < b_alpha; i++) {
    double upper = lgamma(a_alpha + i) + lgamma(a_beta + b_beta) - lgamma(a_alpha + i + a_beta + b_beta);
    double lower = log(b_beta + i) + lgamma(1 + i) + lgamma(b_beta) - lgamma(1 + i + b_beta);
    sum += exp(upper - lower + total);
  }
  return sum;
}

static void miller_2015_chance_to_win(void **state) {
  (void)state;
  static const double rows[][4] = {
      {0, 0, 0, 0}, {100, 1000, 130, 1000}, {3, 10, 5, 9}, {1, 1, 0, 1}, {400, 3000, 77, 500}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double *r = rows[i];
    json_t *out = stats_ask("beta_binomial_chance_to_win",
                            "{\"x_control\":%g,\"n_control\":%g,\"x_treatment\":%g,\"n_treatment\":%g,"
                            "\"prior_alpha\":1,\"prior_beta\":1}",
                            r[0], r[1], r[2], r[3]);
    double wanted = miller_sum(1 + r[0], 1 + r[1] - r[0], 1 + r[2], 1 + r[3] - r[2]);
    stats_near(stats_number(out, "prob_treatment_beats_control"), wanted, 1e-8);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(newcombe_1998_differences),
      cmocka_unit_test(newcombe_1998_single_proportions),
      cmocka_unit_test(benjamini_hochberg_1995),
      cmocka_unit_test(lan_demets_obrien_fleming_constants),
      cmocka_unit_test(jennison_turnbull_last_bounds),
      cmocka_unit_test(gelman_carlin_2014),
      cmocka_unit_test(charig_1986_is_simpsons),
      cmocka_unit_test(berkeley_admissions),
      cmocka_unit_test(kohavi_sample_ratio),
      cmocka_unit_test(manual_of_r),
      cmocka_unit_test(cusum_run_lengths_in_closed_form),
      cmocka_unit_test(cusum_of_a_fair_walk),
      cmocka_unit_test(miller_2015_chance_to_win),
  };
  return cmocka_run_group_tests(tests, stats_setup, stats_teardown);
}
