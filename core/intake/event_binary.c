// SPDX-License-Identifier: Apache-2.0
// CloudEvents 1.0 in the binary mode of HTTP: attributes in ce- headers, data as the body. Pure.
#include "base/utf8.h"
#include "intake/event_decode.h"
#include "intake/event_draft.h"
#include "intake/header_value.h"
#include "intake/media_type.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static char *lower_name(md_arena *arena, const char *name) {
  char *lower = md_arena_strdup(arena, name);
  for (char *at = lower; at && *at; at++)
    if (*at >= 'A' && *at <= 'Z') *at = (char)(*at | 32);
  return lower;
}

static void read_header(md_draft *draft, const md_event_header *header) {
  size_t len = 0;
  char *name = lower_name(draft->arena, header->name + 3);
  char *value = md_header_value(draft->arena, header->value, header->value_len, &len);
  if (!name || !value)
    draft->exhausted = true;
  else if (strcmp(name, "data") == 0)
    md_draft_problem(draft, name, "cannot be a header: data is the body");
  else if (md_draft_has(draft, name))
    md_draft_problem(draft, name, "is given twice");
  else if (strlen(value) != len)
    md_draft_problem(draft, name, "has control characters");
  else if (strcmp(name, "datacontenttype") != 0) // that is the Content-Type
    md_draft_text(draft, name, value);
}

static int read_json(md_draft *draft, const char *body, size_t len, md_error *err) {
  md_error detail = {0};
  json_t *data = md_json_parse(body, len, true, &detail);
  if (!data) return md_error_set(err, detail.code, "the body is not valid JSON: %s", detail.text);
  md_draft_data(draft, data);
  return 0;
}

static void read_text(md_draft *draft, const char *body, size_t len, bool latin1) {
  md_buffer text;
  md_buffer_init(&text);
  if (latin1)
    md_utf8_from_latin1(&text, body, len);
  else
    md_buffer_append(&text, body, len);
  json_t *data = md_buffer_ok(&text) ? json_stringn_nocheck(text.data, text.len) : NULL;
  if (data)
    md_draft_data(draft, data);
  else
    draft->exhausted = true;
  md_buffer_deinit(&text);
}

// Without the blanks that a header may end in.
static const char *trimmed(md_arena *arena, const char *text) {
  size_t len = strlen(text);
  while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
    len--;
  return text[len] ? md_arena_strndup(arena, text, len) : text;
}

static int read_body(md_draft *draft, const char *content_type, const char *body, size_t len, md_error *err) {
  md_media_type type = {0};
  if (content_type) {
    if (!md_media_type_parse(content_type, strlen(content_type), &type))
      return md_error_set(err, MD_EINVAL, "the Content-Type is no media type");
    content_type = trimmed(draft->arena, content_type);
    if (!content_type) return md_error_set(err, MD_ENOMEM, "out of memory while reading an event");
    md_draft_text(draft, "datacontenttype", content_type);
  }
  if (len == 0) return 0;
  bool is_text = content_type && md_media_type_starts(&type, "text/");
  if (!content_type || md_media_type_is_json(&type)) return read_json(draft, body, len, err);
  if (memchr(body, 0, len)) is_text = false;
  if (is_text && md_media_type_is_latin1(&type))
    read_text(draft, body, len, true);
  else if (is_text && md_media_type_is_utf8(&type) && md_utf8_valid(body, len))
    read_text(draft, body, len, false);
  else
    md_draft_bytes(draft, body, len);
  return 0;
}

// Most likely a whole event in the body.
static void explain(const md_event_header *headers, size_t header_count, md_error *err) {
  size_t len = err ? strlen(err->text) : 0;
  for (size_t i = 0; i < header_count; i++)
    if (strncasecmp(headers[i].name, "ce-", 3) == 0) return;
  if (len)
    snprintf(err->text + len, sizeof err->text - len,
             "; with this Content-Type they are ce- headers, and the body is the data alone: for a whole event in the "
             "body send application/cloudevents+json");
}

static int decode(md_draft *draft, const md_event_header *headers, size_t header_count, const char *content_type,
                  const char *body, size_t len, md_error *err) {
  for (size_t i = 0; i < header_count; i++)
    if (strncasecmp(headers[i].name, "ce-", 3) == 0) read_header(draft, &headers[i]);
  int malformed = read_body(draft, content_type, body, len, err);
  int code = md_draft_finish(draft, malformed ? NULL : err);
  if (!malformed && code == MD_EINVAL) explain(headers, header_count, err);
  return malformed ? malformed : code;
}

int md_event_decode_binary(md_arena *arena, const md_event_header *headers, size_t header_count,
                           const char *content_type, const char *body, size_t len, const char *forced_source,
                           md_event *out, md_error *err) {
  md_draft draft;
  md_arena *before = md_json_scope(arena);
  md_draft_init(&draft, arena, forced_source, out);
  int code = decode(&draft, headers, header_count, content_type, body, len, err);
  md_json_scope(before);
  return code;
}
