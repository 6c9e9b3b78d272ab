// SPDX-License-Identifier: Apache-2.0
// White space around Mustache tags: lines of standalone tags go, and a block's content is kept without the indentation
// it was written with, to be given the one of the place it is put in (the specification's rules of inheritance). Pure.
#include "message/mustache_scan.h"
#include <string.h>

typedef struct settler {
  md_mustache_tokens *all;
  // The indentation that lines have by the blocks they stand in, innermost last.
  struct {
    const char *text;
    size_t len;
  } blocks[MD_MUSTACHE_DEPTH + 1];
  int depth;
} settler;

static bool blank(const md_mustache_token *token) {
  if (token->kind != 't') return false;
  for (size_t i = 0; i < token->len; i++)
    if (!strchr(" \t\r\n", token->text[i]) || !token->text[i]) return false;
  return true;
}

static size_t margin(const md_mustache_token *token) {
  size_t len = 0;
  while (token->kind == 't' && len < token->len && (token->text[len] == ' ' || token->text[len] == '\t'))
    len++;
  return len;
}

static bool inherits(const md_mustache_token *token) {
  return token->kind == '<' || token->kind == '$' ||
         (token->kind == '/' && (token->closes == '<' || token->closes == '$'));
}

static void drop_blanks(md_mustache_token *items, int from, int to) {
  for (int i = from; i < to; i++)
    if (blank(&items[i])) items[i].len = 0;
}

// The white space before the line's first tag as that tag's indent. False when out of memory.
static bool take_indent(settler *s, int from, int tag) {
  md_mustache_token *items = s->all->items;
  bool before = tag > from;
  items[tag].indent = md_arena_strndup(s->all->arena, before ? items[from].text : "", before ? items[from].len : 0);
  return items[tag].indent != NULL;
}

static int first_tag(const md_mustache_token *items, int from, int to) {
  while (from < to && items[from].kind == 't')
    from++;
  return from;
}

// A line of nothing but tags that may stand alone: one of any such kind, or several of inheritance, among which no
// block both opens and closes (then its line end belongs to what it brings), unless inside a parent of this line.
static bool only_tags(const md_mustache_token *items, int from, int to) {
  int tags = 0, parent_until = -1;
  bool inheritance = true;
  for (int i = from; i < to; i++) {
    if (items[i].kind == 't') {
      if (!blank(&items[i])) return false;
      continue;
    }
    tags++;
    if (items[i].kind == 'v' || items[i].kind == '&') return false;
    inheritance = inheritance && inherits(&items[i]);
    if (items[i].kind == '<' && items[i].match < to && items[i].match > parent_until) parent_until = items[i].match;
    if (items[i].kind == '$' && items[i].match < to && i > parent_until) return false;
  }
  return tags == 1 || (tags > 1 && inheritance);
}

// A line of nothing but whole parents, whatever stands in them.
static bool only_parents(const md_mustache_token *items, int from, int to) {
  bool any = false;
  for (int i = from; i < to; i++) {
    if (blank(&items[i])) continue;
    if (items[i].kind != '<' || items[i].match >= to) return false;
    i = items[i].match;
    any = true;
  }
  return any;
}

static bool settle_line(settler *s, int from, int to) {
  md_mustache_token *items = s->all->items;
  int tag = first_tag(items, from, to);
  if (tag == to) return true;
  bool led = tag == from || (tag == from + 1 && blank(&items[from])); // only white space before the tag
  if (only_tags(items, from, to)) {
    if (!take_indent(s, from, tag)) return false;
    drop_blanks(items, from, to);
  } else if (only_parents(items, from, to)) {
    if (!take_indent(s, from, tag)) return false;
    for (int i = from; i < to; i = items[i].kind == '<' ? items[i].match + 1 : i + 1)
      if (blank(&items[i])) items[i].len = 0;
  } else if (led && items[tag].kind == '$') {
    if (!take_indent(s, from, tag)) return false;
    drop_blanks(items, from, tag);
  }
  return true;
}

// The first line from `from` on that is not empty, if it is still content of the block that token `end` closes.
static const md_mustache_token *content_line(const md_mustache_tokens *all, int from, int end) {
  const md_mustache_token *items = all->items;
  for (int i = from; i < end; i++) {
    if (!items[i].line_start) continue;
    bool whole = i + 1 >= all->count || items[i + 1].line_start;
    if (blank(&items[i]) && (whole || i + 1 == end)) continue;
    return &items[i];
  }
  return NULL;
}

// A block's opening tag was met at `index`; its line ends before `line_end`. A block whose content begins on the next
// line takes its indentation from there.
static bool open_block(settler *s, int index, int line_end) {
  md_mustache_token *items = s->all->items;
  bool begins_below = items[index].match >= line_end;
  for (int i = index + 1; i < line_end; i++)
    if (items[i].kind != 't' || items[i].len > 0) begins_below = false;
  const md_mustache_token *line = begins_below ? content_line(s->all, line_end, items[index].match) : NULL;
  const char *outer = s->blocks[s->depth].text;
  size_t outer_len = s->blocks[s->depth].len;
  s->depth++;
  s->blocks[s->depth].text = outer;
  s->blocks[s->depth].len = outer_len;
  if (!line) return true;
  size_t len = margin(line), common = 0;
  while (common < len && common < outer_len && line->text[common] == outer[common])
    common++;
  s->blocks[s->depth].text = line->text;
  s->blocks[s->depth].len = len;
  items[index].indent = md_arena_strndup(s->all->arena, len ? line->text + common : "", len - common);
  return items[index].indent != NULL;
}

// Takes the indentation of the blocks around it from a line.
static void unindent(settler *s, md_mustache_token *first) {
  size_t len = margin(first), cut = 0;
  while (cut < len && cut < s->blocks[s->depth].len && first->text[cut] == s->blocks[s->depth].text[cut])
    cut++;
  first->text += cut;
  first->len -= cut;
}

int md_mustache_settle(md_mustache_tokens *tokens) {
  settler s = {.all = tokens};
  s.blocks[0].text = "";
  for (int from = 0, to; from < tokens->count; from = to) {
    for (to = from + 1; to < tokens->count && !tokens->items[to].line_start; to++)
      ;
    if (s.depth > 0 && tokens->items[from].kind == 't') unindent(&s, &tokens->items[from]);
    bool ok = settle_line(&s, from, to);
    for (int i = from; ok && i < to; i++) {
      if (tokens->items[i].kind == '$') ok = open_block(&s, i, to);
      if (tokens->items[i].kind == '/' && tokens->items[i].closes == '$') s.depth--;
    }
    if (!ok) return md_error_set(tokens->err, MD_ENOMEM, "%s: out of memory", tokens->file);
  }
  return 0;
}
