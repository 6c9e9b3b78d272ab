// SPDX-License-Identifier: Apache-2.0
// Reads named connections.
#include "courier/connection.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/json.h"
#include "base/suggest.h"
#include "courier/curl_global.h"
#include <string.h>

enum { ATTEMPTS_DEFAULT = 3, ATTEMPTS_MAX = 10, LIMIT_DEFAULT = 10000000, LIMIT_MAX = 100000000, HEADERS_MAX = 32 };
#define TIMEOUT_DEFAULT (10 * MD_SECOND)
#define TIMEOUT_MAX (5 * MD_MINUTE)

typedef struct reader {
  md_connection *out;
  const json_t *table;
  md_arena *arena;
  md_error *err;
  const char **headers;
  int header_count;
} reader;

static int refuse(reader *r, const char *option, const char *rule) {
  return md_error_set(r->err, MD_EINVAL, "connections.%.64s.%.64s %s", r->out->name, option, rule);
}

static int check_known(reader *r) {
  static const char *const known[] = {"attempts", "ca_file", "headers",    "limit", "plain",
                                      "private",  "timeout", "token_file", "url",   NULL};
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)r->table, name, value) {
    bool found = false;
    for (int i = 0; known[i]; i++)
      found |= strcmp(known[i], name) == 0;
    if (found) continue;
    const char *nearest = md_suggest(name, known);
    return md_error_set(r->err, MD_EINVAL, "connections.%.64s (in the --config file) has no option \"%.64s\"%s%s%s",
                        r->out->name, name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"?" : "");
  }
  return 0;
}

static int read_text(reader *r, const char *name, const char **out) {
  const json_t *value = json_object_get(r->table, name);
  *out = NULL;
  if (!value) return 0;
  if (!json_is_string(value) || json_string_length(value) == 0) return refuse(r, name, "must be a text");
  *out = md_arena_strdup(r->arena, json_string_value(value));
  return *out ? 0 : MD_ENOMEM;
}

static int read_switch(reader *r, const char *name, bool *out) {
  const json_t *value = json_object_get(r->table, name);
  *out = json_is_true(value);
  return !value || json_is_boolean(value) ? 0 : refuse(r, name, "must be true or false");
}

static int read_number(reader *r, const char *name, int64_t fallback, int64_t longest, int64_t *out) {
  const json_t *value = json_object_get(r->table, name);
  *out = value ? json_integer_value(value) : fallback;
  if (json_is_integer(value) ? *out >= 1 && *out <= longest : !value) return 0;
  return md_error_set(r->err, MD_EINVAL, "connections.%.64s.%s must be a whole number from 1 to %lld", r->out->name,
                      name, (long long)longest);
}

static int read_timeout(reader *r) {
  const json_t *value = json_object_get(r->table, "timeout");
  md_error why = {0};
  int rc = 0;
  r->out->timeout = TIMEOUT_DEFAULT;
  if (json_is_string(value))
    rc = md_duration_parse(json_string_value(value), json_string_length(value), &r->out->timeout, &why);
  else if (json_is_number(value))
    r->out->timeout = (md_micros)(json_number_value(value) * (double)MD_SECOND);
  else if (value)
    rc = MD_EINVAL;
  if (rc || r->out->timeout < MD_SECOND / 1000 || r->out->timeout > TIMEOUT_MAX)
    return refuse(r, "timeout", "must be a duration such as \"10s\", five minutes at most");
  return 0;
}

static bool is_loopback_name(const char *host) {
  return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

static int check_parts(reader *r, CURLU *url) {
  char *scheme = NULL, *host = NULL, *user = NULL, *query = NULL;
  const char *rule = NULL;
  bool whole = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
               curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
  curl_url_get(url, CURLUPART_USER, &user, 0);
  curl_url_get(url, CURLUPART_QUERY, &query, 0);
  bool http = whole && strcmp(scheme, "http") == 0;
  if (!whole || (!http && strcmp(scheme, "https") != 0))
    rule = "must be https://HOST[:PORT][/PREFIX]";
  else if (http && !(r->out->plain && is_loopback_name(host)))
    rule = "must be https; http is only for this machine itself, with plain = true: in a --config file, connections = "
           "{ NAME = "
           "{ url = \"http://127.0.0.1:9901\", plain = true } }";
  else if (user || query)
    rule = "must have no user and no query in it: secrets go into token_file or headers";
  curl_free(scheme);
  curl_free(host);
  curl_free(user);
  curl_free(query);
  return rule ? refuse(r, "url", rule) : 0;
}

static int read_url(reader *r) {
  int rc = read_text(r, "url", &r->out->url);
  if (rc) return rc;
  if (!r->out->url) return refuse(r, "url", "is missing");
  CURLU *url = curl_url();
  if (!url) return MD_ENOMEM;
  bool parsed = curl_url_set(url, CURLUPART_URL, r->out->url, 0) == CURLUE_OK;
  rc = parsed ? check_parts(r, url) : refuse(r, "url", "is no URL: give https://HOST[:PORT][/PREFIX]");
  curl_url_cleanup(url);
  return rc;
}

static bool clean(const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at; at++)
    if (*at < 0x20 || *at == 0x7f) return false;
  return true;
}

