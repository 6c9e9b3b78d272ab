// SPDX-License-Identifier: Apache-2.0
// Finds a text part by its Content-Type header and decodes quoted-printable and base64.
#include "cli/mail_text.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

// The value of a header within the head that ends at `end`, or NULL.
static const char *header(const char *head, const char *end, const char *name) {
  size_t len = strlen(name);
  for (const char *line = head; line && line < end; line = memchr(line, '\n', (size_t)(end - line))) {
    if (*line == '\n') line++;
    if ((size_t)(end - line) > len && strncasecmp(line, name, len) == 0 && line[len] == ':')
      return line + len + 1 + strspn(line + len + 1, " ");
  }
  return NULL;
}

static int hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  int letter = tolower((unsigned char)digit) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

static void quoted_printable(const char *at, const char *end, md_buffer *out) {
  while (at < end) {
    if (*at == '\r') {
      at++;
    } else if (*at != '=') {
      md_buffer_putc(out, *at++);
    } else if (end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
      md_buffer_putc(out, (char)((unsigned)hex(at[1]) << 4 | (unsigned)hex(at[2])));
      at += 3;
    } else { // a soft line break
      const char *next = memchr(at, '\n', (size_t)(end - at));
      at = next ? next + 1 : end;
    }
  }
}

static int base64_digit(char c) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *found = c ? strchr(digits, c) : NULL;
  return found ? (int)(found - digits) : -1;
}

static void base64(const char *at, const char *end, md_buffer *out) {
  unsigned bits = 0;
  int count = 0;
  for (; at < end && *at != '='; at++) {
    int digit = base64_digit(*at);
    if (digit < 0) continue;
    bits = bits << 6 | (unsigned)digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    md_buffer_putc(out, (char)(bits >> count & 0xFF));
  }
}

static void plain(const char *at, const char *end, md_buffer *out) {
  for (; at < end; at++)
    if (*at != '\r') md_buffer_putc(out, *at);
}

static void decode(const char *encoding, const char *body, const char *end, md_buffer *out) {
  if (encoding && strncasecmp(encoding, "quoted-printable", 16) == 0)
    quoted_printable(body, end, out);
  else if (encoding && strncasecmp(encoding, "base64", 6) == 0)
    base64(body, end, out);
  else
    plain(body, end, out);
}

// The boundary of a multipart type as it stands before each part ("--b"), or an empty text.
static void boundary_of(const char *type, char out[static 128]) {
  const char *end = type ? strstr(type, "\r\n\r\n") : NULL;
  const char *at = type ? strstr(type, "boundary=") : NULL;
  out[0] = '\0';
  if (!at || (end && at > end)) return;
  at += strlen("boundary=");
  if (*at == '"') at++;
  size_t len = strcspn(at, "\"\r\n;");
  if (len > 100) return;
  memcpy(out, "--", 2);
  memcpy(out + 2, at, len);
  out[len + 2] = '\0';
}

// Looks through a part, and the parts in it; true when the wanted one was found.
static bool find_part(const char *part, const char *end, const char *wanted, md_buffer *out) {
  char boundary[128];
  const char *body = memmem(part, (size_t)(end - part), "\r\n\r\n", 4);
  if (!body) return false;
  const char *type = header(part, body, "Content-Type");
  if (type && strncasecmp(type, wanted, strlen(wanted)) == 0) {
    decode(header(part, body, "Content-Transfer-Encoding"), body + 4, end, out);
    return true;
  }
  boundary_of(type, boundary);
  size_t len = strlen(boundary);
  const char *at = len ? memmem(body, (size_t)(end - body), boundary, len) : NULL;
  while (at) {
    const char *begin = at + len;
    at = memmem(begin, (size_t)(end - begin), boundary, len);
    if (at && find_part(begin, at, wanted, out)) return true;
  }
  return false;
}

static int find(const char *mail, size_t len, const char *wanted, md_buffer *out, md_error *err) {
  if (find_part(mail, mail + len, wanted, out)) return 0;
  return md_error_set(err, MD_ENOTFOUND, "the mail has no part of type %s", wanted);
}

int md_mail_html(const char *mail, size_t len, md_buffer *out, md_error *err) {
  return find(mail, len, "text/html", out, err);
}

int md_mail_plain(const char *mail, size_t len, md_buffer *out, md_error *err) {
  return find(mail, len, "text/plain", out, err);
}
