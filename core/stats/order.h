// SPDX-License-Identifier: Apache-2.0
// The order of a few independent random numbers: which is the highest, which the second, how much is lost by another
// choice. One grid for all, on which each density is tabulated and its tails are summed from both ends. Private to this
// room. Pure; any thread.
#pragma once
#include "base/arena.h"
#include <stddef.h>

typedef struct md_order_arm {
  double (*log_density)(double x, const void *context); // concave
  const void *context;
  double mode, scale; // where it is highest, and about how wide
  double detail;      // a length on which it bends near its mode, however far its tails reach; INFINITY: as they do
} md_order_arm;

typedef struct md_order {
  size_t arms, nodes;
  const double *at, *weight;             // nodes
  const double *density, *below, *above; // [node * arms + arm]
} md_order;

// Tabulates into `arena`; 0 or MD_ENOMEM.
int md_order_init(md_order *order, const md_order_arm *arms, size_t count, md_arena *arena);
// P(arm i is the highest); P(arm i is the second from above). (Order statistics of independent variables that differ:
// David, Nagaraja 2003, section 5.2.)
void md_order_best(const md_order *order, double *out);
void md_order_second(const md_order *order, double *out);
// E[g(max of all) - g(arm i)], where `slope` is the derivative of g. (By parts from the same.)
void md_order_loss(const md_order *order, double (*slope)(double x), double *out);
