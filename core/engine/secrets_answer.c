// SPDX-License-Identifier: Apache-2.0
// Secrets in the answers to calls (H3, X1). What is kept of such an answer, in the row and in journals, names the call
// and the paths beside it: { status, json, secret = { call, paths } }.
#include "base/secret.h"
#include "engine/secrets.h"
#include "store/vault.h"
#include <string.h>

enum { TELLING = 8 }; // a secret this long is looked for inside other texts; a shorter one is only compared

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory while the secrets of an answer were sealed");
}

static json_t *present(const json_t *json, const char *secret) {
  json_t *paths = json_array(), *path;
  json_t *wanted = md_json_parse(secret, strlen(secret), false, NULL);
  size_t i;
  if (!wanted) return NULL;
  json_array_foreach(wanted, i, path) {
    const json_t *value = md_json_at(json, json_string_value(path));
    if (value && !json_is_null(value) && json_array_append(paths, path) != 0) return NULL;
  }
  return paths;
}

static bool tells(const char *text, size_t len, const json_t *secret) {
  size_t secret_len = json_string_length(secret);
  if (secret_len == len && memcmp(text, json_string_value(secret), len) == 0) return true;
  return secret_len >= TELLING && memmem(text, len, json_string_value(secret), secret_len);
}

// A copy in which no text and no name has the secret.
static json_t *without(const json_t *value, const json_t *secret) {
  json_t *copy = json_is_object(value) ? json_object() : json_is_array(value) ? json_array() : (json_t *)value, *below;
  const char *name;
  size_t i;
  int bad = !copy;
  if (json_is_string(value) && tells(json_string_value(value), json_string_length(value), secret))
    return json_string(MD_SECRET_SHOWN);
  json_object_foreach((json_t *)value, name, below) {
    if (!tells(name, strlen(name), secret)) bad |= json_object_set_new(copy, name, without(below, secret));
  }
  json_array_foreach(value, i, below) {
    bad |= json_array_append_new(copy, without(below, secret));
  }
  return bad ? NULL : copy;
}

// The texts in a secret, which may be a tree.
static json_t *without_any(json_t *shown, const json_t *secret) {
  const char *name;
  json_t *below;
  size_t i;
  if (json_is_string(secret) && json_string_length(secret) > 0) return without(shown, secret);
  json_object_foreach((json_t *)secret, name, below) {
    if (shown) shown = without_any(shown, below);
  }
  json_array_foreach(secret, i, below) {
    if (shown) shown = without_any(shown, below);
  }
  return shown;
}

static json_t *show(const json_t *json, const json_t *paths) {
  json_t *shown = json_deep_copy(json);
  const json_t *path;
  size_t i;
  if (!shown || md_secrets_mark(shown, paths, 0)) return NULL;
  json_array_foreach(paths, i, path) {
    if (shown) shown = without_any(shown, md_json_at(json, json_string_value(path)));
  }
  return shown;
}

int md_secrets_missing(const md_call *call, const json_t *json, bool *missing) {
  json_t *path, *wanted = call->secret ? md_json_parse(call->secret, strlen(call->secret), false, NULL) : NULL;
  size_t i;
  json_array_foreach(wanted, i, path) {
    *missing |= !md_json_at(json, json_string_value(path));
  }
  return call->secret && !wanted ? MD_ENOMEM : 0;
}

int md_secrets_conceal_answer(md_engine *engine, md_call *call, json_t *json, json_t **shown, json_t **paths,
                              md_error *err) {
  *paths = call->secret ? present(json, call->secret) : NULL;
  if (call->secret && !*paths) return no_memory(err);
  *shown = json;
  if (json_array_size(*paths) == 0) {
    *paths = NULL;
    return 0;
  }
  *shown = show(json, *paths);
  const char *names = md_secrets_written(engine, *paths), *whole = md_secrets_written(engine, json);
  if (!*shown || !names || !whole) return no_memory(err);
  return md_vault_seal(engine->store, md_secret_of_call(call->id), engine->now, names, whole, engine->arena,
                       &call->sealed, &call->sealed_len, err);
}

int md_secrets_mark_answer(json_t *answer) {
  const json_t *secret = json_object_get(answer, "secret");
  int64_t call = json_integer_value(json_object_get(secret, "call"));
  if (!secret) return 0;
  int rc = md_secrets_mark(json_object_get(answer, "json"), json_object_get(secret, "paths"), md_secret_of_call(call));
  json_object_del(answer, "secret");
  return rc;
}
