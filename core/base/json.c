// SPDX-License-Identifier: Apache-2.0
// JSON: jansson with its memory in the thread's arena, guarded parsing, and the canonical writer. Thread by arena.
#include "base/json.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/digest.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A tree deeper than this was not parsed here but is a bug of who built it; the writer's recursion ends.
enum { WRITE_DEPTH = 4 * MD_JSON_DEPTH, KEYS_ON_STACK = 24 };

static _Thread_local struct {
  md_arena *arena;
  bool exhausted; // an allocation failed since the parse began
} scope;

static void *scoped_alloc(size_t size) {
  md_require(scope.arena != NULL);
  void *memory = md_arena_alloc(scope.arena, size);
  if (!memory) scope.exhausted = true;
  return memory;
}

static void scoped_free(void *memory) {
  (void)memory; // goes with its arena
}

void md_json_init(void) {
  size_t seed;
  do
    md_random_bytes(&seed, sizeof seed);
  while (seed == 0); // jansson would look for a seed of its own
  json_set_alloc_funcs(scoped_alloc, scoped_free);
  json_object_seed(seed);
}

md_arena *md_json_scope(md_arena *arena) {
  md_arena *before = scope.arena;
  scope.arena = arena;
  return before;
}

// Past the string that opens at `at`: behind its closing quote, or the end.
static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\') at++;
  return at < end ? at + 1 : end;
}

// The bracket that nests too deep, or NULL. One pass without recursion, before jansson recurses.
static const char *too_deep(const char *text, const char *end) {
  int depth = 0;
  for (const char *at = text; at < end;) {
    switch (*at) {
    case '"':
      at = skip_string(at, end);
      continue;
    case '[':
    case '{':
      if (++depth > MD_JSON_DEPTH) return at;
      break;
    case ']':
    case '}':
      depth--;
      break;
    default:
      break;
    }
    at++;
  }
  return NULL;
}

static int refuse_depth(const char *text, const char *at, md_error *err) {
  int line = 1, column = 1;
  for (; text < at; text++) {
    if (*text == '\n') {
      line++;
      column = 1;
    } else if (((unsigned char)*text & 0xC0) != 0x80) {
      column++;
    }
  }
  return md_error_set(err, MD_ESYNTAX, "line %d, column %d: nested more than %d levels deep", line, column,
                      MD_JSON_DEPTH);
}

// jansson quotes what it stumbled over, and that may be meant for a terminal.
static void mask_controls(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7F) *text = '?';
}

static json_t *parse(const char *text, size_t len, size_t flags, md_error *err) {
  if (!text) text = "";
  const char *deep = too_deep(text, text + len);
  if (deep) {
    refuse_depth(text, deep, err);
    return NULL;
  }
  json_error_t detail;
  scope.exhausted = false;
  json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, &detail);
  if (root) return root;
  if (scope.exhausted) {
    md_error_set(err, MD_ENOMEM, "line %d, column %d: out of memory", detail.line, detail.column);
    return NULL;
  }
  mask_controls(detail.text);
  md_error_set(err, MD_ESYNTAX, "line %d, column %d: %s", detail.line, detail.column, detail.text);
  return NULL;
}

json_t *md_json_parse(const char *text, size_t len, bool any, md_error *err) {
  return parse(text, len, any ? JSON_DECODE_ANY : 0, err);
}

json_t *md_json_parse_reals(const char *text, size_t len, md_error *err) {
  return parse(text, len, JSON_DECODE_INT_AS_REAL, err);
}

static void write_value(md_buffer *out, const json_t *value, int depth);

static void write_integer(md_buffer *out, json_int_t number) {
  char text[24], *at = text + sizeof text;
  unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
  do
    *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) *--at = '-';
  md_buffer_append(out, at, (size_t)(text + sizeof text - at));
}

static void write_real(md_buffer *out, double number) {
  char text[32];
  if (isfinite(number))
    md_buffer_append(out, text, md_double_format(number, text));
  else
    md_buffer_append(out, "null", 4); // jansson makes no such value, and JSON has no text for it
}

typedef struct member {
  const char *key;
  size_t len;
  const json_t *value;
} member;

static int by_key(const void *a, const void *b) {
  const member *left = a, *right = b;
  int order = memcmp(left->key, right->key, left->len < right->len ? left->len : right->len);
  return order ? order : (left->len > right->len) - (left->len < right->len);
}

static void write_members(md_buffer *out, member *members, size_t count, int depth) {
  qsort(members, count, sizeof *members, by_key);
  for (size_t i = 0; i < count; i++) {
    md_buffer_putc(out, i ? ',' : '{');
    md_json_write_string(out, members[i].key, members[i].len);
    md_buffer_putc(out, ':');
    write_value(out, members[i].value, depth);
  }
  md_buffer_putc(out, '}');
}

