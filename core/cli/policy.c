// SPDX-License-Identifier: Apache-2.0
// Reads the settings about consent and decency.
#include "cli/policy.h"
#include "base/duration.h"
#include "base/zone.h"
#include "store/suppressions.h"
#include <ctype.h>
#include <string.h>

enum { PUBLIC_URL_MAX = 200 };

static int read_caps(const json_t *caps, md_policy *out, md_error *err) {
  const char *name;
  json_t *text;
  md_error why = {0};
  json_object_foreach((json_t *)caps, name, text) {
    if (out->cap_count == MD_CAPS_MAX) return md_error_set(err, MD_ERANGE, "caps: more than %d of them", MD_CAPS_MAX);
    if (md_cap_parse(name, json_string_value(text), &out->caps[out->cap_count], &why))
      return md_error_set(err, MD_EINVAL, "caps: %.400s", why.text);
    out->cap_count++;
  }
  return 0;
}

// R7: what is forgotten is counted by nobody any more. A day of the calendar may last an hour longer, so that a cap of
// calendar days looks back into one more.
static int check_retention(const md_settings *settings, const md_policy *policy, md_error *err) {
  char kept[24];
  if (!settings->retention) return 0;
  if (settings->retention < MD_EVENT_IDS_REMEMBERED)
    return md_error_set(err, MD_EINVAL,
                        "retention is less than 90 days, the time for which event ids are remembered: give 90d or "
                        "more, or 0 to forget nothing");
  md_duration_format(settings->retention, kept);
  for (int i = 0; i < policy->cap_count; i++) {
    const md_cap *cap = &policy->caps[i];
    if (cap->per + (cap->days ? MD_DAY : 0) <= settings->retention) continue;
    return md_error_set(err, MD_EINVAL,
                        "caps: %s%s%s = \"%s\" counts messages that retention = \"%s\" has forgotten%s: shorten the "
                        "cap, or keep for longer",
                        cap->class_name, cap->channel[0] ? "/" : "", cap->channel, cap->text, kept,
                        cap->days ? " (calendar days need one day more)" : "");
  }
  return 0;
}

static int check_zone(const char *name, md_error *err) {
  md_zone *zone = NULL;
  md_error why = {0};
  int code = md_zone_open(&zone, name, &why);
  md_zone_close(zone);
  return code ? md_error_set(err, code, "timezone: %.400s", why.text) : 0;
}

static int check_country(const char *code, md_error *err) {
  bool fine = strlen(code) == 2 && isupper((unsigned char)code[0]) && isupper((unsigned char)code[1]);
  if (fine) return 0;
  return md_error_set(err, MD_EINVAL, "country: \"%.20s\": write two capital letters, such as \"DK\"", code);
}

int md_policy_of_settings(const md_settings *settings, const md_master_key *key, md_policy *out, md_error *err) {
  md_error why = {0};
  *out = (md_policy){.zone = settings->timezone,
                     .country = settings->country,
                     .sender = settings->consent_sender,
                     .products = settings->consent_products,
                     .existing_customer = settings->existing_customer};
  if (settings->quiet_hours && md_quiet_hours_parse(settings->quiet_hours, &out->quiet, &why))
    return md_error_set(err, MD_EINVAL, "quiet_hours: %.400s", why.text);
  int code = settings->timezone ? check_zone(settings->timezone, err) : 0;
  if (!code && settings->country) code = check_country(settings->country, err);
  if (!code) code = read_caps(settings->caps, out, err);
  if (!code && key) md_address_key(key, out->address_key);
  return code;
}

int md_policy_unsubscribe(const md_master_key *key, md_token_ring *out, md_error *err) {
  md_token_ring_init(out, md_unsubscribe_purpose);
  return key ? md_token_ring_add(out, key, err) : 0;
}

// https, or http to this machine; a host, and no more than a path without a slash at its end.
static int check_public_url(const char *url, md_error *err) {
  bool secure = strncmp(url, "https://", 8) == 0;
  bool near = strncmp(url, "http://127.0.0.1", 16) == 0 || strncmp(url, "http://localhost", 16) == 0 ||
              strncmp(url, "http://[::1]", 12) == 0;
  size_t len = strlen(url);
  bool plain = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:/[]") == len;
  if ((secure || near) && plain && len > 8 && len <= PUBLIC_URL_MAX && url[len - 1] != '/') return 0;
  return md_error_set(err, MD_EINVAL,
                      "public_url: \"%.200s\": write the address by which customers reach this server, such as "
                      "\"https://mail.example.com\", without a slash at its end",
                      url);
}

int md_policy_link_base(const md_settings *settings, bool stays_here, md_arena *arena, const char **out, bool *own,
                        md_error *err) {
  *own = false;
  *out = settings->public_url;
  if (*out) return check_public_url(*out, err);
  if (!stays_here || !settings->listen) return 0;
  *own = true;
  *out = md_arena_printf(arena, "http://%s", settings->listen);
  return *out ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_policy_check(const md_settings *settings, md_error *err) {
  md_policy policy;
  int code = md_policy_of_settings(settings, NULL, &policy, err);
  return code ? code : check_retention(settings, &policy, err);
}

void md_policy_of_engine(const md_settings *settings, md_engine_options *out) {
  out->consent_sender = settings->consent_sender;
  out->consent_products = settings->consent_products;
  out->sale_event = settings->existing_customer ? settings->sale_event : NULL;
}
