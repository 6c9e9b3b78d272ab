// SPDX-License-Identifier: Apache-2.0
// A request's headers: those that matter collected, and what libmicrohttpd lets pass refused (E1). Intake thread.
#include "intake/headers.h"
#include <string.h>
#include <strings.h>

// Up to this version libmicrohttpd cuts what it received into lines where it lies and puts zero bytes over each CRLF,
// and ends a value at the first zero byte. So the pieces of a well-formed request follow each other without a gap. A
// gap is a NUL, a bare LF or a folded line, of which it would otherwise tell us nothing. Later versions refuse these.
enum { LINES_LIE_IN_PLACE = MHD_VERSION <= 0x00097501 };

typedef struct reading {
  md_request *request;
  const char *end; // of the line before, where its CRLF was
  bool has_host;
  const char *fault; // what is malformed
} reading;

static bool follows(const char *end, const char *next) {
  return !LINES_LIE_IN_PLACE || ((uintptr_t)next - (uintptr_t)end == 2 && !end[0] && !end[1]);
}

static bool is_token(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte == '-' || ((byte | 32) >= 'a' && (byte | 32) <= 'z')) continue;
    if (byte <= ' ' || byte >= 0x7F || strchr("(),/:;<=>?@[\\]{}\"", byte)) return false;
  }
  return len > 0;
}

static bool is(const char *name, size_t len, const char *wanted, size_t wanted_len) {
  return len == wanted_len && strncasecmp(name, wanted, len) == 0;
}
#define IS(wanted) is(name, name_len, wanted, sizeof(wanted) - 1)

static const char *take_length(md_headers *headers, const char *value, size_t len) {
  if (headers->has_length) return "two Content-Length headers";
  headers->has_length = true;
  headers->content_length = 0;
  if (len == 0 || len > 18) return "the Content-Length is no number";
  for (size_t i = 0; i < len; i++) {
    if (value[i] < '0' || value[i] > '9') return "the Content-Length is no number";
    headers->content_length = headers->content_length * 10 + (uint64_t)(value[i] - '0');
  }
  return NULL;
}

static const char *take_encoding(md_headers *headers, const char *value, size_t len) {
  if (headers->chunked) return "two Transfer-Encoding headers";
  if (!is(value, len, "chunked", 7)) return "the only Transfer-Encoding there is here is chunked";
  headers->chunked = true;
  return NULL;
}

static const char *take_once(const char **to, size_t *to_len, const char *value, size_t len, const char *fault) {
  if (*to) return fault;
  *to = value;
  *to_len = len;
  return NULL;
}

// Several are one, joined by commas.
static const char *take_forwarded(md_request *request, const char *value, size_t len) {
  md_headers *headers = &request->headers;
  if (headers->forwarded) value = md_arena_printf(request->arena, "%s,%s", headers->forwarded, value);
  if (!value) return "out of memory";
  headers->forwarded_len += len + (headers->forwarded ? 1 : 0);
  headers->forwarded = value;
  return NULL;
}

static const char *take_event_header(md_request *request, const char *name, const char *value, size_t len) {
  if (request->headers.ce_count == MD_CE_HEADERS_MAX) return "more than 64 ce- headers";
  request->ce[request->headers.ce_count++] = (md_event_header){name, value, len};
  return NULL;
}

static const char *take(reading *at, const char *name, size_t name_len, const char *value, size_t len) {
  md_headers *headers = &at->request->headers;
  if (name_len > 3 && strncasecmp(name, "ce-", 3) == 0) return take_event_header(at->request, name, value, len);
  if (IS("Host")) {
    if (at->has_host) return "two Host headers";
    at->has_host = true;
    return NULL;
  }
  if (IS("Content-Length")) return take_length(headers, value, len);
  if (IS("Transfer-Encoding")) return take_encoding(headers, value, len);
  if (IS("X-Forwarded-For")) return take_forwarded(at->request, value, len);
  if (IS("Content-Type"))
    return take_once(&headers->content_type, &headers->content_type_len, value, len, "two Content-Type headers");
  if (IS("Authorization"))
    return take_once(&headers->authorization, &headers->authorization_len, value, len, "two Authorization headers");
  if (IS("Content-Encoding"))
    return take_once(&headers->content_encoding, &headers->content_encoding_len, value, len,
                     "two Content-Encoding headers");
  if (IS("X-Request-Id"))
    take_once(&headers->request_id, &headers->request_id_len, value, len, NULL);
  else if (IS("Expect"))
    take_once(&headers->expect, &headers->expect_len, value, len, NULL);
  return NULL;
}

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                 const char *value, size_t value_len) {
  reading *at = context;
  (void)kind;
  if (!value) value = "";
  if (!follows(at->end, name))
    at->fault = "a NUL, a bare LF or a folded line in a header";
  else if (!is_token(name, name_len))
    at->fault = "a header's name that is none";
  else if (memchr(value, '\r', value_len))
    at->fault = "a bare CR in a header";
  at->end = value + value_len;
  while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
    value_len--;
  if (!at->fault) at->fault = take(at, name, name_len, value, value_len);
  return at->fault ? MHD_NO : MHD_YES;
}

// The whole block must be used up, from the method to the empty line.
static bool block_is_whole(const md_request *request, const char *method, const char *end) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return !LINES_LIE_IN_PLACE || (info && method + info->header_size == end + 4);
}

static const char *find_fault(md_request *request, const char *method, const char *version) {
  const md_headers *headers = &request->headers;
  reading at = {.request = request, .end = version + strlen(version)};
  if (LINES_LIE_IN_PLACE && (request->uri_end + 1 != version || method + strlen(method) + 1 != request->uri))
    return "a malformed request line";
  if (!is_token(method, strlen(method))) return "a method that is none";
  MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, &at);
  if (at.fault) return at.fault;
  if (!at.has_host && strcmp(version, "HTTP/1.0") != 0) return "no Host header";
  if (!block_is_whole(request, method, at.end)) return "a NUL, a bare LF or a folded line in a header";
  if (headers->chunked && headers->has_length) return "both a Content-Length and a Transfer-Encoding";
  return NULL;
}

bool md_headers_read(md_request *request, const char *method, const char *version) {
  const char *fault = find_fault(request, method, version);
  if (fault) md_error_set(&request->error, MD_EINVAL, "malformed HTTP: %s", fault);
  return !fault;
}
