// SPDX-License-Identifier: Apache-2.0
// For tests of the outbox: a store with one moment and its copy, a run, and a courier and an engine that only note what
// they are told.
#pragma once
#include "message/outbox.h"
#include "store_fixture.h"

enum { MESSAGE_FIXTURE_MAX = 256 };

typedef struct message_fixture {
  store_fixture *db;
  md_store *store;
  md_arena *arena; // in scope
  md_error err;
  md_outbox_options options;
  md_master_key *key;
  md_outbox *outbox;
  md_run run;
  int64_t version, person;
  md_version_file *files;
  int file_count;
  md_micros now;
  // The courier.
  int slots, urgent_slots;
  bool refuses;
  md_delivery *delivered[MESSAGE_FIXTURE_MAX];
  int delivered_count;
  // The engine.
  char events[16][512]; // "TYPE ID DATA"
  int depths[16];
  int event_count, wakes;
} message_fixture;

int message_fixture_setup(void **state);
int message_fixture_teardown(void **state);
// Makes the outbox anew from `options`.
void message_fixture_outbox(message_fixture *f);
// A new run of the moment about the person; later sends are its.
void message_fixture_run(message_fixture *f);
// Another person, and a run about them.
void message_fixture_person(message_fixture *f, const char *subject);

// A send with the args of `args_json`, by the moment's class.
md_send message_fixture_send(message_fixture *f, const char *class_name, const char *args_json);
// Decides it, which must succeed.
md_message message_fixture_decide(message_fixture *f, const md_send *send);
// Decides and stores it; answers the row.
int64_t message_fixture_queue(message_fixture *f, const char *class_name, const char *args_json);
md_message message_fixture_get(message_fixture *f, int64_t id);
// One batch without anything but claim: begin, claim, commit.
void message_fixture_batch(message_fixture *f);
// Gives the delivery back with this outcome.
void message_fixture_finish(message_fixture *f, int index, md_delivery_outcome outcome, int reply, const char *detail);
