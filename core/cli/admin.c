// SPDX-License-Identifier: Apache-2.0
// The admin socket's server: clients, lines, answers. Knows nothing of what the commands do.
#include "cli/admin.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/admin_path.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 16 };

typedef struct client {
  uv_pipe_t pipe; // its close callback frees the client
  md_admin *admin;
  md_buffer in;
  md_admin_request *pending; // its body is still to come; or NULL
  struct client *next;
} client;

struct md_admin {
  uv_pipe_t listener; // its close callback frees the admin
  md_admin_handler handler;
  void *context;
  client *clients;
  md_admin_request *requests; // not yet answered
  char *path;                 // of the socket
};

struct md_admin_request {
  md_admin *admin; // NULL: closed
  client *from;    // NULL: gone
  md_arena *arena;
  const json_t *object;
  const char *body;
  size_t body_len; // that there is, or that is waited for
  md_admin_request *next;
};

typedef struct reply {
  uv_write_t write;
  char *text;
} reply;

static void client_closed(uv_handle_t *handle) {
  client *at = handle->data;
  md_buffer_deinit(&at->in);
  md_free(at);
}

// Requests of a client that went away are still carried out; nobody hears of it.
static void drop(client *gone) {
  md_admin *admin = gone->admin;
  if (uv_is_closing((uv_handle_t *)&gone->pipe)) return;
  for (md_admin_request *at = admin->requests; at; at = at->next)
    if (at->from == gone) at->from = NULL;
  for (client **at = &admin->clients; *at; at = &(*at)->next) {
    if (*at != gone) continue;
    *at = gone->next;
    break;
  }
  md_admin_request *pending = gone->pending;
  gone->pending = NULL;
  if (pending) md_admin_answer(pending, MD_ECANCELED, NULL, NULL);
  uv_close((uv_handle_t *)&gone->pipe, client_closed);
}

static void written(uv_write_t *write, int status) {
  reply *done = write->data;
  (void)status; // a client that does not listen is dropped by its read callback
  md_free(done->text);
  md_free(done);
}

static void send_text(client *to, md_buffer *text) {
  reply *out = md_alloc(sizeof *out);
  size_t len = 0;
  if (!out || !md_buffer_ok(text)) {
    md_free(out);
    md_buffer_deinit(text);
    drop(to);
    return;
  }
  out->text = md_buffer_take(text, &len);
  out->write.data = out;
  uv_buf_t buffer = uv_buf_init(out->text, (unsigned)len);
  if (uv_write(&out->write, (uv_stream_t *)&to->pipe, &buffer, 1, written) == 0) return;
  md_free(out->text);
  md_free(out);
  drop(to);
}

static void write_failure(md_buffer *out, int code, const md_error *err) {
  const char *text = err && err->text[0] ? err->text : md_error_text(code);
  md_buffer_printf(out, "{\"ok\":false,\"code\":\"%s\",\"error\":", md_error_name(code));
  md_json_write_string(out, text, strlen(text));
  md_buffer_puts(out, "}\n");
}

static void write_success(md_buffer *out, const json_t *answer) {
  md_buffer fields;
  md_buffer_init(&fields);
  if (answer) md_json_write(&fields, answer);
  md_buffer_puts(out, "{\"ok\":true");
  if (fields.len > 2) { // more than {}
    md_buffer_putc(out, ',');
    md_buffer_append(out, fields.data + 1, fields.len - 2);
  }
  md_buffer_puts(out, "}\n");
  if (answer && !md_buffer_ok(&fields)) out->failed = true;
  md_buffer_deinit(&fields);
}

void md_admin_answer(md_admin_request *request, int code, const json_t *answer, const md_error *err) {
  md_buffer text;
  md_buffer_init(&text);
  for (md_admin_request **at = request->admin ? &request->admin->requests : NULL; at && *at; at = &(*at)->next) {
    if (*at != request) continue;
    *at = request->next;
    break;
  }
  if (request->from && code)
    write_failure(&text, code, err);
  else if (request->from)
    write_success(&text, answer);
  if (request->from)
    send_text(request->from, &text);
  else
    md_buffer_deinit(&text);
  md_arena_free(request->arena);
}

md_arena *md_admin_arena(md_admin_request *request) {
  return request->arena;
}

const void *md_admin_body(const md_admin_request *request, size_t *len) {
  *len = request->body ? request->body_len : 0;
  return request->body;
}

static void handle(md_admin_request *request) {
  md_arena *scope = md_json_scope(request->arena);
  request->admin->handler(request->admin->context, request, request->object);
  md_json_scope(scope);
}

// What a request says of its body: none, one to wait for, or one that is too large, after which nothing is understood.
static void await_body(client *from, md_admin_request *request) {
  json_int_t bytes = json_integer_value(json_object_get(request->object, "bytes"));
  md_error err = {0};
  request->body_len = bytes > 0 ? (size_t)bytes : 0;
  if (bytes <= 0) {
    handle(request);
  } else if (bytes > MD_ADMIN_BODY) {
    md_error_set(&err, MD_ETOOBIG, "a body of %lld bytes is too large: %d MiB at most", (long long)bytes,
                 MD_ADMIN_BODY >> 20);
    md_admin_answer(request, MD_ETOOBIG, NULL, &err);
    uv_read_stop((uv_stream_t *)&from->pipe);
  } else {
    from->pending = request;
  }
}

