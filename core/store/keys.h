// SPDX-License-Identifier: Apache-2.0
// The table of API keys (A1): only their SHA-256 is stored. One thread a store.
#pragma once
#include "base/digest.h"
#include "store/store.h"

typedef struct md_api_key {
  int64_t id;
  const char *name;
  const char *scopes; // comma separated: "events", "deploy"
  const char *source; // events bear this source whatever they say; NULL: as they say
  const char *types;  // comma separated patterns ("order.*,consent.given"); NULL: all but the reserved
  uint8_t hash[MD_SHA256_SIZE];
  md_micros created_at, revoked_at; // revoked_at 0: valid
} md_api_key;

int md_keys_insert(md_store *store, md_api_key *key, md_error *err);                // MD_EEXISTS: the name is taken
int md_keys_revoke(md_store *store, const char *name, md_micros at, md_error *err); // MD_ENOTFOUND
int md_keys_list(md_store *store, int (*each)(void *context, const md_api_key *key), void *context, md_error *err);
