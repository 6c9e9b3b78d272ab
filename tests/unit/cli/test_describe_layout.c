// SPDX-License-Identifier: Apache-2.0
// Drawings of graphs: nothing lies on anything else, edges join what they should, and the same graph is drawn the same.
#include "base/error.h"
#include "cli/describe_layout.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 60, EDGES = 240 };

typedef struct drawing {
  md_layout layout;
  md_layout_node nodes[NODES];
  md_layout_edge edges[EDGES];
  md_arena *arena;
} drawing;

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static bool has_loop(const drawing *d, int edges, int node) {
  for (int i = 0; i < edges; i++)
    if (d->edges[i].from == node && d->edges[i].to == node) return true;
  return false;
}

static void make_random(drawing *d, uint64_t seed) {
  *d = (drawing){.arena = md_arena_new(0)};
  int nodes = 2 + (int)(next_random(&seed) % (NODES - 2)),
      edges = (int)(next_random(&seed) % (unsigned)(2 * nodes + 1));
  for (int i = 0; i < nodes; i++) {
    d->nodes[i].width = 40 + (int)(next_random(&seed) % 200);
    d->nodes[i].height = 20 + (int)(next_random(&seed) % 60);
  }
  for (int i = 0; i < edges; i++) {
    md_layout_edge *edge = &d->edges[i];
    edge->from = (int)(next_random(&seed) % (unsigned)nodes);
    edge->to = (int)(next_random(&seed) % (unsigned)nodes);
    if (edge->from == edge->to && has_loop(d, i, edge->from)) edge->to = (edge->to + 1) % nodes;
    bool labelled = next_random(&seed) % 4 != 0;
    edge->width = labelled ? 20 + (int)(next_random(&seed) % 150) : 0;
    edge->height = labelled ? 15 + (int)(next_random(&seed) % 40) : 0;
  }
  d->layout = (md_layout){.nodes = d->nodes, .node_count = nodes, .edges = d->edges, .edge_count = edges};
}

static void place(drawing *d) {
  assert_int_equal(md_layout_place(&d->layout, d->arena), 0);
}

static void undo(drawing *d) {
  md_arena_free(d->arena);
}

typedef struct area {
  int x, y, width, height;
} area;

static bool overlap(area a, area b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

// All that is drawn as a box: nodes, then labels.
static int areas_of(const drawing *d, area out[static NODES + EDGES]) {
  int count = 0;
  for (int i = 0; i < d->layout.node_count; i++)
    out[count++] = (area){d->nodes[i].x, d->nodes[i].y, d->nodes[i].width, d->nodes[i].height};
  for (int i = 0; i < d->layout.edge_count; i++)
    if (d->edges[i].width > 0)
      out[count++] = (area){d->edges[i].label.x, d->edges[i].label.y, d->edges[i].width, d->edges[i].height};
  return count;
}

static void check_areas(const drawing *d, uint64_t seed) {
  static area all[NODES + EDGES];
  int count = areas_of(d, all);
  for (int i = 0; i < count; i++) {
    area a = all[i];
    bool within = a.x >= 0 && a.y >= 0 && a.x + a.width <= d->layout.width && a.y + a.height <= d->layout.height;
    if (!within) fail_msg("seed %d: box %d lies outside", (int)seed, i);
    for (int k = 0; k < i; k++)
      if (overlap(a, all[k])) fail_msg("seed %d: boxes %d and %d overlap", (int)seed, k, i);
  }
}

// An edge begins at its first node's rim and ends at the other's, forwards from bottom to top.
static void check_edges(const drawing *d, uint64_t seed) {
  for (int i = 0; i < d->layout.edge_count; i++) {
    const md_layout_edge *edge = &d->edges[i];
    if (edge->from == edge->to) {
      assert_int_equal(edge->point_count, 0);
      continue;
    }
    const md_layout_node *from = &d->nodes[edge->from], *to = &d->nodes[edge->to];
    md_point first = edge->points[0], last = edge->points[edge->point_count - 1];
    bool sides =
        first.x >= from->x && first.x <= from->x + from->width && last.x >= to->x && last.x <= to->x + to->width;
    bool down = edge->backwards ? first.y == from->y && last.y == to->y + to->height
                                : first.y == from->y + from->height && last.y == to->y;
    if (!sides || !down) fail_msg("seed %d: edge %d does not join its nodes", (int)seed, i);
  }
}

static void nothing_overlaps(void **state) {
  static drawing d;
  (void)state;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    make_random(&d, seed);
    place(&d);
    check_areas(&d, seed);
    check_edges(&d, seed);
    undo(&d);
  }
}

