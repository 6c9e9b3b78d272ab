// SPDX-License-Identifier: Apache-2.0
// What scripts find, described for the Lua language server: made from the lists that the bindings register and from the
// options that steps take, each with its types from a table here. Pure.
#pragma once
#include "base/buffer.h"
#include "base/error.h"

// Appends a ---@meta file. MD_ENOTFOUND names a function or an option that the tables know nothing of, or one in them
// that is bound nowhere.
int md_annotations_write(md_buffer *out, md_error *err);
