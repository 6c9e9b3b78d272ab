// SPDX-License-Identifier: Apache-2.0
// Wires connections, calls and engine.
#include "cli/callroom.h"
#include "base/suggest.h"
#include "message/mode.h"
#include <string.h>

enum { VIRTUAL_SLOTS = 64, NAMES_MAX = 64, SPEC_ATTEMPTS = 3 };

static int unknown(const md_callroom *room, const char *name, md_error *err) {
  const char *names[NAMES_MAX + 1] = {NULL};
  for (int i = 0; i < room->connections.count && i < NAMES_MAX; i++)
    names[i] = room->connections.items[i].name;
  const char *nearest = md_suggest(name, names);
  return md_error_set(err, MD_EINVAL, "the configuration has no connection '%s'%s%s%s", name,
                      nearest ? "; did you mean '" : "; connections = { … } names them", nearest ? nearest : "",
                      nearest ? "'?" : "");
}

// What a moment in shadow mode must not do: everything that may change something at the other end.
static bool acts(const char *method) {
  return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static bool in_shadow(const md_callroom *room, const char *moment) {
  const md_settings *settings = room->options.settings;
  const char *own = json_string_value(json_object_get(settings->moment_delivery, moment));
  md_mode mode;
  return md_mode_parse(own ? own : settings->delivery, &mode, NULL) == 0 && mode.kind == MD_MODE_SHADOW;
}

static int check(void *context, md_call *call, const char **instead, md_error *err) {
  const md_callroom *room = context;
  const md_connection *connection = md_connections_find(&room->connections, call->connection);
  call->attempts_max = connection ? connection->attempts : SPEC_ATTEMPTS;
  if (room->options.answer) return 0; // a spec answers for connections that only production has
  if (!connection) return unknown(room, call->connection, err);
  if (room->options.virtual_time)
    *instead = "virtual";
  else if (acts(call->method) && in_shadow(room, call->moment))
    *instead = "shadow";
  return 0;
}

static int slots(void *context) {
  const md_callroom *room = context;
  if (room->options.virtual_time) return VIRTUAL_SLOTS;
  return room->calls ? md_http_calls_slots(room->calls) : 0;
}

static bool submit(void *context, md_call_attempt *attempt) {
  md_callroom *room = context;
  if (room->calls) return md_http_calls_submit(room->calls, attempt);
  if (!room->options.answer) return false;
  attempt->node.next = NULL;
  *room->waiting_end = &attempt->node;
  room->waiting_end = &attempt->node.next;
  return true;
}

int md_callroom_open(md_callroom *room, const md_callroom_options *options, md_error *err) {
  *room = (md_callroom){.options = *options, .caller = {.check = check, .slots = slots, .submit = submit}};
  room->caller.context = room;
  room->waiting_end = &room->waiting;
  room->arena = md_arena_new(0);
  if (!room->arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena *scope = md_json_scope(room->arena);
  int code = md_connections_read(&room->connections, options->settings->connections, room->arena, err);
  md_json_scope(scope);
  return code;
}

const md_caller *md_callroom_caller(const md_callroom *room) {
  return &room->caller;
}

static void finished(void *context, md_call_attempt *attempt) {
  md_callroom *room = context;
  md_engine_call_finished(room->engine, attempt);
}

int md_callroom_attach(md_callroom *room, md_engine *engine, md_error *err) {
  md_http_calls_options options = {.connections = &room->connections, .done = finished, .context = room};
  room->engine = engine;
  if (room->options.virtual_time || room->connections.count == 0) return 0;
  return md_http_calls_start(&room->calls, &options, err);
}

int md_callroom_answer(md_callroom *room) {
  int count = 0;
  md_queue_node *at = room->waiting;
  room->waiting = NULL;
  room->waiting_end = &room->waiting;
  for (; at; count++) {
    md_call_attempt *attempt = (md_call_attempt *)at; // the node is its first member
    at = at->next;
    room->options.answer(room->options.context, attempt);
    md_engine_call_finished(room->engine, attempt);
  }
  return count;
}

void md_callroom_stop(md_callroom *room) {
  md_http_calls_stop(room->calls);
  room->calls = NULL;
}

void md_callroom_close(md_callroom *room) {
  md_callroom_stop(room);
  if (room->arena) md_arena_free(room->arena);
  *room = (md_callroom){0};
}
