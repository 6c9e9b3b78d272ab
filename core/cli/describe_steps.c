// SPDX-License-Identifier: Apache-2.0
// Puts steps into words.
#include "cli/describe_steps.h"
#include "cli/describe_words.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LISTED_MAX = 64 };

static md_micros micros(const json_t *seconds) {
  return (md_micros)llround(json_number_value(seconds) * 1e6);
}

static const char *list_of(const json_t *texts, md_arena *arena) {
  const char *items[LISTED_MAX];
  int count = 0;
  size_t i;
  json_t *text;
  json_array_foreach((json_t *)texts, i, text) if (count < LISTED_MAX) items[count++] = json_string_value(text);
  return md_words_list(items, count, "or", arena);
}

const char *md_place_types(const json_t *args, md_arena *arena) {
  return list_of(json_object_get(args, "types"), arena);
}

// { hour =, minute =, weekday =, tz = }
static const char *clock_of(const json_t *args, md_arena *arena) {
  static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  const json_t *hour = json_object_get(args, "hour"), *weekday = json_object_get(args, "weekday");
  const char *tz = md_json_text(args, "tz");
  int minute = (int)json_integer_value(json_object_get(args, "minute"));
  const char *time = hour ? md_arena_printf(arena, "%02d:%02d", (int)json_integer_value(hour), minute)
                          : md_arena_printf(arena, "minute %d of the hour", minute);
  const char *day = weekday ? days[json_integer_value(weekday) % 7] : NULL;
  return time ? md_arena_printf(arena, "until %s%s%s, by the clock of %s", day ? day : "", day ? " " : "", time,
                                tz ? tz : "the person")
              : NULL;
}

const char *md_place_span(md_step_kind kind, const json_t *args, md_arena *arena) {
  const json_t *within = json_object_get(args, kind == MD_STEP_SLEEP ? "for" : "within");
  if (kind == MD_STEP_SLEEP_UNTIL && !json_object_get(args, "at")) return clock_of(args, arena);
  if (kind == MD_STEP_SLEEP_UNTIL || json_object_get(args, "before")) return "until a time that the script computes";
  if (kind != MD_STEP_WAIT_FOR && kind != MD_STEP_COLLECT && kind != MD_STEP_SLEEP) return NULL;
  return within ? md_words_span(micros(within), arena) : "400 days";
}

static const char *send_result(const json_t *value, md_arena *arena) {
  static const char *const words[][2] = {{"no_address", "no address"},
                                         {"no_consent", "no consent"},
                                         {"no_public_url", "no unsubscribe link"},
                                         {"suppressed", "the address is suppressed"},
                                         {"limit", "the limit is reached"},
                                         {"cap", "the cap is reached"},
                                         {"unless", "its condition speaks against it"},
                                         {"holdout", "in the holdout"},
                                         {"template", "the template cannot be filled"},
                                         {"secret_expired", "the secret has expired"}};
  const char *reason = md_json_text(value, "reason");
  if (json_is_true(json_object_get(value, "sent"))) return "sent";
  for (size_t i = 0; reason && i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i][0], reason) == 0) return md_arena_printf(arena, "not sent: %s", words[i][1]);
  return md_arena_printf(arena, "not sent: %s", reason ? reason : "?");
}

// A failure that is no status is told by its word.
static const char *call_result(const md_answer *answer, md_arena *arena) {
  const json_t *code = json_object_get(answer->value, "code"), *status = json_object_get(answer->value, "status");
  if (answer->kind != MD_ANSWER_FAILURE)
    return md_arena_printf(arena, "answered %" JSON_INTEGER_FORMAT, json_integer_value(status));
  if (json_is_integer(code)) return md_arena_printf(arena, "failed: %" JSON_INTEGER_FORMAT, json_integer_value(code));
  return md_arena_printf(arena, "failed: %s", code ? json_string_value(code) : "?");
}

static const char *wait_result(md_step_kind kind, const md_answer *answer, md_arena *arena) {
  if (answer->late) return "too late";
  if (answer->kind == MD_ANSWER_EVENT) return md_arena_strdup(arena, answer->event.type);
  if (answer->kind == MD_ANSWER_EVENTS) return answer->count ? "events came" : "nothing came";
  return kind == MD_STEP_WAIT_FOR || kind == MD_STEP_COLLECT ? "nothing came" : "";
}

