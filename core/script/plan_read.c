// SPDX-License-Identifier: Apache-2.0
// Builds a plan from its declaration: who a person is, and what plan_things.c and plan_events.c read. Pure.
#include "script/plan_fields.h"

static int read_person(md_plan_reader *r, const json_t *person) {
  static const char *const known[] = {"strong", "weak", NULL};
  static const char *const standard[] = {"subject", "data.email", NULL};
  static const char *const none[] = {NULL};
  r->plan->strong = standard;
  r->plan->weak = none;
  if (!person) return 0;
  int code = md_plan_check_names(r, person, "person", known);
  if (!code) code = md_plan_read_paths(r, json_object_get(person, "strong"), "person.strong", &r->plan->strong);
  if (!code && !r->plan->strong[0])
    return md_plan_fail(r, "person.strong", "person.strong must name at least one path, such as { \"subject\" }");
  if (!code) code = md_plan_read_paths(r, json_object_get(person, "weak"), "person.weak", &r->plan->weak);
  for (int i = 0; !code && r->plan->weak[i]; i++)
    if (md_plan_contains(r->plan->strong, r->plan->weak[i]))
      return md_plan_named_twice(r, r->plan->weak[i], "person.weak");
  return code;
}

int md_plan_read(md_plan *plan, const json_t *declaration, md_plan_field *where, md_error *err) {
  static const char *const known[] = {"events", "person", "things", NULL};
  md_plan_reader r = {.plan = plan, .err = err, .where = where};
  if (!declaration) return md_plan_no_memory(&r);
  int code = md_plan_check_names(&r, declaration, "plan.define", known);
  if (!code) code = read_person(&r, json_object_get(declaration, "person"));
  if (!code) code = md_plan_read_things(&r, json_object_get(declaration, "things"));
  return code ? code : md_plan_read_events(&r, json_object_get(declaration, "events"));
}

int md_plan_read_part(md_plan *plan, const json_t *part, md_error *err) {
  static const char *const none[] = {NULL};
  md_plan_reader r = {.plan = plan, .err = err};
  plan->strong = plan->weak = none;
  int code = md_plan_read_things(&r, json_object_get(part, "things"));
  return code ? code : md_plan_read_events(&r, json_object_get(part, "events"));
}
