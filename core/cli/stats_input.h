// SPDX-License-Identifier: Apache-2.0
// Reads the input of `momentd stats`: one JSON text, looked at while it comes in, so that a list is refused as soon as
// it is longer than its method takes, and a number that JSON or a double does not have with its field's name. One
// thread.
#pragma once
#include "base/buffer.h"
#include "base/error.h"
#include "stats/method.h"

enum { MD_STATS_INPUT_MAX = 64 << 20 }; // bytes

// Appends what `fd` has until its end. MD_EINVAL with one line that begins with the field's name; MD_EIO, MD_ENOMEM.
int md_stats_input_read(int fd, const md_stats_method *method, md_buffer *out, md_error *err);
