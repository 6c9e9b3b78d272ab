// SPDX-License-Identifier: Apache-2.0
// m:experiment, m:count, m:observe, m:quantile, m:file, and stored values of another shape (R6, A5, P3).
#include "metrics/meter.h"
#include "shop.h"
#include "store/exposures.h"
#include "store/internal.h"
#include "store/metrics.h"

static const char plan[] = "local p = require 'plan'\n"
                           "return p.define { person = { strong = { 'subject', 'data.email' } } }\n";

// Odd persons get the second arm; with half the coverage only those with an even number take part.
static int assign(const char *seed, double coverage, const double *weights, int count, const char *unit) {
  (void)seed, (void)weights, (void)count;
  int number = atoi(unit);
  return coverage < 1 && number % 2 ? -1 : number % 2;
}

static void open_shop(shop *s) {
  shop_open(s);
  md_engine_free(s->engine);
  md_engine_options options = {.store = s->store,
                               .clock = &s->clock.clock,
                               .messenger = &s->messenger,
                               .assign = assign,
                               .meter = &md_meter_of_store,
                               .verify = true};
  assert_int_equal(md_engine_new(&s->engine, &options, NULL), 0);
}

#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', on = 'a', again = 'parallel', " options  \
  " run = function(m, event)\n" body "\nend }\n"

static const char arms[] =
    "local experiment = require 'experiment'\nreturn experiment.define { name = 'x', moment = 'm',"
    " arms = { { 'control', 0.5 }, { 'friendly', 0.5 } } }\n";

static void test_arms_stay_and_expose_once(void **state) {
  (void)state;
  shop s;
  md_exposure exposure;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "return m:experiment('x')"), "experiments/x.lua", arms,
            NULL);
  assert_string_equal(s.problems, "");
  shop_event(&s, "a", "one", "{}"); // person 1
  assert_string_equal(shop_outcome(&s), "friendly");
  shop_event(&s, "a", "two", "{}");
  assert_string_equal(shop_outcome(&s), "control");
  assert_int_equal(md_exposures_get(s.store, "x", 1, s.arena, &exposure, NULL), 0);
  assert_string_equal(exposure.arm, "friendly");
  assert_int_equal(exposure.run, 1);
  // The coverage shrinks: who has an arm keeps it, somebody new gets the control without an exposure.
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "return m:experiment('x')"), "experiments/x.lua",
            "return require('experiment').define { name = 'x', moment = 'm', coverage = 0.5,"
            " arms = { { 'control', 0.5 }, { 'friendly', 0.5 } } }\n",
            NULL);
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "friendly");
  shop_event(&s, "a", "three", "{}");
  assert_string_equal(shop_outcome(&s), "control");
  assert_int_equal(md_exposures_get(s.store, "x", 3, s.arena, &exposure, NULL), MD_ENOTFOUND);
  assert_int_equal(md_exposures_get(s.store, "x", 1, s.arena, &exposure, NULL), 0);
  assert_int_equal(exposure.run, 1);
  shop_close(&s);
}

static int never(void *context, const char *experiment, const char *arm, int64_t count) {
  (void)context, (void)count;
  fail_msg("%s %s was met", experiment, arm);
  return 0;
}

static void test_undeclared_is_control(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "return m:experiment('y')"), "n/moment.lua",
            MOMENT("", "return m:experiment('x')"), "experiments/x.lua", arms, NULL);
  shop_event(&s, "a", "one", "{}");
  shop_runs all = shop_all_runs(&s);
  assert_string_equal(all.list[0].outcome, "control"); // no file has it
  assert_string_equal(all.list[1].outcome, "control"); // it is another moment's
  assert_int_equal(md_exposures_counts(s.store, never, NULL, NULL), 0);
  shop_close(&s);
}

static void test_a_wrong_file_keeps_the_old_experiment(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "return 1\n",
      "return require('experiment').define { name = 'x', moment = 'm', arms = { { 'a', 0.5 }, { 'b', 0.6 } } }\n",
      "return require('experiment').define { name = 'x', moment = 'm', arms = { { 'a', 0.5 }, { 'a', 0.5 } } }\n",
      "return require('experiment').define { name = 'x', arms = { { 'a', 0.5 }, { 'b', 0.5 } } }\n",
      "return require('experiment').define { name = 'x', moment = 'm', arms = { { 'a', 1 } } }\n",
      "return require('experiment').define { name = 'x', moment = 'm', coverage = 2, arms = { { 'a', 0.5 }, { 'b', 0.5 "
      "} } }\n",
      "return require('experiment').define { name = 'x', moment = 'm', share = 1, arms = { { 'a', 0.5 }, { 'b', 0.5 } "
      "} }\n",
      "while true do end\n",
      "return (\n"};
  shop s;
  open_shop(&s);
  const char *moment = MOMENT("", "return m:experiment('x')");
  shop_load(&s, "events.lua", plan, "m/moment.lua", moment, "experiments/x.lua", arms, NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    shop_load(&s, "events.lua", plan, "m/moment.lua", moment, "experiments/x.lua", wrong[i], NULL);
    assert_non_null(strstr(s.problems, "experiments/x.lua:"));
    shop_event(&s, "a", "one", "{}");
    assert_string_equal(shop_outcome(&s), "friendly");
  }
  shop_close(&s);
}

