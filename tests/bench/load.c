// SPDX-License-Identifier: Apache-2.0
// A load generator: posts events over keep-alive connections and prints, as one line of JSON, what was acknowledged,
// how fast, and how long that took. One thread, one epoll; plain C, linked with nothing.
//
// usage: load HOST:PORT [--connections N] [--events N] [--rate R] [--batch B] [--type T] [--first N] [--key K] [--time]
//
// Each event is about a customer of its own, from number --first on. Without --rate each connection sends its next
// request when the last one is answered. With it requests are due at a fixed pace, whatever the answers do, and the
// latency counts from when a request was due: a server that stalls cannot slow its own measurement down.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 17, EVENT_BYTES = 768, STALLED_SECONDS = 30 };

typedef struct options {
  const char *host;
  int port, connections, batch;
  long events, first;
  double rate;
  const char *type, *key;
  bool time;
} options;

typedef struct connection {
  int fd;
  bool busy;
  int events;     // in the request under way
  int64_t due;    // ns
  char *out, *in; // what is being sent, and what came
  size_t out_len, sent, in_len;
  struct connection *next_idle;
} connection;

typedef struct load {
  options options;
  int epoll;
  connection *connections, *idle;
  uint32_t *latencies; // microseconds, one a request
  long requests, next_event, sent_requests, answered, acknowledged, duplicates, errors;
  int statuses[600];
  int64_t started;
} load;

static int64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

static size_t append(char *to, size_t at, size_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(to + at, size - at, format, args);
  va_end(args);
  if (len < 0 || at + (size_t)len >= size) die("an event is too long");
  return at + (size_t)len;
}

// Types other than the first have ids of their own, so that they are no duplicates of it.
static size_t write_event(const options *o, char *to, size_t at, size_t size, long n) {
  bool cart = strcmp(o->type, "cart.updated") == 0;
  at = append(to, at, size, "{\"specversion\":\"1.0\",\"id\":\"%s%s%ld\",\"source\":\"/bench\",\"type\":\"%s\",",
              cart ? "e" : o->type, "-", n, o->type);
  at = append(to, at, size, "\"subject\":\"customer-%ld\",", n);
  if (o->time) {
    struct timespec wall;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &wall);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&wall.tv_sec, &utc));
    at = append(to, at, size, "\"time\":\"%s.%06ldZ\",", text, wall.tv_nsec / 1000);
  }
  at = append(to, at, size, "\"data\":{\"cart_id\":\"c-%ld\",", n);
  if (strncmp(o->type, "order.", 6) == 0) at = append(to, at, size, "\"order_id\":\"o-%ld\",", n);
  return append(to, at, size,
                "\"total\":199.5,\"currency\":\"DKK\",\"items\":[{\"sku\":\"tee-%ld\",\"name\":\"T-shirt, "
                "organic\",\"quantity\":1,\"price\":129.5},{\"sku\":\"mug-7\",\"name\":\"Mug\",\"quantity\":2,"
                "\"price\":35.0}]}}",
                n % 97);
}

static size_t write_body(load *l, char *to, size_t size, int count) {
  const options *o = &l->options;
  size_t at = 0;
  if (o->batch > 1) at = append(to, at, size, "[");
  for (int i = 0; i < count; i++) {
    if (i) at = append(to, at, size, ",");
    at = write_event(o, to, at, size, o->first + l->next_event++);
  }
  return o->batch > 1 ? append(to, at, size, "]") : at;
}

static void write_request(load *l, connection *c) {
  const options *o = &l->options;
  size_t size = (size_t)o->batch * EVENT_BYTES + 1024;
  char *body = c->out + 512;
  long left = o->events - l->next_event;
  c->events = left < o->batch ? (int)left : o->batch;
  size_t body_len = write_body(l, body, size - 512, c->events);
  char head[512];
  size_t len = append(head, 0, sizeof head,
                      "POST /v1/events HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/cloudevents%s+json\r\n"
                      "%s%s%sContent-Length: %zu\r\n\r\n",
                      o->host, o->port, o->batch > 1 ? "-batch" : "", o->key ? "Authorization: Bearer " : "",
                      o->key ? o->key : "", o->key ? "\r\n" : "", body_len);
  memmove(c->out + len, body, body_len);
  memcpy(c->out, head, len);
  c->out_len = len + body_len;
  c->sent = 0;
}

