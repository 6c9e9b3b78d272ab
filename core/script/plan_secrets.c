// SPDX-License-Identifier: Apache-2.0
// Refuses secrets of an event type that something else of the plan would have stored readable (X1). Pure.
#include "script/plan_fields.h"
#include <string.h>

static bool is_within(const char *path, const char *other) {
  size_t len = strlen(other);
  return strncmp(path, other, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

// The path of the list that is a secret too, is within one, or has one within it; or NULL.
static const char *shares(const char *const *list, const char *secret) {
  for (; *list; list++) {
    const char *path = strncmp(*list, "data.", 5) == 0 ? *list + 5 : *list;
    if (is_within(path, secret) || is_within(secret, path)) return *list;
  }
  return NULL;
}

// X1: what is declared for something else is stored readable.
static int check_secret(md_plan_reader *r, const md_plan_event *event, const char *secret, const char *where) {
  const md_plan *plan = r->plan;
  const char *const *const lists[] = {plan->strong,       plan->weak,        event->address_email, event->address_sms,
                                      event->money_paths, event->name_paths, event->text_paths,    event->time_paths};
  const char *also = NULL;
  for (size_t i = 0; i < sizeof lists / sizeof lists[0] && !also; i++)
    also = shares(lists[i], secret);
  for (int i = 0; i < plan->thing_count && !also; i++) {
    const char *at[] = {plan->things[i].at, NULL};
    also = shares(at, secret);
  }
  for (int i = 0; i < event->about_count && !also; i++) {
    const char *at[] = {event->about[i].path, NULL};
    also = shares(at, secret);
  }
  if (!also) return 0;
  return md_plan_fail(r, where, "%s: data.%s cannot be a secret, as %s is declared for something else", where, secret,
                      also);
}

// The host itself reads the data of these.
static bool is_built_in(const char *type) {
  return strncmp(type, "profile.", 8) == 0 || strncmp(type, "consent.", 8) == 0;
}

int md_plan_check_secrets(md_plan_reader *r, const md_plan_event *event, const char *where) {
  int code = 0;
  if (event->secret_paths[0] && is_built_in(event->type))
    return md_plan_fail(r, where, "%s: events of momentd's own types have no secrets", where);
  for (const char *const *path = event->secret_paths; !code && *path; path++)
    code = check_secret(r, event, *path, where);
  return code;
}
