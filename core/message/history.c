// SPDX-License-Identifier: Apache-2.0
// What a person has been sent and is to be sent: of all rows of a joined person, and of the turn under way.
#include "message/rule.h"
#include "store/people.h"
#include <string.h>

enum { ITEMS_MAX = 1024 };

typedef struct reading {
  const md_candidate *candidate;
  md_history *out;
} reading;

static int add(md_history *out, const md_message_time *item) {
  if (out->count < ITEMS_MAX) out->items[out->count++] = *item;
  return 0;
}

static int add_row(void *context, const md_message_time *item) {
  return add(context, item);
}

static bool wanted(const md_history_filter *filter, const md_message *message) {
  bool in_time = message->due_at > filter->since && message->due_at < filter->until;
  return in_time && message->state == MD_MESSAGE_QUEUED && !message->internal &&
         (!filter->moment || strcmp(filter->moment, message->moment) == 0) &&
         (!filter->class_name || strcmp(filter->class_name, message->class_name) == 0) &&
         (!filter->channel || strcmp(filter->channel, message->channel) == 0);
}

// Those of this turn have no ids yet: they get numbers that no row has.
static void add_earlier(const md_candidate *candidate, const md_history_filter *filter, md_history *out) {
  int64_t id = -1;
  for (const md_outgoing *at = candidate->earlier; at; at = at->before, id--) {
    md_message_time item = {.id = id, .run = at->message.run, .at = at->message.due_at};
    if (wanted(filter, &at->message)) add(out, &item);
  }
}

int md_history_read(const md_candidate *candidate, const md_history_filter *filter, md_history *out, md_error *err) {
  md_members members;
  *out = (md_history){.items = md_arena_alloc(candidate->arena, ITEMS_MAX * sizeof *out->items)};
  if (!out->items) return md_error_set(err, MD_ENOMEM, "out of memory");
  int rc = md_people_rows(candidate->store, candidate->message->person, candidate->arena, &members, err);
  for (int i = 0; rc == 0 && i < members.count; i++) {
    md_message_span span = {.person = members.ids[i],
                            .without = candidate->message->id,
                            .moment = filter->moment,
                            .class_name = filter->class_name,
                            .channel = filter->channel,
                            .since = filter->since,
                            .until = filter->until,
                            .now = candidate->now,
                            .reserved = !candidate->claimed,
                            .limit = ITEMS_MAX};
    rc = md_messages_times(candidate->store, &span, add_row, out, err);
  }
  if (rc == 0) add_earlier(candidate, filter, out);
  return rc;
}
