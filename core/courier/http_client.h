// SPDX-License-Identifier: Apache-2.0
// A small blocking HTTP client for the command line, which talks to a running daemon. One thread a client; the
// connection is kept for the next request.
#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

typedef struct md_http_client md_http_client;

typedef struct md_http_request {
  const char *method;         // NULL: GET, or POST with a body
  const char *url;            // http:// or https://
  const char *const *headers; // "name: value", NULL-terminated; or NULL
  const void *body;           // or NULL
  size_t body_len;
  md_micros timeout;   // for all of it; 0: 60 s
  size_t answer_limit; // bytes of body; 0: 16 MiB
} md_http_request;

typedef struct md_http_answer {
  int status;            // 200 …
  long retry_after;      // seconds of a Retry-After header, 0 without one
  char content_type[80]; // "" without one
  md_buffer body;
} md_http_answer;

// `unix_socket`: the path of a socket to connect to instead of the URL's host, or NULL. Returns owned; NULL when out of
// memory.
md_http_client *md_http_client_new(const char *unix_socket);
void md_http_client_free(md_http_client *client); // NULL is allowed

// Any status is success (0); MD_ENETWORK (refused, unresolved, broken off), MD_ETIMEOUT, MD_ETOOBIG, MD_EINVAL
// otherwise, with a sentence in `err`. No redirects, no proxy from the environment. `answer` is initialised here;
// md_http_answer_deinit is due either way.
int md_http_send(md_http_client *client, const md_http_request *request, md_http_answer *answer, md_error *err);
void md_http_answer_deinit(md_http_answer *answer);
