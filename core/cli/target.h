// SPDX-License-Identifier: Apache-2.0
// The running daemon as commands reach it over HTTP: its URL, the key, and a POST. One thread.
#pragma once
#include "cli/args.h"
#include "courier/http_client.h"

typedef struct md_target {
  char url[600];       // of POST /v1/events
  char authorize[200]; // the header with the key, or ""
  md_http_client *client;
} md_target;

// The options that such commands share: url, api-key-file; for use in an option table.
#define MD_TARGET_OPTIONS                                                                                              \
  {"url", "URL", "the daemon's address; otherwise that of the daemon of --db"}, {                                      \
    "api-key-file", "FILE", "a file that holds the API key (or MOMENTD_KEY from the environment)"                      \
  }

// --url, or what the daemon of --db says of itself. 0, or an exit code after the reason was printed.
int md_target_open(md_target *target, const md_cli_args *args);
void md_target_close(md_target *target);
// MD_ENETWORK, MD_ETIMEOUT …: no answer. Otherwise 0 and the answer, which is the caller's to deinit either way.
int md_target_post(md_target *target, const char *content_type, const void *body, size_t len, md_http_answer *answer,
                   md_error *err);
