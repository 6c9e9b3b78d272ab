// SPDX-License-Identifier: Apache-2.0
// The scanner of Mustache: text and tags as tokens, opening and closing tags matched. Pure; any thread.
#include "message/mustache_scan.h"
#include <string.h>

enum { DELIMITER_MAX = 16, NAME_MAX_LEN = 200 };

typedef struct scanner {
  md_mustache_tokens *tokens;
  const char *at, *end;
  const char *open, *close; // delimiters
  size_t open_len, close_len;
  int line;
  bool line_start;
} scanner;

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int fail(const scanner *s, int line, const char *what) {
  return md_error_set(s->tokens->err, MD_ESYNTAX, "%s:%d: %s", s->tokens->file, line, what);
}

static md_mustache_token *push(scanner *s, char kind, const char *text, size_t len) {
  md_mustache_tokens *all = s->tokens;
  if (all->count == all->capacity) {
    int capacity = all->capacity ? 2 * all->capacity : 64;
    md_mustache_token *grown = md_arena_alloc(all->arena, (size_t)capacity * sizeof *grown);
    if (!grown) return NULL;
    if (all->count) memcpy(grown, all->items, (size_t)all->count * sizeof *grown);
    all->items = grown;
    all->capacity = capacity;
  }
  md_mustache_token *token = &all->items[all->count++];
  *token = (md_mustache_token){
      .kind = kind, .line_start = s->line_start, .line = s->line, .match = -1, .text = text, .len = len};
  s->line_start = false;
  return token;
}

static int out_of_memory(const scanner *s) {
  return md_error_set(s->tokens->err, MD_ENOMEM, "%s: out of memory", s->tokens->file);
}

// Text up to `stop`, a token a line.
static int scan_text(scanner *s, const char *stop) {
  while (s->at < stop) {
    const char *newline = memchr(s->at, '\n', (size_t)(stop - s->at));
    const char *next = newline ? newline + 1 : stop;
    if (!push(s, 't', s->at, (size_t)(next - s->at))) return out_of_memory(s);
    s->at = next;
    if (newline) {
      s->line++;
      s->line_start = true;
    }
  }
  return 0;
}

static void trim(const char **text, const char **end) {
  while (*text < *end && is_space(**text))
    ++*text;
  while (*end > *text && is_space((*end)[-1]))
    --*end;
}

// {{=<% %>=}}: the two delimiters, with white space between them.
static int scan_delimiters(scanner *s, const char *text, const char *end) {
  const char *gap = text;
  while (gap < end && !is_space(*gap))
    gap++;
  const char *second = gap;
  while (second < end && is_space(*second))
    second++;
  size_t open_len = (size_t)(gap - text), close_len = (size_t)(end - second);
  for (const char *c = second; c < end; c++)
    if (is_space(*c)) close_len = 0;
  if (!open_len || !close_len || open_len > DELIMITER_MAX || close_len > DELIMITER_MAX ||
      memchr(text, '=', (size_t)(end - text)))
    return fail(s, s->line, "new delimiters are written {{=<% %>=}}: two words without '='");
  s->open = text;
  s->open_len = open_len;
  s->close = second;
  s->close_len = close_len;
  return 0;
}

static int check_name(const scanner *s, const char *text, const char *end) {
  if (text == end) return fail(s, s->line, "a tag without a name: write {{name}}");
  if (end - text > NAME_MAX_LEN) return fail(s, s->line, "a tag's name is longer than 200 bytes: is a }} missing?");
  for (const char *c = text; c < end; c++)
    if (is_space(*c) || *c == '\0')
      return md_error_set(s->tokens->err, MD_ESYNTAX, "%s:%d: the name \"%.*s\" has white space in it: write {{name}}",
                          s->tokens->file, s->line, (int)(end - text), text);
  return 0;
}

static int add_tag(scanner *s, char kind, const char *text, const char *end) {
  trim(&text, &end);
  bool dynamic = false;
  if (kind == '=') {
    int rc = scan_delimiters(s, text, end);
    if (rc) return rc;
  } else if (kind != '!') {
    dynamic = (kind == '>' || kind == '<' || kind == '/') && text < end && *text == '*';
    if (dynamic) {
      text++;
      trim(&text, &end);
    }
    int rc = check_name(s, text, end);
    if (rc) return rc;
  }
  md_mustache_token *token = push(s, kind, text, (size_t)(end - text));
  if (!token) return out_of_memory(s);
  token->dynamic = dynamic;
  return 0;
}

