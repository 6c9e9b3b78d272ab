// SPDX-License-Identifier: Apache-2.0
// m:count, m:observe, m:quantile (A5): what is measured goes with the turn's commit; what is read is journaled.
#include "engine/turn.h"
#include <string.h>

#define OVER_DEFAULT (90 * MD_DAY)

// Once a turn: thousands of measurements in it cost no more than one.
static int load_identities(md_turn_state *turn) {
  if (turn->identities) return 0;
  md_arena *arena = turn->engine->arena;
  md_identity *out = md_arena_alloc(arena, MD_IDENTITIES_MAX * sizeof *out);
  int64_t person = turn->run->person;
  if (!out) return MD_ENOMEM;
  int rc = person ? md_people_identities(turn->engine->store, person, arena, out, &turn->identity_count, &turn->error)
                  : MD_ENOTFOUND;
  if (rc && rc != MD_ENOTFOUND) return rc;
  if (rc) turn->identity_count = 0;
  turn->identities = out;
  return 0;
}

// A5: an identity is never a label.
static int names_somebody(md_turn_state *turn, const json_t *labels, const char **which) {
  const char *name;
  json_t *value;
  *which = NULL;
  int rc = load_identities(turn);
  json_object_foreach((json_t *)labels, name, value) {
    const char *text = json_string_value(value);
    if (rc == 0 && strchr(text, '@')) *which = name;
    for (int i = 0; rc == 0 && i < turn->identity_count; i++)
      if (strcmp(turn->identities[i].value, text) == 0) *which = name;
  }
  return rc;
}

static const char *labels_of(md_turn_state *turn, const md_step *step, md_answer *answer) {
  const json_t *labels = json_object_get(step->args, "labels");
  const char *which = NULL;
  if (!labels) return "{}";
  int rc = names_somebody(turn, labels, &which);
  const char *text = rc || which ? NULL : md_step_text(turn, labels);
  if (which)
    md_step_raise(answer, "m:%s: the label %s says who the customer is: labels are for groups, such as a carrier",
                  md_step_kind_name(step->kind), which);
  else if (!text)
    md_step_fail(turn, rc ? rc : MD_ENOMEM, answer);
  return text;
}

void md_step_measure(md_turn_state *turn, const md_step *step, md_answer *answer) {
  const char *labels = labels_of(turn, step, answer);
  if (!labels) return;
  md_measured *measured = md_arena_alloc_zero(turn->engine->arena, sizeof *measured);
  const char *metric = md_arena_strdup(turn->engine->arena, step->name);
  if (!measured || !metric) {
    md_step_fail(turn, MD_ENOMEM, answer);
    return;
  }
  bool observed = step->kind == MD_STEP_OBSERVE;
  *measured = (md_measured){.metric = metric,
                            .labels = labels,
                            .value = json_number_value(json_object_get(step->args, observed ? "value" : "n")),
                            .observed = observed,
                            .before = turn->measured};
  turn->measured = measured;
}

void md_step_quantile(md_turn_state *turn, const md_step *step, md_answer *answer) {
  const md_meter *meter = turn->engine->options.meter;
  const char *labels = labels_of(turn, step, answer);
  const json_t *over = json_object_get(step->args, "over"), *least = json_object_get(step->args, "min_n");
  md_micros since = turn->engine->now - (over ? md_step_micros(over) : OVER_DEFAULT);
  double value = 0, q = json_number_value(json_object_get(step->args, "q"));
  int64_t count = 0;
  if (!labels || !meter) return;
  int rc = meter->quantile(turn->engine->store, step->name, labels, q, since, &value, &count, &turn->error);
  if (rc == 0 && count > 0 && count >= (least ? json_integer_value(least) : 1))
    rc = (answer->value = json_real(value)) ? 0 : MD_ENOMEM;
  if (rc) md_step_fail(turn, rc, answer);
}
