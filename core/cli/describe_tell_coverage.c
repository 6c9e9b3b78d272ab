// SPDX-License-Identifier: Apache-2.0
// Tells how runs end, and what no spec shows. One thread.
#include "cli/describe_telling.h"

void md_tell_outcomes(const md_telling *c) {
  json_t *one;
  size_t i;
  if (json_array_size(md_tell_at(c->json, "outcomes")) == 0) return;
  md_page_heading(c->page, 2, "outcomes", "How its runs end");
  json_t *table = md_page_table(c->page, "Outcomes", "Outcome", "Seen by", NULL);
  json_array_foreach(md_tell_at(c->json, "outcomes"), i, one) {
    const char *outcome = json_string_value(md_tell_at(one, "outcome"));
    int specs = md_tell_number(one, "specs");
    md_page_row(table, md_inline_plain(outcome ? outcome : "(without an outcome)"),
                specs ? md_inline_plain(md_tell_specs(c, specs)) : md_inline_mark("no spec"), NULL);
  }
}

void md_tell_uncovered(const md_telling *c) {
  json_t *step, *list = json_array();
  size_t i;
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (md_tell_number(step, "specs")) continue;
    json_array_append_new(list, md_inline_of(md_inline_plain("not covered by specs: "),
                                             md_tell_place(c, md_tell_text(step, "file"), md_tell_number(step, "line")),
                                             md_inline_plain(" "), md_inline_code(md_tell_text(step, "text")), NULL));
  }
  json_array_foreach(md_tell_at(md_tell_at(c->json, "specs"), "failures"), i, step) json_array_append_new(
      list, md_inline_plain(md_tell_words(c, "this spec fails: %s: %s", md_tell_text(step, "spec"),
                                          md_tell_text(step, "message"))));
  if (json_array_size(list) == 0) return;
  md_page_heading(c->page, 2, "uncovered", "What no spec shows");
  md_page_list(c->page, list);
}
