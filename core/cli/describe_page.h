// SPDX-License-Identifier: Apache-2.0
// A document for people as a list of blocks, from which Markdown and HTML are written. One thread; JSON in the arena in
// scope.
//
// What stands in a line is plain text (a JSON string; never markup), { code: TEXT }, { link: TARGET, text: TEXT },
// { mark: TEXT } (a small label), or a list of these.
#pragma once
#include "base/buffer.h"
#include "base/json.h"
#include "cli/describe_doc.h"

typedef struct md_page {
  md_arena *arena;
  json_t *blocks;
  const char *title;
  const md_graph *graph; // of the figure; or NULL
} md_page;

json_t *md_inline_plain(const char *text); // NULL: the empty text
json_t *md_inline_code(const char *text);
json_t *md_inline_place(const char *text); // { place: "moment.lua:12" }
json_t *md_inline_mark(const char *text);
json_t *md_inline_link(const char *target, const char *text);
json_t *md_inline_of(json_t *first, ...); // a list of these, ended by NULL; takes them

// What starts a moment, by its document: event types, schedules in words.
json_t *md_inline_starts(md_arena *arena, const json_t *doc);

void md_page_heading(md_page *page, int level, const char *id, const char *text);
void md_page_text(md_page *page, json_t *line);
void md_page_list(md_page *page, json_t *lines); // an array of lines
json_t *md_page_facts(md_page *page);            // a table of two columns, the first its rows' names
void md_page_fact(json_t *facts, const char *name, json_t *line);
json_t *md_page_table(md_page *page, const char *caption, ...); // its columns' names, ended by NULL
void md_page_row(json_t *table, json_t *first, ...);            // cells, ended by NULL; takes them
void md_page_mail(md_page *page, const json_t *copy);           // of doc.messages[].copy[]
void md_page_diff(md_page *page, const json_t *lines);          // of doc.changes
void md_page_figure(md_page *page);                             // the graph

// The document of one moment (describe_compose.c).
void md_page_of_moment(md_page *page, const md_doc *doc);
// The overview of many (describe_overview.c). `docs`: outlines, or { moment, error }. `ending`: of the files that the
// moments are in (".html"), NULL: there are none to link to.
void md_page_of_moments(md_page *page, const json_t *docs, const char *ending);

void md_page_markdown(const md_page *page, md_buffer *out); // describe_markdown.c
void md_page_html(const md_page *page, md_buffer *out);     // describe_html.c
// describe_svg.c: the graph as a drawing; false where it is too large for one.
bool md_graph_svg(const md_graph *graph, md_arena *arena, md_buffer *out);
// "&lt;": text, or the value of an attribute in quotes, for HTML and SVG. Control characters are replaced.
void md_page_escape(md_buffer *out, const char *text);
