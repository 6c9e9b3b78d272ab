// SPDX-License-Identifier: Apache-2.0
// The rounds of forgetting. The engine's thread, inside the batch's transaction.
#include "engine/retention.h"
#include "base/log.h"
#include "engine/state.h"
#include <string.h>

enum { ROWS_A_STEP = 512 };
#define STEP_SPAN (4 * (MD_SECOND / 1000))
#define STEP_PAUSE (50 * (MD_SECOND / 1000))

// The setting that says since when index entries of forgotten rows may be left: it outlives a crash.
static const char index_is_owed[] = "retention_index_owed";

int md_retention_open(md_engine *engine, md_error *err) {
  md_retention *retention = &engine->retention;
  int64_t last = 0;
  retention->span = engine->options.retention;
  retention->keep_versions = engine->options.keep_versions;
  if (!retention->span) return 0;
  if (retention->span < MD_EVENT_IDS_REMEMBERED) retention->span = MD_EVENT_IDS_REMEMBERED;
  int rc = md_settings_get_int(engine->store, "retention_done_at", &last, err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  retention->at.due = last ? last + MD_DAY : engine->timekeeper.at;
  return 0;
}

static void forget_marks(md_retention *retention) {
  md_idset_deinit(&retention->events);
  md_idset_deinit(&retention->versions);
}

void md_retention_deinit(md_retention *retention) {
  forget_marks(retention);
}

md_micros md_retention_due(const md_retention *retention) {
  return retention->span ? retention->at.due : 0;
}

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory while old events were forgotten");
}

static int keep_event(md_retention *retention, int64_t seq) {
  return seq > 0 && seq < retention->at.ceiling ? md_idset_add(&retention->events, seq) : 0;
}

static int keep_events(md_retention *retention, const void *packed, size_t len) {
  md_seqs seqs = md_seqs_open(packed, len);
  int rc = 0;
  for (int64_t seq = md_seqs_next(&seqs); seq && rc == 0; seq = md_seqs_next(&seqs))
    rc = keep_event(retention, seq);
  return rc;
}

// What an open `collect` has gathered so far.
static int keep_wait(md_retention *retention, const md_run *run) {
  md_wait wait;
  if (!run->wait_len || md_wait_unpack(run->wait, run->wait_len, &wait)) return 0;
  return wait.gathered ? keep_events(retention, wait.seqs, wait.seqs_len) : 0;
}

static int keep_named(md_retention *retention, const md_run *run) {
  md_journal_reader reader;
  md_entry entry;
  int rc = keep_event(retention, run->trigger_seq);
  md_journal_read(&reader, run->journal, run->journal_len);
  int more = 0;
  while (rc == 0 && (more = md_journal_next(&reader, &entry)) == 1)
    rc = entry.seqs ? keep_events(retention, entry.seqs, entry.seqs_len) : keep_event(retention, entry.event_seq);
  if (more < 0) retention->at.ceiling = 0; // what it names cannot be told: no event goes in this round
  return rc ? rc : keep_wait(retention, run);
}

int md_retention_keep(md_engine *engine, const md_run *run, md_error *err) {
  md_retention *retention = &engine->retention;
  if (retention->at.phase == MD_RETENTION_RESTS) return 0;
  int rc = md_idset_add(&retention->versions, run->version); // ended by now, its messages may still need it
  if (rc == 0) rc = keep_named(retention, run);
  return rc ? no_memory(err) : 0;
}

static int begin(md_engine *engine, md_error *err) {
  md_retention *retention = &engine->retention;
  forget_marks(retention);
  retention->at =
      (md_retention_place){.phase = MD_RETENTION_RUNS, .since = engine->now - retention->span, .due = engine->now};
  int rc = md_forget_first_since(engine->store, retention->at.since, &retention->at.ceiling, err);
  if (rc == 0) rc = md_forget_held(engine->store, retention->at.since, err);
  engine->held.known = false;
  return rc ? rc : md_forget_quarantined(engine->store, &retention->versions, err);
}

static bool has_ended(const md_run *run) {
  return run->state == MD_RUN_DONE || run->state == MD_RUN_CANCELLED;
}

static bool is_old(const md_run *run, md_micros since) {
  return has_ended(run) && run->ended_at < since;
}

static int do_run(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  md_run run;
  bool gone = false;
  int rc = md_forget_next_run(engine->store, at->cursor, engine->arena, &run, err);
  if (rc) return rc;
  at->cursor = run.id;
  if (is_old(&run, at->since)) rc = md_forget_run(engine->store, &run, at->since, &gone, err);
  at->runs += gone;
  if (rc || gone) return rc;
  rc = has_ended(&run) ? 0 : md_idset_add(&engine->retention.versions, run.version);
  if (rc == 0) rc = keep_named(&engine->retention, &run);
  return rc ? no_memory(err) : 0;
}

static int do_message(md_engine *engine, md_error *err) {
  int64_t version = 0;
  bool unsent = false;
  int rc = md_forget_next_message(engine->store, &engine->retention.at.cursor, &version, &unsent, err);
  if (rc || !unsent) return rc;
  return md_idset_add(&engine->retention.versions, version) ? no_memory(err) : 0;
}

