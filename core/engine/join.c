// SPDX-License-Identifier: Apache-2.0
// What a join of two persons does beside the alias, and its undoing (P3). Rows stay as they were written: consent,
// limits and stored values are read over all rows of a person, and a run that waits is offered what is there now.
#include "engine/state.h"
#include <stdio.h>
#include <string.h>

int md_person_rows_of(md_engine *engine, int64_t person, int64_t rows[static MD_ROWS_MAX], int *count, md_error *err) {
  int64_t canonical = 0;
  *count = 0;
  if (person == 0) return 0;
  int rc = md_people_canonical(engine->store, person, &canonical, err);
  return rc ? rc : md_people_members(engine->store, canonical, rows, MD_ROWS_MAX, count, err);
}

int md_strong_of(md_engine *engine, int64_t person, const char **first, bool *any, md_error *err) {
  int64_t rows[MD_ROWS_MAX];
  int count = 0;
  int rc = md_people_members(engine->store, person, rows, MD_ROWS_MAX, &count, err);
  *first = NULL;
  *any = false;
  for (int i = 0; rc == 0 && i < count; i++) {
    md_person *row = md_arena_alloc(engine->arena, sizeof *row);
    if (!row) return MD_ENOMEM;
    rc = md_people_get(engine->store, rows[i], engine->arena, row, err);
    for (int k = 0; rc == 0 && k < row->identity_count; k++) {
      *any |= row->identities[k].strong;
      if (strcmp(row->identities[k].kind, md_plan_strong(engine->plan)[0]) == 0) *first = row->identities[k].value;
    }
  }
  return rc;
}

int md_join(md_engine *engine, int64_t *a, int64_t b, int64_t because, md_error *err) {
  int64_t older = *a < b ? *a : b, newer = *a < b ? b : *a;
  *a = older;
  if (engine->joined_count < MD_JOINED_MAX) engine->joined[engine->joined_count++] = older;
  return md_people_alias(engine->store, newer, older, because, engine->now, err);
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
  int64_t rows[MD_ROWS_MAX];
  int rc = 0;
  for (int i = 0; rc == 0 && i < engine->joined_count; i++) {
    int count = 0;
    rc = md_person_rows_of(engine, engine->joined[i], rows, &count, err);
    for (int k = 0; rc == 0 && k < count; k++)
      rc = offer_row(engine, rows[k], err);
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
