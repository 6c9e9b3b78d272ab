// SPDX-License-Identifier: Apache-2.0
// API keys: a snapshot of those that are valid, what each may do, and new ones (A1, E3).
#include "intake/auth.h"
#include "base/alloc.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct md_auth {
  size_t references;
  size_t count;
  md_api_key keys[];
};

static void key_deinit(md_api_key *key) {
  md_free((char *)key->name);
  md_free((char *)key->scopes);
  md_free((char *)key->source);
  md_free((char *)key->types);
}

static bool copy_text(const char **field) {
  if (*field) *field = md_strdup(*field);
  return *field;
}

static bool key_copy(md_api_key *to, const md_api_key *from) {
  *to = *from;
  bool named = copy_text(&to->name), scoped = copy_text(&to->scopes);
  bool sourced = copy_text(&to->source) || !from->source, typed = copy_text(&to->types) || !from->types;
  return named && (scoped || !from->scopes) && sourced && typed;
}

md_auth *md_auth_new(const md_api_key *keys, size_t count) {
  md_auth *auth = md_alloc_zero(sizeof *auth + count * sizeof *keys);
  if (!auth) return NULL;
  auth->references = 1;
  bool copied = true;
  for (size_t i = 0; i < count && copied; i++)
    if (!keys[i].revoked_at) copied = key_copy(&auth->keys[auth->count++], &keys[i]);
  if (copied) return auth;
  md_auth_unref(auth);
  return NULL;
}

md_auth *md_auth_ref(md_auth *auth) {
  auth->references++;
  return auth;
}

void md_auth_unref(md_auth *auth) {
  if (!auth || --auth->references > 0) return;
  for (size_t i = 0; i < auth->count; i++)
    key_deinit(&auth->keys[i]);
  md_free(auth);
}

size_t md_auth_count(const md_auth *auth) {
  return auth ? auth->count : 0;
}

const md_api_key *md_auth_find(const md_auth *auth, const char *authorization, size_t len) {
  uint8_t hash[MD_SHA256_SIZE];
  const md_api_key *found = NULL;
  if (!auth || len < 8 || strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
  const char *text = authorization + 7, *end = authorization + len;
  while (text < end && *text == ' ')
    text++;
  while (end > text && end[-1] == ' ')
    end--;
  md_sha256(text, (size_t)(end - text), hash);
  for (size_t i = 0; i < auth->count; i++) // all of them: which one fits cannot be told from the time it takes
    if (md_equal_secret(auth->keys[i].hash, hash, sizeof hash)) found = &auth->keys[i];
  return found;
}

// Calls `fits` with each entry of a comma separated list until one does.
static bool any_entry(const char *list, bool (*fits)(const char *entry, size_t len, const char *text),
                      const char *text) {
  while (list && *list) {
    list += strspn(list, ", ");
    size_t len = strcspn(list, ", ");
    if (len && fits(list, len, text)) return true;
    list += len;
  }
  return false;
}

static bool same(const char *entry, size_t len, const char *text) {
  return strlen(text) == len && memcmp(entry, text, len) == 0;
}

static bool names_type(const char *pattern, size_t len, const char *type) {
  if (len > 2 && memcmp(pattern + len - 2, ".*", 2) == 0) return strncmp(type, pattern, len - 1) == 0;
  return same(pattern, len, type);
}

static bool fits_type(const char *pattern, size_t len, const char *type) {
  return same(pattern, len, "*") || names_type(pattern, len, type);
}

static bool begins_with_any(const char *type, const char *const *prefixes) {
  for (; *prefixes; prefixes++)
    if (strncmp(type, *prefixes, strlen(*prefixes)) == 0) return true;
  return false;
}

bool md_auth_has_scope(const md_api_key *key, const char *scope) {
  return any_entry(key->scopes, same, scope);
}

int md_auth_check_type(const md_api_key *key, const char *type, md_error *err) {
  static const char *const internal[] = {"message.", "run.", "version.", "channel.", NULL};
  static const char *const delicate[] = {"consent.", "profile.", "password.", NULL};
  if (begins_with_any(type, internal))
    return md_error_set(err, MD_EDENIED,
                        "events of this type are made by momentd itself: message.*, run.*, version.* and channel.* "
                        "cannot be sent");
  if (!key) return 0;
  if (begins_with_any(type, delicate) && !any_entry(key->types, names_type, type))
    return md_error_set(
        err, MD_EDENIED,
        "the key \"%s\" does not name this type: consent.*, profile.* and password.* need one that does", key->name);
  if (key->types && *key->types && !any_entry(key->types, fits_type, type))
    return md_error_set(err, MD_EDENIED, "the key \"%s\" may not send events of this type", key->name);
  return 0;
}

static bool name_is_valid(const char *name) {
  size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return len > 0 && len <= 32 && !name[len];
}

int md_api_key_make(const char *name, char text[static MD_API_KEY_SIZE], uint8_t hash[static MD_SHA256_SIZE],
                    md_error *err) {
  uint8_t secret[32];
  char tail[48];
  if (!name_is_valid(name))
    return md_error_set(err, MD_EINVAL, "a key's name is 1 to 32 characters of a-z, 0-9 and '-'");
  md_random_bytes(secret, sizeof secret);
  md_base64url(secret, sizeof secret, tail);
  snprintf(text, MD_API_KEY_SIZE, "mk_%s_%s", name, tail);
  md_sha256(text, strlen(text), hash);
  explicit_bzero(secret, sizeof secret);
  explicit_bzero(tail, sizeof tail);
  return 0;
}
