// SPDX-License-Identifier: Apache-2.0
// Watches script directories.
#include "cli/watcher.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/log.h"
#include "script/source.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
  SETTLE_MS = 50,       // files changed together are one change (S7)
  SETTLED_BY_MS = 3000, // though something changes all the time
  POLL_MS = 1000,       // without inotify
  SURE_MS = 10000,      // beside it
  DIRECTORIES_MAX = 4096,
  DEEPEST = 64
};

// A directory that is watched. Its close callback frees it.
typedef struct watch {
  uv_fs_event_t event;
  md_watcher *watcher;
  char *path;
  dev_t device;
  ino_t inode;
  bool seen; // by the look that goes on
  struct watch *next;
} watch;

struct md_watcher {
  md_watcher_options options;
  uv_timer_t settle, poll;
  uv_work_t look;
  bool looking, polled, again, closing, told_refused; // `again`: a look was asked for while one went on
  int open;                                           // handles, and a look that goes on: the last frees the watcher
  uint64_t since;                                     // of the loop's time: the first change that was not told; 0: none
  watch *watches;
  uint64_t found, known; // what is there, as a hash: by the look that goes on, by the one before
  bool compared;         // there was one before
  md_arena *directories; // of the look: paths
  const char **paths;
  int path_count;
};

static void let_go(md_watcher *watcher) {
  if (--watcher->open) return;
  if (watcher->directories) md_arena_free(watcher->directories);
  md_free(watcher);
}

static void handle_closed(uv_handle_t *handle) {
  let_go(handle->data);
}

static void watch_closed(uv_handle_t *handle) {
  watch *at = handle->data;
  let_go(at->watcher);
  md_free(at->path);
  md_free(at);
}

static void close_watch(watch *at) {
  uv_close((uv_handle_t *)&at->event, watch_closed);
}

static void look(md_watcher *watcher);

static void on_settled(uv_timer_t *timer) {
  md_watcher *watcher = timer->data;
  watcher->since = 0;
  look(watcher); // there may be new directories
  watcher->options.changed(watcher->options.context);
}

static void touch(md_watcher *watcher) {
  uint64_t now = uv_now(watcher->options.loop);
  if (watcher->closing) return;
  if (!watcher->since) watcher->since = now ? now : 1;
  uint64_t left = watcher->since + SETTLED_BY_MS > now ? watcher->since + SETTLED_BY_MS - now : 0;
  uv_timer_start(&watcher->settle, on_settled, left < SETTLE_MS ? left : SETTLE_MS, 0);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status) {
  watch *at = event->data;
  (void)events, (void)status;
  if (name && (name[0] == '.' || md_source_is_scratch(name))) return;
  touch(at->watcher);
}

// --- looking: on a thread of libuv's ---------------------------------------------------------------------------------

static void mix(md_watcher *watcher, const char *path, const struct stat *about) {
  struct {
    int64_t size, seconds, nanoseconds, inode, mode;
  } facts = {about->st_size, about->st_mtim.tv_sec, about->st_mtim.tv_nsec, (int64_t)about->st_ino, about->st_mode};
  // Sums do not depend on the order in which a directory is read.
  watcher->found += md_hash64(md_hash64(1, path, strlen(path)), &facts, sizeof facts);
}

static void look_into(md_watcher *watcher, const char *path, int depth) {
  DIR *directory = depth < DEEPEST && watcher->path_count < DIRECTORIES_MAX ? opendir(path) : NULL;
  if (!directory) return;
  watcher->paths[watcher->path_count++] = path;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    struct stat about;
    if (entry->d_name[0] == '.' || md_source_is_scratch(entry->d_name)) continue;
    const char *inner = md_arena_printf(watcher->directories, "%s/%s", path, entry->d_name);
    if (!inner || stat(inner, &about)) continue;
    if (!S_ISDIR(about.st_mode)) mix(watcher, inner, &about);
    if (S_ISDIR(about.st_mode)) look_into(watcher, inner, depth + 1);
  }
  closedir(directory);
}

static void look_aside(uv_work_t *work) {
  md_watcher *watcher = work->data;
  const md_setting_list *roots = watcher->options.directories;
  watcher->found = 0;
  watcher->path_count = 0;
  md_arena_reset(watcher->directories);
  watcher->paths = md_arena_alloc(watcher->directories, sizeof *watcher->paths * DIRECTORIES_MAX);
  for (int i = 0; watcher->paths && i < roots->count; i++)
    look_into(watcher, roots->items[i], 0);
}

// --- what was found
// ---------------------------------------------------------------------------------------------------

