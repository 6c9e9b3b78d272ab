// SPDX-License-Identifier: Apache-2.0
// The checkpointer: a thread with a connection of its own that moves the WAL into the database, in passes that do not
// lock until few frames remain, then one that does, so that the WAL restarts.
#pragma once
#include "base/error.h"

typedef struct md_checkpointer md_checkpointer;
int md_checkpointer_start(md_checkpointer **out, const char *path, md_error *err);
// Wakes it now (it also looks every second).
void md_checkpointer_nudge(md_checkpointer *checkpointer);
void md_checkpointer_stop(md_checkpointer *checkpointer); // waits for the pass under way; NULL is allowed
