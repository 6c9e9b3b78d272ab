// SPDX-License-Identifier: Apache-2.0
// A whole mail from a version's files and frozen data. Pure; any thread.
#include "message/compose.h"
#include <string.h>

static const char *get_file(void *context, const char *path, size_t *len) {
  const md_compose *compose = context;
  for (int i = 0; i < compose->file_count; i++) {
    if (strcmp(compose->files[i].path, path) != 0) continue;
    *len = compose->files[i].len;
    return compose->files[i].data;
  }
  return NULL;
}

static const char *path_at(void *context, size_t index) {
  const md_compose *compose = context;
  return index < (size_t)compose->file_count ? compose->files[index].path : NULL;
}

int md_compose_mail(const md_compose *compose, md_arena *arena, md_copy *copy, md_buffer *mail, md_error *err) {
  md_copy_request request = {
      .source = {.context = (void *)compose, .get = get_file, .path = path_at},
      .class_name = compose->class_name,
      .template_name = compose->template_name,
      .variant = compose->variant,
      .locales = compose->locales,
      .default_locale = compose->default_locale,
      .data = compose->data,
  };
  request.source.folder = md_arena_printf(arena, "%s/", compose->moment);
  if (!request.source.folder) return md_error_set(err, MD_ENOMEM, "out of memory");
  int rc = md_copy_render(&request, arena, copy, err);
  if (rc) return rc;
  md_mime_mail parts = {.from = compose->from,
                        .to = compose->to,
                        .subject = copy->subject,
                        .date = compose->date,
                        .message_id = compose->message_id,
                        .text = copy->text,
                        .html = copy->html};
  return md_mime_write(&parts, mail, err);
}
