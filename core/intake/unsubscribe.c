// SPDX-License-Identifier: Apache-2.0
// The page behind an unsubscribe link, and its act.
#include "intake/unsubscribe.h"
#include "engine/engine.h"
#include "intake/page.h"
#include "intake/respond.h"
#include "intake/submit.h"
#include <string.h>

static int refuse(md_request *request, int status, const char *text) {
  md_error_set(&request->error, MD_EINVAL, "%s", text);
  return status;
}

static int read_token(md_request *request) {
  const char *token = request->uri + strlen(MD_UNSUBSCRIBE_PATH);
  md_unsubscribe *link = md_arena_alloc(request->arena, sizeof *link);
  if (!link) return refuse(request, 503, "out of memory");
  if (md_unsubscribe_read(&request->intake->unsubscribe, token, strcspn(token, "?"), link, NULL))
    return refuse(request, 404, "an unsubscribe link that is none of ours");
  request->unsubscribe = link;
  return 0;
}

int md_unsubscribe_check(md_request *request, const char *method) {
  request->posts = strcmp(method, "POST") == 0;
  if (request->posts || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) return read_token(request);
  request->allow = "GET, HEAD, POST";
  return refuse(request, 405, "this is read with GET or HEAD, and done with POST");
}

static enum MHD_Result show(md_request *request, int status, md_page_kind kind) {
  const md_page page = {.kind = kind, .link = request->unsubscribe, .shop = request->intake->shop_name};
  md_buffer_clear(&request->body);
  md_page_write(&page, &request->body);
  return md_respond_page(request, status);
}

// The engine's thread, inside a batch.
static int carry_out(md_submission *submission, struct md_engine *engine, md_error *err) {
  const md_request *request = (const md_request *)submission; // its first member
  return md_engine_unsubscribe(engine, request->unsubscribe, err);
}

enum MHD_Result md_unsubscribe_act(md_request *request) {
  if (!request->posts) return show(request, 200, MD_PAGE_CONFIRM);
  request->submission.act = carry_out;
  return md_submit_act(request);
}

enum MHD_Result md_unsubscribe_answer(md_request *request) {
  if (request->submission.code) return md_unsubscribe_refuse(request, 503);
  return show(request, 200, MD_PAGE_DONE);
}

enum MHD_Result md_unsubscribe_refuse(md_request *request, int status) {
  return show(request, status, status == 503 ? MD_PAGE_BUSY : MD_PAGE_INVALID);
}
