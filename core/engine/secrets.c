// SPDX-License-Identifier: Apache-2.0
// Which part of an event's data is stored readable, and where its secrets are marked.
#include "engine/secrets.h"
#include "base/secret.h"
#include "store/vault.h"
#include <string.h>

int md_secrets_digest(md_engine *engine, md_event *event, md_error *err) {
  if (!md_plan_has_secrets(engine->plan, event->type)) return 0;
  return md_vault_digest(engine->store, event->digest, sizeof event->digest, err);
}

bool md_secrets_fit(const md_engine *engine, const md_event *event) {
  if (!event->extensions || !md_plan_has_secrets(engine->plan, event->type)) return true;
  return !strstr(event->extensions, "\"data_base64\":"); // canonical JSON: within a text the quotes are escaped
}

static bool is_scalar(const json_t *value) {
  return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

// A copy with the declared members of `object` alone, NULL when there is none. `*failed`: out of memory.
static json_t *declared(md_engine *engine, const char *type, json_t *object, const char *before, bool *failed) {
  const char *name;
  json_t *value, *kept = NULL;
  json_object_foreach(object, name, value) {
    if (strchr(name, '.')) continue; // no path leads to it
    const char *path = md_arena_printf(engine->arena, "%s%s%s", before, *before ? "." : "", name);
    json_t *part = NULL;
    if (path && json_is_object(value))
      part = declared(engine, type, value, path, failed);
    else if (path && is_scalar(value) && md_plan_declares(engine->plan, type, path))
      part = value;
    if (!path) *failed = true;
    if (!part) continue;
    if (!kept) kept = json_object();
    if (json_object_set(kept, name, part) != 0) *failed = true;
  }
  return kept;
}

int md_secrets_place(json_t *tree, const char *path, json_t *value) {
  if (!tree || !value) return MD_ENOMEM;
  size_t len = strcspn(path, ".");
  if (path[len] == '\0') return json_object_set_new(tree, path, value) == 0 ? 0 : MD_ENOMEM;
  json_t *below = json_object_getn(tree, path, len);
  if (!json_is_object(below)) {
    below = json_object();
    if (!below || json_object_setn(tree, path, len, below) != 0) return MD_ENOMEM;
  }
  return md_secrets_place(below, path + len + 1, value);
}

// The secret paths at which the data has something, as a JSON list.
static json_t *present(const md_plan_event *plan, const json_t *data) {
  json_t *paths = json_array();
  for (const char *const *path = plan->secret_paths; paths && *path; path++) {
    const json_t *value = md_json_at(data, *path);
    if (value && !json_is_null(value) && json_array_append_new(paths, json_string(*path)) != 0) return NULL;
  }
  return paths;
}

const char *md_secrets_written(md_engine *engine, const json_t *value) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, value);
  const char *copy = md_buffer_ok(&text) ? md_arena_strndup(engine->arena, text.data, text.len) : NULL;
  if (text.data) explicit_bzero(text.data, text.len);
  md_buffer_deinit(&text);
  return copy;
}

int md_secrets_mark(json_t *tree, const json_t *paths, int64_t owner) {
  size_t i;
  const json_t *path;
  int rc = tree && paths ? 0 : MD_ENOMEM;
  json_array_foreach(paths, i, path) {
    const char *text = json_string_value(path);
    if (!rc) rc = md_secrets_place(tree, text, owner ? md_secret_mark(owner, text) : json_string(MD_SECRET_SHOWN));
  }
  return rc;
}

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory while the secrets of an event were sealed");
}

// History starts nothing and answers nothing: its secrets are not kept at all.
static int seal(md_engine *engine, md_event *event, const json_t *paths, md_error *err) {
  const char *shown = md_secrets_written(engine, paths), *whole = md_secrets_written(engine, event->data);
  if (!shown || !whole) return no_memory(err);
  if (event->flags & MD_EVENT_HISTORY) return 0;
  return md_vault_seal(engine->store, event->seq, event->received_at, shown, whole, engine->arena, &event->sealed,
                       &event->sealed_len, err);
}

int md_secrets_conceal(md_engine *engine, md_event *event, md_error *err) {
  bool failed = false;
  if (!md_plan_has_secrets(engine->plan, event->type)) return 0;
  event->extensions = NULL;
  if (!event->data_text) return 0;
  if (!event->data) event->data = md_json_parse(event->data_text, strlen(event->data_text), true, err);
  if (!event->data) return MD_ECORRUPT;
  json_t *paths = present(md_plan_event_of(engine->plan, event->type), event->data);
  json_t *clear = declared(engine, event->type, event->data, "", &failed);
  if (!clear) clear = json_object();
  if (!paths || !clear || failed) return no_memory(err);
  json_t *shown = json_deep_copy(clear);
  if (md_secrets_mark(shown, paths, 0)) return no_memory(err);
  if (json_equal(shown, event->data)) return 0; // nothing is to be hidden
  int rc = seal(engine, event, paths, err);
  if (rc) return rc;
  if (md_secrets_mark(clear, paths, event->seq)) return no_memory(err);
  event->data = event->sealed ? clear : shown;
  event->data_text = md_secrets_written(engine, shown);
  return event->data_text ? 0 : no_memory(err);
}

int md_secrets_data(md_engine *engine, const md_event *event, json_t **out, md_error *err) {
  const char *shown = NULL;
  *out = NULL;
  if (!event->data_text) return 0;
  *out = md_json_parse(event->data_text, strlen(event->data_text), true, err);
  if (!*out) return MD_ECORRUPT;
  if (!event->sealed) return 0;
  int rc = md_vault_shown(event->sealed, event->sealed_len, engine->arena, &shown, err);
  json_t *paths = rc ? NULL : md_json_parse(shown, strlen(shown), false, err);
  if (rc || !paths) return rc ? rc : MD_ECORRUPT;
  return md_secrets_mark(*out, paths, event->seq) ? no_memory(err) : 0;
}
