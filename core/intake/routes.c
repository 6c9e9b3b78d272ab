// SPDX-License-Identifier: Apache-2.0
// What is served where, and what of a request's head is refused with which status (E1, E2, A1). Intake thread.
#include "intake/routes.h"
#include "intake/media_type.h"
#include "intake/unsubscribe.h"
#include <string.h>
#include <strings.h>

static const struct {
  const char *target;
  md_route route;
} routes[] = {{"/v1/events", MD_ROUTE_EVENTS}, {"/healthz", MD_ROUTE_HEALTH}, {"/readyz", MD_ROUTE_READY}};

md_route md_route_find(const char *target) {
  size_t len = strcspn(target, "?");
  if (strncmp(target, MD_UNSUBSCRIBE_PATH, strlen(MD_UNSUBSCRIBE_PATH)) == 0) return MD_ROUTE_UNSUBSCRIBE;
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
    if (strlen(routes[i].target) == len && memcmp(routes[i].target, target, len) == 0) return routes[i].route;
  return MD_ROUTE_NONE;
}

static int refuse(md_request *request, int status, const char *text) {
  md_error_set(&request->error, MD_EINVAL, "%s", text);
  return status;
}

static int check_method(md_request *request, const char *method) {
  bool posts = request->route == MD_ROUTE_EVENTS;
  bool fits = posts ? strcmp(method, "POST") == 0 : strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
  if (fits) return 0;
  request->allow = posts ? "POST" : "GET, HEAD";
  return refuse(request, 405, posts ? "events are sent with POST" : "this is read with GET or HEAD");
}

static int check_key(md_request *request) {
  const md_headers *headers = &request->headers;
  if (md_auth_count(request->intake->auth) == 0) return 0;
  request->auth = md_auth_ref(request->intake->auth);
  request->key = md_auth_find(request->auth, headers->authorization, headers->authorization_len);
  if (!request->key)
    return refuse(request, 401,
                  headers->authorization ? "the API key is not known, or was revoked"
                                         : "an API key is needed: Authorization: Bearer mk_…");
  if (md_auth_has_scope(request->key, "events")) return 0;
  return refuse(request, 403, "this API key has no scope \"events\"");
}

static const char unsupported[] =
    "send application/cloudevents+json, application/cloudevents-batch+json, or any other type with ce- headers";

// Content that is no event needs ce- headers; JSON without them is an event of the binary mode that lacks them all.
static int check_type(md_request *request) {
  const md_headers *headers = &request->headers;
  md_media_type type = {0};
  request->format = MD_FORMAT_BINARY;
  if (!headers->content_type) return 0;
  if (!md_media_type_parse(headers->content_type, headers->content_type_len, &type))
    return refuse(request, 415, unsupported);
  bool structured = md_media_type_is(&type, "application/cloudevents+json");
  bool batch = md_media_type_is(&type, "application/cloudevents-batch+json");
  if (structured || batch) request->format = batch ? MD_FORMAT_BATCH : MD_FORMAT_STRUCTURED;
  if (!md_media_type_is_utf8(&type) && (structured || batch || md_media_type_is_json(&type)))
    return refuse(request, 415, "JSON is read in UTF-8 only");
  if (structured || batch) return 0;
  if (md_media_type_starts(&type, "application/cloudevents")) return refuse(request, 415, unsupported);
  return headers->ce_count > 0 || md_media_type_is_json(&type) ? 0 : refuse(request, 415, unsupported);
}

static int check_content_encoding(md_request *request) {
  const md_headers *headers = &request->headers;
  bool identity = headers->content_encoding_len == 8 && strncasecmp(headers->content_encoding, "identity", 8) == 0;
  if (!headers->content_encoding || identity) return 0;
  return refuse(request, 415, "no Content-Encoding is read here");
}

static int check_length(md_request *request) {
  const md_intake_limits *limits = &request->intake->limits;
  request->body_limit = request->format == MD_FORMAT_BATCH ? limits->batch_bytes : limits->body_bytes;
  if (request->headers.content_length <= request->body_limit) return 0;
  md_error_set(&request->error, MD_ETOOBIG, "the body is larger than %zu bytes", request->body_limit);
  return 413;
}

int md_route_check(md_request *request, const char *method) {
  if (request->route == MD_ROUTE_NONE) return refuse(request, 404, "there is nothing here; events go to /v1/events");
  if (request->route == MD_ROUTE_UNSUBSCRIBE) return md_unsubscribe_check(request, method);
  int status = check_method(request, method);
  if (status || request->route != MD_ROUTE_EVENTS) return status;
  int (*const checks[])(md_request *) = {check_key, check_type, check_content_encoding, check_length};
  for (size_t i = 0; i < sizeof checks / sizeof *checks && !status; i++)
    status = checks[i](request);
  return status;
}
