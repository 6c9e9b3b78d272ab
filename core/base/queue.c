// SPDX-License-Identifier: Apache-2.0
// The bounded queue between threads: a linked list under a mutex, with a condition for a consumer that sleeps.
#include "base/queue.h"
#include "base/alloc.h"
#include "base/assert.h"
#include <errno.h>
#include <pthread.h>
#include <time.h>

struct md_queue {
  pthread_mutex_t mutex; // guards all below up to `wake`
  pthread_cond_t changed;
  md_queue_node *first;
  md_queue_node **end; // where the next node is hung in
  size_t length;
  bool closed;
  void (*wake)(void *context); // these are never written again
  void *context;
  size_t limit;
};

md_queue *md_queue_new(size_t limit, void (*wake)(void *context), void *context) {
  md_queue *queue = md_alloc(sizeof *queue);
  if (!queue) return NULL;
  *queue = (md_queue){.wake = wake, .context = context, .limit = limit};
  queue->end = &queue->first;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  int failed = pthread_cond_init(&queue->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  if (!failed && pthread_mutex_init(&queue->mutex, NULL)) {
    pthread_cond_destroy(&queue->changed);
    failed = 1;
  }
  if (!failed) return queue;
  md_free(queue);
  return NULL;
}

void md_queue_free(md_queue *queue) {
  if (!queue) return;
  pthread_mutex_destroy(&queue->mutex);
  pthread_cond_destroy(&queue->changed);
  md_free(queue);
}

static void lock(md_queue *queue) {
  md_require(pthread_mutex_lock(&queue->mutex) == 0);
}

static void unlock(md_queue *queue) {
  md_require(pthread_mutex_unlock(&queue->mutex) == 0);
}

static bool push(md_queue *queue, md_queue_node *node, bool limited) {
  node->next = NULL;
  lock(queue);
  if (queue->closed || (limited && queue->length >= queue->limit)) {
    unlock(queue);
    return false;
  }
  bool was_empty = queue->length++ == 0;
  *queue->end = node;
  queue->end = &node->next;
  if (was_empty) pthread_cond_signal(&queue->changed);
  unlock(queue);
  // Outside the mutex, so that the wake may itself look into the queue.
  if (was_empty && queue->wake) queue->wake(queue->context);
  return true;
}

bool md_queue_push(md_queue *queue, md_queue_node *node) {
  return push(queue, node, true);
}

bool md_queue_push_always(md_queue *queue, md_queue_node *node) {
  return push(queue, node, false);
}

md_queue_node *md_queue_take(md_queue *queue, size_t max) {
  if (max == 0) return NULL;
  lock(queue);
  md_queue_node *taken = queue->first;
  if (queue->length <= max) {
    queue->first = NULL;
    queue->end = &queue->first;
    queue->length = 0;
  } else {
    md_queue_node *last = taken;
    for (size_t i = 1; i < max; i++)
      last = last->next;
    queue->first = last->next;
    queue->length -= max;
    last->next = NULL;
  }
  unlock(queue);
  return taken;
}

static struct timespec deadline_after(int timeout_ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += timeout_ms / 1000;
  at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
  if (at.tv_nsec >= 1000000000) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000;
  }
  return at;
}

bool md_queue_wait(md_queue *queue, int timeout_ms) {
  struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
  int outcome = 0;
  lock(queue);
  while (queue->length == 0 && !queue->closed && outcome != ETIMEDOUT)
    outcome = timeout_ms < 0 ? pthread_cond_wait(&queue->changed, &queue->mutex)
                             : pthread_cond_timedwait(&queue->changed, &queue->mutex, &deadline);
  bool something = queue->length > 0;
  unlock(queue);
  return something;
}

void md_queue_close(md_queue *queue) {
  lock(queue);
  queue->closed = true;
  pthread_cond_broadcast(&queue->changed);
  unlock(queue);
}

size_t md_queue_length(md_queue *queue) {
  lock(queue);
  size_t length = queue->length;
  unlock(queue);
  return length;
}
