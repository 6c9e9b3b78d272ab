// SPDX-License-Identifier: Apache-2.0
// What scripts need of the plan, read off their words, and the part of a plan that is made of it.
#include "base/alloc.h"
#include "script/plan_part.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

static md_needs needs_of(const char *text) {
  md_source_file file = {"m/moment.lua", text, strlen(text)};
  md_needs needs;
  assert_int_equal(md_needs_read(&(md_source){.files = &file, .count = 1}, arena, &needs), 0);
  return needs;
}

static const char *joined(const char *const *texts, bool all) {
  const char *out = all ? "*" : "";
  for (; *texts; texts++)
    out = md_arena_printf(arena, "%s%s%s", out, *out ? " " : "", *texts);
  return out;
}

typedef struct example {
  const char *text, *types; // "*": any
} example;

static void test_types_that_are_written_out(void **state) {
  (void)state;
  static const example examples[] = {
      {"on = 'a'", "a"},
      {"on = \"a\", run = f", "a"},
      {"on = { 'a', 'b.*'; 'c' }", "a b.* c"},
      {"on = moment.schedule('0 8 1 * *', 'Europe/Copenhagen')", ""},
      {"on = { moment.schedule('0 8 1 * *'), 'a' }", "a"},
      {"on = 'a' }, m:wait_for('b')", "a b"},
      {"on = 'a' } m:wait_for 'b'", "a b"},
      {"on = 'a' } m:wait_for({ 'b', 'c' }, { within = n() })", "a b c"},
      {"on = 'a' } m:collect('a', { quiet = '1m' }) m:past('d')", "a d"},
      {"on = 'a' } m:send { unless = { past = 'd', within = '1d' } }", "a d"},
      {"on = 'a' } ctx.m:wait_for('b') -- m:wait_for(x)", "a b"},
      {"on = 'a' } local function collect(x) return x end collect(y)", "a"},
      {"on = 'a' } if t.on == x or past == y then end", "a"},
  };
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    md_needs needs = needs_of(md_arena_printf(arena, "moment.define { %s", examples[i].text));
    if (strcmp(joined(needs.types, needs.all_types), examples[i].types) != 0)
      fail_msg("%s: %s", examples[i].text, joined(needs.types, needs.all_types));
  }
}

// What cannot be told by words may be any type: more versions are made then than need be, never too few.
static void test_computed_types_are_all(void **state) {
  (void)state;
  static const char *const computed[] = {
      "",
      "on = types }",
      "on = 'a' .. b }",
      "on = { 'a' .. 'b' }",
      "on = { 'a', b }",
      "on = { ('a'):lower() }",
      "on = pick { 'a' }",
      "on = moment.schedule('x') or 'a' }",
      "on = 'a' } m:wait_for(x)",
      "on = 'a' } m:wait_for(x, { within = '1d' })",
      "on = 'a' } m:wait_for('b' .. c)",
      "on = 'a' } m:wait_for({ 'b', c })",
      "on = 'a' } m:wait_for { b }",
      "on = 'a' } m:wait_for('\\97')",
      "on = 'a' } local w = m.wait_for w(m, x)",
      "on = 'a' } m['collect'](m, x)",
      "on = 'a' } m:send { unless = { past = x } }",
      "on = 'a' } t['on'] = x",
      "on = 'a' } m:wait_for(",
  };
  for (size_t i = 0; i < sizeof computed / sizeof *computed; i++)
    if (!needs_of(computed[i]).all_types) fail_msg("%s", computed[i]);
}

