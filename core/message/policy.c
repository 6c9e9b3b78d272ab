// SPDX-License-Identifier: Apache-2.0
// Reads the texts of a policy, and knows its defaults.
#include "message/policy.h"
#include "base/duration.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_MAX = 1000 };

const char *md_policy_zone(const md_policy *policy) {
  return policy->zone ? policy->zone : "Europe/Copenhagen";
}

const char *md_policy_country(const md_policy *policy) {
  return policy->country ? policy->country : "DK";
}

const char *md_policy_sender(const md_policy *policy) {
  return policy->sender ? policy->sender : "shop";
}

const char *md_policy_products(const md_policy *policy) {
  return policy->products ? policy->products : "all";
}

static bool read_clock(const char *text, int *minutes) {
  bool shaped = strlen(text) == 5 && text[2] == ':';
  for (int i = 0; i < 5 && shaped; i++)
    shaped = i == 2 || (text[i] >= '0' && text[i] <= '9');
  if (!shaped) return false;
  int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
  *minutes = hour * 60 + minute;
  return hour < 24 && minute < 60;
}

int md_quiet_hours_parse(const char *text, md_quiet_hours *out, md_error *err) {
  char from[6] = "", until[6] = "";
  *out = (md_quiet_hours){0};
  if (strcmp(text, "none") == 0) return 0;
  bool shaped = strlen(text) == 11 && text[5] == '-';
  if (shaped) {
    memcpy(from, text, 5);
    memcpy(until, text + 6, 5);
  }
  if (shaped && read_clock(from, &out->from) && read_clock(until, &out->until) && out->from != out->until) return 0;
  return md_error_set(err, MD_EINVAL, "\"%.40s\" are no quiet hours: write them as \"21:00-08:00\", or \"none\"", text);
}

static int bad_cap(const char *name, const char *text, md_error *err) {
  return md_error_set(
      err, MD_EINVAL,
      "%.40s = \"%.40s\": write CLASS or CLASS/CHANNEL = \"N per SPAN\", such as marketing = \"3 per 7d\"", name, text);
}

static bool read_cap_name(const char *name, md_cap *out) {
  static const char *const classes[] = {"feedback", "marketing", "service"};
  static const char *const channels[] = {"email", "sms", "push"};
  const char *slash = strchr(name, '/');
  size_t len = slash ? (size_t)(slash - name) : strlen(name);
  bool known = false, reaches = !slash;
  for (int i = 0; i < 3; i++) {
    if (strlen(classes[i]) == len && memcmp(classes[i], name, len) == 0) known = true;
    if (slash && strcmp(slash + 1, channels[i]) == 0) reaches = true;
  }
  if (!known || !reaches) return false;
  snprintf(out->class_name, sizeof out->class_name, "%.*s", (int)len, name);
  snprintf(out->channel, sizeof out->channel, "%s", slash ? slash + 1 : "");
  return true;
}

// Whole days are days of the calendar.
static int days_of(const char *span, md_micros per) {
  char unit = span[strlen(span) - 1];
  bool whole = (unit == 'd' || unit == 'w') && per % MD_DAY == 0;
  return whole ? (int)(per / MD_DAY) : 0;
}

int md_cap_parse(const char *name, const char *text, md_cap *out, md_error *err) {
  char *end = NULL;
  *out = (md_cap){0};
  if (!read_cap_name(name, out) || strlen(text) >= sizeof out->text || text[0] < '0' || text[0] > '9')
    return bad_cap(name, text, err);
  long most = strtol(text, &end, 10);
  if (most < 1 || most > CAP_MAX || strncmp(end, " per ", 5) != 0) return bad_cap(name, text, err);
  const char *span = end + 5;
  if (md_duration_parse(span, strlen(span), &out->per, NULL) || out->per == 0) return bad_cap(name, text, err);
  out->most = (int)most;
  out->days = days_of(span, out->per);
  snprintf(out->text, sizeof out->text, "%s", text);
  return 0;
}
