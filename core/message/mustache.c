// SPDX-License-Identifier: Apache-2.0
// The compiler of Mustache: settled tokens → a tree of nodes in the arena. Pure; any thread.
#include "message/mustache.h"
#include "message/mustache_scan.h"
#include <string.h>

typedef struct builder {
  md_mustache_tokens tokens;
  struct {
    md_mustache_node *open; // NULL: the root
    md_mustache_node **end; // where the next node is hung
  } stack[MD_MUSTACHE_DEPTH + 1];
  int depth;
  md_mustache_node *last; // when it is text that the next text may be joined with
} builder;

static int out_of_memory(const builder *b) {
  return md_error_set(b->tokens.err, MD_ENOMEM, "%s: out of memory", b->tokens.file);
}

static md_mustache_node *add(builder *b, md_mustache_kind kind, const md_mustache_token *token) {
  md_mustache_node *node = md_arena_alloc_zero(b->tokens.arena, sizeof *node);
  if (!node) return NULL;
  node->kind = (unsigned char)kind;
  node->file = b->tokens.file;
  node->line = token->line;
  node->dynamic = token->dynamic;
  node->indent = token->indent;
  node->len = token->len;
  node->text = kind == MD_MUSTACHE_TEXT ? token->text : md_arena_strndup(b->tokens.arena, token->text, token->len);
  if (!node->text) return NULL;
  *b->stack[b->depth].end = node;
  b->stack[b->depth].end = &node->next;
  return node;
}

static int add_text(builder *b, const md_mustache_token *token) {
  if (token->len == 0) return 0;
  if (b->last && b->last->text + b->last->len == token->text) {
    b->last->len += token->len;
    return 0;
  }
  b->last = add(b, MD_MUSTACHE_TEXT, token);
  return b->last ? 0 : out_of_memory(b);
}

static int add_leaf(builder *b, const md_mustache_token *token) {
  md_mustache_node *node = add(b, token->kind == '>' ? MD_MUSTACHE_PARTIAL : MD_MUSTACHE_VARIABLE, token);
  if (!node) return out_of_memory(b);
  node->raw = token->kind == '&';
  return 0;
}

static int open_node(builder *b, int index) {
  const md_mustache_token *token = &b->tokens.items[index];
  md_mustache_kind kind = token->kind == '#'   ? MD_MUSTACHE_SECTION
                          : token->kind == '^' ? MD_MUSTACHE_INVERTED
                          : token->kind == '<' ? MD_MUSTACHE_PARENT
                                               : MD_MUSTACHE_BLOCK;
  md_mustache_node *node = add(b, kind, token);
  if (!node) return out_of_memory(b);
  b->depth++;
  b->stack[b->depth].open = node;
  b->stack[b->depth].end = &node->children;
  return 0;
}

static int add_token(builder *b, int index) {
  const md_mustache_token *token = &b->tokens.items[index];
  if (token->kind == 't') return add_text(b, token);
  b->last = NULL;
  switch (token->kind) {
  case 'v':
  case '&':
  case '>':
    return add_leaf(b, token);
  case '/':
    b->stack[b->depth--].open->close_indent = token->indent;
    return 0;
  case '!':
  case '=':
    return 0;
  default:
    return open_node(b, index);
  }
}

int md_mustache_compile(const char *file, int first_line, const char *text, size_t len, md_arena *arena,
                        const md_mustache **out, md_error *err) {
  builder b = {.tokens = {.arena = arena, .err = err}};
  md_mustache *template = md_arena_alloc_zero(arena, sizeof *template);
  b.tokens.file = md_arena_strdup(arena, file);
  if (!template || !b.tokens.file) return md_error_set(err, MD_ENOMEM, "%s: out of memory", file);
  template->file = b.tokens.file;
  b.stack[0].end = &template->first;
  int rc = md_mustache_scan(&b.tokens, first_line, text, len);
  if (rc == 0) rc = md_mustache_settle(&b.tokens);
  for (int i = 0; rc == 0 && i < b.tokens.count; i++)
    rc = add_token(&b, i);
  if (rc == 0) *out = template;
  return rc;
}