static void send_more(load *l, connection *c) {
  while (c->sent < c->out_len) {
    ssize_t count = send(c->fd, c->out + c->sent, c->out_len - c->sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
      epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &event);
      return;
    }
    if (count < 0) die("send");
    c->sent += (size_t)count;
  }
}

static void begin_request(load *l, connection *c, int64_t due) {
  c->busy = true;
  c->due = due;
  c->in_len = 0;
  l->sent_requests++;
  write_request(l, c);
  send_more(l, c);
}

static int count_text(const char *text, const char *what) {
  int count = 0;
  for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
    count++;
  return count;
}

static void count_answer(load *l, const connection *c, int status, const char *body) {
  int accepted = count_text(body, "\"status\":\"accepted\""), duplicate = count_text(body, "\"status\":\"duplicate\"");
  l->statuses[status > 0 && status < 600 ? status : 0]++;
  l->acknowledged += accepted + duplicate;
  l->duplicates += duplicate;
  l->errors += c->events - accepted - duplicate;
}

// 0 until the answer is whole.
static int whole_answer(const connection *c, const char **body) {
  char *end = strstr(c->in, "\r\n\r\n");
  if (!end) return 0;
  const char *length = strcasestr(c->in, "content-length:");
  size_t wanted = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
  *body = end + 4;
  return (size_t)(*body - c->in) + wanted <= c->in_len ? atoi(c->in + 9) : 0;
}

static void finish_request(load *l, connection *c) {
  int64_t now = now_ns();
  l->latencies[l->answered++] = (uint32_t)((now - c->due) / 1000);
  c->busy = false;
  if (l->options.rate > 0) {
    c->next_idle = l->idle;
    l->idle = c;
  } else if (l->sent_requests < l->requests) {
    begin_request(l, c, now);
  }
}

static void receive(load *l, connection *c) {
  const char *body = NULL;
  ssize_t count = recv(c->fd, c->in + c->in_len, ANSWER_BYTES - 1 - c->in_len, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) die("the server closed a connection");
  c->in_len += (size_t)count;
  c->in[c->in_len] = '\0';
  int status = whole_answer(c, &body);
  if (!status) return;
  count_answer(l, c, status, body);
  finish_request(l, c);
}

static int open_connection(const options *o) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (inet_pton(AF_INET, o->host, &address.sin_addr) != 1) die("HOST must be an IPv4 address");
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void open_all(load *l) {
  const options *o = &l->options;
  l->epoll = epoll_create1(EPOLL_CLOEXEC);
  l->connections = calloc((size_t)o->connections, sizeof *l->connections);
  l->requests = (o->events + o->batch - 1) / o->batch;
  l->latencies = calloc((size_t)l->requests, sizeof *l->latencies);
  if (l->epoll < 0 || !l->connections || !l->latencies) die("out of memory");
  for (int i = 0; i < o->connections; i++) {
    connection *c = &l->connections[i];
    c->fd = open_connection(o);
    c->out = malloc((size_t)o->batch * EVENT_BYTES + 1024);
    c->in = malloc(ANSWER_BYTES);
    if (!c->out || !c->in) die("out of memory");
    c->next_idle = l->idle;
    l->idle = c;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event);
  }
}

// Sends what is due, as far as connections are free. Returns the time until the next, in ns.
static int64_t send_due(load *l) {
  for (;;) {
    int64_t due = l->started + (int64_t)(1e9 * (double)l->sent_requests * l->options.batch / l->options.rate);
    int64_t wait = due - now_ns();
    if (l->sent_requests == l->requests || !l->idle) return STALLED_SECONDS * INT64_C(1000000000);
    if (wait > 0) return wait;
    connection *c = l->idle;
    l->idle = c->next_idle;
    begin_request(l, c, due);
  }
}

