// SPDX-License-Identifier: Apache-2.0
// The checkpointer's thread: passive passes while the WAL is long, then one that makes the writer begin it again.
#include "store/checkpoint.h"
#include "base/alloc.h"
#include "base/log.h"
#include "store/internal.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

enum {
  BUSY_MS = 20,            // the locking pass stands in the writer's way while it waits for readers
  LOOK_MS = 1000,          // between two looks
  LOOK_BUSY_MS = 200,      // after a look that found a long WAL
  FRAMES_LONG = 8192,      // 32 MiB
  FRAMES_RESTART = 1000,   // a WAL shorter than this need not begin again
  FRAMES_LEFT_MAX = 100,   // a pass that locks has at most about this much to do
  FRAMES_TRUNCATE = 65536, // 256 MiB: a WAL that a large ingest left behind is cut
  PASSES_MAX = 10,
};

struct md_checkpointer {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  bool nudged, stopping;
  sqlite3 *db; // used by the thread alone
  char *path;
  int64_t seen; // the data version of the last look
  int frames;   // the longest that the WAL was since it was cut
};

static void report(const md_checkpointer *self, int rc) {
  md_sqlite_require_synced(sqlite3_extended_errcode(self->db), self->path);
  if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED) return; // a reader holds it: next time
  md_error err;
  int code = md_sqlite_error(self->db, self->path, rc, &err);
  md_log(MD_LOG_WARN, "store", "checkpoint failed", "error", err.text, "code", md_error_name(code), NULL);
}

static bool checkpoint(md_checkpointer *self, int mode, int *frames, int *done) {
  int rc = sqlite3_wal_checkpoint_v2(self->db, NULL, mode, frames, done);
  if (rc != SQLITE_OK) report(self, rc);
  return rc == SQLITE_OK;
}

// Passes that do not lock, until little is left or they get no further (a reader holds the rest).
static bool pass_until_short(md_checkpointer *self, int *frames, int *done) {
  int before = -1;
  for (int i = 0; i < PASSES_MAX; i++) {
    if (!checkpoint(self, SQLITE_CHECKPOINT_PASSIVE, frames, done)) return false;
    if (*frames - *done <= FRAMES_LEFT_MAX) return true;
    if (*done == before) return false;
    before = *done;
  }
  return false;
}

// Changes whenever another connection has committed.
static int64_t data_version(md_checkpointer *self) {
  int64_t version = -1;
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(self->db, "PRAGMA data_version", -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW)
    version = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return version;
}

// A long WAL is cut when nobody has written since the last look: cutting a large file takes its time under the lock.
static void look_at_quiet(md_checkpointer *self) {
  int frames = 0, done = 0;
  if (self->frames > FRAMES_TRUNCATE && checkpoint(self, SQLITE_CHECKPOINT_TRUNCATE, &frames, &done)) self->frames = 0;
}

// Answers how many frames the WAL had.
static int look(md_checkpointer *self) {
  int frames = 0, done = 0, again = 0;
  int64_t version = data_version(self);
  if (version == self->seen) {
    look_at_quiet(self);
    return 0;
  }
  self->seen = version;
  bool is_short = pass_until_short(self, &frames, &done);
  if (frames > self->frames) self->frames = frames;
  if (!is_short) self->seen = -1; // something is left to do
  if (is_short && frames > FRAMES_RESTART) checkpoint(self, SQLITE_CHECKPOINT_RESTART, &again, &done);
  return frames;
}

static struct timespec after_ms(int ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += ms / 1000;
  at.tv_nsec += ms % 1000 * 1000000L;
  if (at.tv_nsec >= 1000000000L) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000L;
  }
  return at;
}

// Sleeps until a nudge or the time; false when it is to stop.
static bool rest(md_checkpointer *self, int ms) {
  struct timespec until = after_ms(ms);
  pthread_mutex_lock(&self->mutex);
  int rc = 0;
  while (!self->nudged && !self->stopping && rc != ETIMEDOUT)
    rc = pthread_cond_timedwait(&self->wake, &self->mutex, &until);
  self->nudged = false;
  bool go_on = !self->stopping;
  pthread_mutex_unlock(&self->mutex);
  return go_on;
}

static void *run(void *context) {
  md_checkpointer *self = context;
  int frames = 0;
  while (rest(self, frames > FRAMES_LONG ? LOOK_BUSY_MS : LOOK_MS))
    frames = look(self);
  return NULL;
}

static int connect(md_checkpointer *self, md_error *err) {
  int rc =
      sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(self->db, BUSY_MS);
  if (rc == SQLITE_OK)
    rc = sqlite3_exec(self->db, "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL; PRAGMA cache_size = 10",
                      NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : md_sqlite_error(self->db, self->path, rc, err);
}

static void release(md_checkpointer *self) {
  sqlite3_close(self->db);
  md_free(self->path);
  md_free(self);
}

static int start_thread(md_checkpointer *self, md_error *err) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  if (pthread_create(&self->thread, NULL, run, self) == 0) return 0;
  pthread_cond_destroy(&self->wake);
  pthread_mutex_destroy(&self->mutex);
  return md_error_set(err, MD_ENOMEM, "the checkpointer's thread cannot be started");
}

int md_checkpointer_start(md_checkpointer **out, const char *path, md_error *err) {
  *out = NULL;
  md_sqlite_setup();
  md_checkpointer *self = md_alloc_zero(sizeof *self);
  if (!self) return md_error_set(err, MD_ENOMEM, "out of memory while starting the checkpointer");
  self->seen = -1;
  self->path = md_strdup(path);
  int code = self->path ? connect(self, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) code = start_thread(self, err);
  if (code) {
    release(self);
    return code;
  }
  *out = self;
  return 0;
}

void md_checkpointer_nudge(md_checkpointer *checkpointer) {
  pthread_mutex_lock(&checkpointer->mutex);
  checkpointer->nudged = true;
  pthread_cond_signal(&checkpointer->wake);
  pthread_mutex_unlock(&checkpointer->mutex);
}

void md_checkpointer_stop(md_checkpointer *checkpointer) {
  if (!checkpointer) return;
  pthread_mutex_lock(&checkpointer->mutex);
  checkpointer->stopping = true;
  pthread_cond_signal(&checkpointer->wake);
  pthread_mutex_unlock(&checkpointer->mutex);
  pthread_join(checkpointer->thread, NULL);
  pthread_cond_destroy(&checkpointer->wake);
  pthread_mutex_destroy(&checkpointer->mutex);
  release(checkpointer);
}
