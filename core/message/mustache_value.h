// SPDX-License-Identifier: Apache-2.0
// JSON values as Mustache sees them: looked up, true or false, as text. Pure; any thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct md_mustache_frame {
  const json_t *value;
  const struct md_mustache_frame *below;
} md_mustache_frame;

// What `name` ("a.b.c", or "." for the top) stands for, or NULL: the first frame from the top whose object has the
// name's first part decides; the others are looked for in it alone.
const json_t *md_mustache_lookup(const md_mustache_frame *top, const char *name);

// False for NULL, null, false, 0, "", [] and {}.
bool md_mustache_truthy(const json_t *value);

enum { MD_MUSTACHE_NUMBER_SIZE = 32 };

// A scalar as text (numbers in shortest form, into `buf`); "" for null, NULL for a list or an object.
const char *md_mustache_text(const json_t *value, char buf[static MD_MUSTACHE_NUMBER_SIZE], size_t *len);
