// SPDX-License-Identifier: Apache-2.0
// m:count, m:observe, m:quantile (A5): what is measured goes with the turn's commit; what is read is journaled.
#include "engine/turn.h"
#include <string.h>

#define OVER_DEFAULT (90 * MD_DAY)

// A5: an identity is never a label.
static int names_somebody(md_turn_state *turn, const json_t *labels, const char **which) {
  md_engine *engine = turn->engine;
  md_person *person = md_arena_alloc(engine->arena, sizeof *person);
  const char *name;
  json_t *value;
  *which = NULL;
  if (!person) return MD_ENOMEM;
  int rc = turn->run->person ? md_people_get(engine->store, turn->run->person, engine->arena, person, &turn->error)
                             : MD_ENOTFOUND;
  if (rc == MD_ENOTFOUND) person->identity_count = rc = 0;
  json_object_foreach((json_t *)labels, name, value) {
    const char *text = json_string_value(value);
    if (rc == 0 && strchr(text, '@')) *which = name;
    for (int i = 0; rc == 0 && i < person->identity_count; i++)
      if (strcmp(person->identities[i].value, text) == 0) *which = name;
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