static int do_event(md_engine *engine, md_error *err) {
  md_retention *retention = &engine->retention;
  int64_t seq = 0;
  int rc = md_forget_next_event(engine->store, retention->at.cursor + 1, &seq, err);
  if (rc == 0 && seq >= retention->at.ceiling) rc = MD_ENOTFOUND;
  if (rc) return rc;
  retention->at.cursor = seq;
  if (md_idset_has(&retention->events, seq)) return 0;
  retention->at.events++;
  return md_forget_event(engine->store, seq, err);
}

static int do_entry(md_engine *engine, md_error *err) {
  md_retention *retention = &engine->retention;
  return md_forget_next_entry(engine->store, &retention->at.entry, retention->at.ceiling, &retention->events,
                              retention->at.lowest_run, err);
}

static int do_record(md_engine *engine, md_error *err) {
  int rc = md_forget_unmatched(engine->store, engine->retention.at.since, err);
  return rc == MD_ENOTFOUND ? md_forget_incident(engine->store, engine->retention.at.since, err) : rc;
}

// What a script gave a time to live is gone for it at once, and here after a day at most.
static int do_value(md_engine *engine, md_error *err) {
  return md_forget_value(engine->store, engine->now, err);
}

static int do_points(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  return md_forget_points(engine->store, &at->cursor, at->since / MD_DAY, err);
}

static int do_version(md_engine *engine, md_error *err) {
  md_retention *retention = &engine->retention;
  md_forget_version version;
  int rc = md_forget_next_version(engine->store, retention->at.cursor, &version, err);
  if (rc) return rc;
  retention->at.cursor = version.id;
  if (version.live || version.marked || md_idset_has(&retention->versions, version.id)) return 0;
  if (!version.retired_at) return md_forget_retire(engine->store, version.id, engine->now, err);
  if (version.retired_at > engine->now - retention->keep_versions) return 0;
  retention->at.versions++;
  return md_forget_files(engine->store, version.id, err);
}

static int (*const do_one[])(md_engine *engine, md_error *err) = {
    [MD_RETENTION_RUNS] = do_run,      [MD_RETENTION_MESSAGES] = do_message, [MD_RETENTION_EVENTS] = do_event,
    [MD_RETENTION_INDEX] = do_entry,   [MD_RETENTION_RECORDS] = do_record,   [MD_RETENTION_VALUES] = do_value,
    [MD_RETENTION_POINTS] = do_points, [MD_RETENTION_VERSIONS] = do_version,
};

static int note_debt(md_engine *engine, int64_t owed, md_error *err) {
  return md_settings_set_int(engine->store, index_is_owed, owed, err);
}

// The index is walked only where there is something to be found in it.
static int start_index(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  int64_t owed = 0;
  int rc = md_settings_get_int(engine->store, index_is_owed, &owed, err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  if (!owed && at->events + at->runs == 0) at->phase = MD_RETENTION_RECORDS;
  return md_forget_lowest_run(engine->store, &at->lowest_run, err);
}

static int add_to(md_engine *engine, const char *setting, int64_t count, md_error *err) {
  int64_t before = 0;
  int rc = md_settings_get_int(engine->store, setting, &before, err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  return count || rc ? md_settings_set_int(engine->store, setting, before + count, err) : 0;
}

static int end_round(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  int rc = md_settings_set_int(engine->store, "retention_done_at", engine->now, err);
  if (rc == 0) rc = md_settings_set_int(engine->store, "retention_span", engine->retention.span, err);
  if (at->events + at->runs + at->versions)
    md_log(MD_LOG_INFO, "engine", "what is older than the retention period was forgotten", "events",
           md_log_int(at->events), "runs", md_log_int(at->runs), "versions", md_log_int(at->versions), NULL);
  *at = (md_retention_place){.due = engine->now + MD_DAY};
  return rc;
}

static int next_phase(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  md_retention_phase ended = at->phase;
  at->cursor = 0;
  at->phase++;
  if (ended == MD_RETENTION_EVENTS) return start_index(engine, err);
  return ended == MD_RETENTION_INDEX ? note_debt(engine, 0, err) : 0;
}

static int do_some(md_engine *engine, md_error *err) {
  md_clock *clock = engine->options.clock;
  md_micros until = clock->monotonic(clock) + STEP_SPAN;
  for (int i = 0; i < ROWS_A_STEP && clock->monotonic(clock) <= until; i++) {
    int rc = do_one[engine->retention.at.phase](engine, err);
    if (rc == MD_ENOTFOUND) return next_phase(engine, err);
    if (rc) return rc;
  }
  return 0;
}

// What this step has forgotten, told in the same commit.
static int count(md_engine *engine, const md_retention_place *before, md_error *err) {
  const md_retention_place *at = &engine->retention.at;
  int64_t events = at->events - before->events, runs = at->runs - before->runs;
  int rc = events + runs ? note_debt(engine, 1, err) : 0;
  if (rc == 0) rc = add_to(engine, "retention_events", events, err);
  if (rc == 0) rc = add_to(engine, "retention_runs", runs, err);
  return rc ? rc : add_to(engine, "retention_versions", at->versions - before->versions, err);
}

int md_retention_step(md_engine *engine, md_error *err) {
  md_retention_place *at = &engine->retention.at;
  if (!engine->retention.span || at->due > engine->now) return 0;
  if (at->phase == MD_RETENTION_RESTS) return begin(engine, err);
  if (at->phase == MD_RETENTION_ENDS) return end_round(engine, err);
  const md_retention_place before = *at;
  int rc = do_some(engine, err);
  if (rc == 0) rc = count(engine, &before, err);
  at->due = engine->now + STEP_PAUSE;
  return rc;
}
