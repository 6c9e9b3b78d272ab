// SPDX-License-Identifier: Apache-2.0
// Where the nodes and edges of a graph are drawn: in layers from top to bottom (Sugiyama, Tagawa and Toda 1981: cycles
// undone, layers, order by barycenters, coordinates). The same graph gives the same drawing. Pure; one thread.
#pragma once
#include "base/arena.h"
#include <stdbool.h>

typedef struct md_layout_node {
  int width, height; // given
  int x, y;          // of its left upper corner
} md_layout_node;

typedef struct md_point {
  int x, y;
} md_point;

typedef struct md_layout_edge {
  int from, to;      // given; of a node to itself there is one edge at most
  int width, height; // given: of its label; 0: none
  bool backwards;    // it leads up, to what came before
  md_point label;    // the label's left upper corner
  md_point *points;  // from the one node to the other; an edge of a node to itself has none
  int point_count;
} md_layout_edge;

typedef struct md_layout {
  md_layout_node *nodes; // node 0 is the topmost
  int node_count;
  md_layout_edge *edges;
  int edge_count;
  int width, height; // of the whole
} md_layout;

// 0; MD_ETOOBIG where edges pass so many layers that nobody could read it; MD_ENOMEM. Points lie in `arena`.
int md_layout_place(md_layout *layout, md_arena *arena);
