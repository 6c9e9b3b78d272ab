// SPDX-License-Identifier: Apache-2.0
// m:http. Page: bind_http.md. The engine's thread.
#include "script/bind.h"
#include "script/options.h"
#include "script/step.h"
#include "script/step_options.h"
#include "script/value.h"
#include <string.h>

enum { NAME_BYTES = 64, PATH_BYTES = 2048, SECRET_BYTES = 200 };

static MD_RAISES void check_word(lua_State *L, const char *what, const char *text) {
  if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")])
    md_raise(L, "%s '%s' must be made of letters, digits, '_' and '-'", what, text);
}

static bool climbs(const char *path) {
  for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
    if (at[3] == '\0' || at[3] == '/') return true;
  return false;
}

// H2. It is taken as plain text: what a URL cannot hold is encoded by the courier.
static MD_RAISES const char *read_path(lua_State *L) {
  const char *path = md_options_find_text(L, 2, "m:http", "path", PATH_BYTES);
  if (!path) md_raise(L, "m:http needs a path, such as \"/labels\"");
  if (path[0] != '/' || path[1] == '/') md_raise(L, "m:http: path must begin with one '/'");
  if (climbs(path)) md_raise(L, "m:http: path must not have '..' in it");
  for (const unsigned char *at = (const unsigned char *)path; *at; at++)
    if (*at < 0x20 || *at == 0x7f) md_raise(L, "m:http: path has a control character in it");
  if (strpbrk(path, "?#\\"))
    md_raise(L, "m:http: path must not have '?', '#' or '\\' in it; use query = { name = value }");
  return path;
}

// As texts, so that 1 and "1" are the same call.
static MD_RAISES json_t *read_query(lua_State *L) {
  json_t *given = NULL, *value, *texts;
  const char *name;
  if (md_options_get(L, 2, "query") == LUA_TNIL) {
    lua_pop(L, 1);
    return NULL;
  }
  given = md_value_read(L, -1, "m:http: query", MD_VALUE_BYTES);
  lua_pop(L, 1);
  if (!json_is_object(given)) md_raise(L, "m:http: query must be a table with names");
  texts = md_value_made(L, json_object());
  json_object_foreach(given, name, value) {
    char number[32];
    if (json_is_string(value))
      md_value_put(L, texts, name, value);
    else if (json_is_integer(value))
      md_value_put(L, texts, name, json_sprintf("%lld", (long long)json_integer_value(value)));
    else if (json_is_real(value))
      md_value_put(L, texts, name, json_stringn(number, md_double_format(json_real_value(value), number)));
    else
      md_raise(L, "m:http: query.%s must be a text or a number", name);
  }
  return texts;
}

static MD_RAISES json_t *read_body(lua_State *L) {
  json_t *body = NULL;
  if (md_options_get(L, 2, "json") != LUA_TNIL) {
    md_buffer text;
    json_t *given = md_value_read(L, -1, "m:http: json", MD_VALUE_BYTES);
    md_buffer_init(&text);
    md_json_write(&text, given);
    body = md_buffer_ok(&text) ? json_stringn(text.data, text.len) : NULL;
    md_buffer_deinit(&text);
    md_value_made(L, body);
  }
  lua_pop(L, 1);
  return body;
}

static MD_RAISES void read_save(lua_State *L, json_t *args) {
  static const char *const ends[] = {".pdf", ".png", ".jpg", ".gif", ".zip", ".json", ".txt", ".csv", NULL};
  const char *save = md_options_find_text(L, 2, "m:http", "save", NAME_BYTES);
  if (!save) return;
  const char *dot = strrchr(save, '.');
  bool known = false;
  for (int i = 0; ends[i] && dot; i++)
    known |= strcmp(dot, ends[i]) == 0;
  if (!known || dot == save)
    md_raise(L, "m:http: save must be a file's name that ends in .pdf .png .jpg .gif .zip .json .txt or .csv");
  if (save[strspn(save, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")] || save[0] == '.')
    md_raise(L, "m:http: save '%s' must be made of letters, digits, '_', '-' and '.'", save);
  md_value_put(L, args, "save", json_string(save));
}

static bool is_path(const char *path) {
  bool in_name = false;
  for (const char *at = path; *at; at++) {
    if (*at == '.' && (!in_name || !at[1])) return false;
    in_name = *at != '.';
  }
  return in_name && strlen(path) <= SECRET_BYTES;
}

static MD_RAISES void add_secret(lua_State *L, void *context, const char *path) {
  if (!is_path(path))
    md_raise(L, "m:http: secret: '%s' must be a path into the answer, such as \"token\" or \"links.reset\"", path);
  if (json_array_append_new(context, md_value_made(L, json_string(path)))) md_value_made(L, NULL);
}

// H3
static MD_RAISES void read_secret(lua_State *L, json_t *args) {
  if (md_options_get(L, 2, "secret") != LUA_TNIL) {
    json_t *paths = md_value_made(L, json_array());
    if (json_object_get(args, "save"))
      md_raise(L, "m:http: secret and save exclude each other: a file is kept readable");
    md_options_each_text(L, lua_gettop(L), "m:http: secret", add_secret, paths);
    md_value_put(L, args, "secret", paths);
  }
  lua_pop(L, 1);
}

static MD_RAISES int l_http_http(lua_State *L) {
  static const char *const methods[] = {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", NULL};
  md_step_allowed(L, "http");
  if (lua_type(L, 2) != LUA_TTABLE)
    md_raise(L, "m:http takes a table: m:http { connection = \"stock\", path = \"/items/1\" }");
  md_options_check(L, 2, "m:http", md_options_http);
  json_t *args = md_value_made(L, json_object());
  const char *connection = md_options_find_text(L, 2, "m:http", "connection", NAME_BYTES);
  if (!connection) md_raise(L, "m:http needs a connection: a name from the configuration");
  check_word(L, "m:http: connection", connection);
  const char *name = md_options_find_text(L, 2, "m:http", "name", NAME_BYTES);
  if (name) check_word(L, "m:http: name", name);
  md_value_put(L, args, "connection", json_string(connection));
  md_value_put(L, args, "path", json_string(read_path(L)));
  json_t *query = read_query(L), *body = read_body(L);
  int method = md_options_find_choice(L, 2, "m:http", "method", methods);
  if (method < 0) method = body ? 4 : 1;
  if (body && method <= 2) md_raise(L, "m:http: a %s has no json", methods[method]);
  md_value_put(L, args, "method", json_string(methods[method]));
  if (query) md_value_put(L, args, "query", query);
  if (body) md_value_put(L, args, "body", body);
  read_save(L, args);
  read_secret(L, args);
  const char *identity = name ? lua_pushfstring(L, "%s/%s", connection, name) : connection;
  return md_step_take(L, MD_STEP_HTTP, identity, args);
}

const luaL_Reg md_bind_http[] = {{"http", l_http_http}, {NULL, NULL}};
