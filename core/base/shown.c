// SPDX-License-Identifier: Apache-2.0
// Escapes what must not reach a terminal or a log as it is. Pure; any thread.
#include "base/shown.h"
#include "base/assert.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPEC_MAX = 32 };

// Sorted. Unicode 15: Cf without the number and verse signs (U+0600 to 0605, 06DD, 08E2, 110BD, 110CD), which have a
// shape; Zl and Zp; C0, DEL and C1.
static const struct range {
  int32_t first, last;
} escaped[] = {{0x0, 0x1F},        {0x7F, 0x9F},       {0xAD, 0xAD},       {0x61C, 0x61C},
               {0x70F, 0x70F},     {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},
               {0x2060, 0x206F},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x13430, 0x1343F},
               {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0001, 0xE0001}, {0xE0020, 0xE007F}};

int32_t md_shown_next(const char *text, size_t len, size_t *step) {
  const uint8_t *at = (const uint8_t *)text;
  *step = 1;
  if (at[0] < 0x80) return at[0];
  if (at[0] < 0xC2 || at[0] > 0xF4) return -1;
  size_t size = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
  static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  int32_t code = at[0] & (0x7F >> size);
  if (len < size) return -1;
  for (size_t i = 1; i < size; i++) {
    if ((at[i] & 0xC0) != 0x80) return -1;
    code = code << 6 | (at[i] & 0x3F);
  }
  if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return -1;
  *step = size;
  return code;
}

static int by_range(const void *key, const void *member) {
  int32_t code = *(const int32_t *)key;
  const struct range *range = member;
  return code < range->first ? -1 : code > range->last;
}

bool md_shown_escapes(int32_t code) {
  return code < 0 || bsearch(&code, escaped, sizeof escaped / sizeof *escaped, sizeof *escaped, by_range) != NULL;
}

static void append(md_buffer *out, const char *text, size_t len, bool lines) {
  size_t plain = 0; // the first byte that was not appended yet
  for (size_t at = 0, step; at < len; at += step) {
    int32_t code = md_shown_next(text + at, len - at, &step);
    if (!md_shown_escapes(code) || (lines && (code == '\n' || code == '\t'))) continue;
    md_buffer_append(out, text + plain, at - plain);
    plain = at + step;
    if (lines && code == '\r' && plain < len && text[plain] == '\n') continue; // one line's end
    if (code < 0) code = (uint8_t)text[at];
    md_buffer_printf(out, code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)code);
  }
  md_buffer_append(out, text + plain, len - plain);
}

// Between its strings JSON has nothing that is escaped but line feeds and tabs.
void md_shown_append_json(md_buffer *out, const char *json, size_t len) {
  size_t plain = 0;
  for (size_t at = 0, step; at < len; at += step) {
    int32_t code = md_shown_next(json + at, len - at, &step);
    if (code < 0x7F || !md_shown_escapes(code)) continue;
    md_buffer_append(out, json + plain, at - plain);
    plain = at + step;
    if (code < 0x10000)
      md_buffer_printf(out, "\\u%04x", (unsigned)code);
    else
      md_buffer_printf(out, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (code >> 10)), (unsigned)(0xDC00 + (code & 0x3FF)));
  }
  md_buffer_append(out, json + plain, len - plain);
}

void md_shown_append(md_buffer *out, const char *text, size_t len) {
  append(out, text, len, false);
}

void md_shown_append_lines(md_buffer *out, const char *text, size_t len) {
  append(out, text, len, true);
}

// One conversion of a format: "%-*.3lld" without its percent sign.
typedef struct conversion {
  char spec[SPEC_MAX]; // with its stars replaced by their numbers
  size_t len;
  bool left;
  int width, precision; // -1: none
  int longs;            // l: 1, ll, j and z: 2 (all of 64 bits)
  char kind;
} conversion;

static void add(conversion *to, const char *text, size_t len) {
  md_require(to->len + len < SPEC_MAX);
  memcpy(to->spec + to->len, text, len);
  to->len += len;
  to->spec[to->len] = '\0';
}

static const char *read_number(conversion *to, const char *at, int *out, va_list *args) {
  char digits[16];
  const char *begin = at;
  if (*at == '*') {
    *out = va_arg(*args, int);
    add(to, digits, (size_t)snprintf(digits, sizeof digits, "%d", *out));
    return at + 1;
  }
  *out = 0;
  for (; isdigit((unsigned char)*at); at++)
    *out = *out * 10 + (*at - '0');
  add(to, begin, (size_t)(at - begin));
  return at;
}

static const char *read_conversion(conversion *to, const char *at, va_list *args) {
  *to = (conversion){.precision = -1};
  add(to, "%", 1);
  for (; strchr("-0+ #", *at) && *at; at++) {
    to->left |= *at == '-';
    add(to, at, 1);
  }
  at = read_number(to, at, &to->width, args);
  if (*at == '.') {
    add(to, at, 1);
    at = read_number(to, at + 1, &to->precision, args);
  }
  for (; strchr("ljz", *at) && *at; at++) {
    to->longs += *at == 'l' ? 1 : 2;
    add(to, at, 1);
  }
  to->kind = *at;
  add(to, at, 1);
  return at + 1;
}

static void append_padding(md_buffer *out, int count) {
  for (; count > 0; count--)
    md_buffer_putc(out, ' ');
}

static void append_text(md_buffer *out, const conversion *c, const char *text) {
  md_buffer shown;
  md_buffer_init(&shown);
  if (!text) text = "(null)";
  size_t len = c->precision >= 0 ? strnlen(text, (size_t)c->precision) : strlen(text);
  md_shown_append(&shown, text, len);
  if (!md_buffer_ok(&shown)) out->failed = true;
  int missing = c->width - (int)shown.len;
  if (!c->left) append_padding(out, missing);
  md_buffer_append(out, shown.data ? shown.data : "", shown.len);
  if (c->left) append_padding(out, missing);
  md_buffer_deinit(&shown);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" // it is what was read of the caller's, which was checked
static void append_argument(md_buffer *out, const conversion *c, va_list *args) {
  switch (c->kind) {
  case 's':
    append_text(out, c, va_arg(*args, const char *));
    return;
  case 'f':
  case 'g':
    md_buffer_printf(out, c->spec, va_arg(*args, double));
    return;
  case 'c':
  case 'd':
  case 'u':
  case 'x':
    if (c->longs == 0)
      md_buffer_printf(out, c->spec, va_arg(*args, int));
    else
      md_buffer_printf(out, c->spec, va_arg(*args, long long)); // all of them have 64 bits
    return;
  case '%':
    md_buffer_putc(out, '%');
    return;
  default:
    md_require(!"a conversion that md_shown_printf knows");
  }
}
#pragma GCC diagnostic pop

void md_shown_vprintf(md_buffer *out, const char *format, va_list args) {
  va_list rest;
  conversion c;
  va_copy(rest, args);
  while (*format) {
    size_t plain = strcspn(format, "%");
    md_buffer_append(out, format, plain);
    format += plain;
    if (!*format) break;
    format = read_conversion(&c, format + 1, &rest);
    append_argument(out, &c, &rest);
  }
  va_end(rest);
}

void md_shown_printf(md_buffer *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  md_shown_vprintf(out, format, args);
  va_end(args);
}
