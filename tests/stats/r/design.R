# SPDX-License-Identifier: Apache-2.0
# Before an experiment: sample sizes, the smallest effect that can be seen, errors of sign and size.

# Fleiss 1981; R's power.prop.test solves the same equation.
size_proportions <- function(p_control, p_treatment, alpha_two_sided, power) {
  za <- qnorm(alpha_two_sided / 2, lower.tail = FALSE)
  zb <- qnorm(power)
  mean <- (p_control + p_treatment) / 2
  (za * sqrt(2 * mean * (1 - mean)) + zb * sqrt(p_control * (1 - p_control) + p_treatment * (1 - p_treatment)))^2 /
    (p_control - p_treatment)^2
}
fields <- c("p_control", "p_treatment", "alpha_two_sided", "power")
vectors("sample_size_two_proportions", function(p_control, p_treatment, alpha_two_sided, power) {
  n <- size_proportions(p_control, p_treatment, alpha_two_sided, power)
  if (n > 5 && n < 1e6) {
    test <- power.prop.test(p1 = p_control, p2 = p_treatment, sig.level = alpha_two_sided, power = power, tol = 1e-9)
    stopifnot(abs(test$n - n) < 1e-5 * n)
  }
  list(n_per_arm = ceiling(n))
}, rows_in_order(fields,
  0.5, 0.75, 0.05, 0.9, 0.05, 0.06, 0.05, 0.8, 0.06, 0.05, 0.05, 0.8, 0.1, 0.12, 0.05, 0.8, 0.1, 0.12, 0.01, 0.9,
  0.001, 0.002, 0.05, 0.8, 0.5, 0.500123, 0.05, 0.8, 0.99, 0.995, 0.05, 0.95, 0.2, 0.1, 0.1, 0.7, 0.3, 0.9, 0.05, 0.8,
  0.01, 0.99, 0.05, 0.8, 0.02, 0.025, 0.05, 0.99, 1e-6, 2e-6, 0.05, 0.8, 0.4, 0.45, 0.001, 0.8, 0.4, 0.45, 0.2, 0.5,
  0, 0.1, 0.05, 0.8, 1, 0.9, 0.05, 0.8, 0.15, 0.18, 0.05, 0.85, 0.33, 0.36, 0.05, 0.8, 0.7, 0.65, 0.02, 0.9, 0.05, 0.055, 0.05, 0.8))

# The smallest whole n of the noncentral t, the far tail left out as in power.t.test(strict = FALSE).
size_t <- function(delta, sd, alpha, power) {
  enough <- function(n) {
    df <- 2 * n - 2
    pt(qt(alpha / 2, df, lower.tail = FALSE), df, sqrt(n / 2) * abs(delta) / sd, lower.tail = FALSE) >= power
  }
  low <- 1
  high <- 2
  while (!enough(high)) { low <- high; high <- 2 * high }
  while (high - low > 1) {
    middle <- floor((low + high) / 2)
    if (enough(middle)) high <- middle else low <- middle
  }
  if (high > 3 && high < 1e4) {
    test <- power.t.test(delta = abs(delta), sd = sd, sig.level = alpha, power = power, tol = 1e-9)
    stopifnot(high == ceiling(test$n))
  }
  high
}
vectors("sample_size_two_means", function(delta, sd, alpha_two_sided, power) {
  z <- qnorm(alpha_two_sided / 2, lower.tail = FALSE) + qnorm(power)
  list(n_per_arm_t = size_t(delta, sd, alpha_two_sided, power), n_per_arm_normal = ceiling(2 * (z * sd / delta)^2))
}, rows_in_order(c("delta", "sd", "alpha_two_sided", "power"),
  1, 1, 0.05, 0.9, 1, 2, 0.05, 0.8, 0.5, 1, 0.05, 0.8, 0.2, 1, 0.05, 0.8, 0.8, 1, 0.05, 0.8, -0.5, 1, 0.05, 0.8, 2, 1, 0.05, 0.8,
  3, 1, 0.05, 0.95, 0.1, 1, 0.01, 0.95, 0.01, 1, 0.05, 0.8, 1e-4, 0.01, 0.05, 0.9, 1, 100, 0.05, 0.8, 5, 12.5, 0.1, 0.7,
  1e6, 3e6, 0.05, 0.85, 1e-6, 4e-6, 0.05, 0.85, 0.3, 1, 0.001, 0.8, 0.3, 1, 0.2, 0.6, 10, 1, 0.05, 0.8, 1.5, 2.5, 0.02, 0.99,
  0.03, 1, 0.05, 0.5, 0.7, 1.9, 0.05, 0.8))

