# SPDX-License-Identifier: Apache-2.0
# Looking more than once: asymptotic confidence sequences, alpha spending, Bernoulli confidence sequences, sample ratio.

# Waudby-Smith and others, arXiv 2103.06476v7, equation 161; one-sided: the same of 2 alpha.
rho_of <- function(alpha, tuning_n, two_sided = TRUE) {
  a <- if (two_sided) alpha else 2 * alpha
  sqrt((-2 * log(a) + log(1 - 2 * log(a))) / tuning_n)
}
vectors("asympcs_rho", function(...) list(rho = rho_of(...)), c(
  rows_in_order(c("alpha", "tuning_n", "two_sided"),
    0.05, 10000, TRUE, 0.05, 10000, FALSE, 0.01, 500, TRUE, 0.01, 500, FALSE, 0.1, 1, TRUE, 0.1, 1, FALSE, 0.001, 1e9, TRUE,
    0.001, 1e9, FALSE, 0.2, 20, TRUE, 0.2, 20, FALSE, 0.5, 100, TRUE, 0.4, 100, FALSE, 1e-10, 1000, TRUE, 1e-10, 1000, FALSE,
    0.025, 4000, TRUE, 0.025, 4000, FALSE, 0.99, 50, TRUE, 0.49, 50, FALSE, 0.07, 12345, TRUE, 0.3, 7, TRUE)))

# No interval while an arm of 0 and 1 has fewer than 20 of either, or a lift's control fewer than 60 successes.
early <- function(x, n, difference) {
  min(x, n - x) < 20 || (difference == "relative" && x[1] < 60)
}
always_valid <- function(effect, se, n, alpha, tuning_n, early = FALSE) {
  if (is.na(se) || se == 0 || early) return(list(effect = effect, se = se, lower = NA, upper = NA, p_value = NA))
  r <- n * rho_of(alpha, tuning_n)^2
  reach <- se * sqrt(n) * sqrt(2 * (r + 1) * log(sqrt(r + 1) / alpha) / (n * r))
  list(effect = effect, se = se, lower = effect - reach, upper = effect + reach,
       p_value = min(1, sqrt(r + 1) * exp(-(effect / se)^2 * r / (2 * (r + 1)))))
}
sequence_of <- function(mc, vc, mt, vt, n, difference, alpha, tuning_n, early) {
  if (difference == "absolute") return(always_valid(mt - mc, sqrt(vc + vt), n, alpha, tuning_n, early))
  if (mc == 0) return(always_valid(NA, NA, n, alpha, tuning_n))
  always_valid(mt / mc - 1, sqrt(vt / mc^2 + vc * mt^2 / mc^4), n, alpha, tuning_n, early)
}
asympcs_mean <- function(control, treatment, difference, alpha, tuning_n) {
  sequence_of(control$sum / control$n, sample_variance(control) / control$n, treatment$sum / treatment$n,
              sample_variance(treatment) / treatment$n, control$n + treatment$n, difference, alpha, tuning_n, FALSE)
}
asympcs_binary <- function(control, treatment, difference, alpha, tuning_n) {
  p <- control$x / control$n
  q <- treatment$x / treatment$n
  sequence_of(p, p * (1 - p) / control$n, q, q * (1 - q) / treatment$n, control$n + treatment$n, difference, alpha, tuning_n,
              early(c(control$x, treatment$x), c(control$n, treatment$n), difference))
}
looks <- function(base) {
  Map(function(i, d, a, n) list(control = i$control, treatment = i$treatment, difference = d, alpha = a, tuning_n = n), base,
      rep_len(c("relative", "absolute", "absolute"), length(base)), rep_len(c(0.05, 0.1, 0.01, 0.001), length(base)),
      rep_len(c(10000, 500, 1, 20000, 1e9), length(base)))
}
vectors("asympcs_mean", asympcs_mean, looks(mean_arms))
many <- rows_in_order(c("x_control", "n_control", "x_treatment", "n_treatment"),
  60, 1000, 20, 900, 59, 1000, 200, 900, 20, 40, 20, 41, 19, 1000, 50, 1000, 100, 120, 110, 130, 5000, 1e6, 5100, 1e6,
  480, 500, 470, 500, 1e8, 1e9, 100100000, 1e9)
vectors("asympcs_binary", asympcs_binary, looks(lapply(c(two_arms, many), function(i) {
  list(control = list(n = i$n_control, x = i$x_control), treatment = list(n = i$n_treatment, x = i$x_treatment))
})))

