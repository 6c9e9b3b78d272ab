// SPDX-License-Identifier: Apache-2.0
// A whole mail from a version's files and frozen data. Pure; any thread.
#include "message/compose.h"
#include "base/json.h"
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

static const json_t *links_of(const md_compose *compose, md_arena *arena) {
  md_arena *before = md_json_scope(arena);
  const json_t *links = json_pack("{s:s}", "unsubscribe_url", compose->unsubscribe_url);
  md_json_scope(before);
  return links;
}

// Each part must show the way out: a reader sees but one of them.
static int check_opt_out(const md_compose *compose, const md_copy *copy, md_error *err) {
  const char *url = compose->unsubscribe_url;
  const char *lacks = NULL;
  if (url && copy->html && !strstr(copy->html, url)) lacks = "HTML";
  if (url && copy->text && !strstr(copy->text, url)) lacks = "text";
  if (!lacks) return 0;
  return md_error_set(err, MD_EINVAL,
                      "%s: the %s of a %s mail needs a link to {{unsubscribe_url}}: put it into the layout", copy->file,
                      lacks, compose->class_name);
}

// RFC 8058: a mail program unsubscribes with one POST.
static int add_opt_out(const md_compose *compose, md_arena *arena, md_mime_header headers[static 2], size_t *count,
                       md_error *err) {
  if (!compose->unsubscribe_url) return 0;
  const char *url = md_arena_printf(arena, "<%s>", compose->unsubscribe_url);
  if (!url) return md_error_set(err, MD_ENOMEM, "out of memory");
  headers[0] = (md_mime_header){"List-Unsubscribe", url};
  headers[1] = (md_mime_header){"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"};
  *count = 2;
  return 0;
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
      .placeholder = compose->placeholder,
      .links = compose->unsubscribe_url ? links_of(compose, arena) : NULL,
  };
  if (compose->unsubscribe_url && !request.links) return md_error_set(err, MD_ENOMEM, "out of memory");
  request.source.folder = md_arena_printf(arena, "%s/", compose->moment);
  if (!request.source.folder) return md_error_set(err, MD_ENOMEM, "out of memory");
  int rc = md_copy_render(&request, arena, copy, err);
  if (rc == 0) rc = check_opt_out(compose, copy, err);
  if (rc) return rc;
  md_mime_header headers[2];
  md_mime_mail parts = {.from = compose->from,
                        .to = compose->to,
                        .subject = copy->subject,
                        .date = compose->date,
                        .message_id = compose->message_id,
                        .text = copy->text,
                        .html = copy->html,
                        .headers = headers};
  rc = add_opt_out(compose, arena, headers, &parts.header_count, err);
  return rc ? rc : md_mime_write(&parts, mail, err);
}
