// SPDX-License-Identifier: Apache-2.0
// A caller that does what the test says, for a shop in memory.
#pragma once
#include "shop.h"

enum { SEEN_MAX = 32 };

typedef struct caller {
  md_caller caller;
  md_call_attempt *flying[SEEN_MAX];
  int count, made;
  char keys[SEEN_MAX][40];
} caller;

static int check(void *context, md_call *call, const char **instead, md_error *err) {
  (void)context;
  call->attempts_max = 3;
  if (strcmp(call->method, "DELETE") == 0) *instead = "shadow";
  if (strcmp(call->connection, "shop") == 0) return 0;
  return md_error_set(err, MD_EINVAL, "the configuration has no connection '%s'", call->connection);
}

static int slots(void *context) {
  const caller *c = context;
  return 2 - c->count;
}

static bool submit(void *context, md_call_attempt *attempt) {
  caller *c = context;
  snprintf(c->keys[c->made++], sizeof c->keys[0], "%s", attempt->call.key);
  c->flying[c->count++] = attempt;
  return true;
}

static caller *caller_new(void) {
  caller *c = calloc(1, sizeof *c);
  c->caller = (md_caller){c, check, slots, submit};
  return c;
}

static void close_shop(shop *s, caller *c) {
  shop_close(s);
  free(c);
}

// The oldest call under way comes back.
static void come_back(shop *s, caller *c, md_call_end end, int status, const char *body) {
  assert_true(c->count > 0);
  md_call_attempt *attempt = c->flying[0];
  c->count--;
  memmove(c->flying, c->flying + 1, (size_t)c->count * sizeof c->flying[0]);
  attempt->end = end;
  attempt->status = status;
  if (body) md_buffer_puts(&attempt->body, body);
  if (end != MD_CALL_END_ANSWER) snprintf(attempt->detail, sizeof attempt->detail, "it was so");
  md_engine_call_finished(s->engine, attempt);
  shop_settle(s);
}
