// SPDX-License-Identifier: Apache-2.0
// A connection that cannot be accepted for want of a descriptor is neither answered nor refused; and without one left
// no script, mail or database file can be opened. So connections are bounded below the limit of the process.
#include "cli/descriptors.h"
#include "base/log.h"
#include <dirent.h>
#include <stddef.h>
#include <sys/resource.h>

// For mail, calls, scripts, the admin socket, the database's files, and connections that are closed politely.
enum { KEPT_FREE = 192, FEWEST = 8 };

void md_descriptors_raise(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

static int64_t count_open(void) {
  int64_t count = 0;
  DIR *dir = opendir("/proc/self/fd");
  if (!dir) return 64;
  while (readdir(dir))
    count++;
  closedir(dir);
  return count;
}

int md_descriptors_connections(int64_t wanted, unsigned *out, md_error *err) {
  struct rlimit files;
  *out = (unsigned)wanted;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return 0;
  int64_t left = (int64_t)files.rlim_cur - count_open();
  int64_t room = left - (left / 2 < KEPT_FREE ? left / 2 : KEPT_FREE);
  if (room >= wanted) return 0;
  if (room < FEWEST)
    return md_error_set(err, MD_EINVAL,
                        "this process may have %lld files open, which leaves no room for connections: raise the limit "
                        "(ulimit -n; LimitNOFILE of the unit)",
                        (long long)files.rlim_cur);
  *out = (unsigned)room;
  md_log(MD_LOG_WARN, "cli", "fewer connections than max_connections: raise the limit of open files (LimitNOFILE)",
         "max_connections", md_log_int(wanted), "connections", md_log_int(room), "files",
         md_log_int((int64_t)files.rlim_cur), NULL);
  return 0;
}