static int add_header(reader *r, const char *name, const char *value, const char *option) {
  static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  if (r->header_count == HEADERS_MAX) return refuse(r, option, "has more than 32 entries");
  if (!*name || name[strspn(name, token)] || !clean(value))
    return refuse(r, option, "must be names with texts, without control characters");
  const char *line = md_arena_printf(r->arena, "%s: %s", name, value);
  if (!line) return MD_ENOMEM;
  r->headers[r->header_count++] = line;
  return 0;
}

static int read_token(reader *r) {
  const char *path = NULL;
  md_buffer text;
  md_error why = {0};
  int rc = read_text(r, "token_file", &path);
  if (rc || !path) return rc;
  md_buffer_init(&text);
  rc = md_file_read(path, 4096, &text, &why);
  if (rc)
    rc = md_error_set(r->err, rc == MD_ENOMEM ? rc : MD_EINVAL, "connections.%.64s.token_file: %.300s", r->out->name,
                      why.text);
  if (rc == 0 && text.data) text.data[strcspn(text.data, "\r\n")] = '\0';
  const char *bearer = rc == 0 && text.data && *text.data ? md_arena_printf(r->arena, "Bearer %s", text.data) : NULL;
  if (rc == 0) rc = bearer ? add_header(r, "Authorization", bearer, "token_file") : refuse(r, "token_file", "is empty");
  md_buffer_deinit(&text);
  return rc;
}

static int read_headers(reader *r) {
  json_t *table = json_object_get(r->table, "headers"), *value;
  const char *name;
  int rc = 0;
  r->headers = md_arena_alloc_zero(r->arena, (HEADERS_MAX + 1) * sizeof *r->headers);
  if (!r->headers) return MD_ENOMEM;
  r->out->headers = r->headers;
  if (table && !json_is_object(table)) return refuse(r, "headers", "must be a table of names with texts");
  json_object_foreach(table, name, value) {
    if (!json_is_string(value)) return refuse(r, "headers", "must be a table of names with texts");
    if (rc == 0) rc = add_header(r, name, json_string_value(value), "headers");
  }
  return rc ? rc : read_token(r);
}

static int read_one(reader *r) {
  int64_t attempts = 0, limit = 0;
  int rc = check_known(r);
  if (rc == 0) rc = read_switch(r, "plain", &r->out->plain);
  if (rc == 0) rc = read_switch(r, "private", &r->out->private_network);
  if (rc == 0) rc = read_url(r);
  if (rc == 0) rc = read_text(r, "ca_file", &r->out->ca_file);
  if (rc == 0) rc = read_headers(r);
  if (rc == 0) rc = read_timeout(r);
  if (rc == 0) rc = read_number(r, "attempts", ATTEMPTS_DEFAULT, ATTEMPTS_MAX, &attempts);
  if (rc == 0) rc = read_number(r, "limit", LIMIT_DEFAULT, LIMIT_MAX, &limit);
  r->out->attempts = (int)attempts;
  r->out->limit = (size_t)limit;
  return rc == MD_ENOMEM ? md_error_set(r->err, rc, "out of memory while the connections were read") : rc;
}

int md_connections_read(md_connections *out, const json_t *table, md_arena *arena, md_error *err) {
  const char *name;
  json_t *options;
  *out = (md_connections){0};
  out->items = md_arena_alloc_zero(arena, (json_object_size(table) + 1) * sizeof *out->items);
  if (!out->items) return md_error_set(err, MD_ENOMEM, "out of memory while the connections were read");
  json_object_foreach((json_t *)table, name, options) {
    reader r = {.out = &out->items[out->count], .table = options, .arena = arena, .err = err};
    r.out->name = md_arena_strdup(arena, name);
    if (!r.out->name) return md_error_set(err, MD_ENOMEM, "out of memory while the connections were read");
    if (json_is_string(options)) r.table = json_pack("{s:O}", "url", options);
    if (!json_is_object(r.table))
      return md_error_set(err, MD_EINVAL, "connections.%.64s must be a table: { url = \"https://…\" }, or its URL",
                          name);
    int rc = read_one(&r);
    if (rc) return rc;
    out->count++;
  }
  return 0;
}

const md_connection *md_connections_find(const md_connections *all, const char *name) {
  for (int i = 0; i < all->count; i++)
    if (strcmp(all->items[i].name, name) == 0) return &all->items[i];
  return NULL;
}
