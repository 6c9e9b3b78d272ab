// SPDX-License-Identifier: Apache-2.0
// What each step does when the journal has no answer yet. Effects stay in the turn until it has ended well (B1).
#include "base/duration.h"
#include "engine/turn.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>

static void fail(md_turn_state *turn, int code, md_answer *answer) {
  turn->code = code;
  answer->kind = MD_ANSWER_SUSPEND;
}

static void __attribute__((format(printf, 2, 3))) raise_error(md_answer *answer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(answer->error, sizeof answer->error, format, args);
  va_end(args);
  answer->kind = MD_ANSWER_RAISE;
}

static const char *written(md_turn_state *turn, const json_t *value) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, value);
  const char *copy = md_buffer_ok(&text) ? md_arena_strndup(turn->engine->arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  return copy;
}

static md_micros micros(const json_t *number) {
  return (md_micros)llround(json_number_value(number) * 1e6);
}

static void open_wait(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_arena *arena = turn->engine->arena;
  md_wait *wait = &turn->open;
  *wait = (md_wait){.kind = step->kind,
                    .name = md_arena_strdup(arena, step->name),
                    .file = md_arena_strdup(arena, step->file),
                    .line = step->line,
                    .arguments = arguments,
                    .opened_at = turn->now,
                    .deadline = turn->now + MD_DURATION_MAX};
  const json_t *within = json_object_get(step->args, step->kind == MD_STEP_SLEEP ? "for" : "within");
  const json_t *before = json_object_get(step->args, "before");
  if (json_is_number(within))
    wait->deadline = turn->now + micros(within);
  else if (json_is_number(before) && micros(before) < wait->deadline) // W7: 400 days at most
    wait->deadline = micros(before);
  size_t index;
  json_t *type;
  json_array_foreach(json_object_get(step->args, "types"), index, type) {
    if (wait->type_count == MD_WAIT_TYPES_MAX) {
      raise_error(answer, "wait_for takes at most %d types; wait for a family such as \"order.*\"", MD_WAIT_TYPES_MAX);
      return;
    }
    wait->types[wait->type_count++] = md_arena_strdup(arena, json_string_value(type));
  }
  answer->kind = MD_ANSWER_SUSPEND;
  turn->waits = wait->name && wait->file;
  for (int i = 0; i < wait->type_count; i++)
    turn->waits &= wait->types[i] != NULL;
  if (!turn->waits) turn->code = MD_ENOMEM;
}

static void emit(md_turn_state *turn, const md_step *step, md_answer *answer) {
  char id[64];
  snprintf(id, sizeof id, "%lld:%d", (long long)turn->run->id, turn->step);
  const json_t *data = json_object_get(step->args, "data");
  const char *text = data ? written(turn, data) : NULL;
  if (data && !text) {
    fail(turn, MD_ENOMEM, answer);
    return;
  }
  md_emission *before = turn->engine->emitted;
  turn->engine->emitted = NULL;
  int rc = md_emit(turn->engine, turn->run, step->name, id, text, turn->run->depth + 1, &turn->error);
  if (turn->engine->emitted) {
    turn->engine->emitted->before = turn->emissions;
    turn->emissions = turn->engine->emitted;
  }
  turn->engine->emitted = before;
  if (rc == 0 && !(answer->value = json_string(id))) rc = MD_ENOMEM;
  if (rc) fail(turn, rc, answer);
}

static void read_profile(md_turn_state *turn, md_answer *answer) {
  int rc = md_profile_read(turn->engine, turn->run->person, &answer->value, &turn->error);
  const char *name;
  json_t *value;
  if (rc == 0 && turn->profile_changes) json_object_foreach(turn->profile_changes, name, value) {
      if (json_is_null(value))
        json_object_del(answer->value, name);
      else if (json_object_set(answer->value, name, value) != 0)
        rc = MD_ENOMEM;
    }
  if (rc) fail(turn, rc, answer);
}

static bool has_person(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (turn->run->person == 0)
    raise_error(answer, "m:%s needs a person, and this run has none", md_step_kind_name(step->kind));
  return turn->run->person != 0;
}

static void update_profile(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer)) return;
  if (!turn->profile_changes) turn->profile_changes = json_object();
  if (!turn->profile_changes || json_object_update(turn->profile_changes, (json_t *)step->args) != 0)
    fail(turn, MD_ENOMEM, answer);
  else
    answer->value = json_true();
}

// The newest write among the turn's own and those stored under the person's rows (P3); MD_ENOTFOUND when there is none.
static int newest_value(md_turn_state *turn, const char *key, const char **json) {
  for (const md_write *at = turn->writes; at; at = at->before)
    if (strcmp(at->key, key) == 0) {
      *json = at->value.json;
      return *json ? 0 : MD_ENOTFOUND;
    }
  int64_t rows[256], canonical = 0;
  int count = 0;
  md_engine *engine = turn->engine;
  md_value best = {.written_at = -1}, value;
  int rc = md_people_canonical(engine->store, turn->run->person, &canonical, &turn->error);
  if (rc == 0) rc = md_people_members(engine->store, canonical, rows, 256, &count, &turn->error);
  for (int i = 0; rc == 0 && i < count; i++) {
    rc = md_values_get(engine->store, turn->run->moment, rows[i], key, engine->arena, &value, &turn->error);
    bool found = rc == 0 && (value.expires_at == 0 || value.expires_at > engine->now);
    if (found && value.written_at > best.written_at) best = value;
    rc = rc == MD_ENOTFOUND ? 0 : rc;
  }
  *json = best.json;
  return rc ? rc : best.json ? 0 : MD_ENOTFOUND;
}

