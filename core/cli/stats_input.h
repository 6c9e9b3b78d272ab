// SPDX-License-Identifier: Apache-2.0
// Reads the input of `momentd stats`: one JSON text, looked at while it comes in, so that a list without end is refused
// before it fills the memory, and a number that JSON does not have with its field's name. One thread.
#pragma once
#include "base/buffer.h"
#include "base/error.h"

enum { MD_STATS_INPUT_MAX = 64 << 20 }; // bytes

// Appends what `fd` has until its end. MD_EINVAL with one line that begins with the field's name; MD_EIO, MD_ENOMEM.
int md_stats_input_read(int fd, md_buffer *out, md_error *err);
