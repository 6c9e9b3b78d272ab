// SPDX-License-Identifier: Apache-2.0
// Tells what a moment is, at a glance, and what starts it. One thread.
#include "cli/describe_telling.h"
#include <string.h>

static json_t *goal_line(const md_telling *c) {
  const json_t *goal = md_tell_at(c->json, "goal");
  if (!json_is_object(goal)) return md_inline_plain("none is declared");
  bool exposure = strcmp(md_tell_text(goal, "from"), "exposure") == 0;
  return md_inline_of(md_tell_event(c, md_tell_text(goal, "event")),
                      md_inline_plain(md_tell_words(c, ", within %s of %s", md_tell_text(goal, "words"),
                                                    exposure ? "the first message" : "the trigger")),
                      NULL);
}

static json_t *messages_line(const md_telling *c) {
  const json_t *messages = md_tell_at(c->json, "messages");
  json_t *line = json_array(), *one;
  size_t i;
  json_array_foreach(messages, i, one) {
    if (i) json_array_append_new(line, md_inline_plain(", "));
    const char *name = md_tell_text(one, "template");
    json_array_append_new(line, md_inline_link(md_tell_words(c, "#message-%s", name, NULL), name));
  }
  return i ? line : md_inline_plain("none");
}

static json_t *specs_line(const md_telling *c) {
  const json_t *specs = md_tell_at(c->json, "specs");
  int count = md_tell_number(specs, "count"), failed = md_tell_number(specs, "failed");
  if (count == 0 && failed == 0)
    return md_inline_plain("none: the steps below are read from the code, and no path is shown");
  const char *made = md_arena_printf(c->page->arena, "%d, of which %d fail%s", count, failed, failed == 1 ? "s" : "");
  if (failed == 0) made = md_arena_printf(c->page->arena, "%d, all pass", count);
  return md_inline_plain(made);
}

void md_tell_summary(const md_telling *c) {
  md_page *page = c->page;
  const char *comment = md_tell_text(c->json, "comment");
  if (*comment) md_page_text(page, md_inline_plain(comment));
  json_t *facts = md_page_facts(page);
  md_page_fact(facts, "Starts with", md_inline_starts(c->page->arena, c->json));
  md_page_fact(facts, "About", md_inline_plain(md_tell_text(c->json, "about")));
  md_page_fact(facts, "Class", md_inline_mark(md_tell_text(c->json, "class")));
  md_page_fact(facts, "Messages", messages_line(c));
  md_page_fact(facts, "Goal", goal_line(c));
  md_page_fact(facts, "Version", md_tell_version(c, md_tell_at(c->json, "version")));
  const char *paused = md_tell_text(md_tell_at(c->json, "version"), "paused_at");
  if (*paused)
    md_page_fact(facts, "Paused",
                 md_inline_plain(md_tell_words(c, "since %s: it takes no runs for now", md_tell_day(c, paused), NULL)));
  md_page_fact(facts, "Specs", specs_line(c));
}

static const char *again_words(const char *again) {
  if (strcmp(again, "restart") == 0)
    return "The run that is there is cancelled, its queued messages are withdrawn, and a new one starts.";
  if (strcmp(again, "queue") == 0) return "It waits its turn: a new run starts when the one before has ended.";
  if (strcmp(again, "parallel") == 0) return "A run of its own starts beside the others.";
  return "It starts nothing; the run that is there can still wait for it.";
}

static void put_trigger_types(const md_telling *c, const json_t *trigger) {
  json_t *one;
  size_t i;
  if (json_array_size(md_tell_at(trigger, "types"))) {
    json_t *table = md_page_table(c->page, "Events that start a run", "Event", "What it means", NULL);
    json_array_foreach(md_tell_at(trigger, "types"), i, one) {
      const char *type = json_string_value(one),
                 *means = json_string_value(json_object_get(md_tell_at(c->json, "events"), type));
      md_page_row(table, md_inline_code(type), md_inline_plain(means ? means : "the plan does not say"), NULL);
    }
  }
  if (!json_array_size(md_tell_at(trigger, "schedules"))) return;
  json_t *table = md_page_table(c->page, "Times at which a run starts", "When", "Time zone", "As crontab", NULL);
  json_array_foreach(md_tell_at(trigger, "schedules"), i, one)
      md_page_row(table, md_inline_plain(md_tell_text(one, "words")), md_inline_plain(md_tell_text(one, "zone")),
                  md_inline_code(md_tell_text(one, "cron")), NULL);
}

void md_tell_trigger(const md_telling *c) {
  const json_t *trigger = md_tell_at(c->json, "trigger"), *where = md_tell_at(trigger, "where"),
               *limit = md_tell_at(trigger, "limit");
  const char *about = md_tell_text(c->json, "about"), *max_age = md_tell_text(md_tell_at(trigger, "max_age"), "words");
  md_page_heading(c->page, 2, "trigger", "What starts it");
  put_trigger_types(c, trigger);
  json_t *facts = md_page_facts(c->page);
  md_page_fact(facts, "One run for each", md_inline_plain(about));
  md_page_fact(facts, "Another trigger meanwhile", md_inline_plain(again_words(md_tell_text(trigger, "again"))));
  md_page_fact(facts, "Condition",
               json_is_object(where) ? md_inline_of(md_inline_plain("only where this holds: "),
                                                    md_inline_code(md_tell_text(where, "code")), NULL)
                                     : md_inline_plain("none: every such event counts"));
  if (*max_age)
    md_page_fact(facts, "Too old",
                 md_inline_plain(md_tell_words(c, "what happened over %s ago starts nothing", max_age, NULL)));
  if (json_is_object(limit))
    md_page_fact(facts, "Limit",
                 md_inline_plain(md_arena_printf(
                     c->page->arena, "%d run%s may message one person within %s", md_tell_number(limit, "runs"),
                     md_tell_number(limit, "runs") == 1 ? "" : "s", md_tell_text(limit, "words"))));
}
