// SPDX-License-Identifier: Apache-2.0
// Lines of a mail's header, folded at 76 characters, what is not ASCII as encoded words. Values are checked before
// anything is written. Pure; any thread.
#pragma once
#include "message/mime.h"

// "NAME: value". A code point is never split between encoded words (RFC 2047). MD_EINVAL, MD_ETOOBIG.
int md_mime_header_text(md_buffer *out, const char *name, const char *value, md_error *err);
// "NAME: Display Name <a@b.dk>".
int md_mime_header_mailbox(md_buffer *out, const char *name, const md_mailbox *mailbox, md_error *err);
// "NAME: <id> <id>…", of a NULL-terminated list.
int md_mime_header_ids(md_buffer *out, const char *name, const char *const *ids, md_error *err);
// One of md_mime_mail's further headers: text whose name is checked too.
int md_mime_header_extra(md_buffer *out, const md_mime_header *header, md_error *err);
// "Content-Disposition: attachment" with the file name, by RFC 2231 where it needs that.
int md_mime_header_attachment(md_buffer *out, const char *name, md_error *err);
