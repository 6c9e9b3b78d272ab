// SPDX-License-Identifier: Apache-2.0
// What a join of two persons does beside the alias, and its undoing (P3). Rows stay as they were written: consent,
// limits and stored values are read over all rows of a person, and a run that waits is offered what is there now.
#include "engine/state.h"
#include <stdio.h>
#include <string.h>

int md_strong_of(md_engine *engine, int64_t person, const char **first, bool *any, md_error *err) {
  md_members rows;
  *first = NULL;
  *any = false;
  int rc = md_people_members(engine->store, person, engine->arena, &rows, err);
  md_person *row = md_arena_alloc(engine->arena, sizeof *row);
  if (rc || !row) return rc ? rc : MD_ENOMEM;
  for (int i = 0; rc == 0 && i < rows.count; i++) {
    rc = md_people_get(engine->store, rows.ids[i], engine->arena, row, err);
    for (int k = 0; rc == 0 && k < row->identity_count; k++) {
      *any |= row->identities[k].strong;
      if (strcmp(row->identities[k].kind, md_plan_strong(engine->plan)[0]) == 0) *first = row->identities[k].value;
    }
  }
  return rc;
}

// Who has more rows stays canonical, so that no way to the canonical row is longer than log2 of the rows; else the
// older one.
static int choose(md_engine *engine, int64_t *canonical, int64_t *alias, md_error *err) {
  md_members older, newer;
  int64_t a = *canonical < *alias ? *canonical : *alias, b = *canonical < *alias ? *alias : *canonical;
  int rc = md_people_members(engine->store, a, engine->arena, &older, err);
  if (rc == 0) rc = md_people_members(engine->store, b, engine->arena, &newer, err);
  bool more = rc == 0 && newer.count > older.count;
  *canonical = more ? b : a;
  *alias = more ? a : b;
  return rc;
}

int md_join(md_engine *engine, int64_t *a, int64_t b, int64_t because, md_error *err) {
  int rc = choose(engine, a, &b, err);
  if (rc) return rc;
  if (engine->joined_count < MD_JOINED_MAX) engine->joined[engine->joined_count++] = *a;
  return md_people_alias(engine->store, b, *a, because, engine->now, err);
}

static int look_again(md_engine *engine, int64_t id, md_error *err) {
  md_run run;
  md_wait_answer answer;
  bool found = false;
  int rc = md_runs_get(engine->store, id, engine->arena, &run, err);
  if (rc || run.state != MD_RUN_WAITING || !run.wait) return rc;
  rc = md_find_answer(engine, &run, &answer, &found, err);
  return rc || !found ? rc : md_advance(engine, &run, &answer, 0, err);
}

static int offer_row(md_engine *engine, int64_t row, md_error *err) {
  char value[24];
  snprintf(value, sizeof value, "%lld", (long long)row);
  int64_t before = md_runs_last_id(engine->store) + 1; // those that begin meanwhile look by themselves
  md_run run;
  for (int64_t after = 0;; after = run.id) {
    int rc = md_runs_next_live(engine->store, (md_key){"person", value}, after, before, engine->arena, &run, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
    rc = look_again(engine, run.id, err);
    if (rc) return rc;
  }
}

int md_join_offer(md_engine *engine, md_error *err) {
  int rc = 0;
  for (int i = 0; rc == 0 && i < engine->joined_count; i++) {
    md_members rows;
    rc = md_people_rows(engine->store, engine->joined[i], engine->arena, &rows, err);
    for (int k = 0; rc == 0 && k < rows.count; k++)
      rc = offer_row(engine, rows.ids[k], err);
  }
  engine->joined_count = 0;
  return rc;
}

// P2 holds for an operator too.
static int check_first(md_engine *engine, int64_t a, int64_t b, md_error *err) {
  const char *mine = NULL, *theirs = NULL;
  bool any = false;
  int rc = md_strong_of(engine, a, &mine, &any, err);
  if (rc == 0) rc = md_strong_of(engine, b, &theirs, &any, err);
  if (rc || !mine || !theirs || strcmp(mine, theirs) == 0) return rc;
  return md_error_set(err, MD_ECONFLICT,
                      "they are two people: both have a %s of their own, and a person has one (split one first if a "
                      "join gave it to them)",
                      md_plan_strong(engine->plan)[0]);
}

int md_engine_join_people(md_engine *engine, int64_t a, int64_t b, int64_t *canonical, md_error *err) {
  int rc = md_people_canonical(engine->store, a, &a, err);
  if (rc == 0) rc = md_people_canonical(engine->store, b, &b, err);
  if (rc == 0 && a == b) rc = md_error_set(err, MD_ECONFLICT, "they are one person already");
  if (rc == 0) rc = check_first(engine, a, b, err);
  if (rc == 0) rc = md_join(engine, &a, b, 0, err);
  *canonical = a;
  return rc ? rc : md_join_offer(engine, err);
}

int md_engine_split_person(md_engine *engine, int64_t row, md_error *err) {
  return md_people_split(engine->store, row, err);
}
