// SPDX-License-Identifier: Apache-2.0
// The tracking plan: what it answers, and what is refused (P1, P4, P5).
#include "base/alloc.h"
#include "script/plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char shop[] =
    "local plan = require 'plan'\n"
    "return plan.define {\n"
    "  person = { strong = { 'subject', 'data.email' }, weak = { 'data.anonymous_id' } },\n"
    "  things = {\n"
    "    parcel = { of = 'order', at = 'data.shipment_id' },\n"
    "    cart = { of = 'person', at = 'data.cart_id' },\n"
    "    order = { of = 'person', at = 'data.order_id' },\n"
    "    ['return'] = { of = 'order', at = 'data.return_id' },\n"
    "  },\n"
    "  events = {\n"
    "    ['order.placed'] = { means = 'Ordered', typed = { ['data.total'] = 'money', ['data.promised_at'] = 'time',\n"
    "      ['data.customer.name'] = 'name' } },\n"
    "    ['shipment.scanned'] = { about = { parcel = 'data.tracking.number' } },\n"
    "    ['password.reset_requested'] = { secret = { 'data.link' },\n"
    "      address = { email = { 'data.email', 'data.other' }, sms = 'data.phone' } },\n"
    "  },\n"
    "}\n";

static int load(const char *text, md_plan **plan, md_error *err) {
  md_source_file file = {"events.lua", text, strlen(text)};
  return md_plan_new(plan, &file, err);
}

static void test_P4_things_parents_before_children(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  int count;
  if (load(shop, &plan, &err)) fail_msg("%s", err.text);
  const md_plan_thing *things = md_plan_things(plan, &count);
  assert_int_equal(count, 4);
  assert_string_equal(things[0].kind, "cart");
  assert_string_equal(things[1].kind, "order");
  assert_string_equal(things[2].kind, "parcel");
  assert_string_equal(things[2].of, "order");
  assert_string_equal(things[3].kind, "return");
  assert_string_equal(md_plan_thing_of(plan, "cart")->at, "data.cart_id");
  assert_null(md_plan_thing_of(plan, "ship"));
  md_plan_free(plan);
}

static void test_P1_identity_paths(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  assert_int_equal(load(shop, &plan, &err), 0);
  assert_string_equal(md_plan_strong(plan)[0], "subject");
  assert_string_equal(md_plan_strong(plan)[1], "data.email");
  assert_null(md_plan_strong(plan)[2]);
  assert_string_equal(md_plan_weak(plan)[0], "data.anonymous_id");
  assert_null(md_plan_weak(plan)[1]);
  md_plan_free(plan);
}

static void test_events_and_their_paths(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  int count;
  assert_int_equal(load(shop, &plan, &err), 0);
  const md_plan_event *const *events = md_plan_events(plan, &count);
  assert_int_equal(count, 3);
  assert_string_equal(events[0]->type, "order.placed");
  const md_plan_event *placed = md_plan_event_of(plan, "order.placed");
  assert_string_equal(placed->means, "Ordered");
  assert_string_equal(placed->money_paths[0], "total");
  assert_string_equal(placed->time_paths[0], "promised_at");
  assert_string_equal(placed->name_paths[0], "customer.name");
  assert_null(placed->secret_paths[0]);
  assert_null(placed->address_email[0]);
  assert_int_equal(placed->about_count, 0);
  const md_plan_event *reset = md_plan_event_of(plan, "password.reset_requested");
  assert_string_equal(reset->secret_paths[0], "link");
  assert_string_equal(reset->address_email[1], "data.other");
  assert_string_equal(reset->address_sms[0], "data.phone");
  assert_null(md_plan_event_of(plan, "order"));
  assert_string_equal(md_plan_path(plan, "shipment.scanned", "parcel"), "data.tracking.number");
  assert_string_equal(md_plan_path(plan, "shipment.scanned", "order"), "data.order_id");
  assert_string_equal(md_plan_path(plan, "unheard.of", "parcel"), "data.shipment_id");
  assert_null(md_plan_path(plan, "order.placed", "ship"));
  md_plan_free(plan);
}

static void test_P5_what_a_type_is_declared_to_carry(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  assert_int_equal(load(shop, &plan, &err), 0);
  assert_true(md_plan_carries(plan, "order.cancelled", "order"));
  assert_false(md_plan_carries(plan, "orders.cancelled", "order"));
  assert_true(md_plan_carries(plan, "shipment.scanned", "parcel"));
  assert_true(md_plan_carries(plan, "shipment.scanned", "order")); // a parcel belongs to an order
  assert_true(md_plan_carries(plan, "return.received", "order"));
  assert_false(md_plan_carries(plan, "shipment.scanned", "cart"));
  assert_false(md_plan_carries(plan, "support.contacted", "order"));
  md_plan_free(plan);
}

