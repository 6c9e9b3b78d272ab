// SPDX-License-Identifier: Apache-2.0
// What comes into the engine from other threads: events to take, and acts to carry out, each answered after the commit.
#pragma once
#include "base/queue.h"
#include "store/events.h"

typedef enum md_event_status {
  MD_EVENT_ACCEPTED,
  MD_EVENT_DUPLICATE,
  MD_EVENT_CONFLICTING, // same id, another event (409)
  MD_EVENT_UNAVAILABLE, // the batch was rolled back (503)
  MD_EVENT_REFUSED,     // its type has secrets and its data is no JSON, so that nothing could be sealed (400)
} md_event_status;

// What is wrong with one that is refused, and what to do.
#define MD_EVENT_REFUSED_TEXT "a type with secrets takes JSON data: send \"data\" as JSON, not bytes or \"data_base64\""

struct md_engine;
typedef struct md_submission md_submission;
struct md_submission {
  md_queue_node node;
  // Events: `events` with `count` entries and as many `statuses`, which the engine fills. The memory (and the arena the
  // events were parsed in) belongs to the submitter and must live until `done`. seq, received_at, person, keys, depth
  // and flags (but MD_EVENT_HAS_TIME and MD_EVENT_HISTORY) are filled by the engine; data and data_text by the
  // submitter.
  md_event *events;
  md_event_status *statuses;
  int count;
  // An act, instead of events: called on the engine's thread inside the batch; what it returns ends up in `code`.
  int (*act)(md_submission *submission, struct md_engine *engine, md_error *err);
  const char *request; // the request's id, for log lines; NULL: none. Lives as long as the submission
  int code;            // 0 or the reason why nothing of this was stored
  md_error error;      // its detail
  // Called on the engine's thread after the commit (or rollback). It must be cheap: push to a queue, wake a loop.
  void (*done)(md_submission *submission);
  void *context; // the submitter's
};