vectors("mde_two_proportions_absolute", function(p_control, n_per_arm, alpha_two_sided, power) {
  short <- function(d) log(size_proportions(p_control, p_control + d, alpha_two_sided, power) / n_per_arm)
  if (short(1 - p_control) > 0) return(list(mde_absolute = NA, mde_relative = NA))
  # By its logarithm, so that a tiny rise has its digits too.
  d <- exp(uniroot(function(l) short(min(exp(l), 1 - p_control)), log(c(1e-18, 1 - p_control)), tol = 1e-15)$root)
  list(mde_absolute = d, mde_relative = if (p_control == 0) NA else d / p_control)
}, rows_in_order(c("p_control", "n_per_arm", "alpha_two_sided", "power"),
  0.05, 8158, 0.05, 0.8, 0.1, 1000, 0.05, 0.8, 0.1, 100, 0.05, 0.8, 0.1, 1e9, 0.05, 0.8, 0.5, 77, 0.05, 0.9, 0.01, 20000, 0.05, 0.8,
  0.001, 1000000, 0.05, 0.8, 0.9, 500, 0.05, 0.8, 0.99, 50, 0.05, 0.8, 0.3, 250, 0.01, 0.95, 0.3, 250, 0.2, 0.6, 0, 100, 0.05, 0.8,
  0.02, 30, 0.05, 0.8, 0.25, 12, 0.1, 0.7, 0.6, 4000, 0.05, 0.8, 1e-5, 1e7, 0.05, 0.9, 0.4, 123456, 0.001, 0.99, 0.07, 2400, 0.05, 0.8,
  0.95, 100, 0.05, 0.8, 0.5, 20, 0.05, 0.8, 0.15, 750, 0.05, 0.85, 0, 1e13, 0.05, 0.8, 0, 2^53, 0.05, 0.8, 1e-12, 1e14, 0.05, 0.8))

# Gelman and Carlin 2014, in closed form (Lu, Qiu, Deng 2019).
vectors("type_s_type_m_error", function(true_effect, se, alpha_two_sided) {
  z <- qnorm(alpha_two_sided / 2, lower.tail = FALSE)
  l <- abs(true_effect) / se
  right <- pnorm(l - z)
  wrong <- pnorm(-z - l)
  power <- right + wrong
  if (l == 0) return(list(power = power, type_s = NA, exaggeration_ratio = NA))
  # E|estimate| where it is significant, over the effect.
  size <- integrate(function(u) (z + u) * (dnorm(z + u - l) + dnorm(z + u + l)), 0, Inf, rel.tol = 1e-11)$value
  if (l > z) size <- (dnorm(l - z) + dnorm(l + z) + l * (right - wrong))
  list(power = power, type_s = wrong / power, exaggeration_ratio = size / (power * l))
}, rows_in_order(c("true_effect", "se", "alpha_two_sided"),
  0.1, 3.28, 0.05, 2, 8.1, 0.05, 0.5, 1, 0.05, 1, 1, 0.05, 2, 1, 0.05, 2.8, 1, 0.05, 4, 1, 0.05, 10, 1, 0.05, -1, 1, 0.05,
  1e-6, 1, 0.05, 0, 1, 0.05, 1, 1, 0.01, 1, 1, 0.5, 1, 1, 0.001, 0.02, 0.01, 0.05, 1e9, 1e9, 0.05, 1e-9, 3e-9, 0.05, 3, 2, 0.1,
  100, 1, 0.05, 0.3, 0.2, 0.2, -0.7, 2.2, 0.05))
