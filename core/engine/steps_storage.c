// SPDX-License-Identifier: Apache-2.0
// Steps of the storage family: the profile and stored values (R8, P3).
#include "engine/turn.h"
#include <string.h>

void md_step_profile(md_turn_state *turn, md_answer *answer) {
  int rc = md_profile_read(turn->engine, turn->run->person, &answer->value, &turn->error);
  const char *name;
  json_t *value;
  if (rc == 0 && turn->profile_changes) json_object_foreach(turn->profile_changes, name, value) {
      if (json_is_null(value))
        json_object_del(answer->value, name);
      else if (json_object_set(answer->value, name, value) != 0)
        rc = MD_ENOMEM;
    }
  if (rc) md_step_fail(turn, rc, answer);
}

static bool has_person(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (turn->run->person == 0)
    md_step_raise(answer, "m:%s needs a person, and this run has none", md_step_kind_name(step->kind));
  return turn->run->person != 0;
}

void md_step_update_profile(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer)) return;
  if (!turn->profile_changes) turn->profile_changes = json_object();
  if (!turn->profile_changes || json_object_update(turn->profile_changes, (json_t *)step->args) != 0)
    md_step_fail(turn, MD_ENOMEM, answer);
  else
    answer->value = json_true();
}

// The newest write among the turn's own and those stored under the person's rows (P3); MD_ENOTFOUND when there is none.
static int newest_value(md_turn_state *turn, const char *key, const char **json) {
  for (const md_write *at = turn->writes; at; at = at->before)
    if (strcmp(at->key, key) == 0) {
      *json = at->value.json && strcmp(at->value.json, "null") != 0 ? at->value.json : NULL;
      return *json ? 0 : MD_ENOTFOUND;
    }
  md_members rows;
  md_engine *engine = turn->engine;
  md_value best = {.written_at = -1}, value;
  int rc = md_people_rows(engine->store, turn->run->person, engine->arena, &rows, &turn->error);
  for (int i = 0; rc == 0 && i < rows.count; i++) {
    rc = md_values_get(engine->store, turn->run->moment, turn->definition->store, rows.ids[i], key, engine->arena,
                       &value, &turn->error);
    bool found = rc == 0 && (value.expires_at == 0 || value.expires_at > engine->now);
    if (found && value.written_at > best.written_at) best = value;
    rc = rc == MD_ENOTFOUND ? 0 : rc;
  }
  *json = best.json && strcmp(best.json, "null") != 0 ? best.json : NULL;
  return rc ? rc : *json ? 0 : MD_ENOTFOUND;
}

// What a joined person forgets is kept as null: the other rows' older values must not come back (P3).
static int is_joined(md_turn_state *turn, bool *joined) {
  md_members rows;
  int rc = md_people_rows(turn->engine->store, turn->run->person, turn->engine->arena, &rows, &turn->error);
  *joined = rows.count > 1;
  return rc;
}

static int read_value(md_turn_state *turn, const char *key, json_t **out) {
  const char *json = NULL;
  *out = NULL;
  int rc = newest_value(turn, key, &json);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  *out = md_json_parse(json, strlen(json), true, &turn->error);
  return *out ? 0 : MD_ECORRUPT;
}

int md_step_write_value(md_turn_state *turn, const char *key, const json_t *value, md_micros ttl) {
  md_write *write = md_arena_alloc_zero(turn->engine->arena, sizeof *write);
  if (!write) return MD_ENOMEM;
  bool keeps = value && !json_is_null(value), joined = false;
  int rc = keeps ? 0 : is_joined(turn, &joined);
  if (rc) return rc;
  write->key = md_arena_strdup(turn->engine->arena, key);
  write->value.json = keeps ? md_step_text(turn, value) : joined ? "null" : NULL;
  if (!write->key || (keeps && !write->value.json)) return MD_ENOMEM;
  write->value.written_at = turn->engine->now;
  write->value.expires_at = ttl ? turn->engine->now + ttl : 0;
  write->before = turn->writes;
  turn->writes = write;
  return 0;
}

void md_step_get(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer) || !md_upgrade_ensure(turn, answer)) return;
  int rc = read_value(turn, step->name, &answer->value);
  if (rc) md_step_fail(turn, rc, answer);
}

void md_step_set(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer) || !md_upgrade_ensure(turn, answer)) return;
  const json_t *ttl = json_object_get(step->args, "ttl");
  int rc = md_step_write_value(turn, step->name, json_object_get(step->args, "value"), ttl ? md_step_micros(ttl) : 0);
  if (rc) md_step_fail(turn, rc, answer);
}

void md_step_add(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer) || !md_upgrade_ensure(turn, answer)) return;
  json_t *old = NULL;
  int rc = read_value(turn, step->name, &old);
  if (rc) {
    md_step_fail(turn, rc, answer);
    return;
  }
  if (old && !json_is_number(old)) {
    md_step_raise(answer, "m:add(\"%s\"): the stored value is no number", step->name);
    return;
  }
  const json_t *n = json_object_get(step->args, "n");
  if ((!old || json_is_integer(old)) && json_is_integer(n)) {
    json_int_t sum = 0;
    if (__builtin_add_overflow(old ? json_integer_value(old) : 0, json_integer_value(n), &sum)) {
      md_step_raise(answer, "m:add(\"%s\"): the sum is too large", step->name);
      return;
    }
    answer->value = json_integer(sum);
  } else {
    answer->value = json_real((old ? json_number_value(old) : 0) + json_number_value(n));
  }
  rc = answer->value ? md_step_write_value(turn, step->name, answer->value, 0) : MD_ENOMEM;
  if (rc) md_step_fail(turn, rc, answer);
}
