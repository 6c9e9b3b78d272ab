// SPDX-License-Identifier: Apache-2.0
// What moment.define was given, the version that it is of, and the rules that hold for its class. One thread.
#include "base/duration.h"
#include "base/timestamp.h"
#include "cli/describe_doc.h"
#include "cli/describe_words.h"
#include "script/outline.h"
#include <string.h>

static json_t *time_of(md_micros at) {
  char text[32];
  if (!at) return json_null();
  md_timestamp_format(at, text);
  return json_string(text);
}

static void put_version(md_doc *doc) {
  const md_subject *subject = &doc->subject;
  const md_version *row = &subject->version;
  json_t *version = json_object();
  json_object_set_new(version, "digest", json_string(subject->digest));
  json_object_set_new(version, "live", json_boolean(subject->live));
  json_object_set_new(version, "from", json_string(subject->stored ? "database" : "scripts"));
  json_object_set_new(version, "stored_at", time_of(subject->stored ? row->created_at : 0));
  json_object_set_new(version, "live_at", time_of(subject->stored ? row->live_at : 0));
  json_object_set_new(version, "paused_at", time_of(subject->paused_at));
  json_object_set_new(version, "note", md_doc_text(row->note));
  json_object_set_new(version, "author", md_doc_text(row->author));
  json_object_set_new(version, "door", md_doc_text(row->door));
  json_object_set_new(doc->json, "version", version);
}

static json_t *span(md_doc *doc, md_micros micros) {
  char text[24];
  json_t *both = json_object();
  md_duration_format(micros, text);
  json_object_set_new(both, "span", json_string(text));
  json_object_set_new(both, "words", md_doc_text(md_words_span(micros, doc->arena)));
  return both;
}

static json_t *schedules(md_doc *doc) {
  const md_definition *definition = doc->subject.definition;
  json_t *all = json_array();
  for (int i = 0; i < definition->schedule_count; i++) {
    const md_schedule *schedule = &definition->schedules[i];
    json_t *one = json_object();
    md_cron cron;
    const char *words = md_cron_parse(schedule->expression, strlen(schedule->expression), &cron, NULL)
                            ? schedule->expression
                            : md_words_schedule(&cron, doc->arena);
    json_object_set_new(one, "cron", json_string(schedule->expression));
    json_object_set_new(one, "zone", json_string(schedule->zone));
    json_object_set_new(one, "words", md_doc_text(words));
    json_array_append_new(all, one);
  }
  return all;
}

static const md_source_file *main_file(const md_doc *doc) {
  char path[300];
  snprintf(path, sizeof path, "%s/moment.lua", doc->subject.moment);
  return md_source_find(&doc->subject.own, path);
}

static json_t *where_of(md_doc *doc) {
  const md_source_file *file = main_file(doc);
  md_outline_span code;
  json_t *where = json_object();
  if (!doc->subject.definition->has_where) return json_null();
  bool found = file && md_outline_define(file->data, file->len, doc->arena, "where", &code);
  json_object_set_new(where, "code", found ? json_stringn(code.text, code.len) : json_null());
  json_object_set_new(where, "line", found ? json_integer(code.line) : json_null());
  return where;
}

static json_t *again_of(md_again again) {
  static const char *const names[] = {"skip", "restart", "queue", "parallel"};
  return json_string(names[again]);
}

static void put_trigger(md_doc *doc) {
  const md_definition *definition = doc->subject.definition;
  json_t *trigger = json_object(), *types = json_array(), *limit = json_null();
  for (const char *const *on = definition->on; *on; on++) {
    json_array_append_new(types, json_string(*on));
    md_doc_event(doc, *on);
  }
  if (definition->limit_runs > 0) {
    limit = span(doc, definition->limit_per);
    json_object_set_new(limit, "runs", json_integer(definition->limit_runs));
  }
  bool bounded = definition->max_age >= 0 || *definition->on;
  md_micros max_age = definition->max_age >= 0 ? definition->max_age : doc->settings->max_age;
  json_object_set_new(trigger, "types", types);
  json_object_set_new(trigger, "schedules", schedules(doc));
  json_object_set_new(trigger, "where", where_of(doc));
  json_object_set_new(trigger, "again", again_of(definition->again));
  json_object_set_new(trigger, "max_age", bounded ? span(doc, max_age) : json_null());
  json_object_set_new(trigger, "limit", limit);
  json_object_set_new(doc->json, "trigger", trigger);
}

static void put_goal(md_doc *doc) {
  const md_definition *definition = doc->subject.definition;
  json_t *goal = json_null();
  if (definition->goal_event) {
    goal = span(doc, definition->goal_within);
    json_object_set_new(goal, "event", json_string(definition->goal_event));
    json_object_set_new(goal, "from", json_string(definition->goal_from ? definition->goal_from : "exposure"));
    md_doc_event(doc, definition->goal_event);
  }
  json_object_set_new(doc->json, "goal", goal);
}

