// SPDX-License-Identifier: Apache-2.0
// A scan of JSON text byte by byte beside the method's table of fields: where it is, how long each list has become,
// what stands for a number. What is wrong in other ways is left to the parser.
#include "cli/stats_input.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_LEN = 48, WORD_LEN = 64, CHUNK = 1 << 16, DEPTH_MAX = 8, MEMBERS_MAX = 100, PATH_LEN = 512 };
static const long double count_max = 9007199254740992.0L; // 2^53

// One object or list that is open.
typedef struct frame {
  bool list;
  size_t items;                 // before the one that is read
  const md_stats_field *fields; // of an object; NULL: unknown
  const md_stats_field *field;  // of an object the one that is read, of a list the list itself; NULL: unknown
  char name[NAME_LEN];          // of an object's member that is read
} frame;

typedef struct scan {
  const md_stats_field *root;
  frame frames[DEPTH_MAX];
  size_t depth;
  char text[NAME_LEN]; // the last string
  char word[WORD_LEN]; // what stands bare: a number, true, false, null
  size_t text_len, word_len, bytes;
  bool quoted, escaped, ended;
} scan;

static frame *top(scan *s) {
  return s->depth ? &s->frames[s->depth - 1] : NULL;
}

// "cases[3].seed", of the first `depth` frames.
static int refuse(const scan *s, size_t depth, const char *rule, md_error *err) {
  char path[PATH_LEN] = "";
  for (size_t i = 0, len = 0; i < depth; i++, len = strlen(path)) {
    const frame *f = &s->frames[i];
    if (f->list)
      snprintf(path + len, sizeof path - len, "[%zu]", f->items);
    else if (f->name[0])
      snprintf(path + len, sizeof path - len, "%s%s", len ? "." : "", f->name);
  }
  return md_error_set(err, MD_EINVAL, "%s: %s", path[0] ? path : "the input", rule);
}

static bool is_word(const char *word) {
  return strcmp(word, "true") == 0 || strcmp(word, "false") == 0 || strcmp(word, "null") == 0;
}

// Beyond a double's digits: a count that the parser would round to one that is allowed.
static int check_count(const scan *s, md_error *err) {
  const frame *f = &s->frames[s->depth - 1];
  if (!f->field || f->field->type != MD_STATS_COUNT) return 0;
  long double count = strtold(s->word, NULL);
  if (count > count_max) return refuse(s, s->depth, "must be at most 9007199254740992 (2^53)", err);
  if (count > 0 && count != floorl(count)) return refuse(s, s->depth, "must be a whole number: it counts", err);
  return 0;
}

static int check_word(scan *s, char after, md_error *err) {
  size_t len = s->word_len, depth = s->depth;
  s->word[len] = '\0';
  s->word_len = 0;
  if (len == 0 || is_word(s->word)) return 0;
  if (depth == 0) return refuse(s, 0, "must be one JSON object, such as {\"n\": 100}", err);
  if (s->word[0] == '\'') return refuse(s, depth, "text and names need double quotes, not single ones", err);
  if (after == ':') return refuse(s, depth ? depth - 1 : 0, "names of fields need double quotes", err);
  char *end = NULL;
  double number = strtod(s->word, &end);
  if (*end == '\0' && strpbrk(s->word, "iInNxX")) // what strtod takes, and JSON does not
    return refuse(s, depth, "must be a finite number: JSON has no NaN, infinity or hexadecimal", err);
  if (*end != '\0') return refuse(s, depth, "is neither a number, true, false nor null; text needs quotes", err);
  if (isinf(number)) return refuse(s, depth, "must be a finite number: this one is too large", err);
  return depth ? check_count(s, err) : 0;
}

static void scan_quoted(scan *s, char byte) {
  if (s->escaped) {
    s->escaped = false;
  } else if (byte == '\\') {
    s->escaped = true;
  } else if (byte == '"') {
    s->quoted = false;
    s->text[s->text_len] = '\0';
    return;
  }
  // A field's name is shown in a message: nothing that is not plain.
  if (s->text_len + 1 < NAME_LEN) s->text[s->text_len++] = byte >= ' ' && byte <= '~' ? byte : '?';
}

