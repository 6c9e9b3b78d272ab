// SPDX-License-Identifier: Apache-2.0
// What an installation has settled about consent and decency: the values that the rules of a decision go by. Pure.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

// Minutes of the day; from == until: none.
typedef struct md_quiet_hours {
  int from, until;
} md_quiet_hours;

// At most `most` messages of a class a person within `per`, or within so many days of the person's calendar.
typedef struct md_cap {
  char class_name[16];
  char channel[16]; // "": all channels together
  int most;
  md_micros per;
  int days; // 0: `per` slides by the instant
  char text[32];
} md_cap;

enum { MD_CAPS_MAX = 16, MD_ADDRESS_KEY_SIZE = 32 };

// The zero value: no quiet hours, no caps, a Danish shop. Texts are borrowed.
typedef struct md_policy {
  const char *zone; // of the shop; NULL: Europe/Copenhagen
  md_quiet_hours quiet;
  md_cap caps[MD_CAPS_MAX];
  int cap_count;
  const char *country;                      // of a person who has none; NULL: DK
  const char *sender;                       // who a consent is given to; NULL: "shop"
  const char *products;                     // what a message is about that does not say; NULL: "all"
  bool existing_customer;                   // whether a sale may stand for consent (Markedsføringsloven § 10(2))
  uint8_t address_key[MD_ADDRESS_KEY_SIZE]; // of the hashes of suppressed addresses
} md_policy;

const char *md_policy_zone(const md_policy *policy);
const char *md_policy_country(const md_policy *policy);
const char *md_policy_sender(const md_policy *policy);
const char *md_policy_products(const md_policy *policy);

// Reads "21:00-08:00" or "none". MD_EINVAL says what to write.
int md_quiet_hours_parse(const char *text, md_quiet_hours *out, md_error *err);
// Reads a cap: `name` is CLASS or CLASS/CHANNEL, `text` such as "3 per 7d". A number of days or weeks counts calendar
// days. MD_EINVAL.
int md_cap_parse(const char *name, const char *text, md_cap *out, md_error *err);
