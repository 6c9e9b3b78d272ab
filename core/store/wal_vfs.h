// SPDX-License-Identifier: Apache-2.0
// A VFS for the writing connection that hands a commit's WAL frames to the disk in one write instead of two a page.
// Everything else passes through to the machine's own. Used inside store/ only; one connection each.
#pragma once
#include <sqlite3.h>

// Only for a connection that syncs each commit: frames are then written before the sync, and the sync comes before any
// other connection is told of them.
typedef struct md_wal_vfs {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  char name[40];
} md_wal_vfs;

// Makes it known under vfs->name. SQLite's code.
int md_wal_vfs_register(md_wal_vfs *vfs);
// After the connection is closed.
void md_wal_vfs_unregister(md_wal_vfs *vfs);
