// SPDX-License-Identifier: Apache-2.0
// An unsubscribe link that was followed by a POST: the address is suppressed at once, and the withdrawal is an event
// like any other, so that runs see it and the consent's history has it (A3).
#include "store/unsubscribe.h"
#include "base/digest.h"
#include "engine/state.h"
#include <stdio.h>
#include <string.h>

static int note_newest(void *context, const md_consent *row) {
  int64_t *newest = context;
  if (row->given && row->id > *newest) *newest = row->id;
  return 0;
}

// The newest consent that there is to withdraw: who consents anew can unsubscribe anew, with the same link.
static int newest_consent(md_engine *engine, int64_t person, int64_t *newest, md_error *err) {
  md_members members;
  *newest = 0;
  int rc = md_people_rows(engine->store, person, engine->arena, &members, err);
  for (int i = 0; rc == 0 && i < members.count; i++)
    rc = md_consents_list(engine->store, members.ids[i], note_newest, newest, err);
  return rc;
}

static int done_before(md_engine *engine, const char *id, bool *done, md_error *err) {
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  int64_t seq = 0;
  *done = md_emission_find(engine, MD_UNSUBSCRIBE_SOURCE, id);
  if (*done) return 0;
  int rc = md_events_find_id(engine->store, MD_UNSUBSCRIBE_SOURCE, id, &seq, digest, err);
  *done = rc == 0;
  return rc == MD_ENOTFOUND ? 0 : rc;
}

static int suppress(md_engine *engine, const md_unsubscribe *link, int64_t person, const char *id, md_error *err) {
  md_suppression row = {.person = person,
                        .at = engine->now,
                        .address = link->address,
                        .channel = "email",
                        .purpose = link->purpose,
                        .reason = "unsubscribe",
                        .evidence = id};
  return md_suppressions_insert(engine->store, &row, err);
}

static int withdraw(md_engine *engine, const md_unsubscribe *link, int64_t person, const char *id, md_error *err) {
  const char *data = md_arena_printf(
      engine->arena, "{\"channel\":\"email\",\"purpose\":\"%s\",\"source\":\"unsubscribe\"}", link->purpose);
  if (!data) return md_error_set(err, MD_ENOMEM, "out of memory");
  return md_emit_about_person(engine, person, MD_UNSUBSCRIBE_SOURCE, "consent.withdrawn", id, data, err);
}

// 0 where the person was erased: the address stays suppressed all the same.
static int find_person(md_engine *engine, int64_t id, int64_t *out, md_error *err) {
  md_person *row = md_arena_alloc(engine->arena, sizeof *row);
  if (!row) return md_error_set(err, MD_ENOMEM, "out of memory");
  *out = 0;
  int rc = md_people_get(engine->store, id, engine->arena, row, err);
  if (rc == MD_ENOTFOUND) return 0;
  return rc ? rc : md_people_canonical(engine->store, id, out, err);
}

int md_engine_unsubscribe(md_engine *engine, const md_unsubscribe *link, md_error *err) {
  int64_t person = 0, newest = 0;
  char id[80], address[2 * MD_ADDRESS_HASH_SIZE + 1];
  bool done = false;
  int rc = find_person(engine, link->person, &person, err);
  if (rc == 0) rc = newest_consent(engine, person, &newest, err);
  if (rc) return rc;
  md_hex(link->address, sizeof link->address, address);
  snprintf(id, sizeof id, "%s.%s.%lld.%lld", address, link->purpose, (long long)person, (long long)newest);
  rc = done_before(engine, id, &done, err);
  if (rc || done) return rc;
  rc = suppress(engine, link, person, id, err);
  return rc ? rc : withdraw(engine, link, person, id, err);
}
