// SPDX-License-Identifier: Apache-2.0
// Reads states of runs and messages.
#include "cli/states.h"
#include "base/suggest.h"
#include <string.h>

enum { STATES_MAX = 16 };

static int parse(const char *text, const char *const *names, int *out, md_error *err) {
  *out = 0;
  if (!text) return 0;
  for (int i = 0; names[i]; i++) {
    if (strcmp(names[i], text) != 0) continue;
    *out = i + 1; // states count from 1
    return 0;
  }
  const char *nearest = md_suggest(text, names);
  return md_error_set(err, MD_EINVAL, "there is no state \"%s\"%s%s%s", text, nearest ? "; did you mean " : "",
                      nearest ? nearest : "", nearest ? "?" : "");
}

int md_run_state_parse(const char *text, md_run_state *out, md_error *err) {
  const char *names[STATES_MAX] = {NULL};
  int state = 0;
  for (int i = MD_RUN_WAITING; i <= MD_RUN_CANCELLED; i++)
    names[i - 1] = md_run_state_name((md_run_state)i);
  int code = parse(text, names, &state, err);
  *out = (md_run_state)state;
  return code;
}

int md_message_state_parse(const char *text, md_message_state *out, md_error *err) {
  const char *names[STATES_MAX] = {NULL};
  int state = 0;
  for (int i = MD_MESSAGE_QUEUED; i <= MD_MESSAGE_HELD; i++)
    names[i - 1] = md_message_state_name((md_message_state)i);
  int code = parse(text, names, &state, err);
  *out = (md_message_state)state;
  return code;
}
