# SPDX-License-Identifier: Apache-2.0
# Who gets which arm: FNV-1a, GrowthBook's buckets and ranges. The values known from elsewhere are stated and compared:
# FNV-1a by Landon Curt Noll's test suite; buckets and ranges by the cases that GrowthBook's SDKs share (their
# packages/sdk-js/test/cases.json, "hash" and "getBucketRange").

fnv1a <- function(text) {
  hash <- 2166136261
  for (byte in as.integer(charToRaw(enc2utf8(text)))) {
    low <- bitwXor(as.integer(hash %% 256), byte)
    hash <- hash - hash %% 256 + low
    # times 16777619 = 2^24 + 403, modulo 2^32, without leaving 53 bits
    hash <- (hash * 403 + (hash %% 256) * 2^24) %% 2^32
  }
  hash
}
noll <- list(c("", "811c9dc5"), c("a", "e40c292c"), c("b", "e70c2de5"), c("c", "e60c2c52"), c("fo", "6222e842"), c("foo", "a9f37ed7"),
             c("foob", "3f5076ef"), c("fooba", "39aaa18a"), c("foobar", "bf9cf968"))
for (known in noll) {
  h <- fnv1a(known[1])
  stopifnot(sprintf("%04x%04x", h %/% 65536, h %% 65536) == known[2])
}
texts <- c("", "a", "b", "foobar", "0", "user-1", "user-2", "ordre 17", "K\u00f8benhavn", "\u65e5\u672c", strrep("x", 1000), " ", "tab\\slash\"quote",
           "anna@example.com", "ANNA@example.com", "null", "1e9", "\U0001F600", "cart_subject", "ab")
vectors("fnv1a_32", function(strings) list(hash = list_of(vapply(values(strings), fnv1a, 0))),
        c(lapply(texts, function(s) list(strings = list_of(s))), list(list(strings = list_of(vapply(noll, `[`, "", 1))), list(strings = list_of(texts)))))

bucket <- function(seed, value, version) {
  if (version == 2) (fnv1a(sprintf("%.0f", fnv1a(paste0(seed, value)))) %% 10000) / 10000 else (fnv1a(paste0(value, seed)) %% 1000) / 1000
}
growthbook <- list(
  list("", "a", 1, 0.22), list("", "b", 1, 0.077), list("b", "a", 1, 0.946), list("ef", "d", 1, 0.652), list("asdf", "8952klfjas09ujk", 1, 0.549),
  list("", "123", 1, 0.011), list("", "___)((*\":&", 1, 0.563), list("seed", "a", 2, 0.0505), list("seed", "b", 2, 0.2696), list("foo", "ab", 2, 0.2575),
  list("foo", "def", 2, 0.2019), list("89123klj", "8952klfjas09ujkasdf", 2, 0.124), list("90850943850283058242805", "123", 2, 0.7516),
  list("()**(%$##$%#$#", "___)((*\":&", 2, 0.0128))
for (known in growthbook) stopifnot(bucket(known[[1]], known[[2]], known[[3]]) == known[[4]])
case <- function(seed, value, version) list(seed = seed, value = value, hash_version = version)
own <- c(list(case("", "", 1), case("", "", 2), case("cart_subject", "K\u00f8benhavn", 2), case("cart_subject", "K\u00f8benhavn", 1), case(strrep("s", 300), "v", 2)),
         lapply(1:3, function(i) case("cart_subject", paste0("user-", i), 2)))
together <- lapply(1:200, function(i) case("cart_subject", as.character(i), 1 + i %% 2))
vectors("growthbook_bucket", function(cases) {
  list(bucket = list_of(vapply(cases$values, function(c) bucket(c$seed, c$value, c$hash_version), 0)))
}, c(lapply(growthbook, function(k) list(cases = list_of(list(case(k[[1]], k[[2]], k[[3]]))))),
     lapply(own, function(c) list(cases = list_of(list(c)))), list(list(cases = list_of(together)))))

ranges <- function(n, coverage, weights) {
  coverage <- min(1, max(0, coverage))
  w <- if (inherits(weights, "json_array")) values(weights) else NULL
  if (length(w) != n || abs(sum(w) - 1) > 0.01) w <- rep(1 / n, n)
  start <- c(0, cumsum(w))[seq_len(n)]
  cbind(start, start + coverage * w)
}
ranged <- function(n, coverage, weights = NA) list(n = n, coverage = coverage, weights = if (is.na(weights[1])) NA else list_of(weights))
known_ranges <- list(
  list(ranged(2, 1), c(0, 0.5, 0.5, 1)), list(ranged(2, 0.5), c(0, 0.25, 0.5, 0.75)), list(ranged(2, 0), c(0, 0, 0.5, 0.5)),
  list(ranged(4, 1), c(0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1)), list(ranged(2, 1, c(0.4, 0.6)), c(0, 0.4, 0.4, 1)),
  list(ranged(3, 1, c(0.2, 0.3, 0.5)), c(0, 0.2, 0.2, 0.5, 0.5, 1)), list(ranged(3, 0.2, c(0.2, 0.3, 0.5)), c(0, 0.04, 0.2, 0.26, 0.5, 0.6)),
  list(ranged(2, -0.2), c(0, 0, 0.5, 0.5)), list(ranged(2, 1.5), c(0, 0.5, 0.5, 1)), list(ranged(2, 1, c(0.4, 0.1)), c(0, 0.5, 0.5, 1)),
  list(ranged(2, 1, c(0.7, 0.6)), c(0, 0.5, 0.5, 1)), list(ranged(4, 1, c(0.4, 0.4, 0.2)), c(0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1)),
  list(ranged(2, 1, c(0.4, 0.5999)), c(0, 0.4, 0.4, 0.9999)))
for (known in known_ranges) stopifnot(all.equal(as.vector(t(do.call(ranges, known[[1]]))), known[[2]], tolerance = 1e-12))
own_ranges <- list(ranged(1, 1), ranged(1, 0.3), ranged(3, 1), ranged(2, 0.01, c(0.9, 0.1)), ranged(2, 0.02, c(0.9, 0.1)), ranged(3, 0.5, c(0, 0.5, 0.5)),
                   ranged(10, 0.1), ranged(5, 0.75, c(0.1, 0.2, 0.3, 0.3, 0.1)))
all_ranges <- c(lapply(known_ranges, `[[`, 1), own_ranges)
vectors("bucket_ranges", function(cases) {
  list(ranges = list_of(lapply(cases$values, function(c) {
    r <- do.call(ranges, c)
    list_of(lapply(seq_len(nrow(r)), function(i) list_of(r[i, ])))
  })))
}, c(lapply(all_ranges, function(r) list(cases = list_of(list(r)))), list(list(cases = list_of(all_ranges)))))
