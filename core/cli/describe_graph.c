// SPDX-License-Identifier: Apache-2.0
// Merges paths into a graph.
#include "cli/describe_graph.h"
#include <string.h>

const char *md_graph_kind_name(md_graph_kind kind) {
  static const char *const names[] = {"trigger", "wait", "send", "call", "choice", "step", "end", "halt"};
  return names[kind];
}

// The array with room for one more; NULL when out of memory.
static void *grown(md_graph *graph, void *items, int count, int *room, size_t size) {
  if (count < *room) return items;
  int wanted = *room ? 2 * *room : 32;
  void *more = md_arena_alloc_zero(graph->arena, (size_t)wanted * size);
  if (!more) {
    graph->failed = true;
    return NULL;
  }
  if (count) memcpy(more, items, (size_t)count * size);
  *room = wanted;
  return more;
}

static const char *copied(md_graph *graph, const char *text) {
  const char *copy = md_arena_strdup(graph->arena, text);
  if (text && !copy) graph->failed = true;
  return copy;
}

static int find_node(const md_graph *graph, const char *key) {
  for (int i = 0; i < graph->node_count; i++)
    if (strcmp(graph->nodes[i].key, key) == 0) return i;
  return -1;
}

// The node's index, -1 where there is no room for another.
static int node_of(md_graph *graph, const md_graph_step *step) {
  int found = find_node(graph, step->key);
  if (found >= 0) return found;
  if (graph->node_count == MD_GRAPH_NODES) {
    graph->cut = true;
    return -1;
  }
  md_graph_node *nodes = grown(graph, graph->nodes, graph->node_count, &graph->node_room, sizeof *nodes);
  if (!nodes) return -1;
  graph->nodes = nodes;
  md_graph_node node = {.kind = step->kind,
                        .key = copied(graph, step->key),
                        .text = copied(graph, step->text),
                        .file = copied(graph, step->file),
                        .line = step->line};
  if (graph->failed) return -1;
  nodes[graph->node_count] = node;
  return graph->node_count++;
}

static md_graph_edge *edge_of(md_graph *graph, int from, int to, const char *label) {
  for (int i = 0; i < graph->edge_count; i++) {
    md_graph_edge *edge = &graph->edges[i];
    if (edge->from == from && edge->to == to && strcmp(edge->label, label) == 0) return edge;
  }
  md_graph_edge *edges = grown(graph, graph->edges, graph->edge_count, &graph->edge_room, sizeof *edges);
  const char *copy = copied(graph, label);
  if (!edges || !copy) return NULL;
  graph->edges = edges;
  edges[graph->edge_count] = (md_graph_edge){.from = from, .to = to, .label = copy};
  return &edges[graph->edge_count++];
}

static void count(int spec, int *specs, int *last) {
  if (*last == spec) return;
  *last = spec;
  ++*specs;
}

void md_graph_init(md_graph *graph, md_arena *arena, const char *trigger) {
  *graph = (md_graph){.arena = arena};
  node_of(graph, &(md_graph_step){.kind = MD_GRAPH_TRIGGER, .key = "trigger", .text = trigger});
}

void md_graph_add(md_graph *graph, int spec, const char *label, const md_graph_step *steps, int count_of_steps) {
  int from = 0;
  if (graph->failed) return;
  count(spec, &graph->nodes[0].specs, &graph->nodes[0].last);
  for (int i = 0; i < count_of_steps; i++) {
    int to = node_of(graph, &steps[i]);
    md_graph_edge *edge = to < 0 ? NULL : edge_of(graph, from, to, label);
    if (!edge) return;
    count(spec, &graph->nodes[to].specs, &graph->nodes[to].last);
    count(spec, &edge->specs, &edge->last);
    from = to;
    label = steps[i].label ? steps[i].label : "";
  }
}

static const char *counted(md_graph *graph, const char *before, const md_graph_edge *edge) {
  if (!*edge->label) return before;
  const char *line =
      md_arena_printf(graph->arena, "%s%s%s (%d)", before, *before ? "\n" : "", edge->label, edge->specs);
  if (!line) graph->failed = true;
  return line ? line : "";
}

