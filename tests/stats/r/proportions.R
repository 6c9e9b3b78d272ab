# SPDX-License-Identifier: Apache-2.0
# Two and more proportions: tests, intervals, lift, homogeneity, sample ratio, strata, guardrails.

arms_fields <- c("x_control", "n_control", "x_treatment", "n_treatment")
arms <- function(...) rows_in_order(arms_fields, ...)
two_arms <- arms(
  100, 1000, 130, 1000, 130, 1000, 100, 1000, 50, 100, 50, 100, 0, 10, 5, 10, 5, 10, 0, 10, 0, 10, 10, 10, 10, 10, 0, 10,
  1, 1, 0, 1, 1, 2, 2, 2, 3, 7, 900, 2000, 1, 100000, 9, 100000, 999, 1000, 998, 1000, 5e8, 1e9, 500050000, 1e9,
  1, 1e9, 2, 1e9, 999999999, 1e9, 999999990, 1e9, 3, 10, 400, 1e9, 48, 80, 56, 70, 120, 2400, 168, 2400, 17, 250, 31, 260,
  33, 1000, 33, 999, 250, 500, 1, 3)

pooled_z <- function(x_control, n_control, x_treatment, n_treatment) {
  test <- suppressWarnings(prop.test(c(x_treatment, x_control), c(n_treatment, n_control), correct = FALSE))
  pooled <- (x_control + x_treatment) / (n_control + n_treatment)
  diff <- x_treatment / n_treatment - x_control / n_control
  if (pooled %in% c(0, 1)) return(list(diff = diff, z = NA, p_value = NA, chi2 = NA))
  z <- diff / sqrt(pooled * (1 - pooled) * (1 / n_control + 1 / n_treatment))
  stopifnot(abs(z^2 - test$statistic) <= 1e-7 * z^2)
  list(diff = diff, z = z, p_value = test$p.value, chi2 = unname(test$statistic))
}
vectors("two_proportion_z_pooled", pooled_z, c(two_arms, arms(0, 10, 0, 20, 10, 10, 30, 30)))

wilson <- function(x, n, level = 0.95) {
  ends <- suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int
  list(lower = ends[1], upper = ends[2])
}
one_arm <- rows_in_order(c("x", "n", "level"),
  81, 263, 0.95, 15, 148, 0.95, 0, 20, 0.95, 1, 29, 0.95, 0, 1, 0.95, 1, 1, 0.95, 20, 20, 0.95, 5, 10, 0.5, 5, 10, 0.999,
  1, 1e9, 0.95, 5e8, 1e9, 0.95, 1e9, 1e9, 0.95, 0, 1e9, 0.95, 2, 3, 0.8, 7, 1000, 0.99, 999, 1000, 0.99, 3, 50, 0.9,
  250, 1000, 0.95, 12345, 678900, 0.9999, 1, 2, 0.01, 40, 41, 0.975)
vectors("wilson_interval", wilson, c(one_arm, list(list(x = 3, n = 9))))

newcombe <- function(x1, n1, x2, n2, level = 0.95) {
  a <- wilson(x1, n1, level)
  b <- wilson(x2, n2, level)
  p <- x1 / n1
  q <- x2 / n2
  list(diff = p - q, lower = p - q - sqrt((p - a$lower)^2 + (b$upper - q)^2),
       upper = p - q + sqrt((a$upper - p)^2 + (q - b$lower)^2))
}
vectors("newcombe_diff_ci", newcombe, c(rows_in_order(c("x1", "n1", "x2", "n2", "level"),
  56, 70, 48, 80, 0.95, 9, 10, 3, 10, 0.95, 6, 7, 2, 7, 0.95, 5, 56, 0, 29, 0.95, 0, 10, 0, 20, 0.95, 0, 10, 0, 10, 0.95,
  10, 10, 0, 20, 0.95, 10, 10, 0, 10, 0.95, 0, 1, 1, 1, 0.95, 1, 1, 1, 1, 0.95, 5e8, 1e9, 499950000, 1e9, 0.95,
  0, 1e9, 1, 1e9, 0.95, 1e9, 1e9, 1, 2, 0.95, 30, 100, 30, 100, 0.99, 130, 1000, 100, 1000, 0.9, 100, 1000, 130, 1000, 0.9,
  7, 9, 800, 1200, 0.5, 1, 1000, 3, 1000, 0.999, 2, 5, 1, 4, 0.8, 640, 20000, 600, 20000, 0.95),
  list(list(x1 = 4, n1 = 9, x2 = 3, n2 = 11))))

