// SPDX-License-Identifier: Apache-2.0
// Documents as Markdown (CommonMark with tables). Whatever a text holds stays text. Pure.
#include "cli/describe_page.h"
#include <string.h>

// A text within a line: what Markdown or HTML would read is escaped, line ends are blanks.
static void escape(md_buffer *out, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '\n' || c == '\r' || c == '\t')
      md_buffer_putc(out, ' ');
    else if (c < 0x20 || c == 0x7f)
      md_buffer_puts(out, "\xef\xbf\xbd");
    else if (strchr("\\`*_{}[]<>#|~!&", c))
      md_buffer_printf(out, "\\%c", c);
    else
      md_buffer_putc(out, (char)c);
  }
}

// The longest run of backticks, which a fence must exceed.
static size_t longest_ticks(const char *text) {
  size_t longest = 0, run = 0;
  for (; *text; text++) {
    run = *text == '`' ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

static void ticks(md_buffer *out, size_t count) {
  while (count--)
    md_buffer_putc(out, '`');
}

// A code span on one line; a bar in it would end a table's cell.
static void code(md_buffer *out, const char *text) {
  size_t fence = longest_ticks(text) + 1;
  bool apart = fence > 1 || *text == ' ';
  if (!*text) return;
  ticks(out, fence);
  if (apart) md_buffer_putc(out, ' ');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '|') md_buffer_putc(out, '\\');
    md_buffer_putc(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
  }
  if (apart) md_buffer_putc(out, ' ');
  ticks(out, fence);
}

static void line(md_buffer *out, const json_t *what) {
  size_t i;
  json_t *part;
  const char *plain = json_string_value(what);
  if (plain) escape(out, plain);
  json_array_foreach((json_t *)what, i, part) line(out, part);
  if (!json_is_object(what)) return;
  const char *as_code = md_json_text(what, "code"), *mark = md_json_text(what, "mark"),
             *text = md_json_text(what, "text");
  const char *target = md_json_text(what, "link");
  if (as_code) code(out, as_code);
  if (md_json_text(what, "place")) code(out, md_json_text(what, "place"));
  if (mark) {
    md_buffer_puts(out, "**");
    escape(out, mark);
    md_buffer_puts(out, "**");
  }
  if (json_object_get(what, "break")) md_buffer_puts(out, "<br>");
  bool file = target && *target != '#';
  if (file) md_buffer_putc(out, '[');
  if (text) escape(out, text);
  if (file) md_buffer_printf(out, "](%s)", target);
}

static void row(md_buffer *out, const json_t *cells) {
  size_t i;
  json_t *cell;
  json_array_foreach((json_t *)cells, i, cell) {
    md_buffer_puts(out, i ? " | " : "| ");
    line(out, cell);
  }
  md_buffer_puts(out, " |\n");
}

static void rule(md_buffer *out, size_t columns) {
  for (size_t i = 0; i < columns; i++)
    md_buffer_puts(out, i ? " | ---" : "| ---");
  md_buffer_puts(out, " |\n");
}

static void table(md_buffer *out, const json_t *columns, const json_t *rows) {
  size_t i;
  json_t *cells;
  row(out, columns);
  rule(out, json_array_size(columns));
  json_array_foreach((json_t *)rows, i, cells) row(out, cells);
  md_buffer_putc(out, '\n');
}

static void facts(md_buffer *out, const json_t *rows) {
  size_t i;
  json_t *cells;
  md_buffer_puts(out, "| | |\n| --- | --- |\n");
  json_array_foreach((json_t *)rows, i, cells) {
    md_buffer_puts(out, "| **");
    line(out, json_array_get(cells, 0));
    md_buffer_puts(out, "** | ");
    line(out, json_array_get(cells, 1));
    md_buffer_puts(out, " |\n");
  }
  md_buffer_putc(out, '\n');
}

static void fenced(md_buffer *out, const char *language, const char *text) {
  size_t fence = longest_ticks(text) + 1;
  if (fence < 3) fence = 3;
  ticks(out, fence);
  md_buffer_printf(out, "%s\n", language);
  for (const char *at = text; *at; at++) {
    unsigned char c = (unsigned char)*at;
    if (c >= 0x20 || c == '\n' || c == '\t') md_buffer_putc(out, (char)c);
  }
  size_t len = strlen(text);
  if (len == 0 || text[len - 1] != '\n') md_buffer_putc(out, '\n');
  ticks(out, fence);
  md_buffer_puts(out, "\n\n");
}

static void mail(md_buffer *out, const json_t *copy) {
  const char *variant = md_json_text(copy, "variant"), *unfilled = md_json_text(copy, "unfilled");
  const char *text = md_json_text(copy, "text"), *source = md_json_text(copy, "source");
  md_buffer_puts(out, "**");
  escape(out, md_json_text(copy, "locale"));
  if (variant) {
    md_buffer_puts(out, ", variant ");
    escape(out, variant);
  }
  md_buffer_puts(out, "** (");
  code(out, md_json_text(copy, "file"));
  md_buffer_puts(out, ")");
  if (unfilled) {
    md_buffer_puts(out, ", as it is written: ");
    escape(out, unfilled);
    md_buffer_puts(out, "\n\n");
    fenced(out, "text", source ? source : "");
    return;
  }
  md_buffer_puts(out, "  \nSubject: ");
  escape(out, md_json_text(copy, "subject") ? md_json_text(copy, "subject") : "");
  md_buffer_puts(out, "  \nPreview: ");
  escape(out, md_json_text(copy, "preview") ? md_json_text(copy, "preview") : "");
  if (md_json_text(copy, "spec")) {
    md_buffer_puts(out, "  \nFilled as in the spec “");
    escape(out, md_json_text(copy, "spec"));
    md_buffer_puts(out, "”");
  }
  md_buffer_puts(out, "\n\n");
  fenced(out, "text", text ? text : "");
}

static void diff(md_buffer *out, const json_t *lines) {
  md_buffer text;
  size_t i;
  json_t *one;
  md_buffer_init(&text);
  json_array_foreach((json_t *)lines, i, one) {
    const char *sign = json_string_value(json_array_get(one, 0));
    md_buffer_printf(&text, "%s%s\n", *sign == '~' ? " …" : sign, json_string_value(json_array_get(one, 1)));
  }
  md_buffer_putc(&text, '\0');
  if (md_buffer_ok(&text))
    fenced(out, "diff", text.data);
  else
    out->failed = true;
  md_buffer_deinit(&text);
}

// A text in a mermaid diagram: in quotes, with entities for what would end them or be markup.
static void mermaid_text(md_buffer *out, const char *text) {
  md_buffer_putc(out, '"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (strchr("\"<>&#;`|[](){}\\", c))
      md_buffer_printf(out, "#%d;", c);
    else
      md_buffer_putc(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
  }
  md_buffer_putc(out, '"');
}

static void figure(md_buffer *out, const md_graph *all) {
  static const char *const opens[] = {"([", "[/", "[", "[[", "{", "[", "((", "(("};
  static const char *const closes[] = {"])", "/]", "]", "]]", "}", "]", "))", "))"};
  md_graph simple;
  const md_graph *graph = &simple;
  md_graph_simplify(all, &simple);
  out->failed |= simple.failed;
  if (simple.failed) return;
  md_buffer_puts(out, "```mermaid\nflowchart TD\n");
  for (int i = 0; i < graph->node_count; i++) {
    const md_graph_node *node = &graph->nodes[i];
    md_buffer_printf(out, "  n%d%s", i + 1, opens[node->kind]);
    mermaid_text(out, node->text);
    md_buffer_printf(out, "%s\n", closes[node->kind]);
  }
  for (int i = 0; i < graph->edge_count; i++) {
    const md_graph_edge *edge = &graph->edges[i];
    md_buffer_printf(out, "  n%d -->", edge->from + 1);
    if (*edge->label) {
      md_buffer_putc(out, '|');
      mermaid_text(out, edge->label);
      md_buffer_putc(out, '|');
    }
    md_buffer_printf(out, " n%d\n", edge->to + 1);
  }
  md_buffer_puts(out, "```\n\n");
}

static void heading(md_buffer *out, const json_t *block) {
  json_int_t level = json_integer_value(json_object_get(block, "level"));
  while (level-- > 0)
    md_buffer_putc(out, '#');
  md_buffer_putc(out, ' ');
  escape(out, md_json_text(block, "text"));
  md_buffer_puts(out, "\n\n");
}

static void list(md_buffer *out, const json_t *lines) {
  size_t i;
  json_t *one;
  json_array_foreach((json_t *)lines, i, one) {
    md_buffer_puts(out, "- ");
    line(out, one);
    md_buffer_putc(out, '\n');
  }
  md_buffer_putc(out, '\n');
}

static void write_block(md_buffer *out, const md_page *page, const json_t *block) {
  const char *kind = md_json_text(block, "kind");
  const json_t *rows = json_object_get(block, "rows"), *lines = json_object_get(block, "lines");
  if (!kind) out->failed = true; // memory was short
  if (!kind) return;
  if (strcmp(kind, "heading") == 0) heading(out, block);
  if (strcmp(kind, "text") == 0) {
    line(out, json_object_get(block, "line"));
    md_buffer_puts(out, "\n\n");
  }
  if (strcmp(kind, "list") == 0) list(out, lines);
  if (strcmp(kind, "facts") == 0) facts(out, rows);
  if (strcmp(kind, "table") == 0) table(out, json_object_get(block, "columns"), rows);
  if (strcmp(kind, "mail") == 0) mail(out, json_object_get(block, "copy"));
  if (strcmp(kind, "diff") == 0) diff(out, lines);
  if (strcmp(kind, "figure") == 0) figure(out, page->graph);
}

void md_page_markdown(const md_page *page, md_buffer *out) {
  size_t i;
  json_t *block;
  json_array_foreach(page->blocks, i, block) write_block(out, page, block);
  while (out->len > 1 && out->data[out->len - 1] == '\n' && out->data[out->len - 2] == '\n')
    out->data[--out->len] = '\0';
}