static void start_all(load *l) {
  l->started = now_ns();
  if (l->options.rate > 0) return;
  for (int i = 0; i < l->options.connections && l->sent_requests < l->requests; i++)
    begin_request(l, &l->connections[i], now_ns());
}

static void on_event(load *l, const struct epoll_event *event) {
  connection *c = event->data.ptr;
  if (event->events & EPOLLOUT) {
    struct epoll_event readable = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &readable);
    send_more(l, c);
  }
  if (event->events & ~(uint32_t)EPOLLOUT) receive(l, c);
}

static void run(load *l) {
  struct epoll_event events[256];
  int64_t heard = now_ns();
  start_all(l);
  while (l->answered < l->requests) {
    int64_t wait = l->options.rate > 0 ? send_due(l) : STALLED_SECONDS * INT64_C(1000000000);
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    int count = epoll_pwait2(l->epoll, events, 256, &timeout, NULL);
    if (count > 0) heard = now_ns();
    errno = 0;
    if (now_ns() - heard > STALLED_SECONDS * INT64_C(1000000000)) die("stalled: no answer for 30 seconds");
    for (int i = 0; i < count; i++)
      on_event(l, &events[i]);
  }
}

static int by_value(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static double percentile(const load *l, double fraction) {
  long at = (long)(fraction * (double)l->answered);
  return l->answered ? l->latencies[at < l->answered ? at : l->answered - 1] / 1000.0 : 0;
}

static void report(load *l) {
  double seconds = (double)(now_ns() - l->started) / 1e9;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  qsort(l->latencies, (size_t)l->answered, sizeof *l->latencies, by_value);
  printf("{\"acknowledged\":%ld,\"seconds\":%.3f,\"per_second\":%.0f,\"connections\":%d,\"batch\":%d,", l->acknowledged,
         seconds, (double)l->acknowledged / seconds, l->options.connections, l->options.batch);
  printf("\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,", percentile(l, 0.5), percentile(l, 0.9),
         percentile(l, 0.99), percentile(l, 1));
  printf("\"duplicates\":%ld,\"errors\":%ld,\"generator_cpu_seconds\":%.3f,\"statuses\":{", l->duplicates, l->errors,
         cpu);
  const char *comma = "";
  for (int i = 0; i < 600; i++) {
    if (!l->statuses[i]) continue;
    printf("%s\"%d\":%d", comma, i, l->statuses[i]);
    comma = ",";
  }
  printf("}}\n");
}

static void usage(void) {
  fprintf(stderr, "usage: load HOST:PORT [--connections N] [--events N] [--rate R] [--batch B] [--type T] [--first N] "
                  "[--key K] [--time]\n");
  exit(2);
}

static bool read_option(options *o, const char *name, const char *value) {
  if (strcmp(name, "--connections") == 0)
    o->connections = atoi(value);
  else if (strcmp(name, "--events") == 0)
    o->events = atol(value);
  else if (strcmp(name, "--rate") == 0)
    o->rate = atof(value);
  else if (strcmp(name, "--batch") == 0)
    o->batch = atoi(value);
  else if (strcmp(name, "--type") == 0)
    o->type = value;
  else if (strcmp(name, "--first") == 0)
    o->first = atol(value);
  else if (strcmp(name, "--key") == 0)
    o->key = value;
  else
    return false;
  return true;
}

static options read_options(int argc, char **argv) {
  options o = {.connections = 64, .batch = 1, .events = 10000, .type = "cart.updated"};
  char *colon = argc > 1 ? strrchr(argv[1], ':') : NULL;
  if (!colon) usage();
  *colon = '\0';
  o.host = argv[1];
  o.port = atoi(colon + 1);
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--time") == 0)
      o.time = true;
    else if (i + 1 == argc || !read_option(&o, argv[i], argv[i + 1]))
      usage();
    else
      i++;
  }
  if (o.connections < 1 || o.batch < 1 || o.events < 1 || o.batch > 5000) usage();
  return o;
}

int main(int argc, char **argv) {
  load l = {.options = read_options(argc, argv)};
  open_all(&l);
  run(&l);
  report(&l);
  return l.errors ? 1 : 0;
}
