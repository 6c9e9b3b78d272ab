// SPDX-License-Identifier: Apache-2.0
// fnv1a_32, growthbook_bucket and bucket_ranges as methods.
#include "stats/buckets.h"
#include "stats/families.h"
#include <math.h>

enum { TEXTS_MAX = 50000, CASES_MAX = 20000, DIVISIONS_MAX = 500, ARMS_MAX = 100 };

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory");
}

typedef struct numbers {
  const char *why;
  md_stats_list values;
} numbers;

typedef struct strings_in {
  md_stats_rows strings;
} strings_in;

static int run_fnv1a_32(const void *in, void *out, md_arena *arena, md_error *err) {
  const strings_in *from = in;
  const md_stats_text *texts = from->strings.at;
  double *hashes = md_arena_alloc(arena, from->strings.count * sizeof *hashes);
  if (!hashes) return no_memory(err);
  for (size_t i = 0; i < from->strings.count; i++)
    hashes[i] = md_fnv1a_32(texts[i].bytes, texts[i].len);
  ((numbers *)out)->values = (md_stats_list){hashes, from->strings.count};
  return 0;
}

static const md_stats_field fnv1a_32_in[] = {
    MD_IN_LIST(strings_in, strings, TEXT, "text", "what is hashed, as UTF-8", .longest = TEXTS_MAX), {0}};
static const md_stats_field fnv1a_32_out[] = {{.name = "hash",
                                               .type = MD_STATS_COUNT,
                                               .list = true,
                                               .offset = offsetof(numbers, values),
                                               .unit = "unsigned 32-bit numbers",
                                               .meaning = "the hash of each"},
                                              {0}};

typedef struct bucket_case {
  md_stats_text seed, value;
  double hash_version;
} bucket_case;

typedef struct cases_in {
  md_stats_rows cases;
} cases_in;

static int run_growthbook_bucket(const void *in, void *out, md_arena *arena, md_error *err) {
  const cases_in *from = in;
  const bucket_case *cases = from->cases.at;
  double *buckets = md_arena_alloc(arena, from->cases.count * sizeof *buckets);
  if (!buckets) return no_memory(err);
  for (size_t i = 0; i < from->cases.count; i++)
    buckets[i] = md_growthbook_bucket(cases[i].seed.bytes, cases[i].seed.len, cases[i].value.bytes, cases[i].value.len,
                                      (int)cases[i].hash_version);
  ((numbers *)out)->values = (md_stats_list){buckets, from->cases.count};
  return 0;
}

static const md_stats_field bucket_case_members[] = {
    MD_IN(bucket_case, seed, TEXT, "text", "the experiment's seed"),
    MD_IN(bucket_case, value, TEXT, "text", "whom it concerns: a person's id"),
    MD_IN(bucket_case, hash_version, COUNT, "version", "2, or 1 for experiments of old", .least = 1, .most = 2),
    {0}};
static const md_stats_field growthbook_bucket_in[] = {
    MD_IN_LIST(cases_in, cases, OBJECT, "cases", "what is put into a bucket", .members = bucket_case_members,
               .size = sizeof(bucket_case), .longest = CASES_MAX),
    {0}};
static const md_stats_field growthbook_bucket_out[] = {{.name = "bucket",
                                                        .type = MD_STATS_REAL,
                                                        .list = true,
                                                        .offset = offsetof(numbers, values),
                                                        .unit = "from 0 to below 1",
                                                        .meaning = "the bucket of each case"},
                                                       {0}};

typedef struct range_case {
  double n, coverage;
  md_stats_list weights;
} range_case;

typedef struct ranges_out {
  const char *why;
  md_stats_rows ranges; // of md_stats_list, pairs
} ranges_out;

static int run_bucket_ranges(const void *in, void *out, md_arena *arena, md_error *err) {
  const cases_in *from = in;
  const range_case *cases = from->cases.at;
  md_stats_list *lists = md_arena_alloc(arena, from->cases.count * sizeof *lists);
  if (!lists) return no_memory(err);
  for (size_t i = 0; i < from->cases.count; i++) {
    size_t n = (size_t)cases[i].n;
    md_bucket_range *ranges = md_arena_alloc(arena, n * sizeof *ranges);
    if (!ranges) return no_memory(err);
    md_bucket_ranges(n, cases[i].coverage, cases[i].weights.at, cases[i].weights.count, ranges);
    lists[i] = (md_stats_list){&ranges->from, 2 * n};
  }
  ((ranges_out *)out)->ranges = (md_stats_rows){lists, from->cases.count};
  return 0;
}

static const md_stats_field range_case_members[] = {
    MD_IN(range_case, n, COUNT, "arms", "how many arms", .least = 1, .most = ARMS_MAX),
    MD_IN(range_case, coverage, REAL, "share", "of all people, who takes part; held within 0 and 1"),
    MD_IN_LIST(range_case, weights, REAL, "share", "of each arm; bad ones count as equal", .optional = true,
               .nullable = true, .otherwise = "equal", .longest = ARMS_MAX),
    {0}};
static const md_stats_field bucket_ranges_in[] = {MD_IN_LIST(cases_in, cases, OBJECT, "cases", "what is divided",
                                                             .members = range_case_members, .size = sizeof(range_case),
                                                             .longest = DIVISIONS_MAX),
                                                  {0}};
static const md_stats_field bucket_ranges_out[] = {
    {.name = "ranges",
     .type = MD_STATS_PAIRS,
     .list = true,
     .offset = offsetof(ranges_out, ranges),
     .unit = "from 0 to 1",
     .meaning = "of each case the arms' ranges, their ends not included"},
    {0}};

const md_stats_method md_stats_bucket_methods[] = {
    {"fnv1a_32", "Hash texts with FNV-1a, 32 bits", "Fowler, Noll, Vo 1991", fnv1a_32_in, fnv1a_32_out,
     sizeof(strings_in), sizeof(numbers), run_fnv1a_32},
    {"growthbook_bucket", "Put people into buckets as GrowthBook's SDKs do", "GrowthBook SDK specification, hashing",
     growthbook_bucket_in, growthbook_bucket_out, sizeof(cases_in), sizeof(numbers), run_growthbook_bucket},
    {"bucket_ranges", "Divide the buckets among an experiment's arms", "GrowthBook SDK specification, getBucketRanges",
     bucket_ranges_in, bucket_ranges_out, sizeof(cases_in), sizeof(ranges_out), run_bucket_ranges},
    {0}};
