# SPDX-License-Identifier: Apache-2.0
# Watching one rate: Bernoulli CUSUM by likelihood ratio, its exact run lengths, e-detectors.

first_at <- function(path, threshold) {
  hit <- which(path >= threshold)
  if (length(hit)) hit[1] else NA
}
cusum <- function(sequence, p0, p1, threshold) {
  success <- log(p1 / p0)
  failure <- log((1 - p1) / (1 - p0))
  path <- Reduce(function(w, x) max(0, w + if (x == 1) success else failure), values(sequence), 0, accumulate = TRUE)[-1]
  list(increment_success = success, increment_failure = failure, path = list_of(path), first_alarm_index_1based = first_at(path, threshold))
}
bits <- function(seed, n, p) as.numeric(noise(seed, n) < p)
watched <- list(
  list(c(0, 0, 0), 0.1, 0.2, 2), list(c(1, 1, 1), 0.1, 0.2, 2), list(c(1, 1, 1, 1), 0.1, 0.2, 2), list(1, 0.5, 0.6, 0.1),
  list(0, 0.5, 0.6, 0.1), list(c(1, 0, 1, 0, 1), 0.3, 0.6, 1), list(c(1, 0, 1, 0, 1), 0.6, 0.3, 1), list(bits(1, 60, 0.1), 0.1, 0.2, 3),
  list(bits(2, 60, 0.3), 0.1, 0.2, 3), list(bits(3, 100, 0.05), 0.02, 0.05, 4), list(bits(4, 100, 0.2), 0.02, 0.05, 4),
  list(bits(5, 50, 0.9), 0.9, 0.8, 2.5), list(bits(6, 50, 0.5), 0.9, 0.8, 2.5), list(rep(1, 40), 0.001, 0.9, 50),
  list(rep(0, 40), 0.99, 0.01, 100), list(rep(1, 30), 1e-6, 2e-6, 5), list(bits(7, 80, 0.5), 0.5, 0.51, 0.05),
  list(bits(8, 80, 0.4), 0.4, 0.4000001, 1), list(c(bits(9, 40, 0.1), bits(10, 40, 0.6)), 0.1, 0.3, 5), list(bits(11, 120, 0.25), 0.2, 0.35, 20),
  list(c(1, rep(0, 20), 1, 1), 0.2, 0.5, 1.5))
watched <- lapply(watched, function(w) list(sequence = list_of(w[[1]]), p0 = w[[2]], p1 = w[[3]], threshold = w[[4]]))
vectors("bernoulli_cusum_llr_path", cusum, watched)

e_detector <- function(sequence, p0, p1, threshold) {
  e <- ifelse(values(sequence) == 1, p1 / p0, (1 - p1) / (1 - p0))
  sr <- Reduce(function(m, e) (m + 1) * e, e, 0, accumulate = TRUE)[-1]
  cu <- Reduce(function(m, e) max(m, 1) * e, e, 0, accumulate = TRUE)[-1]
  list(e_sr = list_of(sr), e_cusum = list_of(cu), alarm_sr = first_at(sr, threshold), alarm_cusum = first_at(cu, threshold))
}
vectors("e_detector_bernoulli_path", e_detector, lapply(watched, function(w) {
  w$threshold <- exp(w$threshold)
  if (w$threshold == exp(1)) w$threshold <- 20
  w
}))

# Reynolds and Stoumbos 1999: states 0 .. H - 1 of S = max(0, S + m x - 1), alarm at S >= H; E = 1 + Q E.
run_length <- function(m, H, true_p) {
  list(arl = list_of(vapply(values(true_p), function(p) {
    if (p == 0) return(NA_real_)
    q <- matrix(0, H, H)
    for (s in 0:(H - 1)) {
      down <- max(0, s - 1) + 1
      q[s + 1, down] <- q[s + 1, down] + 1 - p
      up <- max(0, s + m - 1)
      if (up < H) q[s + 1, up + 1] <- q[s + 1, up + 1] + p
    }
    solve(diag(H) - q, rep(1, H), tol = 1e-300)[1]
  }, 0)))
}
chart <- function(m, H, ...) list(m = m, H = H, true_p = list_of(c(...)))
vectors("bernoulli_cusum_arl_exact", run_length, list(
  chart(10, 5, 0.01, 0.1, 0.5, 1), chart(10, 9, 0.01, 0.1, 0.5, 1), chart(10, 10, 0.01, 0.1, 0.5, 1), chart(10, 30, 0.01, 0.05, 0.1, 0.3, 1),
  chart(50, 100, 0.005, 0.01, 0.02, 0.05), chart(100, 250, 0.002, 0.005, 0.01, 0.02), chart(2, 1, 0.3, 0.9), chart(2, 2, 0.3, 0.9),
  chart(2, 5, 0.3, 0.5, 0.9), chart(3, 7, 0.1, 0.3, 0.6), chart(5, 1, 0.001), chart(5, 20, 0.05, 0.1, 0.2, 0.4), chart(20, 50, 0.01, 0.03, 0.06),
  chart(20, 19, 0.01, 0.03), chart(20, 20, 0.01, 0.03), chart(20, 21, 0.01, 0.03), chart(200, 399, 0.001, 0.004), chart(7, 33, 0.08, 0.15),
  chart(10, 5, 0, 0.2), chart(40, 120, 0.01, 0.025, 0.04), chart(3, 4, 1e-4, 0.999999)))
