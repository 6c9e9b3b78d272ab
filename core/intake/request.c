// SPDX-License-Identifier: Apache-2.0
// One request from its first line to its answer. Intake thread.
#include "intake/request.h"
#include "base/alloc.h"
#include "intake/headers.h"
#include "intake/linger.h"
#include "intake/peers.h"
#include "intake/respond.h"
#include "intake/routes.h"
#include "intake/submit.h"
#include "intake/unsubscribe.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

// A request keeps its memory for the next one, but not what an unusually large one needed.
enum { ARENA_FIRST = 8 * 1024, KEPT_BYTES = 64 * 1024, KEPT_REQUESTS = 1024 };

static void request_free(md_request *request) {
  md_buffer_deinit(&request->body);
  md_arena_free(request->arena);
  md_free(request);
}

static md_request *request_new(void) {
  md_request *request = md_alloc(sizeof *request);
  if (!request) return NULL;
  md_buffer_init(&request->body);
  request->arena = md_arena_new(ARENA_FIRST);
  if (request->arena) return request;
  request_free(request);
  return NULL;
}

static md_request *request_take(md_intake *intake) {
  md_request *request = intake->free_requests;
  if (request) {
    intake->free_requests = request->next;
    intake->free_count--;
  } else if (!(request = request_new())) {
    return NULL;
  }
  md_arena *arena = request->arena;
  md_buffer body = request->body;
  memset(request, 0, offsetof(md_request, ce));
  request->arena = arena;
  request->body = body;
  request->intake = intake;
  return request;
}

static void request_give_back(md_request *request) {
  md_intake *intake = request->intake;
  intake->memory -= request->memory;
  intake->working -= request->working;
  md_auth_unref(request->auth);
  bool large = md_arena_used(request->arena) > KEPT_BYTES || request->body.capacity > KEPT_BYTES;
  if (large || intake->free_count >= KEPT_REQUESTS) {
    request_free(request);
    return;
  }
  md_arena_reset(request->arena);
  md_buffer_clear(&request->body);
  request->next = intake->free_requests;
  intake->free_requests = request;
  intake->free_count++;
}

void md_request_free_all(md_intake *intake) {
  for (md_request *request = intake->free_requests, *next; request; request = next) {
    next = request->next;
    request_free(request);
  }
  intake->free_requests = NULL;
}

bool md_request_charge(md_request *request, size_t bytes) {
  md_intake *intake = request->intake;
  if (bytes > intake->limits.memory_bytes - intake->memory) return false;
  request->memory += bytes;
  intake->memory += bytes;
  return true;
}

void *md_request_begin(void *context, const char *uri, struct MHD_Connection *connection) {
  md_request *request = request_take(context);
  if (!request) return NULL;
  request->connection = connection;
  request->uri = uri;
  request->uri_end = uri + strlen(uri);
  request->route = md_route_find(uri);
  return request;
}

static bool is_request_id(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (!strchr("._-", text[i]) && !(text[i] >= '0' && text[i] <= '9') &&
        !((text[i] | 32) >= 'a' && (text[i] | 32) <= 'z'))
      return false;
  return len > 0 && len <= MD_REQUEST_ID_MAX;
}

static void name_request(md_request *request) {
  const md_headers *headers = &request->headers;
  if (headers->request_id && is_request_id(headers->request_id, headers->request_id_len))
    memcpy(request->id, headers->request_id, headers->request_id_len);
  else
    snprintf(request->id, sizeof request->id, "%s-%llx", request->intake->id_prefix,
             (unsigned long long)++request->intake->id_sequence);
}

// With more of the request to come: the answer goes out at once, and the connection is closed behind it.
static enum MHD_Result answer_early(md_request *request, int status) {
  md_linger_prepare(request->peer);
  md_peer_expect_nothing(request->peer);
  return md_respond_error(request, status, request->error.text, true);
}

