// SPDX-License-Identifier: Apache-2.0
// m:http as a durable step (H1, H3, T9): answers, attempts, keys, crashes, cancels, allocation failures, with a caller
// that does what the test says.
#include "base/alloc.h"
#include "caller.h"

static const char plan[] = "local p = require 'plan'\nreturn p.define { person = { strong = { 'subject' } } }\n";
static const char script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = 'a', again = 'parallel', run = function(m, event)\n"
    "  local answer, why, code = m:http { connection = event.data.to or 'shop', path = '/x', name = event.data.name,\n"
    "    json = event.data.json, save = event.data.save, method = event.data.method }\n"
    "  m:set('tried', (m:get('tried') or 0) + 1)\n"
    "  if not answer then return code .. ': ' .. why end\n"
    "  return answer.file and answer.file.name .. answer.file.size or 'ok ' .. tostring(answer.json and "
    "answer.json.n)\n"
    "end }\n";

static caller *open_shop(shop *s) {
  caller *c = caller_new();
  shop_open_calling(s, &c->caller);
  shop_load(s, "events.lua", plan, "m/moment.lua", script, NULL);
  assert_string_equal(s->problems, "");
  return c;
}

static void test_answers(void **state) {
  (void)state;
  static const struct {
    const char *data;
    md_call_end end;
    int status;
    const char *body, *outcome;
  } cases[] = {
      {"{}", MD_CALL_END_ANSWER, 200, "{\"n\":1}", "ok 1"},
      {"{}", MD_CALL_END_ANSWER, 204, "", "ok nil"},
      {"{}", MD_CALL_END_ANSWER, 404, "{\"n\":1}", "404: GET /x of connection shop: the server answered 404"},
      {"{}", MD_CALL_END_ANSWER, 200, "{\"n\":", NULL},
      {"{\"save\":\"a.pdf\"}", MD_CALL_END_ANSWER, 200, "%PDF-x", "a.pdf6"},
      {"{\"save\":\"a.pdf\"}", MD_CALL_END_ANSWER, 200, "<html>", NULL},
      {"{}", MD_CALL_END_REFUSED, 0, NULL, "refused: GET /x of connection shop: it was so"},
      {"{}", MD_CALL_END_TOO_LARGE, 0, NULL, "too_large: GET /x of connection shop: it was so"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    shop s;
    caller *c = open_shop(&s);
    shop_event(&s, "a", "ida", cases[i].data);
    assert_string_equal(shop_outcome(&s), "waiting");
    come_back(&s, c, cases[i].end, cases[i].status, cases[i].body);
    if (cases[i].outcome) assert_string_equal(shop_outcome(&s), cases[i].outcome);
    assert_int_equal(shop_all_runs(&s).list[0].state, MD_RUN_DONE);
    close_shop(&s, c);
  }
}

static void test_attempts_and_pauses(void **state) {
  (void)state;
  shop s;
  caller *c = open_shop(&s);
  shop_event(&s, "a", "ida", "{}");
  come_back(&s, c, MD_CALL_END_ANSWER, 503, NULL);
  assert_int_equal(c->count, 0);
  shop_advance(&s, 3 * MD_SECOND); // 2 s, a quarter more or less
  assert_int_equal(c->made, 2);
  come_back(&s, c, MD_CALL_END_TIMEOUT, 0, NULL);
  shop_advance(&s, 5 * MD_SECOND);
  assert_int_equal(c->made, 2);
  shop_advance(&s, 6 * MD_SECOND); // 8 s
  assert_int_equal(c->made, 3);
  come_back(&s, c, MD_CALL_END_NETWORK, 0, NULL);
  assert_string_equal(shop_outcome(&s), "network: GET /x of connection shop: it was so");
  assert_string_equal(c->keys[0], c->keys[1]);
  assert_string_equal(c->keys[0], c->keys[2]);
  close_shop(&s, c);
}

// H1: the key is of the run and the name, or of everything in the call.
static void test_keys(void **state) {
  (void)state;
  shop s;
  caller *c = open_shop(&s);
  static const char again[] =
      "local moment = require 'moment'\n"
      "return moment.define { class = 'service', on = 'k', again = 'parallel', run = function(m)\n"
      "  m:http { connection = 'shop', path = '/a', name = 'n' }\n"
      "  m:http { connection = 'shop', path = '/b', name = 'n' }\n"
      "  m:http { connection = 'shop', path = '/a' }\n"
      "  m:http { connection = 'shop', path = '/a', json = { x = 1 } }\n"
      "  m:http { connection = 'shop', path = '/a' }\n"
      "end }\n";
  shop_load(&s, "events.lua", plan, "k/moment.lua", again, NULL);
  shop_event(&s, "k", "ida", "{}");
  for (int i = 0; i < 5; i++)
    come_back(&s, c, MD_CALL_END_ANSWER, 200, NULL);
  shop_event(&s, "k", "ida", "{}");
  assert_string_equal(c->keys[0], c->keys[1]);
  assert_string_not_equal(c->keys[0], c->keys[2]);
  assert_string_not_equal(c->keys[2], c->keys[3]);
  assert_string_equal(c->keys[2], c->keys[4]);
  assert_string_not_equal(c->keys[0], c->keys[5]);
  close_shop(&s, c);
}

// No more at once than there are slots; what is withdrawn before it was made is never made (T9).
static void test_slots_and_cancel(void **state) {
  (void)state;
  shop s;
  caller *c = open_shop(&s);
  for (int i = 0; i < 4; i++)
    shop_event(&s, "a", "ida", "{}");
  assert_int_equal(c->made, 2);
  assert_int_equal(shop_cancel(&s, 3), 0);
  assert_int_equal(shop_cancel(&s, 1), 0); // its call is under way: what comes back concerns nobody
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"n\":1}");
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"n\":2}");
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"n\":4}");
  assert_int_equal(c->made, 3);
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.list[0].state, MD_RUN_CANCELLED);
  assert_string_equal(all.list[1].outcome, "ok 2");
  assert_int_equal(all.list[2].state, MD_RUN_CANCELLED);
  assert_string_equal(all.list[3].outcome, "ok 4");
  close_shop(&s, c);
}

