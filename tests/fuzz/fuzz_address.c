// SPDX-License-Identifier: Apache-2.0
// Mail addresses and mailboxes: what is accepted can stand in a header and on an SMTP line.
#include "message/address.h"
#include "message/mime.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_address(const char *text, size_t len) {
  if (len == 0 || len > MD_MAIL_ADDRESS_MAX || !memchr(text, '@', len)) abort();
  for (size_t i = 0; i < len; i++)
    if (text[i] <= ' ' || text[i] >= 0x7f || strchr("<>()[]\\,;:\"", text[i])) abort();
}

// A mailbox that was read can be written, in a header that has no line of its own making.
static void check_mailbox(const md_mailbox *box) {
  md_mime_mail mail = {.from = *box,
                       .to = {NULL, box->address},
                       .subject = box->name ? box->name : "x",
                       .message_id = "a@b",
                       .text = "x"};
  md_buffer out;
  md_buffer_init(&out);
  if (md_mime_write(&mail, &out, NULL)) abort();
  const char *end = strstr(out.data, "\r\n\r\n");
  if (!end || strncmp(out.data, "From: ", 6) != 0) abort();
  for (const char *c = out.data; c < end; c++)
    if ((unsigned char)*c >= 0x80 || (*c == '\n' && c[-1] != '\r') || (*c < ' ' && *c != '\r' && *c != '\n')) abort();
  const char *line = strstr(out.data, "\r\n");
  while (strncmp(line, "\r\n ", 3) == 0)
    line = strstr(line + 2, "\r\n");
  if (strncmp(line, "\r\nTo: ", 6) != 0) abort();
  md_buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  md_error err = {0};
  if (md_mail_address_check(text, size, &err) == 0)
    check_address(text, size);
  else if (err.text[0] == '\0')
    abort();
  md_arena *arena = md_arena_new(0);
  md_mailbox box;
  if (md_mailbox_parse(text, size, arena, &box, &err) == 0) {
    check_address(box.address, strlen(box.address));
    check_mailbox(&box);
  }
  md_arena_free(arena);
  return 0;
}
