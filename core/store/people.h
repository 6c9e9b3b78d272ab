// SPDX-License-Identifier: Apache-2.0
// The tables of people: persons, their identities, profile and consent, and joins as aliases (P2, P3). One thread a
// store.
#pragma once
#include "base/json.h"
#include "store/store.h"

typedef struct md_identity {
  const char *kind; // the plan's path: "subject", "data.email", "data.anonymous_id"
  const char *value;
  bool strong;
} md_identity;

enum { MD_IDENTITIES_MAX = 64 };

typedef struct md_person {
  int64_t id;            // this row
  int64_t alias_of;      // whom it was joined to, or 0
  int64_t alias_because; // seq of the event that told, 0: an operator
  md_micros alias_at;
  md_micros created_at;
  md_identity identities[MD_IDENTITIES_MAX]; // those written on this row
  int identity_count;
  const char *profile; // JSON object: email phone name locale timezone and traits; never NULL
} md_person;

// Creates a person with these identities; `*id` answers the row.
int md_people_insert(md_store *store, const md_identity *identities, int count, md_micros at, int64_t *id,
                     md_error *err);
// The row that holds this identity (not resolved to the canonical one), or MD_ENOTFOUND.
int md_people_find(md_store *store, const char *kind, const char *value, int64_t *id, md_error *err);
int md_people_get(md_store *store, int64_t id, md_arena *arena, md_person *out, md_error *err);
// The identities written on this row, without all else that it holds: `out` has room for MD_IDENTITIES_MAX.
int md_people_identities(md_store *store, int64_t id, md_arena *arena, md_identity *out, int *count, md_error *err);
// Writes a further identity on a row. MD_EEXISTS when it is there already, MD_ETOOBIG past MD_IDENTITIES_MAX.
int md_people_add_identity(md_store *store, int64_t id, md_identity identity, md_error *err);
int md_people_set_profile(md_store *store, int64_t id, const char *profile_json, md_error *err);
// P3: a join is an alias. `id` must be canonical, `canonical` too. `because` is the event's seq.
int md_people_alias(md_store *store, int64_t id, int64_t canonical, int64_t because, md_micros at, md_error *err);
// Undoes it: MD_ECONFLICT when the row is joined to nobody.
int md_people_split(md_store *store, int64_t id, md_error *err);
// Follows aliases to the canonical row.
int md_people_canonical(md_store *store, int64_t id, int64_t *out, md_error *err);
// The rows of a person, the canonical one first, however many: in the arena.
typedef struct md_members {
  const int64_t *ids;
  int count;
} md_members;
// All rows whose canonical person is `canonical`.
int md_people_members(md_store *store, int64_t canonical, md_arena *arena, md_members *out, md_error *err);
// The same for whichever row of the person; none for 0.
int md_people_rows(md_store *store, int64_t person, md_arena *arena, md_members *out, md_error *err);

// Consent as rows, newest wins; all of P7's fields.
// What a consent can be for (P7), each list ends in NULL.
extern const char *const md_consent_channels[], *const md_consent_purposes[];

typedef struct md_consent {
  int64_t id, person, event_seq;
  md_micros at;
  bool given;
  const char *channel, *purpose, *sender, *products, *text, *source; // "*" where a withdrawal names none
} md_consent;
int md_consents_insert(md_store *store, const md_consent *consent, md_error *err);
int md_consents_list(md_store *store, int64_t person, int (*each)(void *context, const md_consent *row), void *context,
                     md_error *err); // oldest first

// Things and what they belong to (P4). parent_kind is "person" (value: decimal id) or another kind; NULL: not known
// yet.
typedef struct md_thing {
  int64_t id;
  const char *kind, *value, *parent_kind, *parent_value;
  int64_t first_seq;
} md_thing;
int md_things_get(md_store *store, const char *kind, const char *value, md_arena *arena, md_thing *out, md_error *err);
int md_things_insert(md_store *store, const md_thing *thing, md_error *err);
int md_things_set_parent(md_store *store, int64_t id, const char *parent_kind, const char *parent_value, md_error *err);
