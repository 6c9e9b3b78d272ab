// SPDX-License-Identifier: Apache-2.0
// How a secret of an event stands in data in memory: as a mark that says where its value is to be found, never as the
// value itself (X1). A mark is a JSON text that begins with a NUL byte, which neither a parsed text nor one of a script
// can have, so that nobody can forge one; as a C string it is empty. Pure; any thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// What stands for a secret wherever people look (X2).
#define MD_SECRET_SHOWN "[secret]"

// The mark of what the event with this seq has at `path` below data ("reset.link"). NULL when out of memory.
json_t *md_secret_mark(int64_t event, const char *path);
bool md_secret_is(const json_t *value);
// Takes a mark apart; `path` points into it. False for what is none.
bool md_secret_read(const json_t *mark, int64_t *event, const char **path);
