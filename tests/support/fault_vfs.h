// SPDX-License-Identifier: Apache-2.0
// A VFS for SQLite over the machine's own that fails the Nth write or sync on command.
#pragma once
#include <stdbool.h>

typedef enum fault_kind {
  FAULT_WRITE_IOERR, // xWrite and xTruncate answer SQLITE_IOERR_WRITE
  FAULT_WRITE_FULL,  // they answer SQLITE_FULL
  FAULT_SYNC,        // xSync answers SQLITE_IOERR_FSYNC
} fault_kind;

// Makes it the default of every connection opened from now on.
void fault_vfs_install(void);
void fault_vfs_remove(void);
// The `countdown`-th operation of the kind from now fails (1: the next), once or from then on.
void fault_vfs_arm(fault_kind kind, int countdown, bool forever);
// Disarms; true when a fault was given since it was armed.
bool fault_vfs_disarm(void);