static watch *find(md_watcher *watcher, const char *path, const struct stat *about) {
  for (watch *at = watcher->watches; at; at = at->next)
    if (strcmp(at->path, path) == 0 && at->device == about->st_dev && at->inode == about->st_ino) return at;
  return NULL;
}

static void refuse(md_watcher *watcher, const char *path, int code) {
  if (watcher->told_refused) return;
  watcher->told_refused = true;
  md_log(MD_LOG_WARN, "cli", "script directories cannot be watched: they are compared every second instead", "file",
         path, "error", uv_strerror(code), NULL);
}

// A directory that was made anew under its name is another.
static bool add(md_watcher *watcher, const char *path) {
  struct stat about;
  if (stat(path, &about)) return false;
  watch *known = find(watcher, path, &about);
  if (known) known->seen = true;
  watch *at = known ? NULL : md_alloc_zero(sizeof *at);
  if (!at) return false;
  *at =
      (watch){.watcher = watcher, .path = md_strdup(path), .device = about.st_dev, .inode = about.st_ino, .seen = true};
  if (!at->path || uv_fs_event_init(watcher->options.loop, &at->event)) {
    md_free(at->path);
    md_free(at);
    return false;
  }
  at->event.data = at;
  watcher->open++;
  int code = uv_fs_event_start(&at->event, on_event, path, 0);
  if (code) {
    refuse(watcher, path, code);
    close_watch(at);
    return false;
  }
  at->next = watcher->watches;
  watcher->watches = at;
  return true;
}

static void drop_gone(md_watcher *watcher) {
  for (watch **at = &watcher->watches; *at;) {
    watch *gone = *at;
    if (gone->seen) {
      at = &gone->next;
      continue;
    }
    *at = gone->next;
    close_watch(gone);
  }
}

static void on_poll(uv_timer_t *timer) {
  md_watcher *watcher = timer->data;
  watcher->polled = true;
  look(watcher);
}

static bool is_blind(const md_watcher *watcher) {
  return watcher->options.poll || watcher->told_refused;
}

// What changed in a directory before it was watched is not told by inotify.
static bool add_found(md_watcher *watcher) {
  bool added = false;
  for (watch *at = watcher->watches; at; at = at->next)
    at->seen = false;
  for (int i = 0; watcher->paths && i < watcher->path_count && !watcher->options.poll; i++)
    added |= add(watcher, watcher->paths[i]);
  drop_gone(watcher);
  return added;
}

// A look after a change finds what has just been told.
static bool differs(md_watcher *watcher) {
  bool other = !watcher->compared || watcher->found != watcher->known;
  watcher->known = watcher->found;
  watcher->compared = true;
  return other && (watcher->polled || is_blind(watcher));
}

static void looked(uv_work_t *work, int status) {
  md_watcher *watcher = work->data;
  watcher->looking = false;
  if (!watcher->closing && status == 0) {
    bool added = add_found(watcher), other = differs(watcher);
    watcher->polled = false;
    if ((added || other) && !watcher->since) touch(watcher);
    uv_timer_start(&watcher->poll, on_poll, is_blind(watcher) ? POLL_MS : SURE_MS, 0);
    if (watcher->again) look(watcher);
  }
  let_go(watcher);
}

static void look(md_watcher *watcher) {
  watcher->again = watcher->looking;
  if (watcher->looking || watcher->closing) return;
  watcher->look.data = watcher;
  watcher->looking = true;
  watcher->open++;
  if (uv_queue_work(watcher->options.loop, &watcher->look, look_aside, looked) == 0) return;
  watcher->looking = false;
  watcher->open--;
  uv_timer_start(&watcher->poll, on_poll, POLL_MS, 0);
}

int md_watcher_open(md_watcher **out, const md_watcher_options *options, md_error *err) {
  md_watcher *watcher = md_alloc_zero(sizeof *watcher);
  if (watcher) watcher->directories = md_arena_new(0);
  if (!watcher || !watcher->directories) {
    md_free(watcher);
    return md_error_set(err, MD_ENOMEM, "out of memory");
  }
  watcher->options = *options;
  uv_timer_init(options->loop, &watcher->settle);
  uv_timer_init(options->loop, &watcher->poll);
  watcher->settle.data = watcher->poll.data = watcher;
  watcher->open = 2;
  look(watcher);
  *out = watcher;
  return 0;
}

void md_watcher_close(md_watcher *watcher) {
  if (!watcher) return;
  watcher->closing = true;
  while (watcher->watches) {
    watch *at = watcher->watches;
    watcher->watches = at->next;
    close_watch(at);
  }
  uv_close((uv_handle_t *)&watcher->settle, handle_closed);
  uv_close((uv_handle_t *)&watcher->poll, handle_closed);
}
