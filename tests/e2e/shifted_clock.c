// SPDX-License-Identifier: Apache-2.0
// Preloaded into a daemon: its wall clock is as many seconds off as the file SHIFTED_CLOCK says (8 bytes), at any
// moment.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static int64_t *seconds;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SHIFTED_CLOCK");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *seconds, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) abort();
  seconds = at;
}

int clock_gettime(clockid_t id, struct timespec *out) {
  static int (*real)(clockid_t, struct timespec *); // other libraries ask before `begin`
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(id, out);
  if (id == CLOCK_REALTIME && seconds) out->tv_sec += __atomic_load_n(seconds, __ATOMIC_RELAXED);
  return code;
}
