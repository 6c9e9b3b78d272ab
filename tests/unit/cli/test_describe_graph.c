// SPDX-License-Identifier: Apache-2.0
// Paths of runs, merged into one graph, and the graph as people are shown it.
#include "cli/describe_graph.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;

static int begin(void **state) {
  (void)state;
  arena = md_arena_new(0);
  return arena ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  md_arena_free(arena);
  return 0;
}

static md_graph_step step(md_graph_kind kind, const char *key, const char *label) {
  return (md_graph_step){.kind = kind, .key = key, .text = key, .label = label, .file = "m/moment.lua", .line = 1};
}

static const md_graph_node *node_of(const md_graph *graph, const char *key) {
  for (int i = 0; i < graph->node_count; i++)
    if (strcmp(graph->nodes[i].key, key) == 0) return &graph->nodes[i];
  fail_msg("there is no node %s", key);
  return NULL;
}

// How many specs went this way, 0 where there is no such edge.
static int specs_of(const md_graph *graph, const char *from, const char *to, const char *label) {
  for (int i = 0; i < graph->edge_count; i++) {
    const md_graph_edge *edge = &graph->edges[i];
    if (strcmp(graph->nodes[edge->from].key, from) == 0 && strcmp(graph->nodes[edge->to].key, to) == 0 &&
        strcmp(edge->label, label) == 0)
      return edge->specs;
  }
  return 0;
}

static void paths_share_what_they_have_in_common(void **state) {
  md_graph graph;
  (void)state;
  md_graph_init(&graph, arena, "A moment");
  const md_graph_step sent[] = {step(MD_GRAPH_WAIT, "wait", "nothing came"), step(MD_GRAPH_SEND, "send", "sent"),
                                step(MD_GRAPH_END, "done", "")};
  const md_graph_step bought[] = {step(MD_GRAPH_WAIT, "wait", "order"), step(MD_GRAPH_END, "bought", "")};
  md_graph_add(&graph, 1, "cart", sent, 3);
  md_graph_add(&graph, 2, "cart", bought, 2);
  md_graph_add(&graph, 3, "cart", sent, 3);
  assert_false(graph.failed);
  assert_int_equal(graph.node_count, 5);
  assert_int_equal(graph.edge_count, 4);
  assert_int_equal(graph.nodes[0].specs, 3);
  assert_int_equal(node_of(&graph, "wait")->specs, 3);
  assert_int_equal(node_of(&graph, "send")->specs, 2);
  assert_int_equal(specs_of(&graph, "trigger", "wait", "cart"), 3);
  assert_int_equal(specs_of(&graph, "wait", "send", "nothing came"), 2);
  assert_int_equal(specs_of(&graph, "wait", "bought", "order"), 1);
  assert_int_equal(specs_of(&graph, "send", "done", "sent"), 2);
}

// A spec counts once, however often its runs come by.
static void a_loop_is_an_edge_back(void **state) {
  md_graph graph;
  (void)state;
  md_graph_init(&graph, arena, "A moment");
  const md_graph_step path[] = {step(MD_GRAPH_WAIT, "wait", "changed"), step(MD_GRAPH_SEND, "send", "sent"),
                                step(MD_GRAPH_WAIT, "wait", "changed"), step(MD_GRAPH_SEND, "send", "sent"),
                                step(MD_GRAPH_WAIT, "wait", NULL)};
  md_graph_add(&graph, 1, "order", path, 5);
  md_graph_add(&graph, 1, "order", path, 5);
  assert_int_equal(graph.node_count, 3);
  assert_int_equal(graph.edge_count, 3);
  assert_int_equal(specs_of(&graph, "send", "wait", "sent"), 1);
  assert_int_equal(specs_of(&graph, "wait", "send", "changed"), 1);
}

static void people_see_one_edge_and_ends_of_their_own(void **state) {
  md_graph graph, simple;
  (void)state;
  md_graph_init(&graph, arena, "A moment");
  const md_graph_step a[] = {step(MD_GRAPH_CALL, "call", "failed: 503"), step(MD_GRAPH_END, "over", "")};
  const md_graph_step b[] = {step(MD_GRAPH_CALL, "call", "answered 200"), step(MD_GRAPH_END, "over", "")};
  const md_graph_step c[] = {step(MD_GRAPH_WAIT, "wait", "nothing came"), step(MD_GRAPH_END, "over", "")};
  md_graph_add(&graph, 1, "x", a, 2);
  md_graph_add(&graph, 2, "x", b, 2);
  md_graph_add(&graph, 3, "x", b, 2);
  md_graph_add(&graph, 4, "x", c, 2);
  md_graph_simplify(&graph, &simple);
  assert_false(simple.failed);
  assert_int_equal(graph.node_count, 4); // as it was
  assert_int_equal(graph.edge_count, 5);
  assert_int_equal(simple.node_count, 5);
  assert_int_equal(simple.edge_count, 4);
  assert_int_equal(specs_of(&simple, "call", "over", "answered 200 (2)\nfailed: 503 (1)"), 3);
  assert_int_equal(specs_of(&simple, "wait", "over", "nothing came (1)"), 1);
  for (int i = 0; i < simple.edge_count; i++)
    for (int k = 0; k < i; k++)
      if (simple.nodes[simple.edges[i].to].kind == MD_GRAPH_END)
        assert_int_not_equal(simple.edges[i].to, simple.edges[k].to);
}

static void steps_are_numbered_along_the_beaten_way(void **state) {
  md_graph graph;
  (void)state;
  md_graph_init(&graph, arena, "A moment");
  const md_graph_step rare[] = {step(MD_GRAPH_WAIT, "rare", "nothing came"), step(MD_GRAPH_END, "over", "")};
  const md_graph_step often[] = {step(MD_GRAPH_SEND, "often", "sent"), step(MD_GRAPH_WAIT, "then", NULL)};
  md_graph_add(&graph, 1, "x", rare, 2);
  md_graph_add(&graph, 2, "x", often, 2);
  md_graph_add(&graph, 3, "x", often, 2);
  md_graph_number(&graph);
  assert_int_equal(graph.nodes[0].number, 1);
  assert_int_equal(node_of(&graph, "often")->number, 2);
  assert_int_equal(node_of(&graph, "rare")->number, 3);
  assert_int_equal(node_of(&graph, "then")->number, 4);
  assert_int_equal(node_of(&graph, "over")->number, 0);
}

static void too_many_nodes_are_cut(void **state) {
  md_graph graph;
  char key[32];
  (void)state;
  md_graph_init(&graph, arena, "A moment");
  for (int i = 0; i < 2 * MD_GRAPH_NODES; i++) {
    snprintf(key, sizeof key, "step %d", i);
    md_graph_step one = step(MD_GRAPH_STEP, key, "");
    md_graph_add(&graph, i + 1, "x", &one, 1);
  }
  assert_true(graph.cut);
  assert_false(graph.failed);
  assert_int_equal(graph.node_count, MD_GRAPH_NODES);
  assert_string_equal(node_of(&graph, "step 0")->text, "step 0"); // texts are copies
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(paths_share_what_they_have_in_common, begin, end),
      cmocka_unit_test_setup_teardown(a_loop_is_an_edge_back, begin, end),
      cmocka_unit_test_setup_teardown(people_see_one_edge_and_ends_of_their_own, begin, end),
      cmocka_unit_test_setup_teardown(steps_are_numbered_along_the_beaten_way, begin, end),
      cmocka_unit_test_setup_teardown(too_many_nodes_are_cut, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
