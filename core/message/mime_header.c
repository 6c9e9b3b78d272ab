// SPDX-License-Identifier: Apache-2.0
// Lines of a mail's header: folding (RFC 5322), encoded words (RFC 2047), file names (RFC 2231). Pure; any thread.
#include "message/mime_header.h"
#include "base/digest.h"
#include "base/utf8.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
  LINE = 76,
  ENCODED_WORD = 75,
  ENCODED_WORD_FRAME = 12, // =?UTF-8?Q??=
  WORD_MAX = 900,          // no fold is possible within one, and a line ends at 998
  ID_MAX = 250,
  FILE_NAME_MAX = 200,
  FILE_NAME_PIECE = 48,
};

int md_mime_value_check(const char *what, const char *value, md_error *err) {
  size_t len = strlen(value);
  if (!md_utf8_valid(value, len)) return md_error_set(err, MD_EINVAL, "%s is not UTF-8", what);
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)value[i], next = (unsigned char)value[i + 1];
    if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0) ||
        (byte == 0xe2 && next == 0x80 && ((unsigned char)value[i + 2] == 0xa8 || (unsigned char)value[i + 2] == 0xa9)))
      return md_error_set(err, MD_EINVAL,
                          "%s has a control character or line break in it, which a mail's header must not", what);
  }
  return 0;
}

static bool is_ascii(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80) return false;
  return true;
}

static size_t longest_word(const char *text) {
  size_t longest = 0;
  while (*text) {
    size_t len = strcspn(text, " ");
    if (len > longest) longest = len;
    text += len + strspn(text + len, " ");
  }
  return longest;
}

static bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// --- encoded words
// ----------------------------------------------------------------------------------------------------

// What Q may hold as it is, in phrases too.
static size_t q_size(char c) {
  return is_alphanumeric(c) || (c && strchr("!*+-/ ", c)) ? 1 : 3;
}

static size_t code_point(const char *text) {
  unsigned char lead = (unsigned char)*text;
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static size_t encoded_size(const char *text, size_t len, bool base64) {
  if (base64) return 4 * ((len + 2) / 3);
  size_t size = 0;
  for (size_t i = 0; i < len; i++)
    size += q_size(text[i]);
  return size;
}

static void write_q(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] == ' ')
      md_buffer_putc(out, '_');
    else if (q_size(text[i]) == 1)
      md_buffer_putc(out, text[i]);
    else
      md_buffer_printf(out, "=%02X", (unsigned char)text[i]);
  }
}

