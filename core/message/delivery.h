// SPDX-License-Identifier: Apache-2.0
// One attempt to hand a mail to a provider: what the outbox gives to the courier, and what comes back. It belongs to
// the outbox all the time; the courier borrows it from submit to done.
#pragma once
#include "base/clock.h"
#include "base/queue.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum md_delivery_outcome {
  MD_DELIVERY_NONE,      // not delivered yet
  MD_DELIVERY_ACCEPTED,  // the provider took it: a final positive reply
  MD_DELIVERY_TRANSIENT, // not taken, may be tried again
  MD_DELIVERY_PERMANENT, // not taken, and never will be
  MD_DELIVERY_UNKNOWN,   // handed over whole, and no final reply came (M3)
  MD_DELIVERY_CANCELLED, // the cancel flag was read before DATA (M2)
  MD_DELIVERY_UNSENT,    // never tried: the courier stops (B4)
} md_delivery_outcome;

typedef struct md_delivery_result {
  md_delivery_outcome outcome;
  int reply;        // the SMTP reply that decided, 0 where none did
  char detail[240]; // one line for people: the reply's text, or what went wrong; may hold an address: not for logs
} md_delivery_result;

// The strings lie in the delivery's own memory.
typedef struct md_delivery {
  md_queue_node node;
  int64_t message; // row of messages
  int64_t run;
  md_micros created_at; // of the message
  const char *from;     // envelope sender, the bare address
  const char *to;       // envelope recipient, the bare address
  const char *message_id;
  const char *request; // that led to it, or NULL
  const char *mail;    // header and body, CRLF only; NUL-terminated past mail_len
  size_t mail_len;
  bool urgent;
  atomic_bool cancel; // may turn true at any time until the result is there
  md_delivery_result result;
  // The outbox's own, untouched by the courier.
  struct md_delivery *next;
  int stage;
  bool cancelling;
} md_delivery;

// A copy of `shape` and the strings it points to. Returns owned; NULL when out of memory.
md_delivery *md_delivery_new(const md_delivery *shape);
void md_delivery_free(md_delivery *delivery); // NULL is allowed
