// SPDX-License-Identifier: Apache-2.0
// Suppressions: what a person or an address has asked never to get again.
#include "base/timestamp.h"
#include "message/rule.h"
#include "store/suppressions.h"
#include <string.h>

static int find_by_person(const md_candidate *candidate, const md_suppression_query *query, md_suppression *out,
                          md_error *err) {
  md_members members;
  int rc = md_people_rows(candidate->store, candidate->message->person, candidate->arena, &members, err);
  if (rc) return rc;
  rc = MD_ENOTFOUND;
  for (int i = 0; rc == MD_ENOTFOUND && i < members.count; i++)
    rc = md_suppressions_of_person(candidate->store, members.ids[i], query, candidate->arena, out, err);
  return rc;
}

// Who unsubscribed and consented again since is written to again: the newer word holds.
static int find(const md_candidate *candidate, md_suppression *out, md_error *err) {
  const md_message *message = candidate->message;
  uint8_t hash[MD_ADDRESS_HASH_SIZE];
  md_suppression_query query = {message->channel, message->class_name, candidate->consented_at};
  int rc = MD_ENOTFOUND;
  if (message->to) {
    md_address_hash(candidate->policy->address_key, message->to, hash);
    rc = md_suppressions_of_address(candidate->store, hash, &query, candidate->arena, out, err);
  }
  return rc == MD_ENOTFOUND ? find_by_person(candidate, &query, out, err) : rc;
}

int md_rule_suppression(md_candidate *candidate, md_verdict *verdict, md_error *err) {
  md_suppression found;
  char when[32];
  if (candidate->message->internal || strcmp(candidate->message->class_name, "security") == 0) return 0;
  int rc = find(candidate, &found, err);
  if (rc == MD_ENOTFOUND) return 0;
  if (rc) return rc;
  md_timestamp_format(found.at, when);
  verdict->reason = "suppressed";
  verdict->detail = md_arena_printf(candidate->arena, "suppression %lld of %s: %s of %s", (long long)found.id, when,
                                    found.reason, found.purpose);
  return verdict->detail ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
