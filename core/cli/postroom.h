// SPDX-License-Identifier: Apache-2.0
// The outbox wired to what delivers: the courier's threads in a daemon, or one channel on the caller's thread in
// virtual time. The engine's thread.
#pragma once
#include "base/master_key.h"
#include "cli/settings.h"
#include "courier/courier.h"
#include "engine/engine.h"
#include "message/outbox.h"
#include <stdatomic.h>

typedef struct md_postroom_options {
  const md_settings *settings;
  const md_master_key *master_key; // borrowed
  bool virtual_time;               // one channel, driven by md_postroom_deliver, never waiting for the disk
  bool closed;                     // never hands anything over: messages stay queued
  md_channel *channel;             // virtual time: takes this one instead of opening settings->mail; or NULL
  const md_copy_observer *copy;    // told which copy each message has; or NULL
} md_postroom_options;

typedef struct md_postroom {
  md_outbox *outbox;
  md_courier *courier;             // NULL in virtual time, and where no mail is configured
  md_channel *channel;             // virtual time
  bool closed;                     // nothing is handed over any more
  md_engine *engine;               // set by md_postroom_attach
  const md_master_key *master_key; // borrowed
  const md_copy_observer *copy;    // borrowed
  bool own_links;                  // links lead to the address that is listened on
  md_arena *arena;
  md_queue_node *waiting, **waiting_end; // virtual time: submitted, not yet delivered
  md_submission nudge;                   // an empty act that makes the engine apply results
  atomic_int nudged;
  char installation[33];
  md_outbox_address *addresses;
  md_outbox_mode *modes;
} md_postroom;

// Opens the outbox, and checks the settings of mail and delivery. Does not start the courier yet. `room` must not move.
int md_postroom_open(md_postroom *room, md_store *store, const md_postroom_options *options, md_error *err);
// Now that there is an engine: messages that were under way when the process ended are settled (M2), the courier
// starts.
int md_postroom_attach(md_postroom *room, md_engine *engine, const md_postroom_options *options, md_error *err);
// Virtual time: delivers what was submitted; the results are in the next batch. Answers how many.
int md_postroom_deliver(md_postroom *room);
// B4: stops the courier; what it hands back is applied by the next batch.
void md_postroom_stop(md_postroom *room);
void md_postroom_close(md_postroom *room);
