// SPDX-License-Identifier: Apache-2.0
// Profiles: what profile events change, and the flat table that scripts read, consent in short included (P7, R8).
#include "base/log.h"
#include "engine/consent.h"
#include "engine/identity.h"
#include "engine/state.h"
#include <string.h>

enum { PROFILE_MAX = 64 << 10 };

static int merge(json_t *into, const json_t *changes) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)changes, name, value) {
    if (json_is_null(value))
      json_object_del(into, name);
    else if (json_object_set(into, name, value) != 0)
      return MD_ENOMEM;
  }
  return 0;
}

// What was said last counts, whichever row it stands under (P3); of two at one time the withdrawal does.
typedef struct consents {
  json_t *table;
  md_micros at[9]; // channel by purpose
} consents;

static int add_consent(void *context, const md_consent *row) {
  consents *all = context;
  json_t *consent = all->table;
  const char *const *channels = md_consent_channels, *const *purposes = md_consent_purposes;
  for (int c = 0; channels[c]; c++)
    for (int p = 0; purposes[p]; p++) {
      bool meant = (strcmp(row->channel, "*") == 0 || strcmp(row->channel, channels[c]) == 0) &&
                   (strcmp(row->purpose, "*") == 0 || strcmp(row->purpose, purposes[p]) == 0);
      char name[32];
      snprintf(name, sizeof name, "%s/%s", channels[c], purposes[p]);
      md_micros *last = &all->at[3 * c + p];
      if (!meant || row->at < *last || (row->at == *last && row->given)) continue;
      *last = row->at;
      if (!row->given)
        json_object_del(consent, name);
      else if (json_object_set_new(consent, name, json_true()) != 0)
        return MD_ENOMEM;
    }
  return 0;
}

// An address learnt from an e-mail identity (M9), where the profile has none.
static int learn_email(json_t *profile, const md_person *row) {
  int bad = 0;
  for (int i = 0; i < row->identity_count && !json_object_get(profile, "email"); i++)
    if (md_identity_is_email(row->identities[i].kind))
      bad |= json_object_set_new(profile, "email", json_string(row->identities[i].value));
  return bad ? MD_ENOMEM : 0;
}

static int add_row(md_engine *engine, int64_t id, json_t *profile, json_t *learnt, consents *consent, md_error *err) {
  md_person *row = md_arena_alloc(engine->arena, sizeof *row);
  if (!row) return MD_ENOMEM;
  int rc = md_people_get(engine->store, id, engine->arena, row, err);
  if (rc) return rc;
  const json_t *own = md_json_parse(row->profile, strlen(row->profile), false, err);
  if (!own) return MD_ECORRUPT;
  rc = learn_email(learnt, row);
  if (rc == 0) rc = merge(profile, own);
  return rc ? rc : md_consents_list(engine->store, id, add_consent, consent, err);
}

int md_profile_read(md_engine *engine, int64_t person, json_t **out, md_error *err) {
  json_t *profile = json_object(), *learnt = json_object();
  consents consent = {.table = json_object()};
  if (!profile || !learnt || !consent.table) return MD_ENOMEM;
  md_members rows;
  int rc = md_people_rows(engine->store, person, engine->arena, &rows, err);
  for (int i = rows.count - 1; rc == 0 && i >= 0; i--) // the canonical row last: it wins
    rc = add_row(engine, rows.ids[i], profile, learnt, &consent, err);
  json_t *email = json_object_get(learnt, "email");
  int bad = email && !json_object_get(profile, "email") ? json_object_set(profile, "email", email) : 0;
  bad |= json_object_set(profile, "consent", consent.table);
  *out = profile;
  return rc ? rc : bad ? MD_ENOMEM : 0;
}

// A profile is as large as any value that a script handles (S9): scripts read it whole into their journals. A change
// that would make it larger is not carried out, and said.
static int refuse_size(md_engine *engine, int64_t person, size_t len, md_error *err) {
  md_log(MD_LOG_WARN, "engine", "a profile would be too large: the change is left out", "person", md_log_int(person),
         "bytes", md_log_int((int64_t)len), NULL);
  const md_event *event = engine->current;
  return md_incidents_insert(
      engine->store, "profile_too_large", event ? event->seq : 0, 0,
      "the profile would be larger than 64 KiB: the change was left out; keep in it what mails and "
      "decisions need",
      engine->now, err);
}

int md_profile_update(md_engine *engine, int64_t person, const json_t *changes, md_error *err) {
  md_person *row = md_arena_alloc(engine->arena, sizeof *row);
  if (!row) return MD_ENOMEM;
  int rc = md_people_get(engine->store, person, engine->arena, row, err);
  if (rc) return rc;
  json_t *profile = md_json_parse(row->profile, strlen(row->profile), false, err);
  if (!profile) return MD_ECORRUPT;
  rc = merge(profile, changes);
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, profile);
  if (rc == 0 && !md_buffer_ok(&text)) rc = MD_ENOMEM;
  if (rc == 0)
    rc = text.len > PROFILE_MAX ? refuse_size(engine, person, text.len, err)
                                : md_people_set_profile(engine->store, person, text.data, err);
  md_buffer_deinit(&text);
  return rc;
}

// What came from outside is parsed; what was emitted is not yet.
static int parsed(const md_event *event, md_event *out, md_error *err) {
  *out = *event;
  if (out->data || !out->data_text) return 0;
  out->data = md_json_parse(out->data_text, strlen(out->data_text), true, err);
  return out->data ? 0 : MD_ECORRUPT;
}

static int carry_out(md_engine *engine, const md_event *event, md_error *err) {
  const char *sale = engine->options.sale_event;
  if (sale && strcmp(event->type, sale) == 0) return md_consent_sale(engine, event, err);
  if (strcmp(event->type, "profile.updated") == 0)
    return json_is_object(event->data) ? md_profile_update(engine, event->person, event->data, err) : 0;
  if (strcmp(event->type, "consent.given") == 0) return md_consent_event(engine, event, true, err);
  if (strcmp(event->type, "consent.withdrawn") == 0) return md_consent_event(engine, event, false, err);
  return 0;
}

static bool concerns(const md_engine *engine, const char *type) {
  const char *sale = engine->options.sale_event;
  return strncmp(type, "consent.", 8) == 0 || strcmp(type, "profile.updated") == 0 || (sale && strcmp(sale, type) == 0);
}

int md_profile_event(md_engine *engine, const md_event *event, md_error *err) {
  md_event whole;
  if (event->person == 0 || !concerns(engine, event->type)) return 0;
  int rc = parsed(event, &whole, err);
  return rc ? rc : carry_out(engine, &whole, err);
}
