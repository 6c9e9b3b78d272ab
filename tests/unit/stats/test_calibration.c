// SPDX-License-Identifier: Apache-2.0
// What the methods promise that test_properties.c leaves out: quasibinomial, time series, posterior of a lift, funnel,
// the tuning of a confidence sequence; over random data with fixed seeds. test_early_looks.c has asympcs_binary.
// ctest: timeout=300 quick=no
#include "stats/bayes.h"
#include "stats/before_after.h"
#include "stats/funnel.h"
#include "stats/sequential.h"
#include "stats/special.h"
#include "stats_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

enum { RUNS = 4000 };

// The count of `of` trials of probability `p` strays by 4 standard errors once in 16,000 seeds.
static void assert_share(int count, int of, double p, double slack) {
  double reach = slack + 4 * sqrt(p * (1 - p) / of);
  if (fabs((double)count / of - p) > reach) fail_msg("%d of %d is not %g within %g", count, of, p, reach);
}

// Kolmogorov's distance from the uniform distribution at its tenths: 1.95/√n is passed once in 1,000 seeds.
static void assert_uniform(const int tenths[static 10], int of, double slack) {
  int below = 0;
  for (int i = 0; i < 10; i++) {
    below += tenths[i];
    stats_near((double)below / of, (i + 1) / 10.0, slack + 1.95 / sqrt(of));
  }
}

static int tenth(double p) {
  return (int)fmin(9, floor(10 * p));
}

// A day's share strays around 0.2 by `sd` beyond chance.
static double day(stats_random *r, double n, double sd) {
  return stats_binomial(r, (int)n, fmin(fmax(0.2 + sd * stats_normal(r), 0), 1));
}

// Where nothing changed, days that differ by chance alone and days that differ by three times as much give p-values
// that are uniform, and intervals that hold: a dispersion below 1 needs no floor, its degrees of freedom pay for it.
// Judged by the binomial error, the second kind would be found to have changed far too often.
static void quasibinomial_holds_with_and_without_overdispersion(void **state) {
  (void)state;
  stats_random r = {1989};
  for (int strays = 0; strays < 2; strays++) {
    int tenths[10] = {0}, covered = 0, naive = 0;
    for (int run = 0; run < RUNS; run++) {
      double x[2][7], n[2][7];
      md_quasibinomial out;
      for (int i = 0; i < 14; i++) {
        n[i / 7][i % 7] = 400;
        x[i / 7][i % 7] = day(&r, 400, strays ? 0.06 : 0);
      }
      md_before_after_quasibinomial(&(md_days){x[0], n[0], 7}, &(md_days){x[1], n[1], 7}, 0.9, &out);
      tenths[tenth(out.p_value)]++;
      covered += out.lower <= 0 && out.upper >= 0;
      naive += fabs(out.log_odds_ratio) > 1.96 * out.se_binomial;
    }
    assert_uniform(tenths, RUNS, 0.01);
    assert_share(covered, RUNS, 0.9, 0.01);
    if (strays) assert_true(naive > 0.25 * RUNS);
  }
}

enum { WEEKS = 40, CHANGE = 22 };

static void weeks(stats_random *r, double carried, double y[static WEEKS]) {
  double rest = 0;
  for (int i = 0; i < WEEKS; i++) {
    rest = carried * rest + stats_normal(r);
    y[i] = 3 + 0.2 * (i + 1) + (i >= CHANGE ? 1.5 - 0.3 * (i - CHANGE) : 0) + rest;
  }
}

// The coefficients are those that made the series, on average; independent values stray by se_ols, and values that hang
// together by more than that, which Newey and West's errors come nearer to.
static void time_series_finds_what_made_it(void **state) {
  (void)state;
  static const double made[] = {3, 0.2, 1.5, -0.3};
  stats_random r = {1987};
  double scratch[6 * WEEKS], y[WEEKS];
  for (int carried = 0; carried < 2; carried++) {
    double sum[4] = {0}, squares[4] = {0}, ols[4] = {0}, newey[4] = {0};
    int covered[4] = {0};
    for (int run = 0; run < RUNS; run++) {
      md_its out;
      weeks(&r, carried ? 0.6 : 0, y);
      md_interrupted_time_series(y, WEEKS, CHANGE, carried ? 5 : 2, scratch, &out);
      for (int j = 0; j < 4; j++) {
        double off = out.coef[j] - made[j];
        sum[j] += off;
        squares[j] += off * off;
        ols[j] += out.se_ols[j] * out.se_ols[j];
        newey[j] += out.se_newey_west[j] * out.se_newey_west[j];
        covered[j] += fabs(off) <= md_t_critical(0.1, WEEKS - 4) * out.se_ols[j];
      }
    }
    for (int j = 0; j < 4; j++) {
      stats_near(sum[j] / RUNS / sqrt(squares[j] / RUNS), 0, 4 / sqrt(RUNS));
      if (!carried) {
        assert_share(covered[j], RUNS, 0.9, 0.005);
        stats_near(ols[j] / squares[j], 1, 0.1);
      } else {
        assert_true(ols[j] < 0.5 * squares[j]);
        assert_true(newey[j] > ols[j] && newey[j] < squares[j]);
      }
    }
  }
}

