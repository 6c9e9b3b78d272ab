// SPDX-License-Identifier: Apache-2.0
// Gives the boxes of ordered layers their coordinates, and draws the lines between them.
#include "base/error.h"
#include "cli/describe_layout_plan.h"
#include <math.h>
#include <stdlib.h>

enum { GAP = 22, LAYER_GAP = 18, SETTLINGS = 80, PORT_GAP = 18 };

static double apart(const md_layout_box *left, const md_layout_box *right) {
  return (left->width + right->width) / 2.0 + GAP;
}

// The boxes of a layer as near as may be to where they want to stand, in their order and apart: the least squares with
// weights, by pooling neighbours that are too near (Ayer et al. 1955). An edge that passes weighs more, to be straight.
typedef struct pool {
  double sum, weight; // of what its members want, less their offsets
  int count;
} pool;

static void settle_layer(md_layout_plan *p, int layer, pool *pools) {
  int count = p->sizes[layer], used = 0;
  double offset = 0;
  for (int i = 0; i < count; i++) {
    md_layout_box *at = &p->boxes[p->layers[layer][i]];
    if (i > 0) offset += apart(&p->boxes[p->layers[layer][i - 1]], at);
    double weight = at->height == 0 ? 8 : 1;
    pools[used++] = (pool){(at->wanted - offset) * weight, weight, 1};
    while (used > 1 && pools[used - 1].sum / pools[used - 1].weight < pools[used - 2].sum / pools[used - 2].weight) {
      pools[used - 2].sum += pools[used - 1].sum;
      pools[used - 2].weight += pools[used - 1].weight;
      pools[used - 2].count += pools[used - 1].count;
      used--;
    }
  }
  offset = 0;
  for (int i = 0, k = 0; i < count; k++)
    for (int member = 0; member < pools[k].count; member++, i++) {
      md_layout_box *at = &p->boxes[p->layers[layer][i]];
      if (i > 0) offset += apart(&p->boxes[p->layers[layer][i - 1]], at);
      at->center = pools[k].sum / pools[k].weight + offset;
    }
}

static void want(md_layout_plan *p, int layer, bool above, bool below) {
  for (int i = 0; i < p->sizes[layer]; i++) {
    md_layout_box *at = &p->boxes[p->layers[layer][i]];
    double sum = 0;
    int count = 0;
    for (int j = 0; above && j < at->up_count; j++, count++)
      sum += p->boxes[at->up[j]].center;
    for (int j = 0; below && j < at->down_count; j++, count++)
      sum += p->boxes[at->down[j]].center;
    at->wanted = count ? sum / count : at->center;
  }
}

static int place_boxes(md_layout_plan *p) {
  pool *pools = md_layout_zeroed(p, (size_t)p->box_count, sizeof *pools);
  if (!pools) return MD_ENOMEM;
  for (int i = 0; i < p->layer_count; i++) {
    want(p, i, true, false);
    settle_layer(p, i, pools);
  }
  for (int round = 0; round < SETTLINGS; round++) {
    bool last = round >= SETTLINGS / 2;
    for (int k = 0; k < p->layer_count; k++) {
      int layer = round % 2 ? p->layer_count - 1 - k : k;
      want(p, layer, last || round % 2 == 0, last || round % 2 == 1);
      settle_layer(p, layer, pools);
    }
  }
  return 0;
}

// From doubles to the drawing: whole numbers, the leftmost at 0.
static void place_nodes(md_layout_plan *p, int *tops) {
  md_layout *layout = p->layout;
  double left = 0, right = 0;
  int y = 0;
  for (int i = 0; i < p->box_count; i++) {
    double begin = p->boxes[i].center - p->boxes[i].width / 2.0;
    if (i == 0 || begin < left) left = begin;
    if (i == 0 || begin + p->boxes[i].width > right) right = begin + p->boxes[i].width;
  }
  for (int i = 0; i < p->box_count; i++)
    p->boxes[i].center = floor(p->boxes[i].center - left);
  for (int layer = 0; layer < p->layer_count; layer++) {
    int height = layer % 2 ? 6 : 0;
    for (int i = 0; i < p->sizes[layer]; i++)
      if (p->boxes[p->layers[layer][i]].height > height) height = p->boxes[p->layers[layer][i]].height;
    tops[layer] = y;
    y += height + LAYER_GAP;
    tops[layer + 1] = y;
  }
  layout->width = (int)ceil(right - left) + 1;
  layout->height = y > LAYER_GAP ? y - LAYER_GAP : 0;
  for (int i = 0; i < layout->node_count; i++) {
    layout->nodes[i].x = (int)p->boxes[i].center - layout->nodes[i].width / 2;
    layout->nodes[i].y = tops[p->boxes[i].layer];
  }
}