static void rule(json_t *rules, const char *name, const char *words) {
  json_t *one = json_object();
  json_object_set_new(one, "rule", json_string(name));
  json_object_set_new(one, "words", md_doc_text(words));
  json_array_append_new(rules, one);
}

static const char *basis_of(md_doc *doc) {
  const char *class_name = doc->subject.definition->class_name;
  const md_policy *policy = &doc->policy;
  if (strcmp(class_name, "security") == 0)
    return "None is needed: it is sent at once, is never tracked, and goes only to the address that its trigger "
           "carries.";
  if (strcmp(class_name, "service") == 0)
    return "None is needed: it serves the customer's own order or request, and may hold no advertising.";
  if (strcmp(class_name, "feedback") == 0)
    return md_arena_printf(doc->arena,
                           "After a sale, neutral, and refusable: in Denmark none is needed; elsewhere a consent for "
                           "feedback, given to “%s”. Whoever has no country of their own is taken to live in %s.",
                           md_policy_sender(policy), md_policy_country(policy));
  bool all = strcmp(md_policy_products(policy), "all") == 0;
  return md_arena_printf(doc->arena,
                         "A consent for marketing by this channel, given to “%s” for %s%s%s%s. Without one nothing is "
                         "sent, and the decision is noted.",
                         md_policy_sender(policy), all ? "all products" : "the products “",
                         all ? "" : md_policy_products(policy), all ? "" : "”",
                         policy->existing_customer
                             ? "; or an earlier purchase with that address at which an opt-out was offered "
                               "(Markedsføringsloven § 10(2))"
                             : "");
}

static void put_quiet(md_doc *doc, json_t *rules) {
  const md_quiet_hours *quiet = &doc->policy.quiet;
  const char *class_name = doc->subject.definition->class_name;
  if (strcmp(class_name, "security") == 0 || quiet->from == quiet->until)
    rule(rules, "Quiet hours", "None hold.");
  else if (strcmp(class_name, "service") == 0)
    rule(rules, "Quiet hours", "E-mail of this class passes them.");
  else
    rule(rules, "Quiet hours",
         md_arena_printf(doc->arena,
                         "From %02d:%02d to %02d:%02d by the person's own clock (%s where it is not known) messages "
                         "wait for the morning; then it is asked again whether they may be sent.",
                         quiet->from / 60, quiet->from % 60, quiet->until / 60, quiet->until % 60,
                         md_policy_zone(&doc->policy)));
}

static void put_caps(md_doc *doc, json_t *rules) {
  bool any = false;
  for (int i = 0; i < doc->policy.cap_count; i++) {
    const md_cap *cap = &doc->policy.caps[i];
    if (strcmp(cap->class_name, doc->subject.definition->class_name) != 0) continue;
    any = true;
    rule(rules, "Cap",
         md_arena_printf(doc->arena, "At most %s to one person, over all moments of this class%s%s.", cap->text,
                         *cap->channel ? ", by " : "", cap->channel));
  }
  if (!any) rule(rules, "Cap", "None is set for this class.");
}

static void put_rules(md_doc *doc) {
  const md_definition *definition = doc->subject.definition;
  json_t *rules = json_array();
  rule(rules, "Legal basis", basis_of(doc));
  if (definition->limit_runs > 0)
    rule(rules, "Limit",
         md_arena_printf(doc->arena, "At most %d run%s of this moment may message one person within %s.",
                         definition->limit_runs, definition->limit_runs == 1 ? "" : "s",
                         md_words_span(definition->limit_per, doc->arena)));
  put_quiet(doc, rules);
  put_caps(doc, rules);
  bool optional = strcmp(definition->class_name, "marketing") == 0 || strcmp(definition->class_name, "feedback") == 0;
  if (optional) rule(rules, "Way out", "Each mail has an unsubscribe link, which works with one click.");
  json_object_set_new(doc->json, "rules", rules);
}

void md_doc_definition(md_doc *doc) {
  const md_definition *definition = doc->subject.definition;
  const md_source_file *file = main_file(doc);
  const char *comment = file ? md_outline_comment(file->data, file->len, doc->arena) : NULL;
  json_object_set_new(doc->json, "moment", json_string(doc->subject.moment));
  json_object_set_new(doc->json, "title", json_string(definition->title));
  json_object_set_new(doc->json, "class", json_string(definition->class_name));
  json_object_set_new(doc->json, "comment", md_doc_text(comment));
  put_version(doc);
  put_trigger(doc);
  json_object_set_new(doc->json, "about", json_string(definition->about ? definition->about : "person"));
  put_goal(doc);
  put_rules(doc);
}