static void test_measures(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("",
                   "m:count('seen', 2, { carrier = 'gls' })\nm:observe('hours', event.data.h, { carrier = 'gls' })\n"
                   "local q = m:quantile('hours', 0.5, { labels = { carrier = 'gls' }, over = '30d', min_n = 3 })\n"
                   "m:sleep('1s')\n"
                   "return tostring(q and math.floor(q + 0.5))"),
            NULL);
  for (int i = 0; i < 4; i++)
    shop_event(&s, "a", "one", "{\"h\":20}");
  shop_advance(&s, 2 * MD_SECOND);
  shop_runs all = shop_all_runs(&s);
  assert_string_equal(all.list[2].outcome, "nil"); // two before it: fewer than min_n
  assert_string_equal(all.list[3].outcome, "20");
  shop_close(&s);
}

// A5: neither an identity of the person nor anything with an @.
static void test_A5_labels(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "m:count('n', 1, { who = event.data.who })"), NULL);
  shop_event(&s, "a", "kunde-7", "{\"who\":\"kunde-7\",\"email\":\"ida@example.com\"}");
  assert_non_null(strstr(shop_outcome(&s), "the label who says who the customer is"));
  shop_event(&s, "a", "kunde-7", "{\"who\":\"bo@example.com\"}");
  assert_non_null(strstr(shop_outcome(&s), "the label who says who the customer is"));
  shop_event(&s, "a", "kunde-7", "{\"who\":\"dk\"}");
  assert_int_equal(shop_all_runs(&s).list[2].state, MD_RUN_DONE);
  shop_close(&s);
}

// How often the identities of a person were read since the last question.
static int identity_reads(shop *s) {
  sqlite3 *db = s->store->db;
  int runs = 0;
  for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt; stmt = sqlite3_next_stmt(db, stmt))
    if (strstr(sqlite3_sql(stmt), "SELECT identities FROM people"))
      runs += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_RUN, true);
  return runs;
}

// However much a turn measures, whose labels it may not bear is read once.
static void test_A5_identities_are_read_once_a_turn(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("", "for i = 1, event.data.times do m:count('n', 1, { country = 'dk' })\n"
                       "m:observe('o', i, { country = 'dk' }) end"),
            NULL);
  shop_event(&s, "a", "kunde-7", "{\"times\":0}");
  int without = identity_reads(&s);
  shop_event(&s, "a", "kunde-7", "{\"times\":0}");
  without = identity_reads(&s); // of somebody known
  shop_event(&s, "a", "kunde-7", "{\"times\":1}");
  int once = identity_reads(&s);
  assert_true(once > without);
  shop_event(&s, "a", "kunde-7", "{\"times\":500}");
  assert_int_equal(identity_reads(&s), once);
  shop_close(&s);
}

#define READS "local n = m:add('n', 1)\nreturn n .. ' ' .. tostring(m:get('old'))"

static void test_R6_shapes(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", "m:set('old', 'kept')\n" READS), NULL);
  shop_event(&s, "a", "one", "{}");
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "2 kept");
  // Another shape starts empty without upgrade.
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("store = 2,", READS), NULL);
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "1 nil");
  // With upgrade: from the newest other shape, once.
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("store = 3, upgrade = function(old) return { n = (old.n or 0) * 100, old = 'from 2' } end,", READS),
            NULL);
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "101 from 2");
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "102 from 2");
  shop_event(&s, "a", "somebody new", "{}");
  assert_string_equal(shop_outcome(&s), "1 nil");
  // And back: what the first shape had is there.
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", READS), NULL);
  shop_event(&s, "a", "one", "{}");
  assert_string_equal(shop_outcome(&s), "3 kept");
  shop_close(&s);
}

static void test_R6_a_wrong_upgrade_parks(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("", READS), NULL);
  shop_event(&s, "a", "one", "{}");
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("store = 2, upgrade = function(old) return 7 end,", READS),
            NULL);
  shop_event(&s, "a", "one", "{}");
  assert_non_null(strstr(shop_outcome(&s), "upgrade must return a table"));
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("store = 2, upgrade = function(old) return old end,", READS),
            NULL);
  assert_int_equal(shop_retry(&s, 2), 0);
  assert_string_equal(shop_outcome(&s), "2 nil");
  shop_load(&s, "events.lua", plan, "m/moment.lua", MOMENT("upgrade = function(old) return old end,", READS), NULL);
  assert_non_null(strstr(s.problems, "give store = 2"));
  shop_close(&s);
}

static void test_file(void **state) {
  (void)state;
  shop s;
  open_shop(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua",
            MOMENT("", "local f = m:file(event.data.name)\nreturn f.name .. ' ' .. f.type .. ' ' .. f.size .. ' ' .. "
                       "tostring(f.text)"),
            "m/terms.txt", "Vilkår", "n/other.txt", "x", NULL);
  shop_event(&s, "a", "one", "{\"name\":\"terms.txt\"}");
  assert_string_equal(shop_outcome(&s), "terms.txt text/plain; charset=utf-8 7 Vilkår");
  shop_event(&s, "a", "one", "{\"name\":\"other.txt\"}");
  assert_non_null(strstr(shop_outcome(&s), "there is no file other.txt"));
  shop_event(&s, "a", "one", "{\"name\":\"../n/other.txt\"}");
  assert_non_null(strstr(shop_outcome(&s), "there is no file"));
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_arms_stay_and_expose_once),
                                     cmocka_unit_test(test_undeclared_is_control),
                                     cmocka_unit_test(test_a_wrong_file_keeps_the_old_experiment),
                                     cmocka_unit_test(test_measures),
                                     cmocka_unit_test(test_A5_labels),
                                     cmocka_unit_test(test_A5_identities_are_read_once_a_turn),
                                     cmocka_unit_test(test_R6_shapes),
                                     cmocka_unit_test(test_R6_a_wrong_upgrade_parks),
                                     cmocka_unit_test(test_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
