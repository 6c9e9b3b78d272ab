// SPDX-License-Identifier: Apache-2.0
// m:experiment: the person's arm, the same for good, and the exposure where it is used.
#include "engine/turn.h"
#include <string.h>

static const char control[] = "control";

static bool has_arm(const md_experiment *experiment, const char *arm) {
  for (int i = 0; i < experiment->arm_count; i++)
    if (strcmp(experiment->arms[i], arm) == 0) return true;
  return false;
}

// The first arm that any row of the person met, of those that there still are (P3).
static int known_arm(md_turn_state *turn, const md_experiment *experiment, const char **arm) {
  md_engine *engine = turn->engine;
  md_members rows;
  md_exposure found, first = {.at = INT64_MAX};
  int rc = md_people_rows(engine->store, turn->run->person, engine->arena, &rows, &turn->error);
  for (int i = 0; rc == 0 && i < rows.count; i++) {
    rc = md_exposures_get(engine->store, experiment->name, rows.ids[i], engine->arena, &found, &turn->error);
    if (rc == 0 && found.at < first.at && has_arm(experiment, found.arm)) first = found;
    if (rc == MD_ENOTFOUND) rc = 0;
  }
  *arm = first.arm;
  return rc;
}

static int expose(md_turn_state *turn, const md_experiment *experiment, const char *arm) {
  md_exposed *exposed = md_arena_alloc_zero(turn->engine->arena, sizeof *exposed);
  const char *name = md_arena_strdup(turn->engine->arena, experiment->name);
  const char *own = md_arena_strdup(turn->engine->arena, arm);
  if (!exposed || !name || !own) return MD_ENOMEM;
  exposed->exposure = (md_exposure){.experiment = name,
                                    .arm = own,
                                    .moment = turn->run->moment,
                                    .person = turn->run->person,
                                    .version = turn->run->version,
                                    .run = turn->run->id,
                                    .at = turn->engine->now};
  exposed->before = turn->exposures;
  turn->exposures = exposed;
  return 0;
}

static int chosen_arm(md_turn_state *turn, const md_experiment *experiment) {
  const md_engine_options *options = &turn->engine->options;
  char unit[24];
  const char *chosen = options->arm ? options->arm(options->arm_context, experiment->name) : NULL;
  for (int i = 0; chosen && i < experiment->arm_count; i++)
    if (strcmp(experiment->arms[i], chosen) == 0) return i;
  snprintf(unit, sizeof unit, "%lld", (long long)turn->run->person);
  return options->assign(experiment->seed, experiment->coverage, experiment->weights, experiment->arm_count, unit);
}

static int assign(md_turn_state *turn, const md_experiment *experiment, const char **arm) {
  int rc = known_arm(turn, experiment, arm);
  if (rc || *arm) return rc;
  int index = chosen_arm(turn, experiment);
  if (index < 0) return 0;
  *arm = experiment->arms[index];
  return expose(turn, experiment, *arm);
}

// An experiment that is not declared for this moment, a run without a person, and one outside the coverage have the
// control, without an exposure.
void md_step_experiment(md_turn_state *turn, const md_step *step, md_answer *answer) {
  const md_experiments *all = turn->engine->experiments;
  const md_experiment *experiment = all ? md_experiments_find(all, step->name) : NULL;
  const char *arm = NULL;
  int rc = 0;
  bool meant = experiment && strcmp(experiment->moment, turn->run->moment) == 0 && turn->engine->options.assign;
  if (meant && turn->run->person) rc = assign(turn, experiment, &arm);
  if (rc == 0 && !arm) arm = meant ? experiment->arms[0] : control;
  if (rc == 0 && !(answer->value = json_string(arm))) rc = MD_ENOMEM;
  if (rc) md_step_fail(turn, rc, answer);
}
