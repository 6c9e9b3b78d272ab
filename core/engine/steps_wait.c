// SPDX-License-Identifier: Apache-2.0
// Steps that open a wait and end the turn (W2, W3).
#include "base/cron.h"
#include "base/duration.h"
#include "engine/sight.h"
#include "engine/turn.h"
#include <string.h>

static void set_deadline(md_turn_state *turn, const md_step *step, md_wait *wait) {
  const json_t *within = json_object_get(step->args, step->kind == MD_STEP_SLEEP ? "for" : "within");
  const json_t *before = json_object_get(step->args, "before");
  if (json_is_number(within))
    wait->deadline = turn->now + md_step_micros(within);
  else if (json_is_number(before) && md_step_micros(before) < wait->deadline)
    wait->deadline = md_step_micros(before);
}

// The zone of m:sleep_until: the one it names, else the customer's, else the shop's.
static int open_zone(md_turn_state *turn, const json_t *args, md_zone **out, md_answer *answer) {
  const char *name = md_json_text(args, "tz");
  md_error why = {0};
  json_t *profile = NULL;
  int rc = 0;
  if (name) {
    rc = md_zone_open(out, name, &why);
    if (rc == MD_EINVAL) md_step_raise(answer, "m:sleep_until: tz: %s", why.text);
    return rc;
  }
  if (turn->run->person) rc = md_profile_read(turn->engine, turn->run->person, &profile, &turn->error);
  if (rc == 0 && profile && turn->profile_changes)
    rc = json_object_update(profile, turn->profile_changes) ? MD_ENOMEM : 0;
  name = rc ? NULL : md_json_text(profile, "timezone");
  if (rc == 0) rc = name ? md_zone_open(out, name, NULL) : MD_EINVAL;
  return rc == MD_EINVAL ? md_zone_open(out, MD_ZONE_DEFAULT, &turn->error) : rc;
}

static int number_of(const json_t *args, const char *name, int fallback) {
  const json_t *number = json_object_get(args, name);
  return json_is_integer(number) ? (int)json_integer_value(number) : fallback;
}

// { hour =, minute =, weekday = } is a schedule that comes once.
static int set_clock(md_turn_state *turn, const json_t *args, md_wait *wait, md_answer *answer) {
  md_zone *zone = NULL;
  int hour = number_of(args, "hour", -1), weekday = number_of(args, "weekday", -1);
  md_cron cron = {.minutes = (uint64_t)1 << number_of(args, "minute", 0),
                  .hours = hour < 0 ? UINT32_MAX : (uint32_t)1 << hour,
                  .days = UINT32_MAX,
                  .months = UINT16_MAX,
                  .weekdays = weekday < 0 ? UINT16_MAX : (uint16_t)(1U << weekday),
                  .any_day = true,
                  .any_weekday = weekday < 0};
  int rc = open_zone(turn, args, &zone, answer);
  if (rc == 0) wait->deadline = md_cron_next(&cron, zone, turn->now);
  md_zone_close(zone);
  return rc;
}

static int set_until(md_turn_state *turn, const json_t *args, md_wait *wait, md_answer *answer) {
  const json_t *at = json_object_get(args, "at");
  if (!json_is_number(at)) return set_clock(turn, args, wait, answer);
  if (md_step_micros(at) > turn->now + MD_DURATION_MAX) {
    md_step_raise(answer, "m:sleep_until: that time is over 400 days away");
    return MD_ERANGE;
  }
  wait->deadline = md_step_micros(at);
  return 0;
}

static md_late late_of(const json_t *args) {
  const char *late = md_json_text(args, "late");
  if (!late || strcmp(late, "go_on") == 0) return MD_LATE_GO_ON;
  return strcmp(late, "skip") == 0 ? MD_LATE_SKIP : MD_LATE_BRANCH;
}

static int set_options(md_turn_state *turn, const json_t *args, md_wait *wait) {
  const char *by = md_json_text(args, "by");
  const json_t *lateness = json_object_get(args, "max_lateness");
  wait->where = json_is_true(json_object_get(args, "where"));
  wait->after = md_json_text(args, "since") ? turn->engine->last_event : 0;
  wait->late = late_of(args);
  if (json_is_number(lateness)) wait->max_lateness = md_step_micros(lateness);
  if (!by) return 0;
  int rc = md_sight_value(turn->engine, turn->run, &turn->trigger, by, &wait->by_value, &turn->error);
  wait->by = md_arena_strdup(turn->engine->arena, by);
  return rc ? rc : wait->by ? 0 : MD_ENOMEM;
}

static void set_collection(const json_t *args, md_wait *wait) {
  const json_t *quiet = json_object_get(args, "quiet"), *max = json_object_get(args, "max");
  wait->max = json_is_integer(max) ? (int)json_integer_value(max) : MD_COLLECT_MAX;
  wait->quiet = json_is_number(quiet) ? md_step_micros(quiet) : -1;
}

static int set_types(md_turn_state *turn, const json_t *types, md_wait *wait) {
  size_t index;
  const json_t *type;
  json_array_foreach((json_t *)types, index, type) {
    if (wait->type_count == MD_WAIT_TYPES_MAX) return MD_ERANGE; // the binding refuses more
    wait->types[wait->type_count] = md_arena_strdup(turn->engine->arena, json_string_value(type));
    if (!wait->types[wait->type_count++]) return MD_ENOMEM;
  }
  return 0;
}

void md_step_open(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_arena *arena = turn->engine->arena;
  md_wait *wait = &turn->open;
  *wait = (md_wait){.kind = step->kind,
                    .name = md_arena_strdup(arena, step->name),
                    .file = md_arena_strdup(arena, step->file),
                    .line = step->line,
                    .arguments = arguments,
                    .opened_at = turn->now,
                    .deadline = turn->now + MD_DURATION_MAX}; // W7: 400 days at most
  answer->kind = MD_ANSWER_SUSPEND;
  turn->waits = wait->name && wait->file;
  if (!turn->waits) turn->code = MD_ENOMEM;
}

void md_step_wait(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_wait *wait = &turn->open;
  const char *what = step->kind == MD_STEP_COLLECT ? "m:collect" : "m:wait_for"; // who sleeps gives no `by`
  if (!md_step_takes_by(turn, what, md_json_text(step->args, "by"), answer)) return;
  md_step_open(turn, step, arguments, answer);
  set_deadline(turn, step, wait);
  int rc = turn->waits ? set_types(turn, json_object_get(step->args, "types"), wait) : MD_ENOMEM;
  if (rc == 0) rc = set_options(turn, step->args, wait);
  if (step->kind == MD_STEP_COLLECT) set_collection(step->args, wait);
  if (rc == 0 && step->kind == MD_STEP_SLEEP_UNTIL) rc = set_until(turn, step->args, wait, answer);
  turn->waits = rc == 0;
  if (answer->kind != MD_ANSWER_RAISE) turn->code = rc;
}
