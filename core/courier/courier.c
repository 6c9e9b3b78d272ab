// SPDX-License-Identifier: Apache-2.0
// The courier's pool of sender threads and the two lists they take from. What a delivery means is the channel's
// business, what its result means the outbox's.
#include "courier/courier.h"
#include "base/alloc.h"
#include "base/log.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

enum { THREADS_DEFAULT = 4, PER_THREAD = 2 }; // one in work, one at hand: "few at a time" (M2)

typedef struct list {
  md_queue_node *first, **end;
} list;

typedef struct sender {
  md_courier *courier;
  md_channel *channel;
  pthread_t thread;
  bool urgent_only, started;
} sender;

struct md_courier {
  void (*done)(void *context, md_delivery *delivery);
  void *context;
  atomic_bool stopping, hurry;
  md_micros stop_grace;
  pthread_mutex_t lock; // over what follows
  pthread_cond_t changed;
  list urgent, normal;
  int busy; // submitted and not done
  int thread_count;
  sender senders[];
};

static void list_add(list *list, md_queue_node *node) {
  node->next = NULL;
  *list->end = node;
  list->end = &node->next;
}

static md_delivery *list_take(list *list) {
  md_queue_node *node = list->first;
  if (!node) return NULL;
  list->first = node->next;
  if (!list->first) list->end = &list->first;
  return (md_delivery *)node;
}

// Waits for the sender's next delivery; NULL once the courier stops.
static md_delivery *next_for(sender *sender) {
  md_courier *courier = sender->courier;
  md_delivery *delivery = NULL;
  pthread_mutex_lock(&courier->lock);
  while (!atomic_load(&courier->stopping)) {
    delivery = list_take(&courier->urgent);
    if (!delivery && !sender->urgent_only) delivery = list_take(&courier->normal);
    if (delivery) break;
    pthread_cond_wait(&courier->changed, &courier->lock);
  }
  pthread_mutex_unlock(&courier->lock);
  return delivery;
}

// The slot is free before the result is told, or whoever hears of it would find none.
static void give_back(md_courier *courier, md_delivery *delivery) {
  pthread_mutex_lock(&courier->lock);
  courier->busy--;
  pthread_mutex_unlock(&courier->lock);
  courier->done(courier->context, delivery);
}

static const char *outcome_name(md_delivery_outcome outcome) {
  static const char *const names[] = {"none", "accepted", "transient", "permanent", "unknown", "cancelled", "unsent"};
  return (unsigned)outcome < sizeof names / sizeof names[0] ? names[outcome] : "none";
}

// Who follows a message finds its run and request here. The reply's text stays out: it may hold an address.
static void log_result(const md_channel *channel, const md_delivery *delivery) {
  const md_delivery_result *result = &delivery->result;
  bool expected = result->outcome == MD_DELIVERY_ACCEPTED || result->outcome == MD_DELIVERY_UNSENT ||
                  result->outcome == MD_DELIVERY_CANCELLED;
  md_log_level level = expected ? MD_LOG_DEBUG : MD_LOG_WARN;
  char message[24], run[24], reply[24];
  if (!md_log_wants(level)) return;
  md_log(level, "courier", "delivery", "request", delivery->request, "message",
         md_log_int_text((long long)delivery->message, message), "run", md_log_int_text((long long)delivery->run, run),
         "channel", channel->name, "result", outcome_name(result->outcome), "code",
         result->reply ? md_log_int_text(result->reply, reply) : NULL, NULL);
}

static void *send_all(void *context) {
  sender *sender = context;
  for (md_delivery *delivery; (delivery = next_for(sender));) {
    md_courier_deliver_now(sender->channel, delivery);
    log_result(sender->channel, delivery);
    give_back(sender->courier, delivery);
  }
  return NULL;
}

void md_courier_deliver_now(md_channel *channel, md_delivery *delivery) {
  delivery->result = (md_delivery_result){0};
  channel->deliver(channel, delivery, &delivery->result);
}

// Signals are the loop's business: a sender inherits a mask that blocks them all.
static int start_thread(sender *sender, md_error *err) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int code = pthread_create(&sender->thread, NULL, send_all, sender);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (code)
    return md_error_set(err, MD_EIO, "a sender thread could not be started (%d): raise the limit of tasks", code);
  sender->started = true;
  return 0;
}

