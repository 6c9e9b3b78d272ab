// SPDX-License-Identifier: Apache-2.0
// The terms of a message as JSON in its row.
#include "message/terms.h"
#include "base/json.h"
#include <string.h>

static bool needs_basis(const md_message *message) {
  return strcmp(message->class_name, "marketing") == 0 || strcmp(message->class_name, "feedback") == 0;
}

static int put(json_t *terms, const char *name, json_t *value) {
  return json_object_set_new(terms, name, value);
}

static int fill(md_candidate *candidate, const json_t *args, json_t *terms) {
  const md_message *message = candidate->message;
  const json_t *lateness = json_object_get(args, "max_lateness");
  json_t *unless = json_object_get(args, "unless");
  int bad = 0;
  if (unless) bad |= json_object_set(terms, "unless", unless);
  if (lateness)
    bad |= put(terms, "until", json_integer(message->due_at + (md_micros)(json_number_value(lateness) * MD_SECOND)));
  if (message->internal || !needs_basis(message)) return bad;
  bad |= put(terms, "products", json_string(candidate->products));
  if (candidate->zone) bad |= put(terms, "zone", json_string(candidate->zone));
  if (candidate->country) bad |= put(terms, "country", json_string(candidate->country));
  return bad;
}

int md_terms_freeze(md_candidate *candidate, const json_t *args, md_error *err) {
  json_t *terms = json_object();
  int bad = !terms || fill(candidate, args, terms);
  if (!bad && json_object_size(terms) == 0) return 0;
  md_buffer text;
  md_buffer_init(&text);
  if (!bad) md_json_write(&text, terms);
  if (!bad && md_buffer_ok(&text)) candidate->message->terms = md_arena_strndup(candidate->arena, text.data, text.len);
  md_buffer_deinit(&text);
  return candidate->message->terms ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_terms_read(const md_message *message, md_terms *out, md_error *err) {
  *out = (md_terms){0};
  if (!message->terms) return 0;
  const json_t *terms = md_json_parse(message->terms, strlen(message->terms), false, err);
  if (!terms) return err && err->code == MD_ENOMEM ? MD_ENOMEM : MD_ECORRUPT;
  out->zone = md_json_text(terms, "zone");
  out->country = md_json_text(terms, "country");
  out->products = md_json_text(terms, "products");
  out->unless = json_object_get(terms, "unless");
  out->until = json_integer_value(json_object_get(terms, "until"));
  return 0;
}
