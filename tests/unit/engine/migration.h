// SPDX-License-Identifier: Apache-2.0
// Migrations of a shop's runs, and what they said of each (R4).
#pragma once
#include "engine/migrate.h"
#include "engine/wait.h"
#include "shop.h"

typedef struct tried {
  md_rehearsal list[64];
  int count;
  md_arena *arena;
  md_migration migration;
} tried;

static int migration_note(void *context, const md_rehearsal *run) {
  tried *all = context;
  assert_true(all->count < 64);
  md_rehearsal *copy = &all->list[all->count++];
  *copy = *run;
  copy->recorded = run->recorded ? md_arena_strdup(all->arena, run->recorded) : NULL;
  copy->attempted = run->attempted ? md_arena_strdup(all->arena, run->attempted) : NULL;
  return 0;
}

static int migration_act(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_migrate(engine, &((tried *)submission->context)->migration, err);
}

static void migration_done(md_submission *submission) {
  (void)submission;
}

static int migration_count_version(void *context, const md_version *row) {
  int64_t *newest = context;
  if (row->id > *newest) *newest = row->id;
  return 0;
}

// The version stored last.
static inline int64_t migration_newest(shop *s) {
  int64_t newest = 0;
  md_versions_list(s->store, NULL, migration_count_version, &newest, NULL);
  return newest;
}

// Tries all runs of the moment m on version `to`, `limit` in a batch; nothing else is done in these batches but what is
// due.
static inline tried migration_try(shop *s, int64_t to, bool dry, int limit) {
  tried all = {.arena = s->arena};
  all.migration =
      (md_migration){.moment = "m", .to = to, .dry = dry, .limit = limit, .span = MD_HOUR, .each = migration_note};
  while (!all.migration.done) {
    all.migration.context = &all;
    md_submission submission = {.act = migration_act, .done = migration_done, .context = &all};
    assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
    md_error err = {0};
    assert_true(md_engine_batch(s->engine, true, &err) >= 0);
    if (submission.code) fail_msg("migrate: %s", submission.error.text);
  }
  return all;
}
