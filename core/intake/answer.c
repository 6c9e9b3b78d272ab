// SPDX-License-Identifier: Apache-2.0
// What became of the events of a request, as an answer (E1). Intake thread.
#include "intake/answer.h"
#include "intake/respond.h"
#include <stdio.h>
#include <string.h>

static const char conflict_text[] = "another event with this source and id was accepted before";

static const char *name_of(md_event_status status) {
  switch (status) {
  case MD_EVENT_ACCEPTED:
    return "accepted";
  case MD_EVENT_DUPLICATE:
    return "duplicate";
  case MD_EVENT_CONFLICTING:
    return "conflict";
  case MD_EVENT_REFUSED:
    return "refused";
  case MD_EVENT_UNAVAILABLE:
    break;
  }
  return "unavailable";
}

static const char *problem_of(md_event_status status) {
  return status == MD_EVENT_CONFLICTING ? conflict_text : status == MD_EVENT_REFUSED ? MD_EVENT_REFUSED_TEXT : NULL;
}

static bool is_stored(md_event_status status) {
  return status == MD_EVENT_ACCEPTED || status == MD_EVENT_DUPLICATE;
}

// Nothing of it was stored, and trying again may help.
static bool is_unavailable(const md_submission *submission) {
  if (submission->code) return true;
  for (int i = 0; i < submission->count; i++)
    if (submission->statuses[i] == MD_EVENT_UNAVAILABLE) return true;
  return false;
}

static void count_stored(md_intake *intake, const md_submission *submission) {
  unsigned stored = 0;
  for (int i = 0; i < submission->count; i++)
    stored += is_stored(submission->statuses[i]);
  atomic_fetch_add_explicit(&intake->events, stored, memory_order_relaxed);
}

static enum MHD_Result answer_one(md_request *request) {
  const md_submission *submission = &request->submission;
  md_event_status status = submission->statuses[0];
  md_buffer *text = &request->body;
  md_buffer_puts(text, "{\"id\":");
  md_respond_write_text(text, submission->events[0].id);
  md_buffer_puts(text, ",\"status\":\"");
  md_buffer_puts(text, name_of(status));
  md_buffer_puts(text, "\"");
  const char *problem = problem_of(status);
  if (problem) {
    md_error_set(&request->error, MD_ECONFLICT, "%s", problem);
    md_buffer_puts(text, ",\"error\":");
    md_respond_write_text(text, problem);
  }
  md_buffer_puts(text, "}\n");
  return md_respond(request, is_stored(status) ? 202 : status == MD_EVENT_REFUSED ? 400 : 409, false);
}

static void write_item(md_buffer *text, size_t index, const md_batch_item *item, const char *status,
                       const char *error) {
  md_buffer_printf(text, "%s{\"index\":%zu", index ? "," : "", index);
  if (item->id) {
    md_buffer_puts(text, ",\"id\":");
    md_respond_write_text(text, item->id);
  }
  md_buffer_puts(text, ",\"status\":\"");
  md_buffer_puts(text, status);
  md_buffer_puts(text, "\"");
  if (error) {
    md_buffer_puts(text, ",\"error\":");
    md_respond_write_text(text, error);
  }
  md_buffer_puts(text, "}");
}

static enum MHD_Result answer_batch(md_request *request) {
  const md_submission *submission = &request->submission;
  md_buffer *text = &request->body;
  bool any_stored = request->item_count == 0;
  int handed = 0;
  md_buffer_puts(text, "[");
  for (size_t i = 0; i < request->item_count; i++) {
    const md_batch_item *item = &request->items[i];
    if (item->error) {
      write_item(text, i, item, "refused", item->error);
      continue;
    }
    md_event_status status = submission->statuses[handed++];
    any_stored = any_stored || is_stored(status);
    write_item(text, i, item, name_of(status), problem_of(status));
  }
  md_buffer_puts(text, "]\n");
  if (!any_stored) md_error_set(&request->error, MD_EINVAL, "no event of the batch was accepted");
  return md_respond(request, any_stored ? 200 : 400, false);
}

enum MHD_Result md_answer(md_request *request) {
  const md_submission *submission = &request->submission;
  md_buffer_clear(&request->body);
  if (is_unavailable(submission))
    return md_respond_error(request, 503,
                            *submission->error.text ? submission->error.text : "the events could not be stored", false);
  count_stored(request->intake, submission);
  return request->format == MD_FORMAT_BATCH ? answer_batch(request) : answer_one(request);
}