const char *md_place_result(md_step_kind kind, const md_answer *answer, md_arena *arena) {
  if (answer->kind == MD_ANSWER_SUSPEND) return NULL;
  switch (kind) {
  case MD_STEP_WAIT_FOR:
  case MD_STEP_COLLECT:
  case MD_STEP_SLEEP:
  case MD_STEP_SLEEP_UNTIL:
    return wait_result(kind, answer, arena);
  case MD_STEP_SEND:
    return send_result(answer->value, arena);
  case MD_STEP_HTTP:
    return call_result(answer, arena);
  case MD_STEP_EXPERIMENT:
    return json_is_string(answer->value) ? md_arena_printf(arena, "arm %s", json_string_value(answer->value))
                                         : "takes no part";
  case MD_STEP_PAST:
    return answer->count ? "it has happened" : "it has not happened";
  default:
    return "";
  }
}

static const char *wait_text(const md_place *place, md_arena *arena) {
  const char *span = list_of(place->spans, arena), *types = md_place_types(place->args, arena);
  const char *by = md_json_text(place->args, "by");
  if (!span || !types) return NULL;
  bool until = strncmp(span, "until", 5) == 0;
  if (place->kind == MD_STEP_SLEEP || place->kind == MD_STEP_SLEEP_UNTIL)
    return md_arena_printf(arena, "Wait %s", span);
  bool chosen = json_is_true(json_object_get(place->args, "where"));
  return md_arena_printf(arena, "%s %s%s%s%s%s%s", place->kind == MD_STEP_COLLECT ? "Collect" : "Wait for", types,
                         by ? " of the same " : "", by ? by : "", chosen ? " that the script accepts" : "",
                         until ? ", " : ", at most ", span);
}

static const char *send_text(const md_place *place, md_arena *arena) {
  const char *to = md_json_text(place->args, "to"), *channel = md_json_text(place->args, "channel");
  return md_arena_printf(arena, "Send %s “%s”%s%s", channel ? channel : "e-mail", place->name, to ? " to " : "",
                         to ? to : "");
}

static const char *call_text(const md_place *place, md_arena *arena) {
  const char *method = md_json_text(place->args, "method"), *path = md_json_text(place->args, "path");
  const char *connection = md_json_text(place->args, "connection");
  return md_arena_printf(arena, "Call %s: %s %s", connection ? connection : "?", method ? method : "GET",
                         path ? path : "/");
}

static const char *set_text(const md_place *place, md_arena *arena) {
  const json_t *ttl = json_object_get(place->args, "ttl");
  const char *span = ttl ? md_words_span(micros(ttl), arena) : NULL;
  return md_arena_printf(arena, "Store “%s”%s%s", place->name, span ? " for " : "", span ? span : "");
}

const char *md_place_words(const md_place *place, md_arena *arena) {
  switch (place->kind) {
  case MD_STEP_WAIT_FOR:
  case MD_STEP_COLLECT:
  case MD_STEP_SLEEP:
  case MD_STEP_SLEEP_UNTIL:
    return wait_text(place, arena);
  case MD_STEP_SEND:
    return send_text(place, arena);
  case MD_STEP_HTTP:
    return call_text(place, arena);
  case MD_STEP_EXPERIMENT:
    return md_arena_printf(arena, "Experiment %s", place->name);
  case MD_STEP_PAST:
    return md_arena_printf(arena, "Has there been %s?", md_place_types(place->args, arena));
  case MD_STEP_PROFILE:
    return "Look at the profile";
  case MD_STEP_UPDATE_PROFILE:
    return "Change the profile";
  case MD_STEP_LATEST:
    return "Take the newest trigger";
  case MD_STEP_EMIT:
    return md_arena_printf(arena, "Emit %s", place->name);
  case MD_STEP_GET:
    return md_arena_printf(arena, "Read “%s”", place->name);
  case MD_STEP_SET:
    return set_text(place, arena);
  case MD_STEP_ADD:
    return md_arena_printf(arena, "Add to “%s”", place->name);
  case MD_STEP_COUNT:
    return md_arena_printf(arena, "Count %s", place->name);
  case MD_STEP_OBSERVE:
    return md_arena_printf(arena, "Note a value of %s", place->name);
  case MD_STEP_QUANTILE:
    return md_arena_printf(arena, "Ask for a quantile of %s", place->name);
  case MD_STEP_CONTINUE_AS:
    return "Go on with a short journal";
  }
  return md_arena_printf(arena, "%s %s", md_step_kind_name(place->kind), place->name);
}
