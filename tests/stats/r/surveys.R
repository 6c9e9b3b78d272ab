# SPDX-License-Identifier: Apache-2.0
# Net promoter score and funnels.

nps_one <- function(promoters, passives, detractors) {
  n <- promoters + passives + detractors
  score <- (promoters - detractors) / n
  list(score = score, se = sqrt(((promoters + detractors) / n - score^2) / n))
}
nps <- function(promoters, passives, detractors, level = 0.95) {
  z <- qnorm((1 + level) / 2)
  wald <- nps_one(promoters, passives, detractors)
  adjusted <- nps_one(promoters + 0.75, passives + 1.5, detractors + 0.75)
  list(nps = 100 * wald$score, se = 100 * wald$se, lower_wald = 100 * (wald$score - z * wald$se),
       upper_wald = 100 * (wald$score + z * wald$se), adj_wald_center = 100 * adjusted$score,
       adj_wald_lower = 100 * (adjusted$score - z * adjusted$se), adj_wald_upper = 100 * (adjusted$score + z * adjusted$se))
}
answers <- c("promoters", "passives", "detractors")
vectors("nps_interval", nps, rows_in_order(c(answers, "level"),
  50, 30, 20, 0.95, 20, 30, 50, 0.95, 0, 10, 0, 0.95, 10, 0, 0, 0.95, 0, 0, 10, 0.95, 1, 0, 0, 0.95, 0, 1, 0, 0.9, 0, 0, 1, 0.99,
  5, 0, 5, 0.95, 1, 1, 1, 0.95, 4e8, 3e8, 3e8, 0.95, 1e9, 1, 1, 0.95, 1, 1e9, 0, 0.95, 120, 80, 47, 0.8, 120, 80, 47, 0.999, 3, 9, 2, 0.5,
  1000, 0, 999, 0.95, 7, 2, 3, 0.95, 19, 40, 41, 0.9, 332, 418, 250, 0.95, 2, 0, 1, 0.975))

vectors("nps_difference", function(control, treatment) {
  c <- do.call(nps_one, control)
  t <- do.call(nps_one, treatment)
  se <- sqrt(c$se^2 + t$se^2)
  z <- if (se > 0) (t$score - c$score) / se else NA
  list(diff = 100 * (t$score - c$score), se = 100 * se, z = z, p_value = 2 * pnorm(-abs(z)))
}, lapply(list(
  c(50, 30, 20, 60, 25, 15), c(60, 25, 15, 50, 30, 20), c(50, 30, 20, 50, 30, 20), c(0, 10, 0, 0, 20, 0), c(10, 0, 0, 0, 0, 10),
  c(10, 0, 0, 5, 3, 2), c(1, 0, 0, 1, 1, 1), c(1, 1, 1, 1, 1, 1), c(4e8, 3e8, 3e8, 400100000, 299900000, 3e8), c(1e9, 1, 1, 3, 2, 1),
  c(120, 80, 47, 100, 70, 60), c(5, 0, 5, 6, 0, 4), c(0, 1, 1, 2, 0, 0), c(19, 40, 41, 41, 40, 19), c(332, 418, 250, 345, 410, 240),
  c(3, 9, 2, 30, 90, 20), c(1, 1e6, 1, 2, 1e6, 1), c(7, 2, 3, 7, 3, 2), c(0, 5, 0, 1, 4, 0), c(1000, 0, 999, 999, 0, 1000), c(8, 8, 8, 1, 1, 9)),
  function(v) list(control = setNames(as.list(v[1:3]), answers), treatment = setNames(as.list(v[4:6]), answers))))

funnel <- function(step_counts, level = 0.95) {
  k <- values(step_counts)
  steps <- lapply(seq_len(length(k) - 1), function(i) {
    if (k[i] == 0) return(list(conversion = NA, dropoff = NA, conv_lower = NA, conv_upper = NA, drop_lower = NA, drop_upper = NA))
    w <- wilson(k[i + 1], k[i], level)
    list(conversion = k[i + 1] / k[i], dropoff = 1 - k[i + 1] / k[i], conv_lower = w$lower, conv_upper = w$upper,
         drop_lower = 1 - w$upper, drop_upper = 1 - w$lower)
  })
  drops <- vapply(steps, function(s) s$dropoff, 0)
  all <- wilson(k[length(k)], k[1], level)
  list(steps = list_of(steps), overall = k[length(k)] / k[1], overall_lower = all$lower, overall_upper = all$upper,
       worst_step_1based = which.max(drops))
}
counted <- function(v, ...) c(list(step_counts = list_of(v)), list(...))
vectors("funnel_dropoff_wilson", funnel, list(
  counted(c(1000, 400, 120, 90)), counted(c(1000, 400, 120, 90), level = 0.99), counted(c(10, 10)), counted(c(10, 0)), counted(c(1, 1)), counted(c(1, 0)),
  counted(c(10, 5, 0)), counted(c(10, 5, 0, 0)), counted(c(1e9, 5e8, 1e6, 1)), counted(c(100, 100, 100)), counted(c(100, 50, 25, 12, 6, 3)),
  counted(c(100, 90, 80, 20), level = 0.8), counted(c(5, 4, 3, 2, 1)), counted(c(20, 1)), counted(c(7, 7, 3), level = 0.5), counted(c(12345, 12000, 700, 699)),
  counted(c(2, 1, 1)), counted(c(1e9, 1e9)), counted(c(640, 64, 32), level = 0.9), counted(c(3, 3, 0)), counted(30:10)))
