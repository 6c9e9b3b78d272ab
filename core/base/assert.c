// SPDX-License-Identifier: Apache-2.0
// What happens when an assertion does not hold: a log line and, for md_require, the end of the process. Any thread.
#include "base/assert.h"
#include "base/log.h"
#include <stdlib.h>

_Noreturn void md_require_failed(const char *file, int line, const char *what) {
  md_log(MD_LOG_ERROR, "base", "requirement failed, the process ends", "error", what, "file", file, "line",
         md_log_int(line), NULL);
  abort();
}

bool md_check_failed(const char *file, int line, const char *what) {
  md_log(MD_LOG_ERROR, "base", "check failed", "error", what, "file", file, "line", md_log_int(line), NULL);
  return false;
}
