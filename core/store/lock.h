// SPDX-License-Identifier: Apache-2.0
// The lock of the one writer: `<database>.lock` at the real path of a database that is there, held by the open file, so
// that a killed process leaves nothing behind.
#pragma once
#include "base/error.h"

// Answers the descriptor to keep in `*fd`; MD_EBUSY, with the other's process id, when it is held.
int md_lock_take(const char *database, int *fd, md_error *err);
void md_lock_release(int fd); // -1 is allowed
