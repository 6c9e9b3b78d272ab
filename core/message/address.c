// SPDX-License-Identifier: Apache-2.0
// Mail addresses by a strict grammar (M7), and mailboxes of configured senders. Pure; any thread.
#include "message/address.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include "message/mime.h"
#include <stdbool.h>
#include <string.h>

enum { LOCAL_MAX = 64, LABEL_MAX = 63, NAME_BYTES_MAX = 200 };

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_atext(char c) {
  return is_letter(c) || is_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static int refuse(md_error *err, const char *why) {
  return md_error_set(err, MD_EINVAL, "not a mail address: %s", why);
}

// What to call a byte that must not be there, without repeating it.
static int refuse_byte(md_error *err, char c, const char *where) {
  unsigned char byte = (unsigned char)c;
  if (byte == ' ') return md_error_set(err, MD_EINVAL, "not a mail address: a space in the %s", where);
  if (byte < 0x20 || byte == 0x7f)
    return md_error_set(err, MD_EINVAL, "not a mail address: a control character in the %s", where);
  if (byte >= 0x80)
    return md_error_set(err, MD_EINVAL, "not a mail address: the %s is not ASCII (write a domain as xn--…)", where);
  return md_error_set(err, MD_EINVAL, "not a mail address: '%c' in the %s", c, where);
}

static int check_local(const char *text, size_t len, md_error *err) {
  if (len == 0) return refuse(err, "nothing before the @");
  if (len > LOCAL_MAX) return refuse(err, "more than 64 characters before the @");
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '.' && (i == 0 || i + 1 == len || text[i - 1] == '.'))
      return refuse(err, "a dot at the edge of the part before the @, or two in a row");
    if (text[i] != '.' && !is_atext(text[i])) return refuse_byte(err, text[i], "part before the @");
  }
  return 0;
}

static int check_label(const char *text, size_t len, md_error *err) {
  if (len == 0) return refuse(err, "a dot at the edge of the domain, or two in a row");
  if (len > LABEL_MAX) return refuse(err, "a part of the domain has more than 63 characters");
  for (size_t i = 0; i < len; i++)
    if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '-') return refuse_byte(err, text[i], "domain");
  if (text[0] == '-' || text[len - 1] == '-') return refuse(err, "a hyphen at the edge of a part of the domain");
  return 0;
}

static int check_domain(const char *text, size_t len, md_error *err) {
  if (len == 0) return refuse(err, "nothing after the @");
  if (len == 9 && strncasecmp(text, "localhost", 9) == 0) return 0;
  size_t labels = 0, from = 0, last_digits = 0;
  for (size_t i = 0; i <= len; i++) {
    if (i < len && text[i] != '.') continue;
    int rc = check_label(text + from, i - from, err);
    if (rc) return rc;
    last_digits = 0;
    for (size_t j = from; j < i; j++)
      last_digits += is_digit(text[j]);
    last_digits = last_digits == i - from; // whether the label is all digits
    labels++;
    from = i + 1;
  }
  if (labels < 2) return refuse(err, "the domain has no dot");
  if (last_digits) return refuse(err, "the domain ends in a number, as an IP address does");
  return 0;
}

int md_mail_address_check(const char *text, size_t len, md_error *err) {
  if (len > MD_MAIL_ADDRESS_MAX) return refuse(err, "more than 254 characters");
  const char *at = memrchr(text, '@', len);
  if (!at) return refuse(err, "no @ in it");
  int rc = check_local(text, (size_t)(at - text), err);
  return rc ? rc : check_domain(at + 1, len - (size_t)(at + 1 - text), err);
}

static void trim(const char **text, size_t *len) {
  while (*len && (**text == ' ' || **text == '\t')) {
    ++*text;
    --*len;
  }
  while (*len && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
    --*len;
}

// "\"a \\\"b\\\"\"" → a "b", in place in the arena's copy.
static int unquote(char *name, md_error *err) {
  size_t len = strlen(name), to = 0;
  for (size_t i = 1; i < len; i++) {
    if (name[i] == '"' && i + 1 == len) {
      name[to] = '\0';
      return 0;
    }
    if (name[i] == '"') break;
    if (name[i] == '\\' && i + 1 < len) i++;
    name[to++] = name[i];
  }
  return md_error_set(err, MD_EINVAL, "not a mailbox: a quoted name ends with its second quote, before the <");
}

static int parse_name(const char *text, size_t len, md_arena *arena, md_mailbox *out, md_error *err) {
  trim(&text, &len);
  if (len == 0) return 0;
  if (len > NAME_BYTES_MAX) return md_error_set(err, MD_EINVAL, "not a mailbox: its name is longer than 200 bytes");
  if (memchr(text, '\0', len)) return md_error_set(err, MD_EINVAL, "not a mailbox: a control character in its name");
  char *name = md_arena_strndup(arena, text, len);
  if (!name) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (name[0] == '"') {
    int rc = unquote(name, err);
    if (rc) return rc;
  } else if (strpbrk(name, "<>\"")) {
    return md_error_set(err, MD_EINVAL, "not a mailbox: write a name with < > or \" in it in double quotes");
  }
  int rc = md_mime_value_check("the name", name, err);
  out->name = *name ? name : NULL;
  return rc;
}

int md_mailbox_parse(const char *text, size_t len, md_arena *arena, md_mailbox *out, md_error *err) {
  *out = (md_mailbox){0};
  trim(&text, &len);
  const char *open = len && text[len - 1] == '>' ? memrchr(text, '<', len) : NULL;
  if (open) {
    int rc = parse_name(text, (size_t)(open - text), arena, out, err);
    if (rc) return rc;
    len -= (size_t)(open - text) + 2;
    text = open + 1;
  }
  int rc = md_mail_address_check(text, len, err);
  if (rc) return rc;
  out->address = md_arena_strndup(arena, text, len);
  return out->address ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
