// SPDX-License-Identifier: Apache-2.0
// The listening socket: where to, whether that is allowed, and how.
#include "intake/listen.h"
#include "intake/address.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

// Splits at the last colon; an address of IPv6 is in brackets.
static bool split(const char *where, char host[static 256], char port[static 8]) {
  const char *colon = strrchr(where, ':');
  size_t len = colon ? (size_t)(colon - where) : 0;
  if (len == 0 || len > 255 || strlen(colon + 1) > 5 || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")] ||
      atoi(colon + 1) > 65535)
    return false;
  bool bracketed = where[0] == '[' && where[len - 1] == ']';
  if (!bracketed && memchr(where, ':', len)) return false;
  size_t from = bracketed ? 1 : 0, count = bracketed ? len - 2 : len;
  memcpy(host, where + from, count);
  host[count] = '\0';
  strcpy(port, colon + 1);
  return count > 0;
}

// A name like localhost has several addresses: IPv4 first, that is what clients try everywhere.
static const struct addrinfo *choose(const struct addrinfo *list) {
  for (const struct addrinfo *at = list; at; at = at->ai_next)
    if (at->ai_family == AF_INET) return at;
  return list;
}

static int open_socket(const struct addrinfo *info) {
  int on = 1;
  int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

static int bound_port(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } address = {0};
  socklen_t len = sizeof address;
  if (getsockname(fd, &address.any, &len) != 0) return 0;
  return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

static int listen_at(const struct addrinfo *info, const char *where, bool allow_public, md_listener *out,
                     md_error *err) {
  md_address address;
  out->loopback = md_address_from_socket(info->ai_addr, &address) && md_address_is_loopback(&address);
  if (!out->loopback && !allow_public)
    return md_error_set(err, MD_EDENIED,
                        "%s is not a loopback address, and there are no API keys: anyone could send events. Make a key "
                        "with \"momentd key add\", or listen on 127.0.0.1",
                        where);
  out->fd = open_socket(info);
  if (out->fd < 0) return md_error_set(err, MD_ENETWORK, "cannot listen on %s: %s", where, strerror(errno));
  out->port = bound_port(out->fd);
  return 0;
}

int md_listen(const char *where, bool allow_public, md_listener *out, md_error *err) {
  char host[256], port[8];
  if (!split(where, host, port))
    return md_error_set(err, MD_EINVAL, "\"%s\" is no address to listen on; write HOST:PORT, like 127.0.0.1:8080",
                        where);
  struct addrinfo *list = NULL, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  int failed = getaddrinfo(host, port, &hints, &list);
  if (failed) return md_error_set(err, MD_EINVAL, "cannot listen on %s: %s", where, gai_strerror(failed));
  int code = listen_at(choose(list), where, allow_public, out, err);
  freeaddrinfo(list);
  return code;
}