static int by_center(const void *a, const void *b, void *context) {
  const md_layout_plan *p = context;
  double one = p->boxes[*(const int *)a].center, other = p->boxes[*(const int *)b].center;
  if (one != other) return one < other ? -1 : 1;
  return *(const int *)a - *(const int *)b;
}

// Where the edge to `joined` leaves the box: side by side, in the order of where they lead.
static int port(md_layout_plan *p, int index, int joined, bool below) {
  md_layout_box *at = &p->boxes[index];
  int *list = below ? at->down : at->up, count = below ? at->down_count : at->up_count, place = 0;
  qsort_r(list, (size_t)count, sizeof *list, by_center, p);
  while (place < count - 1 && list[place] != joined)
    place++;
  double room = index < p->layout->node_count ? p->layout->nodes[index].width : at->width;
  double gap = count > 1 ? fmin(PORT_GAP, (room - 16) / (count - 1)) : 0;
  return (int)(at->center + (place - (count - 1) / 2.0) * gap);
}

static void place_label(md_layout_edge *edge, int x, int y) {
  edge->label = (md_point){x, y};
}

static void place_loop(const md_layout_plan *p, md_layout_edge *edge) {
  const md_layout_node *node = &p->layout->nodes[edge->from];
  place_label(edge, node->x + node->width + MD_LAYOUT_LOOP, node->y);
}

static int place_edge(md_layout_plan *p, int index, const int *tops) {
  md_layout_edge *edge = &p->layout->edges[index];
  int top = md_layout_top_of(edge), bottom = md_layout_bottom_of(edge), count = 0, before = top;
  if (p->chain[index] < 0) {
    place_loop(p, edge);
    return 0;
  }
  edge->points = md_layout_zeroed(p, 2 * (size_t)md_layout_span_of(p, edge) + 2, sizeof *edge->points);
  if (!edge->points) return MD_ENOMEM;
  md_point *points = edge->points;
  points[count++] =
      (md_point){port(p, top, p->chain[index], true), tops[p->boxes[top].layer] + p->layout->nodes[top].height};
  for (int at = p->chain[index]; at >= 0; at = p->boxes[at].next_in_chain) {
    const md_layout_box *passed = &p->boxes[at];
    int x = (int)passed->center, y = tops[passed->layer];
    if (passed->height) place_label(edge, x - passed->width / 2, y);
    points[count++] = (md_point){x, y};
    points[count++] = (md_point){x, passed->height ? y + passed->height : tops[passed->layer + 1] - LAYER_GAP};
    before = at;
  }
  points[count++] = (md_point){port(p, bottom, before, false), tops[p->boxes[bottom].layer]};
  edge->point_count = count;
  if (!edge->backwards) return 0;
  for (int i = 0; i < count / 2; i++) {
    md_point kept = points[i];
    points[i] = points[count - 1 - i];
    points[count - 1 - i] = kept;
  }
  return 0;
}

// The start stands in the left half, where reading begins.
static void mirror(md_layout_plan *p) {
  double left = 0, right = 0;
  for (int i = 0; i < p->box_count; i++) {
    double half = p->boxes[i].width / 2.0;
    if (i == 0 || p->boxes[i].center - half < left) left = p->boxes[i].center - half;
    if (i == 0 || p->boxes[i].center + half > right) right = p->boxes[i].center + half;
  }
  if (p->box_count == 0 || p->boxes[0].center <= (left + right) / 2) return;
  for (int i = 0; i < p->box_count; i++)
    p->boxes[i].center = left + right - p->boxes[i].center;
}

int md_layout_coordinates(md_layout_plan *p) {
  int *tops = md_layout_zeroed(p, (size_t)p->layer_count + 1, sizeof *tops);
  int code = tops ? place_boxes(p) : MD_ENOMEM;
  if (code) return code;
  mirror(p);
  place_nodes(p, tops);
  for (int i = 0; i < p->layout->edge_count && !code; i++)
    code = place_edge(p, i, tops);
  return code;
}
