// SPDX-License-Identifier: Apache-2.0
// Structured log lines, logfmt or JSON, put together on the stack and written with one write(2). Any thread.
#include "base/log.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
  return level <= config.level;
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

// Length of the printable UTF-8 sequence at `text`, or 0 for a control, a stray byte or a cut sequence.
static size_t printable(const uint8_t *text) {
  if (text[0] >= 0x20 && text[0] < 0x7F) return 1;
  if (text[0] < 0xC2 || text[0] > 0xF4) return 0;
  size_t len = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
  for (size_t i = 1; i < len; i++)
    if ((text[i] & 0xC0) != 0x80) return 0;
  bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
  bool beyond = (text[0] == 0xED && text[1] > 0x9F) || (text[0] == 0xF4 && text[1] > 0x8F);
  bool c1 = text[0] == 0xC2 && text[1] < 0xA0;
  return overlong || beyond || c1 ? 0 : len;
}

static bool put_escape(line *to, uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  char json[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
  char logfmt[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  return config.json ? put(to, json, sizeof json) : put(to, logfmt, sizeof logfmt);
}

static bool put_character(line *to, const uint8_t *text, size_t *step) {
  *step = printable(text);
  if (*step == 0) {
    bool c1 = text[0] == 0xC2 && text[1] >= 0x80 && text[1] < 0xA0;
    *step = c1 ? 2 : 1;
    return put_escape(to, text[*step - 1]);
  }
  char quoted[] = {'\\', (char)text[0]};
  if (text[0] == '"' || text[0] == '\\') return put(to, quoted, sizeof quoted);
  return put(to, (const char *)text, *step);
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
  for (const uint8_t *at = (const uint8_t *)value; *at && whole;) {
    size_t step;
    whole = put_character(to, at, &step);
    at += step;
  }
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
