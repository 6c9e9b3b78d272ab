// SPDX-License-Identifier: Apache-2.0
// Whether a class of message may go to a person at all, by the consents on record. The engine's thread.
#include "message/consent.h"
#include <string.h>

enum { MEMBERS_MAX = 256 };

typedef struct newest {
  const char *purpose;
  bool found, given;
  md_micros at;
} newest;

static bool names(const char *field, const char *wanted) {
  return !field || strcmp(field, "*") == 0 || strcmp(field, wanted) == 0;
}

static int consider(void *context, const md_consent *row) {
  newest *newest = context;
  if (!names(row->channel, "email") || !names(row->purpose, newest->purpose)) return 0;
  if (newest->found && row->at < newest->at) return 0;
  bool tie = newest->found && row->at == newest->at;
  newest->given = row->given && (!tie || newest->given);
  newest->at = row->at;
  newest->found = true;
  return 0;
}

static int read_newest(md_store *store, int64_t person, newest *newest, md_error *err) {
  int64_t members[MEMBERS_MAX];
  int count = 0;
  int rc = person ? md_people_members(store, person, members, MEMBERS_MAX, &count, err) : 0;
  for (int i = 0; rc == 0 && i < count; i++)
    rc = md_consents_list(store, members[i], consider, newest, err);
  return rc;
}

int md_consent_allows(md_store *store, int64_t person, const char *class_name, bool *allowed, const char **why,
                      md_error *err) {
  bool marketing = strcmp(class_name, "marketing") == 0;
  *allowed = true;
  *why = NULL;
  if (!marketing && strcmp(class_name, "feedback") != 0) return 0;
  newest newest = {.purpose = class_name};
  int rc = read_newest(store, person, &newest, err);
  if (rc) return rc;
  *allowed = newest.found ? newest.given : !marketing;
  if (!*allowed)
    *why =
        newest.found ? "the person withdrew consent for it" : "marketing needs a consent for e-mail, and there is none";
  return 0;
}
