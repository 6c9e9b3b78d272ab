// SPDX-License-Identifier: Apache-2.0
// Finds the running daemon and posts to it.
#include "cli/target.h"
#include "base/file.h"
#include "cli/admin_client.h"
#include "cli/reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FILE_LIMIT = 4096 };

// What the daemon of this database says it listens on.
static int ask_url(const char *db, char *out, size_t room, md_error *err) {
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena *scope = md_json_scope(arena);
  json_t *request = json_object(), *answer = NULL;
  json_object_set_new(request, "command", json_string("status"));
  int code = md_admin_ask(db, request, &answer, err);
  const char *listen = code ? NULL : md_json_text(answer, "listen");
  if (listen) snprintf(out, room, "%s", listen);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

// A daemon that listens on every address is reached over loopback.
static void reachable(char *url, size_t room) {
  const char *port = strrchr(url, ':');
  char copy[16];
  snprintf(copy, sizeof copy, "%s", port ? port : "");
  if (strncmp(url, "http://0.0.0.0:", 15) == 0) snprintf(url, room, "http://127.0.0.1%s", copy);
  if (strncmp(url, "http://[::]:", 12) == 0) snprintf(url, room, "http://[::1]%s", copy);
  if (strncmp(url, "http://*:", 9) == 0 || strncmp(url, "http://:", 8) == 0)
    snprintf(url, room, "http://127.0.0.1%s", copy);
}

static int find_url(md_target *target, const md_cli_args *args, md_error *err) {
  const char *given = md_cli_arg(args, "url");
  char base[400];
  int code = 0;
  if (given)
    snprintf(base, sizeof base, "%s", given);
  else
    code = ask_url(md_db_path(args), base, sizeof base, err);
  if (code) return code;
  if (!given) reachable(base, sizeof base);
  size_t len = strlen(base);
  while (len && base[len - 1] == '/')
    base[--len] = '\0';
  snprintf(target->url, sizeof target->url, "%s/v1/events", base);
  return 0;
}

static int set_key(md_target *target, const char *key, md_error *err) {
  size_t len = strcspn(key, " \t\r\n");
  if (len == 0 || len > sizeof target->authorize - 32)
    return md_error_set(err, MD_EINVAL, "the API key is empty or too long");
  snprintf(target->authorize, sizeof target->authorize, "Authorization: Bearer %.*s", (int)len, key);
  return 0;
}

static int find_key(md_target *target, const md_cli_args *args, md_error *err) {
  const char *file = md_cli_arg(args, "api-key-file");
  const char *environment = getenv("MOMENTD_KEY");
  if (!file) return environment && environment[0] ? set_key(target, environment, err) : 0;
  md_buffer text;
  md_buffer_init(&text);
  int code = md_file_read(file, KEY_FILE_LIMIT, &text, err);
  if (!code) code = set_key(target, text.data ? text.data : "", err);
  md_buffer_deinit(&text);
  return code;
}

int md_target_open(md_target *target, const md_cli_args *args) {
  md_error err = {0};
  *target = (md_target){0};
  int code = find_url(target, args, &err);
  if (code) {
    md_cli_fail(&err);
    fputs("Start momentd run, or say where it is by --db FILE or --url URL.\n", stderr);
    return MD_EXIT_UNREACHABLE;
  }
  if (find_key(target, args, &err)) return md_cli_fail(&err);
  target->client = md_http_client_new(NULL);
  return target->client ? MD_EXIT_OK : md_cli_fail(&(md_error){.code = MD_ENOMEM});
}

void md_target_close(md_target *target) {
  md_http_client_free(target->client);
}

int md_target_post(md_target *target, const char *content_type, const void *body, size_t len, md_http_answer *answer,
                   md_error *err) {
  char type[100];
  snprintf(type, sizeof type, "Content-Type: %s", content_type);
  const char *headers[] = {type, target->authorize[0] ? target->authorize : NULL, NULL};
  md_http_request request = {.url = target->url, .headers = headers, .body = body, .body_len = len};
  return md_http_send(target->client, &request, answer, err);
}
