// SPDX-License-Identifier: Apache-2.0
// Things that people share, as a product in stock: whom an event about one reaches (P4, P5, P6, T8), and who holds its
// key (T3).

#define SHOP_PLAN                                                                                                      \
  "local plan = require 'plan'\n"                                                                                      \
  "return plan.define { person = { strong = { 'subject' } },\n"                                                        \
  "  things = { product = { of = 'nobody', at = 'data.product_id' }, size = { of = 'product', at = 'data.size_id' "    \
  "},\n"                                                                                                               \
  "    cart = { of = 'person', at = 'data.cart_id' } } }\n"
#include "shop.h"

static const char watch_by[] =
    MOMENT("on = 'watch', again = 'parallel'", "local e = m:wait_for('in_stock', { within = '30d', by = 'product' })\n"
                                               "return e and 'told ' .. e.data.product_id or 'nothing'");
static const char watch_about[] =
    MOMENT("on = 'watch', about = 'product'", "local e = m:wait_for('in_stock', { within = '30d' })\n"
                                              "return e and 'told ' .. e.data.product_id or 'nothing'");

static const char *outcome_of(int64_t id) {
  md_run run;
  assert_int_equal(md_runs_get(s.store, id, s.arena, &run, NULL), 0);
  return run.outcome ? run.outcome : run.reason ? run.reason : md_run_state_name(run.state);
}

static int conflicts(void) {
  return (int)md_store_count(s.store, "incidents", NULL);
}

static void three_watch(void) {
  shop_event(&s, "watch", "ida", "{\"product_id\":\"TEAPOT\"}");
  shop_event(&s, "watch", "bo", "{\"product_id\":\"TEAPOT\"}");
  shop_event(&s, "watch", "eva", "{\"product_id\":\"TEAPOT\"}");
  shop_event(&s, "watch", "ida", "{\"product_id\":\"CUP\"}");
}

static void expect_told(void) {
  shop_event(&s, "in_stock", NULL, "{\"product_id\":\"TEAPOT\"}");
  for (int64_t id = 1; id <= 3; id++)
    assert_string_equal(outcome_of(id), "told TEAPOT");
  assert_string_equal(outcome_of(4), "waiting");
  shop_event(&s, "in_stock", NULL, "{\"product_id\":\"CUP\"}");
  assert_string_equal(outcome_of(4), "told CUP");
  assert_int_equal(conflicts(), 0);
}

// P4, P5: an event about the product alone reaches all who watch it, and nobody's is a contradiction.
static void test_P4_reaches_all_who_watch(void **state) {
  (void)state;
  load(watch_by);
  three_watch();
  expect_told();
}

// T3: each has a key of their own, and one for each product.
static void test_T3_a_key_for_each_person_and_product(void **state) {
  (void)state;
  load(watch_about);
  three_watch();
  int64_t again = shop_event(&s, "watch", "bo", "{\"product_id\":\"TEAPOT\"}");
  assert_string_equal(shop_unmatched(&s, again), "again");
  shop_event(&s, "watch", NULL, "{\"product_id\":\"TEAPOT\"}"); // of nobody: a key beside theirs
  assert_string_equal(outcome_of(5), "waiting");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "watch", NULL, "{\"product_id\":\"TEAPOT\"}")), "again");
  expect_told();
  assert_string_equal(outcome_of(5), "told TEAPOT");
}

// T3: the next of a queue is of the same person.
static void test_T3_a_queue_for_each_person(void **state) {
  (void)state;
  load(MOMENT("on = 'watch', about = 'product', again = 'queue'",
              "local e = m:wait_for('in_stock', { within = '30d', since = 'now' })\nreturn e and 'told' or 'nothing'"));
  for (int i = 0; i < 2; i++) {
    shop_event(&s, "watch", "ida", "{\"product_id\":\"TEAPOT\"}");
    shop_event(&s, "watch", "bo", "{\"product_id\":\"TEAPOT\"}");
  }
  assert_string_equal(outcome_of(3), "queued");
  assert_string_equal(outcome_of(4), "queued");
  assert_int_equal(shop_cancel(&s, 1), 0);
  assert_string_equal(outcome_of(3), "waiting");
  assert_string_equal(outcome_of(4), "queued");
}

