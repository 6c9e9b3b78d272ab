// SPDX-License-Identifier: Apache-2.0
// Reads a plan's things: what there is, where events carry it, what it belongs to. Pure.
#include "base/suggest.h"
#include "script/plan_fields.h"
#include <string.h>

static bool is_kind(const char *kind) {
  size_t len = strlen(kind);
  return len > 0 && len <= 64 && strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

// What may stand at the end of what belongs to what.
static bool is_root(const char *of) {
  return strcmp(of, "person") == 0 || strcmp(of, "nobody") == 0;
}

static int read_thing(md_plan_reader *r, const char *kind, const json_t *value, md_plan_thing *out) {
  static const char *const known[] = {"at", "of", NULL};
  md_plan_field where = md_plan_inside("things", kind);
  if (!is_kind(kind) || is_root(kind))
    return md_plan_fail(r, where.text,
                        "things: '%s' is no name for a thing: use a-z, 0-9 and _ (and not person or nobody)", kind);
  int code = md_plan_check_names(r, value, where.text, known);
  if (code) return code;
  const char *of = json_string_value(json_object_get(value, "of"));
  if (!of)
    return md_plan_fail(r, where.text,
                        "%s needs of: what it belongs to, \"person\" or another thing, or \"nobody\" where many people "
                        "share one, as a product in stock",
                        where.text);
  *out = (md_plan_thing){.kind = md_plan_keep(r, kind), .of = md_plan_keep(r, of)};
  if (!out->kind || !out->of) return md_plan_no_memory(r);
  const json_t *at = json_object_get(value, "at");
  return at ? md_plan_read_path(r, at, md_plan_inside(where.text, "at").text, &out->at) : 0;
}

static md_plan_field of_field(const char *kind) {
  return md_plan_inside(md_plan_inside("things", kind).text, "of");
}

static int check_parent(md_plan_reader *r, const char *const *kinds, const md_plan_thing *thing) {
  if (is_root(thing->of)) return 0;
  for (int i = 0; kinds[i]; i++)
    if (strcmp(kinds[i], thing->of) == 0) return 0;
  const char *near = md_suggest(thing->of, kinds);
  return md_plan_fail(r, of_field(thing->kind).text,
                      "things.%s.of: there is no thing '%s'%s%s%s: declare it, or write \"person\" or \"nobody\"",
                      thing->kind, thing->of, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// Two kinds at one path, or a person's path, would make one value mean two things.
static int check_paths(md_plan_reader *r) {
  const md_plan *plan = r->plan;
  for (int i = 0; i < plan->thing_count; i++) {
    const char *at = plan->things[i].at;
    if (!at) continue;
    bool taken = md_plan_contains(plan->strong, at) || md_plan_contains(plan->weak, at);
    for (int k = 0; k < i && !taken; k++)
      taken = plan->things[k].at && strcmp(plan->things[k].at, at) == 0;
    if (taken)
      return md_plan_named_twice(r, at, md_plan_inside(md_plan_inside("things", plan->things[i].kind).text, "at").text);
  }
  return 0;
}

static bool placed(const md_plan *plan, int count, const char *kind) {
  bool found = is_root(kind);
  for (int i = 0; i < count && !found; i++)
    found = strcmp(plan->things[i].kind, kind) == 0;
  return found;
}

// Parents before children; what cannot be placed goes in a circle.
static int order_things(md_plan_reader *r) {
  md_plan *plan = r->plan;
  for (int done = 0; done < plan->thing_count; done++) {
    int next = done;
    while (next < plan->thing_count && !placed(plan, done, plan->things[next].of))
      next++;
    if (next == plan->thing_count)
      return md_plan_fail(
          r, of_field(plan->things[done].kind).text,
          "things.%s.of: what it belongs to goes in a circle: one of them must belong to the person, or to nobody",
          plan->things[done].kind);
    md_plan_thing thing = plan->things[next];
    memmove(&plan->things[done + 1], &plan->things[done], (size_t)(next - done) * sizeof thing);
    plan->things[done] = thing;
  }
  return 0;
}

int md_plan_read_things(md_plan_reader *r, const json_t *things) {
  md_plan *plan = r->plan;
  if (!things) return 0;
  if (!json_is_object(things))
    return md_plan_fail(r, "things", "things must be a table such as { order = { of = \"person\", at = … } }");
  const char **kinds = md_plan_names(r, things);
  plan->things = md_arena_alloc_zero(plan->arena, (json_object_size(things) + 1) * sizeof *plan->things);
  if (!kinds || !plan->things) return md_plan_no_memory(r);
  int code = 0;
  for (; !code && kinds[plan->thing_count]; plan->thing_count++) {
    const char *kind = kinds[plan->thing_count];
    code = read_thing(r, kind, json_object_get(things, kind), &plan->things[plan->thing_count]);
  }
  for (int i = 0; !code && i < plan->thing_count; i++)
    code = check_parent(r, kinds, &plan->things[i]);
  if (!code) code = check_paths(r);
  return code ? code : order_things(r);
}
