// SPDX-License-Identifier: Apache-2.0
// Delivery modes (DESIGN section 4): shadow, redirect:ADDRESS, allow:@DOMAIN, live. Pure; any thread.
#pragma once
#include "base/error.h"

typedef enum md_mode_kind { MD_MODE_SHADOW, MD_MODE_REDIRECT, MD_MODE_ALLOW, MD_MODE_LIVE } md_mode_kind;

typedef struct md_mode {
  md_mode_kind kind;
  const char *argument; // within the text that was parsed: the address, or the domain without '@'; NULL where none
} md_mode;

// MD_EINVAL names what was wrong and what to write.
int md_mode_parse(const char *text, md_mode *out, md_error *err);

// Where a mail to `to` of this class goes under this mode: `to` itself, the redirect's address, or NULL: nowhere, it is
// kept as in shadow. Mail of class security is never redirected (M8), so redirect keeps it.
const char *md_mode_recipient(const md_mode *mode, const char *class_name, const char *to);
