// SPDX-License-Identifier: Apache-2.0
// The mapped note and the thread that looks at it.
#include "engine/watch.h"
#include "base/alloc.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS = 4, PATH_MAX_BYTES = 4096 }; // looks a limit

#define MAGIC UINT64_C(0x6d64747572303031)

// What the file holds. Only the process that made it reads it back, or the next one on the same machine.
typedef struct page {
  uint64_t magic;
  uint64_t turn;   // of this process, counted
  uint32_t active; // a turn is under way
  uint32_t stuck;  // the watchdog ended the process: the low bits of `turn` in which it did
  md_watch_note note, suspect;
} page;

struct md_watch {
  page *page;
  md_micros limit;
  bool running, stopping, held;
  md_watch_note before;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
};

static bool same(const md_watch_note *a, const md_watch_note *b) {
  return a->version == b->version && a->event == b->event && a->run == b->run;
}

static uint32_t mark_of(uint64_t turn) {
  return (uint32_t)turn ? (uint32_t)turn : 1;
}

// What the process before left.
static void read_note(md_watch *watch) {
  page *at = watch->page;
  if (at->magic == MAGIC && at->active) {
    at->note.moment[sizeof at->note.moment - 1] = at->note.event_id[sizeof at->note.event_id - 1] = 0;
    watch->held = (at->stuck && at->stuck == mark_of(at->turn)) || same(&at->note, &at->suspect);
    watch->before = at->note;
    at->suspect = at->note;
  }
  if (at->magic != MAGIC) memset(at, 0, sizeof *at);
  at->magic = MAGIC;
  at->active = at->stuck = 0;
}

// The turn may end all the same before the process does, and another begin: that one is not held back, as its number is
// another. Which turn it was is read and said by the next start: its note is the engine's thread's.
static void end_process(md_watch *watch, uint64_t turn) {
  watch->page->stuck = mark_of(turn);
  md_log(MD_LOG_ERROR, "engine", "a turn does not end: the process ends, and the next start holds the turn back", NULL);
  _exit(MD_WATCH_EXIT);
}

static void sleep_for(md_watch *watch, md_micros span) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t nanoseconds = until.tv_nsec + span % MD_SECOND * 1000;
  until.tv_sec += span / MD_SECOND + nanoseconds / 1000000000;
  until.tv_nsec = nanoseconds % 1000000000;
  if (!watch->stopping) pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
}

// Counts looks that find the same turn, not the clock: a process that was halted and goes on has lost nothing.
static void *look(void *context) {
  md_watch *watch = context;
  uint64_t seen = 0;
  int looks = 0;
  pthread_mutex_lock(&watch->mutex);
  while (!watch->stopping) {
    sleep_for(watch, watch->limit / LOOKS);
    uint64_t turn = __atomic_load_n(&watch->page->turn, __ATOMIC_ACQUIRE);
    bool same_turn = __atomic_load_n(&watch->page->active, __ATOMIC_ACQUIRE) && turn == seen;
    looks = same_turn ? looks + 1 : 0;
    seen = turn;
    if (looks >= LOOKS && !watch->stopping) end_process(watch, seen);
  }
  pthread_mutex_unlock(&watch->mutex);
  return NULL;
}

static int map_file(md_watch *watch, const char *db, md_error *err) {
  char path[PATH_MAX_BYTES];
  if (snprintf(path, sizeof path, "%s.turn", db) >= (int)sizeof path)
    return md_error_set(err, MD_EINVAL, "%s: the path is too long", db);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool sized = fd >= 0 && ftruncate(fd, sizeof *watch->page) == 0;
  void *memory = sized ? mmap(NULL, sizeof *watch->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  int code = memory == MAP_FAILED ? md_error_set(err, MD_EIO, "%s cannot be mapped: %s", path, strerror(errno)) : 0;
  if (fd >= 0) close(fd);
  if (!code) watch->page = memory;
  return code;
}

static int start_thread(md_watch *watch, md_error *err) {
  if (!watch->limit) return 0;
  int failed = pthread_create(&watch->thread, NULL, look, watch);
  watch->running = !failed;
  return failed ? md_error_set(err, MD_EIO, "the watchdog cannot be started: %s", strerror(failed)) : 0;
}

int md_watch_open(md_watch **out, const char *db, md_micros limit, md_error *err) {
  pthread_condattr_t clock;
  md_watch *watch = md_alloc_zero(sizeof *watch);
  if (!watch) return md_error_set(err, MD_ENOMEM, "out of memory");
  watch->limit = limit;
  pthread_mutex_init(&watch->mutex, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&watch->wake, &clock);
  pthread_condattr_destroy(&clock);
  int code = map_file(watch, db, err);
  if (!code) read_note(watch);
  if (!code) code = start_thread(watch, err);
  if (code)
    md_watch_close(watch);
  else
    *out = watch;
  return code;
}

void md_watch_close(md_watch *watch) {
  if (!watch) return;
  pthread_mutex_lock(&watch->mutex);
  watch->stopping = true;
  pthread_cond_signal(&watch->wake);
  pthread_mutex_unlock(&watch->mutex);
  if (watch->running) pthread_join(watch->thread, NULL);
  if (watch->page) munmap(watch->page, sizeof *watch->page);
  pthread_cond_destroy(&watch->wake);
  pthread_mutex_destroy(&watch->mutex);
  md_free(watch);
}

const md_watch_note *md_watch_before(const md_watch *watch) {
  return watch->held ? &watch->before : NULL;
}

static void copy(char *out, size_t room, const char *text) {
  size_t len = text ? strnlen(text, room - 1) : 0;
  if (len) memcpy(out, text, len);
  out[len] = 0;
}

void md_watch_begin(md_watch *watch, uint64_t event, int64_t run, int64_t version, const char *moment,
                    const char *event_id) {
  if (!watch) return;
  md_watch_note *note = &watch->page->note;
  note->event = event;
  note->run = run;
  note->version = version;
  copy(note->moment, sizeof note->moment, moment);
  copy(note->event_id, sizeof note->event_id, event_id);
  __atomic_store_n(&watch->page->turn, watch->page->turn + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&watch->page->active, 1, __ATOMIC_RELEASE);
}

void md_watch_end(md_watch *watch) {
  if (watch) __atomic_store_n(&watch->page->active, 0, __ATOMIC_RELEASE);
}
