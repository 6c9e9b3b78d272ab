// SPDX-License-Identifier: Apache-2.0
// A scripted SMTP server on loopback for tests.
#include "fake_smtp.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64 };

struct fake_smtp {
  int listener, port;
  pthread_t thread;
  pthread_mutex_t lock; // over what follows
  fake_smtp_script script;
  fake_smtp_record record;
  int sockets[CONNECTIONS_MAX];
  pthread_t talkers[CONNECTIONS_MAX];
  int talker_count;
};

// One connection.
typedef struct talk {
  fake_smtp *server;
  int index, socket;
  char input[8192];
  size_t have;
} talk;

static void need(bool condition, const char *what) {
  if (condition) return;
  perror(what);
  abort();
}

static void pause_ms(int ms) {
  nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

static fake_smtp_script script_of(fake_smtp *server) {
  pthread_mutex_lock(&server->lock);
  fake_smtp_script script = server->script;
  pthread_mutex_unlock(&server->lock);
  return script;
}

static bool say(talk *talk, const char *reply) {
  char line[2048];
  int len = snprintf(line, sizeof line, "%s\r\n", reply);
  return send(talk->socket, line, (size_t)len, MSG_NOSIGNAL) == len;
}

static bool read_line(talk *talk, char *line, size_t size) {
  for (;;) {
    char *end = memchr(talk->input, '\n', talk->have);
    if (end) {
      size_t len = (size_t)(end - talk->input) + 1, kept = len < size ? len : size - 1;
      memcpy(line, talk->input, kept);
      line[kept] = '\0';
      talk->have -= len;
      memmove(talk->input, talk->input + len, talk->have);
      return true;
    }
    if (talk->have == sizeof talk->input) return false;
    ssize_t got = recv(talk->socket, talk->input + talk->have, sizeof talk->input - talk->have, 0);
    if (got <= 0) return false;
    talk->have += (size_t)got;
  }
}

static void keep_body(fake_smtp *server, const char *line) {
  fake_smtp_record *record = &server->record;
  const char *text = line[0] == '.' ? line + 1 : line;
  size_t len = strlen(text), room = sizeof record->body - 1 - record->body_len;
  if (len > room) len = room;
  memcpy(record->body + record->body_len, text, len);
  record->body_len += len;
  record->body[record->body_len] = '\0';
}

// Reads up to the dot; false when the connection is over.
static bool take_body(talk *talk) {
  fake_smtp *server = talk->server;
  char line[2048];
  pthread_mutex_lock(&server->lock);
  server->record.body_len = 0;
  server->record.body[0] = '\0';
  pthread_mutex_unlock(&server->lock);
  while (read_line(talk, line, sizeof line)) {
    if (script_of(server).breaks == FAKE_SMTP_BREAKS_IN_BODY) return false;
    if (strcmp(line, ".\r\n") == 0) return true;
    pthread_mutex_lock(&server->lock);
    keep_body(server, line);
    pthread_mutex_unlock(&server->lock);
  }
  return false;
}

static bool answer_dot(talk *talk) {
  fake_smtp_script script = script_of(talk->server);
  const char *reply = script.dot ? script.dot : "250 2.0.0 taken";
  pthread_mutex_lock(&talk->server->lock);
  talk->server->record.dots++;
  pthread_mutex_unlock(&talk->server->lock);
  if (script.breaks == FAKE_SMTP_BREAKS_AFTER_DOT) return false;
  pause_ms(script.dot_delay_ms);
  pthread_mutex_lock(&talk->server->lock);
  talk->server->record.accepted += reply[0] == '2';
  pthread_mutex_unlock(&talk->server->lock);
  return say(talk, reply);
}

static bool take_data(talk *talk, const fake_smtp_script *script) {
  const char *reply = script->data ? script->data : "354 go ahead";
  pthread_mutex_lock(&talk->server->lock);
  talk->server->record.data++;
  pthread_mutex_unlock(&talk->server->lock);
  pause_ms(script->data_delay_ms);
  if (!say(talk, reply)) return false;
  return reply[0] != '3' || (take_body(talk) && answer_dot(talk));
}

static void note(talk *talk, char *field, size_t size, const char *line, int *count) {
  pthread_mutex_lock(&talk->server->lock);
  snprintf(field, size, "%.*s", (int)(strcspn(line, "\r\n") % size), line);
  if (count) ++*count;
  pthread_mutex_unlock(&talk->server->lock);
}

static bool is(const char *line, const char *command) {
  return strncasecmp(line, command, strlen(command)) == 0;
}

static bool answer_rcpt(talk *talk, const fake_smtp_script *script, const char *line) {
  fake_smtp_record *record = &talk->server->record;
  note(talk, record->to, sizeof record->to, line + strlen("RCPT TO:"), &record->rcpts);
  pause_ms(script->rcpt_delay_ms);
  if (script->breaks == FAKE_SMTP_BREAKS_AT_RCPT) return false;
  return say(talk, script->rcpt ? script->rcpt : "250 2.1.5 ok");
}

// Answers one command; false ends the connection.
static bool answer(talk *talk, const char *line) {
  fake_smtp_script script = script_of(talk->server);
  fake_smtp_record *record = &talk->server->record;
  if (is(line, "EHLO") || is(line, "HELO")) {
    return say(talk, script.ehlo ? script.ehlo : "250-fake\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME");
  }
  if (is(line, "AUTH")) {
    note(talk, record->login, sizeof record->login, line, NULL);
    return say(talk, script.auth ? script.auth : "235 2.7.0 welcome");
  }
  if (is(line, "STARTTLS")) return say(talk, script.starttls ? script.starttls : "454 no") && !script.starttls;
  if (is(line, "MAIL FROM:")) {
    note(talk, record->from, sizeof record->from, line + strlen("MAIL FROM:"), NULL);
    return say(talk, script.mail ? script.mail : "250 2.1.0 ok");
  }
  if (is(line, "RCPT TO:")) return answer_rcpt(talk, &script, line);
  if (is(line, "DATA")) return take_data(talk, &script);
  if (is(line, "QUIT")) return say(talk, "221 bye") && false;
  return say(talk, "250 ok");
}

static void *converse(void *context) {
  talk *talk = context;
  fake_smtp_script script = script_of(talk->server);
  char line[2048];
  bool on = script.breaks != FAKE_SMTP_BREAKS_AT_GREETING && say(talk, script.greeting ? script.greeting : "220 fake");
  while (on && read_line(talk, line, sizeof line))
    on = answer(talk, line);
  pthread_mutex_lock(&talk->server->lock);
  talk->server->sockets[talk->index] = -1;
  pthread_mutex_unlock(&talk->server->lock);
  close(talk->socket);
  free(talk);
  return NULL;
}

static void start_talk(fake_smtp *server, int socket) {
  talk *talk = calloc(1, sizeof *talk);
  need(talk && server->talker_count < CONNECTIONS_MAX, "connection");
  pthread_mutex_lock(&server->lock);
  talk->server = server;
  talk->index = server->talker_count++;
  talk->socket = server->sockets[talk->index] = socket;
  server->record.connections++;
  need(pthread_create(&server->talkers[talk->index], NULL, converse, talk) == 0, "thread");
  pthread_mutex_unlock(&server->lock);
}

static void *take_connections(void *context) {
  fake_smtp *server = context;
  for (;;) {
    int socket = accept(server->listener, NULL, NULL);
    if (socket < 0) return NULL;
    start_talk(server, socket);
  }
}

fake_smtp *fake_smtp_start(void) {
  fake_smtp *server = calloc(1, sizeof *server);
  need(server != NULL, "memory");
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  pthread_mutex_init(&server->lock, NULL);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(bind(server->listener, (struct sockaddr *)&at, len) == 0, "bind");
  need(listen(server->listener, CONNECTIONS_MAX) == 0, "listen");
  need(getsockname(server->listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
  server->port = ntohs(at.sin_port);
  need(pthread_create(&server->thread, NULL, take_connections, server) == 0, "thread");
  return server;
}

void fake_smtp_stop(fake_smtp *server) {
  shutdown(server->listener, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  close(server->listener);
  pthread_mutex_lock(&server->lock);
  for (int i = 0; i < server->talker_count; i++)
    if (server->sockets[i] >= 0) shutdown(server->sockets[i], SHUT_RDWR);
  pthread_mutex_unlock(&server->lock);
  for (int i = 0; i < server->talker_count; i++)
    pthread_join(server->talkers[i], NULL);
  pthread_mutex_destroy(&server->lock);
  free(server);
}

int fake_smtp_port(const fake_smtp *server) {
  return server->port;
}

void fake_smtp_url(const fake_smtp *server, char out[static 64]) {
  snprintf(out, 64, "smtp://127.0.0.1:%d", server->port);
}

void fake_smtp_play(fake_smtp *server, const fake_smtp_script *script) {
  pthread_mutex_lock(&server->lock);
  server->script = *script;
  pthread_mutex_unlock(&server->lock);
}

void fake_smtp_read(fake_smtp *server, fake_smtp_record *out) {
  pthread_mutex_lock(&server->lock);
  *out = server->record;
  pthread_mutex_unlock(&server->lock);
}

static bool wait_for(fake_smtp *server, const int *counter, int count) {
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&server->lock);
    bool there = *counter >= count;
    pthread_mutex_unlock(&server->lock);
    if (there) return true;
    pause_ms(5);
  }
  return false;
}

bool fake_smtp_wait_rcpt(fake_smtp *server, int count) {
  return wait_for(server, &server->record.rcpts, count);
}

bool fake_smtp_wait_dots(fake_smtp *server, int count) {
  return wait_for(server, &server->record.dots, count);
}
