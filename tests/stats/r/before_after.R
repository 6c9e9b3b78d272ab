# SPDX-License-Identifier: Apache-2.0
# Before and after a change: quasibinomial by days, interrupted time series with Newey and West's errors.

quasibinomial_results <- function(x_before, n_before, x_after, n_after, level = 0.95) {
  x <- c(values(x_before), values(x_after))
  n <- c(values(n_before), values(n_after))
  after <- rep(0:1, c(length(x_before$values), length(x_after$values)))
  df <- length(x) - 2
  xb <- sum(x[after == 0]); nb <- sum(n[after == 0]); xa <- sum(x[after == 1]); na <- sum(n[after == 1])
  if (xb %in% c(0, nb) || xa %in% c(0, na)) {
    return(list(log_odds_ratio = NA, se_binomial = NA, dispersion = NA, se_quasi = NA, t = NA, df = df, p_value = NA, lower = NA, upper = NA))
  }
  fit <- function(family) {
    summary(glm(cbind(x, n - x) ~ after, family = family, control = glm.control(epsilon = 1e-12, maxit = 100)))
  }
  plain <- coef(fit(binomial))[2, ]
  if (df == 0) {
    return(list(log_odds_ratio = plain[[1]], se_binomial = plain[[2]], dispersion = NA, se_quasi = NA, t = NA, df = 0, p_value = NA,
                lower = NA, upper = NA))
  }
  quasi <- fit(quasibinomial)
  list(log_odds_ratio = plain[[1]], se_binomial = plain[[2]], dispersion = quasi$dispersion, se_quasi = coef(quasi)[2, 2],
       t = coef(quasi)[2, 3], df = df, p_value = coef(quasi)[2, 4],
       lower = plain[[1]] - qt((1 + level) / 2, df) * coef(quasi)[2, 2], upper = plain[[1]] + qt((1 + level) / 2, df) * coef(quasi)[2, 2])
}
days <- function(xb, nb, xa, na) list(x_before = list_of(xb), n_before = list_of(nb), x_after = list_of(xa), n_after = list_of(na))
random_days <- function(seed, before, after, n, p, q) {
  count <- function(s, k, p) round(n * p * (0.7 + 0.6 * noise(s, k)))
  days(count(seed, before, p), rep(n, before), count(seed + 1, after, q), round(n * (0.8 + 0.4 * noise(seed + 2, after))))
}
vectors("before_after_quasibinomial", quasibinomial_results, c(
  Map(random_days, 201:212, rep(c(3, 7, 14, 28), 3), rep(c(7, 5, 14), 4), rep(c(100, 1000, 50000), 4), rep(c(0.05, 0.3, 0.6), 4),
      rep(c(0.06, 0.25, 0.6, 0.4), 3)),
  list(days(c(5, 6), c(100, 90), c(9, 8), c(100, 110)), days(5, 100, 9, 100), days(c(0, 1), c(10, 10), c(3, 2), c(10, 10)),
       days(c(0, 0), c(10, 10), c(3, 2), c(10, 10)), days(c(3, 2), c(10, 10), c(10, 10), c(10, 10)), days(c(1, 0, 1), c(1, 1, 1), c(0, 1, 1), c(1, 1, 1)),
       days(c(5e8, 499000000), c(1e9, 1e9), c(501000000, 5e8), c(1e9, 1e9)), days(c(10, 10, 12), c(100, 100, 100), c(10, 10, 12), c(100, 100, 100)),
       days(c(1, 2), c(1e9, 1e9), c(4, 3), c(1e9, 1e9)), days(c(40, 4), c(50, 50), 30, 60))))

series_results <- function(y, n_pre, lag = 2) {
  y <- values(y)
  n <- length(y)
  t <- 1:n
  post <- as.numeric(t > n_pre)
  x <- cbind(1, t, post, post * (t - n_pre - 1))
  fit <- lm(y ~ x - 1)
  e <- residuals(fit)
  bread <- solve(crossprod(x))
  meat <- crossprod(x * e)
  for (l in seq_len(lag)) {
    gamma <- crossprod(x[(l + 1):n, ] * e[(l + 1):n], x[1:(n - l), ] * e[1:(n - l)])
    meat <- meat + (1 - l / (lag + 1)) * (gamma + t(gamma))
  }
  list(coef = list_of(unname(coef(fit))), se_ols = list_of(unname(coef(summary(fit))[, 2])),
       se_newey_west = list_of(unname(sqrt(diag(bread %*% meat %*% bread)))), r_squared = 1 - sum(e^2) / sum((y - mean(y))^2),
       durbin_watson = sum(diff(e)^2) / sum(e^2))
}
series <- function(y, n_pre, ...) c(list(y = list_of(y), n_pre = n_pre), list(...))
shifted <- function(seed, n, n_pre, slope, jump, noise_size) {
  t <- 1:n
  5 + slope * t + jump * (t > n_pre) + noise_size * (noise(seed, n) + 0.5 * c(0, noise(seed, n)[-n]))
}
vectors("interrupted_time_series_ols", series_results, c(
  Map(function(seed, n, n_pre, slope, jump, size, lag) series(shifted(seed, n, n_pre, slope, jump, size), n_pre, lag = lag),
      301:315, rep(c(12, 20, 30, 60, 90), 3), rep(c(6, 12, 14, 30, 45), 3), rep(c(0, 0.1, -0.05), 5), rep(c(0, 2, -1, 5, 0.3), 3),
      rep(c(1, 0.2, 10), 5), rep(c(0, 1, 2, 5), length.out = 15)),
  list(series(shifted(320, 24, 12, 0.1, 1, 1), 12), series(c(1, 2, 4, 3, 5, 9, 8, 11), 4), series(c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3), 3),
       series(c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3), 8, lag = 1), series(1e9 + c(3e6, 1e6, 4e6, 1e6, 5e6, 9e6, 2e6, 6e6, 5e6, 3e6), 5),
       series(1e-6 * c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3), 5), series(c(0, 0, 0, 0, 1, 0, 0, 0, 1, 0), 5, lag = 3))))
