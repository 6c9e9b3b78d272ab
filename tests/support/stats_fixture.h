// SPDX-License-Identifier: Apache-2.0
// For tests of the statistics: methods called by name with JSON as printf writes it, their numbers, and a small source
// of randomness with fixed seeds. One thread.
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdint.h>

// cmocka's group setup and teardown: an arena in scope for all JSON of the test.
int stats_setup(void **state);
int stats_teardown(void **state);
// Forgets all JSON made so far; for loops.
void stats_forget(void);

// Runs the method on the JSON object that `format` makes; fails the test when it is refused.
json_t *stats_ask(const char *method, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same, for input that must be refused; answers the error's text.
const char *stats_refusal(const char *method, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A number of the output, or an item of a list of it; fails the test when it is none.
double stats_number(const json_t *out, const char *field);
double stats_item(const json_t *out, const char *field, size_t index);
// Fails the test unless |got - wanted| <= within.
void stats_near(double got, double wanted, double within);

// Randomness: splitmix64 (Steele, Lea, Flood 2014).
typedef struct stats_random {
  uint64_t state;
} stats_random;

double stats_uniform(stats_random *r); // in [0, 1)
double stats_normal(stats_random *r);  // standard normal, by Box and Muller
int stats_binomial(stats_random *r, int n, double p);