# Welch and Satterthwaite; an arm without variance takes nothing from the other's degrees of freedom.
welch_df <- function(va, na, vb, nb) {
  part <- function(v, n) if (v == 0) 0 else v^2 / (n - 1)
  (va + vb)^2 / (part(va, na) + part(vb, nb))
}
t_results <- function(effect, se, df, level) {
  if (!is.na(se) && se > 0) {
    reach <- qt((1 + level) / 2, df) * se
    return(list(se = se, df = df, lower = effect - reach, upper = effect + reach, p_value = 2 * pt(-abs(effect) / se, df)))
  }
  list(se = se, df = NA, lower = NA, upper = NA, p_value = NA)
}

lift_binary <- function(x_control, n_control, x_treatment, n_treatment, level = 0.95) {
  p <- x_control / n_control
  q <- x_treatment / n_treatment
  if (p == 0) return(list(lift = NA, se = NA, df = NA, lower = NA, upper = NA, p_value = NA))
  vt <- q * (1 - q) / n_treatment
  vc <- p * (1 - p) / n_control
  # Welch's degrees of freedom are those of the arms themselves, as in GrowthBook's gbstats, whose variance this is.
  df <- welch_df(vt, n_treatment, vc, n_control)
  c(list(lift = q / p - 1), t_results(q / p - 1, sqrt(vt / p^2 + vc * q^2 / p^4), df, level))
}
level_of <- function(inputs, levels) Map(function(i, l) c(i, list(level = l)), inputs, rep_len(levels, length(inputs)))
vectors("relative_lift_delta_binary", lift_binary,
        c(level_of(two_arms, c(0.95, 0.9, 0.99)), arms(100, 1000, 130, 1000, 1, 1, 1, 1)))

homogeneity <- function(x, n) {
  x <- values(x)
  n <- values(n)
  if (sum(x) %in% c(0, sum(n))) return(list(chi2 = NA, df = length(x) - 1, p_value = NA))
  test <- suppressWarnings(prop.test(x, n, correct = FALSE))
  list(chi2 = unname(test$statistic), df = unname(test$parameter), p_value = test$p.value)
}
groups <- function(...) lapply(list(...), function(g) list(x = list_of(g[[1]]), n = list_of(g[[2]])))
vectors("k_proportions_chi2", homogeneity, groups(
  list(c(83, 90, 129, 70), c(86, 93, 136, 82)), # R's prop.test page (Fleiss 1981, page 139)
  list(c(10, 20), c(100, 100)), list(c(10, 20, 30), c(100, 100, 100)), list(c(10, 10, 10), c(100, 100, 100)),
  list(c(0, 5, 9), c(10, 10, 10)), list(c(10, 10, 3), c(10, 10, 10)), list(c(0, 0, 0), c(5, 6, 7)),
  list(c(5, 6), c(5, 6)), list(c(0, 1), c(1, 1)), list(c(5e8, 500020000, 5e8), c(1e9, 1e9, 1e9)),
  list(c(1, 2, 3), c(1e9, 1e9, 1e9)), list(c(1, 900), c(3, 2000)), list(1:8, rep(50, 8)), list(8:1, rep(50, 8)),
  list(c(120, 131, 118, 160, 122), c(2400, 2410, 2390, 2405, 2399)), list(c(3, 3, 3, 4), c(7, 8, 9, 10)),
  list(c(999, 998, 990), c(1000, 1000, 1000)), list(c(1, 1, 1, 1, 1, 90), c(1, 2, 3, 4, 5, 100)),
  list(rep(20, 20), 100 + 1:20), list(c(7, 700, 70000), c(10, 1000, 100000)), list(c(1, 0, 0, 0), c(400, 1, 1, 1))))

