// SPDX-License-Identifier: Apache-2.0
// A complete mail as bytes: header, alternative bodies, attachments. Pure; any thread.
#include "message/mime.h"
#include "base/digest.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "message/mime_body.h"
#include "message/mime_header.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_SIZE = 40 };

static const struct {
  const char *ending, *type;
} types[] = {{"pdf", "application/pdf"},
             {"png", "image/png"},
             {"jpg", "image/jpeg"},
             {"jpeg", "image/jpeg"},
             {"gif", "image/gif"},
             {"txt", "text/plain; charset=utf-8"},
             {"csv", "text/csv; charset=utf-8"},
             {"ics", "text/calendar; charset=utf-8"}};

const char *md_mime_type(const char *name) {
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && dot > name && i < sizeof types / sizeof *types; i++)
    if (strcasecmp(dot + 1, types[i].ending) == 0) return types[i].type;
  return NULL;
}

static int check_attachments(const md_mime_mail *mail, md_error *err) {
  size_t total = 0;
  for (size_t i = 0; i < mail->attachment_count; i++) {
    const md_mime_attachment *a = &mail->attachments[i];
    if (!md_mime_type(a->name))
      return md_error_set(err, MD_EINVAL,
                          "an attachment may be pdf, png, jpg, jpeg, gif, txt, csv or ics, by its name");
    if (a->len > MD_MIME_ATTACHMENTS_MAX - total)
      return md_error_set(err, MD_ETOOBIG, "the attachments have more than 7 MB together");
    total += a->len;
  }
  return 0;
}

static int check(const md_mime_mail *mail, md_error *err) {
  if (!mail->text && !mail->html) return md_error_set(err, MD_EINVAL, "a mail needs a text or an HTML part");
  if (!mail->subject || !mail->message_id) return md_error_set(err, MD_EINVAL, "a mail needs a subject and an id");
  const char *const parts[] = {mail->text, mail->html};
  for (int i = 0; i < 2; i++)
    if (parts[i] && !md_utf8_valid(parts[i], strlen(parts[i])))
      return md_error_set(err, MD_EINVAL, "the mail's %s part is not UTF-8", i == 0 ? "text" : "HTML");
  return check_attachments(mail, err);
}

static int write_ids(const md_mime_mail *mail, md_buffer *out, md_error *err) {
  const char *const id[] = {mail->message_id, NULL}, *const reply[] = {mail->in_reply_to, NULL};
  int rc = md_mime_header_ids(out, "Message-ID", id, err);
  if (rc == 0 && mail->in_reply_to) rc = md_mime_header_ids(out, "In-Reply-To", reply, err);
  if (rc == 0 && mail->references && *mail->references)
    rc = md_mime_header_ids(out, "References", mail->references, err);
  return rc;
}

static int write_header(const md_mime_mail *mail, md_buffer *out, md_error *err) {
  char date[40];
  md_timestamp_format_mail(mail->date, date);
  int rc = md_mime_header_mailbox(out, "From", &mail->from, err);
  if (rc == 0) rc = md_mime_header_mailbox(out, "To", &mail->to, err);
  if (rc == 0 && mail->reply_to) rc = md_mime_header_mailbox(out, "Reply-To", mail->reply_to, err);
  if (rc == 0) rc = md_mime_header_text(out, "Subject", mail->subject, err);
  if (rc == 0) rc = md_mime_header_text(out, "Date", date, err);
  if (rc == 0) rc = write_ids(mail, out, err);
  md_buffer_puts(out, "Auto-Submitted: auto-generated\r\n");
  for (size_t i = 0; rc == 0 && i < mail->header_count; i++)
    rc = md_mime_header_extra(out, &mail->headers[i], err);
  md_buffer_puts(out, "MIME-Version: 1.0\r\n");
  return rc;
}

// No encoding used here writes "=_", so a boundary is never met in a body.
static void boundary(const md_mime_mail *mail, char kind, char out[static BOUNDARY_SIZE]) {
  uint8_t digest[MD_SHA256_SIZE];
  char hex[25];
  md_sha256(mail->message_id, strlen(mail->message_id), digest);
  md_hex(digest, 12, hex);
  snprintf(out, BOUNDARY_SIZE, "=_%s_%c", hex, kind);
}

static void write_part(md_buffer *out, const char *type, const char *text) {
  md_buffer_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", type);
  md_mime_body_quoted(out, text, strlen(text));
}

static void write_bodies(const md_mime_mail *mail, md_buffer *out) {
  if (!mail->text || !mail->html) {
    write_part(out, mail->text ? "text/plain" : "text/html", mail->text ? mail->text : mail->html);
    return;
  }
  char line[BOUNDARY_SIZE];
  boundary(mail, 'a', line);
  md_buffer_printf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", line, line);
  write_part(out, "text/plain", mail->text);
  md_buffer_printf(out, "\r\n--%s\r\n", line);
  write_part(out, "text/html", mail->html);
  md_buffer_printf(out, "\r\n--%s--\r\n", line);
}

static int write_mixed(const md_mime_mail *mail, md_buffer *out, md_error *err) {
  char line[BOUNDARY_SIZE];
  boundary(mail, 'm', line);
  md_buffer_printf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", line, line);
  write_bodies(mail, out);
  for (size_t i = 0; i < mail->attachment_count; i++) {
    const md_mime_attachment *a = &mail->attachments[i];
    md_buffer_printf(out, "\r\n--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", line,
                     md_mime_type(a->name));
    int rc = md_mime_header_attachment(out, a->name, err);
    if (rc) return rc;
    md_buffer_puts(out, "\r\n");
    md_mime_body_base64(out, a->data, a->len);
  }
  md_buffer_printf(out, "\r\n--%s--\r\n", line);
  return 0;
}

int md_mime_write(const md_mime_mail *mail, md_buffer *out, md_error *err) {
  size_t before = out->len;
  int rc = check(mail, err);
  if (rc == 0) rc = write_header(mail, out, err);
  if (rc == 0 && mail->attachment_count > 0)
    rc = write_mixed(mail, out, err);
  else if (rc == 0)
    write_bodies(mail, out);
  if (rc == 0 && !md_buffer_ok(out)) rc = md_error_set(err, MD_ENOMEM, "out of memory");
  if (rc && out->data && out->len > before) {
    out->len = before;
    out->data[before] = '\0';
  }
  return rc;
}
