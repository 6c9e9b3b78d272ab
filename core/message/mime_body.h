// SPDX-License-Identifier: Apache-2.0
// Bodies of a mail in transfer encodings. Pure; any thread.
#pragma once
#include "base/buffer.h"

// Quoted-printable (RFC 2045, 6.7) of a text with any line ends: lines of at most 76 characters, CRLF, a final line
// end, no line that begins with a dot or with "From ".
void md_mime_body_quoted(md_buffer *out, const char *text, size_t len);

// Base64 in lines of 76 characters, CRLF.
void md_mime_body_base64(md_buffer *out, const void *data, size_t len);
