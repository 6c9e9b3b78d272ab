// SPDX-License-Identifier: Apache-2.0
// Gathers what is written to the end of the WAL until it is synced, read, or something else is done with it.
#include "store/wal_vfs.h"
#include "base/alloc.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// SQLite's unix VFS writes at most 131,071 bytes at once.
enum { GATHERED_MAX = 1 << 20, WRITTEN_AT_ONCE = 64 << 10 };

typedef struct wal_file {
  sqlite3_file base;
  sqlite3_file *real; // follows in the same memory
  char *gathered;
  sqlite3_int64 at; // where it belongs
  int len, room;
} wal_file;

static sqlite3_file *real_of(sqlite3_file *file) {
  return ((wal_file *)file)->real;
}

// What could not be written is forgotten: the transaction fails and its frames count for nothing.
static int flush(wal_file *wal) {
  int rc = SQLITE_OK;
  for (int done = 0; done < wal->len && rc == SQLITE_OK; done += WRITTEN_AT_ONCE) {
    int len = wal->len - done < WRITTEN_AT_ONCE ? wal->len - done : WRITTEN_AT_ONCE;
    rc = wal->real->pMethods->xWrite(wal->real, wal->gathered + done, len, wal->at + done);
  }
  wal->len = 0;
  return rc;
}

static bool make_room(wal_file *wal, int len) {
  int room = wal->room ? wal->room : 64 << 10;
  while (room < len)
    room *= 2;
  if (room == wal->room) return true;
  char *grown = room <= GATHERED_MAX ? md_realloc(wal->gathered, (size_t)room) : NULL;
  if (!grown) return false;
  wal->gathered = grown;
  wal->room = room;
  return true;
}

static int write_file(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
  wal_file *wal = (wal_file *)file;
  bool next = wal->len == 0 || at == wal->at + wal->len;
  if (!next || !make_room(wal, wal->len + len)) {
    int rc = flush(wal);
    if (rc != SQLITE_OK) return rc;
    if (!make_room(wal, len)) return wal->real->pMethods->xWrite(wal->real, data, len, at);
  }
  if (wal->len == 0) wal->at = at;
  memcpy(wal->gathered + wal->len, data, (size_t)len);
  wal->len += len;
  return SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *out, int len, sqlite3_int64 at) {
  wal_file *wal = (wal_file *)file;
  int rc = at + len > wal->at ? flush(wal) : SQLITE_OK;
  return rc == SQLITE_OK ? wal->real->pMethods->xRead(wal->real, out, len, at) : rc;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
  int rc = flush((wal_file *)file);
  return rc == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : rc;
}

static int sync_file(sqlite3_file *file, int flags) {
  int rc = flush((wal_file *)file);
  return rc == SQLITE_OK ? real_of(file)->pMethods->xSync(real_of(file), flags) : rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  int rc = flush((wal_file *)file);
  return rc == SQLITE_OK ? real_of(file)->pMethods->xFileSize(real_of(file), size) : rc;
}

static int close_file(sqlite3_file *file) {
  wal_file *wal = (wal_file *)file;
  int flushed = flush(wal), closed = wal->real->pMethods->xClose(wal->real);
  md_free(wal->gathered);
  wal->gathered = NULL;
  return flushed == SQLITE_OK ? closed : flushed;
}

static int lock_file(sqlite3_file *file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock(sqlite3_file *file, int *out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int what, void *argument) {
  int rc = flush((wal_file *)file);
  return rc == SQLITE_OK ? real_of(file)->pMethods->xFileControl(real_of(file), what, argument) : rc;
}

static int sector_size(sqlite3_file *file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

// Version 1: the WAL itself has no shared memory and is not mapped.
static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = close_file,
                                           .xRead = read_file,
                                           .xWrite = write_file,
                                           .xTruncate = truncate_file,
                                           .xSync = sync_file,
                                           .xFileSize = file_size,
                                           .xLock = lock_file,
                                           .xUnlock = unlock_file,
                                           .xCheckReservedLock = check_lock,
                                           .xFileControl = file_control,
                                           .xSectorSize = sector_size,
                                           .xDeviceCharacteristics = characteristics};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  sqlite3_vfs *real = ((md_wal_vfs *)vfs)->real;
  if (!(flags & SQLITE_OPEN_WAL)) return real->xOpen(real, name, file, flags, out_flags);
  wal_file *wal = (wal_file *)file;
  *wal = (wal_file){.real = (sqlite3_file *)(wal + 1)};
  int rc = real->xOpen(real, name, wal->real, flags, out_flags);
  wal->base.pMethods = wal->real->pMethods ? &methods : NULL;
  return rc;
}

int md_wal_vfs_register(md_wal_vfs *vfs) {
  sqlite3_vfs *real = sqlite3_vfs_find(NULL);
  if (!real) return SQLITE_ERROR;
  *vfs = (md_wal_vfs){.vfs = *real, .real = real};
  snprintf(vfs->name, sizeof vfs->name, "momentd-%p", (void *)vfs);
  vfs->vfs.zName = vfs->name;
  vfs->vfs.pNext = NULL;
  vfs->vfs.szOsFile = real->szOsFile + (int)sizeof(wal_file);
  vfs->vfs.xOpen = open_file;
  return sqlite3_vfs_register(&vfs->vfs, 0);
}

void md_wal_vfs_unregister(md_wal_vfs *vfs) {
  if (vfs->real) sqlite3_vfs_unregister(&vfs->vfs);
  vfs->real = NULL;
}
