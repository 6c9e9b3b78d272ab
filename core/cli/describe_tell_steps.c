// SPDX-License-Identifier: Apache-2.0
// Tells the steps of a moment: the drawing, the same in words, and tables by what they do. One thread.
#include "cli/describe_telling.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool drawn(const md_telling *c) {
  return c->doc->paths.graph.edge_count > 0;
}

// Where an edge leads: a step by its number, an end by its name.
static json_t *target_of(const md_telling *c, const md_graph *graph, int node) {
  const md_graph_node *at_end = &graph->nodes[node];
  if (!at_end->number) return md_inline_plain(at_end->text);
  const char *number = md_tell_digits(c, at_end->number);
  return md_inline_link(md_tell_words(c, "#step-%s", number, NULL), md_tell_words(c, "%s. %s", number, at_end->text));
}

// What was said of an edge, in one line.
static const char *on_one_line(const md_telling *c, const char *label) {
  const char *text = "";
  while (text && *label) {
    size_t len = strcspn(label, "\n");
    text = md_arena_printf(c->page->arena, "%s%s%.*s", text, *text ? ", " : "", (int)len, label);
    label += len + (label[len] == '\n');
  }
  return text ? text : "";
}

static json_t *leads_line(const md_telling *c, const md_graph *graph, int node) {
  json_t *then = json_array();
  for (int i = 0; i < graph->edge_count; i++) {
    const md_graph_edge *edge = &graph->edges[i];
    if (edge->from != node) continue;
    if (json_array_size(then)) json_array_append_new(then, json_pack("{s:b}", "break", 1));
    const char *label = on_one_line(c, edge->label);
    json_array_append_new(then, md_inline_plain(*label ? md_tell_words(c, "%s → ", label, NULL) : "→ "));
    json_array_append_new(then, target_of(c, graph, edge->to));
  }
  if (!json_array_size(then)) json_array_append_new(then, md_inline_plain("the specs go no further"));
  return then;
}

// The drawing in words, for those who do not see it.
static void put_path_list(const md_telling *c) {
  md_graph graph;
  json_t *table = md_page_table(c->page, "The same as a list: each step, what happened there, and where it led", "Step",
                                "Then", "Code", NULL);
  md_graph_simplify(&c->doc->paths.graph, &graph);
  for (int number = 1, i = 0; i < graph.node_count; i++) {
    const md_graph_node *node = &graph.nodes[i];
    if (node->number != number) continue;
    const char *name = md_tell_words(c, "%s. %s", md_tell_digits(c, number), node->text);
    json_t *step =
        json_pack("{s:s, s:s}", "anchor", md_tell_words(c, "step-%s", md_tell_digits(c, number), NULL), "text", name);
    md_page_row(table, step, leads_line(c, &graph, i), md_tell_place(c, node->file, node->line), NULL);
    number++;
    i = -1;
  }
}

void md_tell_drawing(const md_telling *c) {
  md_page_heading(c->page, 2, "steps", "What happens, step by step");
  if (!drawn(c)) {
    md_page_text(
        c->page,
        md_inline_plain("No spec runs through it, so there is no drawing: write specs, and it comes by itself. The "
                        "steps that stand in the code are listed below."));
    return;
  }
  md_page_text(c->page,
               md_inline_plain("As its specs run through it. A line says what happened, and in how many specs."));
  md_page_figure(c->page);
  put_path_list(c);
}

static bool is_kind(const json_t *step, const char *kinds) {
  char word[40];
  snprintf(word, sizeof word, " %s ", md_tell_text(step, "kind"));
  return strstr(kinds, word) != NULL;
}

static bool has_kind(const md_telling *c, const char *kinds) {
  json_t *step;
  size_t i;
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) if (is_kind(step, kinds)) return true;
  return false;
}

// What the step does: in words where a spec took it, as code where none did.
static json_t *what_line(const json_t *step) {
  return md_tell_number(step, "specs") ? md_inline_plain(md_tell_text(step, "text"))
                                       : md_inline_code(md_tell_text(step, "text"));
}

json_t *md_tell_results(const md_telling *c, const json_t *step) {
  json_t *line = json_array(), *count;
  const char *what;
  json_object_foreach((json_t *)md_tell_at(step, "results"), what, count) {
    if (json_array_size(line)) json_array_append_new(line, json_pack("{s:b}", "break", 1));
    json_array_append_new(
        line, md_inline_plain(md_tell_words(c, "%s (%s)", what, md_tell_specs(c, (int)json_integer_value(count)))));
  }
  if (md_tell_number(step, "specs") == 0) json_array_append_new(line, md_inline_mark("no spec"));
  return line;
}

