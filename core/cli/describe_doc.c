// SPDX-License-Identifier: Apache-2.0
// Puts the document together.
#include "cli/describe_doc.h"
#include "engine/wait.h"
#include <string.h>

enum { CODE_SHOWN = 200 };

json_t *md_doc_text(const char *text) {
  return text ? json_string(text) : json_null();
}

// The declared types of a family ("order.*"), which has no meaning of its own; NULL where there are none.
static const char *members_of(md_doc *doc, const char *family) {
  int count = 0;
  const char *text = NULL;
  const md_plan_event *const *events = md_plan_events(doc->shelf->plan, &count);
  for (int i = 0; i < count; i++)
    if (md_type_matches(family, events[i]->type))
      text = md_arena_printf(doc->arena, "%s%s", text ? md_arena_printf(doc->arena, "%s, ", text) : "any of ",
                             events[i]->type);
  return text;
}

void md_doc_event(md_doc *doc, const char *type) {
  const md_plan_event *event = md_plan_event_of(doc->shelf->plan, type);
  size_t len = strlen(type);
  bool family = len > 2 && strcmp(type + len - 2, ".*") == 0;
  if (json_object_get(doc->events, type)) return;
  json_object_set_new(doc->events, type, md_doc_text(family ? members_of(doc, type) : event ? event->means : NULL));
}

const char *md_doc_code(const char *text, size_t len, md_arena *arena) {
  char *out = md_arena_alloc(arena, CODE_SHOWN + 8);
  size_t written = 0;
  for (size_t i = 0; out && i < len; i++) {
    bool blank = strchr(" \t\r\n", text[i]) != NULL;
    bool rune_begins = ((unsigned char)text[i] & 0xc0) != 0x80;
    if (written >= CODE_SHOWN && rune_begins) {
      memcpy(out + written, "…", 3);
      written += 3;
      break;
    }
    if (blank && written && out[written - 1] == ' ') continue;
    out[written++] = (char)(blank ? ' ' : text[i]);
  }
  if (out) out[written] = '\0';
  return out;
}

static json_t *nodes_of(const md_graph *graph) {
  json_t *all = json_array();
  for (int i = 0; i < graph->node_count; i++) {
    const md_graph_node *node = &graph->nodes[i];
    json_t *one = json_object();
    json_object_set_new(one, "id", json_integer(i));
    json_object_set_new(one, "kind", json_string(md_graph_kind_name(node->kind)));
    json_object_set_new(one, "text", json_string(node->text));
    json_object_set_new(one, "file", md_doc_text(node->file));
    json_object_set_new(one, "line", node->file ? json_integer(node->line) : json_null());
    json_object_set_new(one, "specs", json_integer(node->specs));
    json_array_append_new(all, one);
  }
  return all;
}

static json_t *edges_of(const md_graph *graph) {
  json_t *all = json_array();
  for (int i = 0; i < graph->edge_count; i++) {
    const md_graph_edge *edge = &graph->edges[i];
    json_t *one = json_object();
    json_object_set_new(one, "from", json_integer(edge->from));
    json_object_set_new(one, "to", json_integer(edge->to));
    json_object_set_new(one, "text", json_string(edge->label));
    json_object_set_new(one, "specs", json_integer(edge->specs));
    json_array_append_new(all, one);
  }
  return all;
}

static void put_graph(md_doc *doc) {
  json_t *graph = json_object(), *specs = json_object();
  json_object_set_new(graph, "nodes", nodes_of(&doc->paths.graph));
  json_object_set_new(graph, "edges", edges_of(&doc->paths.graph));
  json_object_set_new(graph, "cut", json_boolean(doc->paths.graph.cut));
  json_object_set_new(doc->json, "graph", graph);
  json_object_set_new(specs, "count", json_integer(doc->paths.specs));
  json_object_set_new(specs, "failed", json_integer(doc->paths.failed));
  json_object_set(specs, "failures", doc->paths.failures);
  json_object_set_new(doc->json, "specs", specs);
}

static int begin(md_doc *doc, md_error *err) {
  doc->json = json_object();
  doc->events = json_object();
  return doc->json && doc->events ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_doc_outline(md_doc *doc, md_error *err) {
  int code = begin(doc, err);
  if (code) return code;
  doc->paths = (md_paths){0};
  md_doc_definition(doc);
  json_object_set(doc->json, "events", doc->events);
  return md_doc_messages(doc, err);
}

int md_doc_make(md_doc *doc, const md_subject *since, md_error *err) {
  int code = begin(doc, err);
  if (!code) code = md_paths_read(&doc->paths, &doc->subject, doc->settings, doc->arena, err);
  if (code) return code;
  md_doc_definition(doc);
  code = md_doc_messages(doc, err);
  if (!code) code = md_doc_steps(doc, err);
  json_object_set(doc->json, "events", doc->events);
  put_graph(doc);
  return code ? code : md_doc_changes(doc, since, err);
}
