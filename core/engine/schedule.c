// SPDX-License-Identifier: Apache-2.0
// Runs that the clock starts (T7). Each schedule is a row with the time at which it fires next, so that a time that was
// missed is still known after any restart.
#include "base/cron.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "engine/state.h"
#include "store/schedules.h"
#include <string.h>

static int open_cron(const char *expression, const char *zone_name, md_cron *cron, md_zone **zone, md_error *err) {
  int rc = md_cron_parse(expression, strlen(expression), cron, err);
  return rc ? rc : md_zone_open(zone, zone_name, err);
}

static bool declared(const md_definition *definition, const md_schedule_row *row) {
  for (int i = 0; definition && i < definition->schedule_count; i++)
    if (strcmp(definition->schedules[i].expression, row->expression) == 0 &&
        strcmp(definition->schedules[i].zone, row->zone) == 0)
      return true;
  return false;
}

// Rows that a moment has in the table and not in its definition, newest first.
typedef struct stale {
  md_engine *engine;
  const md_definition *definition;
  struct stale_row {
    md_schedule_row row;
    struct stale_row *next;
  } * rows;
} stale;

static int note_stale(void *context, const md_schedule_row *row) {
  stale *all = context;
  md_arena *arena = all->engine->arena;
  if (declared(all->definition, row)) return 0;
  struct stale_row *copy = md_arena_alloc(arena, sizeof *copy);
  if (!copy) return MD_ENOMEM;
  *copy = (struct stale_row){.row = {md_arena_strdup(arena, row->moment), md_arena_strdup(arena, row->expression),
                                     md_arena_strdup(arena, row->zone), row->due_at},
                             .next = all->rows};
  all->rows = copy;
  return copy->row.moment && copy->row.expression && copy->row.zone ? 0 : MD_ENOMEM;
}

static int add(md_engine *engine, const char *moment, const md_schedule *schedule, md_error *err) {
  md_cron cron;
  md_zone *zone = NULL;
  int rc = open_cron(schedule->expression, schedule->zone, &cron, &zone, err);
  if (rc) return rc;
  // A new schedule has missed nothing, however long the engine was down before it came.
  md_micros now = engine->timekeeper.wall > engine->now ? engine->timekeeper.wall : engine->now;
  md_schedule_row row = {moment, schedule->expression, schedule->zone, md_cron_next(&cron, zone, now)};
  md_zone_close(zone);
  return md_schedules_add(engine->store, &row, err);
}

int md_schedules_sync(md_engine *engine, const char *moment, const md_definition *definition, md_error *err) {
  stale all = {engine, definition, NULL};
  int rc = md_schedules_list(engine->store, moment, note_stale, &all, err);
  for (const struct stale_row *at = all.rows; rc == 0 && at; at = at->next)
    rc = md_schedules_remove(engine->store, &at->row, err);
  for (int i = 0; rc == 0 && definition && i < definition->schedule_count; i++)
    rc = add(engine, moment, &definition->schedules[i], err);
  engine->schedule_known = false;
  return rc;
}

md_micros md_schedule_due(md_engine *engine) {
  if (!engine->schedule_known) engine->schedule_due = md_schedules_due_at(engine->store);
  engine->schedule_known = true;
  bool past_end = engine->schedules_until && engine->schedule_due > engine->schedules_until;
  return past_end ? 0 : engine->schedule_due;
}

// The event that stands for the time: stored, so that the run can be replayed, and seen by nobody else.
static int store_event(md_engine *engine, const md_schedule_row *row, md_micros time, md_event *event, md_error *err) {
  char text[32];
  md_timestamp_format(time, text);
  *event = (md_event){.type = "schedule",
                      .source = md_arena_printf(engine->arena, "/moments/%s", row->moment),
                      .id = md_arena_printf(engine->arena, "%s %s %s", row->expression, row->zone, text),
                      .received_at = engine->now,
                      .time = time,
                      .flags = MD_EVENT_HAS_TIME};
  if (!event->source || !event->id) return md_error_set(err, MD_ENOMEM, "out of memory while a schedule fired");
  int rc = md_events_insert(engine->store, event, err);
  if (rc == 0) engine->last_event = event->seq;
  return rc;
}

static int start(md_engine *engine, const md_schedule_row *row, md_micros time, md_error *err) {
  md_moment *moment = md_moment_find(engine, row->moment);
  md_event event;
  if (!moment || !moment->live) return md_schedules_remove(engine->store, row, err);
  const char *name = md_arena_printf(engine->arena, "%s %s", row->expression, row->zone);
  int rc = name ? store_event(engine, row, time, &event, err) : MD_ENOMEM;
  if (rc) return rc;
  engine->current = &event;
  engine->current_runs = md_runs_last_id(engine->store);
  rc = md_trigger_scheduled(engine, &event, moment, (md_key){MD_ABOUT_SCHEDULE, name}, err);
  engine->current = NULL;
  return rc;
}

// An event of store_event's making; its id is "expression zone time". Nobody else's event has no person and such an id.
int md_schedule_again(md_engine *engine, const md_event *event, md_moment *moment, bool *scheduled, md_error *err) {
  const char *source = md_arena_printf(engine->arena, "/moments/%s", moment->name);
  const char *time = strrchr(event->id, ' ');
  *scheduled = false;
  if (!source) return md_error_set(err, MD_ENOMEM, "out of memory while a schedule was redriven");
  if (strcmp(event->type, MD_ABOUT_SCHEDULE) != 0 || strcmp(event->source, source) != 0 || event->person || !time)
    return 0;
  const char *name = md_arena_printf(engine->arena, "%.*s", (int)(time - event->id), event->id);
  if (!name) return md_error_set(err, MD_ENOMEM, "out of memory while a schedule was redriven");
  *scheduled = true;
  return md_trigger_scheduled(engine, event, moment, (md_key){MD_ABOUT_SCHEDULE, name}, err);
}

// Of several times that were missed only the last fires.
static int fire(md_engine *engine, md_schedule_row *row, md_error *err) {
  md_cron cron;
  md_zone *zone = NULL;
  md_error why = {0};
  engine->schedule_known = false;
  int rc = open_cron(row->expression, row->zone, &cron, &zone, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "out of memory while a schedule fired");
  if (rc) {
    md_log(MD_LOG_ERROR, "engine", "a schedule cannot be read any more", "moment", row->moment, "error", why.text,
           NULL);
    return md_schedules_remove(engine->store, row, err);
  }
  md_micros time = md_cron_latest(&cron, zone, row->due_at, engine->now);
  row->due_at = md_cron_next(&cron, zone, engine->now);
  md_zone_close(zone);
  rc = md_schedules_set_due(engine->store, row, err);
  return rc ? rc : start(engine, row, time, err);
}

int md_fire_schedules(md_engine *engine, md_micros until, int *fired, md_error *err) {
  for (*fired = 0; !engine->timekeeper.held; (*fired)++) {
    md_schedule_row row;
    md_micros due = md_schedule_due(engine);
    if (due == 0 || due > until) return 0;
    int rc = md_schedules_next_due(engine->store, until, engine->arena, &row, err);
    if (rc == 0) rc = fire(engine, &row, err);
    if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  }
  return 0;
}
