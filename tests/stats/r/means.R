# SPDX-License-Identifier: Apache-2.0
# Means: Welch's t, relative by the delta method, winsorised values, ratios of sums, CUPED, adjusted p-values.

mean_lists <- list(c(3, 4, 5, 6, 9), c(1.5, 2.5, 2.25, 8), c(0, 0, 0, 40, 0, 12), c(5.5, 6.5), c(1e-6, 3e-6, 2e-6),
                   c(1e6, 3e6, 2.5e6, 1.25e6), 10 + 5 * noise(7, 40), 11 + 6 * noise(8, 35), -3 + 2 * noise(9, 25),
                   rep(c(1, 2), 10), exp(3 * noise(10, 50)), 100 + noise(11, 30) / 1000)

welch <- function(mean_control, sd_control, n_control, mean_treatment, sd_treatment, n_treatment, level = 0.95) {
  vc <- sd_control^2 / n_control
  vt <- sd_treatment^2 / n_treatment
  diff <- mean_treatment - mean_control
  r <- t_results(diff, sqrt(vc + vt), welch_df(vt, n_treatment, vc, n_control), level)
  list(diff = diff, se = r$se, t = if (r$se > 0) diff / r$se else NA, df = r$df, p_value = r$p_value, lower = r$lower,
       upper = r$upper)
}
# The same of two lists, and R's t.test must agree.
as_summary <- function(a, b, level) {
  input <- list(mean_control = mean(a), sd_control = sd(a), n_control = length(a), mean_treatment = mean(b),
                sd_treatment = sd(b), n_treatment = length(b), level = level)
  test <- t.test(b, a, conf.level = level)
  ours <- do.call(welch, input)
  stopifnot(all.equal(c(ours$t, ours$df, ours$p_value, ours$lower, ours$upper),
                      c(unname(test$statistic), unname(test$parameter), test$p.value, test$conf.int[1:2]), tolerance = 1e-10))
  input
}
welch_fields <- c("mean_control", "sd_control", "n_control", "mean_treatment", "sd_treatment", "n_treatment", "level")
vectors("welch_t_absolute", welch, c(
  Map(as_summary, mean_lists, mean_lists[c(2, 3, 4, 1, 1, 7, 8, 9, 7, 11, 12, 10)], rep_len(c(0.95, 0.8, 0.99), 12)),
  rows_in_order(welch_fields,
    10, 3, 1e9, 10.001, 4, 1e9, 0.95, 0, 1e-9, 50, 1e-9, 2e-9, 60, 0.95, 1e12, 1e9, 20, 2e12, 5e11, 30, 0.95,
    5, 2, 10, 5, 2, 10, 0.95, 5, 0, 10, 6, 1, 10, 0.95, 5, 1, 10, 6, 0, 10, 0.9, 5, 0, 10, 6, 0, 10, 0.95, 5, 2, 2, 8, 3, 2, 0.95,
    -5, 2, 100, -4, 3, 1000, 0.5, 5, 1, 2, 9, 40, 1e9, 0.999)))

summary_of <- function(v) list(n = length(v), sum = sum(v), sum_squares = sum(v^2))
sample_variance <- function(arm) if (arm$n < 2) NA else (arm$sum_squares - arm$sum^2 / arm$n) / (arm$n - 1)
nothing <- list(se = NA, df = NA, lower = NA, upper = NA, p_value = NA)
t_absolute <- function(control, treatment, level = 0.95) {
  effect <- treatment$sum / treatment$n - control$sum / control$n
  vc <- sample_variance(control) / control$n
  vt <- sample_variance(treatment) / treatment$n
  if (is.na(vc + vt)) return(c(list(effect = effect), nothing))
  c(list(effect = effect), t_results(effect, sqrt(vc + vt), welch_df(vt, treatment$n, vc, control$n), level))
}
t_relative <- function(control, treatment, level = 0.95) {
  mc <- control$sum / control$n
  mt <- treatment$sum / treatment$n
  if (mc == 0) return(c(list(effect = NA), nothing))
  vc <- sample_variance(control) / control$n
  vt <- sample_variance(treatment) / treatment$n
  if (is.na(vc + vt)) return(c(list(effect = mt / mc - 1), nothing))
  df <- welch_df(vt, treatment$n, vc, control$n) # of the arms, as in relative_lift_delta_binary
  c(list(effect = mt / mc - 1), t_results(mt / mc - 1, sqrt(vt / mc^2 + vc * mt^2 / mc^4), df, level))
}
mean_arms <- c(
  Map(function(a, b, l) list(control = summary_of(a), treatment = summary_of(b), level = l), mean_lists,
      mean_lists[c(2, 3, 4, 1, 1, 7, 8, 9, 10, 11, 12, 6)], rep_len(c(0.95, 0.9, 0.99), 12)),
  list(list(control = list(n = 1e9, sum = 2e9, sum_squares = 6e9), treatment = list(n = 1e9, sum = 2000100000, sum_squares = 6.001e9)),
       list(control = list(n = 1, sum = 4, sum_squares = 16), treatment = list(n = 5, sum = 10, sum_squares = 30)),
       list(control = list(n = 5, sum = 10, sum_squares = 30), treatment = list(n = 1, sum = 4, sum_squares = 16)),
       list(control = list(n = 4, sum = 8, sum_squares = 16), treatment = list(n = 3, sum = 9, sum_squares = 27)),
       list(control = list(n = 4, sum = 8, sum_squares = 16), treatment = list(n = 3, sum = 9, sum_squares = 29)),
       list(control = list(n = 4, sum = 0, sum_squares = 10), treatment = list(n = 3, sum = 9, sum_squares = 29)),
       list(control = list(n = 10, sum = 30, sum_squares = 100), treatment = list(n = 10, sum = 30, sum_squares = 100)),
       list(control = list(n = 10, sum = -30, sum_squares = 100), treatment = list(n = 12, sum = -20, sum_squares = 100)),
       list(control = list(n = 2, sum = 3, sum_squares = 5), treatment = list(n = 2, sum = 7, sum_squares = 25), level = 0.5),
       list(control = list(n = 100, sum = 1e8, sum_squares = 2e14), treatment = list(n = 90, sum = 1.1e8, sum_squares = 3e14))))
