// SPDX-License-Identifier: Apache-2.0
// Finds marks in a message's data, and puts values in their places.
#include "message/secrets.h"
#include "base/secret.h"
#include "store/calls.h"
#include "store/vault.h"
#include <string.h>

typedef struct search {
  json_t *references;
  json_t *at; // names and places on the way
} search;

static json_t *conceal(search *s, const json_t *value);

static json_t *reference(search *s, const json_t *mark) {
  json_t *found = md_secret_reference(mark);
  if (!found || json_object_set_new(found, "at", json_copy(s->at)) != 0) return NULL;
  if (json_array_append_new(s->references, found) != 0) return NULL;
  return json_string(MD_SECRET_SHOWN);
}

// One member or item: a copy of it. `step` is its name or place.
static json_t *below(search *s, json_t *step, const json_t *value) {
  if (!step || json_array_append_new(s->at, step) != 0) return NULL;
  json_t *copy = conceal(s, value);
  json_array_remove(s->at, json_array_size(s->at) - 1);
  return copy;
}

static json_t *conceal(search *s, const json_t *value) {
  const char *name;
  json_t *item, *copy;
  size_t i;
  if (md_secret_is(value)) return reference(s, value);
  if (json_is_object(value)) {
    copy = json_object();
    json_object_foreach((json_t *)value, name, item) {
      if (json_object_set_new(copy, name, below(s, json_string(name), item)) != 0) return NULL;
    }
    return copy;
  }
  if (json_is_array(value)) {
    copy = json_array();
    json_array_foreach(value, i, item) {
      if (json_array_append_new(copy, below(s, json_integer((json_int_t)i), item)) != 0) return NULL;
    }
    return copy;
  }
  return json_deep_copy(value);
}

int md_message_secrets(const json_t *data, json_t **shown, json_t **references) {
  search s = {json_array(), json_array()};
  *references = NULL;
  *shown = s.references && s.at ? conceal(&s, data) : NULL;
  if (!*shown) return MD_ENOMEM;
  if (json_array_size(s.references) > 0) *references = s.references;
  return 0;
}

static int find_sealed(md_store *store, int64_t owner, md_arena *arena, const void **sealed, size_t *len,
                       md_error *err) {
  md_event event = {0};
  md_call call = {0};
  int code = owner < 0 ? md_calls_get(store, md_secret_call(owner), arena, &call, err)
                       : md_events_get(store, owner, arena, &event, err);
  *sealed = owner < 0 ? call.sealed : event.sealed;
  *len = owner < 0 ? call.sealed_len : event.sealed_len;
  return code || *sealed ? code : md_error_set(err, MD_ENOTFOUND, "what a secret was in has no secrets");
}

// A key, or sealed bytes, of another life of the database (a backup was taken back) or damaged: these are lost,
// whatever else is stored is as good as before.
static int lost(md_error *err) {
  return md_error_set(err, MD_ECONFLICT, "a secret does not open with the key kept for it");
}

// The whole data of an event, or answer to a call, its secrets in it.
static int open_owner(md_store *store, int64_t owner, md_micros now, md_arena *arena, json_t **out, md_error *err) {
  const char *text = NULL;
  const void *sealed = NULL;
  size_t len = 0;
  int code = find_sealed(store, owner, arena, &sealed, &len, err);
  if (!code) {
    code = md_vault_unseal(store, owner, now, sealed, len, arena, &text, err);
    if (code == MD_ECORRUPT) return lost(err);
  }
  if (code) return code;
  *out = md_json_parse(text, strlen(text), true, NULL); // its error would show what it stumbled on
  return *out ? 0 : md_error_set(err, MD_ECORRUPT, "sealed secrets are damaged");
}

// Sets the value where `at` leads to.
static int put(json_t *tree, const json_t *at, json_t *value) {
  size_t last = json_array_size(at);
  const json_t *step = NULL;
  for (size_t i = 0; tree && i < last; i++) {
    step = json_array_get(at, i);
    if (i + 1 == last) break;
    tree = json_is_string(step) ? json_object_get(tree, json_string_value(step))
                                : json_array_get(tree, (size_t)json_integer_value(step));
  }
  if (json_is_object(tree) && json_is_string(step))
    return json_object_set(tree, json_string_value(step), value) == 0 ? 0 : MD_ENOMEM;
  if (json_is_array(tree) && json_is_integer(step))
    return json_array_set(tree, (size_t)json_integer_value(step), value) == 0 ? 0 : MD_ENOMEM;
  return MD_ECORRUPT;
}

static int reveal_one(md_store *store, json_t *tree, const json_t *reference, md_micros now, md_arena *arena,
                      md_error *err) {
  const char *path = md_json_text(reference, "path");
  json_t *data = NULL;
  int code = open_owner(store, md_secret_owner(reference), now, arena, &data, err);
  if (code) return code;
  json_t *value = path ? md_json_at(data, path) : NULL;
  if (!value) return md_error_set(err, MD_ENOTFOUND, "what a secret was in has no such secret");
  code = put(tree, json_object_get(reference, "at"), value);
  return code ? md_error_set(err, code, "a secret could not be put into its place") : 0;
}

int md_message_reveal(md_store *store, const json_t *shown, const json_t *references, md_micros now, md_arena *arena,
                      json_t **out, md_error *err) {
  size_t i;
  const json_t *reference;
  int code = 0;
  *out = json_deep_copy(shown);
  if (!*out) return md_error_set(err, MD_ENOMEM, "out of memory");
  json_array_foreach(references, i, reference) {
    if (!code) code = reveal_one(store, *out, reference, now, arena, err);
  }
  return code;
}
