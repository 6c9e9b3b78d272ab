// SPDX-License-Identifier: Apache-2.0
// The methods of the statistics by name: tables of their fields, from which input is decoded and checked, output is
// encoded, and help and pages are made. The numerics are plain C functions beside it (proportions.h, means.h …), which
// know nothing of JSON. Pure; any thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// What a field holds. In a list (`list`), the C value is a md_stats_list (numbers) or md_stats_rows (all others).
typedef enum md_stats_type {
  MD_STATS_COUNT,  // double: a whole number; from 0 to 2^53 unless the field says otherwise
  MD_STATS_REAL,   // double: finite; within `least` and `most` where these differ
  MD_STATS_BOOL,   // bool
  MD_STATS_WORD,   // int: the place in `words`
  MD_STATS_TEXT,   // md_stats_text
  MD_STATS_ARM,    // md_arm (moments.h): {n, sum, sum_squares}, or {n, x} for successes
  MD_STATS_OBJECT, // a struct of `size` bytes with `members`
  MD_STATS_PAIRS,  // output only: md_stats_list of pairs, written as [[from, to], …]
} md_stats_type;

typedef struct md_stats_list {
  const double *at;
  size_t count;
} md_stats_list;

typedef struct md_stats_text {
  const char *bytes; // UTF-8
  size_t len;
} md_stats_text;

typedef struct md_stats_rows {
  const void *at; // as many structs of the field's size
  size_t count;
} md_stats_rows;

typedef struct md_stats_field md_stats_field;
struct md_stats_field {
  const char *name; // NULL ends a table
  md_stats_type type;
  bool list;
  bool open;             // the bounds themselves are not allowed
  bool optional;         // may be missing; `otherwise` says what holds then
  bool nullable;         // null is as good as missing
  size_t offset;         // of the value in the method's struct
  const char *unit;      // "subjects", "share", "of the values" …
  const char *meaning;   // one line
  const char *otherwise; // the default as text; numbers are read from it
  double least, most;
  const char *at_most;      // a number: the field of the same object that it must not exceed, item by item
  const char *as_many_as;   // a list: the field of the same object that must be as long
  size_t shortest, longest; // a list: how many items (0: one, and MD_STATS_VALUES_MAX)
  const char *const *words; // NULL-terminated
  const md_stats_field *members;
  size_t size;
};

// Lists of subjects' values are taken up to this length, if the field names no other.
enum { MD_STATS_VALUES_MAX = 1000000 };

size_t md_stats_longest(const md_stats_field *list); // how many items the list may have

// What an arm's object may have: {n, sum, sum_squares} or {n, x}. Ends with an entry without a name.
extern const md_stats_field md_stats_arm_fields[];

// Computes `out` from `in`; `arena` is for what lists point to and for scratch. MD_EINVAL with a text that begins with
// the field's name and a colon, or MD_ENOMEM. `out` is cleared before. Its numbers that do not exist are NaN, and its
// first member, `const char *why`, then says why.
typedef int (*md_stats_run)(const void *in, void *out, md_arena *arena, md_error *err);

typedef struct md_stats_method {
  const char *name; // NULL ends a table
  const char *summary;
  const char *source; // author, year, equation
  const md_stats_field *in, *out;
  size_t in_size, out_size;
  md_stats_run run;
} md_stats_method;

// All methods in the order of their page; NULL past the last.
const md_stats_method *md_stats_method_at(size_t index);
const md_stats_method *md_stats_method_find(const char *name); // NULL: there is none
// The name nearest to a wrong one, or NULL.
const char *md_stats_method_nearest(const char *wrong);

// Runs one method on a JSON object. On success 0 and `*out` is a new object, in the arena in scope (base/json.h), with
// every field of the method's output, and `why` where one of them is null. MD_ENOTFOUND: no such method. MD_EINVAL: one
// line that names the field and the rule. MD_ENOMEM.
int md_stats_call(const char *name, const json_t *in, json_t **out, md_error *err);
