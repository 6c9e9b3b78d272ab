# SPDX-License-Identifier: Apache-2.0
# Posterior comparisons by quadrature: Beta-Binomial of two and more arms, Gaussian lift, Thompson's weights.

# Panels on the logit scale that follow every arm's quantiles, however narrow beside the others'.
tails <- c(1e-20, 1e-16, 1e-13, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, seq(0.005, 0.5, by = 0.015))
logit_panels <- function(a, b) {
  lower <- unlist(Map(function(a, b) { x <- qbeta(tails, a, b); log(x) - log1p(-x) }, a, b))
  upper <- unlist(Map(function(a, b) { x <- qbeta(tails, b, a); log1p(-x) - log(x) }, a, b))
  edges <- sort(unique(c(lower, upper)))
  edges <- edges[is.finite(edges)]
  edges <- edges[c(TRUE, diff(edges) > 1e-13)]
  g <- panels(edges)
  # Densities by y = logit(x): dx = x (1 - x) dy.
  g$at <- function(i) {
    exp(a[i] * plogis(g$x, log.p = TRUE) + b[i] * plogis(g$x, lower.tail = FALSE, log.p = TRUE) - lbeta(a[i], b[i]))
  }
  g$below <- function(i) {
    ifelse(g$x < 0, pbeta(plogis(g$x), a[i], b[i]), pbeta(plogis(-g$x), b[i], a[i], lower.tail = FALSE))
  }
  g$dx <- plogis(g$x) * plogis(-g$x)
  g
}
# Of large counts the density's exponent cancels; dbeta does that better where x itself is representable.
density_of <- function(g, i, a, b) {
  if (a[i] + b[i] < 1e5) return(g$at(i))
  dbeta(plogis(g$x), a[i], b[i]) * g$dx
}
best_of <- function(a, b) {
  g <- logit_panels(a, b)
  below <- sapply(seq_along(a), g$below)
  vapply(seq_along(a), function(i) {
    sum(g$w * density_of(g, i, a, b) * apply(below[, -i, drop = FALSE], 1, prod))
  }, 0)
}
# E[max of all - arm i] = integral of F_i - product of all F.
loss_of <- function(a, b) {
  g <- logit_panels(a, b)
  below <- sapply(seq_along(a), g$below)
  all <- apply(below, 1, prod)
  vapply(seq_along(a), function(i) sum(g$w * g$dx * (below[, i] - all)), 0)
}
chance_to_win <- function(x_control, n_control, x_treatment, n_treatment, prior_alpha, prior_beta) {
  a <- prior_alpha + c(x_control, x_treatment)
  b <- prior_beta + c(n_control - x_control, n_treatment - x_treatment)
  loss <- loss_of(a, b)
  list(prob_treatment_beats_control = best_of(a, b)[2], expected_loss_choose_treatment = loss[2],
       expected_loss_choose_control = loss[1], posterior_mean_control = a[1] / (a[1] + b[1]),
       posterior_mean_treatment = a[2] / (a[2] + b[2]))
}
with_prior <- function(base, alphas, betas) {
  Map(function(i, a, b) c(i, list(prior_alpha = a, prior_beta = b)), base, rep_len(alphas, length(base)),
      rep_len(betas, length(base)))
}
empty_arms <- arms(0, 0, 5, 10, 5, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1)
vectors("beta_binomial_chance_to_win", chance_to_win,
        with_prior(c(two_arms, empty_arms), c(1, 0.5, 1, 10, 2.5), c(1, 0.5, 1, 90, 7)))
vectors("before_after_beta_binomial", function(x_before, n_before, x_after, n_after, prior_alpha, prior_beta) {
  list(prob_after_greater = chance_to_win(x_before, n_before, x_after, n_after, prior_alpha, prior_beta)[[1]])
}, lapply(with_prior(c(two_arms, empty_arms), c(1, 1, 0.5, 3), c(1, 1, 0.5, 8)), setNames,
          c("x_before", "n_before", "x_after", "n_after", "prior_alpha", "prior_beta")))

several <- function(x, n, prior_alpha = 1, prior_beta = 1) {
  list(x = list_of(x), n = list_of(n), prior_alpha = prior_alpha, prior_beta = prior_beta)
}
several_arms <- list(
  several(c(10, 12), c(100, 100)), several(c(10, 12, 15), c(100, 100, 100)), several(c(10, 10, 10), c(100, 100, 100)),
  several(c(0, 0, 0), c(10, 10, 10)), several(c(10, 10), c(10, 10)), several(c(0, 0, 5), c(0, 0, 10)), several(c(1, 0), c(1, 1)),
  several(c(100, 130, 90, 120), c(1000, 1000, 1000, 1000)), several(c(100, 130, 90, 120), c(1000, 1000, 1000, 1000), 0.5, 0.5),
  several(c(5, 6, 7, 8, 9), rep(50, 5), 2, 20), several(c(500, 7), c(100000, 1000)), several(c(5e8, 500030000), c(1e9, 1e9)),
  several(c(5e8, 5), c(1e9, 10)), several(c(1, 2, 3), c(1e9, 1e9, 1e9)), several(c(999, 998), c(1000, 1000)),
  several(c(33, 34, 36), c(99, 101, 100), 0.3, 0.7), several(c(120, 168), c(2400, 2400)), several(1:10, rep(40, 10)),
  several(10:1, rep(40, 10)), several(c(2, 3), c(7, 9), 100, 100), several(c(20, 30, 25), c(200, 310, 240), 1.5, 8.25))