vectors("mean_ttest_absolute", t_absolute, mean_arms)
vectors("mean_ttest_relative", t_relative, mean_arms)

winsorise <- function(values, upper_percentile) {
  v <- unlist(values$values)
  cap <- quantile(v, upper_percentile, type = 7, names = FALSE)
  variance <- function(x) if (length(x) < 2) NA else var(x)
  list(cap = cap, mean = mean(pmin(v, cap)), sample_variance = variance(pmin(v, cap)), raw_mean = mean(v),
       raw_sample_variance = variance(v))
}
capped <- function(v, p) list(values = list_of(v), upper_percentile = p)
vectors("winsorise_upper", winsorise, c(
  Map(capped, mean_lists, rep_len(c(0.99, 0.5, 0.9, 0.75), 12)),
  list(capped(4, 0.9), capped(c(7, 7, 7), 0.99), capped(1:100, 0.99), capped(100:1, 0.95), capped(1:10, 1),
       capped(c(0, 0, 0, 1e9), 0.7), capped(c(-5, -1, -3), 0.5), capped(c(1, 2), 0.3), capped(1e-9 * 1:7, 0.8))))

# Deng, Knoblich, Lu 2018: the ratio of sums, its variance from the linearised values.
ratio_results <- function(numerator_control, denominator_control, numerator_treatment, denominator_treatment) {
  one <- function(m, d) {
    m <- values(m)
    d <- values(d)
    r <- sum(m) / sum(d)
    list(r = r, se = sqrt(var((m - r * d) / mean(d)) / length(m)))
  }
  c <- one(numerator_control, denominator_control)
  t <- one(numerator_treatment, denominator_treatment)
  zero <- c$r == 0
  list(ratio_control = c$r, ratio_treatment = t$r, se_control = c$se, se_treatment = t$se, diff = t$r - c$r,
       se_diff = sqrt(c$se^2 + t$se^2), lift = if (zero) NA else t$r / c$r - 1,
       se_lift = if (zero) NA else sqrt(t$se^2 / c$r^2 + c$se^2 * t$r^2 / c$r^4))
}
ratio_input <- function(m, d, m2, d2) {
  list(numerator_control = list_of(m), denominator_control = list_of(d), numerator_treatment = list_of(m2),
       denominator_treatment = list_of(d2))
}
opens <- function(seed, n, rate) {
  sends <- 1 + floor(5 * noise(seed, n))
  list(pmin(sends, floor(sends * rate * 2 * noise(seed + 1, n))), sends)
}
random_ratio <- function(seed, n, n2, rate, rate2) {
  a <- opens(seed, n, rate)
  b <- opens(seed + 100, n2, rate2)
  ratio_input(a[[1]], a[[2]], b[[1]], b[[2]])
}
vectors("ratio_metric_delta_method", ratio_results, c(
  Map(random_ratio, seq(11, 25), 8 + 2 * (1:15), 30 - 1:15, rep(c(0.3, 0.5, 0.9), 5), rep(c(0.5, 0.6, 0.7), 5)),
  list(ratio_input(c(1, 2), c(2, 3), c(2, 2), c(3, 5)), ratio_input(c(0, 0, 0), c(1, 2, 3), c(1, 0, 1), c(1, 2, 3)),
       ratio_input(c(1, 0, 1), c(1, 2, 3), c(0, 0, 0), c(1, 2, 3)), ratio_input(c(1, 2, 3), c(2, 4, 6), c(3, 6, 9), c(4, 8, 12)),
       ratio_input(c(1, 0, 2), c(1, 0, 4), c(1, 1, 0), c(1, 3, 0)), ratio_input(1e6 * c(1, 3, 2), 1e6 * c(2, 9, 5), c(1, 3, 2), c(2, 9, 5)),
       ratio_input(c(5, 1, 4), c(6, 2, 4), c(5, 1, 4), c(6, 2, 4)), ratio_input(1e-6 * c(1, 3, 2), c(2, 9, 5), c(-1, 3, 2), c(2, 9, 5)))))

