// SPDX-License-Identifier: Apache-2.0
// The graph of a moment as a drawing. Its colours are the page's (describe_html.c). Pure.
#include "base/error.h"
#include "cli/describe_layout.h"
#include "cli/describe_page.h"
#include <string.h>

enum {
  NODE_COLUMNS = 26, // of text
  LABEL_COLUMNS = 24,
  LINES_MAX = 6,
  LINE_HEIGHT = 18,
  LABEL_HEIGHT = 15,
  PADDING = 10,
  MARGIN = 12,
};

typedef struct wrapped {
  const char *begin[LINES_MAX];
  size_t len[LINES_MAX];
  int columns[LINES_MAX];
  int count;
} wrapped;

// The bytes of the character at `text`; how wide it is goes to *columns: what is not Latin counts double.
static size_t character(const char *text, int *columns) {
  unsigned char first = (unsigned char)*text;
  size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, there = 1;
  while (there < len && ((unsigned char)text[there] & 0xc0) == 0x80)
    there++;
  *columns = first < 0xe1 ? 1 : 2;
  return there;
}

// A line of at most `columns`, broken at the last blank, or anywhere where there is none. Answers where the next
// begins.
static const char *take_line(const char *text, int columns, size_t *len, int *width) {
  const char *at = text, *blank = NULL;
  int used = 0, used_at_blank = 0;
  while (*at && *at != '\n') {
    int wide = 0;
    size_t bytes = character(at, &wide);
    if (used + wide > columns) break;
    used += wide;
    at += bytes;
    if (*at == ' ' || *at == '\0') {
      blank = at;
      used_at_blank = used;
    }
  }
  bool whole = *at == '\0' || *at == '\n' || *at == ' ';
  if (!whole && blank && blank > text) {
    at = blank;
    used = used_at_blank;
  }
  *len = (size_t)(at - text);
  *width = used;
  while (*at == ' ' || *at == '\n')
    at++;
  return at;
}

static void wrap(const char *text, int columns, wrapped *out) {
  out->count = 0;
  while (*text && out->count < LINES_MAX) {
    int i = out->count++;
    out->begin[i] = text;
    text = take_line(text, columns, &out->len[i], &out->columns[i]);
  }
}

static int widest(const wrapped *text) {
  int most = 0;
  for (int i = 0; i < text->count; i++)
    if (text->columns[i] > most) most = text->columns[i];
  return most;
}

static void write_lines(md_buffer *out, const wrapped *text, int x, int y, int height, md_arena *arena) {
  for (int i = 0; i < text->count; i++) {
    const char *line = md_arena_strndup(arena, text->begin[i], text->len[i]);
    md_buffer_printf(out, "<tspan x=\"%d\" y=\"%d\">", x, y + i * height);
    if (line) md_page_escape(out, line);
    md_buffer_puts(out, "</tspan>");
  }
}

static const char *count_of(int specs, md_arena *arena) {
  const char *text = md_arena_printf(arena, "%d spec%s", specs, specs == 1 ? "" : "s");
  return text ? text : "";
}

// Steps have a number, by which the list names them; ends have none.
static const char *text_of(const md_graph *graph, int node, md_arena *arena) {
  const md_graph_node *at = &graph->nodes[node];
  const char *text = at->number ? md_arena_printf(arena, "%d. %s", at->number, at->text) : at->text;
  return text ? text : "";
}

static int measure(const md_graph *graph, md_layout *layout, md_arena *arena) {
  layout->node_count = graph->node_count;
  layout->edge_count = graph->edge_count;
  layout->nodes = md_arena_alloc_zero(arena, ((size_t)graph->node_count + 1) * sizeof *layout->nodes);
  layout->edges = md_arena_alloc_zero(arena, ((size_t)graph->edge_count + 1) * sizeof *layout->edges);
  if (!layout->nodes || !layout->edges) return MD_ENOMEM;
  wrapped text;
  for (int i = 0; i < graph->node_count; i++) {
    wrap(text_of(graph, i, arena), NODE_COLUMNS, &text);
    layout->nodes[i].width = widest(&text) * 8 + 4 * PADDING;
    layout->nodes[i].height = text.count * LINE_HEIGHT + 2 * PADDING;
  }
  for (int i = 0; i < graph->edge_count; i++) {
    wrap(graph->edges[i].label, LABEL_COLUMNS, &text);
    md_layout_edge *edge = &layout->edges[i];
    edge->from = graph->edges[i].from;
    edge->to = graph->edges[i].to;
    edge->width = text.count ? widest(&text) * 7 + 12 : 0;
    edge->height = text.count * LABEL_HEIGHT + (text.count ? 4 : 0);
  }
  return md_layout_place(layout, arena);
}

