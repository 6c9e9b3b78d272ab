// SPDX-License-Identifier: Apache-2.0
// The table of messages: outbox and record in one (M1, M2). One thread a store.
#pragma once
#include "store/events.h"

typedef enum md_message_state {
  MD_MESSAGE_QUEUED = 1,
  MD_MESSAGE_ATTEMPTING,
  MD_MESSAGE_ACCEPTED,
  MD_MESSAGE_DELIVERED,
  MD_MESSAGE_BOUNCED,
  MD_MESSAGE_COMPLAINED,
  MD_MESSAGE_FAILED,
  MD_MESSAGE_UNKNOWN,
  MD_MESSAGE_SUPPRESSED,
  MD_MESSAGE_WITHDRAWN,
  MD_MESSAGE_HELD,
} md_message_state;

const char *md_message_state_name(md_message_state state);

typedef struct md_message {
  int64_t id; // 0 until stored
  int64_t run;
  int step; // index in the run's journal
  const char *moment;
  int64_t version;
  int64_t person;
  const char *template_name, *variant, *locale, *subject;
  const char *channel;    // "email"
  const char *class_name; // security service feedback marketing
  const char *mode;       // delivery mode frozen in the turn: shadow, redirect:ADDR, allow:@DOMAIN, live
  md_message_state state;
  const char *reason;     // of a suppression or failure, a word; NULL otherwise
  const char *detail;     // one line for people: the SMTP reply, the missing variable; NULL otherwise
  const char *to;         // address; NULL when there was none
  const char *message_id; // RFC 5322, without brackets
  const char *data;       // JSON, frozen in the turn; secrets are shown as "[secret]" (X2)
  const char *secrets;    // where data has secrets of which events: message/secrets.h; NULL: nowhere
  const char *rendering;  // the whole mail, kept in shadow mode; NULL otherwise
  const char *request;    // id of the HTTP request that brought the event of its turn; NULL: a timer's turn
  bool urgent;
  bool cancel; // set on `attempting`: read before DATA (M2)
  int attempts;
  md_micros created_at, due_at, final_at;
  bool internal;      // to a name of the configuration, not to the person
  md_micros again_at; // of a suppression by cap or limit: when the next may go; 0 otherwise
  const char *basis;  // what allowed it, for people: a consent or a sale with its row; NULL where none is needed
  const char *terms;  // JSON: what is asked again at claim; NULL where nothing is
} md_message;

int md_messages_insert(md_store *store, md_message *message, md_error *err); // fills id
// Writes what can change: state reason detail rendering cancel attempts due_at final_at again_at basis.
int md_messages_update(md_store *store, const md_message *message, md_error *err);
int md_messages_get(md_store *store, int64_t id, md_arena *arena, md_message *out, md_error *err);
// The next queued message to hand over: due_at <= now, urgent first, then due_at, id. MD_ENOTFOUND when none. Partial
// index.
int md_messages_next_due(md_store *store, md_micros now, bool urgent_only, md_arena *arena, md_message *out,
                         md_error *err);
md_micros md_messages_due_at(md_store *store); // when the earliest queued one is due; 0: none
// T9: queued or held → withdrawn with `reason`, attempting → cancel flag, for one run.
int md_messages_withdraw(md_store *store, int64_t run, const char *reason, md_micros at, md_error *err);
// Queues again what is held because its moment was paused, `limit` messages at most; how many.
int md_messages_release(md_store *store, const char *moment, int limit, int64_t *count, md_error *err);
// At start (M2): attempting → unknown; `each` is told of every one before.
int md_messages_interrupted(md_store *store, int (*each)(void *context, const md_message *message), void *context,
                            md_error *err);
// The queued and attempting messages with secrets. Partial index.
int md_messages_with_secrets(md_store *store, int (*each)(void *context, const md_message *message), void *context,
                             md_error *err);
typedef struct md_message_filter {
  const char *moment;
  md_message_state state;
  int64_t run, person, before;
  int limit;
} md_message_filter;
int md_messages_list(md_store *store, const md_message_filter *filter,
                     int (*each)(void *context, const md_message *message), void *context,
                     md_error *err); // newest first
// Counts by state, for status.
int md_messages_counts(md_store *store, int (*each)(void *context, md_message_state state, int64_t count),
                       void *context, md_error *err);
// How many of the accepted ones went to nobody, since delivery was shadow.
int md_messages_count_shadow(md_store *store, int64_t *count, md_error *err);
// What reached a person, or is to (M5): messages that were suppressed, withdrawn or failed did not, and internal ones
// are not theirs.
typedef struct md_message_span {
  int64_t person;
  int64_t without;                           // leaves this message out; 0: none
  const char *moment, *class_name, *channel; // NULL: any
  md_micros since, until;                    // open at both ends
  md_micros now;                             // what is being attempted counts as sent now
  bool reserved;                             // queued ones too, for the time that they are due at
} md_message_span;
typedef struct md_message_time {
  int64_t id, run;
  md_micros at; // when it was final, else when it is due
} md_message_time;
int md_messages_times(md_store *store, const md_message_span *span,
                      int (*each)(void *context, const md_message_time *time), void *context, md_error *err);
