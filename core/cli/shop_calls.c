// SPDX-License-Identifier: Apache-2.0
// What connections answer in a spec.
#include "cli/shop_calls.h"
#include "cli/shop_expect.h"
#include <stdio.h>
#include <string.h>

typedef struct md_shop_answer {
  const char *connection, *method, *path; // method and path NULL: any
  const char *text;                       // the body
  int status;
  md_call_end end;
  int64_t times; // left; negative: always
  struct md_shop_answer *before;
} md_shop_answer;

typedef struct md_shop_call {
  const char *connection, *method, *path, *body;
  bool taken;
  struct md_shop_call *before;
} md_shop_call;

static int read_end(const json_t *fields, md_call_end *end, md_error *err) {
  const json_t *fail = json_object_get(fields, "fail");
  const char *word = json_string_value(fail);
  *end = MD_CALL_END_ANSWER;
  if (!fail) return 0;
  *end = word && strcmp(word, "timeout") == 0 ? MD_CALL_END_TIMEOUT : MD_CALL_END_NETWORK;
  if (word && (*end == MD_CALL_END_TIMEOUT || strcmp(word, "network") == 0)) return 0;
  return md_error_set(err, MD_EINVAL, "shop:answer: fail is \"network\" or \"timeout\"");
}

static int read_text(md_shop *shop, const json_t *fields, const char **out, md_error *err) {
  const json_t *json = json_object_get(fields, "json"), *body = json_object_get(fields, "body");
  md_buffer text;
  md_buffer_init(&text);
  if (json && body) return md_error_set(err, MD_EINVAL, "shop:answer takes json or body, not both");
  if (body && !json_is_string(body)) return md_error_set(err, MD_EINVAL, "shop:answer: body must be a text");
  if (json)
    md_json_write(&text, json);
  else
    md_buffer_puts(&text, body ? json_string_value(body) : "");
  *out = md_buffer_ok(&text) ? md_arena_strdup(shop->arena, text.data ? text.data : "") : NULL;
  md_buffer_deinit(&text);
  return *out ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_shop_add_answer(md_shop *shop, const char *connection, const json_t *fields, md_error *err) {
  static const char *const known[] = {"body", "fail", "json", "method", "path", "status", "times", NULL};
  md_shop_answer *answer = md_arena_alloc_zero(shop->arena, sizeof *answer);
  const json_t *status = json_object_get(fields, "status"), *times = json_object_get(fields, "times");
  const char *name;
  json_t *value;
  int code = answer ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  json_object_foreach((json_t *)fields, name, value) if (!code) code = md_expect_known(name, known, "shop:answer", err);
  if (!code) code = read_end(fields, &answer->end, err);
  if (!code) code = read_text(shop, fields, &answer->text, err);
  if (code) return code;
  answer->connection = md_arena_strdup(shop->arena, connection);
  answer->method = md_arena_strdup(shop->arena, md_json_text(fields, "method"));
  answer->path = md_arena_strdup(shop->arena, md_json_text(fields, "path"));
  answer->status = json_is_integer(status) ? (int)json_integer_value(status) : 200;
  answer->times = json_is_integer(times) ? json_integer_value(times) : -1;
  answer->before = shop->answers;
  shop->answers = answer;
  return answer->connection ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static bool same_or_any(const char *wanted, const char *seen) {
  return !wanted || strcmp(wanted, seen) == 0;
}

static md_shop_answer *find_answer(md_shop *shop, const md_call *call) {
  for (md_shop_answer *at = shop->answers; at; at = at->before)
    if (at->times != 0 && strcmp(at->connection, call->connection) == 0 && same_or_any(at->method, call->method) &&
        same_or_any(at->path, call->path))
      return at;
  return NULL;
}

static void note(md_shop *shop, const md_call *call) {
  md_shop_call *made = md_arena_alloc_zero(shop->arena, sizeof *made);
  if (!made) return;
  made->connection = md_arena_strdup(shop->arena, call->connection);
  made->method = md_arena_strdup(shop->arena, call->method);
  made->path = md_arena_strdup(shop->arena, call->path);
  made->body = md_arena_strdup(shop->arena, call->body);
  if (!made->connection || !made->method || !made->path) return;
  made->before = shop->calls;
  shop->calls = made;
}

void md_shop_answer_call(void *context, md_call_attempt *attempt) {
  md_shop *shop = context;
  md_shop_answer *answer = find_answer(shop, &attempt->call);
  note(shop, &attempt->call);
  if (!answer) {
    shop->unanswered = md_arena_printf(shop->arena, "%s %s of connection %s", attempt->call.method, attempt->call.path,
                                       attempt->call.connection);
    attempt->end = MD_CALL_END_REFUSED;
    snprintf(attempt->detail, sizeof attempt->detail, "no answer was given for it");
    return;
  }
  if (answer->times > 0) answer->times--;
  attempt->end = answer->end;
  if (answer->end == MD_CALL_END_ANSWER) {
    attempt->status = answer->status;
    md_buffer_puts(&attempt->body, answer->text);
  } else {
    snprintf(attempt->detail, sizeof attempt->detail, "its answer says so");
  }
}

static bool has_body(const md_shop_call *call, const json_t *wanted) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, wanted);
  bool same = call->body && text.data && strcmp(call->body, text.data) == 0;
  md_buffer_deinit(&text);
  return same;
}

static bool matches(const md_shop_call *call, const json_t *wanted) {
  const json_t *json = json_object_get(wanted, "json");
  return same_or_any(md_json_text(wanted, "connection"), call->connection) &&
         same_or_any(md_json_text(wanted, "method"), call->method) &&
         same_or_any(md_json_text(wanted, "path"), call->path) && (!json || has_body(call, json));
}

int md_shop_expect_call(md_shop *shop, const json_t *wanted, md_error *err) {
  static const char *const known[] = {"connection", "json", "method", "path", NULL};
  md_shop_call *oldest = NULL, *last = NULL;
  const char *name;
  json_t *value;
  int code = 0;
  json_object_foreach((json_t *)wanted, name, value) if (!code) code =
      md_expect_known(name, known, "shop:expect_call", err);
  if (code) return code;
  for (md_shop_call *at = shop->calls; at; at = at->before) {
    if (!last) last = at;
    if (!at->taken && matches(at, wanted)) oldest = at;
  }
  if (oldest) {
    oldest->taken = true;
    return 0;
  }
  return md_error_set(err, MD_ESCRIPT, "expected a call; seen: %s%s%s%s%s", last ? "the last was " : "no call",
                      last ? last->method : "", last ? " " : "", last ? last->path : "",
                      last && last->body ? " with another body" : "");
}