# Deng, Xu, Kohavi, Walker 2013: one theta for both arms, from the data of both together.
cuped <- function(y_control, x_control, y_treatment, x_treatment) {
  yc <- values(y_control); xc <- values(x_control); yt <- values(y_treatment); xt <- values(x_treatment)
  theta <- if (var(c(xc, xt)) == 0) 0 else cov(c(yc, yt), c(xc, xt)) / var(c(xc, xt))
  ac <- yc - theta * xc
  at <- yt - theta * xt
  se <- function(a, b) sqrt(var(a) / length(a) + var(b) / length(b))
  adjusted <- mean(at) - mean(ac)
  raw <- se(yc, yt)
  list(theta = theta, diff_adjusted = adjusted, se_adjusted = se(ac, at), diff_raw = mean(yt) - mean(yc), se_raw = raw,
       variance_reduction = if (raw == 0) NA else 1 - se(ac, at)^2 / raw^2,
       lift = if (mean(yc) == 0) NA else adjusted / mean(yc))
}
cuped_input <- function(yc, xc, yt, xt) {
  list(y_control = list_of(yc), x_control = list_of(xc), y_treatment = list_of(yt), x_treatment = list_of(xt))
}
random_cuped <- function(seed, n, n2, slope, effect, scale) {
  x <- scale * noise(seed, n)
  x2 <- scale * noise(seed + 50, n2)
  cuped_input(3 * scale + slope * x + scale * noise(seed + 1, n), x, 3 * scale + effect + slope * x2 + scale * noise(seed + 51, n2), x2)
}
vectors("cuped_difference", cuped, c(
  Map(random_cuped, 31:45, 10 + 1:15, 24 - 1:15, rep(c(0, 0.5, 2, -1, 10), 3), rep(c(0, 0.3, 1), 5), rep(c(1, 100, 1e-3), 5)),
  list(cuped_input(c(1, 2, 4), c(1, 2, 3), c(2, 3, 6), c(1, 2, 3)), cuped_input(c(1, 2, 3), c(5, 5, 5), c(2, 3, 4), c(5, 5, 5)),
       cuped_input(c(1, 2), c(3, 4), c(5, 9), c(6, 8)), cuped_input(c(-1, 0, 1), c(1, 3, 2), c(2, 3, 4), c(5, 6, 9)),
       cuped_input(c(1, 0, 0, 1), c(0, 0, 0, 1), c(1, 1, 0, 1), c(1, 0, 0, 1)), cuped_input(c(4, 7, 5), c(1, 9, 2), c(4, 7, 5), c(1, 9, 2))),
  # Tiny and huge variances, of the values and of what is known before.
  Map(random_cuped, 71:76, 15, 12, c(0.5, 2, 0.5, 2, -1, 3), c(1e-8, 1e-8, 1e8, 1e8, 0, 1e140), c(1e-9, 1e-100, 1e9, 1e12, 1e-140, 1e140)),
  list(cuped_input(c(1, 2, 4), c(1, 2, 3) * 1e-120, c(2, 3, 6), c(1, 2, 3) * 1e-120),
       cuped_input(c(1, 2, 4), c(1, 2, 3) * 1e120, c(2, 3, 6), c(1, 2, 5) * 1e120))))

adjust <- function(p_values) {
  p <- values(p_values)
  list(holm = list_of(p.adjust(p, "holm")), bh = list_of(p.adjust(p, "BH")), bonferroni = list_of(p.adjust(p, "bonferroni")))
}
vectors("multiple_testing_adjust", adjust, lapply(c(
  list(c(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1),
       0.03, 0, 1, c(0, 0, 0), c(1, 1), c(0.01, 0.02, 0.03, 0.04, 0.05), c(0.05, 0.04, 0.03, 0.02, 0.01), c(0.04, 0.04, 0.04),
       c(0.5, 0.001), c(1e-300, 1e-10, 0.5), c(0.2, 0.9, 0.2), c(0.025, 0.024, 0.9), rep(0.001, 30)),
  lapply(1:7, function(i) noise(60 + i, 3 * i)), list(noise(90, 25)^4)), function(p) list(p_values = list_of(p))))