// Lifts that come from the prior: of those with a chance to win of p, a share of p wins; the interval has as many as it
// says; and what is lost by a choice is what was said on average.
static void posterior_is_calibrated(void **state) {
  (void)state;
  stats_random r = {2015};
  const md_prior prior = {true, 0.02, 0.01};
  int tenths[10] = {0}, won[10] = {0}, covered = 0;
  double said = 0, lost = 0, chances[10] = {0};
  for (int run = 0; run < RUNS; run++) {
    double lift = prior.mean + sqrt(prior.variance) * stats_normal(&r), variance = 0.002 + 0.02 * stats_uniform(&r);
    md_posterior out;
    md_gaussian_lift(lift + sqrt(variance) * stats_normal(&r), variance, &prior, 0.8, &out);
    int at = tenth(out.chance_to_win);
    tenths[at]++;
    won[at] += lift > 0;
    chances[at] += out.chance_to_win;
    covered += out.lower <= lift && lift <= out.upper;
    said += out.risk_treatment;
    lost += fmax(0, -lift);
  }
  for (int i = 0; i < 10; i++)
    assert_share(won[i], tenths[i], chances[i] / tenths[i], 0.01);
  assert_share(covered, RUNS, 0.8, 0.005);
  stats_near(said / lost, 1, 0.1);
}

static void funnel_intervals_cover_and_mirror(void **state) {
  (void)state;
  static const double kept[] = {0.4, 0.8, 0.1};
  stats_random r = {1927};
  int covered[3] = {0}, overall = 0;
  for (int run = 0; run < RUNS; run++) {
    double counts[4] = {500};
    md_funnel_step steps[3];
    md_funnel out;
    for (int i = 0; i < 3; i++)
      counts[i + 1] = stats_binomial(&r, (int)counts[i], kept[i]);
    md_funnel_dropoff(counts, 4, 0.95, steps, &out);
    for (int i = 0; i < 3; i++) {
      covered[i] += steps[i].conv_lower <= kept[i] && kept[i] <= steps[i].conv_upper;
      stats_near(steps[i].drop_lower + steps[i].conv_upper, 1, 1e-12);
      stats_near(steps[i].dropoff + steps[i].conversion, 1, 1e-12);
    }
    overall += out.overall_lower <= 0.032 && 0.032 <= out.overall_upper;
    assert_true(steps[(int)out.worst_step_1based - 1].dropoff >= steps[2].dropoff);
  }
  for (int i = 0; i < 3; i++)
    assert_share(covered[i], RUNS, 0.95, 0.012);
  assert_share(overall, RUNS, 0.95, 0.015);
}

static double width(double rho, double n, double alpha) {
  double spread = n * rho * rho + 1;
  return sqrt(spread * log(spread / (alpha * alpha))) / (n * rho);
}

// The tuning is the one that it says: at N* subjects no other has an interval that is narrower by more than the paper's
// approximation of the best (Waudby-Smith and others, appendix B.2, where a Lambert function is replaced by its first
// terms), and with N* it falls as 1/√N*.
static void rho_is_the_tightest_at_its_subjects(void **state) {
  (void)state;
  stats_random r = {2103};
  for (int run = 0; run < 500; run++) {
    double alpha = pow(10, -0.7 - 6 * stats_uniform(&r)), n = pow(10, 1 + 7 * stats_uniform(&r));
    double rho = md_asympcs_rho(alpha, n, true), best = INFINITY;
    for (double factor = 0.2; factor < 5; factor *= 1.02)
      best = fmin(best, width(rho * factor, n, alpha));
    assert_true(width(rho, n, alpha) <= best * 1.002);
    assert_true(width(rho * 1.5, n, alpha) > width(rho, n, alpha));
    assert_true(width(rho / 1.5, n, alpha) > width(rho, n, alpha));
    stats_near(md_asympcs_rho(alpha, 4 * n, true) / rho, 0.5, 1e-12);
    assert_true(md_asympcs_rho(alpha / 2, n, true) > rho);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quasibinomial_holds_with_and_without_overdispersion),
      cmocka_unit_test(time_series_finds_what_made_it),
      cmocka_unit_test(posterior_is_calibrated),
      cmocka_unit_test(funnel_intervals_cover_and_mirror),
      cmocka_unit_test(rho_is_the_tightest_at_its_subjects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