static void test_not_called(void **state) {
  (void)state;
  shop s;
  caller *c = open_shop(&s);
  shop_event(&s, "a", "ida", "{\"method\":\"DELETE\"}");
  assert_string_equal(shop_outcome(&s), "shadow: DELETE /x of connection shop was not called: shadow");
  shop_event(&s, "a", "ida", "{\"to\":\"other\"}");
  assert_non_null(strstr(shop_outcome(&s), "m:http: the configuration has no connection 'other'"));
  assert_int_equal(c->made, 0);
  close_shop(&s, c);
}

// H1: what was under way when the process ended is made again with its key; the run goes on once.
static void test_restart(void **state) {
  (void)state;
  shop s;
  caller *c = open_shop(&s);
  shop_event(&s, "a", "ida", "{}");
  assert_int_equal(c->made, 1);
  md_engine_free(s.engine); // and with it the attempt
  c->count = 0;
  md_engine_options options = {
      .store = s.store, .clock = &s.clock.clock, .messenger = &s.messenger, .caller = &c->caller};
  assert_int_equal(md_engine_new(&s.engine, &options, NULL), 0);
  shop_load(&s, "events.lua", plan, "m/moment.lua", script, NULL);
  shop_settle(&s);
  assert_int_equal(c->made, 2);
  assert_string_equal(c->keys[0], c->keys[1]);
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"n\":9}");
  assert_string_equal(shop_outcome(&s), "ok 9");
  close_shop(&s, c);
}

// B1: whichever allocation fails in the batch that applies an answer, it is applied whole by a later one.
static void test_every_allocation(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 200; n++) {
    shop s;
    caller *c = open_shop(&s);
    shop_event(&s, "a", "ida", "{}");
    md_call_attempt *attempt = c->flying[0];
    c->count = 0;
    attempt->end = MD_CALL_END_ANSWER;
    attempt->status = 200;
    md_buffer_puts(&attempt->body, "{\"n\":3}");
    md_engine_call_finished(s.engine, attempt);
    md_alloc_fail_after(n, 0);
    refused += md_engine_batch(s.engine, false, NULL) < 0;
    md_alloc_fail_after(0, 0);
    shop_settle(&s);
    if (shop_all_runs(&s).list[0].state == MD_RUN_PARKED) assert_int_equal(shop_retry(&s, 1), 0); // S4, twice
    assert_string_equal(shop_outcome(&s), "ok 3");
    assert_int_equal(c->made, 1);
    close_shop(&s, c);
  }
  assert_true(refused > 3);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers),
                                     cmocka_unit_test(test_attempts_and_pauses),
                                     cmocka_unit_test(test_keys),
                                     cmocka_unit_test(test_slots_and_cancel),
                                     cmocka_unit_test(test_not_called),
                                     cmocka_unit_test(test_restart),
                                     cmocka_unit_test(test_every_allocation)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
