// SPDX-License-Identifier: Apache-2.0
// JSON by jansson, with all of jansson's memory in an arena. Every json_t belongs to the arena that was in scope on its
// thread when it was made, and dies with it; json_decref is allowed and frees nothing. Using jansson on a thread with
// no arena in scope is a bug (md_require). A tree may be handed to another thread together with its arena.
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include <jansson.h>

enum { MD_JSON_DEPTH = 64 }; // E2, S9

// Installs the allocator and seeds jansson's hash. Once, before any thread is started.
void md_json_init(void);

// Puts `arena` in scope for this thread and returns the one that was (may be NULL); put it back when done.
md_arena *md_json_scope(md_arena *arena);

// Parses one JSON text: duplicate keys, depth over MD_JSON_DEPTH, NUL in strings and anything after the value are
// refused. In scope: an arena. Returns NULL and fills `err` with "line L, column C: what" (MD_ESYNTAX or MD_ENOMEM).
// `any` allows scalars at the root; without it the root must be an object or array.
json_t *md_json_parse(const char *text, size_t len, bool any, md_error *err);

// The same without `any`, but whole numbers are read as doubles too, and may have as many digits as they like.
json_t *md_json_parse_reals(const char *text, size_t len, md_error *err);

// Appends `value` as canonical JSON: keys sorted bytewise, no white space, doubles in their shortest form that reads
// back exactly (1.0 stays "1.0"), UTF-8 as it is, control characters escaped. A tree nested more than 4 * MD_JSON_DEPTH
// deep fails the buffer.
void md_json_write(md_buffer *out, const json_t *value);

// Appends a JSON string with its quotes.
void md_json_write_string(md_buffer *out, const char *text, size_t len);

// What stands at `path` ("a.b.c": object members only), or NULL.
json_t *md_json_at(const json_t *root, const char *path);

// The text of a member, or NULL when it is missing or no string.
const char *md_json_text(const json_t *object, const char *name);

// Writes the shortest decimal text of `number` that reads back exactly (always with '.', 'e' or both, C locale).
size_t md_double_format(double number, char buf[static 32]);
