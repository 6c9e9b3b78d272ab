// SPDX-License-Identifier: Apache-2.0
// A real intake on a free port of loopback in front of a fake engine, and a client that speaks raw HTTP.
#include "intake_fixture.h"
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 5000 };

static void fail(const char *what) {
  fprintf(stderr, "intake fixture: %s\n", what);
  abort();
}

static void note(char *to, size_t size, const char *text) {
  snprintf(to, size, "%s", text ? text : "");
}

static void note_event(intake_fixture *fixture, const md_submission *submission, const md_event *event) {
  pthread_mutex_lock(&fixture->mutex);
  note(fixture->last_type, sizeof fixture->last_type, event->type);
  note(fixture->last_source, sizeof fixture->last_source, event->source);
  note(fixture->last_request, sizeof fixture->last_request, submission->request);
  note(fixture->last_data, sizeof fixture->last_data, event->data_text);
  note(fixture->last_extensions, sizeof fixture->last_extensions, event->extensions);
  pthread_mutex_unlock(&fixture->mutex);
}

static void answer(intake_fixture *fixture, md_submission *submission) {
  for (int i = 0; i < submission->count; i++) {
    const char *id = submission->events[i].id;
    note_event(fixture, submission, &submission->events[i]);
    submission->statuses[i] = strncmp(id, "dup", 3) == 0        ? MD_EVENT_DUPLICATE
                              : strncmp(id, "conflict", 8) == 0 ? MD_EVENT_CONFLICTING
                              : strncmp(id, "bytes", 5) == 0    ? MD_EVENT_REFUSED
                                                                : MD_EVENT_ACCEPTED;
    if (strncmp(id, "full", 4) == 0) submission->code = md_error_set(&submission->error, MD_EFULL, "the disk is full");
    atomic_fetch_add(&fixture->events, 1);
  }
  submission->done(submission);
}

static void answer_batch(intake_fixture *fixture) {
  md_queue_node *node = md_queue_take(fixture->inbox, 256);
  if (atomic_load(&fixture->pace_us)) usleep((useconds_t)atomic_load(&fixture->pace_us));
  while (node) {
    md_submission *submission = (md_submission *)((char *)node - offsetof(md_submission, node));
    node = node->next;
    answer(fixture, submission);
  }
  atomic_fetch_add(&fixture->batches, 1);
}

static void *run_engine(void *context) {
  intake_fixture *fixture = context;
  while (!atomic_load(&fixture->stop)) {
    bool paused = atomic_load(&fixture->paused);
    atomic_store(&fixture->held, paused);
    if (paused)
      poll(NULL, 0, 1);
    else if (md_queue_wait(fixture->inbox, 5))
      answer_batch(fixture);
  }
  return NULL;
}

void intake_fixture_hold(intake_fixture *fixture) {
  atomic_store(&fixture->paused, true);
  while (!atomic_load(&fixture->held))
    poll(NULL, 0, 1);
}

void intake_fixture_release(intake_fixture *fixture) {
  atomic_store(&fixture->paused, false);
}

static bool is_ready(void *context) {
  return atomic_load(&((intake_fixture *)context)->ready);
}

void intake_fixture_start(intake_fixture *fixture, const md_intake_options *options, size_t inbox_limit) {
  md_error err = {0};
  memset(fixture, 0, sizeof *fixture);
  atomic_store(&fixture->ready, true);
  pthread_mutex_init(&fixture->mutex, NULL);
  fixture->inbox = md_queue_new(inbox_limit, NULL, NULL);
  md_intake_options given = options ? *options : (md_intake_options){0};
  given.inbox = fixture->inbox;
  if (!given.listen) given.listen = "127.0.0.1:0";
  given.ready = is_ready;
  given.ready_context = fixture;
  if (pthread_create(&fixture->engine, NULL, run_engine, fixture) != 0) fail("no thread");
  if (md_intake_start(&fixture->intake, &given, &err) != 0) fail(err.text);
  fixture->port = md_intake_port(fixture->intake);
}

void intake_fixture_stop(intake_fixture *fixture) {
  intake_fixture_release(fixture);
  md_intake_stop(fixture->intake);
  atomic_store(&fixture->stop, true);
  pthread_join(fixture->engine, NULL);
  md_queue_free(fixture->inbox);
  pthread_mutex_destroy(&fixture->mutex);
}

int http_connect(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
  return fd;
}

void http_send(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t count = send(fd, bytes, len, MSG_NOSIGNAL);
    if (count <= 0) return; // the server closed, which is for the test to judge
    bytes += count;
    len -= (size_t)count;
  }
}

void http_puts(int fd, const char *text) {
  http_send(fd, text, strlen(text));
}

// One more piece, after `len` bytes; 0 at the end.
static size_t receive(int fd, char *to, size_t len) {
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  if (poll(&waiting, 1, WAIT_MS) != 1) fail("no answer came");
  ssize_t count = recv(fd, to, len, 0);
  return count > 0 ? (size_t)count : 0;
}

static size_t content_length(const char *headers) {
  const char *at = strcasestr(headers, "content-length:");
  return at ? strtoul(at + 15, NULL, 10) : 0;
}

// Byte by byte up to the empty line, so that nothing of a following answer is taken.
static bool read_headers(int fd, http_reply *reply) {
  size_t len = 0;
  while (len < 4 || memcmp(reply->headers + len - 4, "\r\n\r\n", 4) != 0) {
    if (len + 1 == sizeof reply->headers) fail("headers too long");
    if (receive(fd, reply->headers + len, 1) == 0) return false;
    reply->headers[++len] = '\0';
  }
  return true;
}

void http_read(int fd, http_reply *reply) {
  *reply = (http_reply){0};
  if (!read_headers(fd, reply)) {
    reply->closed = true;
    return;
  }
  reply->status = atoi(reply->headers + 9);
  if (reply->status == 100) {
    http_read(fd, reply);
    return;
  }
  size_t wanted = content_length(reply->headers), len = 0;
  if (wanted >= sizeof reply->body) fail("body too long");
  while (len < wanted) {
    size_t count = receive(fd, reply->body + len, wanted - len);
    if (count == 0) fail("the body was cut off");
    len += count;
  }
  reply->closed = strcasestr(reply->headers, "connection: close") != NULL;
}

bool http_is_closed(int fd, int ms) {
  char rest[512];
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  while (poll(&waiting, 1, ms) == 1)
    if (recv(fd, rest, sizeof rest, 0) <= 0) return true;
  return false;
}

void http_exchange(int port, const char *request, http_reply *reply) {
  int fd = http_connect(port);
  http_puts(fd, request);
  http_read(fd, reply);
  close(fd);
}

void http_post(int port, const char *headers, const char *body, http_reply *reply) {
  char head[2048];
  int fd = http_connect(port);
  snprintf(head, sizeof head, "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n%s\r\n", strlen(body),
           headers);
  http_puts(fd, head);
  http_puts(fd, body);
  http_read(fd, reply);
  close(fd);
}
