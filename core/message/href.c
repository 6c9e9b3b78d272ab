// SPDX-License-Identifier: Apache-2.0
// Where the links of a mail lead (M6): a reading of HTML just deep enough to find each href and src. Pure; any thread.
#include "message/href.h"
#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool begins(const char *text, size_t len, const char *prefix) {
  size_t prefix_len = strlen(prefix);
  return len >= prefix_len && strncasecmp(text, prefix, prefix_len) == 0;
}

static bool is_loopback(const char *host, size_t len) {
  if (len == 9 && strncasecmp(host, "localhost", 9) == 0) return true;
  if (len == 5 && memcmp(host, "[::1]", 5) == 0) return true;
  if (!begins(host, len, "127.")) return false;
  int dots = 0;
  for (size_t i = 0; i < len; i++) {
    if (host[i] == '.') dots++;
    if (host[i] != '.' && (host[i] < '0' || host[i] > '9')) return false;
  }
  return dots == 3;
}

// The host of what follows "//": up to a port, path, query or fragment; empty when there is a user part.
static size_t host_length(const char *text, size_t len) {
  size_t end = 0;
  while (end < len && !strchr("/?#", text[end]))
    end++;
  if (memchr(text, '@', end)) return 0;
  const char *bracket = end && *text == '[' ? memchr(text, ']', end) : NULL;
  const char *colon = bracket ? NULL : memchr(text, ':', end);
  return bracket ? (size_t)(bracket + 1 - text) : colon ? (size_t)(colon - text) : end;
}

bool md_href_allowed(const char *url, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)url[i] < 0x20 || url[i] == 0x7f || url[i] == '\\') return false;
  if (len == 0 || url[0] == ' ' || url[len - 1] == ' ') return false;
  if (begins(url, len, "mailto:")) return len > 7;
  if (begins(url, len, "https://")) return host_length(url + 8, len - 8) > 0;
  if (begins(url, len, "http://")) return is_loopback(url + 7, host_length(url + 7, len - 7));
  return false;
}

// --- reading HTML
// -----------------------------------------------------------------------------------------------------

typedef struct attribute {
  const char *name, *value;
  size_t name_len, value_len;
} attribute;

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const char *skip_spaces(const char *at, const char *end) {
  while (at < end && (is_space(*at) || *at == '/'))
    at++;
  return at;
}

// The value behind a '=', quoted or not; returns what follows it.
static const char *read_value(const char *at, const char *end, attribute *out) {
  while (at < end && is_space(*at))
    at++;
  if (at < end && (*at == '"' || *at == '\'')) {
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    out->value = at + 1;
    out->value_len = (size_t)((close ? close : end) - out->value);
    return close ? close + 1 : end;
  }
  out->value = at;
  while (at < end && !is_space(*at) && *at != '>')
    at++;
  out->value_len = (size_t)(at - out->value);
  return at;
}

// The next attribute of a tag, or false at the tag's end; `*at` moves on.
static bool next_attribute(const char **at, const char *end, attribute *out) {
  const char *c = skip_spaces(*at, end);
  *out = (attribute){.name = c};
  while (c < end && !is_space(*c) && *c != '/' && *c != '>' && (*c != '=' || c == out->name))
    c++;
  out->name_len = (size_t)(c - out->name);
  *at = c;
  if (out->name_len == 0) return false;
  while (c < end && is_space(*c))
    c++;
  if (c < end && *c == '=') *at = read_value(c + 1, end, out);
  return true;
}

