// SPDX-License-Identifier: Apache-2.0
// The lock of the one writer, by flock(2) on a file beside the database that stays when it is released.
#include "store/lock.h"
#include "base/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static long holder(int fd) {
  char text[24] = {0};
  return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

// Who holds it is a help for people, no more: failing to write it is no failure.
static void note_holder(int fd) {
  char text[24];
  int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len) errno = 0;
}

static int lock_file(const char *path, const char *database, int *out, md_error *err) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return md_error_set(err, MD_EIO, "%s: cannot be opened: %s", path, strerror(errno));
  if (flock(fd, LOCK_EX | LOCK_NB)) {
    int code = errno == EWOULDBLOCK
                   ? md_error_set(err, MD_EBUSY, "%s is in use by process %ld: stop it, or open the file for reading",
                                  database, holder(fd))
                   : md_error_set(err, MD_EIO, "%s: cannot be locked: %s", path, strerror(errno));
    close(fd);
    return code;
  }
  note_holder(fd);
  *out = fd;
  return 0;
}

int md_lock_take(const char *database, int *fd, md_error *err) {
  char real[PATH_MAX];
  if (!realpath(database, real))
    return md_error_set(err, MD_EIO, "%s: its real path cannot be found: %s", database, strerror(errno));
  size_t size = strlen(real) + sizeof ".lock";
  char *path = md_alloc(size);
  if (!path) return md_error_set(err, MD_ENOMEM, "out of memory while opening %s", database);
  snprintf(path, size, "%s.lock", real);
  int code = lock_file(path, database, fd, err);
  md_free(path);
  return code;
}

void md_lock_release(int fd) {
  if (fd >= 0) close(fd);
}
