// SPDX-License-Identifier: Apache-2.0
// Lays graphs out. An edge is a chain of boxes, one in each layer between those of its nodes; layers of nodes and of
// labels take turns, so that no label lies on a node.
#include "base/error.h"
#include "cli/describe_layout_plan.h"
#include <stdlib.h>

enum { BOXES_MAX = 20000, LINE_WIDTH = 10, SWEEPS = 10 };

void *md_layout_zeroed(md_layout_plan *p, size_t count, size_t size) {
  return md_arena_alloc_zero(p->arena, (count + 1) * size);
}

bool md_layout_is_loop(const md_layout_edge *edge) {
  return edge->from == edge->to;
}

int md_layout_top_of(const md_layout_edge *edge) {
  return edge->backwards ? edge->to : edge->from;
}

int md_layout_bottom_of(const md_layout_edge *edge) {
  return edge->backwards ? edge->from : edge->to;
}

int md_layout_span_of(const md_layout_plan *p, const md_layout_edge *edge) {
  return md_layout_is_loop(edge) ? 0 : 2 * (p->rank[md_layout_bottom_of(edge)] - p->rank[md_layout_top_of(edge)]) - 1;
}

// An edge to a node that is on the way from the start leads back. The depth is at most that of the nodes.
static void find_cycles(md_layout_plan *p, int node) {
  p->met[node] = 1;
  for (int i = 0; i < p->layout->edge_count; i++) {
    md_layout_edge *edge = &p->layout->edges[i];
    if (edge->from != node || md_layout_is_loop(edge)) continue;
    if (p->met[edge->to] == 1)
      edge->backwards = true;
    else if (!p->met[edge->to])
      find_cycles(p, edge->to);
  }
  p->met[node] = 2;
}

// Longest paths. Without cycles it ends after as many rounds as the longest has nodes.
static void rank_nodes(md_layout_plan *p) {
  bool moved = true;
  for (int round = 0; moved && round <= p->layout->node_count; round++) {
    moved = false;
    for (int i = 0; i < p->layout->edge_count; i++) {
      const md_layout_edge *edge = &p->layout->edges[i];
      int top = md_layout_top_of(edge), bottom = md_layout_bottom_of(edge);
      if (md_layout_is_loop(edge) || p->rank[bottom] > p->rank[top]) continue;
      p->rank[bottom] = p->rank[top] + 1;
      moved = true;
    }
  }
}

static void join(md_layout_plan *p, int above, int below) {
  md_layout_box *top = &p->boxes[above], *bottom = &p->boxes[below];
  top->down[top->down_count++] = below;
  bottom->up[bottom->up_count++] = above;
}

static int make_joints(md_layout_plan *p) {
  int *up = md_layout_zeroed(p, (size_t)p->box_count, sizeof *up),
      *down = md_layout_zeroed(p, (size_t)p->box_count, sizeof *down);
  if (!up || !down) return MD_ENOMEM;
  for (int i = 0; i < p->layout->edge_count; i++) {
    const md_layout_edge *edge = &p->layout->edges[i];
    if (md_layout_is_loop(edge)) continue;
    down[md_layout_top_of(edge)]++;
    up[md_layout_bottom_of(edge)]++;
  }
  for (int i = 0; i < p->box_count; i++) {
    bool node = i < p->layout->node_count;
    p->boxes[i].up = md_layout_zeroed(p, node ? (size_t)up[i] : 1, sizeof(int));
    p->boxes[i].down = md_layout_zeroed(p, node ? (size_t)down[i] : 1, sizeof(int));
    if (!p->boxes[i].up || !p->boxes[i].down) return MD_ENOMEM;
  }
  return 0;
}

// The boxes of an edge from top to bottom. Its label stands next to the node that it comes from.
static void make_chain(md_layout_plan *p, int index, int *next) {
  const md_layout_edge *edge = &p->layout->edges[index];
  int span = md_layout_span_of(p, edge), before = md_layout_top_of(edge);
  int labelled = edge->backwards ? span - 1 : 0;
  p->chain[index] = span > 0 ? *next : -1;
  for (int i = 0; i < span; i++) {
    bool label = i == labelled && edge->width > 0;
    md_layout_box *at = &p->boxes[*next];
    at->layer = 2 * p->rank[md_layout_top_of(edge)] + 1 + i;
    at->width = label ? edge->width : LINE_WIDTH;
    at->height = label ? edge->height : 0;
    at->next_in_chain = i + 1 < span ? *next + 1 : -1;
    join(p, before, *next);
    before = (*next)++;
  }
  if (span > 0) join(p, before, md_layout_bottom_of(edge));
}

// A loop stands at the right of its node.
static void make_room(md_layout_box *node, const md_layout_edge *loop) {
  node->width += 2 * (loop->width + MD_LAYOUT_LOOP);
  if (loop->height > node->height) node->height = loop->height;
}

static int make_boxes(md_layout_plan *p) {
  const md_layout *layout = p->layout;
  int next = layout->node_count;
  p->box_count = layout->node_count;
  for (int i = 0; i < layout->edge_count; i++)
    p->box_count += md_layout_span_of(p, &layout->edges[i]);
  if (p->box_count > BOXES_MAX) return MD_ETOOBIG;
  p->boxes = md_layout_zeroed(p, (size_t)p->box_count, sizeof *p->boxes);
  p->chain = md_layout_zeroed(p, (size_t)layout->edge_count, sizeof *p->chain);
  if (!p->boxes || !p->chain || make_joints(p)) return MD_ENOMEM;
  for (int i = 0; i < layout->node_count; i++) {
    p->boxes[i].layer = 2 * p->rank[i];
    p->boxes[i].width = layout->nodes[i].width;
    p->boxes[i].height = layout->nodes[i].height;
  }
  for (int i = 0; i < layout->edge_count; i++)
    if (md_layout_is_loop(&layout->edges[i])) make_room(&p->boxes[layout->edges[i].from], &layout->edges[i]);
  for (int i = 0; i < layout->edge_count; i++)
    make_chain(p, i, &next);
  return 0;
}