// A refusal waits for the end of the body, so that the connection can be used again, unless that makes no sense.
static enum MHD_Result read_head(md_request *request, const char *method, const char *version) {
  const md_headers *headers = &request->headers;
  const md_intake *intake = request->intake;
  bool sound = md_headers_read(request, method, version);
  name_request(request);
  request->client = md_address_of_client(&request->peer->address, headers->forwarded, headers->forwarded_len,
                                         intake->proxies, intake->proxy_count);
  if (!sound) return answer_early(request, 400);
  request->status = md_route_check(request, method);
  bool too_long = headers->content_length > intake->limits.batch_bytes;
  if (request->status == 413 || (request->status && (headers->expect || too_long)))
    return answer_early(request, request->status);
  request->phase = MD_PHASE_BODY;
  md_peer_expect(request->peer);
  if (headers->chunked) md_peer_saw_chunk(request->peer);
  return MHD_YES;
}

// What is too much is read to its end, and thrown away, so that the answer can be heard.
static enum MHD_Result swallow(md_request *request, size_t len) {
  request->swallowed += len;
  return request->swallowed > MD_SWALLOW_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result read_body(md_request *request, const char *bytes, size_t len) {
  md_buffer *body = &request->body;
  if (request->status || request->route != MD_ROUTE_EVENTS) return swallow(request, len);
  if (body->len + len > request->body_limit) {
    md_error_set(&request->error, MD_ETOOBIG, "the body is larger than %zu bytes", request->body_limit);
    request->status = 413;
  } else if (!md_request_charge(request, len)) {
    md_error_set(&request->error, MD_EBUSY, "too much is waiting to be stored");
    request->status = 503;
  }
  if (request->status) return swallow(request, len);
  if (body->len == 0 && request->headers.content_length < KEPT_BYTES)
    md_buffer_reserve(body, (size_t)request->headers.content_length + 1);
  md_buffer_append(body, bytes, len);
  return MHD_YES;
}

static enum MHD_Result answer_health(md_request *request) {
  const md_intake *intake = request->intake;
  bool fine = request->route == MD_ROUTE_HEALTH || !intake->ready || intake->ready(intake->ready_context);
  if (!fine) return md_respond_error(request, 503, "not ready: nothing can be stored at present", false);
  md_buffer_clear(&request->body);
  md_buffer_puts(&request->body,
                 request->route == MD_ROUTE_HEALTH ? "{\"status\":\"alive\"}\n" : "{\"status\":\"ready\"}\n");
  return md_respond(request, 200, false);
}

static enum MHD_Result act(md_request *request) {
  md_peer_expect_nothing(request->peer);
  request->working = true;
  request->intake->working++;
  if (request->status && request->status != 405 && request->route == MD_ROUTE_UNSUBSCRIBE)
    return md_unsubscribe_refuse(request, request->status);
  if (request->status) return md_respond_error(request, request->status, request->error.text, false);
  if (request->route == MD_ROUTE_UNSUBSCRIBE) return md_unsubscribe_act(request);
  if (request->route != MD_ROUTE_EVENTS) return answer_health(request);
  if (!md_buffer_ok(&request->body)) return md_respond_error(request, 503, "out of memory", false);
  if (atomic_load_explicit(&request->intake->stopping, memory_order_relaxed))
    return md_respond_error(request, 503, "momentd is shutting down", true);
  return md_submit(request);
}

enum MHD_Result md_request_continue(void *context, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *bytes, size_t *len,
                                    void **slot) {
  md_request *request = *slot;
  (void)context, (void)url;
  if (!request || request->phase == MD_PHASE_FAILED) return MHD_NO;
  if (request->phase == MD_PHASE_HEAD) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->peer = info ? info->socket_context : NULL;
    return request->peer ? read_head(request, method, version) : MHD_NO;
  }
  if (request->phase != MD_PHASE_BODY) return MHD_YES;
  if (*len == 0) return act(request);
  size_t count = *len;
  *len = 0;
  if (request->headers.chunked) md_peer_saw_chunk(request->peer);
  return read_body(request, bytes, count);
}

void md_request_completed(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_RequestTerminationCode code) {
  md_request *request = *slot;
  (void)context, (void)connection, (void)code;
  *slot = NULL;
  if (!request) return;
  if (request->peer) md_peer_expect(request->peer);
  request_give_back(request);
}

void md_request_suspend_handed(md_intake *intake) {
  md_request *request = intake->to_suspend;
  intake->to_suspend = NULL;
  for (; request; request = request->next)
    MHD_suspend_connection(request->connection);
}