static void collect_members(const json_t *object, member *members) {
  json_t *borrowed = (json_t *)object; // jansson's iteration asks for a mutable one, and changes nothing
  for (void *at = json_object_iter(borrowed); at; at = json_object_iter_next(borrowed, at))
    *members++ = (member){json_object_iter_key(at), json_object_iter_key_len(at), json_object_iter_value(at)};
}

// The rare object whose keys do not fit the stack of write_object.
static void write_large_object(md_buffer *out, const json_t *object, size_t count, int depth) {
  member *members = md_alloc(count * sizeof *members);
  if (!members) {
    out->failed = true;
    return;
  }
  collect_members(object, members);
  write_members(out, members, count, depth);
  md_free(members);
}

static void write_object(md_buffer *out, const json_t *object, int depth) {
  member members[KEYS_ON_STACK];
  size_t count = json_object_size(object);
  if (count == 0) {
    md_buffer_append(out, "{}", 2);
  } else if (count > KEYS_ON_STACK) {
    write_large_object(out, object, count, depth);
  } else {
    collect_members(object, members);
    write_members(out, members, count, depth);
  }
}

static void write_array(md_buffer *out, const json_t *array, int depth) {
  size_t count = json_array_size(array);
  md_buffer_putc(out, '[');
  for (size_t i = 0; i < count; i++) {
    if (i) md_buffer_putc(out, ',');
    write_value(out, json_array_get(array, i), depth);
  }
  md_buffer_putc(out, ']');
}

static void write_value(md_buffer *out, const json_t *value, int depth) {
  if (depth >= WRITE_DEPTH) out->failed = true;
  if (out->failed) return;
  if (!value) {
    md_buffer_append(out, "null", 4);
    return;
  }
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    write_object(out, value, depth + 1);
    break;
  case JSON_ARRAY:
    write_array(out, value, depth + 1);
    break;
  case JSON_STRING:
    md_json_write_string(out, json_string_value(value), json_string_length(value));
    break;
  case JSON_INTEGER:
    write_integer(out, json_integer_value(value));
    break;
  case JSON_REAL:
    write_real(out, json_real_value(value));
    break;
  case JSON_TRUE:
    md_buffer_append(out, "true", 4);
    break;
  case JSON_FALSE:
    md_buffer_append(out, "false", 5);
    break;
  case JSON_NULL:
    md_buffer_append(out, "null", 4);
    break;
  }
}

void md_json_write(md_buffer *out, const json_t *value) {
  write_value(out, value, 0);
}

static void write_escape(md_buffer *out, unsigned char byte) {
  static const char digits[] = "0123456789abcdef";
  static const char shorts[] = "\bb\tt\nn\ff\rr\"\"\\\\";
  for (const char *at = shorts; *at; at += 2) {
    if ((unsigned char)*at != byte) continue;
    md_buffer_append(out, (char[]){'\\', at[1]}, 2);
    return;
  }
  md_buffer_append(out, (char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
}

void md_json_write_string(md_buffer *out, const char *text, size_t len) {
  size_t plain = 0; // the first byte that was not appended yet
  md_buffer_putc(out, '"');
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    md_buffer_append(out, text + plain, i - plain);
    write_escape(out, byte);
    plain = i + 1;
  }
  md_buffer_append(out, text + plain, len - plain);
  md_buffer_putc(out, '"');
}

json_t *md_json_at(const json_t *root, const char *path) {
  for (;;) {
    const char *dot = strchrnul(path, '.');
    root = json_object_getn(root, path, (size_t)(dot - path));
    if (!root || !*dot) return (json_t *)root;
    path = dot + 1;
  }
}

const char *md_json_text(const json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

// Rewrites what printf made of a number: the locale's radix becomes '.', an exponent loses its '+' and leading zeros,
// and an integer gains ".0".
static size_t tidy(char *text) {
  char *to = text;
  const char *from = text;
  bool marked = false;
  for (; *from && *from != 'e'; from++) {
    if (*from == '-' || (*from >= '0' && *from <= '9')) {
      *to++ = *from;
    } else if (!marked) { // a radix may be of several bytes
      *to++ = '.';
      marked = true;
    }
  }
  if (*from == 'e') {
    *to++ = *from++;
    if (*from == '-') *to++ = '-';
    from += strspn(from, "+-0");
    while (*from)
      *to++ = *from++;
  } else if (!marked) {
    *to++ = '.';
    *to++ = '0';
  }
  *to = '\0';
  return (size_t)(to - text);
}

size_t md_double_format(double number, char buf[static 32]) {
  if (!isfinite(number)) {
    strcpy(buf, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
    return strlen(buf);
  }
  // 15 digits always survive and 17 always suffice, but a subnormal has fewer to begin with.
  int digits = fpclassify(number) == FP_SUBNORMAL ? 1 : 15;
  char text[40];
  do
    snprintf(text, sizeof text, "%.*g", digits, number);
  while (digits++ < 17 && strtod(text, NULL) != number);
  memcpy(buf, text, 32); // at most 24 characters and the NUL
  return tidy(buf);
}
