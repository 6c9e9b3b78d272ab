// SPDX-License-Identifier: Apache-2.0
// Going back to an earlier version: one pointer is changed, in the database and, after its commit, in memory. Which
// version the files have is noted as passed over, so that neither a restart nor a reload brings it back.
#include "engine/operator.h"
#include "engine/state.h"
#include <string.h>

// What is passed over: what the files have, as far as is known: what was live, unless that was passed over already.
// Their own version is not.
static const char *passed_over(const md_moment_row *row, const md_moment *moment, const md_loaded *target) {
  const char *files = row->rolled_back_from ? row->rolled_back_from : moment->live ? moment->live->digest : "";
  return strcmp(files, target->digest) == 0 ? NULL : files;
}

static int find_target(md_engine *engine, const md_moment *moment, int64_t *to, md_loaded **out, md_error *err) {
  int64_t live = moment->live ? moment->live->version : 0;
  int rc = *to ? 0 : md_versions_before(engine->store, moment->name, live, to, err);
  if (rc == MD_ENOTFOUND)
    return md_error_set(err, rc, "no version of %s was live before: say by --to which one is meant", moment->name);
  if (rc == 0 && *to == live)
    return md_error_set(err, MD_ECONFLICT, "%.12s is the version that new runs of %s take already",
                        moment->live->digest, moment->name);
  if (rc == 0) rc = md_loaded_get(engine, *to, out, err);
  if (rc) return rc;
  if (strcmp((*out)->moment, moment->name) != 0)
    return md_error_set(err, MD_ENOTFOUND, "version %.12s is of %s, not of %s", (*out)->digest, (*out)->moment,
                        moment->name);
  return md_loaded_use(engine, *out, err);
}

int md_engine_rollback(md_engine *engine, const char *name, int64_t *to, md_error *err) {
  md_moment_row row;
  md_loaded *target = NULL;
  const md_moment *moment = md_moment_find(engine, name);
  if (!moment) return md_error_set(err, MD_ENOTFOUND, "there is no moment %s", name);
  int rc = md_moments_get(engine->store, name, engine->arena, &row, err);
  if (rc == 0) rc = find_target(engine, moment, to, &target, err);
  if (rc == 0) rc = md_moments_roll_back(engine->store, name, *to, passed_over(&row, moment, target), engine->now, err);
  return rc ? rc : md_schedules_sync(engine, name, target->definition, err);
}

void md_engine_rollback_settle(md_engine *engine, const char *name, int64_t to) {
  md_moment *moment = md_moment_find(engine, name);
  md_loaded *target = NULL;
  if (moment && md_loaded_get(engine, to, &target, NULL) == 0) moment->live = target;
}
