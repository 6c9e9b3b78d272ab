// SPDX-License-Identifier: Apache-2.0
// Structured log lines, logfmt or JSON, put together on the stack and written with one write(2). Any thread.
#include "base/log.h"
#include "base/clock.h"
#include "base/shown.h"
#include "base/timestamp.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// As long as a pipe takes at once, so that lines of several threads never mix. What does not fit is cut.
enum { LINE_SIZE = 4096, CONTENT_SIZE = LINE_SIZE - 8 /* for `put_tail`: ellipsis, quote, brace, newline */ };

// Written once before threads are started.
static struct {
  md_log_level level;
  bool json;
  int fd;
} config = {MD_LOG_INFO, false, STDERR_FILENO};

static _Thread_local bool muted;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

typedef struct line {
  char text[LINE_SIZE];
  size_t len;
} line;

void md_log_configure(md_log_level level, bool json, int fd) {
  config.level = level;
  config.json = json;
  config.fd = fd;
}

int md_log_level_parse(const char *text, md_log_level *out) {
  for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
    if (strcmp(text, level_names[i]) != 0) continue;
    *out = (md_log_level)i;
    return MD_OK;
  }
  return MD_EINVAL;
}

bool md_log_wants(md_log_level level) {
  return level <= config.level && !muted;
}

bool md_log_mute(bool on) {
  bool before = muted;
  muted = on;
  return before;
}

static bool put(line *to, const char *text, size_t len) {
  if (to->len + len > CONTENT_SIZE) return false;
  memcpy(to->text + to->len, text, len);
  to->len += len;
  return true;
}

// Into the room that `put` leaves.
static void put_tail(line *to, const char *text) {
  size_t len = strlen(text);
  memcpy(to->text + to->len, text, len);
  to->len += len;
}

// As an escape of the format: JSON's own, or that of md_shown_append.
static bool put_escape(line *to, uint32_t code) {
  char text[16];
  int len = !config.json && code < 0x100 ? snprintf(text, sizeof text, "\\x%02x", code)
            : code < 0x10000             ? snprintf(text, sizeof text, "\\u%04x", code)
            : !config.json
                ? snprintf(text, sizeof text, "\\U%08x", code)
                : snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF));
  return put(to, text, (size_t)len);
}

static bool put_character(line *to, const char *text, size_t len, size_t *step) {
  int32_t code = md_shown_next(text, len, step);
  if (md_shown_escapes(code)) return put_escape(to, code < 0 ? (uint8_t)*text : (uint32_t)code);
  char quoted[] = {'\\', *text};
  if (*text == '"' || *text == '\\') return put(to, quoted, sizeof quoted);
  return put(to, text, *step);
}

static bool wants_quotes(const char *value) {
  if (config.json || !*value) return true;
  for (const uint8_t *at = (const uint8_t *)value; *at; at++)
    if (*at <= ' ' || *at >= 0x7F || *at == '"' || *at == '=' || *at == '\\') return true;
  return false;
}

// False when the value had to be cut: the line is full.
static bool put_value(line *to, const char *value) {
  bool quotes = wants_quotes(value), whole = true;
  if (quotes && !put(to, "\"", 1)) return false;
  for (size_t len = strnlen(value, LINE_SIZE), step; len && whole; value += step, len -= step)
    whole = put_character(to, value, len, &step);
  if (!whole) put_tail(to, "\xE2\x80\xA6");
  if (quotes) put_tail(to, "\"");
  return whole;
}

// A pair of which not even the name fits is left out whole.
static bool put_pair(line *to, const char *name, const char *value) {
  if (!value) return true;
  size_t start = to->len;
  bool named = config.json ? put(to, start ? ",\"" : "{\"", 2) && put(to, name, strlen(name)) && put(to, "\":", 2)
                           : put(to, " ", start ? 1 : 0) && put(to, name, strlen(name)) && put(to, "=", 1);
  if (named && to->len < CONTENT_SIZE) return put_value(to, value);
  to->len = start;
  return false;
}

void md_log(md_log_level level, const char *room, const char *message, ...) {
  if (!md_log_wants(level)) return;
  int saved = errno;
  md_clock *clock = md_clock_real();
  char time[32];
  md_timestamp_format(clock->now(clock), time);
  line out;
  out.len = 0;
  bool open = put_pair(&out, "time", time) && put_pair(&out, "level", level_names[level]) &&
              put_pair(&out, "room", room) && put_pair(&out, "msg", message);
  va_list pairs;
  va_start(pairs, message);
  for (const char *name; open && (name = va_arg(pairs, const char *));)
    open = put_pair(&out, name, va_arg(pairs, const char *));
  va_end(pairs);
  put_tail(&out, config.json ? "}\n" : "\n");
  ssize_t written;
  do
    written = write(config.fd, out.text, out.len);
  while (written < 0 && errno == EINTR);
  errno = saved;
}

const char *md_log_int_text(long long number, char buf[static 24]) {
  char *at = buf + 23;
  unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
  *at = '\0';
  do
    *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) *--at = '-';
  return at;
}
