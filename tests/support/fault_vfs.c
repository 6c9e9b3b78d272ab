// SPDX-License-Identifier: Apache-2.0
// A VFS for SQLite that passes everything on but the operation that is to fail.
#include "fault_vfs.h"
#include <sqlite3.h>
#include <stdlib.h>

typedef struct fault_file {
  sqlite3_file base;
  sqlite3_file *real; // follows in the same memory
} fault_file;

static struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  fault_kind kind;
  int countdown; // 0: disarmed
  bool forever, given;
} fault;

static bool strikes(bool sync) {
  if (!fault.countdown || sync != (fault.kind == FAULT_SYNC)) return false;
  if (fault.countdown > 1) {
    fault.countdown--;
    return false;
  }
  if (!fault.forever) fault.countdown = 0;
  fault.given = true;
  return true;
}

static int write_failure(void) {
  return fault.kind == FAULT_WRITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static sqlite3_file *real_of(sqlite3_file *file) {
  return ((fault_file *)file)->real;
}

static int close_file(sqlite3_file *file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}
static int read_file(sqlite3_file *file, void *out, int len, sqlite3_int64 at) {
  return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}
static int write_file(sqlite3_file *file, const void *data, int len, sqlite3_int64 at) {
  if (strikes(false)) return write_failure();
  return real_of(file)->pMethods->xWrite(real_of(file), data, len, at);
}
static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
  if (strikes(false)) return write_failure();
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int sync_file(sqlite3_file *file, int flags) {
  if (strikes(true)) return SQLITE_IOERR_FSYNC;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
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
static int control(sqlite3_file *file, int op, void *arg) {
  return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}
static int sector_size(sqlite3_file *file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int characteristics(sqlite3_file *file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
static int shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
static void shm_barrier(sqlite3_file *file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int shm_unmap(sqlite3_file *file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  (void)vfs;
  fault_file *self = (fault_file *)file;
  self->real = (sqlite3_file *)(self + 1);
  int rc = fault.real->xOpen(fault.real, name, self->real, flags, out_flags);
  self->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
  return rc;
}

void fault_vfs_install(void) {
  fault.real = sqlite3_vfs_find(NULL);
  if (!fault.real) abort();
  fault.vfs = *fault.real;
  fault.vfs.zName = "fault";
  fault.vfs.pNext = NULL;
  fault.vfs.szOsFile = (int)sizeof(fault_file) + fault.real->szOsFile;
  fault.vfs.xOpen = open_file;
  if (sqlite3_vfs_register(&fault.vfs, 1) != SQLITE_OK) abort();
}

void fault_vfs_remove(void) {
  sqlite3_vfs_unregister(&fault.vfs);
  sqlite3_vfs_register(fault.real, 1);
}

void fault_vfs_arm(fault_kind kind, int countdown, bool forever) {
  fault.kind = kind;
  fault.countdown = countdown;
  fault.forever = forever;
  fault.given = false;
}

bool fault_vfs_disarm(void) {
  fault.countdown = 0;
  return fault.given;
}
