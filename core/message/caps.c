// SPDX-License-Identifier: Apache-2.0
// Caps: how many messages of a class a person gets within a time, counted for the time each is scheduled for (M5).
#include "base/timestamp.h"
#include "base/zone.h"
#include "message/rule.h"
#include "message/window.h"
#include <string.h>

enum { TRIES = 8 };

// A cap that is being asked, with what it counts in its own unit: microseconds, or days of the person's calendar.
typedef struct counting {
  md_candidate *candidate;
  const md_cap *cap;
  md_zone *zone; // where it counts days
  md_window window;
  md_error *err;
} counting;

static bool concerns(const md_cap *cap, const md_message *message) {
  return strcmp(cap->class_name, message->class_name) == 0 &&
         (!cap->channel[0] || strcmp(cap->channel, message->channel) == 0);
}

static int64_t unit_of(const counting *c, md_micros at) {
  return c->zone ? md_zone_day(c->zone, at) : at;
}

static int open_zone(counting *c) {
  const md_candidate *candidate = c->candidate;
  if (!c->cap->days) return 0;
  int rc = candidate->zone ? md_zone_open(&c->zone, candidate->zone, NULL) : MD_EINVAL;
  return rc == MD_EINVAL ? md_zone_open(&c->zone, md_policy_zone(candidate->policy), c->err) : rc;
}

static int read_window(counting *c, md_micros at) {
  md_history history;
  md_micros reach = c->cap->per + (c->cap->days ? 2 * MD_DAY : 0);
  md_history_filter filter = {.class_name = c->cap->class_name,
                              .channel = c->cap->channel[0] ? c->cap->channel : NULL,
                              .since = at - reach,
                              .until = at + reach};
  int rc = md_history_read(c->candidate, &filter, &history, c->err);
  if (rc) return rc;
  md_window_item *items = md_arena_alloc(c->candidate->arena, ((size_t)history.count + 1) * sizeof *items);
  if (!items) return md_error_set(c->err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < history.count; i++)
    items[i] = (md_window_item){.at = unit_of(c, history.items[i].at), .group = history.items[i].id};
  md_window_sort(items, (size_t)history.count);
  c->window = (md_window){.items = items,
                          .count = (size_t)history.count,
                          .span = c->cap->days ? c->cap->days : c->cap->per,
                          .most = c->cap->most};
  return 0;
}

// The first time that the cap leaves free and no night holds.
static int find_again(counting *c, md_micros at, md_micros *out) {
  md_micros next = at;
  for (int i = 0; i < TRIES; i++) {
    int64_t unit = unit_of(c, next), freed = md_window_next(&c->window, unit);
    if (freed > unit) next = c->zone ? md_zone_day_start(c->zone, freed) : freed;
    md_micros morning = next;
    int rc = md_quiet_until(c->candidate, next, &morning, c->err);
    if (rc) return rc;
    if (morning == next) break;
    next = morning;
  }
  *out = next;
  return 0;
}

static int refuse(counting *c, md_micros at, md_verdict *verdict) {
  char when[32];
  md_micros again = 0;
  int rc = find_again(c, at, &again);
  if (rc) return rc;
  if (verdict->reason && verdict->again_at >= again) return 0; // a stricter cap spoke already
  md_timestamp_format(again, when);
  verdict->reason = "cap";
  verdict->again_at = again;
  verdict->detail = md_arena_printf(c->candidate->arena, "caps.%s%s%s is %s; the next may go at %s", c->cap->class_name,
                                    c->cap->channel[0] ? "/" : "", c->cap->channel, c->cap->text, when);
  return verdict->detail ? 0 : md_error_set(c->err, MD_ENOMEM, "out of memory");
}

static int ask(counting *c, md_verdict *verdict) {
  md_micros at = c->candidate->claimed ? c->candidate->now : c->candidate->message->due_at;
  int rc = open_zone(c);
  if (rc == 0) rc = read_window(c, at);
  if (rc == 0 && !md_window_fits(&c->window, unit_of(c, at))) rc = refuse(c, at, verdict);
  md_zone_close(c->zone);
  return rc;
}

int md_rule_caps(md_candidate *candidate, md_verdict *verdict, md_error *err) {
  const md_policy *policy = candidate->policy;
  const md_message *message = candidate->message;
  bool exempt = message->internal || message->person == 0 || strcmp(message->class_name, "security") == 0;
  int rc = 0;
  for (int i = 0; rc == 0 && !exempt && i < policy->cap_count; i++) {
    counting c = {.candidate = candidate, .cap = &policy->caps[i], .err = err};
    if (concerns(c.cap, message)) rc = ask(&c, verdict);
  }
  return rc;
}