// Boxes into layers, in the order in which a walk from above meets them.
static void fill_layers(md_layout_plan *p, int index) {
  const md_layout_box *at = &p->boxes[index];
  if (at->order >= 0) return;
  p->boxes[index].order = p->sizes[at->layer];
  p->layers[at->layer][p->sizes[at->layer]++] = index;
  for (int i = 0; i < at->down_count; i++)
    fill_layers(p, at->down[i]);
}

static int make_layers(md_layout_plan *p) {
  for (int i = 0; i < p->box_count; i++) {
    p->boxes[i].order = -1;
    if (p->boxes[i].layer >= p->layer_count) p->layer_count = p->boxes[i].layer + 1;
  }
  p->layers = md_layout_zeroed(p, (size_t)p->layer_count, sizeof *p->layers);
  p->sizes = md_layout_zeroed(p, (size_t)p->layer_count, sizeof *p->sizes);
  if (!p->layers || !p->sizes) return MD_ENOMEM;
  for (int i = 0; i < p->box_count; i++)
    p->sizes[p->boxes[i].layer]++;
  for (int i = 0; i < p->layer_count; i++) {
    p->layers[i] = md_layout_zeroed(p, (size_t)p->sizes[i], sizeof **p->layers);
    if (!p->layers[i]) return MD_ENOMEM;
    p->sizes[i] = 0;
  }
  for (int i = 0; i < p->box_count; i++)
    fill_layers(p, i);
  return 0;
}

static int by_wanted(const void *a, const void *b, void *context) {
  const md_layout_box *boxes = context, *one = &boxes[*(const int *)a], *other = &boxes[*(const int *)b];
  if (one->wanted != other->wanted) return one->wanted < other->wanted ? -1 : 1;
  return one->order - other->order;
}

// Each box among those that it is joined to, above or below.
static void sort_layer(md_layout_plan *p, int layer, bool from_above) {
  for (int i = 0; i < p->sizes[layer]; i++) {
    md_layout_box *at = &p->boxes[p->layers[layer][i]];
    const int *joined = from_above ? at->up : at->down;
    int count = from_above ? at->up_count : at->down_count;
    double sum = 0;
    for (int j = 0; j < count; j++)
      sum += p->boxes[joined[j]].order;
    at->wanted = count ? sum / count : at->order;
  }
  qsort_r(p->layers[layer], (size_t)p->sizes[layer], sizeof **p->layers, by_wanted, p->boxes);
  for (int i = 0; i < p->sizes[layer]; i++)
    p->boxes[p->layers[layer][i]].order = i;
}

// Of edges between this layer and the next.
static long crossings_below(const md_layout_plan *p, int layer) {
  long sum = 0;
  for (int i = 0; i < p->sizes[layer]; i++)
    for (int k = i + 1; k < p->sizes[layer]; k++) {
      const md_layout_box *left = &p->boxes[p->layers[layer][i]], *right = &p->boxes[p->layers[layer][k]];
      for (int a = 0; a < left->down_count; a++)
        for (int b = 0; b < right->down_count; b++)
          sum += p->boxes[left->down[a]].order > p->boxes[right->down[b]].order;
    }
  return sum;
}

static long crossings(const md_layout_plan *p) {
  long sum = 0;
  for (int i = 0; i + 1 < p->layer_count; i++)
    sum += crossings_below(p, i);
  return sum;
}

static void keep_order(const md_layout_plan *p, int *best) {
  for (int i = 0; i < p->box_count; i++)
    best[i] = p->boxes[i].order;
}

static void take_order(md_layout_plan *p, const int *best) {
  for (int i = 0; i < p->box_count; i++) {
    p->boxes[i].order = best[i];
    p->layers[p->boxes[i].layer][best[i]] = i;
  }
}

static int order_boxes(md_layout_plan *p) {
  int *best = md_layout_zeroed(p, (size_t)p->box_count, sizeof *best);
  if (!best) return MD_ENOMEM;
  long least = crossings(p);
  keep_order(p, best);
  for (int sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
    for (int i = 1; i < p->layer_count && sweep % 2 == 0; i++)
      sort_layer(p, i, true);
    for (int i = p->layer_count - 2; i >= 0 && sweep % 2 == 1; i--)
      sort_layer(p, i, false);
    long now = crossings(p);
    if (now >= least) continue;
    least = now;
    keep_order(p, best);
  }
  take_order(p, best);
  return 0;
}

static int place(md_layout_plan *p) {
  int code = make_boxes(p);
  if (!code) code = make_layers(p);
  if (!code) code = order_boxes(p);
  return code ? code : md_layout_coordinates(p);
}

int md_layout_place(md_layout *layout, md_arena *arena) {
  md_layout_plan p = {.layout = layout, .arena = arena};
  p.rank = md_layout_zeroed(&p, (size_t)layout->node_count, sizeof *p.rank);
  p.met = md_layout_zeroed(&p, (size_t)layout->node_count, sizeof *p.met);
  if (!p.rank || !p.met) return MD_ENOMEM;
  for (int i = 0; i < layout->edge_count; i++)
    layout->edges[i].backwards = false;
  for (int i = 0; i < layout->node_count; i++)
    if (!p.met[i]) find_cycles(&p, i);
  rank_nodes(&p);
  return place(&p);
}