// P6: what others do with the product is not seen; what one does oneself is.
static void test_P6_others_are_not_seen(void **state) {
  (void)state;
  load(MOMENT("on = 'watch', about = 'product'", "local e = m:wait_for('bought', { within = '30d' })\n"
                                                 "return e and 'bought' or 'nothing'"));
  three_watch();
  shop_event(&s, "bought", "bo", "{\"product_id\":\"TEAPOT\"}");
  assert_string_equal(outcome_of(1), "waiting");
  assert_string_equal(outcome_of(2), "bought");
  assert_string_equal(outcome_of(3), "waiting");
  assert_int_equal(conflicts(), 0);
}

// P4: what belongs to a shared thing is shared too, and leads to it.
static void test_P4_below_a_shared_thing(void **state) {
  (void)state;
  load(watch_by);
  shop_event(&s, "seen", NULL, "{\"product_id\":\"TEAPOT\",\"size_id\":\"TEAPOT-L\"}");
  shop_event(&s, "watch", "ida", "{\"size_id\":\"TEAPOT-L\"}");
  shop_event(&s, "watch", "bo", "{\"size_id\":\"TEAPOT-L\"}");
  shop_event(&s, "in_stock", NULL, "{\"product_id\":\"TEAPOT\"}");
  assert_string_equal(outcome_of(1), "told TEAPOT");
  assert_string_equal(outcome_of(2), "told TEAPOT");
}

// P4, P8: what an older plan made the product belong to counts no longer.
static void test_P4_after_an_older_plan(void **state) {
  (void)state;
  shop_load(&s, "events.lua",
            "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } },\n"
            "  things = { product = { of = 'person', at = 'data.product_id' } } }\n",
            "m/moment.lua", watch_by, NULL);
  shop_event(&s, "seen", "ida", "{\"product_id\":\"TEAPOT\"}");
  load(watch_by);
  three_watch();
  expect_told();
}

// T8: more than 64 are told in later batches, all of them once.
static void test_T8_many_watch(void **state) {
  (void)state;
  load(watch_about);
  for (int i = 0; i < 200; i++)
    shop_event(&s, "watch", md_arena_printf(s.arena, "kunde-%d", i), "{\"product_id\":\"TEAPOT\"}");
  shop_event(&s, "in_stock", NULL, "{\"product_id\":\"TEAPOT\"}");
  assert_int_equal(md_runs_last_id(s.store), 200);
  for (int64_t id = 1; id <= 200; id++)
    assert_string_equal(outcome_of(id), "told TEAPOT");
}

// T3: the newest trigger for the key is one of the same person.
static void test_T3_latest_is_the_persons_own(void **state) {
  (void)state;
  load(MOMENT("on = 'watch', about = 'product'", "m:sleep('1h')\nreturn m:latest().data.n"));
  shop_event(&s, "watch", "ida", "{\"product_id\":\"TEAPOT\",\"n\":\"1\"}");
  shop_event(&s, "watch", "ida", "{\"product_id\":\"TEAPOT\",\"n\":\"2\"}");
  shop_event(&s, "watch", "bo", "{\"product_id\":\"TEAPOT\",\"n\":\"3\"}");
  shop_event(&s, "watch", NULL, "{\"product_id\":\"TEAPOT\",\"n\":\"4\"}");
  shop_advance(&s, MD_HOUR);
  assert_string_equal(outcome_of(1), "2");
  assert_string_equal(outcome_of(2), "3");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      T(test_P4_reaches_all_who_watch),
      T(test_T3_a_key_for_each_person_and_product),
      T(test_T3_a_queue_for_each_person),
      T(test_P6_others_are_not_seen),
      T(test_P4_below_a_shared_thing),
      T(test_P4_after_an_older_plan),
      T(test_T8_many_watch),
      T(test_T3_latest_is_the_persons_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
