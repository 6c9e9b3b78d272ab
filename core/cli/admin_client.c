// SPDX-License-Identifier: Apache-2.0
// Asks a running daemon over its admin socket.
#include "cli/admin_client.h"
#include "cli/admin_path.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int unreachable(const char *db, md_error *err) {
  if (errno == EACCES || errno == EPERM)
    return md_error_set(err, MD_EDENIED, "the daemon of %s belongs to another user", db);
  return md_error_set(err, MD_ENOTFOUND, "no momentd runs on %s", db);
}

static int reach(const char *db, int *out, md_error *err) {
  struct sockaddr_un address;
  int held = -1;
  int code = md_admin_address(db, &address, &held, err);
  if (code) return code == MD_ENOTFOUND ? unreachable(db, err) : code;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
    code = unreachable(db, err);
    if (fd >= 0) close(fd);
  }
  if (held >= 0) close(held);
  *out = fd;
  return code;
}

static int send_all(int fd, const char *data, size_t len, md_error *err) {
  for (size_t at = 0; at < len;) {
    ssize_t sent = send(fd, data + at, len - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return md_error_set(err, MD_EIO, "the admin socket broke off: %s", strerror(errno));
    at += (size_t)sent;
  }
  return 0;
}

static int read_line(int fd, md_buffer *line, md_error *err) {
  while (!line->len || line->data[line->len - 1] != '\n') {
    char *room = line->len < MD_ADMIN_LINE ? md_buffer_reserve(line, 16384) : NULL;
    if (!room) return md_error_set(err, MD_ETOOBIG, "the daemon's answer is too long");
    ssize_t got = recv(fd, room, 16384, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return md_error_set(err, MD_EIO, "the daemon ended before it answered");
    line->len += (size_t)got;
  }
  return 0;
}

// The daemon names its codes; anything unknown is MD_EIO.
static int code_of(const char *name) {
  static const struct {
    const char *name;
    int code;
  } codes[] = {
#define X(name, text) {#name, MD_##name},
      MD_ERRORS(X)
#undef X
  };
  for (size_t i = 0; name && i < sizeof codes / sizeof codes[0]; i++)
    if (strcmp(codes[i].name, name) == 0) return codes[i].code;
  return MD_EIO;
}

static int take_answer(const md_buffer *line, json_t **answer, md_error *err) {
  *answer = md_json_parse(line->data, line->len, false, err);
  if (!*answer) return err ? err->code : MD_ESYNTAX;
  if (json_is_true(json_object_get(*answer, "ok"))) return 0;
  const char *text = md_json_text(*answer, "error");
  return md_error_set(err, code_of(md_json_text(*answer, "code")), "%s", text ? text : "the daemon refused");
}

static int ask(const char *db, const json_t *request, const void *body, size_t len, json_t **answer, md_error *err) {
  int fd = -1;
  md_buffer text, line;
  int code = reach(db, &fd, err);
  if (code) return code;
  md_buffer_init(&text);
  md_buffer_init(&line);
  md_json_write(&text, request);
  md_buffer_putc(&text, '\n');
  code = md_buffer_ok(&text) ? send_all(fd, text.data, text.len, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code && len) code = send_all(fd, body, len, err);
  if (!code) code = read_line(fd, &line, err);
  if (!code) code = take_answer(&line, answer, err);
  md_buffer_deinit(&text);
  md_buffer_deinit(&line);
  close(fd);
  return code;
}

int md_admin_ask(const char *db, const json_t *request, json_t **answer, md_error *err) {
  return ask(db, request, NULL, 0, answer, err);
}

int md_admin_ask_with(const char *db, json_t *request, const void *body, size_t len, json_t **answer, md_error *err) {
  if (len > MD_ADMIN_BODY)
    return md_error_set(err, MD_ETOOBIG, "%zu bytes are too many for the daemon: %d MiB at most", len,
                        MD_ADMIN_BODY >> 20);
  if (json_object_set_new(request, "bytes", json_integer((json_int_t)len))) return MD_ENOMEM;
  return ask(db, request, body, len, answer, err);
}

int md_admin_hello(const char *db, md_error *err) {
  json_t *answer = NULL, *hello = json_object();
  json_object_set_new(hello, "command", json_string("status"));
  return md_admin_ask(db, hello, &answer, err);
}
