// SPDX-License-Identifier: Apache-2.0
// Sections that span blocks: puts what Markdown took apart at their tags together again. Pure.
#include "message/markdown_blocks.h"

enum { LEVELS_MAX = 32 }; // quotes and lists in each other

int md_markdown_blocks_marker(cmark_node *node, const md_markdown_tags *tags) {
  if (cmark_node_get_type(node) == CMARK_NODE_ITEM) {
    node = cmark_node_first_child(node);
    if (!node || cmark_node_next(node)) return -1;
  }
  return cmark_node_get_type(node) == CMARK_NODE_HTML_BLOCK
             ? md_markdown_tags_marker(tags, cmark_node_get_literal(node))
             : -1;
}

// How far a run of siblings goes that can be made one.
typedef struct run {
  cmark_node *last; // NULL: none
  int depth;        // of sections
  int members;      // lists or paragraphs
  int outside;      // of these, those in no section
  int markers;
} run;

// Counts `node` in; false when the run ends before it. It is whole where every section is closed.
static bool extend(run *r, cmark_node *node, int tag, const md_markdown_tags *tags, bool inside_will_do) {
  if (tag >= 0) {
    r->depth += tags->items[tag].opener >= 0 ? -1 : 1;
    r->markers++;
  } else {
    r->members++;
    r->outside += r->depth == 0;
  }
  if (r->depth < 0) return false;
  if (r->depth == 0 && r->markers && r->members && (r->outside || inside_will_do)) r->last = node;
  return true;
}

// Lists of one kind with at least a tag between two.
static run list_run(cmark_node *first, const md_markdown_tags *tags) {
  run r = {0};
  cmark_list_type type = CMARK_NO_LIST;
  bool after_list = false;
  for (cmark_node *n = first; n; n = cmark_node_next(n)) {
    int tag = md_markdown_blocks_marker(n, tags);
    if (tag < 0) {
      if (cmark_node_get_type(n) != CMARK_NODE_LIST || after_list) break;
      if (type != CMARK_NO_LIST && cmark_node_get_list_type(n) != type) break;
      type = cmark_node_get_list_type(n);
    }
    after_list = tag < 0;
    if (!extend(&r, n, tag, tags, true)) break;
  }
  return r;
}

// Paragraphs and tags on lines that follow each other, of which at least one paragraph is in no section, or one ends
// in a line break.
static run text_run(cmark_node *first, const md_markdown_tags *tags) {
  run r = {0};
  int line = 0;
  bool hard = false;
  for (cmark_node *n = first; n; n = cmark_node_next(n)) {
    int tag = md_markdown_blocks_marker(n, tags);
    if (tag < 0 && cmark_node_get_type(n) != CMARK_NODE_PARAGRAPH) break;
    if (line && cmark_node_get_start_line(n) != line + 1) break;
    line = tag < 0 ? cmark_node_get_end_line(n) : cmark_node_get_start_line(n);
    hard = hard || (tag >= 0 && r.members && tags->items[tag].hard);
    if (!extend(&r, n, tag, tags, hard)) break;
  }
  return r;
}

static void move_children(cmark_node *from, cmark_node *to) {
  for (cmark_node *child; (child = cmark_node_first_child(from));)
    cmark_node_append_child(to, child);
  cmark_node_unlink(from);
  cmark_node_free(from);
}

static cmark_node *join_lists(cmark_node *first, cmark_node *last, const md_markdown_tags *tags) {
  cmark_node *list = cmark_node_new(CMARK_NODE_LIST), *end = cmark_node_next(last);
  cmark_node_insert_before(first, list);
  bool tight = true, begun = false;
  for (cmark_node *n = first, *next; n != end; n = next) {
    next = cmark_node_next(n);
    if (md_markdown_blocks_marker(n, tags) >= 0) {
      cmark_node *item = cmark_node_new(CMARK_NODE_ITEM);
      cmark_node_append_child(list, item);
      cmark_node_append_child(item, n);
      continue;
    }
    if (!begun) {
      cmark_node_set_list_type(list, cmark_node_get_list_type(n));
      if (cmark_node_get_list_type(n) == CMARK_ORDERED_LIST)
        cmark_node_set_list_start(list, cmark_node_get_list_start(n));
      begun = true;
    }
    tight = tight && cmark_node_get_list_tight(n);
    move_children(n, list);
  }
  cmark_node_set_list_tight(list, tight);
  return list;
}

static cmark_node *join_texts(cmark_node *first, cmark_node *last, const md_markdown_tags *tags) {
  cmark_node *paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH), *end = cmark_node_next(last);
  cmark_node_insert_before(first, paragraph);
  for (cmark_node *n = first, *next; n != end; n = next) {
    next = cmark_node_next(n);
    if (md_markdown_blocks_marker(n, tags) >= 0) {
      cmark_node *marker = cmark_node_new(CMARK_NODE_HTML_INLINE);
      cmark_node_set_literal(marker, cmark_node_get_literal(n));
      cmark_node_append_child(paragraph, marker);
      cmark_node_unlink(n);
      cmark_node_free(n);
      continue;
    }
    move_children(n, paragraph);
    if (next == end) break;
    int tag = md_markdown_blocks_marker(next, tags);
    bool hard = tag >= 0 && tags->items[tag].hard;
    cmark_node_append_child(paragraph, cmark_node_new(hard ? CMARK_NODE_LINEBREAK : CMARK_NODE_SOFTBREAK));
  }
  return paragraph;
}

static int join(cmark_node *parent, const md_markdown_tags *tags, int level, const char *file, md_error *err) {
  if (level > LEVELS_MAX)
    return md_error_set(err, MD_ETOOBIG, "%s: lists and quotes nest deeper than %d", file, LEVELS_MAX);
  for (cmark_node *n = cmark_node_first_child(parent); n; n = cmark_node_next(n)) {
    cmark_node_type type = cmark_node_get_type(n);
    if (type != CMARK_NODE_LIST && type != CMARK_NODE_PARAGRAPH && md_markdown_blocks_marker(n, tags) < 0) continue;
    run r = list_run(n, tags);
    if (r.last) {
      n = join_lists(n, r.last, tags);
      continue;
    }
    r = text_run(n, tags);
    if (r.last) n = join_texts(n, r.last, tags);
  }
  for (cmark_node *n = cmark_node_first_child(parent); n; n = cmark_node_next(n)) {
    cmark_node_type type = cmark_node_get_type(n);
    bool holds = type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM || type == CMARK_NODE_BLOCK_QUOTE;
    int rc = holds ? join(n, tags, level + 1, file, err) : 0;
    if (rc) return rc;
  }
  return 0;
}

int md_markdown_blocks_join(cmark_node *document, const md_markdown_tags *tags, const char *file, md_error *err) {
  return join(document, tags, 0, file, err);
}