# Lan and DeMets 1983 with O'Brien and Fleming's spending; the density by Armitage, McPherson, Rowe's recursion on the
# scale of the score S = Z sqrt(t), whose increments are normal with variance t - t'.
spending_bounds <- function(alpha_two_sided, information_fractions) {
  t <- values(information_fractions)
  spent <- 2 * pnorm(qnorm(alpha_two_sided / 4, lower.tail = FALSE) / sqrt(t), lower.tail = FALSE)
  bounds <- numeric(length(t))
  increment <- diff(c(0, spent))
  bounds[1] <- qnorm(spent[1], lower.tail = FALSE)
  for (k in seq_along(t)[-1]) {
    edge <- min(bounds[k - 1], 38) * sqrt(t[k - 1])
    step <- if (k == 2) t[1] else t[k - 1] - t[k - 2]
    now <- panels(seq(-edge, edge, length.out = 2 + ceiling(edge / 1.5 / min(sqrt(step), sqrt(t[k] - t[k - 1])))))
    now$f <- if (k == 2) dnorm(now$x, 0, sqrt(t[1])) else vapply(now$x, function(x) {
      sum(old$w * old$f * dnorm(x - old$x, 0, sqrt(step)))
    }, 0)
    sd <- sqrt(t[k] - t[k - 1])
    crossing <- function(b) log(sum(now$w * now$f * pnorm(b * sqrt(t[k]) - now$x, 0, sd, lower.tail = FALSE)))
    bounds[k] <- if (increment[k] == 0) Inf else {
      uniroot(function(b) crossing(b) - log(increment[k]), c(0, min(bounds[1], 37) + 1), tol = 1e-13)$root
    }
    old <- now
  }
  bounds[increment < 1e-250] <- NA # as momentd: beyond what numbers resolve
  list(z_bounds = list_of(bounds), cumulative_alpha = list_of(2 * spent))
}
spend <- function(alpha, t) list(alpha_two_sided = alpha, information_fractions = list_of(t))
vectors("group_sequential_lan_demets_obf", spending_bounds, list(
  spend(0.05, 1), spend(0.05, (1:2) / 2), spend(0.05, (1:3) / 3), spend(0.05, (1:4) / 4), spend(0.05, (1:5) / 5),
  spend(0.05, (1:10) / 10), spend(0.05, (1:30) / 30), spend(0.01, (1:5) / 5), spend(0.1, (1:4) / 4), spend(0.001, (1:3) / 3),
  spend(0.2, (1:6) / 6), spend(0.5, (1:3) / 3), spend(0.05, c(0.2, 0.5, 0.6)), spend(0.05, 0.3), spend(0.05, c(0.1, 1)),
  spend(0.05, c(0.9, 0.95, 1)), spend(0.05, c(0.5, 0.501)), spend(0.05, c(0.3, 0.35, 0.8, 1)), spend(0.02, (1:8) / 8),
  spend(0.05, c(0.05, 0.1, 0.5)), spend(0.05, (1:20) / 20), spend(1e-6, c(0.5, 1)),
  # Early and close looks, whose bounds are far beyond 12 standard deviations; and many looks.
  spend(0.05, c(0.02, 0.021)), spend(0.05, c(0.01, 0.02)), spend(0.001, c(0.05, 0.051)), spend(0.001, c(0.01, 0.011)),
  spend(0.05, c(0.001, 0.002, 0.5)), spend(1e-9, c(0.05, 0.051, 0.06, 0.9)), spend(0.05, c(0.01, 0.011, 0.012, 0.013, 0.2)),
  spend(1e-100, c(0.5, 0.501, 0.502, 1)), spend(0.9, c(0.001, 0.002, 0.003)), spend(0.05, (1:60) / 60),
  spend(1e-9, 0.94 + (1:60) / 1000), spend(0.05, c((10:45) / 1000, 0.5, 1))))

