// SPDX-License-Identifier: Apache-2.0
// How a secret of an event, or of an answer to a call, stands in data in memory: as a mark that says where its value is
// to be found, never as the value itself (X1). A mark is a JSON text that begins with a NUL byte, which neither a
// parsed text nor one of a script can have, so that nobody can forge one; as a C string it is empty. Pure; any thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// What stands for a secret wherever people look (X2).
#define MD_SECRET_SHOWN "[secret]"

// Whose secret it is: the seq of an event, or below 0 the id of a call, as here.
int64_t md_secret_of_call(int64_t id);
int64_t md_secret_call(int64_t owner); // and back

// The mark of what this owner has at `path` below data, or in the answer ("reset.link"). NULL when out of memory.
json_t *md_secret_mark(int64_t owner, const char *path);
bool md_secret_is(const json_t *value);
// Takes a mark apart; `path` points into it. False for what is none.
bool md_secret_read(const json_t *mark, int64_t *owner, const char **path);
// What is written in place of a mark: { event or call, path }. NULL when out of memory, or for what is no mark.
json_t *md_secret_reference(const json_t *mark);
// Whose secret a reference is to; 0 for what is none.
int64_t md_secret_owner(const json_t *reference);