posteriors <- function(x, n, prior_alpha, prior_beta, how) {
  how(prior_alpha + values(x), prior_beta + (values(n) - values(x)))
}
vectors("beta_binomial_prob_best_multiarm", function(...) list(prob_best = list_of(posteriors(..., best_of))), several_arms)
vectors("beta_binomial_expected_loss_multiarm", function(...) list(expected_loss = list_of(posteriors(..., loss_of))), several_arms)

# Normal prior on the relative lift, normal likelihood with the delta method's variance.
gaussian_lift <- function(control, treatment, prior, metric, level = 0.95) {
  if (metric == "binary") {
    mc <- control$x / control$n
    mt <- treatment$x / treatment$n
    vc <- mc * (1 - mc) / control$n
    vt <- mt * (1 - mt) / treatment$n
  } else {
    mc <- control$sum / control$n
    mt <- treatment$sum / treatment$n
    vc <- sample_variance(control) / control$n
    vt <- sample_variance(treatment) / treatment$n
  }
  v <- vt / mc^2 + vc * mt^2 / mc^4
  stopifnot(v > 0)
  precision <- 1 / v + if (prior$proper) 1 / prior$variance else 0
  m <- ((mt / mc - 1) / v + if (prior$proper) prior$mean / prior$variance else 0) / precision
  s <- 1 / sqrt(precision)
  z <- qnorm((1 + level) / 2)
  # s phi(m/s) - m Phi(-m/s), as an integral of the normal's tail: no cancellation far from 0.
  risk <- function(m) if (m <= 0) s * dnorm(m / s) - m * pnorm(-m / s) else {
    s * integrate(pnorm, m / s, m / s + 12, lower.tail = FALSE, rel.tol = 1e-11, abs.tol = 0)$value
  }
  list(posterior_mean = m, posterior_sd = s, chance_to_win = pnorm(m / s), risk_control = risk(-m), risk_treatment = risk(m),
       lower = m - z * s, upper = m + z * s)
}
priors <- list(list(proper = FALSE, mean = 0, variance = 1), list(proper = TRUE, mean = 0, variance = 0.09),
               list(proper = TRUE, mean = 0.05, variance = 1e-4), list(proper = TRUE, mean = -0.2, variance = 100))
gaussian_inputs <- c(
  Map(function(i, p) list(control = list(n = i$n_control, x = i$x_control), treatment = list(n = i$n_treatment, x = i$x_treatment),
                          prior = p, metric = "binary"), two_arms[c(1, 2, 3, 10, 11, 12, 13, 14, 15, 17, 19, 20)], rep(priors, 3)),
  Map(function(i, p) list(control = i$control, treatment = i$treatment, prior = p, metric = "mean", level = if (is.null(i$level)) 0.95 else i$level),
      mean_arms[c(1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 19)], rep(priors, 3)))
vectors("gaussian_posterior_relative_lift", gaussian_lift, gaussian_inputs)

# Which of k normals is highest, and which second.
thompson <- function(posterior_mean, posterior_sd, min_weight) {
  m <- values(posterior_mean)
  s <- values(posterior_sd)
  k <- length(m)
  g <- panels(sort(unique(unlist(Map(function(m, s) m + s * seq(-12, 12, by = 0.5), m, s)))))
  below <- sapply(1:k, function(i) pnorm(g$x, m[i], s[i]))
  above <- sapply(1:k, function(i) pnorm(g$x, m[i], s[i], lower.tail = FALSE))
  others <- function(i, except) apply(below[, setdiff(1:k, c(i, except)), drop = FALSE], 1, prod)
  best <- vapply(1:k, function(i) sum(g$w * dnorm(g$x, m[i], s[i]) * others(i, 0)), 0)
  second <- vapply(1:k, function(i) sum(vapply(setdiff(1:k, i), function(j) {
    sum(g$w * dnorm(g$x, m[i], s[i]) * above[, j] * others(i, j))
  }, 0)), 0)
  floored <- function(w) list_of(min_weight + (1 - k * min_weight) * w)
  list(prob_best = list_of(best), prob_second = list_of(second), thompson_weights = floored(best),
       top_two_weights = floored((best + second) / 2))
}
bandit <- function(m, s, f) list(posterior_mean = list_of(m), posterior_sd = list_of(s), min_weight = f)
vectors("thompson_weights_gaussian", thompson, list(
  bandit(c(0, 0), c(1, 1), 0), bandit(c(0, 1), c(1, 1), 0.05), bandit(c(1, 0), c(1, 1), 0.05), bandit(c(0, 0, 0), c(1, 1, 1), 0.1),
  bandit(c(0.1, 0.11, 0.12), c(0.01, 0.01, 0.01), 0.01), bandit(c(0, 0, 0), c(0.1, 1, 10), 0.02), bandit(c(0, 5), c(1e-6, 1), 0.1),
  bandit(c(0, 10, 20), c(1, 1, 1), 0.05), bandit(c(1e6, 1e6 + 10), c(5, 9), 0), bandit(c(1e-9, 2e-9), c(1e-9, 1e-9), 0.2),
  bandit(c(-3, -2, -1, 0), c(1, 2, 3, 4), 0), bandit(1:10 / 10, rep(0.5, 10), 0.01), bandit(10:1 / 10, 1:10 / 10, 0.02),
  bandit(c(0, 1), c(3, 4), 0.5), bandit(c(0.05, 0.07), c(0.004, 0.02), 0.05), bandit(c(0, 1e-3, 2e-3), c(1e-6, 1, 1e-6), 0.03),
  bandit(c(2, 2, 1), c(1, 1, 0.2), 0.1), bandit(rep(7, 5), rep(3, 5), 0.2), bandit(c(0, 8), c(1, 1), 0), bandit(c(3, 1, 2), c(2, 2, 2), 0.25),
  bandit(c(-1e9, 0), c(1e9, 1), 0.01)))