static int start_senders(md_courier *courier, const md_courier_options *options, md_error *err) {
  md_channel_options channel = options->channel;
  channel.stopping = &courier->stopping;
  channel.hurry = &courier->hurry;
  int rc = 0;
  for (int i = 0; rc == 0 && i < courier->thread_count; i++) {
    courier->senders[i] = (sender){.courier = courier, .urgent_only = i == courier->thread_count - 1};
    rc = md_channel_open(&courier->senders[i].channel, &channel, err);
  }
  for (int i = 0; rc == 0 && i < courier->thread_count; i++)
    rc = start_thread(&courier->senders[i], err);
  return rc;
}

int md_courier_start(md_courier **out, const md_courier_options *options, md_error *err) {
  int threads = options->threads ? options->threads : THREADS_DEFAULT;
  if (threads < 2 || threads > 64)
    return md_error_set(err, MD_EINVAL, "%d sender threads: give 2 to 64 (one is for urgent mail)", threads);
  md_courier *courier = md_alloc_zero(sizeof *courier + (size_t)threads * sizeof courier->senders[0]);
  if (!courier) return md_error_set(err, MD_ENOMEM, "out of memory");
  courier->done = options->done;
  courier->context = options->context;
  courier->thread_count = threads;
  courier->stop_grace = options->stop_grace ? options->stop_grace : 10 * MD_SECOND;
  courier->urgent.end = &courier->urgent.first;
  courier->normal.end = &courier->normal.first;
  pthread_mutex_init(&courier->lock, NULL);
  pthread_cond_init(&courier->changed, NULL);
  int rc = start_senders(courier, options, err);
  if (rc) {
    md_courier_stop(courier);
    return rc;
  }
  *out = courier;
  return 0;
}

int md_courier_slots(md_courier *courier, bool urgent) {
  int all = PER_THREAD * (urgent ? courier->thread_count : courier->thread_count - 1);
  pthread_mutex_lock(&courier->lock);
  int free = atomic_load(&courier->stopping) ? 0 : all - courier->busy;
  pthread_mutex_unlock(&courier->lock);
  return free > 0 ? free : 0;
}

bool md_courier_submit(md_courier *courier, md_delivery *delivery) {
  if (md_courier_slots(courier, delivery->urgent) == 0) return false;
  pthread_mutex_lock(&courier->lock);
  list_add(delivery->urgent ? &courier->urgent : &courier->normal, &delivery->node);
  courier->busy++;
  pthread_cond_broadcast(&courier->changed); // a signal might wake the one that takes urgent mail only
  pthread_mutex_unlock(&courier->lock);
  return true;
}

static int hand_back_all(md_courier *courier, list *list) {
  int count = 0;
  for (md_delivery *delivery; (delivery = list_take(list)); count++) {
    delivery->result = (md_delivery_result){.outcome = MD_DELIVERY_UNSENT};
    give_back(courier, delivery);
  }
  return count;
}

// Waits for the threads until the grace is over, then tells them to wait for nothing any more.
static void join_senders(md_courier *courier) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += (time_t)(courier->stop_grace / MD_SECOND);
  for (int i = 0; i < courier->thread_count; i++) {
    sender *sender = &courier->senders[i];
    if (!sender->started || pthread_timedjoin_np(sender->thread, NULL, &until) == 0) continue;
    if (!atomic_exchange(&courier->hurry, true))
      md_log(MD_LOG_WARN, "courier", "a server has not answered in time: what it was given has an unknown end", NULL);
    pthread_join(sender->thread, NULL);
  }
}

void md_courier_stop(md_courier *courier) {
  if (!courier) return;
  pthread_mutex_lock(&courier->lock);
  atomic_store(&courier->stopping, true);
  pthread_cond_broadcast(&courier->changed);
  pthread_mutex_unlock(&courier->lock);
  join_senders(courier);
  int unsent = hand_back_all(courier, &courier->urgent) + hand_back_all(courier, &courier->normal);
  if (unsent) md_log(MD_LOG_INFO, "courier", "messages handed back unsent", "count", md_log_int(unsent), NULL);
  for (int i = 0; i < courier->thread_count; i++)
    md_channel_free(courier->senders[i].channel);
  pthread_cond_destroy(&courier->changed);
  pthread_mutex_destroy(&courier->lock);
  md_free(courier);
}
