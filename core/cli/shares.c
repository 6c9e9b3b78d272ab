// SPDX-License-Identifier: Apache-2.0
// Asks the daemon for one share after the other.
#include "cli/shares.h"
#include "cli/admin_client.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static int ask_once(const char *db, const char *command, const char *moment, int64_t *after, int64_t *count, bool *done,
                    md_error *err) {
  json_t *answer = NULL, *request = json_object();
  json_object_set_new(request, "command", json_string(command));
  json_object_set_new(request, "moment", json_string(moment));
  json_object_set_new(request, "after", json_integer(*after));
  int code = md_admin_ask(db, request, &answer, err);
  if (code) return code;
  *after = json_integer_value(json_object_get(answer, "after"));
  *count += json_integer_value(json_object_get(answer, "count"));
  *done = json_is_true(json_object_get(answer, "done"));
  return 0;
}

int md_shares_ask(const char *db, const char *command, const char *moment, const char *what, int64_t *count,
                  bool *reached, md_error *err) {
  bool terminal = isatty(STDERR_FILENO);
  int64_t after = 0;
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena *scope = md_json_scope(arena);
  *count = 0;
  int code = md_admin_hello(db, err);
  *reached = code == 0;
  for (bool done = false; !code && !done;) {
    code = ask_once(db, command, moment, &after, count, &done, err);
    if (terminal && !code && !done) fprintf(stderr, "\r\033[K%" PRId64 " %s", *count, what);
    md_arena_reset(arena);
  }
  if (terminal) fputs("\r\033[K", stderr);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}
