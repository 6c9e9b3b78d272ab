// SPDX-License-Identifier: Apache-2.0
// What consent events and sales leave on record (P7), the act behind an unsubscribe link (A3), and what `unless` asks
// the engine (M5).
#include "shop.h"
#include "store/suppressions.h"

static shop s;
static char rows[1200];

static int set_up(void **state) {
  (void)state;
  shop_open(&s);
  shop_load(&s, NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  shop_close(&s);
  return 0;
}

// The engine again, on the same store, with a policy.
static void restart(const char *sale_event) {
  md_error err = {0};
  md_engine_free(s.engine);
  md_engine_options options = {.store = s.store,
                               .clock = &s.clock.clock,
                               .messenger = &s.messenger,
                               .consent_sender = "Sko ApS",
                               .consent_products = "shoes",
                               .sale_event = sale_event};
  if (md_engine_new(&s.engine, &options, &err)) fail_msg("engine: %s", err.text);
  shop_load(&s, NULL);
}

static const char *or_dash(const char *text) {
  return text ? text : "-";
}

static int add_consent(void *context, const md_consent *row) {
  size_t used = strlen(rows);
  (void)context;
  snprintf(rows + used, sizeof rows - used, "%s %s/%s %s %s %s %s\n", row->given ? "given" : "withdrawn", row->channel,
           row->purpose, or_dash(row->sender), or_dash(row->products), or_dash(row->text), or_dash(row->source));
  return 0;
}

static const char *consents(int64_t person) {
  rows[0] = '\0';
  assert_int_equal(md_consents_list(s.store, person, add_consent, NULL, NULL), 0);
  return rows;
}

static int add_sale(void *context, const md_sale *row) {
  size_t used = strlen(rows);
  (void)context;
  snprintf(rows + used, sizeof rows - used, "%s %s\n", row->order_id, row->products);
  return 0;
}

static const char *sales(int64_t person) {
  rows[0] = '\0';
  assert_int_equal(md_sales_list(s.store, person, add_sale, NULL, NULL), 0);
  return rows;
}

#define EMAIL "\"channel\":\"email\",\"purpose\":\"marketing\""

static void test_what_is_not_said_comes_from_the_configuration(void **state) {
  (void)state;
  restart(NULL);
  shop_event(&s, "consent.given", "ida", "{" EMAIL ",\"text\":\"Ja tak\",\"source\":\"checkout\"}");
  shop_event(&s, "consent.given", "ida", "{" EMAIL ",\"sender\":\"Vin ApS\",\"products\":[\"wine\",\"beer\",7]}");
  shop_event(&s, "consent.withdrawn", "ida", "{\"channel\":\"email\"}");
  shop_event(&s, "consent.withdrawn", "ida", "{\"products\":\"beer\"}");
  shop_event(&s, "consent.given", "ida", "{\"channel\":\"email\",\"sender\":\"x\"}"); // for which purpose?
  assert_string_equal(consents(1), "given email/marketing Sko ApS shoes Ja tak checkout\n"
                                   "given email/marketing Vin ApS wine - -\n"
                                   "given email/marketing Vin ApS beer - -\n"
                                   "withdrawn email/* * * - -\n"
                                   "withdrawn */* * beer - -\n");
}

static int add_incident(void *context, const md_incident *row) {
  size_t used = strlen(rows);
  (void)context;
  snprintf(rows + used, sizeof rows - used, "%s: %s\n", row->kind, row->detail);
  return 0;
}

// P7: what is wrong with it is said, with what may stand there; it counts as no consent, a withdrawal for all.
static void test_a_wrong_name_is_no_consent_and_no_silence(void **state) {
  (void)state;
  shop_event(&s, "consent.given", "ida", "{\"channel\":\"mail\",\"purpose\":\"marketing\"}");
  shop_event(&s, "consent.given", "ida", "{\"channel\":\"email\",\"purpose\":\"newsletter\"}");
  shop_event(&s, "consent.given", "ida", "{\"purpose\":\"marketing\"}");
  shop_event(&s, "consent.given", "ida", "{\"channel\":\"email\"}");
  shop_event(&s, "consent.given", "ida", "{}");
  assert_string_equal(consents(1), "");
  shop_event(&s, "consent.withdrawn", "ida", "{\"channel\":\"emial\",\"purpose\":\"marketing\"}");
  assert_string_equal(consents(1), "withdrawn */marketing * * - -\n");
  rows[0] = '\0';
  assert_int_equal(md_incidents_list(s.store, 10, add_incident, NULL, NULL), 0);
  assert_string_equal(
      rows,
      "consent_unknown: consent.withdrawn names the channel \"emial\", known are email, push, sms (did you mean "
      "\"email\"?): it counts for all of them\n"
      "consent_incomplete: consent.given names neither a channel nor a purpose: it is no consent\n"
      "consent_incomplete: consent.given names no purpose: it is no consent\n"
      "consent_incomplete: consent.given names no channel: it is no consent\n"
      "consent_unknown: consent.given names the purpose \"newsletter\", known are feedback, marketing, tracking: it "
      "is no consent\n"
      "consent_unknown: consent.given names the channel \"mail\", known are email, push, sms (did you mean "
      "\"email\"?): it is no consent\n");
}

#define SALE "\"email\":\"ida@kunde.example\",\"opt_out_offered\":true"

static void test_only_a_whole_sale_is_on_record(void **state) {
  (void)state;
  restart("order.placed");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o1\"," SALE "}");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o2\",\"products\":[\"wine\",\"beer\"]," SALE "}");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o3\",\"email\":\"ida@kunde.example\"}");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o4\",\"email\":\"ida@kunde.example\",\"opt_out_offered\":1}");
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o5\",\"opt_out_offered\":true}");
  shop_event(&s, "order.placed", "ida", "{" SALE "}");
  assert_string_equal(sales(1), "o1 shoes\no2 wine\no2 beer\n");
  restart(NULL); // off by default
  shop_event(&s, "order.placed", "ida", "{\"order_id\":\"o6\"," SALE "}");
  assert_string_equal(sales(1), "o1 shoes\no2 wine\no2 beer\n");
}

