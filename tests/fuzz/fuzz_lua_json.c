// SPDX-License-Identifier: Apache-2.0
// JSON into Lua values and back: what the parser takes either comes back equal (but for nulls in objects and bytes that
// no text may hold), or is refused with a reason; never a crash, never another value.
#include "base/assert.h"
#include "script/vm.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char moment[] = "return require('moment').define { class = 'service', on = 'a', run = function(m, event)\n"
                             "m:set('all', event.data) end }";

typedef struct host {
  json_t *set;
} host;

static void take_step(void *context, const md_step *step, md_answer *answer) {
  host *h = context;
  h->set = json_object_get(step->args, "value");
  answer->value = NULL;
}

// Whether it is the same but for nulls that objects lost.
static bool same(const json_t *before, const json_t *after) {
  if (json_is_object(before) && json_is_object(after)) {
    const char *key;
    json_t *value;
    size_t kept = 0;
    json_object_foreach((json_t *)before, key, value) {
      if (json_is_null(value)) continue;
      kept++;
      if (!same(value, json_object_get(after, key))) return false;
    }
    return kept == json_object_size(after);
  }
  if (json_is_array(before) && json_is_array(after)) {
    if (json_array_size(before) != json_array_size(after)) return false;
    for (size_t i = 0; i < json_array_size(before); i++)
      if (!same(json_array_get(before, i), json_array_get(after, i))) return false;
    return true;
  }
  return json_equal(before, after);
}

static void check(md_vm *vm, const json_t *value) {
  host h = {0};
  md_turn_end end;
  md_error err;
  const md_turn_host turn = {.context = &h, .step = take_step};
  const md_event_view trigger = {.id = "e", .type = "a", .source = "s", .data = value};
  md_turn_result result = md_vm_turn(vm, &turn, &trigger, 0, &end, &err);
  md_require(result == MD_TURN_DONE || result == MD_TURN_ERROR);
  if (result == MD_TURN_DONE) md_require(same(value, h.set));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  md_source_file file = {"m1/moment.lua", moment, sizeof moment - 1};
  md_source source = {.files = &file, .count = 1};
  md_vm *vm = NULL;
  md_error err;
  md_json_init();
  md_arena *arena = md_arena_new(0), *before = md_json_scope(arena);
  json_t *value = md_json_parse((const char *)data, size, false, &err);
  if (value && json_is_object(value)) {
    md_require(md_vm_new(&vm, "m1", &source, NULL, &err) == 0);
    check(vm, value);
    md_vm_free(vm);
  }
  md_json_scope(before);
  md_arena_free(arena);
  return 0;
}
