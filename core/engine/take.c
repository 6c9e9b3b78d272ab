// SPDX-License-Identifier: Apache-2.0
// Takes one event whole: duplicate check, person, things, storage, then what it starts and what it answers (T5, T6, P,
// W1).
#include "base/assert.h"
#include "engine/secrets.h"
#include <string.h>

// One stored before its type had secrets was not keyed.
static bool same_digest(const uint8_t *stored, const uint8_t *keyed, const uint8_t *plain) {
  return memcmp(stored, keyed, MD_EVENT_DIGEST_SIZE) == 0 || memcmp(stored, plain, MD_EVENT_DIGEST_SIZE) == 0;
}

static int known_before(md_engine *engine, md_event *event, md_event_status *status, md_error *err) {
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  uint8_t plain[MD_EVENT_DIGEST_SIZE];
  int64_t seq = 0;
  memcpy(plain, event->digest, sizeof plain);
  int rc = md_secrets_digest(engine, event, err);
  if (rc) return rc;
  rc = md_events_find_id(engine->store, event->source, event->id, &seq, digest, err);
  if (rc == 0)
    *status = same_digest(digest, event->digest, plain) ? MD_EVENT_DUPLICATE : MD_EVENT_CONFLICTING;
  else if (rc == MD_ENOTFOUND)
    rc = 0;
  return rc;
}

static void stamp(md_engine *engine, md_event *event) {
  event->received_at = engine->now;
  if (!(event->flags & MD_EVENT_HAS_TIME) || event->time > engine->now) // W6
    event->time = engine->now;
  event->seq = engine->last_event + 1;
}

int md_take_event(md_engine *engine, md_event *event, md_event_status *status, md_error *err) {
  *status = md_secrets_fit(engine, event) ? MD_EVENT_ACCEPTED : MD_EVENT_REFUSED;
  if (*status == MD_EVENT_REFUSED) return 0;
  int rc = known_before(engine, event, status, err);
  if (rc || *status != MD_EVENT_ACCEPTED) return rc;
  stamp(engine, event);
  rc = md_identify(engine, event, err);
  if (rc == 0) rc = md_relate(engine, event, err);
  if (rc == 0) rc = md_secrets_conceal(engine, event, err);
  if (rc == 0) rc = md_events_insert(engine->store, event, err);
  if (rc) return rc;
  engine->last_event = event->seq;
  md_unplanned_see(&engine->unplanned, engine->plan, event->type);
  if (engine->joined_count) rc = md_join_offer(engine, err);
  if (rc == 0 && engine->linked_count) rc = md_link_late(engine, event, err);
  return rc ? rc : md_process_event(engine, event, err);
}

int md_process_event(md_engine *engine, md_event *event, md_error *err) {
  int rc = md_profile_event(engine, event, err);
  if (rc || event->flags & MD_EVENT_HISTORY) return rc;
  engine->current = event;
  engine->current_runs = md_runs_last_id(engine->store);
  rc = md_trigger(engine, event, err);
  if (rc == 0) rc = md_offer_event(engine, event, err);
  engine->current = NULL;
  return rc;
}
