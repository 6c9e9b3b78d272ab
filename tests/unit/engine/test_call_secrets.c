// SPDX-License-Identifier: Apache-2.0
// Secrets in the answers to calls (H3, X1): what is stored of an answer, what a script has, when the key goes.
#include "base/alloc.h"
#include "caller.h"
#include "store/vault.h"

static const char plan[] = "local p = require 'plan'\nreturn p.define { person = { strong = { 'subject' } } }\n";

static caller *open_with(shop *s, const char *options, const char *body) {
  static const char script[] =
      "local moment = require 'moment'\n"
      "return moment.define { class = 'service', on = 'a', run = function(m, event)\n"
      "  local answer, why, code = m:http { connection = 'shop', path = '/x', %s }\n%s\nend }\n";
  caller *c = caller_new();
  shop_open_calling(s, &c->caller);
  shop_load(s, "events.lua", plan, "m/moment.lua", md_arena_printf(s->arena, script, options, body), NULL);
  assert_string_equal(s->problems, "");
  shop_event(s, "a", "ida", "{}");
  return c;
}

static md_call stored(shop *s) {
  md_call call;
  md_error err = {0};
  if (md_calls_get(s->store, 1, s->arena, &call, &err)) fail_msg("%s", err.text);
  return call;
}

// What of the run and the call is stored has not the word.
static void assert_hidden(shop *s, const char *word) {
  md_call call = stored(s);
  md_run run;
  assert_int_equal(md_runs_get(s->store, 1, s->arena, &run, NULL), 0);
  if (call.answer) assert_null(strstr(call.answer, word));
  if (call.detail) assert_null(strstr(call.detail, word));
  if (call.sealed) assert_null(memmem(call.sealed, call.sealed_len, word, strlen(word)));
  if (run.journal_len) assert_null(memmem(run.journal, run.journal_len, word, strlen(word)));
  if (run.outcome) assert_null(strstr(run.outcome, word));
  if (run.reason) assert_null(strstr(run.reason, word));
}

static void test_H3_values_at_the_paths_are_sealed(void **state) {
  (void)state;
  static const struct {
    const char *body, *answer;
  } cases[] = {
      {"{\"links\":{\"reset\":null},\"n\":1,\"token\":\"TOKENTOKEN\"}",
       "{\"json\":{\"links\":{\"reset\":null},\"n\":1,\"token\":\"[secret]\"},\"secret\":{\"call\":1,\"paths\":["
       "\"token\"]},\"status\":200}"},
      {"{\"links\":{\"reset\":[\"TOKENTOKEN\"],\"x\":true},\"token\":null}",
       "{\"json\":{\"links\":{\"reset\":\"[secret]\",\"x\":true},\"token\":null},"
       "\"secret\":{\"call\":1,\"paths\":[\"links.reset\"]},\"status\":200}"},
      // wherever else the server repeats it
      {"{\"TOKENTOKEN\":1,\"a\":[\"see TOKENTOKEN\",{\"b\":\"TOKENTOKEN\"},\"y\"],\"links\":{\"reset\":1234},"
       "\"token\":{\"t\":\"TOKENTOKEN\"}}",
       "{\"json\":{\"a\":[\"[secret]\",{\"b\":\"[secret]\"},\"y\"],\"links\":{\"reset\":\"[secret]\"},"
       "\"token\":\"[secret]\"},\"secret\":{\"call\":1,\"paths\":[\"token\",\"links.reset\"]},\"status\":200}"},
      // a short one is only compared
      {"{\"a\":\"TO\",\"b\":\"x TO\",\"links\":{\"reset\":null},\"token\":\"TO\"}",
       "{\"json\":{\"a\":\"[secret]\",\"b\":\"x TO\",\"links\":{\"reset\":null},\"token\":\"[secret]\"},"
       "\"secret\":{\"call\":1,\"paths\":[\"token\"]},\"status\":200}"},
      {"{\"links\":{\"reset\":null},\"n\":2,\"token\":null}",
       "{\"json\":{\"links\":{\"reset\":null},\"n\":2,\"token\":null},\"status\":200}"},
      {"", "{\"status\":200}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    shop s;
    caller *c = open_with(&s, "secret = { 'token', 'links.reset' }", "m:sleep('1m')\nreturn 'x'");
    come_back(&s, c, MD_CALL_END_ANSWER, 200, cases[i].body);
    assert_string_equal(stored(&s).answer, cases[i].answer);
    bool sealed = strstr(cases[i].answer, "\"call\"") != NULL;
    assert_int_equal(stored(&s).sealed != NULL, sealed);
    assert_int_equal(md_vault_count(s.store), sealed);
    md_run run;
    assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, NULL), 0);
    assert_non_null(memmem(run.journal, run.journal_len, "\"status\":200", 12)); // it is what the script was given
    assert_hidden(&s, "TOKENTOKEN");
    close_shop(&s, c);
  }
}

