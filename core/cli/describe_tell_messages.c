// SPDX-License-Identifier: Apache-2.0
// Tells the messages of a moment with their copy, and the rules that hold for them. One thread.
#include "cli/describe_telling.h"
#include "cli/describe_words.h"
#include <math.h>
#include <string.h>

// What a send was told beside its template.
static json_t *send_line(const md_telling *c, const json_t *step) {
  const json_t *options = md_tell_at(step, "options"), *unless = md_tell_at(options, "unless");
  json_t *line = json_array();
  json_array_append_new(line, md_tell_place(c, md_tell_text(step, "file"), md_tell_number(step, "line")));
  if (json_is_object(unless)) {
    double within = json_number_value(md_tell_at(unless, "within"));
    const char *span = md_words_span((md_micros)llround(within * 1e6), c->page->arena);
    json_array_append_new(line, md_inline_plain("; not if there was "));
    json_array_append_new(line, md_inline_code(md_tell_text(unless, "past")));
    json_array_append_new(line, md_inline_plain(md_tell_words(c, " within the last %s", span ? span : "", NULL)));
  }
  if (*md_tell_text(options, "to"))
    json_array_append_new(
        line, md_inline_plain(md_tell_words(c, "; to %s of the configuration", md_tell_text(options, "to"), NULL)));
  if (*md_tell_text(options, "fallback_template"))
    json_array_append_new(line, md_inline_plain(md_tell_words(c, "; if it cannot be filled, %s instead",
                                                              md_tell_text(options, "fallback_template"), NULL)));
  if (json_is_true(md_tell_at(options, "urgent"))) json_array_append_new(line, md_inline_plain("; urgent"));
  if (json_is_number(md_tell_at(options, "send_at")))
    json_array_append_new(line, md_inline_plain("; at a time that the script computes"));
  if (*md_tell_text(options, "products"))
    json_array_append_new(
        line, md_inline_plain(md_tell_words(c, "; about the products %s", md_tell_text(options, "products"), NULL)));
  return line;
}

// A template that is sent only in the place of another.
static bool put_stand_in(const md_telling *c, const char *name) {
  json_t *step;
  size_t i;
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (strcmp(md_tell_text(md_tell_at(step, "options"), "fallback_template"), name) != 0) continue;
    md_page_text(c->page, md_inline_plain(md_tell_words(c, "Sent in the place of %s where that cannot be filled.",
                                                        md_tell_text(step, "name"), NULL)));
    return true;
  }
  return false;
}

static void put_message(const md_telling *c, const json_t *message) {
  const char *name = md_tell_text(message, "template");
  json_t *step, *copy;
  size_t i;
  bool any = false;
  md_page_heading(c->page, 3, md_tell_words(c, "message-%s", name, NULL), name);
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (strcmp(md_tell_text(step, "kind"), "send") != 0 || strcmp(md_tell_text(step, "name"), name) != 0) continue;
    md_page_text(c->page, md_inline_of(md_inline_plain("Sent at "), send_line(c, step), md_inline_plain("."), NULL));
    json_t *table = md_page_facts(c->page);
    md_page_fact(table, "What came of it", md_tell_results(c, step));
    any = true;
  }
  if (!any && !put_stand_in(c, name)) md_page_text(c->page, md_inline_plain("No spec sends it."));
  json_array_foreach(md_tell_at(message, "copy"), i, copy) md_page_mail(c->page, copy);
  if (i == 0) md_page_text(c->page, md_inline_plain("There is no copy for it."));
}

void md_tell_messages(const md_telling *c) {
  json_t *message;
  size_t i;
  md_page_heading(c->page, 2, "messages", "Messages");
  if (json_array_size(md_tell_at(c->json, "messages")) == 0) md_page_text(c->page, md_inline_plain("It sends none."));
  json_array_foreach(md_tell_at(c->json, "messages"), i, message) put_message(c, message);
}

void md_tell_rules(const md_telling *c) {
  json_t *rule;
  size_t i;
  md_page_heading(c->page, 2, "rules", "Rules that apply to its messages");
  json_t *facts = md_page_facts(c->page);
  json_array_foreach(md_tell_at(c->json, "rules"), i, rule)
      md_page_fact(facts, md_tell_text(rule, "rule"), md_inline_plain(md_tell_text(rule, "words")));
}
