// SPDX-License-Identifier: Apache-2.0
// Checks what a moment defines against the tracking plan: its triggers, its thing, its goal, a security moment's
// address (M8). One thread.
#include "base/suggest.h"
#include "cli/inspection.h"
#include "engine/engine.h"
#include <stdio.h>
#include <string.h>

static void check_triggers(md_inspection *at, const md_definition *definition, const md_source_file *file) {
  char advice[300];
  for (const char *const *on = definition->on; *on; on++)
    if (md_known_types_unknown(&at->types, *on, advice, sizeof advice))
      md_inspect_found(at, file->path, md_lint_line_of(file->data, file->len, "on"),
                       "on: nothing can start it by '%s': %s", *on, advice);
}

// M8: where a security message about this trigger may go. Mail is all that is sent.
static void check_address(md_inspection *at, const char *file, const char *on, const md_plan_event *event) {
  if (event && event->address_email[0]) return;
  if (event && event->address_sms[0])
    md_inspect_found(
        at, file, 1,
        "a security moment writes only to the address that its trigger carries: %s declares one for sms alone, and "
        "mail is all that is sent; declare address = { email = \"data.…\" } for it in events.lua",
        event->type);
  else
    md_inspect_found(
        at, file, 1,
        "a security moment writes only to the address that its trigger carries: declare address for %s in events.lua",
        event ? event->type : on);
}

// A family is answered for by every declared type that it matches.
static void check_addresses(md_inspection *at, const char *file, const char *on) {
  size_t len = strlen(on);
  int count = 0, matched = 0;
  const md_plan_event *const *events = md_plan_events(at->plan, &count);
  if (len < 2 || strcmp(on + len - 2, ".*") != 0) {
    check_address(at, file, on, md_plan_event_of(at->plan, on));
    return;
  }
  for (int i = 0; i < count; i++) {
    if (strncmp(events[i]->type, on, len - 1) != 0) continue;
    check_address(at, file, on, events[i]);
    matched++;
  }
  if (matched == 0) check_address(at, file, on, NULL);
}

// What is no kind of the plan, and what may be meant.
bool md_inspect_unknown_kind(void *context, const char *kind, char *advice, size_t room) {
  md_inspection *at = context;
  int count = 0;
  if (at->plan_unread || strcmp(kind, "person") == 0 || md_plan_thing_of(at->plan, kind)) return false;
  const md_plan_thing *things = md_plan_things(at->plan, &count);
  const char **kinds = md_arena_alloc_zero(at->arena, sizeof *kinds * (size_t)(count + 2));
  if (!kinds) return false;
  kinds[0] = "person";
  for (int i = 0; i < count; i++)
    kinds[i + 1] = things[i].kind;
  const char *near = md_suggest(kind, kinds);
  snprintf(advice, room, "the plan (events.lua) has no such thing; %s%s%s",
           near ? "did you mean '" : "write \"person\", or declare it there", near ? near : "", near ? "'?" : "");
  return true;
}

static void check_limit(md_inspection *at, const md_definition *definition, const md_source_file *text) {
  md_error err = {0};
  if (text && md_limit_check(definition, text, at->retention, &err))
    md_problems_add(&at->problems, at->moment, err.text);
}

void md_inspect_definition(md_inspection *at, const md_definition *definition, const char *file) {
  bool security = strcmp(definition->class_name, "security") == 0 && !at->plan_unread;
  char advice[300];
  const md_source_file *text = md_source_find(at->own, file);
  if (definition->about && md_inspect_unknown_kind(at, definition->about, advice, sizeof advice))
    md_inspect_found(at, file, md_inspect_line_of(text, "about"), "about = \"%s\": %s", definition->about, advice);
  for (const char *const *on = definition->on; *on && security; on++)
    check_addresses(at, file, *on);
  for (const char *const *name = definition->templates; name && *name; name++)
    md_inspect_template(at, *name, file, md_inspect_line_of(text, "templates"));
  if (text) check_triggers(at, definition, text);
  check_limit(at, definition, text);
  if (definition->goal_event && md_known_types_unknown(&at->types, definition->goal_event, advice, sizeof advice))
    md_inspect_found(at, file, md_inspect_line_of(text, "goal"), "goal: nothing can reach it by '%s': %s",
                     definition->goal_event, advice);
}
