// SPDX-License-Identifier: Apache-2.0
// The paths that runs took through a moment, merged into one graph: a node a place in the code, an edge a thing that
// happened there. Pure; one thread.
#pragma once
#include "base/arena.h"
#include <stdbool.h>

enum { MD_GRAPH_NODES = 1000 }; // more are left out, and `cut` says so

typedef enum md_graph_kind {
  MD_GRAPH_TRIGGER, // node 0
  MD_GRAPH_WAIT,
  MD_GRAPH_SEND,
  MD_GRAPH_CALL,
  MD_GRAPH_CHOICE, // an experiment
  MD_GRAPH_STEP,   // any other
  MD_GRAPH_END,    // how runs end
  MD_GRAPH_HALT,   // a run that failed, was cancelled, or never began
} md_graph_kind;
const char *md_graph_kind_name(md_graph_kind kind); // "trigger" "wait" …

// A place on a path, and what happened there. Nodes are the same where `key` is.
typedef struct md_graph_step {
  md_graph_kind kind;
  const char *key;
  const char *text;  // for people
  const char *label; // what happened; "" where there is nothing to say
  const char *file;  // of a step
  int line;
} md_graph_step;

typedef struct md_graph_node {
  md_graph_kind kind;
  const char *key, *text, *file;
  int line;
  int specs;  // that come by
  int last;   // of them
  int number; // of a step, by which people name it (md_graph_number); 0: none
} md_graph_node;

typedef struct md_graph_edge {
  int from, to;
  const char *label;
  int specs, last;
} md_graph_edge;

typedef struct md_graph {
  md_arena *arena;
  md_graph_node *nodes;
  int node_count, node_room;
  md_graph_edge *edges;
  int edge_count, edge_room;
  bool cut, failed; // failed: out of memory
} md_graph;

// `trigger` is node 0's text. All is copied into `arena`.
void md_graph_init(md_graph *graph, md_arena *arena, const char *trigger);
// Adds the path of one run of the spec with this number (from 1): `label` leads from the trigger to the first step,
// each step's own label to the next. The last one is an end, or where the spec left the run.
void md_graph_add(md_graph *graph, int spec, const char *label, const md_graph_step *steps, int count);
// The graph as people are shown it. One edge of those between the same two nodes: its label has a line for each,
// "sent (3)", the most frequent first; none where nothing was said. And an end of its own for each step that leads to
// one, so that no edge crosses the drawing for it. In the graph's arena. Failed where memory is short.
void md_graph_simplify(const md_graph *graph, md_graph *out);
// Numbers the trigger and the steps, in the order in which a walk from the trigger meets them, the most frequent way
// first.
void md_graph_number(md_graph *graph);
