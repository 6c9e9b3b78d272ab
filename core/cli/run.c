// SPDX-License-Identifier: Apache-2.0
// `momentd run`.
#include "base/log.h"
#include "cli/commands.h"
#include "cli/daemon.h"
#include "cli/descriptors.h"
#include "cli/settings.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int configure_log(const md_settings *settings, md_error *err) {
  md_log_level level = MD_LOG_INFO;
  bool json = strcmp(settings->log_format, "json") == 0;
  if (md_log_level_parse(settings->log_level, &level))
    return md_error_set(err, MD_EINVAL, "log_level is error, warn, info or debug, not \"%s\"", settings->log_level);
  if (!json && strcmp(settings->log_format, "logfmt") != 0)
    return md_error_set(err, MD_EINVAL, "log_format is logfmt or json, not \"%s\"", settings->log_format);
  md_log_configure(level, json, STDERR_FILENO);
  return 0;
}

static int check_reload(const md_settings *settings, md_error *err) {
  static const char *const known[] = {"auto", "poll", "manual"};
  for (int i = 0; i < 3; i++)
    if (strcmp(settings->reload, known[i]) == 0) return 0;
  return md_error_set(err, MD_EINVAL, "reload is auto, poll or manual, not \"%s\"", settings->reload);
}

// Reading the tree would open and close the database's files, and POSIX drops a process's locks on a file with any of
// its descriptors: others would take the database for one that nobody uses.
static int check_place(const md_settings *settings, md_error *err) {
  char scripts[PATH_MAX], db[PATH_MAX], *slash;
  if (snprintf(db, sizeof db, "%s", settings->db) >= (int)sizeof db) return 0; // no file has such a name
  slash = strrchr(db, '/');
  if (slash) *slash = '\0';
  char *directory = realpath(slash ? (slash == db ? "/" : db) : ".", NULL);
  int code = 0;
  for (int i = 0; directory && i < settings->scripts.count && !code; i++) {
    size_t len = realpath(settings->scripts.items[i], scripts) ? strlen(scripts) : 0;
    if (len && strncmp(directory, scripts, len) == 0 && (directory[len] == '/' || !directory[len]))
      code = md_error_set(err, MD_EINVAL,
                          "the database %s lies in the directory of scripts %s: keep it elsewhere, as files of scripts "
                          "are read whole and watched",
                          settings->db, settings->scripts.items[i]);
  }
  free(directory);
  return code;
}

// X2: memory holds personal data, so it is never dumped.
static void forbid_core_dumps(void) {
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ // the leak checker traces its own process
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

// A reload that is asked for from now on waits for the loop (cli/daemon.c) instead of ending the process.
static void hold_reloads(void) {
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &reload, NULL);
}

static int run(const md_cli_args *args) {
  md_settings settings;
  md_error err = {0};
  hold_reloads();
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_cli_fail(&(md_error){.text = "out of memory"});
  int code = md_settings_load(&settings, args, arena, &err);
  if (!code) code = configure_log(&settings, &err);
  if (!code) code = check_reload(&settings, &err);
  if (!code) code = check_place(&settings, &err);
  if (code) {
    md_cli_fail(&err);
    md_arena_free(arena);
    return MD_EXIT_USAGE;
  }
  forbid_core_dumps();
  md_descriptors_raise();
  md_arena *scope = md_json_scope(arena);
  code = md_daemon_run(&settings, &err);
  md_json_scope(scope);
  md_arena_free(arena);
  if (!code) return MD_EXIT_OK;
  md_cli_fail(&err);
  return code == MD_EINVAL ? MD_EXIT_USAGE : MD_EXIT_FAILED;
}

const md_cli_command md_cli_run = {
    .name = "run",
    .arguments = "",
    .summary = "Run the daemon: take events, run moments, send messages",
    .notes = "Prints one line with its address when it is ready. SIGTERM ends it after what came in is answered;\n"
             "SIGHUP reads the scripts anew. Every option can stand in the file of --config, with _ for -.",
    .example = "  momentd run --db shop.db --scripts scripts --listen 127.0.0.1:8484 \\\n"
               "      --mail file:outbox --delivery live",
    .settings = MD_CLI_ALL_SETTINGS,
    .run = run,
};