static void test_kinds_and_class(void **state) {
  (void)state;
  md_needs needs =
      needs_of("class = 'service', on = 'a', about = 'order' } m:past('b', { by = 'parcel', within = x })");
  assert_string_equal(joined(needs.kinds, needs.all_kinds), "order parcel");
  assert_string_equal(needs.class_name, "service");
  assert_string_equal(joined(needs_of("on = 'a' } m:wait_for('b', { where = f, within = g(1, 2) })").kinds, false), "");
  static const char *const any[] = {"about = x", "m:past('b', options)", "m:past('b', { by = x })", "t['about'] = 1",
                                    "m:wait_for('b', f { by = 'a' })"};
  for (size_t i = 0; i < sizeof any / sizeof *any; i++)
    if (!needs_of(any[i]).all_kinds) fail_msg("%s", any[i]);
  assert_null(needs_of("on = 'a'").class_name);
  assert_null(needs_of("class = c,").class_name);
  assert_null(needs_of("class = 'service' } x = { class = 'marketing' }").class_name);
  assert_null(needs_of("class = 'service' } t['class'] = 'marketing'").class_name);
  assert_string_equal(needs_of("class = 'service' } x = { class = 'service' }").class_name, "service");
}

static void test_specs_are_not_read(void **state) {
  (void)state;
  static const char moment[] = "on = 'a' }", spec[] = "m:wait_for(anything)";
  md_source_file files[] = {{"m/moment.lua", moment, sizeof moment - 1}, {"m/moment_spec.lua", spec, sizeof spec - 1}};
  md_needs needs;
  assert_int_equal(md_needs_read(&(md_source){.files = files, .count = 2}, arena, &needs), 0);
  assert_string_equal(joined(needs.types, needs.all_types), "a");
}

#define PLAN(person, order_at, extra)                                                                                  \
  "return require 'plan'.define { person = " person ",\n"                                                              \
  " things = { order = { of = 'person', at = '" order_at "' }, parcel = { of = 'order', at = 'data.parcel' },\n"       \
  "  cart = { of = 'person', at = 'data.cart' } },\n"                                                                  \
  " events = { ['order.placed'] = { means = 'x', typed = { ['data.total'] = 'money', ['data.at'] = 'time' } },\n"      \
  "  ['order.changed'] = {}, ['cart.updated'] = { about = { cart = 'data.c' } },\n"                                    \
  "  ['reset'] = { secret = 'data.link', address = { email = 'data.email', sms = 'data.phone' } }" extra " } }"

static md_plan *plan_of(const char *text) {
  md_plan *plan = NULL;
  md_source_file file = {"events.lua", text, strlen(text)};
  md_error err = {0};
  if (md_plan_new(&plan, &file, &err)) fail_msg("%s", err.text);
  return plan;
}

static const char *part_of(const char *plan_text, const char *script) {
  md_plan *plan = plan_of(plan_text);
  md_needs needs = needs_of(script);
  const char *text = NULL;
  assert_int_equal(md_plan_part_write(plan, &needs, arena, &text, NULL), 0);
  md_plan_free(plan);
  return text;
}

static const char plain[] = PLAN("{ strong = { 'subject' } }", "data.order", "");

static void test_a_part_has_what_is_met(void **state) {
  (void)state;
  assert_string_equal(part_of(plain, "on = 'order.placed', about = 'parcel' }"),
                      "{\"events\":{\"order.placed\":{\"typed\":{\"data.at\":\"time\",\"data.total\":\"money\"}}},"
                      "\"format\":1,\"things\":{\"order\":{\"at\":\"data.order\",\"of\":\"person\"},"
                      "\"parcel\":{\"at\":\"data.parcel\",\"of\":\"order\"}}}");
  assert_string_equal(part_of(plain, "on = 'cart.updated' }"),
                      "{\"events\":{\"cart.updated\":{\"about\":{\"cart\":\"data.c\"}}},\"format\":1,"
                      "\"things\":{\"cart\":{\"at\":\"data.cart\",\"of\":\"person\"}}}");
  assert_string_equal(part_of(plain, "on = 'nobody.declared' }"), "{\"events\":{},\"format\":1,\"things\":{}}");
  assert_non_null(strstr(part_of(plain, "on = 'order.*' }"), "order.changed"));
  assert_null(strstr(part_of(plain, "on = 'order.*' }"), "reset"));
  assert_non_null(strstr(part_of(plain, "on = x }"), "reset"));
}

