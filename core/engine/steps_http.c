// SPDX-License-Identifier: Apache-2.0
// m:http: keeps the call until the turn has ended well, and opens the wait for its answer (H1).
#include "base/digest.h"
#include "engine/calling.h"
#include "engine/turn.h"
#include <string.h>

// H1: of the run and the step's name; without one, of everything that makes the call what it is. Thus a loop that tries
// again asks for the same.
static const char *key_of(md_turn_state *turn, const md_step *step, const md_call *call) {
  md_arena *arena = turn->engine->arena;
  uint8_t digest[MD_SHA256_SIZE];
  char hex[33];
  const char *installation = "", *what = NULL;
  int rc = md_settings_get(turn->engine->store, "installation_id", arena, &installation, NULL);
  if (rc && rc != MD_ENOTFOUND) return NULL;
  long long run = turn->run->id;
  if (strchr(step->name, '/'))
    what = md_arena_printf(arena, "%s\n%lld\n%s", installation, run, step->name);
  else
    what = md_arena_printf(arena, "%s\n%lld\n%s\n%s\n%s\n%s\n%s", installation, run, call->connection, call->method,
                           call->path, call->query ? call->query : "", call->body ? call->body : "");
  if (!what) return NULL;
  md_sha256(what, strlen(what), digest);
  md_hex(digest, 16, hex);
  return md_arena_strdup(arena, hex);
}

static const char *copy_text(md_turn_state *turn, const json_t *args, const char *name) {
  return md_arena_strdup(turn->engine->arena, md_json_text(args, name));
}

static md_call *call_of(md_turn_state *turn, const md_step *step) {
  md_call *call = md_arena_alloc_zero(turn->engine->arena, sizeof *call);
  const json_t *query = json_object_get(step->args, "query"), *secret = json_object_get(step->args, "secret");
  if (!call) return NULL;
  *call = (md_call){.state = MD_CALL_QUEUED,
                    .run = turn->run->id,
                    .step = turn->step,
                    .attempts_max = 1,
                    .created_at = turn->engine->now,
                    .due_at = turn->engine->now,
                    .moment = turn->run->moment,
                    .connection = copy_text(turn, step->args, "connection"),
                    .method = copy_text(turn, step->args, "method"),
                    .path = copy_text(turn, step->args, "path"),
                    .body = copy_text(turn, step->args, "body"),
                    .save = copy_text(turn, step->args, "save")};
  call->query = query ? md_step_text(turn, query) : NULL;
  call->secret = secret ? md_step_text(turn, secret) : NULL;
  bool whole = call->connection && call->method && call->path && (!query || call->query) && (!secret || call->secret) &&
               (call->body || !json_object_get(step->args, "body")) &&
               (call->save || !json_object_get(step->args, "save"));
  call->key = whole ? key_of(turn, step, call) : NULL;
  return call->key ? call : NULL;
}

// A call that is not made is answered all the same, by the turn after this one (W3).
static int refuse(md_turn_state *turn, md_call *call, const char *word) {
  md_arena *arena = turn->engine->arena;
  const char *message = md_arena_printf(arena, "%s %s of connection %s was not called: %s", call->method, call->path,
                                        call->connection, word);
  call->state = MD_CALL_FAILED;
  call->final_at = turn->engine->now;
  call->answer = message ? md_call_failure(arena, word, 0, message) : NULL;
  return call->answer ? 0 : MD_ENOMEM;
}

static int check(md_turn_state *turn, md_call *call) {
  const md_caller *caller = turn->engine->options.caller;
  const char *instead = NULL;
  if (!caller) return md_error_set(&turn->error, MD_EINVAL, "there is no connection %s", call->connection);
  int rc = caller->check(caller->context, call, &instead, &turn->error);
  return rc || !instead ? rc : refuse(turn, call, instead);
}

void md_step_http(md_turn_state *turn, const md_step *step, uint32_t arguments, md_answer *answer) {
  md_call *call = call_of(turn, step);
  int rc = call ? check(turn, call) : MD_ENOMEM;
  if (rc == MD_EINVAL) {
    md_step_raise(answer, "m:http: %s", turn->error.text);
    return;
  }
  if (rc) {
    md_step_fail(turn, rc, answer);
    return;
  }
  turn->call = call;
  md_step_open(turn, step, arguments, answer);
}
