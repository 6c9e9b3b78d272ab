// SPDX-License-Identifier: Apache-2.0
// Where a message goes: a name of the configuration, else what the trigger carries, else the profile (M8, M9).
#include "message/recipient.h"
#include "base/suggest.h"
#include "message/address.h"
#include <ctype.h>
#include <string.h>

enum { NAMES_MAX = 64 };

// The text at a plan's path in an event, or NULL.
static const char *text_at(const md_event *event, const char *path) {
  if (strcmp(path, "subject") == 0) return event->subject;
  if (!event->data || strncmp(path, "data.", 5) != 0) return NULL;
  return json_string_value(md_json_at(event->data, path + 5));
}

// White space around an address is a slip of the form it was typed into, not part of it.
static const char *checked(const char *text, md_arena *arena, md_error *err) {
  while (isspace((unsigned char)*text))
    text++;
  size_t len = strlen(text);
  while (len > 0 && isspace((unsigned char)text[len - 1]))
    len--;
  return md_mail_address_check(text, len, err) ? NULL : md_arena_strndup(arena, text, len);
}

static const char *nearest(const md_outbox_options *options, const char *wrong) {
  const char *known[NAMES_MAX + 1] = {0};
  for (int i = 0; i < options->address_count && i < NAMES_MAX; i++)
    known[i] = options->addresses[i].name;
  return md_suggest(wrong, known);
}

static int by_name(const md_outbox_options *options, const char *name, const char **to, md_error *err) {
  for (int i = 0; i < options->address_count; i++) {
    if (strcmp(options->addresses[i].name, name) != 0) continue;
    *to = options->addresses[i].address;
    return 0;
  }
  const char *near = nearest(options, name);
  if (near) return md_error_set(err, MD_EINVAL, "to = \"%.60s\": no such name; did you mean \"%.60s\"?", name, near);
  return md_error_set(err, MD_EINVAL, "to = \"%.60s\": the configuration's `addresses` has no such name", name);
}

// The first path that carries a proper address; `why` tells of the last that does not.
static const char *from_trigger(const md_send *send, md_arena *arena, const char **why) {
  for (const char *const *path = send->address_email; path && *path; path++) {
    md_error bad = {0};
    const char *text = send->trigger ? text_at(send->trigger, *path) : NULL;
    const char *to = text ? checked(text, arena, &bad) : NULL;
    if (to) return to;
    if (text) *why = md_arena_printf(arena, "%s of the trigger: %s", *path, bad.text);
  }
  return NULL;
}

static const char *from_profile(const md_send *send, md_arena *arena, const char **why) {
  md_error bad = {0};
  const char *text = md_json_text(send->profile, "email");
  const char *to = text ? checked(text, arena, &bad) : NULL;
  if (text && !to) *why = md_arena_printf(arena, "the profile's email: %s", bad.text);
  return to;
}

// The commonest reason: an event carries an address, and the plan does not say so.
static const char *undeclared(const md_send *send, md_arena *arena, const char *why) {
  const char *more =
      md_arena_printf(arena,
                      "%s; the trigger's data.email was not looked at, as events.lua declares no address for its "
                      "type: write address = { email = \"data.email\" } there",
                      why);
  return text_at(send->trigger, "data.email") && more ? more : why;
}

static bool is_security(const md_send *send) {
  return strcmp(send->class_name, "security") == 0;
}

bool md_recipient_internal(const md_send *send) {
  return !is_security(send) && md_json_text(send->args, "to");
}

int md_recipient_find(const md_outbox_options *options, const md_send *send, md_arena *arena, const char **to,
                      const char **why, md_error *err) {
  *why = is_security(send) ? "a security message goes only to the address that its trigger carries, and there is none"
                           : "neither the trigger nor the profile has an address";
  if (md_recipient_internal(send)) return by_name(options, md_json_text(send->args, "to"), to, err);
  *to = from_trigger(send, arena, why);
  if (!*to && !is_security(send)) *to = from_profile(send, arena, why);
  if (!*to && send->trigger && !(send->address_email && *send->address_email)) *why = undeclared(send, arena, *why);
  return 0;
}
