// SPDX-License-Identifier: Apache-2.0
// An engine in virtual time (B5): the clock stands until it is moved, and stops at every wait and send that is due on
// the way; messages are delivered on this thread. One thread.
#pragma once
#include "base/master_key.h"
#include "cli/callroom.h"
#include "cli/postroom.h"
#include "cli/scripts.h"
#include "store/checkpoint.h"

typedef struct md_virtual_options {
  const char *db;  // NULL: in memory
  md_micros start; // the clock's first time; a database that knows a later one goes on from that
  const md_settings *settings;
  md_channel *channel; // takes the place of settings->mail; the driver owns it from then on; or NULL
  void (*answer)(void *context, md_call_attempt *attempt); // what calls are answered; NULL: nobody is called
  void *answer_context;
  const char *(*arm)(void *context, const char *experiment); // as md_engine_options.arm; or NULL
  void *arm_context;
  const md_observer *observer;  // borrowed; or NULL
  const md_copy_observer *copy; // likewise
  bool verify;                  // every turn is replayed and the journals compared
  bool closed;                  // nothing is delivered
  bool unsynced;                // commits do not wait for the disk: all can be made again
} md_virtual_options;

typedef struct md_virtual {
  md_virtual_clock clock;
  md_store *store;
  md_master_key *master_key; // the settings' for a file; a random one in memory
  md_engine *engine;
  md_checkpointer *checkpointer; // NULL in memory
  md_postroom postroom;
  md_callroom callroom;
  md_postroom_options post;
  int64_t done; // items, of all batches
  int64_t late; // events taken at a later time than their own: the clock had passed it
} md_virtual;

// `driver` must not move. Close it after a failure too.
int md_virtual_open(md_virtual *driver, const md_virtual_options *options, md_error *err);
void md_virtual_close(md_virtual *driver);

// Moves the clock to `until`, doing all that is due before it, and what is due at it too with `inclusive`.
int md_virtual_advance(md_virtual *driver, md_micros until, bool inclusive, md_error *err);
// Takes events at the time of the clock as one batch. With `hold` more of this very instant follow: what is due at it
// waits for md_virtual_advance.
int md_virtual_take(md_virtual *driver, md_event *events, md_event_status *statuses, int count, bool hold,
                    md_error *err);
// One event at its own time, before which all is done that is due (B5). Its own time is never later than the clock's.
int md_virtual_event(md_virtual *driver, md_event *event, md_event_status *status, md_error *err);
// Whether a way to the end, which began when `begun` items were done, leads anywhere: MD_EBUSY, with a run that goes on
// and on, once far more was done than there are runs.
int md_virtual_check_end(md_virtual *driver, int64_t begun, md_error *err);
// Runs on until no wait or send is left (schedules that are due on the way fire, but do not keep it going), or to
// `until` (0: no bound).
int md_virtual_finish(md_virtual *driver, md_micros until, md_error *err);
