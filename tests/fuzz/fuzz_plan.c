// SPDX-License-Identifier: Apache-2.0
// Paths of a plan: whatever is taken is `subject` or names below `data`, joined by dots, and comes out as it was
// written; whatever is refused is named. The first byte says where the path stands.
#include "base/assert.h"
#include "script/plan.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 400, PLAN_BYTES = 2400, PLACES = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const places[PLACES] = {
    "person = { strong = { 'data.other', %s } }",
    "person = { strong = { 'data.other' }, weak = %s }",
    "person = { strong = { 'data.other' } }, things = { k = { of = 'person', at = %s } }",
    "person = { strong = { 'data.x' } }, things = { k = { of = 'person' } }, events = { a = { about = { k = %s } } }",
    "person = { strong = { 'data.other' } }, events = { a = { typed = { [%s] = 'time' } } }",
    "person = { strong = { 'data.other' } }, events = { a = { secret = { %s } } }",
    "person = { strong = { 'data.other' } }, events = { a = { address = { email = %s } } }",
};

static const char *taken(const md_plan *plan, int place) {
  const md_plan_event *event = md_plan_event_of(plan, "a");
  switch (place) {
  case 0:
    return md_plan_strong(plan)[1];
  case 1:
    return md_plan_weak(plan)[0];
  case 2:
  case 3:
    return md_plan_path(plan, "a", "k");
  case 4:
    return event->time_paths[0];
  case 5:
    return event->secret_paths[0];
  default:
    return event->address_email[0];
  }
}

static bool is_name(const char *at, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", at[i]) || !at[i]) return false;
  return len > 0;
}

// The grammar once more, by another way.
static bool is_path(const char *text, size_t len) {
  const char *end = text + len;
  if (len == 7 && memcmp(text, "subject", 7) == 0) return true;
  if (len < 6 || memcmp(text, "data.", 5) != 0) return false;
  for (const char *at = text; at <= end;) {
    const char *dot = memchr(at, '.', (size_t)(end - at));
    if (!is_name(at, (size_t)((dot ? dot : end) - at))) return false;
    if (!dot) return true;
    at = dot + 1;
  }
  return false;
}

static void write_plan(char out[static PLAN_BYTES], const char *place, const uint8_t *path, size_t len) {
  char quoted[PATH_MAX_BYTES * 4 + 3];
  size_t used = 1;
  quoted[0] = '\'';
  for (size_t i = 0; i < len; i++)
    used += (size_t)snprintf(quoted + used, 5, "\\%03d", path[i]);
  snprintf(quoted + used, 2, "'");
  const char *hole = strstr(place, "%s");
  snprintf(out, PLAN_BYTES, "return require('plan').define { %.*s%s%s }", (int)(hole - place), place, quoted, hole + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[PLAN_BYTES];
  md_plan *plan = NULL;
  md_error err = {0};
  if (size == 0 || size > PATH_MAX_BYTES) return 0;
  int place = data[0] % PLACES;
  const char *path = (const char *)data + 1;
  size_t len = size - 1;
  write_plan(text, places[place], data + 1, len);
  md_json_init();
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  md_source_file file = {"events.lua", text, strlen(text)};
  int code = md_plan_new(&plan, &file, &err);
  if (code == 0) {
    const char *kept = taken(plan, place);
    size_t shift = place == 4 || place == 5 ? 5 : 0; // these are kept without "data."
    md_require(is_path(path, len) && kept && strlen(kept) == len - shift &&
               memcmp(kept, path + shift, len - shift) == 0);
  } else {
    bool second_time = len >= 10 && memcmp(path, "data.other", 10) == 0;
    bool not_below_data = len == 7 && (place == 4 || place == 5);
    md_require(err.text[0] && (!is_path(path, len) || len > 200 || second_time || not_below_data));
  }
  md_plan_free(plan);
  md_json_scope(before);
  md_arena_free(arena);
  return 0;
}
