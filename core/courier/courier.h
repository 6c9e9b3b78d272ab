// SPDX-License-Identifier: Apache-2.0
// The courier: a small pool of sender threads, each with a channel of its own, the last one reserved for urgent mail.
// md_courier_submit and md_courier_slots are for one thread (the engine's).
#pragma once
#include "courier/channel.h"

typedef struct md_courier md_courier;

typedef struct md_courier_options {
  md_channel_options channel; // `stopping` is set by the courier
  int threads;                // 0: 4; at least 2
  md_micros stop_grace;       // how long a stop waits for replies to mails in DATA; 0: 10 s
  // Called on a sender's thread (or on md_courier_stop's, for what is handed back) with delivery->result filled in.
  // Cheap: push to a queue.
  void (*done)(void *context, md_delivery *delivery);
  void *context;
} md_courier_options;

// Opens the channels and starts the threads. Strings must live until md_courier_stop.
int md_courier_start(md_courier **out, const md_courier_options *options, md_error *err);
// How many deliveries can be submitted now: for urgent mail (all threads take it), or for the other.
int md_courier_slots(md_courier *courier, bool urgent);
// Never waits. False when there is no slot or the courier stops: the caller keeps the delivery.
bool md_courier_submit(md_courier *courier, md_delivery *delivery);
// B4: lets what is in DATA finish, for stop_grace at most (then its end is unknown, M3), hands the rest back as unsent,
// ends the threads, frees. NULL is allowed.
void md_courier_stop(md_courier *courier);

// Virtual time and tests: delivers on the caller's thread and fills delivery->result.
void md_courier_deliver_now(md_channel *channel, md_delivery *delivery);