// A curve through the points that leaves and enters each upright.
static void write_path(md_buffer *out, const md_layout_edge *edge) {
  const md_point *points = edge->points;
  md_buffer_printf(out, "<path class=\"edge%s\" marker-end=\"url(#arrow)\" d=\"M%d %d", edge->backwards ? " back" : "",
                   points[0].x, points[0].y);
  for (int i = 1; i < edge->point_count; i++) {
    int middle = (points[i - 1].y + points[i].y) / 2;
    if (points[i].x == points[i - 1].x)
      md_buffer_printf(out, "L%d %d", points[i].x, points[i].y);
    else
      md_buffer_printf(out, "C%d %d %d %d %d %d", points[i - 1].x, middle, points[i].x, middle, points[i].x,
                       points[i].y);
  }
  md_buffer_puts(out, "\"/>");
}

static void write_loop(md_buffer *out, const md_layout_node *node) {
  int x = node->x + node->width, y = node->y + node->height / 2;
  md_buffer_printf(out, "<path class=\"edge back\" marker-end=\"url(#arrow)\" d=\"M%d %dC%d %d %d %d %d %d\"/>", x,
                   y - 8, x + 28, y - 16, x + 28, y + 16, x + 2, y + 8);
}

static void write_edge(md_buffer *out, const md_graph_edge *from, const md_layout *layout, int index, md_arena *arena) {
  const md_layout_edge *edge = &layout->edges[index];
  wrapped text;
  if (edge->point_count)
    write_path(out, edge);
  else
    write_loop(out, &layout->nodes[edge->from]);
  if (edge->width == 0) return;
  wrap(from->label, LABEL_COLUMNS, &text);
  md_buffer_printf(out, "<rect class=\"paper\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/><text class=\"label\">",
                   edge->label.x, edge->label.y, edge->width, edge->height);
  write_lines(out, &text, edge->label.x + edge->width / 2, edge->label.y + 13, LABEL_HEIGHT, arena);
  md_buffer_puts(out, "</text>\n");
}

static void write_node(md_buffer *out, const md_graph *graph, int index, const md_layout_node *at, md_arena *arena) {
  const md_graph_node *node = &graph->nodes[index];
  bool round = node->kind == MD_GRAPH_TRIGGER || node->kind == MD_GRAPH_END || node->kind == MD_GRAPH_HALT;
  wrapped text;
  wrap(text_of(graph, index, arena), NODE_COLUMNS, &text);
  md_buffer_printf(out, "<g class=\"node %s\"><title>%s: ", md_graph_kind_name(node->kind),
                   md_graph_kind_name(node->kind));
  md_page_escape(out, node->text);
  md_buffer_printf(out, " (%s)</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/><text>",
                   count_of(node->specs, arena), at->x, at->y, at->width, at->height, round ? at->height / 2 : 6);
  write_lines(out, &text, at->x + at->width / 2, at->y + PADDING + 13, LINE_HEIGHT, arena);
  md_buffer_puts(out, "</text></g>\n");
}

static void write_head(md_buffer *out, const md_layout *layout) {
  int width = layout->width + 2 * MARGIN, height = layout->height + 2 * MARGIN;
  md_buffer_printf(out,
                   "<svg role=\"img\" aria-labelledby=\"drawing-title drawing-text\" width=\"%d\" height=\"%d\" "
                   "viewBox=\"%d %d %d %d\" xmlns=\"http://www.w3.org/2000/svg\">\n"
                   "<title id=\"drawing-title\">The steps of the moment, as its specs run through them</title>\n"
                   "<desc id=\"drawing-text\">Boxes are steps, from the trigger at the top to the ends; lines say what "
                   "happened. The table below the drawing says the same in words.</desc>\n"
                   "<style>svg{min-width:%dpx}</style>\n"
                   "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
                   "markerHeight=\"8\" orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
                   width, height, -MARGIN, -MARGIN, width, height, width * 7 / 10);
}

bool md_graph_svg(const md_graph *all, md_arena *arena, md_buffer *out) {
  md_layout layout = {0};
  md_graph merged;
  const md_graph *graph = &merged;
  md_graph_simplify(all, &merged);
  int code = merged.failed ? MD_ENOMEM : measure(graph, &layout, arena);
  if (code == MD_ENOMEM) out->failed = true;
  if (code) return false;
  write_head(out, &layout);
  for (int i = 0; i < graph->edge_count; i++)
    write_edge(out, &graph->edges[i], &layout, i, arena);
  for (int i = 0; i < graph->node_count; i++)
    write_node(out, graph, i, &layout.nodes[i], arena);
  md_buffer_puts(out, "</svg>\n");
  return true;
}
