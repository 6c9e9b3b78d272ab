// SPDX-License-Identifier: Apache-2.0
// The outbox's insides, shared by decide.c, claim.c, result.c and outbox.c. The engine's thread.
#pragma once
#include "message/address.h"
#include "message/compose.h"
#include "message/mode.h"
#include "message/outbox.h"
#include "message/pace.h"
#include "message/version_files.h"

enum { MD_OUTBOX_CLAIMS_MAX = 64 }; // messages a batch, those included that go nowhere

// Where a delivery is (md_delivery.stage).
enum {
  MD_STAGE_CLAIMED, // written as attempting, not committed
  MD_STAGE_FLYING,  // the courier's
  MD_STAGE_BACK,    // its result is to be applied
  MD_STAGE_APPLIED, // the result is written, not committed
};

struct md_outbox {
  md_outbox_options options;
  md_messenger messenger;
  md_arena *arena;    // for one call
  char from[256];     // the sender's address
  const char *host;   // of Message-IDs, within options or `from`
  md_queue *finished; // deliveries that came back, from any thread
  md_delivery *first; // all deliveries there are
  md_version_files *versions;
  md_pace pace, committed_pace;
  bool recovered;  // what was interrupted is dealt with
  bool recovering; // in the open transaction
};

int md_outbox_decide(void *outbox, md_store *store, const md_send *send, md_arena *arena, md_message *out,
                     md_error *err);
int md_outbox_check_version(void *outbox, const md_new_version *version, md_arena *arena, md_error *err);
// Asks the rules again before a queued message is handed over (M5). Where one stands against it the message is ended;
// in quiet hours it is put off; `*goes` is false for both.
int md_outbox_ask_again(md_outbox *outbox, md_store *store, md_message *message, md_micros now, bool *goes,
                        md_error *err);
int md_outbox_claim(md_outbox *outbox, md_store *store, md_micros now, md_error *err);
// Applies what came back; no arena in scope is needed for any of these.
int md_outbox_results(md_outbox *outbox, md_store *store, md_micros now, int *count, md_error *err);
// Ends a message for good in this transaction: writes it and emits its event.
int md_outbox_end(md_outbox *outbox, md_store *store, md_message *message, int reply, md_error *err);
// Said of a mail that can be filled but for the values of its secrets, which no text may show (X2).
extern const char md_outbox_secret_unfit[];
// `text` with bytes that are no UTF-8 replaced, for rows and events: texts cut to a length may end within a character.
// NULL for NULL, and when out of memory.
const char *md_outbox_readable(md_arena *arena, const char *text);
// Logs the failure and files an incident, so that the team hears of a template that cannot be filled (M1).
int md_outbox_alert(md_store *store, const md_message *message, md_micros now, md_error *err);
// The same of a secret that does not open though its key is there: its mail ends as with a key that is gone (X1).
int md_outbox_secret_lost(md_store *store, const md_message *message, md_micros now, md_error *err);
