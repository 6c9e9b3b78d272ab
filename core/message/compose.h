// SPDX-License-Identifier: Apache-2.0
// A whole mail from a version's files and frozen data: the same for the dry render in the turn and for the real one at
// claim. Pure; any thread.
#pragma once
#include "base/buffer.h"
#include "message/copy.h"
#include "message/mime.h"
#include "store/versions.h"

typedef struct md_compose {
  const md_version_file *files;
  int file_count;
  const char *moment, *class_name;
  const char *template_name, *variant; // variant may be NULL
  const char *const *locales;          // NULL-terminated
  const char *default_locale;          // or NULL
  const json_t *data;
  const char *placeholder;     // what stands for secrets in `data`; NULL: there are none, or their values stand there
  const char *unsubscribe_url; // NULL: none. A mail that has one must show it
  md_mailbox from, to;
  const char *message_id;
  md_micros date;
} md_compose;

// Appends the mail to `mail` and fills `copy` (in `arena`). MD_ENOMEM, or another code when it cannot be filled: `err`
// says why in one line for people.
int md_compose_mail(const md_compose *compose, md_arena *arena, md_copy *copy, md_buffer *mail, md_error *err);
