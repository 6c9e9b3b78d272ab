// SPDX-License-Identifier: Apache-2.0
// Answers: a status, a JSON body, the headers that go with them, and a line in the log. Intake thread.
#include "intake/respond.h"
#include "base/log.h"
#include "base/utf8.h"
#include "intake/page.h"
#include <stdio.h>
#include <string.h>

void md_respond_write_text(md_buffer *out, const char *text) {
  size_t len = strlen(text), shortened = len;
  while (shortened > 0 && len - shortened < 4 && !md_utf8_valid(text, shortened))
    shortened--;
  if (md_utf8_valid(text, shortened))
    md_json_write_string(out, text, shortened);
  else
    md_buffer_puts(out, "\"\"");
}

// Of a body that is no JSON the parser quotes what it stumbled over, for its sender alone: the log says where it
// stands.
static const char *loggable(const md_request *request, char out[static sizeof request->error.text]) {
  static const char *const quotes[] = {" near '", " escape '", " Unicode '"};
  const char *text = request->error.text;
  size_t len = strlen(text);
  if (!*text) return NULL;
  for (size_t i = 0; i < sizeof quotes / sizeof quotes[0] && request->error.code == MD_ESYNTAX; i++) {
    const char *quote = strstr(text, quotes[i]);
    if (quote && (size_t)(quote - text) < len) len = (size_t)(quote - text);
  }
  snprintf(out, sizeof request->error.text, "%.*s", (int)len, text);
  return out;
}

static void log_answer(const md_request *request, int status) {
  md_log_level level = status < 400 ? MD_LOG_DEBUG : MD_LOG_INFO;
  if (!md_log_wants(level)) return;
  char client[46], code[24], error[sizeof request->error.text];
  md_address_format(&request->client, client);
  md_log(level, "intake", "request", "request", request->id, "status", md_log_int_text(status, code), "client", client,
         "key", request->key ? request->key->name : NULL, "error", loggable(request, error), NULL);
}

static void add_headers(const md_request *request, struct MHD_Response *response, int status, bool close) {
  MHD_add_response_header(response, "X-Request-Id", request->id);
  if (status == 405) MHD_add_response_header(response, "Allow", request->allow);
  if (status == 503) MHD_add_response_header(response, "Retry-After", "1");
  if (status == 401) MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"momentd\"");
  if (close) MHD_add_response_header(response, "Connection", "close");
}

// A3: nothing of a page is kept, sent on, or loaded from elsewhere.
static void add_page_headers(struct MHD_Response *response) {
  char policy[MD_PAGE_POLICY_SIZE];
  md_page_policy(policy);
  MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
  MHD_add_response_header(response, "Content-Security-Policy", policy);
  MHD_add_response_header(response, "Cache-Control", "no-store");
  MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response, "X-Robots-Tag", "noindex");
}

static enum MHD_Result respond(md_request *request, int status, bool page, bool close) {
  md_intake *intake = request->intake;
  md_buffer *text = &request->body;
  request->phase = MD_PHASE_FAILED;
  if (!md_buffer_ok(text)) return MHD_NO;
  struct MHD_Response *response = MHD_create_response_from_buffer(text->len, text->data, MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  if (page)
    add_page_headers(response);
  else
    MHD_add_response_header(response, "Content-Type", "application/json");
  add_headers(request, response, status, close || atomic_load_explicit(&intake->stopping, memory_order_relaxed));
  atomic_fetch_add_explicit(&intake->requests, 1, memory_order_relaxed);
  if (status >= 400) atomic_fetch_add_explicit(&intake->refused, 1, memory_order_relaxed);
  log_answer(request, status);
  enum MHD_Result result = MHD_queue_response(request->connection, (unsigned)status, response);
  MHD_destroy_response(response);
  if (result == MHD_YES) request->phase = MD_PHASE_ANSWERED;
  return result;
}

enum MHD_Result md_respond(md_request *request, int status, bool close) {
  return respond(request, status, false, close);
}

enum MHD_Result md_respond_page(md_request *request, int status) {
  return respond(request, status, true, false);
}

enum MHD_Result md_respond_error(md_request *request, int status, const char *text, bool close) {
  md_buffer_clear(&request->body);
  md_buffer_puts(&request->body, "{\"error\":");
  md_respond_write_text(&request->body, text);
  md_buffer_puts(&request->body, "}\n");
  if (text != request->error.text) md_error_set(&request->error, MD_EINVAL, "%s", text);
  return md_respond(request, status, close);
}