static void test_the_built_in_plan(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  int count;
  assert_int_equal(md_plan_new(&plan, NULL, &err), 0);
  assert_string_equal(md_plan_strong(plan)[0], "subject");
  assert_string_equal(md_plan_strong(plan)[1], "data.email");
  assert_null(md_plan_weak(plan)[0]);
  md_plan_things(plan, &count);
  assert_int_equal(count, 0);
  md_plan_events(plan, &count);
  assert_int_equal(count, 0);
  assert_null(md_plan_event_of(plan, "order.placed"));
  md_plan_free(plan);
}

static void refused(const char *fields, const char *text) {
  char file[600];
  md_plan *plan;
  md_error err = {0};
  snprintf(file, sizeof file, "local plan = require 'plan'\nreturn plan.define {\n%s }", fields);
  int code = load(file, &plan, &err);
  if (code != MD_ESCRIPT || !strstr(err.text, text) || strncmp(err.text, "events.lua:3: ", 14) != 0)
    fail_msg("%s: %s: %s", fields, md_error_name(code), err.text);
}

static void test_wrong_plans_are_refused(void **state) {
  (void)state;
  refused("thing = {}", "plan.define has no field 'thing'; did you mean 'things'?");
  refused("person = {}", "person.strong must name at least one path");
  refused("person = { strong = 'email' }", "person.strong must be a path such as \"data.order_id\", or \"subject\"");
  refused("person = { strong = { 'subject', 'subject' } }", "person.strong names the path subject a second time");
  refused("person = { strong = 'subject', weak = 'subject' }", "person.weak names the path subject a second time");
  refused("person = { storng = 'subject' }", "did you mean 'strong'?");
  refused("person = { strong = { 'data..x' } }", "must be a path");
  refused("person = { strong = { 'data.x.' } }", "must be a path");
  refused("person = { strong = { 'data.a b' } }", "must be a path");
  refused("person = { strong = 5 }", "person.strong must be a path or a list of paths");
  refused("things = { cart = { at = 'data.c' } }", "things.cart needs of:");
  refused("things = { cart = { of = 'order', at = 'data.c' } }", "things.cart.of: there is no thing 'order'");
  refused("things = { order = { of = 'person' }, parcel = { of = 'ordre' } }", "did you mean 'order'?");
  refused("things = { a = { of = 'b' }, b = { of = 'c' }, c = { of = 'a' } }", "goes in a circle");
  refused("things = { a = { of = 'a' } }", "goes in a circle");
  refused("things = { a = { of = 'person', at = 'data.x' }, b = { of = 'person', at = 'data.x' } }",
          "things.b.at names the path data.x a second time");
  refused("things = { a = { of = 'person', at = 'data.email' } }", "things.a.at names the path data.email a second");
  refused("things = { ['A B'] = { of = 'person' } }", "'A B' is no name for a thing");
  refused("things = { person = { of = 'person' } }", "'person' is no name for a thing");
  refused("things = { a = { of = 'person', att = 'data.x' } }", "things.a has no field 'att'; did you mean 'at'?");
  refused("events = { ['a b'] = {} }", "'a b' is no event type");
  refused("events = { x = { maens = 'y' } }", "events.x has no field 'maens'; did you mean 'means'?");
  refused("events = { x = { about = { cart = 'data.c' } } }", "events.x.about.cart: there is no such thing");
  refused("things = { a = { of = 'person' }, b = { of = 'person' } }, events = { x = { about = { a = 'data.i', b = "
          "'data.i' "
          "} } }",
          "events.x.about.b names the path data.i a second time");
  refused("events = { x = { typed = { ['data.t'] = 'tiem' } } }", "the type of data.t must be one of: "
                                                                  "money name text time");
  refused("events = { x = { typed = { total = 'money' } } }", "events.x.typed must be a path");
  refused("events = { x = { secret = { 'subject' } } }", "only what is in data can be named here");
  refused("events = { x = { secret = { 'data.a', 'data.a' } } }", "a second time");
  // X1: what is declared for something else is stored readable, so it can be no secret, nor hold or be part of one
  refused("events = { x = { secret = { 'data.email' } } }",
          "events.x.secret: data.email cannot be a secret, as data.email is");
  refused("person = { strong = 'subject', weak = 'data.anon' }, events = { x = { secret = { 'data.anon' } } }",
          "cannot be a secret");
  refused("events = { x = { secret = { 'data.a' }, address = { email = 'data.a.mail' } } }",
          "as data.a.mail is declared");
  refused("events = { x = { secret = { 'data.a.b' }, typed = { ['data.a'] = 'text' } } }",
          "data.a.b cannot be a secret");
  refused("things = { cart = { of = 'person', at = 'data.c' } }, events = { x = { secret = { 'data.c' } } }",
          "as data.c is");
  refused(
      "things = { cart = { of = 'person' } }, events = { x = { secret = { 'data.c' }, about = { cart = 'data.c' } } }",
      "as data.c is");
  refused("events = { ['profile.updated'] = { secret = { 'data.x' } } }", "momentd's own types have no secrets");
  refused("events = { x = { address = { fax = 'data.f' } } }", "events.x.address has no field 'fax'");
  refused("events = { x = { means = 5 } }", "events.x.means must be a sentence");
  refused("events = { x = 5 }", "events.x must be a table with names");
}

