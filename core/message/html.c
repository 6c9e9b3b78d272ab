// SPDX-License-Identifier: Apache-2.0
// Text made fit for HTML and for the target of a link. Pure; any thread.
#include "message/html.h"
#include <string.h>

static const char *entity_of(char byte) {
  switch (byte) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

void md_html_escape(md_buffer *out, const char *text, size_t len) {
  size_t from = 0;
  for (size_t i = 0; i < len; i++) {
    const char *entity = entity_of(text[i]);
    if (!entity) continue;
    md_buffer_append(out, text + from, i - from);
    md_buffer_puts(out, entity);
    from = i + 1;
  }
  md_buffer_append(out, text + from, len - from);
}

void md_html_encode_url(md_buffer *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] && strchr(" \"<>\\^`{|}", text[i]))
      md_buffer_printf(out, "%%%02X", (unsigned char)text[i]);
    else
      md_buffer_putc(out, text[i]);
  }
}