sample_ratio <- function(observed, weights, threshold = 0.001) {
  o <- values(observed)
  w <- values(weights)
  used <- w > 0
  if (sum(used) == 1) return(list(chi2 = 0, df = 0, p_value = NA, mismatch = any(o[!used] > 0)))
  test <- suppressWarnings(chisq.test(o[used], p = w[used], rescale.p = TRUE))
  list(chi2 = unname(test$statistic), df = unname(test$parameter), p_value = test$p.value,
       mismatch = test$p.value < threshold || any(o[!used] > 0))
}
ratio_of <- function(o, w, threshold) {
  c(list(observed = list_of(o), weights = list_of(w)), if (!missing(threshold)) list(threshold = threshold))
}
vectors("srm_chi_square", sample_ratio, list(
  ratio_of(c(821588, 815482), c(50, 50)), # Kohavi, Tang, Xu 2020: p = 1.8e-6
  ratio_of(c(500, 500), c(1, 1)), ratio_of(c(500, 600), c(0.5, 0.5)), ratio_of(c(600, 500), c(0.5, 0.5)),
  ratio_of(c(5000, 5300), c(0.5, 0.5), 0.01), ratio_of(c(5000, 5300), c(0.5, 0.5), 0.0001), ratio_of(c(0, 1), c(1, 1)),
  ratio_of(c(0, 100), c(1, 1)), ratio_of(c(100, 0, 0), c(1, 1, 1)), ratio_of(c(900, 100), c(9, 1)),
  ratio_of(c(880, 120), c(0.9, 0.1)), ratio_of(c(5e8, 500100000), c(1, 1)), ratio_of(c(1e9, 1e9, 1e9), c(1, 1, 1)),
  ratio_of(c(333, 333, 334), c(1, 1, 1)), ratio_of(c(100, 110, 0), c(0.5, 0.5, 0)),
  ratio_of(c(100, 110, 3), c(0.5, 0.5, 0)), ratio_of(c(10, 20, 30, 40), c(0.1, 0.2, 0.3, 0.4)),
  ratio_of(c(15, 25, 25, 35), c(0.1, 0.2, 0.3, 0.4)), ratio_of(c(1, 1, 1, 1, 1, 1, 1, 20), rep(1, 8)),
  ratio_of(c(2, 3), c(1e-9, 1)), ratio_of(c(7, 3), c(1e6, 1e6), 0.05), ratio_of(c(4950, 5050), c(0.5, 0.5), 0.5)))

non_inferiority <- function(x_control, n_control, x_treatment, n_treatment, margin_absolute, alpha_one_sided, direction) {
  p <- x_control / n_control
  q <- x_treatment / n_treatment
  benefit <- if (direction == "higher_is_better") q - p else p - q
  se <- sqrt(p * (1 - p) / n_control + q * (1 - q) / n_treatment)
  if (se == 0) return(list(diff = q - p, se = 0, z = NA, p_value = NA, lower_one_sided = NA, non_inferior = FALSE))
  z <- (benefit + margin_absolute) / se
  lower <- benefit - qnorm(alpha_one_sided, lower.tail = FALSE) * se
  list(diff = q - p, se = se, z = z, p_value = pnorm(z, lower.tail = FALSE), lower_one_sided = lower,
       non_inferior = lower > -margin_absolute)
}
guard <- function(base, margins, alphas, direction) {
  Map(function(i, m, a) c(i, list(margin_absolute = m, alpha_one_sided = a, direction = direction)), base,
      rep_len(margins, length(base)), rep_len(alphas, length(base)))
}
vectors("non_inferiority_two_proportions", non_inferiority,
        c(guard(two_arms[c(1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 17)], c(0.02, 0.05, 0.001), c(0.025, 0.05),
                "higher_is_better"),
          guard(two_arms[c(1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 17)], c(0.05, 0.002, 0.1), c(0.05, 0.01, 0.2),
                "lower_is_better"),
          guard(arms(10, 10, 0, 10), 0.1, 0.05, "higher_is_better")))

