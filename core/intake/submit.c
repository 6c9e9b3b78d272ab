// SPDX-License-Identifier: Apache-2.0
// From a whole request to the engine and back. Intake thread, but for `done`, which the engine calls on its own.
#include "intake/submit.h"
#include "intake/answer.h"
#include "intake/request.h"
#include "intake/respond.h"
#include "intake/unsubscribe.h"
#include <stddef.h>

static enum MHD_Result refuse(md_request *request, int code) {
  int status = code == MD_ENOMEM ? 503 : code == MD_EDENIED ? 403 : code == MD_ETOOBIG ? 413 : 400;
  return md_respond_error(request, status, request->error.text, false);
}

static int make_room(md_request *request, size_t count) {
  md_submission *submission = &request->submission;
  submission->events = md_arena_alloc(request->arena, count * sizeof *submission->events);
  submission->statuses = md_arena_alloc_zero(request->arena, count * sizeof *submission->statuses);
  if (submission->events && submission->statuses) return 0;
  return md_error_set(&request->error, MD_ENOMEM, "out of memory");
}

static const char *forced_source(const md_request *request) {
  return request->key ? request->key->source : NULL;
}

static int decode_one(md_request *request) {
  const md_headers *headers = &request->headers;
  const md_buffer *body = &request->body;
  int code = make_room(request, 1);
  if (code) return code;
  md_event *event = request->submission.events;
  if (request->format == MD_FORMAT_STRUCTURED)
    code = md_event_decode(request->arena, body->data, body->len, forced_source(request), event, &request->error);
  else
    code = md_event_decode_binary(request->arena, request->ce, headers->ce_count, headers->content_type, body->data,
                                  body->len, forced_source(request), event, &request->error);
  request->submission.count = 1;
  return code ? code : md_auth_check_type(request->key, event->type, &request->error);
}

static void check_item(md_request *request, md_batch_item *item) {
  md_error why;
  if (item->error || md_auth_check_type(request->key, item->event->type, &why) == 0) return;
  item->event = NULL;
  item->error = md_arena_strdup(request->arena, why.text);
  if (!item->error) item->error = "not allowed";
}

static int decode_batch(md_request *request) {
  md_submission *submission = &request->submission;
  int code = md_event_decode_batch(request->arena, request->body.data, request->body.len, forced_source(request),
                                   &request->items, &request->item_count, &request->error);
  if (!code) code = make_room(request, request->item_count);
  if (code) return code;
  for (size_t i = 0; i < request->item_count; i++) {
    check_item(request, &request->items[i]);
    if (request->items[i].event) submission->events[submission->count++] = *request->items[i].event;
  }
  return 0;
}

// The engine's thread. What touches the intake last is the count, for which md_intake_stop waits.
static void on_done(md_submission *submission) {
  md_intake *intake = submission->context;
  md_queue_push_always(intake->answers, &submission->node);
  atomic_fetch_sub(&intake->in_flight, 1);
}

static enum MHD_Result hand_over(md_request *request) {
  md_intake *intake = request->intake;
  md_submission *submission = &request->submission;
  submission->request = request->id;
  submission->done = on_done;
  submission->context = intake;
  request->phase = MD_PHASE_HANDED;
  atomic_fetch_add(&intake->in_flight, 1);
  if (md_queue_push(intake->inbox, &submission->node)) {
    request->next = intake->to_suspend;
    intake->to_suspend = request;
    return MHD_YES;
  }
  atomic_fetch_sub(&intake->in_flight, 1);
  if (request->route == MD_ROUTE_UNSUBSCRIBE) return md_unsubscribe_refuse(request, 503);
  return md_respond_error(request, 503, "too many events are waiting to be stored", false);
}

enum MHD_Result md_submit(md_request *request) {
  int code = request->format == MD_FORMAT_BATCH ? decode_batch(request) : decode_one(request);
  if (code) return refuse(request, code);
  if (!md_request_charge(request, md_arena_used(request->arena)))
    return md_respond_error(request, 503, "too much is waiting to be stored", false);
  return request->submission.count > 0 ? hand_over(request) : md_answer(request);
}

enum MHD_Result md_submit_act(md_request *request) {
  return hand_over(request);
}

bool md_submit_take_answers(md_intake *intake) {
  md_queue_node *node = md_queue_take(intake->answers, SIZE_MAX);
  if (!node) return false;
  while (node) {
    md_request *request = (md_request *)((char *)node - offsetof(md_submission, node));
    node = node->next;
    struct MHD_Connection *connection = request->connection;
    if (request->route == MD_ROUTE_UNSUBSCRIBE)
      md_unsubscribe_answer(request);
    else
      md_answer(request);
    MHD_resume_connection(connection);
  }
  return true;
}
