// SPDX-License-Identifier: Apache-2.0
// What a person has been sent and is to be sent: of all rows of a joined person, and of the turn under way.
#include "message/rule.h"
#include "store/people.h"
#include <string.h>

enum { FIRST_ROOM = 32 };

typedef struct reading {
  md_arena *arena;
  md_history *out;
  int room;
} reading;

// However many there are: what is not counted would let one message too many through.
static int add(void *context, const md_message_time *item) {
  reading *at = context;
  md_history *out = at->out;
  if (out->count == at->room) {
    int room = at->room ? 2 * at->room : FIRST_ROOM;
    md_message_time *items = md_arena_alloc(at->arena, (size_t)room * sizeof *items);
    if (!items) return MD_ENOMEM;
    if (out->count) memcpy(items, out->items, (size_t)out->count * sizeof *items);
    out->items = items;
    at->room = room;
  }
  out->items[out->count++] = *item;
  return 0;
}

static bool wanted(const md_history_filter *filter, const md_message *message) {
  bool in_time = message->due_at > filter->since && message->due_at < filter->until;
  return in_time && message->state == MD_MESSAGE_QUEUED && !message->internal &&
         (!filter->moment || strcmp(filter->moment, message->moment) == 0) &&
         (!filter->class_name || strcmp(filter->class_name, message->class_name) == 0) &&
         (!filter->channel || strcmp(filter->channel, message->channel) == 0);
}

// Those of this turn have no ids yet: they get numbers that no row has.
static int add_earlier(const md_candidate *candidate, const md_history_filter *filter, reading *reading) {
  int64_t id = -1;
  int rc = 0;
  for (const md_outgoing *at = candidate->earlier; at && rc == 0; at = at->before, id--) {
    md_message_time item = {.id = id, .run = at->message.run, .at = at->message.due_at};
    if (wanted(filter, &at->message)) rc = add(reading, &item);
  }
  return rc;
}

int md_history_read(const md_candidate *candidate, const md_history_filter *filter, md_history *out, md_error *err) {
  md_members members;
  reading reading = {.arena = candidate->arena, .out = out};
  *out = (md_history){0};
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
                            .reserved = !candidate->claimed};
    rc = md_messages_times(candidate->store, &span, add, &reading, err);
  }
  if (rc == 0) rc = add_earlier(candidate, filter, &reading);
  return rc == MD_ENOMEM ? md_error_set(err, rc, "out of memory") : rc;
}
