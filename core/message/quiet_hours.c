// SPDX-License-Identifier: Apache-2.0
// Quiet hours: what waits for the morning, by the clock on the person's wall (M9).
#include "base/timestamp.h"
#include "base/zone.h"
#include "message/rule.h"
#include <string.h>

static bool is_quiet(const md_quiet_hours *quiet, int minute) {
  if (quiet->from < quiet->until) return minute >= quiet->from && minute < quiet->until;
  return minute >= quiet->from || minute < quiet->until;
}

// The next time that the clock shows the end; in a night that shows it twice the second time, once the first is past.
static md_micros end_of(const md_quiet_hours *quiet, md_zone *zone, md_micros at) {
  md_civil civil = md_zone_civil(zone, at);
  int minute = civil.hour * 60 + civil.minute;
  if (!is_quiet(quiet, minute)) return at;
  if (minute >= quiet->until) civil.day++;
  civil.hour = quiet->until / 60;
  civil.minute = quiet->until % 60;
  civil.second = 0;
  md_micros end = md_zone_instant(zone, &civil, false);
  return end > at ? end : md_zone_instant(zone, &civil, true);
}

// Whoever has a zone that is none lives in the shop's.
static int open_zone(const md_candidate *candidate, md_zone **out, md_error *err) {
  if (candidate->zone) {
    int rc = md_zone_open(out, candidate->zone, NULL);
    if (rc != MD_EINVAL) return rc;
  }
  return md_zone_open(out, md_policy_zone(candidate->policy), err);
}

// Security and service e-mail pass; service SMS and push do when they are urgent.
static bool passes(const md_candidate *candidate) {
  const md_message *message = candidate->message;
  if (candidate->policy->quiet.from == candidate->policy->quiet.until || message->internal) return true;
  if (strcmp(message->class_name, "security") == 0) return true;
  if (strcmp(message->class_name, "service") != 0) return false;
  return strcmp(message->channel, "email") == 0 || message->urgent;
}

int md_quiet_until(const md_candidate *candidate, md_micros at, md_micros *out, md_error *err) {
  md_zone *zone = NULL;
  *out = at;
  if (passes(candidate)) return 0;
  int rc = open_zone(candidate, &zone, err);
  if (rc) return rc;
  *out = end_of(&candidate->policy->quiet, zone, at);
  md_zone_close(zone);
  return 0;
}

int md_rule_quiet_hours(md_candidate *candidate, md_verdict *verdict, md_error *err) {
  char until[32];
  md_message *message = candidate->message;
  md_micros due = candidate->claimed ? candidate->now : message->due_at;
  const md_quiet_hours *quiet = &candidate->policy->quiet;
  md_micros end = due;
  (void)verdict;
  int rc = md_quiet_until(candidate, due, &end, err);
  if (rc || end == due) return rc;
  message->due_at = end;
  md_timestamp_format(end, until);
  message->detail = md_arena_printf(candidate->arena, "quiet hours %02d:%02d-%02d:%02d in %s: waits until %s",
                                    quiet->from / 60, quiet->from % 60, quiet->until / 60, quiet->until % 60,
                                    candidate->zone ? candidate->zone : md_policy_zone(candidate->policy), until);
  return message->detail ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
