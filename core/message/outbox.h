// SPDX-License-Identifier: Apache-2.0
// The outbox: decides in the turn whether and where a message goes (M1, M5, M8, M9), claims what is due for the courier
// (M2), and applies what comes back (M3, M4). The engine's thread, but for md_outbox_finished.
//
// Of a message's life it writes: queued | suppressed (decide), queued → attempting (claim), and from there accepted,
// failed, unknown, withdrawn, or queued again with a later due time. `reason` says why:
//   accepted   shadow          the mode kept it: the rendering is in the row, no channel was called, no event follows
//   failed     refused         the provider said no for good
//              expired         a day of attempts, and none got through
//              template        it could be filled in the turn, and cannot any more
//   withdrawn  the cancel's    the flag was read before DATA, or before the next attempt
//   suppressed a rule's        asked again at claim, a rule stood against it: no_consent suppressed cap unless late
//   queued     unknown         sent once more after an unknown end (M3); stays until the message is final
#pragma once
#include "engine/messenger.h"
#include "message/delivery.h"
#include "message/policy.h"
#include "store/unsubscribe.h"

typedef struct md_outbox md_outbox;

// A name that `to` may say (M9), and its address.
typedef struct md_outbox_address {
  const char *name, *address;
} md_outbox_address;

// The mode of one moment, where it differs.
typedef struct md_outbox_mode {
  const char *moment, *mode;
} md_outbox_mode;

// Told, while a turn sends, which copy the message has, and why: "m/reminder.en.md", "it is the locale of the profile".
// The turn may be undone yet.
typedef struct md_copy_observer {
  void *context;
  void (*chosen)(void *context, int64_t run, const char *template_name, const char *file, const char *why);
} md_copy_observer;

// All borrowed until md_outbox_free.
typedef struct md_outbox_options {
  const char *installation;           // a random text that stays the same for this database
  const char *host;                   // right side of Message-IDs; NULL: the host of `from`
  const char *from;                   // the bare sender address; NULL: momentd@HOSTNAME
  const char *from_name;              // shown beside it; NULL: none
  const char *locale;                 // the default; NULL: "da"
  const char *mode;                   // NULL: "shadow"
  const md_outbox_mode *modes;        // per moment
  int mode_count;                     //
  const md_outbox_address *addresses; // names for `to`
  int address_count;                  //
  md_policy policy;                   // consent, caps, quiet hours
  int64_t catch_up_rate;              // mails a minute after a downtime (W7), urgent ones apart; 0: no limit
  md_token_ring unsubscribe;          // that signs unsubscribe links
  const char *link_base; // what links begin with, "https://mail.shop.dk"; NULL: there are none, and no mail
                         // that must have one is sent
  // Whether an event of this type that the run may see has its time from `since` on (M5's unless). NULL: never.
  int (*seen)(void *engine, const md_run *run, const char *type, md_micros since, bool *seen, md_error *err);
  const md_copy_observer *copy; // or NULL
  // How many more deliveries the courier takes now: for urgent mail, or for the other. The engine's thread.
  int (*slots)(void *courier, bool urgent);
  // Hands one over; never waits. The engine's thread, after the commit. It comes back by md_outbox_finished. False: it
  // was not taken and stays the outbox's, which queues it again.
  bool (*submit)(void *courier, md_delivery *delivery);
  void *courier;
  // Stores an event about a message's end: message.accepted, message.failed, message.unknown. `id` is unique, `data` is
  // canonical JSON: { attempts, class, detail, message, moment, reason, reply, template }. Inside a batch. May be NULL.
  int (*emit)(void *engine, int64_t run, const char *type, const char *id, const char *data, int depth, md_error *err);
  // Called on any thread when results wait for md_outbox_apply. May be NULL.
  void (*wake)(void *engine);
  void *engine;
} md_outbox_options;

// Checks modes and addresses: MD_EINVAL says which is wrong. Returns owned in `*out`.
int md_outbox_new(md_outbox **out, const md_outbox_options *options, md_error *err);
void md_outbox_free(md_outbox *outbox); // after the courier has stopped; NULL is allowed

// From now on links begin with this; borrowed.
void md_outbox_set_link_base(md_outbox *outbox, const char *link_base);

// What the engine is wired with. Its decide answers MD_EINVAL where the script asked for what is not there (an unknown
// name in `to`, another channel): raise it with the script's line. Lives as long as the outbox.
const md_messenger *md_outbox_messenger(md_outbox *outbox);

// What was under way when the process ended becomes unknown, and goes by that rule (M2, M3). Inside a transaction; does
// something once only, before the first claim, which calls it by itself.
int md_outbox_recover(md_outbox *outbox, md_store *store, md_micros now, md_error *err);

// Any thread: a delivery comes back with its result filled in.
void md_outbox_finished(md_outbox *outbox, md_delivery *delivery);
// Inside a batch: writes what has come back and emits its events. The messenger's claim does the same; results of a
// batch that is rolled back are applied by the next one. Answers how many there were, or a negative code.
int md_outbox_apply(md_outbox *outbox, md_store *store, md_micros now, md_error *err);

// When claim has something to do next: the earliest queued message's due time, 0 when there is none or no slot is free
// (a result will wake the engine then).
md_micros md_outbox_due_at(md_outbox *outbox, md_store *store);
// Deliveries that have not come back and been applied.
int md_outbox_under_way(const md_outbox *outbox);