// --- unsubscribe ---

static md_unsubscribe target;

static int unsubscribe_act(md_submission *submission, md_engine *engine, md_error *err) {
  (void)submission;
  return md_engine_unsubscribe(engine, &target, err);
}

static int count_row(void *context, const md_suppression *row) {
  (void)row;
  ++*(int *)context;
  return 0;
}

static int suppressions(int64_t person) {
  int count = 0;
  assert_int_equal(md_suppressions_list(s.store, person, count_row, &count, NULL), 0);
  return count;
}

static void click_twice(void) {
  md_submission twice[2];
  for (int i = 0; i < 2; i++) { // both in one batch
    twice[i] = (md_submission){.act = unsubscribe_act, .done = shop_done, .context = &s};
    assert_true(md_queue_push(md_engine_inbox(s.engine), &twice[i].node));
  }
  shop_settle(&s);
  assert_int_equal(twice[0].code, 0);
  assert_int_equal(twice[1].code, 0);
}

static void test_unsubscribing_is_done_once_for_each_consent(void **state) {
  (void)state;
  shop_load(&s, "m/moment.lua",
            "return require 'moment'.define { class = 'service', on = 'consent.withdrawn',"
            " run = function(m, event) return event.data.source .. ' ' .. event.data.purpose end }",
            NULL);
  assert_string_equal(s.problems, "");
  shop_event(&s, "consent.given", "ida", "{" EMAIL ",\"source\":\"checkout\"}");
  target = (md_unsubscribe){.person = 1, .purpose = "marketing", .locale = "da", .address = {1, 2, 3}};
  click_twice();
  click_twice();
  assert_int_equal(suppressions(1), 1);
  const char *first = "given email/marketing shop all - checkout\n"
                      "withdrawn email/marketing * * - unsubscribe\n";
  assert_string_equal(consents(1), first);
  shop_event(&s, "consent.given", "ida", "{" EMAIL "}");
  click_twice();
  assert_int_equal(suppressions(1), 2);
  shop_runs runs = {.arena = s.arena};
  assert_int_equal(md_runs_list(s.store, &(md_run_filter){0}, shop_collect, &runs, NULL), 0);
  assert_int_equal(runs.count, 2); // runs see it like any other event
  assert_string_equal(runs.list[0].outcome, "unsubscribe marketing");
}

static void test_who_is_gone_stays_suppressed(void **state) {
  md_suppression found;
  md_suppression_query query = {"email", "marketing", 0};
  (void)state;
  target = (md_unsubscribe){.person = 77, .purpose = "marketing", .locale = "da", .address = {9}};
  click_twice();
  assert_int_equal(md_suppressions_of_address(s.store, target.address, &query, s.arena, &found, NULL), 0);
  assert_int_equal(found.person, 0);
}

// --- unless ---

static bool seen(const md_run *run, const char *type, md_micros since) {
  bool answer = false;
  md_error err = {0};
  if (md_engine_seen_since(s.engine, run, type, since, &answer, &err)) fail_msg("%s", err.text);
  return answer;
}

static void test_unless_looks_at_the_events_own_time(void **state) {
  md_event late;
  (void)state;
  shop_load(&s, "m/moment.lua",
            "return require 'moment'.define { class = 'service', on = 'go',"
            " run = function(m) m:sleep('30d') end }",
            NULL);
  shop_event(&s, "go", "ida", "{}");
  md_run whole;
  const md_run *run = &whole;
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &whole, NULL), 0);
  assert_false(seen(run, "go", 0)); // its own trigger
  assert_false(seen(run, "order.*", 0));
  shop_event(&s, "order.placed", "bo", "{}"); // somebody else
  assert_false(seen(run, "order.*", 0));
  shop_prepare(&s, &late, "order.placed", "ida", "{}", NULL); // came now, happened a week ago
  late.time = s.clock.at - 7 * MD_DAY;
  late.flags = MD_EVENT_HAS_TIME;
  shop_take(&s, &late);
  assert_false(seen(run, "order.placed", s.clock.at - MD_DAY));
  assert_true(seen(run, "order.placed", s.clock.at - 7 * MD_DAY));
  assert_true(seen(run, "order.*", s.clock.at - 7 * MD_DAY));
  shop_advance(&s, MD_HOUR);
  shop_event(&s, "order.placed", "ida", "{}");
  assert_true(seen(run, "order.placed", s.clock.at));
  shop_advance(&s, MD_HOUR);
  assert_false(seen(run, "order.placed", s.clock.at - MD_MINUTE));
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(test_what_is_not_said_comes_from_the_configuration),
      T(test_a_wrong_name_is_no_consent_and_no_silence),
      T(test_only_a_whole_sale_is_on_record),
      T(test_unsubscribing_is_done_once_for_each_consent),
      T(test_who_is_gone_stays_suppressed),
      T(test_unless_looks_at_the_events_own_time),
  };
  md_json_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