// The line of the field that is wrong, not that of the call; where the text does not show it, of what does.
static void test_errors_have_the_line_of_their_field(void **state) {
  (void)state;
  static const struct {
    const char *fields, *begins;
  } cases[] = {
      {"person = {\n strong = 'subject',\n weak = 'x' }", "events.lua:5: person.weak"},
      {"things = {\n a = { of = 'person' },\n\n b = {\n  of = 'person',\n  att = 1 } }",
       "events.lua:8: things.b has no"},
      {"things = {\n a = { of = 'b' },\n b = { of =\n 'c' } }", "events.lua:5: things.b.of"},
      {"events = {\n ['order.placed'] = {},\n ['order.placed.late'] = {\n  secret = { 'subject' } } }",
       "events.lua:6: events.order.placed.late.secret"},
      {"events = {\n x = { typed = {\n  ['data.a'] = 'text',\n  ['data.t'] = 'tiem' } } }",
       "events.lua:6: events.x.typed"},
      {"events = {\n ['a b'] = {} }", "events.lua:4: events: 'a b'"},
      {"\nthing = {}", "events.lua:4: plan.define has no field"},
      {"events =\n (function() return { x = 5 } end)()", "events.lua:3: events.x"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char file[600];
    md_plan *plan;
    md_error err = {0};
    snprintf(file, sizeof file, "local plan = require 'plan'\nreturn plan.define {\n%s }", cases[i].fields);
    assert_int_equal(load(file, &plan, &err), MD_ESCRIPT);
    if (strncmp(err.text, cases[i].begins, strlen(cases[i].begins)) != 0) fail_msg("%s: %s", cases[i].fields, err.text);
  }
  md_plan *plan;
  md_error err = {0};
  const char *built = "local p = {}\np.person = {}\nlocal made = require 'plan'.define(p)\nreturn made";
  assert_int_equal(load(built, &plan, &err), MD_ESCRIPT);
  assert_true(strncmp(err.text, "events.lua:3: person.strong", 27) == 0);
}

static void test_wrong_files_are_refused(void **state) {
  (void)state;
  md_plan *plan;
  md_error err;
  assert_int_equal(load("return {", &plan, &err), MD_ESYNTAX);
  assert_non_null(strstr(err.text, "events.lua:1: "));
  assert_int_equal(load("return {}", &plan, &err), MD_ESCRIPT);
  assert_non_null(strstr(err.text, "the file must end with: return plan.define"));
  assert_int_equal(load("local p = require 'plan' p.define {} p.define {}", &plan, &err), MD_ESCRIPT);
  assert_non_null(strstr(err.text, "plan.define is called twice"));
  assert_int_equal(load("\nprint(1)", &plan, &err), MD_ESCRIPT);
  assert_non_null(strstr(err.text, "events.lua:2: print is not available"));
}

static void test_each_allocation_may_fail(void **state) {
  (void)state;
  long made;
  int n = 0;
  do {
    md_plan *plan = NULL;
    md_error err;
    md_alloc_fail_after(++n, 0);
    int code = load(shop, &plan, &err);
    made = md_alloc_fail_after(0, 0);
    assert_true(code == 0 || code == MD_ENOMEM);
    md_plan_free(code ? NULL : plan);
  } while (made >= n);
  assert_true(n > 5);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P4_things_parents_before_children),
      cmocka_unit_test(test_P1_identity_paths),
      cmocka_unit_test(test_events_and_their_paths),
      cmocka_unit_test(test_P5_what_a_type_is_declared_to_carry),
      cmocka_unit_test(test_the_built_in_plan),
      cmocka_unit_test(test_wrong_plans_are_refused),
      cmocka_unit_test(test_errors_have_the_line_of_their_field),
      cmocka_unit_test(test_wrong_files_are_refused),
      cmocka_unit_test(test_each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