// It may stand anywhere else: nothing of the answer is kept.
static void test_H3_a_path_that_leads_to_nothing_fails_closed(void **state) {
  (void)state;
  static const char *const bodies[] = {"[\"TOKENTOKEN\"]",
                                       "\"TOKENTOKEN\"",
                                       "{\"data\":{\"token\":\"TOKENTOKEN\"}}",
                                       "{\"links\":[{\"reset\":\"TOKENTOKEN\"}],\"token\":\"x\"}",
                                       "{\"links\":null,\"token\":\"TOKENTOKEN\"}",
                                       "{\"token\":\"TOKENTOKEN\"}"};
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    shop s;
    caller *c = open_with(&s, "secret = { 'token', 'links.reset' }", "return tostring(answer) .. ' ' .. code");
    come_back(&s, c, MD_CALL_END_ANSWER, 200, bodies[i]);
    assert_string_equal(shop_outcome(&s), "nil secret_missing");
    assert_hidden(&s, "TOKENTOKEN");
    assert_int_equal(md_vault_count(s.store), 0);
    close_shop(&s, c);
  }
}

static void test_H3_a_bad_answer_is_not_quoted(void **state) {
  (void)state;
  shop s;
  caller *c = open_with(&s, "secret = 'token'", "return code .. ' ' .. why");
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"token\":\"TOKENTOKEN\" \"TOKENTOKEN\"");
  assert_string_equal(shop_outcome(&s), "not_json GET /x of connection shop: the answer is no JSON");
  assert_hidden(&s, "TOKENTOKEN");
  close_shop(&s, c);
}

// The same in the turn that gets it and in each replay, after the key is gone too.
static void test_X1_a_script_has_an_opaque_value(void **state) {
  (void)state;
  shop s;
  caller *c = open_with(&s, "secret = 'links.reset'",
                        "local function seen() return type(answer.json.links.reset) .. answer.json.n ..\n"
                        "  tostring(answer.secret) end\n"
                        "local before = seen()\nm:sleep('2h')\nreturn before .. ' ' .. seen()");
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"links\":{\"reset\":\"L\"},\"n\":7}");
  assert_int_equal(md_vault_count(s.store), 1);
  shop_advance(&s, 59 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 1);
  shop_advance(&s, 2 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 0);
  shop_advance(&s, 2 * MD_HOUR);
  assert_string_equal(shop_outcome(&s), "userdata7nil userdata7nil");
  close_shop(&s, c);
}

static void test_X1_whatever_is_done_with_it_raises(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "return 'x' .. l",
      "return l",
      "return tostring(l)",
      "m:set('k', l)",
      "m:log(l)",
      "m:emit { type = 'x', data = { l = l } }",
      "m:continue_as { l = l }",
      "m:http { connection = 'shop', path = '/y', json = { l = l } }",
      "m:http { connection = 'shop', path = '/y', json = l }",
      "m:http { connection = 'shop', path = '/y', query = { l = l } }",
      "m:http { connection = 'shop', path = l }",
      "m:http { connection = l, path = '/y' }",
      "m:http { connection = 'shop', path = '/y', name = l }",
      "m:http { connection = 'shop', path = '/y', secret = l }",
      "m:http { connection = 'shop', path = '/y', secret = { l } }",
      "m:http { connection = 'shop', path = '/y', save = l }",
      "m:http { connection = 'shop', path = '/y', method = l }",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    shop s;
    char body[200];
    snprintf(body, sizeof body, "local l = answer.json.token\n%s", bodies[i]);
    caller *c = open_with(&s, "secret = 'token'", body);
    come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"token\":\"TOKENTOKEN\"}");
    md_run run = shop_all_runs(&s).list[0];
    if (run.state != MD_RUN_PARKED) fail_msg("%s: not parked", bodies[i]);
    if (!strstr(run.reason, "secret")) fail_msg("%s: %s", bodies[i], run.reason);
    if (!strstr(run.reason, "m/moment.lua:")) fail_msg("%s: %s", bodies[i], run.reason);
    assert_hidden(&s, "TOKENTOKEN");
    assert_int_equal(c->made, 1);
    close_shop(&s, c);
  }
}

