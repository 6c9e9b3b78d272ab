// SPDX-License-Identifier: Apache-2.0
// Delivery modes: shadow, redirect:ADDRESS, allow:@DOMAIN, live. Pure; any thread.
#include "message/mode.h"
#include "message/address.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *after(const char *text, const char *prefix) {
  size_t len = strlen(prefix);
  return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static int parse_redirect(const char *address, md_mode *out, md_error *err) {
  md_error why = {0};
  if (md_mail_address_check(address, strlen(address), &why))
    return md_error_set(err, MD_EINVAL, "delivery mode redirect: %.300s", why.text);
  *out = (md_mode){MD_MODE_REDIRECT, address};
  return 0;
}

// A domain is right when an address with it is.
static int parse_allow(const char *domain, md_mode *out, md_error *err) {
  char probe[MD_MAIL_ADDRESS_MAX + 1];
  int len = snprintf(probe, sizeof probe, "a%s", domain);
  if (domain[0] != '@' || len >= (int)sizeof probe || md_mail_address_check(probe, (size_t)len, NULL))
    return md_error_set(err, MD_EINVAL, "delivery mode allow needs a domain: write allow:@shop.dk");
  *out = (md_mode){MD_MODE_ALLOW, domain + 1};
  return 0;
}

int md_mode_parse(const char *text, md_mode *out, md_error *err) {
  const char *rest;
  if ((rest = after(text, "redirect:"))) return parse_redirect(rest, out, err);
  if ((rest = after(text, "allow:"))) return parse_allow(rest, out, err);
  *out = (md_mode){strcmp(text, "live") == 0 ? MD_MODE_LIVE : MD_MODE_SHADOW, NULL};
  if (out->kind == MD_MODE_LIVE || strcmp(text, "shadow") == 0) return 0;
  return md_error_set(err, MD_EINVAL,
                      "\"%.60s\" is no delivery mode: write shadow, redirect:ADDRESS, allow:@DOMAIN or live", text);
}

const char *md_mode_recipient(const md_mode *mode, const char *class_name, const char *to) {
  const char *at = strrchr(to, '@');
  switch (mode->kind) {
  case MD_MODE_LIVE:
    return to;
  case MD_MODE_REDIRECT:
    return strcmp(class_name, "security") == 0 ? NULL : mode->argument;
  case MD_MODE_ALLOW:
    return at && strcasecmp(at + 1, mode->argument) == 0 ? to : NULL;
  case MD_MODE_SHADOW:
    break;
  }
  return NULL;
}