// Where it stands, and where that was called from: "stock.lua:15, called at moment.lua:59".
static json_t *where_line(const md_telling *c, const json_t *step) {
  const char *file = md_tell_text(step, "file"), *trace = md_tell_text(step, "trace"), *last = strrchr(trace, ' ');
  const char *colon = last ? strrchr(last, ':') : NULL;
  json_t *place = md_tell_place(c, file, md_tell_number(step, "line"));
  const char *caller = colon ? md_arena_strndup(c->page->arena, last + 1, (size_t)(colon - last) - 1) : NULL;
  if (!caller) return place;
  return md_inline_of(place, md_inline_plain(", called at "), md_tell_place(c, caller, atoi(colon + 1)), NULL);
}

// Of these kinds: whether there is anything to say of what happened.
static bool any_result(const md_telling *c, const char *kinds) {
  json_t *step;
  size_t i;
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (!is_kind(step, kinds)) continue;
    if (json_object_size(md_tell_at(step, "results")) || md_tell_number(step, "specs") == 0) return true;
  }
  return false;
}

static void put_steps(const md_telling *c, const char *title, const char *kinds, const char *does) {
  json_t *step, *table;
  size_t i;
  bool results = any_result(c, kinds);
  if (results)
    table = md_page_table(c->page, title, does, "What happened", "Code", NULL);
  else
    table = md_page_table(c->page, title, does, "Code", NULL);
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (!is_kind(step, kinds)) continue;
    if (results)
      md_page_row(table, what_line(step), md_tell_results(c, step), where_line(c, step), NULL);
    else
      md_page_row(table, what_line(step), where_line(c, step), NULL);
  }
}

void md_tell_steps(const md_telling *c, const char *id, const char *title, const char *kinds, const char *does) {
  if (!has_kind(c, kinds)) return;
  md_page_heading(c->page, 2, id, title);
  put_steps(c, title, kinds, does);
}

void md_tell_emitted(const md_telling *c) {
  json_t *step;
  size_t i;
  if (!has_kind(c, " emit ")) return;
  md_page_heading(c->page, 2, "emitted", "Events that it emits");
  json_t *table = md_page_table(c->page, "Events that it emits", "Event", "Code", NULL);
  json_array_foreach(md_tell_at(c->json, "steps"), i, step) {
    if (!is_kind(step, " emit ")) continue;
    json_t *what = md_tell_number(step, "specs") ? md_tell_event(c, md_tell_text(step, "name"))
                                                 : md_inline_code(md_tell_text(step, "text"));
    md_page_row(table, what, md_tell_place(c, md_tell_text(step, "file"), md_tell_number(step, "line")), NULL);
  }
}

void md_tell_experiments(const md_telling *c) {
  json_t *one, *arm;
  size_t i, k;
  if (json_array_size(md_tell_at(c->json, "experiments")) == 0 && !has_kind(c, " experiment ")) return;
  md_page_heading(c->page, 2, "experiments", "Experiments");
  if (has_kind(c, " experiment ")) put_steps(c, "Where people are given an arm", " experiment ", "Step");
  if (json_array_size(md_tell_at(c->json, "experiments")) == 0) return;
  json_t *table = md_page_table(c->page, "Experiments", "Experiment", "Arms", "Takes part", "File", NULL);
  json_array_foreach(md_tell_at(c->json, "experiments"), i, one) {
    json_t *arms = json_array();
    json_array_foreach(md_tell_at(one, "arms"), k, arm) {
      double share = 100 * json_number_value(md_tell_at(arm, "weight"));
      const char *line = md_arena_printf(c->page->arena, "%s%s: %g %%%s", k ? ", " : "", md_tell_text(arm, "arm"),
                                         share, json_is_true(md_tell_at(arm, "control")) ? " (control)" : "");
      json_array_append_new(arms, md_inline_plain(line));
    }
    const char *part =
        md_arena_printf(c->page->arena, "%g %% of the people", 100 * json_number_value(md_tell_at(one, "coverage")));
    md_page_row(table, md_inline_code(md_tell_text(one, "experiment")), arms, md_inline_plain(part),
                md_inline_code(md_tell_text(one, "file")), NULL);
  }
}