# Mantel and Haenszel 1959; the risk difference as Greenland and Robins 1985.
strata_results <- function(strata) {
  s <- lapply(c("x_a", "n_a", "x_b", "n_b"), function(f) vapply(strata$values, function(row) row[[f]], 0))
  xa <- s[[1]]; na <- s[[2]]; xb <- s[[3]]; nb <- s[[4]]
  total <- na + nb
  rate_a <- sum(xa) / sum(na)
  rate_b <- sum(xb) / sum(nb)
  both <- na > 0 & nb > 0
  within <- function(x) sum((x / total)[both])
  difference <- within(xa * nb - xb * na) / within(na * nb)
  below <- within((na - xa) * xb)
  odds <- if (below > 0) within(xa * (nb - xb)) / below else NA
  if (sum(both) > 1 && below > 0 && all(total < 1e8)) {
    table <- array(rbind(xa, na - xa, xb, nb - xb)[, both], c(2, 2, sum(both)))
    test <- mantelhaen.test(table, correct = FALSE)
    stopifnot(abs(test$estimate - odds) <= 1e-9 * odds)
  }
  list(pooled_rate_a = rate_a, pooled_rate_b = rate_b, pooled_diff = rate_a - rate_b, mh_risk_difference = difference,
       mh_odds_ratio = odds, sign_reversal = (rate_a - rate_b) * difference < 0)
}
strata <- function(...) {
  m <- matrix(c(...), ncol = 4, byrow = TRUE)
  list(strata = list_of(lapply(seq_len(nrow(m)), function(i) {
    list(x_a = m[i, 1], n_a = m[i, 2], x_b = m[i, 3], n_b = m[i, 4])
  })))
}
berkeley <- strata(512, 825, 89, 108, 353, 560, 17, 25, 120, 325, 202, 593, 138, 417, 131, 375, 53, 191, 94, 393, 22, 373,
                   24, 341)
vectors("mantel_haenszel_simpson", strata_results, list(
  berkeley, strata(81, 87, 234, 270, 192, 263, 55, 80), # Charig and others 1986: stones of the kidney
  strata(234, 270, 81, 87, 55, 80, 192, 263), strata(10, 100, 20, 100), strata(20, 100, 10, 100), strata(10, 100, 10, 100),
  strata(0, 10, 5, 10, 1, 10, 6, 10), strata(5, 10, 0, 10, 6, 10, 1, 10), strata(0, 10, 0, 10), strata(0, 1, 1, 1),
  strata(1, 1, 1, 2, 3, 9, 2, 7), strata(5e8, 1e9, 400000000, 1e9, 10, 100, 20, 100), strata(1, 1e9, 2, 1e9, 5, 10, 4, 10),
  strata(20, 1000, 10, 500, 4, 100, 40, 1000), strata(90, 900, 12, 100, 30, 100, 300, 900),
  strata(90, 900, 8, 100, 30, 100, 250, 900), strata(3, 10, 3, 10, 4, 20, 4, 20, 5, 30, 5, 30),
  strata(10, 10, 9, 10, 7, 8, 6, 8), strata(1, 50, 2, 60, 3, 70, 4, 80, 5, 90, 6, 100, 7, 110, 8, 120),
  strata(8, 120, 7, 110, 6, 100, 5, 90, 4, 80, 3, 70, 2, 60, 1, 50), strata(100, 101, 1, 101, 1, 101, 100, 101),
  # A stratum with an empty arm counts for nothing within strata, but for the sums.
  strata(0, 0, 3, 10, 4, 20, 5, 20), strata(3, 10, 0, 0, 4, 20, 5, 20), strata(0, 0, 0, 0, 4, 20, 5, 20),
  strata(7, 10, 0, 0, 0, 0, 3, 10, 40, 100, 30, 100)))
