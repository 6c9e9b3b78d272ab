// SPDX-License-Identifier: Apache-2.0
// The rules by which a message goes or does not, one function each, asked in the turn and again at claim (M5, M9). A
// rule looks at a candidate and says what stands against it. The engine's thread.
#pragma once
#include "message/outbox.h"

// A message that may be sent, and what the rules need to know of it.
typedef struct md_candidate {
  const md_policy *policy;
  md_store *store;
  md_arena *arena;
  md_message *message;        // person, class, channel, to and due_at are read; rules write basis, detail and due_at
  const char *zone;           // in which the person lives; NULL: the shop's
  const char *country;        // NULL: the shop's
  const char *products;       // what it is about
  const md_outgoing *earlier; // messages of this turn that are not stored yet
  md_micros now;
  bool claimed;           // at claim: what is only reserved by others does not count
  md_micros consented_at; // written by the legal basis: of the consent that allows it, or 0
} md_candidate;

// What stands against it: `reason` is NULL when nothing does.
typedef struct md_verdict {
  const char *reason; // a word of M9
  const char *detail; // for people, with the values that decided
  md_micros again_at; // when it may be sent again, or 0
} md_verdict;

// legal_basis.c: security and service need none, feedback and marketing do (DESIGN's classes); what allows it is
// written into message->basis. no_consent.
int md_rule_legal_basis(md_candidate *candidate, md_verdict *verdict, md_error *err);
// suppression.c: the person or the address wants no more of this. suppressed.
int md_rule_suppression(md_candidate *candidate, md_verdict *verdict, md_error *err);
// quiet_hours.c: never against it; puts off message->due_at.
int md_rule_quiet_hours(md_candidate *candidate, md_verdict *verdict, md_error *err);
// When the night that holds at `at` ends: `at` itself, when none holds it.
int md_quiet_until(const md_candidate *candidate, md_micros at, md_micros *out, md_error *err);
// caps.c: messages of the class a person, by the policy. cap.
int md_rule_caps(md_candidate *candidate, md_verdict *verdict, md_error *err);
// limit.c: runs of the moment that message the person (M5). limit.
int md_rule_limit(md_candidate *candidate, const md_send *send, md_verdict *verdict, md_error *err);

// unless.c: `unless` is { past, within } of the send, or NULL. unless.
int md_rule_unless(const md_outbox_options *options, md_candidate *candidate, const md_run *run, const json_t *unless,
                   md_verdict *verdict, md_error *err);

// history.c: the messages that reached the candidate's person, or are reserved to, within (since, until), of a class
// and channel or of a moment (NULL: any), all rows of a joined person together (P3).
typedef struct md_history_filter {
  const char *moment, *class_name, *channel;
  md_micros since, until;
} md_history_filter;
typedef struct md_history {
  md_message_time *items;
  int count;
} md_history;
int md_history_read(const md_candidate *candidate, const md_history_filter *filter, md_history *out, md_error *err);
