// SPDX-License-Identifier: Apache-2.0
// The event types that a script tree knows: of its plan, emitted by its scripts, and the host's own.
#include "base/json.h"
#include "cli/known_types.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct tree {
  md_arena *arena;
  md_plan *plan;
  md_known_types known;
} tree;

static void open(tree *t, const char *plan, const char *path, const char *script) {
  md_error err = {0};
  md_source_file events = {"events.lua", plan, strlen(plan)}, file = {path, script, strlen(script)};
  md_source source = {.files = &file, .count = 1};
  *t = (tree){.arena = md_arena_new(0)};
  if (md_plan_new(&t->plan, &events, &err)) fail_msg("%s", err.text);
  assert_int_equal(md_known_types_read(&t->known, t->plan, &source, t->arena), 0);
}

static void close(tree *t) {
  md_plan_free(t->plan);
  md_arena_free(t->arena);
}

// `part`: of the advice; NULL: the type is known.
static void expect(tree *t, const char *type, const char *part) {
  char advice[300] = "";
  bool unknown = md_known_types_unknown(&t->known, type, advice, sizeof advice);
  if (unknown != (part != NULL) || (part && !strstr(advice, part))) fail_msg("%s: %s", type, advice);
}

static const char plan[] = "return require 'plan'.define { events = { ['order.placed'] = {}, ['cart.updated'] = {} } }";

static void of_plan_scripts_and_host(void **state) {
  (void)state;
  tree t;
  open(&t, plan, "m/moment.lua", "m:emit { type = 'own.thing' } m:emit { type = x }");
  assert_int_equal(t.known.planned, 2);
  assert_int_equal(t.known.count, 3);
  expect(&t, "order.placed", NULL);
  expect(&t, "own.thing", NULL);
  expect(&t, "schedule", NULL);
  expect(&t, "message.failed", NULL);
  expect(&t, "consent.given", NULL);
  expect(&t, "order.plced", "did you mean 'order.placed'?");
  expect(&t, "own.thin", "did you mean 'own.thing'?");
  expect(&t, "something.else", "the plan (events.lua) does not know it, and no script emits it; declare it there");
  close(&t);
}

static void families(void **state) {
  (void)state;
  tree t;
  open(&t, plan, "m/moment.lua", "m:emit { type = 'own.thing' }");
  expect(&t, "order.*", NULL);
  expect(&t, "own.*", NULL);
  expect(&t, "ord.*", "does not know it");
  expect(&t, "run.*", NULL);
  expect(&t, ".*", "does not know it");
  close(&t);
}

// Without a plan nothing is said to be unknown; a spec's events are no script's.
static void what_is_not_counted(void **state) {
  (void)state;
  tree t;
  open(&t, "return require 'plan'.define {}", "m/moment.lua", "");
  expect(&t, "whatever", NULL);
  close(&t);
  open(&t, plan, "m/moment_spec.lua", "m:emit { type = 'own.thing' }");
  expect(&t, "own.thing", "does not know it");
  close(&t);
}

static void many(void **state) {
  (void)state;
  static char text[20000];
  tree t;
  size_t len = 0;
  for (int i = 0; i < 500; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "m:emit { type = 't%d' }\n", i);
  open(&t, plan, "m/moment.lua", text);
  assert_int_equal(t.known.count, 502);
  assert_null(t.known.types[502]);
  expect(&t, "t0", NULL);
  expect(&t, "t499", NULL);
  close(&t);
}

static void scripts_are_told_from_specs(void **state) {
  (void)state;
  assert_true(md_is_script("m/moment.lua"));
  assert_true(md_is_script("shared/view.lua"));
  assert_false(md_is_script("m/moment_spec.lua"));
  assert_false(md_is_script("m/x.da.md"));
  assert_false(md_is_script(".lua"));
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_plan_scripts_and_host),    cmocka_unit_test(families),
      cmocka_unit_test(what_is_not_counted),         cmocka_unit_test(many),
      cmocka_unit_test(scripts_are_told_from_specs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