# Robbins 1970: all p at which the likelihood ratio of the Beta mixture stays below 1 / alpha.
mixture_ends <- function(successes, n, prior_a, prior_b, alpha) {
  excess <- function(p) {
    part <- function(count, x) if (count == 0) 0 else count * x
    lbeta(prior_a + successes, prior_b + n - successes) - lbeta(prior_a, prior_b) - part(successes, log(p)) -
      part(n - successes, log1p(-p)) + log(alpha)
  }
  centre <- if (n == 0) 0.5 else successes / n
  end <- function(from, to, outside) {
    if (outside) return(to)
    low <- uniroot(function(y) excess(plogis(y)), sort(qlogis(c(from, to))), tol = 1e-14)$root
    plogis(low)
  }
  inside <- min(max(centre, 1e-300), 1 - 1e-16)
  list(lower = if (successes == 0) 0 else end(1e-300, inside, FALSE),
       upper = if (successes == n) 1 else end(max(inside, 1e-300), 1 - 1e-16, FALSE))
}
vectors("bernoulli_confidence_sequence_beta_mixture", mixture_ends, c(
  rows_in_order(c("successes", "n", "prior_a", "prior_b", "alpha"),
    0, 0, 1, 1, 0.05, 0, 10, 1, 1, 0.05, 10, 10, 1, 1, 0.05, 5, 10, 1, 1, 0.05, 1, 1, 1, 1, 0.05, 0, 1, 1, 1, 0.05,
    50, 1000, 1, 1, 0.05, 50, 1000, 0.5, 0.5, 0.05, 50, 1000, 5, 95, 0.05, 950, 1000, 5, 95, 0.05, 500, 1000, 50, 50, 0.01,
    1, 1000000, 1, 1, 0.05, 0, 1000000, 1, 1, 0.05, 999999, 1000000, 1, 1, 0.1, 5e8, 1e9, 1, 1, 0.05, 3, 1e9, 1, 1, 0.05,
    7, 20, 0.1, 0.1, 0.2, 7, 20, 1, 1, 0.001, 120, 2400, 2, 30, 0.05, 2, 3, 1, 1, 0.9, 17, 31, 3, 4, 1e-6)))

# Lindon and Malek 2022: Dirichlet mixture against the planned weights.
ratio_bayes <- function(observed, weights, dirichlet_prior) {
  n <- values(observed)
  w <- values(weights) / sum(values(weights))
  a <- values(dirichlet_prior)
  # As a chain of lbeta, which keeps its digits where lgamma's large values would cancel.
  log_beta <- function(v) sum(vapply(seq_len(length(v) - 1), function(i) lbeta(v[i], sum(v[-(1:i)])), 0))
  log_factor <- log_beta(a + n) - log_beta(a) - sum(n * log(w))
  list(log_bayes_factor = log_factor, p_value_at_this_look = min(1, exp(-log_factor)))
}
looked <- function(n, w, a) list(observed = list_of(n), weights = list_of(w), dirichlet_prior = list_of(a))
vectors("srm_sequential_multinomial_bayes_factor", ratio_bayes, list(
  looked(c(0, 0), c(1, 1), c(1, 1)), looked(c(1, 0), c(1, 1), c(1, 1)), looked(c(50, 50), c(0.5, 0.5), c(1, 1)),
  looked(c(500, 600), c(0.5, 0.5), c(1, 1)), looked(c(600, 500), c(0.5, 0.5), c(1, 1)), looked(c(500, 600), c(0.5, 0.5), c(50, 50)),
  looked(c(500, 600), c(1, 1), c(0.5, 0.5)), looked(c(900, 100), c(9, 1), c(9, 1)), looked(c(850, 150), c(9, 1), c(9, 1)),
  looked(c(100, 100, 100), c(1, 1, 1), c(1, 1, 1)), looked(c(100, 150, 100), c(1, 1, 1), c(1, 1, 1)),
  looked(c(0, 100), c(1, 1), c(1, 1)), looked(c(0, 10, 20), c(0.2, 0.3, 0.5), c(1, 2, 3)), looked(c(1e5, 1e5 + 2000), c(1, 1), c(1, 1)),
  looked(c(5e8, 500100000), c(1, 1), c(1, 1)), looked(c(821588, 815482), c(50, 50), c(100, 100)),
  looked(c(10, 20, 30, 40), c(0.1, 0.2, 0.3, 0.4), c(10, 20, 30, 40)), looked(c(15, 15, 30, 40), c(0.1, 0.2, 0.3, 0.4), c(1, 2, 3, 4)),
  looked(rep(7, 8), rep(1, 8), rep(1, 8)), looked(c(3, 4), c(0.001, 0.999), c(1, 1)), looked(c(12, 8), c(0.5, 0.5), c(1e4, 1e4)),
  looked(c(1e9, 1e9), c(1, 1), c(1, 1)), looked(c(1e9, 0), c(1, 1), c(1, 1)), looked(c(1e9, 1000100000), c(0.5, 0.5), c(100, 100)),
  looked(c(1e9, 2e9, 3000050000), c(1, 2, 3), c(1, 2, 3))))