static void write_word(md_buffer *out, const char *text, size_t len, bool base64) {
  char b64[ENCODED_WORD + 5];
  md_buffer_puts(out, base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
  if (base64)
    md_buffer_append(out, b64, md_base64(text, len, b64));
  else
    write_q(out, text, len);
  md_buffer_puts(out, "?=");
}

// Writes `text` as encoded words from column `column` on; returns the column it ends at.
static size_t write_words(md_buffer *out, const char *text, size_t column) {
  size_t len = strlen(text);
  // Q can be read by a person, so it may be half as long again.
  bool base64 = 3 * encoded_size(text, len, true) < 2 * encoded_size(text, len, false);
  while (len > 0) {
    size_t room = LINE - column < ENCODED_WORD ? LINE - column : ENCODED_WORD, take = 0;
    while (take < len) {
      size_t next = take + code_point(text + take);
      if (encoded_size(text, next, base64) + ENCODED_WORD_FRAME > room) break;
      take = next;
    }
    if (take > 0) {
      write_word(out, text, take, base64);
      column += encoded_size(text, take, base64) + ENCODED_WORD_FRAME;
      text += take;
      len -= take;
    }
    if (len > 0) {
      md_buffer_puts(out, "\r\n ");
      column = 1;
    }
  }
  return column;
}

// --- plain text
// -------------------------------------------------------------------------------------------------------

// Writes ASCII text, folded before spaces; the first word goes to a line of its own when it is too long.
static void write_folded(md_buffer *out, const char *text, size_t column) {
  bool first = true;
  while (*text) {
    size_t spaces = strspn(text, " "), len = spaces + strcspn(text + spaces, " ");
    if (column + len > LINE) {
      md_buffer_puts(out, first ? "\r\n " : "\r\n");
      column = first;
    }
    md_buffer_append(out, text, len);
    column += len;
    text += len;
    first = false;
  }
}

int md_mime_header_text(md_buffer *out, const char *name, const char *value, md_error *err) {
  int rc = md_mime_value_check(name, value, err);
  if (rc) return rc;
  size_t len = strlen(value), longest = longest_word(value);
  bool edges = len && (value[0] == ' ' || value[len - 1] == ' ');
  bool encode = !is_ascii(value) || edges || strstr(value, "=?") || (longest > 60 && strcasecmp(name, "Subject") == 0);
  if (!encode && longest > WORD_MAX) return md_error_set(err, MD_ETOOBIG, "%s has a word of over 900 bytes", name);
  md_buffer_printf(out, "%s: ", name);
  if (encode) {
    write_words(out, value, strlen(name) + 2);
  } else {
    if (strlen(name) + 2 + strcspn(value, " ") > LINE && out->len) out->len--; // "NAME:", and the value below
    write_folded(out, value, strlen(name) + 2);
  }
  md_buffer_puts(out, "\r\n");
  return 0;
}

// --- names and addresses
// ----------------------------------------------------------------------------------------------

static void write_quoted(md_buffer *out, const char *text) {
  md_buffer_putc(out, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') md_buffer_putc(out, '\\');
    md_buffer_putc(out, *text);
  }
  md_buffer_putc(out, '"');
}

static bool needs_quotes(const char *text) {
  for (const char *c = text; *c; c++)
    if (!is_alphanumeric(*c) && !strchr("!#$%&'*+-/=?^_`{|}~ ", *c)) return true;
  return text[0] == ' ' || strstr(text, "  ") || text[strlen(text) - 1] == ' ';
}

int md_mime_header_mailbox(md_buffer *out, const char *name, const md_mailbox *mailbox, md_error *err) {
  if (!mailbox->address) return md_error_set(err, MD_EINVAL, "%s: no address", name);
  size_t column = strlen(name) + 2, address_len = strlen(mailbox->address);
  int rc = md_mail_address_check(mailbox->address, address_len, err);
  if (rc == 0 && mailbox->name) rc = md_mime_value_check(name, mailbox->name, err);
  if (rc) return rc;
  md_buffer_printf(out, "%s: ", name);
  if (!mailbox->name || !*mailbox->name) {
    md_buffer_printf(out, "%s\r\n", mailbox->address);
    return 0;
  }
  size_t before = out->len;
  if (!is_ascii(mailbox->name) || strstr(mailbox->name, "=?") || strlen(mailbox->name) > 60) {
    column = write_words(out, mailbox->name, column);
  } else {
    if (needs_quotes(mailbox->name))
      write_quoted(out, mailbox->name);
    else
      md_buffer_puts(out, mailbox->name);
    column += out->len - before;
  }
  md_buffer_printf(out, "%s<%s>\r\n", column + address_len + 3 > LINE ? "\r\n " : " ", mailbox->address);
  return 0;
}

static int check_id(const char *name, const char *id, md_error *err) {
  const char *at = strchr(id, '@');
  bool good = at && at > id && at[1] && !strchr(at + 1, '@') && strlen(id) <= ID_MAX;
  for (const char *c = id; *c && good; c++)
    good = is_alphanumeric(*c) || strchr("!#$%&'*+-/=?^_`{|}~.@", *c);
  return good ? 0 : md_error_set(err, MD_EINVAL, "%s: a message's id is written LEFT@RIGHT in plain ASCII", name);
}

int md_mime_header_ids(md_buffer *out, const char *name, const char *const *ids, md_error *err) {
  for (const char *const *id = ids; *id; id++) {
    int rc = check_id(name, *id, err);
    if (rc) return rc;
  }
  md_buffer_printf(out, "%s:", name);
  size_t column = strlen(name) + 1;
  for (const char *const *id = ids; *id; id++) {
    bool fold = id > ids && column + strlen(*id) + 3 > LINE;
    md_buffer_printf(out, "%s<%s>", fold ? "\r\n " : " ", *id);
    column = (fold ? 0 : column) + strlen(*id) + 3;
  }
  md_buffer_puts(out, "\r\n");
  return 0;
}

static bool is_own(const char *name) {
  static const char *const own[] = {"From",       "Sender",       "Reply-To", "To",          "Cc",
                                    "Bcc",        "Subject",      "Date",     "Message-ID",  "In-Reply-To",
                                    "References", "MIME-Version", "Received", "Return-Path", "Auto-Submitted"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcasecmp(name, own[i]) == 0) return true;
  return strncasecmp(name, "Content-", 8) == 0 || strncasecmp(name, "Resent-", 7) == 0;
}

int md_mime_header_extra(md_buffer *out, const md_mime_header *header, md_error *err) {
  size_t len = strlen(header->name);
  bool good = len > 0 && len <= 60;
  for (size_t i = 0; i < len && good; i++)
    good = is_alphanumeric(header->name[i]) || header->name[i] == '-';
  if (!good) return md_error_set(err, MD_EINVAL, "a header's name is made of letters, digits and hyphens");
  if (is_own(header->name))
    return md_error_set(err, MD_EINVAL, "the header %s is written by the mail itself", header->name);
  return md_mime_header_text(out, header->name, header->value, err);
}

// --- file names
// -------------------------------------------------------------------------------------------------------

static int check_file_name(const char *name, md_error *err) {
  int rc = md_mime_value_check("an attachment's name", name, err);
  if (rc) return rc;
  if (!*name || strlen(name) > FILE_NAME_MAX || strpbrk(name, "/\\"))
    return md_error_set(err, MD_EINVAL, "an attachment's name has 1 to 200 bytes and no / or \\");
  return 0;
}

static size_t percent_size(const char *text, size_t len) {
  size_t size = 0;
  for (size_t i = 0; i < len; i++)
    size += is_alphanumeric(text[i]) || strchr("-._", text[i]) ? 1 : 3;
  return size;
}

// filename*=UTF-8''…, or filename*0*=…; filename*1*=… where one line does not hold it.
static void write_percent_name(md_buffer *out, const char *name) {
  bool pieces = percent_size(name, strlen(name)) > FILE_NAME_PIECE;
  for (int piece = 0; *name; piece++) {
    if (pieces)
      md_buffer_printf(out, ";\r\n filename*%d*=%s", piece, piece == 0 ? "UTF-8''" : "");
    else
      md_buffer_puts(out, ";\r\n filename*=UTF-8''");
    size_t take = 0;
    while (name[take]) {
      size_t next = take + code_point(name + take);
      if (percent_size(name, next) > FILE_NAME_PIECE) break;
      take = next;
    }
    for (size_t i = 0; i < take; i++)
      if (percent_size(name + i, 1) == 1)
        md_buffer_putc(out, name[i]);
      else
        md_buffer_printf(out, "%%%02X", (unsigned char)name[i]);
    name += take;
  }
}

int md_mime_header_attachment(md_buffer *out, const char *name, md_error *err) {
  int rc = check_file_name(name, err);
  if (rc) return rc;
  bool plain = strlen(name) <= FILE_NAME_PIECE;
  for (const char *c = name; *c && plain; c++)
    plain = is_alphanumeric(*c) || strchr("-._ ()", *c);
  md_buffer_puts(out, "Content-Disposition: attachment");
  if (plain)
    md_buffer_printf(out, ";\r\n filename=\"%s\"", name);
  else
    write_percent_name(out, name);
  md_buffer_puts(out, "\r\n");
  return 0;
}
