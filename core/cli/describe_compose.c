// SPDX-License-Identifier: Apache-2.0
// The document of one moment: what a team that takes it over wants to know, in that order. One thread.
#include "cli/describe_telling.h"

static void put_files(const md_telling *c) {
  json_t *file, *list = json_array();
  size_t i;
  md_page_heading(c->page, 2, "files", "Files of this version");
  json_array_foreach(md_tell_at(c->json, "files"), i, file)
      json_array_append_new(list, md_inline_code(json_string_value(file)));
  md_page_list(c->page, list);
}

void md_page_of_moment(md_page *page, const md_doc *doc) {
  md_telling c = {page, doc, doc->json};
  page->title = md_tell_text(doc->json, "title");
  page->graph = &doc->paths.graph;
  md_page_heading(page, 1, "top", page->title);
  md_tell_summary(&c);
  md_tell_drawing(&c);
  md_tell_trigger(&c);
  md_tell_steps(&c, "waits", "What it waits for", " wait_for collect sleep sleep_until ", "Wait");
  md_tell_messages(&c);
  md_tell_rules(&c);
  md_tell_steps(&c, "calls", "Calls to other systems", " http ", "Call");
  md_tell_steps(&c, "reads", "What it looks up and remembers",
                " profile update_profile get set add past latest continue_as ", "Step");
  md_tell_steps(&c, "metrics", "What it measures", " count observe quantile ", "Step");
  md_tell_experiments(&c);
  md_tell_emitted(&c);
  md_tell_outcomes(&c);
  md_tell_uncovered(&c);
  md_tell_changes(&c);
  put_files(&c);
}
