// SPDX-License-Identifier: Apache-2.0
// The admin socket: a unix socket on the engine's loop; each line is a request as a JSON object, each answer one too.
// Request: {"command":"runs.cancel","run":7}. Answer: {"ok":true,…} or {"ok":false,"code":"ENOTFOUND","error":"…"}. A
// request with "bytes":N is followed by N bytes as they are, its body.
#pragma once
#include "base/error.h"
#include "base/json.h"
#include <uv.h>

typedef struct md_admin md_admin;
typedef struct md_admin_request md_admin_request;

// Called on the loop for every request; must call md_admin_answer once, now or later. `object` lives until then.
typedef void (*md_admin_handler)(void *context, md_admin_request *request, const json_t *object);

// Makes `<db>.admin/socket` in a directory of mode 0700, taking the place of a socket left by a killed process (the
// caller holds the database's lock). Returns owned.
int md_admin_open(md_admin **out, uv_loop_t *loop, const char *db, md_admin_handler handler, void *context,
                  md_error *err);
// Closes all; requests still open may be answered until the loop has run on. Frees itself on the loop.
void md_admin_close(md_admin *admin); // NULL is allowed

// `answer` is a JSON object in any arena in scope, borrowed; "ok" is set here. A non-zero `code` answers with the
// sentence of `err` instead.
void md_admin_answer(md_admin_request *request, int code, const json_t *answer, const md_error *err);
// Memory that lives as long as the request.
md_arena *md_admin_arena(md_admin_request *request);
// The body, in that memory; NULL without one.
const void *md_admin_body(const md_admin_request *request, size_t *len);
