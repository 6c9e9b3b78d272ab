// SPDX-License-Identifier: Apache-2.0
// Tests of queue.c: order, limit, closing, waiting, and four producers against one consumer.
#include "base/alloc.h"
#include "base/queue.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

typedef struct item {
  md_queue_node node; // first, so that a node is its item
  int producer, number;
} item;

static void count_wake(void *context) {
  atomic_fetch_add((atomic_int *)context, 1);
}

static void keeps_order(void **state) {
  (void)state;
  md_queue *queue = md_queue_new(10, NULL, NULL);
  item items[5] = {0};
  assert_null(md_queue_take(queue, 10));
  for (int i = 0; i < 5; i++)
    assert_true(md_queue_push(queue, &items[i].node));
  assert_int_equal(md_queue_length(queue), 5);
  assert_null(md_queue_take(queue, 0));
  md_queue_node *taken = md_queue_take(queue, 2);
  assert_ptr_equal(taken, &items[0]);
  assert_ptr_equal(taken->next, &items[1]);
  assert_null(taken->next->next);
  assert_int_equal(md_queue_length(queue), 3);
  assert_true(md_queue_push(queue, &items[0].node));
  taken = md_queue_take(queue, SIZE_MAX);
  const int order[] = {2, 3, 4, 0};
  for (int i = 0; i < 4; i++, taken = taken->next)
    assert_ptr_equal(taken, &items[order[i]]);
  assert_null(taken);
  assert_int_equal(md_queue_length(queue), 0);
  md_queue_free(queue);
  md_queue_free(NULL);
}

static void limit_holds_but_for_answers(void **state) {
  (void)state;
  md_queue *queue = md_queue_new(2, NULL, NULL);
  item items[4] = {0};
  assert_true(md_queue_push(queue, &items[0].node));
  assert_true(md_queue_push(queue, &items[1].node));
  assert_false(md_queue_push(queue, &items[2].node));
  assert_true(md_queue_push_always(queue, &items[2].node));
  assert_false(md_queue_push(queue, &items[3].node));
  assert_int_equal(md_queue_length(queue), 3);
  md_queue_take(queue, 2);
  assert_true(md_queue_push(queue, &items[3].node));
  md_queue_free(queue);
}

static void wakes_when_it_was_empty(void **state) {
  (void)state;
  atomic_int wakes = 0;
  md_queue *queue = md_queue_new(2, count_wake, &wakes);
  item items[3] = {0};
  md_queue_push(queue, &items[0].node);
  md_queue_push(queue, &items[1].node);
  assert_int_equal(wakes, 1);
  assert_false(md_queue_push(queue, &items[2].node));
  md_queue_take(queue, 1);
  md_queue_push(queue, &items[2].node);
  assert_int_equal(wakes, 1);
  md_queue_take(queue, 5);
  md_queue_push_always(queue, &items[0].node);
  assert_int_equal(wakes, 2);
  md_queue_free(queue);
}

static void closing_lets_what_is_inside_out(void **state) {
  (void)state;
  md_queue *queue = md_queue_new(5, NULL, NULL);
  item items[2] = {0};
  md_queue_push(queue, &items[0].node);
  md_queue_close(queue);
  md_queue_close(queue);
  assert_false(md_queue_push(queue, &items[1].node));
  assert_false(md_queue_push_always(queue, &items[1].node));
  assert_true(md_queue_wait(queue, -1));
  assert_ptr_equal(md_queue_take(queue, 5), &items[0]);
  assert_false(md_queue_wait(queue, -1));
  md_queue_free(queue);
}

static void waiting_ends_in_time(void **state) {
  (void)state;
  md_queue *queue = md_queue_new(5, NULL, NULL);
  item one = {0};
  assert_false(md_queue_wait(queue, 0));
  assert_false(md_queue_wait(queue, 20));
  md_queue_push(queue, &one.node);
  assert_true(md_queue_wait(queue, 0));
  assert_true(md_queue_wait(queue, 60000));
  md_queue_free(queue);
}

static void *close_later(void *context) {
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  md_queue_close(context);
  return NULL;
}

static void closing_ends_a_wait(void **state) {
  (void)state;
  md_queue *queue = md_queue_new(5, NULL, NULL);
  pthread_t closer;
  assert_int_equal(pthread_create(&closer, NULL, close_later, queue), 0);
  assert_false(md_queue_wait(queue, -1));
  pthread_join(closer, NULL);
  md_queue_free(queue);
}

static void without_memory_there_is_none(void **state) {
  (void)state;
  md_alloc_fail_after(1, 0);
  assert_null(md_queue_new(1, NULL, NULL));
  md_alloc_fail_after(0, 0);
}

enum { PRODUCERS = 4, EACH = 20000, LIMIT = 100 };

typedef struct producer {
  pthread_t thread;
  md_queue *queue;
  int index;
  item *items;
  long refused;
} producer;

static void *produce(void *context) {
  producer *self = context;
  for (int i = 0; i < EACH; i++) {
    item *next = &self->items[i];
    next->producer = self->index;
    next->number = i;
    if (i % 16 == 0) { // some go past the limit
      if (!md_queue_push_always(self->queue, &next->node)) self->refused = -1;
      continue;
    }
    while (!md_queue_push(self->queue, &next->node)) {
      self->refused++;
      sched_yield();
    }
  }
  return NULL;
}

static void four_producers(void **state) {
  (void)state;
  static item items[PRODUCERS][EACH];
  atomic_int wakes = 0;
  md_queue *queue = md_queue_new(LIMIT, count_wake, &wakes);
  producer producers[PRODUCERS] = {0};
  for (int i = 0; i < PRODUCERS; i++) {
    producers[i] = (producer){.queue = queue, .index = i, .items = items[i]};
    assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
  }
  int next[PRODUCERS] = {0};
  for (int total = 0; total < PRODUCERS * EACH;) {
    assert_true(md_queue_wait(queue, 30000));
    for (md_queue_node *node = md_queue_take(queue, 33); node; total++) {
      item *got = (item *)node;
      node = node->next;
      assert_int_equal(got->number, next[got->producer]++); // each producer's own order
    }
  }
  for (int i = 0; i < PRODUCERS; i++) {
    pthread_join(producers[i].thread, NULL);
    assert_int_equal(next[i], EACH);
    assert_true(producers[i].refused >= 0);
  }
  assert_true(wakes > 0);
  assert_int_equal(md_queue_length(queue), 0);
  md_queue_free(queue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_order),
      cmocka_unit_test(limit_holds_but_for_answers),
      cmocka_unit_test(wakes_when_it_was_empty),
      cmocka_unit_test(closing_lets_what_is_inside_out),
      cmocka_unit_test(waiting_ends_in_time),
      cmocka_unit_test(closing_ends_a_wait),
      cmocka_unit_test(without_memory_there_is_none),
      cmocka_unit_test(four_producers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