// A change of the plan changes the parts of those that can meet it, and no others.
static void test_a_change_reaches_whom_it_concerns(void **state) {
  (void)state;
  static const char moved[] = PLAN("{ strong = { 'subject' } }", "data.order_id", "");
  static const char more[] = PLAN("{ strong = { 'subject' } }", "data.order", ", ['order.paid'] = {}");
  static const char other[] = PLAN("{ strong = { 'data.email' }, weak = { 'data.cookie' } }", "data.order", "");
  static const char about[] = "on = 'order.placed', about = 'order' }", person[] = "on = 'order.placed' }",
                    family[] = "on = 'order.*' }";
  assert_string_not_equal(part_of(plain, about), part_of(moved, about));
  assert_string_equal(part_of(plain, person), part_of(moved, person));
  assert_string_equal(part_of(plain, about), part_of(more, about));
  assert_string_not_equal(part_of(plain, family), part_of(more, family));
  const char *text = "on = x, about = y }";
  static const char no_reset[] = "on = 'order.placed', about = y }";
  assert_string_equal(part_of(plain, no_reset), part_of(other, no_reset)); // who somebody is, is no part of it
  assert_string_not_equal(part_of(plain, text), part_of(more, text));
}

static void test_a_part_is_read_back(void **state) {
  (void)state;
  static const char secret_identity[] =
      "return require 'plan'.define { person = { strong = { 'subject' } }, things = { order = { of = 'person', at = "
      "'data.email' } },\n events = { reset = { secret = { 'data.x' }, about = { order = 'data.email' } } } }";
  const char *text = part_of(plain, "on = x, about = y }");
  md_plan *part = NULL;
  md_error err = {0};
  if (md_plan_part_read(&part, text, strlen(text), &err)) fail_msg("%s", err.text);
  assert_string_equal(md_plan_event_of(part, "order.placed")->time_paths[0], "at");
  assert_string_equal(md_plan_event_of(part, "reset")->secret_paths[0], "link");
  assert_string_equal(md_plan_event_of(part, "reset")->address_email[0], "data.email");
  assert_string_equal(md_plan_thing_of(part, "parcel")->of, "order");
  md_plan_free(part);
  text = part_of(secret_identity, "on = 'reset' }"); // at a path that the default plan has for persons
  if (md_plan_part_read(&part, text, strlen(text), &err)) fail_msg("%s", err.text);
  md_plan_free(part);
}

static void test_other_formats_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int code;
    const char *says;
  } wrong[] = {
      {"{\"format\":2,\"events\":{}}", MD_EUNSUPPORTED, "in format 2, and this one knows format 1"},
      {"{\"events\":{}}", MD_ECORRUPT, "it has no format"},
      {"{\"format\":1,\"events\":[]}", MD_ECORRUPT, "events must be a table"},
      {"{\"format\":1,\"things\":{\"a\":{}}}", MD_ECORRUPT, "things.a needs of"},
      {"", MD_ECORRUPT, "plan.json"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    md_plan *part = NULL;
    md_error err = {0};
    assert_int_equal(md_plan_part_read(&part, wrong[i].text, strlen(wrong[i].text), &err), wrong[i].code);
    if (!strstr(err.text, wrong[i].says)) fail_msg("%s", err.text);
    assert_null(part);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types_that_are_written_out),
      cmocka_unit_test(test_computed_types_are_all),
      cmocka_unit_test(test_kinds_and_class),
      cmocka_unit_test(test_specs_are_not_read),
      cmocka_unit_test(test_a_part_has_what_is_met),
      cmocka_unit_test(test_a_change_reaches_whom_it_concerns),
      cmocka_unit_test(test_a_part_is_read_back),
      cmocka_unit_test(test_other_formats_are_refused),
  };
  md_json_init();
  return cmocka_run_group_tests_name("needs", tests, set_up, tear_down);
}