static void name_member(frame *f, const char *name) {
  memcpy(f->name, name, NAME_LEN);
  f->field = NULL;
  for (const md_stats_field *field = f->fields; field && field->name; field++)
    if (strcmp(field->name, name) == 0) f->field = field;
}

static int open_frame(scan *s, bool list, md_error *err) {
  const frame *outer = top(s);
  if (s->depth == DEPTH_MAX) return refuse(s, s->depth, "is nested too deeply for any method", err);
  frame *f = &s->frames[s->depth++];
  *f = (frame){.list = list};
  if (list)
    f->field = outer && !outer->list && outer->field && outer->field->list ? outer->field : NULL;
  else if (!outer)
    f->fields = s->root;
  else if (outer->field)
    f->fields = outer->field->type == MD_STATS_ARM ? md_stats_arm_fields : outer->field->members;
  return 0;
}

static int next_item(scan *s, md_error *err) {
  frame *f = top(s);
  char rule[80];
  if (!f) return 0;
  size_t most = MEMBERS_MAX;
  if (f->list) most = f->field ? md_stats_longest(f->field) : MD_STATS_VALUES_MAX;
  if (++f->items < most) return 0;
  snprintf(rule, sizeof rule, "must have at most %zu %s", most, f->list ? "items" : "members");
  return refuse(s, s->depth - 1, rule, err);
}

static int scan_mark(scan *s, char byte, md_error *err) {
  frame *f = top(s);
  switch (byte) {
  case '"':
    s->quoted = true;
    s->text_len = 0;
    return 0;
  case ':':
    if (f && !f->list) name_member(f, s->text);
    return 0;
  case '[':
  case '{':
    return open_frame(s, byte == '[', err);
  case ']':
  case '}':
    if (s->depth) s->ended = --s->depth == 0;
    return 0;
  case ',':
    return next_item(s, err);
  default:
    return 0;
  }
}

static int scan_byte(scan *s, char byte, md_error *err) {
  static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
  if (s->bytes < sizeof mark && (unsigned char)byte == mark[s->bytes] && ++s->bytes == sizeof mark)
    return refuse(s, 0, "begins with a byte order mark: save it as UTF-8 without one", err);
  if (s->quoted) {
    scan_quoted(s, byte);
    return 0;
  }
  bool blank = strchr(" \t\r\n", byte) != NULL && byte != '\0';
  if (s->ended && !blank) return refuse(s, 0, "must end where its object ends", err);
  if (byte != '\0' && (blank || strchr("\",:[]{}", byte))) {
    int code = check_word(s, byte, err);
    return code ? code : scan_mark(s, byte, err);
  }
  if (s->word_len + 1 < WORD_LEN) s->word[s->word_len++] = byte;
  return 0;
}

static int scan_bytes(scan *s, const char *bytes, size_t len, md_error *err) {
  int code = 0;
  for (size_t i = 0; i < len && !code; i++)
    code = scan_byte(s, bytes[i], err);
  return code;
}

static int read_chunk(scan *s, int fd, md_buffer *out, ssize_t *got, md_error *err) {
  char *to = md_buffer_reserve(out, CHUNK);
  if (!to) return md_error_set(err, MD_ENOMEM, "out of memory");
  do
    *got = read(fd, to, CHUNK);
  while (*got < 0 && errno == EINTR);
  if (*got < 0) return md_error_set(err, MD_EIO, "standard input cannot be read: %s", strerror(errno));
  out->len += (size_t)*got;
  if (out->len > MD_STATS_INPUT_MAX) return md_error_set(err, MD_EINVAL, "the input: must be at most 64 MiB");
  return scan_bytes(s, to, (size_t)*got, err);
}

static bool is_blank(const md_buffer *text) {
  size_t blank = 0;
  while (blank < text->len && strchr(" \t\r\n", text->data[blank]) && text->data[blank])
    blank++;
  return blank == text->len;
}

int md_stats_input_read(int fd, const md_stats_method *method, md_buffer *out, md_error *err) {
  scan s = {.root = method->in};
  ssize_t got = 0;
  do {
    int code = read_chunk(&s, fd, out, &got, err);
    if (code) return code;
  } while (got > 0);
  if (is_blank(out)) return refuse(&s, 0, "is empty: give one JSON object, such as {\"n\": 100}", err);
  return check_word(&s, '\0', err);
}
