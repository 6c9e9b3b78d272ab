// SPDX-License-Identifier: Apache-2.0
// For tests of the statistics: numbers that agree to a relative error.
#pragma once
#include <math.h>

#define assert_within(value, wanted, error)                                                                            \
  do {                                                                                                                 \
    double value_ = (value), wanted_ = (wanted);                                                                       \
    if (!(fabs(value_ - wanted_) <= (error)*fabs(wanted_)))                                                            \
      fail_msg("%s:%d: %s is %.17g, not %.17g", __FILE__, __LINE__, #value, value_, wanted_);                          \
  } while (0)
// As a table prints it: to its last digit.
#define assert_printed(value, wanted, digits)                                                                          \
  do {                                                                                                                 \
    double value_ = (value), wanted_ = (wanted);                                                                       \
    if (!(fabs(value_ - wanted_) <= 0.5000001 * pow(10, -(digits))))                                                   \
      fail_msg("%s:%d: %s is %.17g, not %g", __FILE__, __LINE__, #value, value_, wanted_);                             \
  } while (0)
#define assert_near(value, wanted) assert_within(value, wanted, 1e-9)
#define assert_missing(value) assert_true(isnan(value))