static int read_value(md_turn_state *turn, const char *key, json_t **out) {
  const char *json = NULL;
  *out = NULL;
  int rc = newest_value(turn, key, &json);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  *out = md_json_parse(json, strlen(json), true, &turn->error);
  return *out ? 0 : MD_ECORRUPT;
}

static int write_value(md_turn_state *turn, const char *key, const json_t *value, md_micros ttl) {
  md_write *write = md_arena_alloc_zero(turn->engine->arena, sizeof *write);
  if (!write) return MD_ENOMEM;
  bool keeps = value && !json_is_null(value);
  write->key = md_arena_strdup(turn->engine->arena, key);
  write->value.json = keeps ? written(turn, value) : NULL;
  if (!write->key || (keeps && !write->value.json)) return MD_ENOMEM;
  write->value.written_at = turn->engine->now;
  write->value.expires_at = ttl ? turn->engine->now + ttl : 0;
  write->before = turn->writes;
  turn->writes = write;
  return 0;
}

static void get(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer)) return;
  int rc = read_value(turn, step->name, &answer->value);
  if (rc) fail(turn, rc, answer);
}

static void set(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer)) return;
  const json_t *ttl = json_object_get(step->args, "ttl");
  int rc = write_value(turn, step->name, json_object_get(step->args, "value"), ttl ? micros(ttl) : 0);
  if (rc) fail(turn, rc, answer);
}

static void add(md_turn_state *turn, const md_step *step, md_answer *answer) {
  if (!has_person(turn, step, answer)) return;
  json_t *old = NULL;
  int rc = read_value(turn, step->name, &old);
  if (rc) {
    fail(turn, rc, answer);
    return;
  }
  if (old && !json_is_number(old)) {
    raise_error(answer, "m:add(\"%s\"): the stored value is no number", step->name);
    return;
  }
  const json_t *n = json_object_get(step->args, "n");
  if ((!old || json_is_integer(old)) && json_is_integer(n)) {
    json_int_t sum = 0;
    if (__builtin_add_overflow(old ? json_integer_value(old) : 0, json_integer_value(n), &sum)) {
      raise_error(answer, "m:add(\"%s\"): the sum is too large", step->name);
      return;
    }
    answer->value = json_integer(sum);
  } else {
    answer->value = json_real((old ? json_number_value(old) : 0) + json_number_value(n));
  }
  rc = answer->value ? write_value(turn, step->name, answer->value, 0) : MD_ENOMEM;
  if (rc) fail(turn, rc, answer);
}

static int decide(md_turn_state *turn, const md_step *step, md_message *out) {
  md_engine *engine = turn->engine;
  const md_plan_event *plan = md_plan_event_of(engine->plan, turn->trigger.type);
  md_send send = {.run = turn->run,
                  .step = turn->step,
                  .class_name = turn->definition->class_name,
                  .limit_runs = turn->definition->limit_runs,
                  .limit_per = turn->definition->limit_per,
                  .args = step->args,
                  .trigger = &turn->trigger,
                  .address_email = plan ? plan->address_email : NULL,
                  .name_paths = plan ? plan->name_paths : NULL,
                  .files = turn->loaded->files,
                  .file_count = turn->loaded->source.count,
                  .now = engine->now};
  int rc = md_profile_read(engine, turn->run->person, &send.profile, &turn->error);
  if (rc == 0 && turn->profile_changes && json_object_update(send.profile, turn->profile_changes) != 0) rc = MD_ENOMEM;
  if (rc == 0)
    rc = engine->options.messenger->decide(engine->options.messenger->context, engine->store, &send, engine->arena, out,
                                           &turn->error);
  return rc;
}

static void send_message(md_turn_state *turn, const md_step *step, md_answer *answer) {
  md_outgoing *outgoing = md_arena_alloc_zero(turn->engine->arena, sizeof *outgoing);
  int rc = outgoing ? decide(turn, step, &outgoing->message) : MD_ENOMEM;
  if (rc == MD_EINVAL) { // the script's mistake (M9: a name that the configuration does not have)
    raise_error(answer, "%s", turn->error.text);
    return;
  }
  if (rc) {
    fail(turn, rc, answer);
    return;
  }
  outgoing->before = turn->messages;
  turn->messages = outgoing;
  const md_message *message = &outgoing->message;
  bool sent = message->state == MD_MESSAGE_QUEUED;
  char id[64];
  snprintf(id, sizeof id, "%lld.%d", (long long)turn->run->id, turn->step);
  answer->value = json_object();
  int bad = json_object_set_new(answer->value, "sent", json_boolean(sent));
  bad |= json_object_set_new(answer->value, "id", json_string(id));
  if (!sent && message->reason) bad |= json_object_set_new(answer->value, "reason", json_string(message->reason));
  if (bad) fail(turn, MD_ENOMEM, answer);
}

void md_step_carry_out(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  answer->kind = MD_ANSWER_VALUE;
  switch (step->kind) {
  case MD_STEP_WAIT_FOR:
  case MD_STEP_SLEEP:
    open_wait(turn, step, arguments, answer);
    break;
  case MD_STEP_EMIT:
    emit(turn, step, answer);
    break;
  case MD_STEP_PROFILE:
    read_profile(turn, answer);
    break;
  case MD_STEP_UPDATE_PROFILE:
    update_profile(turn, step, answer);
    break;
  case MD_STEP_GET:
    get(turn, step, answer);
    break;
  case MD_STEP_SET:
    set(turn, step, answer);
    break;
  case MD_STEP_ADD:
    add(turn, step, answer);
    break;
  case MD_STEP_SEND:
    send_message(turn, step, answer);
    break;
  }
}