static void take_line(client *from, const char *line, size_t len) {
  md_error err = {0};
  md_arena *arena = md_arena_new(0);
  md_admin_request *request = arena ? md_arena_alloc_zero(arena, sizeof *request) : NULL;
  if (!request) {
    if (arena) md_arena_free(arena);
    drop(from);
    return;
  }
  *request = (md_admin_request){.admin = from->admin, .from = from, .arena = arena, .next = from->admin->requests};
  from->admin->requests = request;
  md_arena *scope = md_json_scope(arena);
  request->object = md_json_parse(line, len, false, &err);
  md_json_scope(scope);
  if (json_is_object(request->object))
    await_body(from, request);
  else
    md_admin_answer(request, MD_ESYNTAX, NULL, &err);
}

static void take_body(client *from) {
  md_admin_request *request = from->pending;
  char *body = md_arena_strndup(request->arena, from->in.data, request->body_len);
  from->pending = NULL;
  from->in.len -= request->body_len;
  memmove(from->in.data, from->in.data + request->body_len, from->in.len);
  request->body = body;
  if (body)
    handle(request);
  else
    md_admin_answer(request, MD_ENOMEM, NULL, NULL);
}

static void take_lines(client *from) {
  while (!uv_is_closing((uv_handle_t *)&from->pipe) && from->in.len) {
    char *end = from->pending ? NULL : memchr(from->in.data, '\n', from->in.len);
    if (from->pending && from->in.len >= from->pending->body_len) {
      take_body(from);
    } else if (end) {
      size_t len = (size_t)(end - from->in.data);
      take_line(from, from->in.data, len);
      from->in.len -= len + 1;
      memmove(from->in.data, end + 1, from->in.len);
    } else {
      return;
    }
  }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  client *at = handle->data;
  (void)suggested;
  size_t most = at->pending ? at->pending->body_len + MD_ADMIN_LINE : MD_ADMIN_LINE;
  char *room = at->in.len < most ? md_buffer_reserve(&at->in, 65536) : NULL;
  *out = uv_buf_init(room, room ? 65536 : 0);
}

static void was_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  client *at = stream->data;
  (void)buffer;
  if (count < 0) {
    drop(at);
    return;
  }
  at->in.len += (size_t)count;
  take_lines(at);
}

static void connected(uv_stream_t *listener, int status) {
  md_admin *admin = listener->data;
  client *from = status ? NULL : md_alloc_zero(sizeof *from);
  if (!from) return;
  from->admin = admin;
  md_buffer_init(&from->in);
  uv_pipe_init(listener->loop, &from->pipe, 0);
  from->pipe.data = from;
  from->next = admin->clients;
  admin->clients = from;
  uv_os_fd_t fd = -1;
  if (uv_accept(listener, (uv_stream_t *)&from->pipe) || uv_fileno((uv_handle_t *)&from->pipe, &fd) ||
      !md_admin_peer_allowed(fd)) {
    md_log(MD_LOG_WARN, "cli", "a connection to the admin socket was refused: another user", NULL);
    drop(from);
    return;
  }
  uv_read_start((uv_stream_t *)&from->pipe, give_room, was_read);
}

static int make_directory(const char *db, md_error *err) {
  char directory[MD_ADMIN_PATH];
  int code = md_admin_directory(db, directory, err);
  if (!code) code = md_directory_make(directory, 0700, err);
  if (code || chmod(directory, 0700) == 0) return code;
  return md_error_set(err, MD_EDENIED, "%s: its mode cannot be set to 0700: %s", directory, strerror(errno));
}

static int bind_socket(const char *db, int *out, char **path, md_error *err) {
  struct sockaddr_un address;
  char directory[MD_ADMIN_PATH];
  int held = -1;
  int code = md_admin_address(db, &address, &held, err);
  if (!code) code = md_admin_directory(db, directory, err);
  if (code) return code;
  *path = md_alloc(strlen(directory) + sizeof "/socket");
  int fd = *path ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
  if (*path) unlink(strcat(strcpy(*path, directory), "/socket"));
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address)) {
    code = md_error_set(err, MD_EIO, "%s/socket: the admin socket cannot be made: %s", directory, strerror(errno));
    if (fd >= 0) close(fd);
  }
  if (held >= 0) close(held);
  *out = fd;
  return code;
}

static void admin_closed(uv_handle_t *handle) {
  md_admin *admin = handle->data;
  md_free(admin->path);
  md_free(admin);
}

int md_admin_open(md_admin **out, uv_loop_t *loop, const char *db, md_admin_handler handler, void *context,
                  md_error *err) {
  int fd = -1;
  md_admin *admin = md_alloc_zero(sizeof *admin);
  if (!admin) return md_error_set(err, MD_ENOMEM, "out of memory");
  admin->handler = handler;
  admin->context = context;
  int code = make_directory(db, err);
  if (!code) code = bind_socket(db, &fd, &admin->path, err);
  if (code) {
    md_free(admin->path);
    md_free(admin);
    return code;
  }
  uv_pipe_init(loop, &admin->listener, 0);
  admin->listener.data = admin;
  int failed = uv_pipe_open(&admin->listener, fd);
  if (failed) close(fd);
  if (!failed) failed = uv_listen((uv_stream_t *)&admin->listener, BACKLOG, connected);
  if (failed) {
    uv_close((uv_handle_t *)&admin->listener, admin_closed);
    return md_error_set(err, MD_EIO, "the admin socket cannot be listened on: %s", uv_strerror(failed));
  }
  *out = admin;
  return 0;
}

void md_admin_close(md_admin *admin) {
  if (!admin) return;
  for (md_admin_request *at = admin->requests; at; at = at->next) {
    at->admin = NULL;
    at->from = NULL;
  }
  admin->requests = NULL;
  while (admin->clients)
    drop(admin->clients);
  unlink(admin->path);
  uv_close((uv_handle_t *)&admin->listener, admin_closed);
}
