// SPDX-License-Identifier: Apache-2.0
// What a turn did: held back in its state, and written when the script has ended its turn well (B1).
#include "engine/turn.h"

void md_effects_drop(md_turn_state *turn) {
  turn->emissions = NULL;
  turn->writes = NULL;
  turn->upgraded = false;
  turn->messages = NULL;
  turn->call = NULL;
  turn->exposures = NULL;
  turn->measured = NULL;
  turn->profile_changes = NULL;
  turn->waits = false;
  turn->next = NULL;
}

static int apply_writes(md_turn_state *turn, md_write *newest, md_error *err) {
  if (!newest) return 0;
  int rc = apply_writes(turn, newest->before, err);
  if (rc) return rc;
  return md_values_set(turn->engine->store, turn->run->moment, turn->definition->store, turn->run->person, newest->key,
                       newest->value.json ? &newest->value : NULL, err);
}

static int apply_messages(md_turn_state *turn, md_outgoing *newest, md_error *err) {
  if (!newest) return 0;
  int rc = apply_messages(turn, newest->before, err);
  return rc ? rc : md_messages_insert(turn->engine->store, &newest->message, err);
}

static int apply_exposures(md_turn_state *turn, md_error *err) {
  int rc = 0;
  for (const md_exposed *at = turn->exposures; at && rc == 0; at = at->before)
    rc = md_exposures_insert(turn->engine->store, &at->exposure, err);
  return rc;
}

static int apply_measured(md_turn_state *turn, const md_measured *newest, md_error *err) {
  const md_meter *meter = turn->engine->options.meter;
  if (!newest || !meter) return 0;
  int rc = apply_measured(turn, newest->before, err);
  if (rc) return rc;
  return meter->add(turn->engine->store, newest->metric, newest->labels, newest->value, newest->observed,
                    turn->engine->now, err);
}

static void apply_emissions(md_turn_state *turn) {
  md_emission *oldest = turn->emissions;
  while (oldest && oldest->before)
    oldest = oldest->before;
  if (!oldest) return;
  oldest->before = turn->engine->emitted;
  turn->engine->emitted = turn->emissions;
}

int md_effects_apply(md_turn_state *turn, md_error *err) {
  int rc = apply_writes(turn, turn->writes, err);
  if (rc == 0) rc = apply_messages(turn, turn->messages, err);
  if (rc == 0) rc = apply_exposures(turn, err);
  if (rc == 0) rc = apply_measured(turn, turn->measured, err);
  if (rc == 0 && turn->call) rc = md_calls_insert(turn->engine->store, turn->call, err);
  if (rc == 0 && turn->profile_changes)
    rc = md_profile_update(turn->engine, turn->run->person, turn->profile_changes, err);
  apply_emissions(turn);
  return rc;
}
