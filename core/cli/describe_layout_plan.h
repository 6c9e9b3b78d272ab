// SPDX-License-Identifier: Apache-2.0
// A drawing under way: what the files of its layout share. Private to describe_layout*.c.
#pragma once
#include "cli/describe_layout.h"
#include <stddef.h>

enum { MD_LAYOUT_LOOP = 30 }; // room for the line of a loop, at the right of its node

// What takes room in a layer: a node, an edge's label, or an edge that passes.
typedef struct md_layout_box {
  int layer, order;
  int width, height;
  double center, wanted;
  int *up, *down; // boxes of the layers above and below that it is joined to
  int up_count, down_count;
  int next_in_chain; // of the same edge in the layer below; -1 at its end
} md_layout_box;

typedef struct md_layout_plan {
  md_layout *layout;
  md_arena *arena;
  md_layout_box *boxes;
  int box_count;
  int **layers; // boxes by layer, in order
  int *sizes;   // how many a layer has
  int layer_count;
  int *rank;        // of each node
  int *chain;       // of each edge: its topmost box, -1 without
  signed char *met; // by the walk that looks for cycles: 1 on the way, 2 done
} md_layout_plan;

void *md_layout_zeroed(md_layout_plan *p, size_t count, size_t size); // of the arena, and one more; or NULL
bool md_layout_is_loop(const md_layout_edge *edge);
// The ends of an edge as they are drawn: the one above and the one below.
int md_layout_top_of(const md_layout_edge *edge);
int md_layout_bottom_of(const md_layout_edge *edge);
int md_layout_span_of(const md_layout_plan *p, const md_layout_edge *edge); // the boxes that it has

// describe_layout_coordinates.c: where the boxes of ordered layers stand, and the lines between them. 0 or MD_ENOMEM.
int md_layout_coordinates(md_layout_plan *p);