// A character reference at `text`: its value, and its length in `*used`; or 0.
static long reference(const char *text, size_t len, size_t *used) {
  static const struct {
    const char *name;
    long value;
  } named[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'}, {"&quot;", '"'},
               {"&#39;", '\''}, {"&colon;", ':'}, {"&Tab;", 9},  {"&NewLine;", 10}};
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (len >= strlen(named[i].name) && memcmp(text, named[i].name, strlen(named[i].name)) == 0) {
      *used = strlen(named[i].name);
      return named[i].value;
    }
  if (len < 3 || text[1] != '#') return 0;
  bool hex = text[2] == 'x' || text[2] == 'X';
  long value = 0;
  size_t i = hex ? 3 : 2;
  for (; i < len && value < 0x110000; i++) {
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
    int of = digit ? (int)((digit - digits) % 16) : 16;
    if (of >= (hex ? 16 : 10)) break;
    value = value * (hex ? 16 : 10) + of;
  }
  *used = i < len && text[i] == ';' ? i + 1 : i;
  return value;
}

// An attribute's value with its character references resolved; what is not ASCII becomes '?', which hides nothing.
static void decode(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    size_t used = 0;
    long value = text[i] == '&' ? reference(text + i, len - i, &used) : 0;
    md_buffer_putc(out, used == 0 ? text[i] : value < 0x80 ? (char)value : '?');
    if (used) i += used - 1;
  }
}

static bool is_link(const attribute *a) {
  static const char *const links[] = {"href", "src", "xlink:href", "action", "formaction", "background", "poster"};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    if (a->name_len == strlen(links[i]) && strncasecmp(a->name, links[i], a->name_len) == 0) return true;
  return false;
}

static int refuse(const char *file, const attribute *a, const md_buffer *url, md_error *err) {
  const char *text = url->data ? url->data : "";
  size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  bool has_scheme = scheme > 0 && scheme <= 20 && text[scheme] == ':';
  bool right = has_scheme && (begins(text, url->len, "https:") || begins(text, url->len, "mailto:"));
  return md_error_set(err, MD_EINVAL,
                      "%s: a link (%.*s) %s%.*s%s: https and mailto are allowed, http only to this machine", file,
                      (int)a->name_len, a->name,
                      right        ? "is malformed after "
                      : has_scheme ? "begins with "
                                   : "",
                      has_scheme ? (int)scheme + 1 : 0, text,
                      has_scheme      ? ""
                      : url->len == 0 ? "is empty"
                                      : "does not begin with https:// or mailto:");
}

static int check_value(const char *file, const attribute *a, const char *placeholder, md_error *err) {
  md_buffer url;
  md_buffer_init(&url);
  decode(&url, a->value ? a->value : "", a->value_len);
  const char *text = url.data ? url.data : "";
  int rc = 0;
  if (!md_buffer_ok(&url))
    rc = md_error_set(err, MD_ENOMEM, "%s: out of memory", file);
  else if (!(placeholder && strncmp(text, placeholder, strlen(placeholder)) == 0) && !md_href_allowed(text, url.len))
    rc = refuse(file, a, &url, err);
  md_buffer_deinit(&url);
  return rc;
}

// The end of a comment that begins at `at`, or NULL. What stands in a conditional one is read by some programs.
static const char *skip_comment(const char *at, const char *end) {
  if (end - at < 4 || memcmp(at, "<!--", 4) != 0 || (end - at > 7 && memcmp(at + 4, "[if", 3) == 0)) return NULL;
  const char *close = memmem(at + 2, (size_t)(end - at - 2), "-->", 3);
  return close ? close + 3 : end;
}

int md_href_check(const char *file, const char *html, size_t len, const char *placeholder, md_error *err) {
  const char *end = html + len;
  for (const char *at = html; (at = memchr(at, '<', (size_t)(end - at)));) {
    const char *after = skip_comment(at, end);
    if (after) {
      at = after;
      continue;
    }
    at++;
    if (at == end || !((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'))) continue;
    while (at < end && !is_space(*at) && *at != '>' && *at != '/')
      at++;
    attribute a;
    while (next_attribute(&at, end, &a)) {
      int rc = is_link(&a) ? check_value(file, &a, placeholder, err) : 0;
      if (rc) return rc;
    }
  }
  return 0;
}