// One tag, from behind its opening delimiter.
static int scan_tag(scanner *s) {
  const char *text = s->at;
  char closer[DELIMITER_MAX + 2] = "";
  char kind = 'v';
  if (text < s->end && *text && strchr("#^/><$!&={", *text)) kind = *text++;
  if (kind == '{' || kind == '=') closer[0] = kind == '{' ? '}' : '=';
  size_t extra = strlen(closer);
  memcpy(closer + extra, s->close, s->close_len);
  const char *stop = memmem(text, (size_t)(s->end - text), closer, s->close_len + extra);
  if (!stop)
    return md_error_set(s->tokens->err, MD_ESYNTAX, "%s:%d: a tag that does not end: write %.*s behind it",
                        s->tokens->file, s->line, (int)(s->close_len + extra), closer);
  const char *after = stop + s->close_len + extra;
  int rc = add_tag(s, kind == '{' ? '&' : kind, text, stop);
  for (const char *c = s->at; c < after; c++)
    s->line += *c == '\n';
  s->at = after;
  return rc;
}

// "{{#name}}" as the author may have written it, for errors.
static int fail_at(const md_mustache_tokens *all, const md_mustache_token *token, const char *what) {
  return md_error_set(all->err, MD_ESYNTAX, "%s:%d: {{%c%s%.*s}} %s", all->file, token->line, token->kind,
                      token->dynamic ? "*" : "", (int)token->len, token->text, what);
}

static int close_tag(md_mustache_tokens *all, int *stack, int *depth, int index) {
  md_mustache_token *token = &all->items[index];
  if (*depth == 0) return fail_at(all, token, "closes what was never opened: remove it");
  int opener = stack[--*depth];
  md_mustache_token *open = &all->items[opener];
  if (open->len != token->len || memcmp(open->text, token->text, token->len) != 0 || open->dynamic != token->dynamic)
    return md_error_set(all->err, MD_ESYNTAX, "%s:%d: {{/%.*s}} stands where {{%c%.*s}} of line %d is to be closed",
                        all->file, token->line, (int)token->len, token->text, open->kind, (int)open->len, open->text,
                        open->line);
  open->match = index;
  token->match = opener;
  token->closes = open->kind;
  return 0;
}

static int match(md_mustache_tokens *all) {
  int stack[MD_MUSTACHE_DEPTH], depth = 0;
  for (int i = 0; i < all->count; i++) {
    char kind = all->items[i].kind;
    if (kind == '/') {
      int rc = close_tag(all, stack, &depth, i);
      if (rc) return rc;
    } else if (kind == '#' || kind == '^' || kind == '<' || kind == '$') {
      if (depth == MD_MUSTACHE_DEPTH)
        return md_error_set(all->err, MD_ETOOBIG, "%s:%d: sections nest deeper than %d", all->file, all->items[i].line,
                            MD_MUSTACHE_DEPTH);
      stack[depth++] = i;
    }
  }
  if (depth == 0) return 0;
  const md_mustache_token *open = &all->items[stack[depth - 1]];
  const char *star = open->dynamic ? "*" : "";
  return md_error_set(all->err, MD_ESYNTAX, "%s:%d: {{%c%s%.*s}} is never closed: write {{/%s%.*s}} where it ends",
                      all->file, open->line, open->kind, star, (int)open->len, open->text, star, (int)open->len,
                      open->text);
}

int md_mustache_scan(md_mustache_tokens *tokens, int first_line, const char *text, size_t len) {
  scanner s = {.tokens = tokens,
               .at = text,
               .end = text + len,
               .open = "{{",
               .close = "}}",
               .open_len = 2,
               .close_len = 2,
               .line = first_line,
               .line_start = true};
  while (s.at < s.end) {
    const char *tag = memmem(s.at, (size_t)(s.end - s.at), s.open, s.open_len);
    int rc = scan_text(&s, tag ? tag : s.end);
    if (rc) return rc;
    if (!tag) break;
    s.at = tag + s.open_len;
    rc = scan_tag(&s);
    if (rc) return rc;
  }
  return match(tokens);
}
