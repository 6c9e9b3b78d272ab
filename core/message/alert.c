// SPDX-License-Identifier: Apache-2.0
// What the team is told of a mail that cannot be made: a line in the log and an incident. The engine's thread.
#include "base/log.h"
#include "base/utf8.h"
#include "message/outbox_state.h"
#include <string.h>

const char md_outbox_secret_unfit[] =
    "a secret's value cannot stand where the template has it: a link begins with https://, a header has one line";

const char *md_outbox_readable(md_arena *arena, const char *text) {
  if (!text || md_utf8_valid(text, strlen(text))) return text;
  char *copy = md_arena_strdup(arena, text);
  for (char *c = copy; c && *c; c++)
    if ((unsigned char)*c >= 0x80) *c = '?';
  return copy;
}

int md_outbox_alert(md_store *store, const md_message *message, md_micros now, md_error *err) {
  char run[24];
  md_log(MD_LOG_ERROR, "message", "a template could not be filled", "moment", message->moment, "run",
         md_log_int_text((long long)message->run, run), "error", message->detail, NULL);
  return md_incidents_insert(store, "template", 0, message->run, message->detail, now, err);
}

int md_outbox_secret_lost(md_store *store, const md_message *message, md_micros now, md_error *err) {
  static const char why[] = "a secret does not open with the key kept for it, so the mail with it is not sent: the "
                            "database and its .keys are not of the same time, or one is damaged";
  char run[24];
  md_log(MD_LOG_ERROR, "message", "a secret cannot be opened", "moment", message->moment, "run",
         md_log_int_text((long long)message->run, run), "error", why, NULL);
  return md_incidents_insert(store, "secret_lost", 0, message->run, why, now, err);
}
