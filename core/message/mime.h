// SPDX-License-Identifier: Apache-2.0
// A complete mail as bytes (RFC 5322, 2045, 2047, 2231) from its parts. The same parts always give the same bytes.
// Pure; any thread.
#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "message/address.h"
#include <stddef.h>

enum { MD_MIME_ATTACHMENTS_MAX = 7 * 1000 * 1000 }; // bytes in all, before base64 (M7)

typedef struct md_mime_header {
  const char *name;
  const char *value; // UTF-8; what is not ASCII is written as encoded words
} md_mime_header;

typedef struct md_mime_attachment {
  const char *name; // a file name, UTF-8; its ending (pdf png jpg jpeg gif txt csv ics) decides the type
  const void *data;
  size_t len;
} md_mime_attachment;

// The parts, borrowed. Ids are without angle brackets: "run-12.3@shop.dk".
typedef struct md_mime_mail {
  md_mailbox from;
  md_mailbox to;
  const md_mailbox *reply_to; // may be NULL
  const char *subject;
  md_micros date;
  const char *message_id;
  const char *in_reply_to;       // may be NULL
  const char *const *references; // NULL-terminated, oldest first; may be NULL
  const md_mime_header *headers; // further ones, such as List-Unsubscribe
  size_t header_count;
  const char *text; // UTF-8, any line ends; one of text and html may be NULL
  const char *html;
  const md_mime_attachment *attachments;
  size_t attachment_count;
} md_mime_mail;

// Appends the mail to `out`: CRLF only, lines of at most 76 characters where the syntax allows it, no line that begins
// with a dot, Auto-Submitted: auto-generated. MD_EINVAL: a control character or invalid UTF-8 in a header value, a bad
// address, id or header name, a header that is this unit's own, an attachment of another type; nothing is ever
// stripped. MD_ETOOBIG: attachments over 7 MB or a header word over 900 bytes. MD_ENOMEM. `out` is unchanged then, but
// for its capacity.
int md_mime_write(const md_mime_mail *mail, md_buffer *out, md_error *err);

// The media type of a file name's ending, or NULL when it may not be attached.
const char *md_mime_type(const char *name);

// 0 when `value` may be a header's value: valid UTF-8 without control characters (C0, DEL, C1). Else MD_EINVAL; `what`
// names the header for `err`.
int md_mime_value_check(const char *what, const char *value, md_error *err);
