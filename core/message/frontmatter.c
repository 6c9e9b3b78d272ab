// SPDX-License-Identifier: Apache-2.0
// The head of a copy file: "key: value" lines between two lines "---". Pure; any thread.
#include "message/frontmatter.h"
#include "base/suggest.h"
#include <stdbool.h>
#include <string.h>

static const char *const keys[] = {"preview", "subject", NULL};

typedef struct reader {
  const char *file;
  const char *at, *end;
  int line; // of `at`
  md_arena *arena;
  md_error *err;
} reader;

typedef struct span {
  const char *text;
  size_t len;
} span;

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static span trimmed(const char *text, const char *end) {
  while (text < end && is_blank(*text))
    text++;
  while (end > text && is_blank(end[-1]))
    end--;
  return (span){text, (size_t)(end - text)};
}

// The next line without its end.
static span next_line(reader *r) {
  const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
  span line = {r->at, (size_t)((newline ? newline : r->end) - r->at)};
  r->at = newline ? newline + 1 : r->end;
  r->line++;
  if (line.len && line.text[line.len - 1] == '\r') line.len--;
  return line;
}

static bool is_fence(span line) {
  while (line.len && is_blank(line.text[line.len - 1]))
    line.len--;
  return line.len == 3 && memcmp(line.text, "---", 3) == 0;
}

static int fail(const reader *r, const char *what) {
  return md_error_set(r->err, MD_ESYNTAX, "%s:%d: %s", r->file, r->line - 1, what);
}

// What stands between double quotes; the quotes are the first and the last byte of `value`.
static int unquote(const reader *r, span value, char *out) {
  for (size_t i = 1; i < value.len; i++) {
    char c = value.text[i];
    if (c == '"') {
      *out = '\0';
      return i + 1 == value.len ? 0 : fail(r, "text after the closing quote: write \\\" for a quote in the value");
    }
    if (c == '\\') {
      c = ++i < value.len ? value.text[i] : '\0';
      if (c == '\0' || !strchr("\"\\n", c)) return fail(r, "a backslash in quotes stands before \", \\ or n only");
      if (c == 'n') c = '\n';
    }
    *out++ = c;
  }
  return fail(r, "a quoted value that does not end: write \" at its end");
}

static int read_value(const reader *r, span value, const char **out) {
  if (value.len == 0) return fail(r, "a key without a value: write it behind the colon, or remove the line");
  if (memchr(value.text, '\0', value.len)) return fail(r, "a NUL byte in a value");
  char *copy = md_arena_strndup(r->arena, value.text, value.len);
  if (!copy) return md_error_set(r->err, MD_ENOMEM, "%s: out of memory", r->file);
  *out = copy;
  return *value.text == '"' ? unquote(r, value, copy) : 0;
}

static int unknown_key(const reader *r, span key) {
  char name[40];
  size_t len = key.len < sizeof name - 1 ? key.len : sizeof name - 1;
  for (size_t i = 0; i < len; i++)
    name[i] = key.text[i] >= ' ' && key.text[i] != 0x7f ? key.text[i] : '?';
  name[len] = '\0';
  const char *near = md_suggest(name, keys);
  return md_error_set(r->err, MD_ESYNTAX, "%s:%d: unknown key \"%s\"%s%s%s: known are subject and preview", r->file,
                      r->line - 1, name, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int read_entry(reader *r, span line, md_frontmatter *out) {
  span text = trimmed(line.text, line.text + line.len);
  if (text.len == 0 || *text.text == '#') return 0;
  const char *colon = memchr(text.text, ':', text.len);
  if (!colon) return fail(r, "a line without a colon: write \"subject: …\", and --- at the end of the head");
  span key = trimmed(text.text, colon), value = trimmed(colon + 1, text.text + text.len);
  bool subject = key.len == 7 && memcmp(key.text, "subject", 7) == 0;
  if (!subject && !(key.len == 7 && memcmp(key.text, "preview", 7) == 0)) return unknown_key(r, key);
  const char **slot = subject ? &out->subject : &out->preview;
  if (*slot) return fail(r, "this key was given before: keep one of the two");
  *(subject ? &out->subject_line : &out->preview_line) = r->line - 1;
  return read_value(r, value, slot);
}

static int read_head(reader *r, md_frontmatter *out) {
  for (;;) {
    if (r->at == r->end)
      return md_error_set(r->err, MD_ESYNTAX, "%s:1: the head does not end: write --- on a line of its own", r->file);
    span line = next_line(r);
    if (is_fence(line)) return 0;
    int rc = read_entry(r, line, out);
    if (rc) return rc;
  }
}

int md_frontmatter_parse(const char *file, const char *text, size_t len, md_arena *arena, md_frontmatter *out,
                         md_error *err) {
  *out = (md_frontmatter){0};
  if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { // the mark that some editors put first
    text += 3;
    len -= 3;
  }
  reader r = {.file = file, .at = text, .end = text + len, .line = 1, .arena = arena, .err = err};
  if (is_fence(next_line(&r))) {
    int rc = read_head(&r, out);
    if (rc) return rc;
  } else {
    r.at = text;
    r.line = 1;
  }
  out->body = r.at;
  out->body_len = (size_t)(r.end - r.at);
  out->body_line = r.line;
  return 0;
}
