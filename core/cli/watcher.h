// SPDX-License-Identifier: Apache-2.0
// Tells when files below script directories have changed: by inotify, a directory at a time, once they have been quiet
// for a moment; and by comparing what is there every so often, which finds what inotify does not tell (no watches left,
// a network file system, a link that leads elsewhere now). The loop's thread; comparing is done on one of libuv's own.
#pragma once
#include "cli/settings.h"
#include <uv.h>

typedef struct md_watcher md_watcher;

typedef struct md_watcher_options {
  uv_loop_t *loop;
  const md_setting_list *directories; // borrowed
  bool poll;                          // without inotify
  void (*changed)(void *context);
  void *context;
} md_watcher_options;

int md_watcher_open(md_watcher **out, const md_watcher_options *options, md_error *err);
void md_watcher_close(md_watcher *watcher); // NULL is allowed; frees itself on the loop
