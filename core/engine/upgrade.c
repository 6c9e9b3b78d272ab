// SPDX-License-Identifier: Apache-2.0
// Stored values that an older version left in another shape: the moment's `upgrade` makes the new ones of them, once a
// person (R6).
#include "engine/turn.h"
#include <string.h>

static const char marker[] = ""; // a key that no script can write: values of this shape have been made

typedef struct gathering {
  md_engine *engine;
  json_t *values;
  json_t *written; // key → when
} gathering;

// Per key the newest write wins (P3).
static int gather(void *context, const char *key, const md_value *value) {
  gathering *at = context;
  const json_t *known = json_object_get(at->written, key);
  bool expired = value->expires_at != 0 && value->expires_at <= at->engine->now;
  if (strcmp(key, marker) == 0 || expired || (known && json_integer_value(known) >= value->written_at)) return 0;
  json_t *json = md_json_parse(value->json, strlen(value->json), true, NULL);
  if (!json) return MD_ECORRUPT;
  int bad = json_object_set(at->values, key, json);
  bad |= json_object_set_new(at->written, key, json_integer(value->written_at));
  return bad ? MD_ENOMEM : 0;
}

static int is_marked(md_turn_state *turn, int64_t person, bool *yes) {
  md_value value;
  int rc = md_values_get(turn->engine->store, turn->run->moment, turn->definition->store, person, marker,
                         turn->engine->arena, &value, &turn->error);
  if (rc == 0) *yes = true;
  return rc == MD_ENOTFOUND ? 0 : rc;
}

// What there is of another shape; *marked: nothing is to be done any more.
static int look(md_turn_state *turn, gathering *at, bool *marked) {
  md_members rows;
  md_store *store = turn->engine->store;
  int rc = md_people_rows(store, turn->run->person, turn->engine->arena, &rows, &turn->error);
  for (int i = 0; rc == 0 && i < rows.count && !*marked; i++)
    rc = is_marked(turn, rows.ids[i], marked);
  for (int i = 0; rc == 0 && i < rows.count && !*marked; i++)
    rc = md_values_of_other_shape(store, turn->run->moment, turn->definition->store, rows.ids[i], gather, at,
                                  &turn->error);
  return rc;
}

bool md_upgrade_ensure(md_turn_state *turn, md_answer *answer) {
  gathering at = {.engine = turn->engine};
  bool marked = false;
  if (!turn->definition->has_upgrade || turn->upgraded) return true;
  at.values = json_object();
  at.written = json_object();
  int rc = at.values && at.written ? look(turn, &at, &marked) : MD_ENOMEM;
  if (rc) {
    md_step_fail(turn, rc, answer);
    return false;
  }
  turn->upgraded = marked;
  if (!marked && json_object_size(at.values) == 0) md_upgrade_done(turn, at.values);
  if (turn->upgraded) return true;
  answer->kind = MD_ANSWER_UPGRADE;
  answer->value = at.values;
  return false;
}

void md_upgrade_done(void *context, const json_t *values) {
  md_turn_state *turn = context;
  const char *key;
  json_t *value;
  int rc = md_step_write_value(turn, marker, json_true(), 0);
  json_object_foreach((json_t *)values, key, value) if (rc == 0 && *key) rc = md_step_write_value(turn, key, value, 0);
  turn->upgraded = rc == 0;
  if (rc) turn->code = rc;
}
