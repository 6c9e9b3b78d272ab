// SPDX-License-Identifier: Apache-2.0
// A scan of JSON text byte by byte: which field it is in, how long the list has become, what stands for a number.
#include "cli/stats_input.h"
#include "stats/method.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LEN = 64, CHUNK = 1 << 16, WHOLE_DIGITS = 18 };

typedef struct scan {
  char text[TEXT_LEN];  // the last string
  char field[TEXT_LEN]; // the last string that a colon followed
  char word[TEXT_LEN];  // what stands bare: a number, true, false, null
  size_t text_len, word_len;
  size_t items; // commas since the last bracket was opened
  bool quoted, escaped;
} scan;

static int refuse(const scan *s, const char *rule, md_error *err) {
  return md_error_set(err, MD_EINVAL, "%s: %s", s->field[0] ? s->field : "the input", rule);
}

static bool is_word(const char *word) {
  return strcmp(word, "true") == 0 || strcmp(word, "false") == 0 || strcmp(word, "null") == 0;
}

// jansson holds whole numbers in 64 bits and refuses those that a double cannot; neither message would name the field.
static int check_word(scan *s, md_error *err) {
  size_t len = s->word_len;
  s->word[len] = '\0';
  s->word_len = 0;
  if (len == 0 || is_word(s->word)) return 0;
  char *end = NULL;
  double number = strtod(s->word, &end);
  if (isnan(number) || strpbrk(s->word, "iInNxX"))
    return refuse(s, "must be a finite number: JSON has no NaN, infinity or hexadecimal", err);
  if (*end != '\0') return refuse(s, "is neither a number, true, false nor null; text needs quotes", err);
  if (isinf(number)) return refuse(s, "must be a finite number: this one is too large", err);
  if (len > WHOLE_DIGITS && !strpbrk(s->word, ".eE")) return refuse(s, "must be at most 9007199254740992 (2^53)", err);
  return 0;
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
  if (s->text_len + 1 < TEXT_LEN) s->text[s->text_len++] = byte >= ' ' && byte <= '~' ? byte : '?';
}

static int scan_mark(scan *s, char byte, md_error *err) {
  if (byte == '"') {
    s->quoted = true;
    s->text_len = 0;
  } else if (byte == ':') {
    memcpy(s->field, s->text, TEXT_LEN);
  } else if (byte == '[' || byte == '{') {
    s->items = 0;
  } else if (byte == ',' && ++s->items >= MD_STATS_VALUES_MAX) {
    return refuse(s, "must have at most 1000000 items", err);
  }
  return 0;
}

static int scan_byte(scan *s, char byte, md_error *err) {
  if (s->quoted) {
    scan_quoted(s, byte);
    return 0;
  }
  if (!strchr("\",:[]{} \t\r\n", byte)) {
    if (s->word_len + 1 < TEXT_LEN) s->word[s->word_len++] = byte;
    return 0;
  }
  int code = check_word(s, err);
  return code ? code : scan_mark(s, byte, err);
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

int md_stats_input_read(int fd, md_buffer *out, md_error *err) {
  scan s = {0};
  ssize_t got = 0;
  do {
    int code = read_chunk(&s, fd, out, &got, err);
    if (code) return code;
  } while (got > 0);
  return check_word(&s, err);
}
