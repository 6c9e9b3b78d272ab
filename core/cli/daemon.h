// SPDX-License-Identifier: Apache-2.0
// The daemon: store, engine, intake, postroom, checkpointer and admin socket on one libuv loop, the engine's thread.
#pragma once
#include "base/master_key.h"
#include "cli/admin.h"
#include "cli/builder.h"
#include "cli/callroom.h"
#include "cli/postroom.h"
#include "cli/settings.h"
#include "cli/watcher.h"
#include "intake/server.h"
#include "store/checkpoint.h"

typedef struct md_daemon {
  const md_settings *settings;
  uv_loop_t loop;
  uv_async_t wake;  // the engine's inbox has something
  uv_timer_t timer; // the next timer or message is due, or a failed batch is tried again
  uv_signal_t signals[3];
  md_store *store;
  md_master_key *master_key;
  md_watch *watch;
  md_engine *engine;
  md_postroom postroom;
  md_callroom callroom;
  md_intake *intake;
  md_checkpointer *checkpointer;
  md_admin *admin;
  md_builder *builder;
  md_watcher *watcher; // NULL with reload = "manual"
  md_network *proxies;
  char url[300];
  md_micros started_at;
  bool handles; // the loop has its handles
  bool stopping;
} md_daemon;

// Opens everything, prints the bound address, runs until SIGTERM or SIGINT (B4). `err` says why it could not start.
int md_daemon_run(const md_settings *settings, md_error *err);

// The valid keys as they are stored now, but for the one named `without` (or NULL).
int md_daemon_keys(md_store *store, const char *without, md_auth **out, md_error *err);
// What is wrong, as an array of objects with moment, file, line and message.
json_t *md_problems_json(const md_problems *problems);
// A version's build as status tells it, and files that changed below used ones.
json_t *md_daemon_reload_json(const md_daemon *daemon);
json_t *md_daemon_shadows_json(const md_daemon *daemon);
// `reload` and `deploy` of the admin socket.
void md_daemon_reload(md_daemon *daemon, md_admin_request *request, const json_t *object);
void md_daemon_deploy(md_daemon *daemon, md_admin_request *request, const json_t *object);
// What the admin socket is asked.
void md_daemon_admin(void *context, md_admin_request *request, const json_t *object);
