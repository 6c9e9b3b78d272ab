// SPDX-License-Identifier: Apache-2.0
// CloudEvents 1.0 in JSON: one event, or a batch of them. Pure. (The binary mode is in event_binary.c.)
#include "intake/event_decode.h"
#include "intake/event_draft.h"
#include <string.h>

static int read_object(md_arena *arena, json_t *object, const char *forced_source, md_event *out, md_error *err) {
  md_draft draft;
  md_draft_init(&draft, arena, forced_source, out);
  json_t *base64 = NULL;
  for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
    const char *name = json_object_iter_key(at);
    json_t *value = json_object_iter_value(at);
    if (strcmp(name, "data") == 0)
      md_draft_data(&draft, value);
    else if (strcmp(name, "data_base64") == 0)
      base64 = value;
    else
      md_draft_attribute(&draft, name, value);
  }
  if (base64) md_draft_base64(&draft, base64);
  return md_draft_finish(&draft, err);
}

static int decode(md_arena *arena, const char *text, size_t len, const char *forced_source, md_event *out,
                  md_error *err) {
  md_error detail = {0};
  json_t *root = md_json_parse(text, len, false, &detail);
  if (!root) return md_error_set(err, detail.code, "the event is not valid JSON: %s", detail.text);
  if (!json_is_object(root))
    return md_error_set(err, MD_ESYNTAX, "line 1, column 1: an event is a JSON object, this is an array");
  return read_object(arena, root, forced_source, out, err);
}

int md_event_decode(md_arena *arena, const char *text, size_t len, const char *forced_source, md_event *out,
                    md_error *err) {
  md_arena *before = md_json_scope(arena);
  int code = decode(arena, text, len, forced_source, out, err);
  md_json_scope(before);
  return code;
}

static int decode_element(md_arena *arena, json_t *element, const char *forced_source, md_batch_item *item,
                          md_error *err) {
  md_error why = {0};
  *item = (md_batch_item){.id = md_json_text(element, "id")};
  md_event *event = json_is_object(element) ? md_arena_alloc(arena, sizeof *event) : NULL;
  int code;
  if (event)
    code = read_object(arena, element, forced_source, event, &why);
  else if (json_is_object(element))
    code = md_error_set(&why, MD_ENOMEM, "out of memory while reading a batch");
  else
    code = md_error_set(&why, MD_EINVAL, "an event is a JSON object");
  if (code == MD_ENOMEM) return md_error_set(err, MD_ENOMEM, "%s", why.text);
  if (code == 0) {
    item->event = event;
    return 0;
  }
  item->error = md_arena_strdup(arena, why.text);
  return item->error ? 0 : md_error_set(err, MD_ENOMEM, "out of memory while reading a batch");
}

static int decode_batch(md_arena *arena, const char *text, size_t len, const char *forced_source, md_batch_item **items,
                        size_t *count, md_error *err) {
  md_error detail = {0};
  json_t *root = md_json_parse(text, len, false, &detail);
  if (!root) return md_error_set(err, detail.code, "the batch is not valid JSON: %s", detail.text);
  if (!json_is_array(root))
    return md_error_set(err, MD_ESYNTAX, "line 1, column 1: a batch is a JSON array of events, this is an object");
  *count = json_array_size(root);
  *items = md_arena_alloc(arena, *count * sizeof **items + 1);
  if (!*items) return md_error_set(err, MD_ENOMEM, "out of memory while reading a batch");
  for (size_t i = 0; i < *count; i++) {
    int code = decode_element(arena, json_array_get(root, i), forced_source, &(*items)[i], err);
    if (code) return code;
  }
  return 0;
}

int md_event_decode_batch(md_arena *arena, const char *text, size_t len, const char *forced_source,
                          md_batch_item **items, size_t *count, md_error *err) {
  md_arena *before = md_json_scope(arena);
  int code = decode_batch(arena, text, len, forced_source, items, count, err);
  md_json_scope(before);
  return code;
}