static bool joined(const md_graph_edge *a, const md_graph_edge *b) {
  return a->from == b->from && a->to == b->to;
}

// The next edge to be named of those that are joined to `first`: the most frequent that has not had its turn.
static int most_frequent(const md_graph *graph, int first, const bool *named) {
  int best = -1;
  for (int i = first; i < graph->edge_count; i++) {
    if (named[i] || !joined(&graph->edges[i], &graph->edges[first])) continue;
    if (best < 0 || graph->edges[i].specs > graph->edges[best].specs) best = i;
  }
  return best;
}

static bool is_end(const md_graph_node *node) {
  return node->kind == MD_GRAPH_END || node->kind == MD_GRAPH_HALT;
}

// Each edge past the first that leads to an end gets a copy of it.
static void split_ends(md_graph *out) {
  bool *reached = md_arena_alloc_zero(out->arena, ((size_t)out->node_count + 1) * sizeof *reached);
  md_graph_node *nodes =
      md_arena_alloc_zero(out->arena, ((size_t)out->node_count + (size_t)out->edge_count + 1) * sizeof *nodes);
  out->failed |= !reached || !nodes;
  if (out->failed) return;
  memcpy(nodes, out->nodes, (size_t)out->node_count * sizeof *nodes);
  out->nodes = nodes;
  for (int i = 0; i < out->edge_count; i++) {
    md_graph_edge *edge = &out->edges[i];
    if (!is_end(&nodes[edge->to])) continue;
    if (reached[edge->to]) {
      nodes[out->node_count] = nodes[edge->to];
      nodes[out->node_count].specs = edge->specs;
      edge->to = out->node_count++;
    } else {
      reached[edge->to] = true;
      nodes[edge->to].specs = edge->specs;
    }
  }
}

void md_graph_simplify(const md_graph *graph, md_graph *out) {
  *out = *graph;
  out->edge_count = 0;
  out->edges = md_arena_alloc_zero(graph->arena, ((size_t)graph->edge_count + 1) * sizeof *out->edges);
  bool *named = md_arena_alloc_zero(graph->arena, ((size_t)graph->edge_count + 1) * sizeof *named);
  out->failed = !out->edges || !named;
  for (int i = 0; i < graph->edge_count && !out->failed; i++) {
    md_graph_edge merged = {.from = graph->edges[i].from, .to = graph->edges[i].to, .label = ""};
    if (named[i]) continue;
    for (int at; (at = most_frequent(graph, i, named)) >= 0; named[at] = true) {
      merged.label = counted(out, merged.label, &graph->edges[at]);
      merged.specs += graph->edges[at].specs;
    }
    out->edges[out->edge_count++] = merged;
  }
  if (!out->failed) split_ends(out);
}

// The edge from `node` to a node without a number that most specs take, -1 where there is none.
static int busiest(const md_graph *graph, int node, const bool *queued) {
  int best = -1;
  for (int i = 0; i < graph->edge_count; i++) {
    const md_graph_edge *edge = &graph->edges[i];
    if (edge->from == node && !queued[edge->to] && (best < 0 || edge->specs > graph->edges[best].specs)) best = i;
  }
  return best;
}

void md_graph_number(md_graph *graph) {
  size_t size = (size_t)graph->node_count + 1;
  int *queue = md_arena_alloc_zero(graph->arena, size * sizeof *queue), last = 1, number = 0;
  bool *queued = md_arena_alloc_zero(graph->arena, size * sizeof *queued);
  graph->failed |= !queue || !queued;
  if (graph->failed) return;
  queued[0] = true;
  for (int next = 0; next < last && next < graph->node_count; next++) {
    md_graph_node *node = &graph->nodes[queue[next]];
    if (!is_end(node)) node->number = ++number;
    for (int edge; (edge = busiest(graph, queue[next], queued)) >= 0;) {
      queue[last++] = graph->edges[edge].to;
      queued[graph->edges[edge].to] = true;
    }
  }
}