static void test_H3_wrong_options(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"secret = { 'a..b' }", "m:http: secret: 'a..b' must be a path into the answer"},
      {"secret = '.a'", "must be a path into the answer"},
      {"secret = 'a.'", "must be a path into the answer"},
      {"secret = {}", "m:http: secret must be a list of 1 to"},
      {"secret = 5", "m:http: secret must be a text or a list of texts"},
      {"secret = 'a', save = 'a.pdf'", "secret and save exclude each other"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    shop s;
    caller *c = open_with(&s, cases[i][0], "return 'x'");
    if (!strstr(shop_outcome(&s), cases[i][1])) fail_msg("%s: %s", cases[i][0], shop_outcome(&s));
    close_shop(&s, c);
  }
}

static void test_X1_the_key_goes_with_its_run(void **state) {
  (void)state;
  shop s;
  caller *c = open_with(&s, "secret = 'token'", "m:sleep('10m')\nreturn 'x'");
  come_back(&s, c, MD_CALL_END_ANSWER, 200, "{\"token\":\"T\"}");
  shop_advance(&s, 9 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 1);
  shop_advance(&s, 2 * MD_MINUTE);
  assert_int_equal(md_vault_count(s.store), 0);
  close_shop(&s, c);
}

// B1: whichever allocation fails in the batch that applies an answer, it is applied whole by a later one.
static void test_B1_every_allocation(void **state) {
  (void)state;
  int refused = 0;
  for (long n = 1; n < 200; n++) {
    shop s;
    caller *c = open_with(&s, "secret = { 'token', 'links.reset' }", "return type(answer.json.token)");
    md_call_attempt *attempt = c->flying[0];
    c->count = 0;
    attempt->end = MD_CALL_END_ANSWER;
    attempt->status = 200;
    md_buffer_puts(&attempt->body, "{\"links\":{\"reset\":[\"x TOKENTOKEN\"]},\"token\":\"TOKENTOKEN\"}");
    md_engine_call_finished(s.engine, attempt);
    md_alloc_fail_after(n, 0);
    refused += md_engine_batch(s.engine, false, NULL) < 0;
    md_alloc_fail_after(0, 0);
    assert_hidden(&s, "TOKENTOKEN");
    shop_settle(&s);
    if (shop_all_runs(&s).list[0].state == MD_RUN_PARKED) assert_int_equal(shop_retry(&s, 1), 0); // S4, twice
    assert_string_equal(shop_outcome(&s), "userdata");
    assert_int_equal(c->made, 1);
    assert_hidden(&s, "TOKENTOKEN");
    assert_int_equal(md_vault_count(s.store), 0);
    close_shop(&s, c);
  }
  assert_true(refused > 3);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_H3_values_at_the_paths_are_sealed),
      cmocka_unit_test(test_H3_a_path_that_leads_to_nothing_fails_closed),
      cmocka_unit_test(test_H3_a_bad_answer_is_not_quoted),
      cmocka_unit_test(test_X1_a_script_has_an_opaque_value),
      cmocka_unit_test(test_X1_whatever_is_done_with_it_raises),
      cmocka_unit_test(test_H3_wrong_options),
      cmocka_unit_test(test_X1_the_key_goes_with_its_run),
      cmocka_unit_test(test_B1_every_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
