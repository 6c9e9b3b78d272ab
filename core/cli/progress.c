// SPDX-License-Identifier: Apache-2.0
// Shows the progress of an ingest.
#include "cli/progress.h"
#include "cli/output.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { TOLD_MAX = 100 };

static md_micros now(void) {
  md_clock *clock = md_clock_real();
  return clock->monotonic(clock);
}

void md_progress_begin(md_progress *progress, bool quiet) {
  *progress = (md_progress){.started = now(), .tty = isatty(STDERR_FILENO), .quiet = quiet};
  progress->shown = progress->started;
}

static void print(md_progress *progress, const char *end) {
  double seconds = (double)(now() - progress->started) / 1e6;
  fprintf(stderr, "%s%" PRId64 " events, %.0f a second", progress->tty ? "\r\033[K" : "", progress->lines,
          seconds > 0 ? (double)progress->lines / seconds : 0.0);
  if (progress->refused || progress->conflicts)
    fprintf(stderr, ", %" PRId64 " refused", progress->refused + progress->conflicts);
  fputs(end, stderr);
  progress->pending = end[0] == '\0';
}

void md_progress_show(md_progress *progress) {
  md_micros at = now();
  if (progress->quiet || at - progress->shown < (progress->tty ? MD_SECOND / 5 : 5 * MD_SECOND)) return;
  progress->shown = at;
  print(progress, progress->tty ? "" : "\n");
}

static void tell(md_progress *progress, int64_t line, const char *why) {
  if (progress->pending) fputc('\n', stderr);
  progress->pending = false;
  if (progress->told < TOLD_MAX) md_print_error("line %" PRId64 ": %s\n", line, why);
  if (progress->told == TOLD_MAX) fputs("… and more lines, which are only counted\n", stderr);
  progress->told++;
}

void md_progress_refuse(md_progress *progress, int64_t line, const char *why) {
  progress->refused++;
  tell(progress, line, why);
}

void md_progress_conflict(md_progress *progress, int64_t line, const char *why) {
  progress->conflicts++;
  tell(progress, line, why);
}

void md_progress_end(md_progress *progress) {
  if (!progress->quiet) print(progress, "\n");
}
