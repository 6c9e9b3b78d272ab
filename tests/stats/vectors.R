#!/usr/bin/Rscript
# SPDX-License-Identifier: Apache-2.0
# Computes the test vectors of `momentd stats`: for each method a list of {in, out}, one a line, in vectors/METHOD.json.
# Base R alone (Debian r-base-core: tools/deps vectors), and none of momentd's own code: results come from R's functions
# where it has them, else from the formula written anew. The tests only read the files.
# usage: Rscript tests/stats/vectors.R [FOLDER]      default: the folder vectors beside this script

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1]))
folder <- commandArgs(TRUE)
folder <- if (length(folder)) folder[1] else file.path(here, "vectors")
options(warn = 1, digits = 17)

# --- JSON: named lists are objects, list_of() and what it holds arrays, NA null ---------------------------------------
list_of <- function(x) structure(list(values = as.list(x)), class = "json_array")
values <- function(a) unlist(a$values)

text_json <- function(s) paste0("\"", gsub("(\\\\|\")", "\\\\\\1", s), "\"")
number_json <- function(x) {
  if (is.na(x) && !is.nan(x)) return("null")
  if (!is.finite(x)) stop("a vector holds ", x)
  if (is.logical(x)) return(if (x) "true" else "false")
  short <- sprintf("%.15g", x)
  if (as.numeric(short) == x) short else sprintf("%.17g", x)
}
to_json <- function(x) {
  if (inherits(x, "json_array")) return(paste0("[", paste(vapply(x$values, to_json, ""), collapse = ","), "]"))
  if (is.list(x)) {
    stopifnot(length(names(x)) == length(x))
    return(paste0("{", paste0("\"", names(x), "\":", vapply(x, to_json, ""), collapse = ","), "}"))
  }
  stopifnot(length(x) == 1)
  if (is.character(x)) text_json(x) else number_json(x)
}

# Writes the vectors of one method: `compute` is called with each input's fields as arguments.
vectors <- function(method, compute, inputs) {
  stopifnot(length(inputs) >= 20)
  lines <- vapply(inputs, function(input) {
    out <- do.call(compute, input)
    paste0("{\"in\":", to_json(input), ",\n\"out\":", to_json(out), "}")
  }, "")
  stopifnot(!anyDuplicated(lines))
  text <- paste0("[", paste(enc2utf8(lines), collapse = ",\n"), "]\n")
  writeBin(charToRaw(text), file.path(folder, paste0(method, ".json"))) # UTF-8 in every locale
}

# rows_in_order(c("x", "n"), 1, 2, 3, 4): the inputs {x: 1, n: 2} and {x: 3, n: 4}.
rows_in_order <- function(names, ...) {
  flat <- list(...)
  stopifnot(length(flat) %% length(names) == 0)
  unname(lapply(split(flat, (seq_along(flat) - 1) %/% length(names)), function(row) setNames(row, names)))
}

# `count` numbers in (0, 1) that look random and are the same on every machine (Park and Miller's generator).
noise <- function(seed, count) {
  state <- seed
  vapply(seq_len(count), function(i) {
    state <<- (state * 16807) %% 2147483647
    state / 2147483647
  }, 0)
}

# --- Quadrature: Gauss and Legendre's 24 nodes on each panel -----------------------------------------------------------
legendre <- local({
  n <- 24
  off <- seq_len(n - 1) / sqrt(4 * seq_len(n - 1)^2 - 1)
  m <- matrix(0, n, n)
  m[cbind(1:(n - 1), 2:n)] <- off
  m[cbind(2:n, 1:(n - 1))] <- off
  e <- eigen(m, symmetric = TRUE)
  list(x = e$values, w = 2 * e$vectors[1, ]^2)
})
panels <- function(breaks) {
  from <- head(breaks, -1)
  half <- diff(breaks) / 2
  list(x = as.vector(outer(legendre$x, half) + rep(from + half, each = 24)), w = as.vector(outer(legendre$w, half)))
}

for (family in c("proportions", "means", "sequential", "bayes", "design", "monitoring", "before_after", "surveys",
                 "assignment")) source(file.path(here, "r", paste0(family, ".R")))
