// SPDX-License-Identifier: Apache-2.0
// What a script gets for the end of a call: a table with status and JSON or file, or nil with message and code (H3).
#include "base/utf8.h"
#include "engine/calling.h"
#include "engine/secrets.h"
#include <string.h>

enum { JSON_MAX = 64 << 10 }; // as large as any value that a script handles (S9)

typedef struct verdict {
  md_engine *engine;
  const md_call_attempt *attempt;
  md_call *call; // its row
  const char *answer;
  bool failed;
} verdict;

static const char *text_of(md_arena *arena, const json_t *value) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, value);
  const char *copy = md_buffer_ok(&text) ? md_arena_strndup(arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  return copy;
}

const char *md_call_failure(md_arena *arena, const char *word, int status, const char *message) {
  json_t *failure = json_object();
  int bad = json_object_set_new(failure, "code", word ? json_string(word) : json_integer(status));
  bad |= json_object_set_new(failure, "message", json_string(message));
  return bad ? NULL : text_of(arena, failure);
}

static int fail(verdict *v, const char *word, const char *message) {
  v->failed = true;
  v->answer = message ? md_call_failure(v->engine->arena, word, v->attempt->status, message) : NULL;
  return v->answer ? 0 : MD_ENOMEM;
}

// How the answer reads in an error, without its content: that is the shop's, or a customer's.
static const char *in_words(const verdict *v, const char *what) {
  const md_call *call = &v->attempt->call;
  return md_arena_printf(v->engine->arena, "%s %s of connection %s: %s", call->method, call->path, call->connection,
                         what);
}

static int fail_size(verdict *v, size_t limit, const char *remedy) {
  const char *what =
      md_arena_printf(v->engine->arena, "the answer has %zu bytes, over %zu: %s", v->attempt->body.len, limit, remedy);
  return fail(v, "too_large", what ? in_words(v, what) : NULL);
}

static int succeed(verdict *v, const char *name, json_t *value) {
  json_t *answer = json_object();
  int bad = json_object_set_new(answer, "status", json_integer(v->attempt->status));
  if (name) bad |= json_object_set_new(answer, name, value);
  v->answer = bad ? NULL : text_of(v->engine->arena, answer);
  return v->answer ? 0 : MD_ENOMEM;
}

// X1: with its secrets taken out.
static int succeed_json(verdict *v, json_t *json, md_error *err) {
  json_t *shown = NULL, *paths = NULL, *answer = json_object();
  int rc = md_secrets_conceal_answer(v->engine, v->call, json, &shown, &paths, err);
  if (rc || !paths) return rc ? rc : succeed(v, "json", shown);
  int bad = json_object_set_new(answer, "status", json_integer(v->attempt->status));
  bad |= json_object_set_new(answer, "json", shown);
  bad |=
      json_object_set_new(answer, "secret", json_pack("{s:I, s:o}", "call", (json_int_t)v->call->id, "paths", paths));
  v->answer = bad ? NULL : text_of(v->engine->arena, answer);
  return v->answer ? 0 : MD_ENOMEM;
}

// The parser quotes what it stumbled over, which may be a customer's: where it stands is enough.
static const char *no_json(const verdict *v, const md_error *why) {
  if (v->call->secret) return "the answer is no JSON";
  return md_arena_printf(v->engine->arena, "the answer is no JSON (%.*s)", (int)strcspn(why->text, ":"), why->text);
}

static int take_json(verdict *v, md_error *err) {
  const md_buffer *body = &v->attempt->body;
  md_error why = {0};
  bool missing = false;
  if (body->len == 0) return succeed(v, NULL, NULL);
  if (body->len > JSON_MAX) return fail_size(v, JSON_MAX, "give save = \"name\" to keep it as a file");
  json_t *json = md_json_parse(body->data, body->len, true, &why);
  if (!json && why.code == MD_ENOMEM) return MD_ENOMEM;
  if (json && md_secrets_missing(v->call, json, &missing)) return MD_ENOMEM;
  if (missing)
    return fail(v, "secret_missing", in_words(v, "nothing stands where secret leads to; nothing is kept of it"));
  if (json) return succeed_json(v, json, err);
  const char *what = no_json(v, &why);
  return fail(v, "not_json", what ? in_words(v, what) : NULL);
}

// The types that may be saved: by what the name ends in, and how such a file begins.
typedef struct kind {
  const char *end, *type, *magic;
  size_t len;
} kind;

static const kind *kind_of(const char *name) {
  static const kind kinds[] = {
      {".pdf", "application/pdf", "%PDF-", 5},      {".png", "image/png", "\x89PNG\r\n\x1a\n", 8},
      {".jpg", "image/jpeg", "\xff\xd8\xff", 3},    {".gif", "image/gif", "GIF8", 4},
      {".zip", "application/zip", "PK\x03\x04", 4}, {".json", "application/json", "", 0},
      {".txt", "text/plain; charset=utf-8", "", 0}, {".csv", "text/csv; charset=utf-8", "", 0}};
  size_t len = strlen(name);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    size_t end = strlen(kinds[i].end);
    if (len > end && strcmp(name + len - end, kinds[i].end) == 0) return &kinds[i];
  }
  return NULL;
}

static bool fits(const kind *kind, const md_buffer *body) {
  if (!kind || body->len < kind->len || body->len == 0) return false;
  if (kind->len) return memcmp(body->data, kind->magic, kind->len) == 0;
  return md_utf8_valid(body->data, body->len) && !memchr(body->data, 0, body->len);
}

static int take_file(verdict *v, md_error *err) {
  const md_call_attempt *attempt = v->attempt;
  const kind *kind = kind_of(attempt->call.save);
  if (!fits(kind, &attempt->body))
    return fail(
        v, "bad_file",
        in_words(v, attempt->body.len ? "the answer is no file of the kind that save names" : "the answer is empty"));
  md_run_file file = {attempt->call.save, kind->type, attempt->body.data, attempt->body.len};
  int rc = md_run_files_put(v->engine->store, attempt->call.run, &file, v->engine->now, err);
  if (rc) return rc;
  json_t *table = json_object();
  int bad = json_object_set_new(table, "name", json_string(file.name));
  bad |= json_object_set_new(table, "type", json_string(file.type));
  bad |= json_object_set_new(table, "size", json_integer((json_int_t)file.len));
  return bad ? MD_ENOMEM : succeed(v, "file", table);
}

static int judge_answer(verdict *v, md_error *err) {
  int status = v->attempt->status;
  if (status < 200 || status > 299) {
    const char *what = md_arena_printf(v->engine->arena, "the server answered %d", status);
    return fail(v, NULL, what ? in_words(v, what) : NULL);
  }
  return v->attempt->call.save ? take_file(v, err) : take_json(v, err);
}

int md_call_judge(md_engine *engine, const md_call_attempt *attempt, md_call *call, bool *failed, md_error *err) {
  static const char *const words[] = {[MD_CALL_END_NETWORK] = "network",
                                      [MD_CALL_END_TIMEOUT] = "timeout",
                                      [MD_CALL_END_REFUSED] = "refused",
                                      [MD_CALL_END_TOO_LARGE] = "too_large"};
  verdict v = {.engine = engine, .attempt = attempt, .call = call};
  int rc = attempt->end == MD_CALL_END_ANSWER ? judge_answer(&v, err)
                                              : fail(&v, words[attempt->end], in_words(&v, attempt->detail));
  call->answer = v.answer;
  *failed = v.failed;
  return rc == MD_ENOMEM ? md_error_set(err, rc, "out of memory while a call's answer was read") : rc;
}
