// SPDX-License-Identifier: Apache-2.0
// Documents as one HTML page: no script, nothing loaded from elsewhere. Whatever a text holds stays text. Pure.
#include "cli/describe_page.h"
#include "cli/describe_style.h"
#include "message/html.h"
#include <string.h>

static void page_escape(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len;) {
    size_t plain = i;
    while (plain < len && (text[plain] == '\n' || text[plain] == '\t' || (unsigned char)text[plain] >= 0x20))
      plain++;
    md_html_escape(out, text + i, plain - i);
    i = plain;
    if (i == len) break;
    md_buffer_puts(out, "\xef\xbf\xbd");
    i++;
  }
}

void md_page_escape(md_buffer *out, const char *text) {
  page_escape(out, text, strlen(text));
}

static void element(md_buffer *out, const char *open, const char *text, const char *close) {
  md_buffer_puts(out, open);
  md_page_escape(out, text ? text : "");
  md_buffer_puts(out, close);
}

static bool identifier_has(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// An attribute's value made of other people's words: what an identifier may not have becomes "-".
static void identifier(md_buffer *out, const char *text) {
  for (; *text; text++)
    md_buffer_putc(out, identifier_has(*text) || strchr("_.", *text) ? *text : '-');
}

static void link_to(md_buffer *out, const char *target, const char *text) {
  md_buffer_puts(out, "<a href=\"");
  if (*target == '#') {
    md_buffer_putc(out, '#');
    identifier(out, target + 1);
  } else {
    md_page_escape(out, target);
  }
  element(out, "\">", text, "</a>");
}

static void line(md_buffer *out, const json_t *what) {
  size_t i;
  json_t *part;
  if (json_is_string(what)) md_page_escape(out, json_string_value(what));
  json_array_foreach((json_t *)what, i, part) line(out, part);
  if (!json_is_object(what)) return;
  const char *code = md_json_text(what, "code"), *mark = md_json_text(what, "mark"), *text = md_json_text(what, "text");
  const char *target = md_json_text(what, "link"), *anchor = md_json_text(what, "anchor");
  if (md_json_text(what, "place")) element(out, "<code class=\"place\">", md_json_text(what, "place"), "</code>");
  if (code && *code) element(out, "<code>", code, "</code>");
  if (mark) element(out, "<span class=\"mark\">", mark, "</span>");
  if (json_object_get(what, "break")) md_buffer_puts(out, "<br>");
  if (target) link_to(out, target, text);
  if (anchor) {
    md_buffer_puts(out, "<span id=\"");
    identifier(out, anchor);
    element(out, "\">", text, "</span>");
  }
}

static void cell(md_buffer *out, const char *open, const json_t *what, const char *close) {
  md_buffer_puts(out, open);
  line(out, what);
  md_buffer_puts(out, close);
}

static void table(md_buffer *out, const json_t *block) {
  size_t i, k;
  json_t *row, *one;
  bool said = json_is_true(json_object_get(block, "said"));
  md_buffer_puts(out, "<div class=\"scroll\">\n<table class=\"list\">\n");
  element(out, said ? "<caption><span class=\"heard\">" : "<caption>", md_json_text(block, "caption"),
          said ? "</span></caption>\n<thead><tr>" : "</caption>\n<thead><tr>");
  json_array_foreach(json_object_get(block, "columns"), i, one) cell(out, "<th scope=\"col\">", one, "</th>");
  md_buffer_puts(out, "</tr></thead>\n<tbody>\n");
  json_array_foreach(json_object_get(block, "rows"), i, row) {
    md_buffer_puts(out, "<tr>");
    json_array_foreach(row, k, one) cell(out, k ? "<td>" : "<th scope=\"row\">", one, k ? "</td>" : "</th>");
    md_buffer_puts(out, "</tr>\n");
  }
  md_buffer_puts(out, "</tbody>\n</table>\n</div>\n");
}

static void facts(md_buffer *out, const json_t *rows) {
  size_t i;
  json_t *row;
  md_buffer_puts(out, "<table>\n<tbody>\n");
  json_array_foreach((json_t *)rows, i, row) {
    cell(out, "<tr><th scope=\"row\">", json_array_get(row, 0), "</th>");
    cell(out, "<td>", json_array_get(row, 1), "</td></tr>\n");
  }
  md_buffer_puts(out, "</tbody>\n</table>\n");
}

static void list(md_buffer *out, const json_t *lines) {
  size_t i;
  json_t *one;
  md_buffer_puts(out, "<ul>\n");
  json_array_foreach((json_t *)lines, i, one) cell(out, "<li>", one, "</li>\n");
  md_buffer_puts(out, "</ul>\n");
}

// An opening tag in the language of a locale: "da_DK" is da-DK.
static void in_language(md_buffer *out, const char *open, const char *locale) {
  md_buffer_printf(out, "%s lang=\"", open);
  for (; *locale; locale++)
    md_buffer_putc(out, identifier_has(*locale) ? *locale : '-');
  md_buffer_puts(out, "\">");
}

// Blanks at the end of lines, which nobody sees, are left out, and empty lines at the end.
static void preformatted(md_buffer *out, const char *text, const char *locale) {
  size_t empty = 0;
  in_language(out, "<pre", locale);
  if (*text == '\n') md_buffer_putc(out, '\n'); // HTML takes the first one away
  while (*text) {
    size_t len = strcspn(text, "\n"), shown = len;
    while (shown > 0 && strchr(" \t\r", text[shown - 1]))
      shown--;
    for (; shown && empty; empty--)
      md_buffer_putc(out, '\n');
    page_escape(out, text, shown);
    empty += text[len] == '\n';
    text += len + (text[len] == '\n');
  }
  md_buffer_puts(out, "</pre>\n");
}

static void mail(md_buffer *out, const json_t *copy) {
  const char *variant = md_json_text(copy, "variant"), *unfilled = md_json_text(copy, "unfilled");
  const char *text = md_json_text(copy, unfilled ? "source" : "text"), *spec = md_json_text(copy, "spec");
  const char *locale = md_json_text(copy, "locale");
  md_buffer_puts(out, "<article class=\"mail\">\n<header>\n<p class=\"soft\"><span class=\"mark\">");
  md_page_escape(out, locale);
  md_buffer_puts(out, "</span> ");
  if (variant) element(out, "variant <span class=\"mark\">", variant, "</span> ");
  element(out, "<code>", md_json_text(copy, "file"), "</code></p>\n");
  if (!unfilled) in_language(out, "<p class=\"subject\"", locale);
  if (!unfilled) element(out, "", md_json_text(copy, "subject"), "</p>\n");
  if (!unfilled) in_language(out, "<p class=\"soft\"", locale);
  if (!unfilled) element(out, "", md_json_text(copy, "preview"), "</p>\n");
  if (unfilled) element(out, "<p class=\"soft\">As it is written: ", unfilled, "</p>\n");
  if (spec) element(out, "<p class=\"soft\">Filled as in the spec “", spec, "”</p>\n");
  md_buffer_puts(out, "</header>\n");
  preformatted(out, text ? text : "", locale);
  md_buffer_puts(out, "</article>\n");
}

static void diff(md_buffer *out, const json_t *lines) {
  size_t i;
  json_t *one;
  md_buffer_puts(out, "<pre class=\"diff\">");
  json_array_foreach((json_t *)lines, i, one) {
    const char *sign = json_string_value(json_array_get(one, 0)), *text = json_string_value(json_array_get(one, 1));
    const char *tag = *sign == '+' ? "ins" : *sign == '-' ? "del" : "span";
    md_buffer_printf(out, "<%s>%s ", tag, *sign == '~' ? "…" : *sign == '-' ? "−" : *sign == '+' ? "+" : " ");
    md_page_escape(out, text);
    md_buffer_printf(out, "</%s>", tag);
  }
  md_buffer_puts(out, "</pre>\n");
}

static void figure(md_buffer *out, const md_page *page) {
  md_buffer drawing;
  md_buffer_init(&drawing);
  if (md_graph_svg(page->graph, page->arena, &drawing) && md_buffer_ok(&drawing)) {
    md_buffer_puts(out, "<figure tabindex=\"0\" aria-label=\"Drawing of the steps\">\n");
    md_buffer_append(out, drawing.data, drawing.len);
    md_buffer_puts(out, "</figure>\n");
  } else {
    md_buffer_puts(out, "<p>There are too many steps for a drawing.</p>\n");
  }
  out->failed |= drawing.failed;
  md_buffer_deinit(&drawing);
}

static void heading(md_buffer *out, const json_t *block) {
  int level = (int)json_integer_value(json_object_get(block, "level"));
  md_buffer_printf(out, "<h%d id=\"", level);
  identifier(out, md_json_text(block, "id"));
  element(out, "\">", md_json_text(block, "text"), "");
  md_buffer_printf(out, "</h%d>\n", level);
}

static void write_block(md_buffer *out, const md_page *page, const json_t *block) {
  const char *kind = md_json_text(block, "kind");
  if (!kind) out->failed = true; // memory was short
  if (!kind) return;
  if (strcmp(kind, "heading") == 0) heading(out, block);
  if (strcmp(kind, "text") == 0) cell(out, "<p>", json_object_get(block, "line"), "</p>\n");
  if (strcmp(kind, "list") == 0) list(out, json_object_get(block, "lines"));
  if (strcmp(kind, "facts") == 0) facts(out, json_object_get(block, "rows"));
  if (strcmp(kind, "table") == 0) table(out, block);
  if (strcmp(kind, "mail") == 0) mail(out, json_object_get(block, "copy"));
  if (strcmp(kind, "diff") == 0) diff(out, json_object_get(block, "lines"));
  if (strcmp(kind, "figure") == 0) figure(out, page);
}

// The headings of the second level, for whoever looks for one of them.
static void contents(md_buffer *out, const json_t *blocks) {
  size_t i;
  json_t *block;
  md_buffer_puts(out, "<nav aria-label=\"Contents\">\n<ul>\n");
  json_array_foreach((json_t *)blocks, i, block) {
    if (json_integer_value(json_object_get(block, "level")) != 2) continue;
    const char *target = md_json_text(block, "id");
    md_buffer_puts(out, "<li><a href=\"#");
    identifier(out, target);
    element(out, "\">", md_json_text(block, "text"), "</a></li>\n");
  }
  md_buffer_puts(out, "</ul>\n</nav>\n");
}

void md_page_html(const md_page *page, md_buffer *out) {
  size_t i;
  json_t *block;
  md_buffer_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"referrer\" content=\"no-referrer\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'\">\n");
  element(out, "<title>", page->title, "</title>\n<style>\n");
  md_buffer_puts(out, md_describe_style);
  md_buffer_puts(out, "</style>\n</head>\n<body>\n<main>\n");
  json_array_foreach(page->blocks, i, block) {
    write_block(out, page, block);
    if (i == 0) contents(out, page->blocks);
  }
  md_buffer_puts(out, "</main>\n</body>\n</html>\n");
}
