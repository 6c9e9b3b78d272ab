// SPDX-License-Identifier: Apache-2.0
// A Mustache tree as it is written by the two renderings of a Markdown document. Pure.
#include "message/markdown_out.h"
#include <string.h>

static void no_memory(md_markdown_out *out) {
  if (out->rc == 0) out->rc = md_error_set(out->err, MD_ENOMEM, "%s: out of memory", out->file);
}

void md_markdown_out_too_deep(md_markdown_out *out, const char *what) {
  if (out->rc == 0) out->rc = md_error_set(out->err, MD_ETOOBIG, "%s: %s nest too deep", out->file, what);
}

int md_markdown_out_init(md_markdown_out *out, const md_markdown_tags *tags, const char *file, md_arena *arena,
                         md_error *err) {
  *out = (md_markdown_out){.tags = tags, .arena = arena, .file = file, .err = err};
  md_buffer_init(&out->pending);
  out->template = md_arena_alloc_zero(arena, sizeof *out->template);
  if (!out->template) return md_error_set(err, MD_ENOMEM, "%s: out of memory", file);
  out->template->file = file;
  out->stack[0].end = &out->template->first;
  return 0;
}

static md_mustache_node *add(md_markdown_out *out, md_mustache_kind kind) {
  md_mustache_node *node = out->rc ? NULL : md_arena_alloc_zero(out->arena, sizeof *node);
  if (!node) {
    no_memory(out);
    return NULL;
  }
  node->kind = (unsigned char)kind;
  node->file = out->file;
  *out->stack[out->depth].end = node;
  out->stack[out->depth].end = &node->next;
  return node;
}

static void flush(md_markdown_out *out) {
  if (out->pending.len == 0 || out->rc) return;
  md_mustache_node *node = add(out, MD_MUSTACHE_TEXT);
  char *text = node ? md_arena_strndup(out->arena, out->pending.data, out->pending.len) : NULL;
  if (!text) {
    no_memory(out);
    return;
  }
  node->text = text;
  node->len = out->pending.len;
  md_buffer_clear(&out->pending);
}

void md_markdown_out_text(md_markdown_out *out, const char *text) {
  md_buffer_puts(&out->pending, text);
}

static void push(md_markdown_out *out, md_mustache_node *node, bool wrap, int tag, const void *owner) {
  if (!node) return;
  if (out->depth + 1 == MD_MARKDOWN_LEVELS) {
    md_markdown_out_too_deep(out, "elements");
    return;
  }
  out->depth++;
  out->stack[out->depth].end = &node->children;
  out->stack[out->depth].wrap = wrap ? node : NULL;
  out->stack[out->depth].tag = tag;
  out->stack[out->depth].owner = owner;
}

// A tag's node as it was compiled, but for what it is linked with; nothing in Markdown is raw.
static md_mustache_node *add_tag(md_markdown_out *out, const md_mustache_node *tag) {
  md_mustache_node *node = add(out, (md_mustache_kind)tag->kind);
  if (!node) return NULL;
  node->file = tag->file;
  node->line = tag->line;
  node->text = tag->text;
  node->len = tag->len;
  return node;
}

static void refuse_crossing(md_markdown_out *out, const md_mustache_node *section) {
  if (out->rc == 0)
    out->rc =
        md_error_set(out->err, MD_ESYNTAX,
                     "%s:%d: the section {{%c%s}} begins in one element and ends in another: put both tags into "
                     "the same text, or each on a line of its own",
                     section->file, section->line, section->kind == MD_MUSTACHE_SECTION ? '#' : '^', section->text);
}

void md_markdown_out_tag(md_markdown_out *out, int tag, const void *owner, md_markdown_place place) {
  flush(out);
  const md_markdown_tag *item = &out->tags->items[tag];
  if (item->opener >= 0) {
    bool fits = out->depth > 0 && !out->stack[out->depth].wrap && out->stack[out->depth].tag == item->opener &&
                out->stack[out->depth].owner == owner;
    if (fits)
      out->depth--;
    else
      refuse_crossing(out, item->node);
    return;
  }
  md_mustache_node *node = add_tag(out, item->node);
  if (!node || node->kind != MD_MUSTACHE_VARIABLE) {
    push(out, node, false, tag, owner);
    return;
  }
  node->url = place == MD_MARKDOWN_TARGET;
  node->flat = place == MD_MARKDOWN_FLAT;
}

void md_markdown_out_open(md_markdown_out *out, const char *text, const char *tail, char underline) {
  flush(out);
  md_mustache_node *node = add(out, MD_MUSTACHE_WRAP);
  if (!node) return;
  node->text = md_arena_strdup(out->arena, text);
  node->len = strlen(text);
  node->tail = md_arena_strdup(out->arena, tail);
  node->slot = (unsigned char)underline;
  if (!node->text || !node->tail) no_memory(out);
  push(out, node, true, -1, NULL);
}

void md_markdown_out_close(md_markdown_out *out) {
  flush(out);
  if (out->rc) return;
  if (out->stack[out->depth].wrap)
    out->depth--;
  else
    refuse_crossing(out, out->tags->items[out->stack[out->depth].tag].node);
}

void md_markdown_out_number(md_markdown_out *out, int slot, int number) {
  flush(out);
  md_mustache_node *node = add(out, MD_MUSTACHE_NUMBER);
  if (!node) return;
  node->slot = (unsigned char)slot;
  node->number = number;
}

void md_markdown_out_counted(md_markdown_out *out, int slot) {
  flush(out);
  md_mustache_node *node = add(out, MD_MUSTACHE_COUNTED);
  if (node) node->slot = (unsigned char)slot;
}

int md_markdown_out_finish(md_markdown_out *out, const md_mustache **template) {
  flush(out);
  if (!md_buffer_ok(&out->pending)) no_memory(out);
  if (out->rc == 0 && out->depth > 0) refuse_crossing(out, out->tags->items[out->stack[out->depth].tag].node);
  md_buffer_deinit(&out->pending);
  if (out->rc == 0) *template = out->template;
  return out->rc;
}