// A loop's label stands beside its node, where no other box is: only a node alone with its loops shares the place.
static void a_loop_stands_at_the_right(void **state) {
  drawing d = {.arena = md_arena_new(0)};
  (void)state;
  d.nodes[0] = (md_layout_node){.width = 80, .height = 30};
  d.nodes[1] = (md_layout_node){.width = 80, .height = 30};
  d.edges[0] = (md_layout_edge){.from = 0, .to = 1, .width = 50, .height = 15};
  d.edges[1] = (md_layout_edge){.from = 1, .to = 1, .width = 60, .height = 15};
  d.layout = (md_layout){.nodes = d.nodes, .node_count = 2, .edges = d.edges, .edge_count = 2};
  place(&d);
  check_areas(&d, 0);
  assert_int_equal(d.edges[1].point_count, 0);
  assert_true(d.edges[1].label.x > d.nodes[1].x + d.nodes[1].width);
  undo(&d);
}

static void the_same_graph_is_drawn_the_same(void **state) {
  static drawing a, b;
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    make_random(&a, seed);
    make_random(&b, seed);
    place(&a);
    place(&b);
    assert_memory_equal(a.nodes, b.nodes, sizeof a.nodes);
    assert_int_equal(a.layout.width, b.layout.width);
    for (int i = 0; i < a.layout.edge_count; i++) {
      size_t size = (size_t)a.edges[i].point_count * sizeof(md_point);
      assert_int_equal(a.edges[i].point_count, b.edges[i].point_count);
      if (size) assert_memory_equal(a.edges[i].points, b.edges[i].points, size);
    }
    undo(&a);
    undo(&b);
  }
}

static void time_runs_down(void **state) {
  drawing d = {.arena = md_arena_new(0)};
  (void)state;
  for (int i = 0; i < 4; i++)
    d.nodes[i] = (md_layout_node){.width = 80, .height = 30};
  const int joined[][2] = {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {0, 3}};
  for (int i = 0; i < 5; i++)
    d.edges[i] = (md_layout_edge){.from = joined[i][0], .to = joined[i][1], .width = 30, .height = 15};
  d.layout = (md_layout){.nodes = d.nodes, .node_count = 4, .edges = d.edges, .edge_count = 5};
  place(&d);
  for (int i = 1; i < 4; i++)
    assert_true(d.nodes[i].y > d.nodes[i - 1].y + d.nodes[i - 1].height);
  assert_false(d.edges[1].backwards);
  assert_true(d.edges[2].backwards);
  assert_true(2 * d.nodes[0].x + d.nodes[0].width <= d.layout.width + 1); // in the left half
  undo(&d);
}

static void one_node_and_none(void **state) {
  drawing d = {.arena = md_arena_new(0)};
  (void)state;
  d.layout = (md_layout){.nodes = d.nodes, .edges = d.edges};
  place(&d);
  assert_int_equal(d.layout.height, 0);
  d.nodes[0] = (md_layout_node){.width = 80, .height = 30};
  d.layout.node_count = 1;
  place(&d);
  assert_int_equal(d.layout.height, 30);
  assert_in_range(d.layout.width, 80, 82);
  undo(&d);
}

// Two hundred steps in a row, each of which may lead back to the first.
static void what_nobody_could_read_is_refused(void **state) {
  enum { MANY = 200 };
  static md_layout_node nodes[MANY];
  static md_layout_edge edges[2 * MANY];
  md_arena *arena = md_arena_new(0);
  (void)state;
  for (int i = 0; i < MANY; i++)
    nodes[i] = (md_layout_node){.width = 80, .height = 30};
  for (int i = 0; i + 1 < MANY; i++) {
    edges[2 * i] = (md_layout_edge){.from = i, .to = i + 1};
    edges[2 * i + 1] = (md_layout_edge){.from = i + 1, .to = 0};
  }
  md_layout layout = {.nodes = nodes, .node_count = MANY, .edges = edges, .edge_count = MANY - 1};
  for (int i = 0; i + 1 < MANY; i++)
    edges[i] = (md_layout_edge){.from = i, .to = i + 1};
  assert_int_equal(md_layout_place(&layout, arena), 0);
  for (int i = 0; i + 1 < MANY; i++) {
    edges[2 * i] = (md_layout_edge){.from = i, .to = i + 1};
    edges[2 * i + 1] = (md_layout_edge){.from = i + 1, .to = 0};
  }
  layout.edge_count = 2 * (MANY - 1);
  assert_int_equal(md_layout_place(&layout, arena), MD_ETOOBIG);
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_overlaps),
      cmocka_unit_test(a_loop_stands_at_the_right),
      cmocka_unit_test(the_same_graph_is_drawn_the_same),
      cmocka_unit_test(time_runs_down),
      cmocka_unit_test(one_node_and_none),
      cmocka_unit_test(what_nobody_could_read_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
