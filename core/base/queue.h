// SPDX-License-Identifier: Apache-2.0
// A bounded queue between threads: many producers, one consumer, a mutex (held for a pointer swap) and a wake callback.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Embed one in what is queued; it belongs to the queue from push to take.
typedef struct md_queue_node {
  struct md_queue_node *next;
} md_queue_node;

typedef struct md_queue md_queue;

// `wake` is called on the producer's thread when the queue turns from empty to non-empty (it must be cheap, and safe
// from any thread: uv_async_send); NULL for none. It is called after the push, so it may come shortly after a close:
// producers end before `context` does. `limit` is the most nodes it holds. Returns owned, NULL when out of memory.
md_queue *md_queue_new(size_t limit, void (*wake)(void *context), void *context);
void md_queue_free(md_queue *queue);
// Any thread. False when it is full or closed: the caller keeps the node (B2: answer 503).
bool md_queue_push(md_queue *queue, md_queue_node *node);
// Any thread. As push, but the limit does not hold: for answers to what was let in before. False only when closed.
bool md_queue_push_always(md_queue *queue, md_queue_node *node);
// Consumer. Takes at most `max` nodes in order as a NULL-terminated list, or NULL.
md_queue_node *md_queue_take(md_queue *queue, size_t max);
// Consumer. Waits up to `timeout_ms` (-1: for ever) until there is something to take or the queue is closed. True when
// there is something to take.
bool md_queue_wait(md_queue *queue, int timeout_ms);
// Any thread. No push succeeds from then on; what is inside can still be taken.
void md_queue_close(md_queue *queue);
size_t md_queue_length(md_queue *queue);
