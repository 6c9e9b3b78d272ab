// SPDX-License-Identifier: Apache-2.0
// Joins and their undoing (P3): what two persons had, read together, and apart again as before.
#include "engine/state.h"
#include "shop.h"

static const char plan[] =
    "local p = require 'plan'\n"
    "return p.define { person = { strong = { 'subject', 'data.email' }, weak = { 'data.anon' } } }\n";

static const char script[] = "local moment = require 'moment'\n"
                             "return moment.define { class = 'service', on = 'start', again = '%s',\n"
                             "  run = function(m, event)\n%s\nend }\n";

static shop s;

static void open_with(const char *again, const char *body) {
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", md_arena_printf(s.arena, script, again, body), NULL);
  assert_string_equal(s.problems, "");
}

static int64_t canonical(int64_t person) {
  int64_t out = 0;
  assert_int_equal(md_people_canonical(s.store, person, &out, NULL), 0);
  return out;
}

static int join_act(md_submission *submission, md_engine *engine, md_error *err) {
  int64_t out = 0;
  return md_engine_join_people(engine, submission->count / 1000, submission->count % 1000, &out, err);
}

static int split_act(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_split_person(engine, submission->count, err);
}

static int join(int64_t a, int64_t b) {
  return shop_act(&s, join_act, (int)(1000 * a + b));
}

static int split(int64_t row) {
  return shop_act(&s, split_act, (int)row);
}

static int64_t person(const char *subject, const char *email) {
  md_event event;
  shop_prepare(&s, &event, "seen", subject, email ? md_arena_printf(s.arena, "{\"email\":\"%s\"}", email) : NULL, NULL);
  shop_take(&s, &event);
  return event.person;
}

static const char *profile_of(int64_t who) {
  json_t *profile = NULL;
  md_buffer text;
  md_error err = {0};
  md_buffer_init(&text);
  if (md_profile_read(s.engine, canonical(who), &profile, &err)) fail_msg("%s", err.text);
  md_json_write(&text, profile);
  const char *copy = md_arena_strdup(s.arena, text.data);
  md_buffer_deinit(&text);
  return copy;
}

static void consent(const char *type, const char *subject, md_micros at) {
  md_event event;
  shop_prepare(&s, &event, type, subject, "{\"channel\":\"email\",\"purpose\":\"marketing\"}", NULL);
  event.time = at;
  event.flags = MD_EVENT_HAS_TIME;
  shop_take(&s, &event);
}

// Whichever of the two is the older row: what was said last counts.
static void test_P3_consent_of_both_sides(void **state) {
  (void)state;
  static const struct {
    const char *first, *second;
    bool given;
  } cases[] = {{"consent.given", "consent.withdrawn", false}, {"consent.withdrawn", "consent.given", true}};
  for (int older = 0; older < 2; older++)
    for (int c = 0; c < 2; c++) {
      open_with("skip", "return 'x'");
      int64_t a = person("a", NULL), b = person(NULL, "b@x.dk");
      const char *sides[2] = {"a", NULL};
      for (int i = 0; i < 2; i++) {
        md_event event;
        shop_prepare(&s, &event, i ? cases[c].second : cases[c].first, sides[(i + older) % 2],
                     sides[(i + older) % 2] ? "{\"channel\":\"email\",\"purpose\":\"marketing\"}"
                                            : "{\"channel\":\"email\",\"purpose\":\"marketing\",\"email\":\"b@x.dk\"}",
                     NULL);
        event.time = SHOP_START - (10 - i) * MD_HOUR;
        event.flags = MD_EVENT_HAS_TIME;
        shop_take(&s, &event);
      }
      const char *mine = profile_of(a), *theirs = profile_of(b);
      assert_int_equal(join(a, b), 0);
      assert_int_equal(strstr(profile_of(a), "email/marketing") != NULL, cases[c].given);
      assert_string_equal(profile_of(a), profile_of(b));
      assert_int_equal(split(b), 0);
      assert_string_equal(profile_of(a), mine);
      assert_string_equal(profile_of(b), theirs);
      shop_close(&s);
    }
}

// An event that both wait for was there before they were one.
static void test_P3_open_waits_see_both_sides(void **state) {
  (void)state;
  open_with("skip", "local e = m:wait_for('bought', { within = '10d' })\nreturn e and e.data.email or 'none'");
  int64_t b = person(NULL, "b@x.dk");
  shop_event(&s, "start", "a", NULL);
  shop_event(&s, "bought", NULL, "{\"email\":\"b@x.dk\"}");
  assert_string_equal(shop_outcome(&s), "waiting");
  int64_t a = person("a", NULL);
  assert_int_equal(join(a, b), 0);
  assert_string_equal(shop_outcome(&s), "b@x.dk");
  shop_close(&s);
}

// The same by an event that carries both identities; one before the trigger is no answer.
static void test_P3_an_event_joins_and_offers(void **state) {
  (void)state;
  open_with("skip", "local e = m:wait_for('bought', { within = '10d' })\nreturn e and e.data.n or 'none'");
  shop_event(&s, "bought", NULL, "{\"email\":\"b@x.dk\",\"n\":\"early\"}");
  shop_event(&s, "start", "a", NULL);
  shop_event(&s, "bought", NULL, "{\"email\":\"b@x.dk\",\"n\":\"first\"}");
  shop_event(&s, "bought", NULL, "{\"email\":\"b@x.dk\",\"n\":\"second\"}");
  shop_event(&s, "seen", "a", "{\"email\":\"b@x.dk\"}");
  assert_string_equal(shop_outcome(&s), "first");
  shop_close(&s);
}

static void test_P3_two_runs_go_on_and_the_newer_holds(void **state) {
  (void)state;
  open_with("restart", "m:sleep('1d')\nreturn 'slept'");
  shop_event(&s, "start", NULL, "{\"email\":\"b@x.dk\"}");
  shop_event(&s, "start", "a", NULL);
  shop_event(&s, "seen", "a", "{\"email\":\"b@x.dk\"}");
  shop_runs all = shop_all_runs(&s);
  assert_int_equal(all.count, 2);
  assert_int_equal(all.list[0].state, MD_RUN_WAITING);
  assert_int_equal(all.list[1].state, MD_RUN_WAITING);
  shop_event(&s, "start", NULL, "{\"email\":\"b@x.dk\"}"); // restarts the holder
  all = shop_all_runs(&s);
  assert_int_equal(all.count, 3);
  assert_int_equal(all.list[0].state, MD_RUN_WAITING);
  assert_int_equal(all.list[1].state, MD_RUN_CANCELLED);
  assert_int_equal(all.list[2].state, MD_RUN_WAITING);
  shop_advance(&s, 2 * MD_DAY);
  all = shop_all_runs(&s);
  assert_string_equal(all.list[0].outcome, "slept");
  assert_string_equal(all.list[2].outcome, "slept");
  shop_close(&s);
}

static void test_P3_skip_sees_the_other_sides_run(void **state) {
  (void)state;
  open_with("skip", "m:sleep('1d')\nreturn 'slept'");
  shop_event(&s, "start", NULL, "{\"email\":\"b@x.dk\"}");
  int64_t a = person("a", NULL), b = person(NULL, "b@x.dk");
  assert_int_equal(join(a, b), 0);
  int64_t seq = shop_event(&s, "start", "a", NULL);
  assert_string_equal(shop_unmatched(&s, seq), "again");
  assert_int_equal(split(a), 0); // the newer row
  shop_event(&s, "start", "a", NULL);
  assert_int_equal(shop_all_runs(&s).count, 2);
  shop_close(&s);
}

static void test_P3_values_the_newest_write_wins(void **state) {
  (void)state;
  open_with("parallel", "local d = event.data\nif d.set then m:set('k', d.set) end\nif d.del then m:set('k', nil) end\n"
                        "return tostring(m:get('k'))");
  shop_event(&s, "start", "a", "{\"set\":\"old\"}");
  shop_advance(&s, MD_MINUTE);
  shop_event(&s, "start", NULL, "{\"email\":\"b@x.dk\",\"set\":\"new\"}");
  int64_t a = person("a", NULL), b = person(NULL, "b@x.dk");
  assert_int_equal(join(a, b), 0);
  shop_event(&s, "start", "a", "{}");
  assert_string_equal(shop_outcome(&s), "new");
  assert_int_equal(split(b), 0);
  shop_event(&s, "start", "a", "{}");
  assert_string_equal(shop_outcome(&s), "old"); // both were kept
  assert_int_equal(join(a, b), 0);
  shop_advance(&s, MD_MINUTE);
  shop_event(&s, "start", "a", "{\"del\":true}");
  assert_string_equal(shop_outcome(&s), "nil"); // no older value comes back
  shop_event(&s, "start", NULL, "{\"email\":\"b@x.dk\"}");
  assert_string_equal(shop_outcome(&s), "nil");
  shop_close(&s);
}

static void test_P2_two_people_are_not_joined(void **state) {
  (void)state;
  open_with("skip", "return 'x'");
  int64_t a = person("a", NULL), b = person("b", NULL), c = person(NULL, "c@x.dk");
  assert_int_equal(join(a, b), MD_ECONFLICT);
  assert_int_equal(join(a, a), MD_ECONFLICT);
  assert_int_equal(join(a, 99), MD_ENOTFOUND);
  assert_int_equal(split(a), MD_ECONFLICT);
  assert_int_equal(join(b, c), 0);
  assert_int_equal(join(a, c), MD_ECONFLICT); // c is b now
  assert_int_equal(split(c), 0);
  assert_int_equal(join(a, c), 0);
  assert_int_equal(canonical(c), a);
  shop_close(&s);
}

static unsigned seed = 11;

static int pick(int count) {
  seed = seed * 1103515245 + 12345;
  return (int)(seed >> 16 & 0x7fff) % count;
}

enum { PEOPLE = 3, SIGHTINGS = 9, ORDERS = 400 };

// Each person is seen with some of their identities, once with all: in whatever order, they are found.
static void test_P2_the_order_does_not_matter(void **state) {
  (void)state;
  open_with("skip", "return 'x'");
  for (int h = 0; h < ORDERS; h++) {
    int who[SIGHTINGS], with[SIGHTINGS];
    int64_t seen[SIGHTINGS];
    for (int i = 0; i < SIGHTINGS; i++) {
      who[i] = i % PEOPLE;
      with[i] = i < PEOPLE ? 7 : 1 + pick(7); // bits: subject, e-mail, weak
    }
    for (int i = SIGHTINGS - 1; i > 0; i--) {
      int k = pick(i + 1), w = who[i], x = with[i];
      who[i] = who[k], with[i] = with[k], who[k] = w, with[k] = x;
    }
    for (int i = 0; i < SIGHTINGS; i++) {
      md_event event;
      md_buffer data;
      md_buffer_init(&data);
      md_buffer_printf(&data, "{\"n\":1");
      if (with[i] & 2) md_buffer_printf(&data, ",\"email\":\"h%d-%d@x.dk\"", h, who[i]);
      if (with[i] & 4) md_buffer_printf(&data, ",\"anon\":\"h%d-%d\"", h, who[i]);
      md_buffer_puts(&data, "}");
      shop_prepare(&s, &event, "seen", with[i] & 1 ? md_arena_printf(s.arena, "h%d-%d", h, who[i]) : NULL, data.data,
                   NULL);
      shop_take(&s, &event);
      seen[i] = event.person;
      md_buffer_deinit(&data);
    }
    for (int i = 0; i < SIGHTINGS; i++)
      for (int k = 0; k < i; k++)
        assert_int_equal(who[i] == who[k], canonical(seen[i]) == canonical(seen[k]));
    md_arena_reset(s.arena);
  }
  shop_close(&s);
}

static int count_message(void *context, const md_message_time *row) {
  (void)row;
  ++*(int64_t *)context;
  return 0;
}

// All that can be seen of everybody: runs, consent, values, how many messages are theirs.
static const char *everything(const int64_t *people, int count) {
  md_buffer text;
  md_buffer_init(&text);
  shop_runs all = shop_all_runs(&s);
  for (int i = 0; i < all.count; i++) {
    md_run run;
    assert_int_equal(md_runs_get(s.store, all.list[i].id, s.arena, &run, NULL), 0);
    md_buffer_printf(&text, "run %d person %d about %s state %d steps %d due %lld %s\n", (int)run.id, (int)run.person,
                     run.about.value, (int)run.state, run.steps, (long long)run.due_at, run.outcome ? run.outcome : "");
  }
  for (int i = 0; i < count; i++) {
    int64_t limit = 0;
    md_members rows = {0};
    md_value value = {0};
    const md_message_span span = {
        .person = people[i], .moment = "m", .until = INT64_MAX, .now = s.clock.at, .reserved = true};
    md_messages_times(s.store, &span, count_message, &limit, NULL);
    md_values_get(s.store, "m", 1, people[i], "k", s.arena, &value, NULL);
    md_people_rows(s.store, people[i], s.arena, &rows, NULL);
    md_buffer_printf(&text, "person %d is %d of %d: %s, %d messaged, k = %s\n", (int)people[i],
                     (int)canonical(people[i]), rows.count, profile_of(people[i]), (int)limit,
                     value.json ? value.json : "none");
  }
  const char *copy = md_arena_strdup(s.arena, text.data);
  md_buffer_deinit(&text);
  return copy;
}

enum { ROUNDS = 150, CROWD = 5 };

// Random histories of people who are apart; some are joined and taken apart again, in whatever order.
static void test_P3_undoing_gives_back_what_was(void **state) {
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    int64_t people[CROWD];
    open_with("parallel", "m:set('k', event.data.n)\nm:send { template = 'x' }\n"
                          "local e = m:wait_for('never.' .. event.data.n, { within = '5d' })\nreturn 'x'");
    people[0] = person("a", NULL);
    for (int i = 1; i < CROWD; i++)
      people[i] = person(NULL, md_arena_printf(s.arena, "p%d@x.dk", i));
    for (int i = 0; i < 12; i++) {
      static const char *const types[] = {"start", "consent.given", "consent.withdrawn", "profile.updated"};
      int who = pick(CROWD);
      const char *data =
          md_arena_printf(s.arena, "{\"n\":%d,\"channel\":\"email\",\"purpose\":\"marketing\",\"trait\":%d%s}", pick(3),
                          pick(9), who ? md_arena_printf(s.arena, ",\"email\":\"p%d@x.dk\"", who) : "");
      shop_event(&s, types[pick(4)], who ? NULL : "a", data);
      shop_advance(&s, pick(3) * MD_HOUR);
    }
    const char *before = everything(people, CROWD);
    int joined[CROWD] = {0}, count = 0;
    for (int i = 0; i < 4; i++) {
      int a = pick(CROWD), b = pick(CROWD);
      int64_t first = canonical(people[a]), second = canonical(people[b]);
      if (first == second) continue;
      assert_int_equal(join(people[a], people[b]), 0);
      joined[count++] = (int)(canonical(first) == first ? second : first);
    }
    for (int i = count - 1; i > 0; i--) {
      int k = pick(i + 1), swap = joined[i];
      joined[i] = joined[k], joined[k] = swap;
    }
    for (int i = 0; i < count; i++)
      assert_int_equal(split(joined[i]), 0);
    assert_string_equal(everything(people, CROWD), before);
    shop_close(&s);
  }
}

static const char *weak(const char *more, int64_t k) {
  return md_arena_printf(s.arena, "{\"anon\":\"w%d\"%s}", (int)k, more);
}

static const char marketing[] = ",\"channel\":\"email\",\"purpose\":\"marketing\"";

static int weak_rows_act(md_submission *submission, md_engine *engine, md_error *err) {
  int rc = 0;
  for (int k = 0; rc == 0 && k < submission->count; k++) {
    const md_identity identity = {"data.anon", md_arena_printf(s.arena, "w%d", k), false};
    int64_t id = 0;
    rc = md_people_insert(engine->store, &identity, 1, engine->now, &id, err);
  }
  return rc;
}

static int64_t row_of(const char *kind, const char *value) {
  int64_t row = 0;
  assert_int_equal(md_people_find(s.store, kind, value, &row, NULL), 0);
  return row;
}

static int64_t row_of_weak(int k) {
  return row_of("data.anon", md_arena_printf(s.arena, "w%d", k));
}

// Steps from a row to its canonical one.
static int depth_of(int64_t row) {
  md_person person;
  int depth = 0;
  for (;; depth++) {
    assert_int_equal(md_people_get(s.store, row, s.arena, &person, NULL), 0);
    if (person.alias_of == 0) return depth;
    row = person.alias_of;
  }
}

enum { CHAIN = 1500, MARKED = 900 };

// One chain of all rows, each an alias of the next older one (or newer): the longest that joins can have left.
static int chain_act(md_submission *submission, md_engine *engine, md_error *err) {
  int64_t first = row_of_weak(0), last = first + CHAIN - 1, customer = row_of("subject", "S");
  bool older = submission->count == 1;
  int rc = 0;
  for (int64_t i = 1; rc == 0 && i < CHAIN; i++) {
    int64_t row = older ? last - i + 1 : first + i - 1;
    rc = md_people_alias(engine->store, row, older ? row - 1 : row + 1, 1, engine->now, err);
  }
  return rc ? rc : md_people_alias(engine->store, older ? first : last, customer, 1, engine->now, err);
}

static void test_P3_a_person_of_1500_rows(void **state) {
  (void)state;
  for (int order = 0; order < 2; order++) {
    open_with("skip", "local e = m:wait_for('bought', { within = '10d' })\nreturn e and e.data.n or 'none'");
    int64_t customer = person("S", NULL);
    consent("consent.given", "S", SHOP_START - MD_HOUR);
    assert_int_equal(shop_act(&s, weak_rows_act, CHAIN), 0);
    shop_event(&s, "consent.withdrawn", NULL, weak(marketing, MARKED));
    shop_event(&s, "start", NULL, weak("", MARKED - 1));
    assert_string_equal(shop_outcome(&s), "waiting");
    assert_non_null(strstr(profile_of(customer), "email/marketing"));
    assert_int_equal(shop_act(&s, chain_act, order), 0);
    for (int k = 0; k < CHAIN; k += 100)
      assert_int_equal(canonical(row_of_weak(k)), customer);
    assert_null(strstr(profile_of(customer), "email/marketing"));
    shop_event(&s, "bought", "S", "{\"n\":\"by S\"}");
    assert_int_equal(s.status, MD_EVENT_ACCEPTED);
    assert_string_equal(shop_outcome(&s), "by S");
    shop_event(&s, "bought", NULL, weak("", order ? CHAIN - 1 : 0)); // from the far end of the chain
    assert_int_equal(s.status, MD_EVENT_ACCEPTED);
    shop_close(&s);
  }
}

enum { DEVICES = 300 };

// Devices seen with a customer one by one, in either order: what the last of them said counts, and ways stay short.
static void test_P3_many_devices_join_one_by_one(void **state) {
  (void)state;
  for (int order = 0; order < 2; order++) {
    open_with("skip", "local e = m:wait_for('bought', { within = '10d' })\nreturn e and e.data.n or 'none'");
    assert_int_equal(shop_act(&s, weak_rows_act, DEVICES), 0);
    int64_t customer = person("S", NULL);
    consent("consent.given", "S", SHOP_START - MD_HOUR);
    shop_event(&s, "consent.withdrawn", NULL, weak(marketing, order ? 0 : DEVICES - 1));
    shop_event(&s, "start", NULL, weak("", order ? 1 : DEVICES - 2));
    for (int k = 0; k < DEVICES; k++) {
      shop_event(&s, "seen", "S", weak("", order ? DEVICES - 1 - k : k));
      assert_int_equal(s.status, MD_EVENT_ACCEPTED);
    }
    for (int k = 0; k < DEVICES; k++) {
      assert_int_equal(canonical(row_of_weak(k)), canonical(customer));
      assert_in_range(depth_of(row_of_weak(k)), 0, 2);
    }
    assert_null(strstr(profile_of(customer), "email/marketing"));
    shop_event(&s, "bought", "S", "{\"n\":\"by S\"}");
    assert_string_equal(shop_outcome(&s), "by S");
    shop_close(&s);
  }
}

// A consent given on one side after the other's withdrawal, by events that carry it: see also consent in message/.
static void test_P3_a_later_consent_counts(void **state) {
  (void)state;
  open_with("skip", "return 'x'");
  int64_t a = person("a", NULL), b = person("b", NULL);
  consent("consent.withdrawn", "a", SHOP_START - 2 * MD_HOUR);
  consent("consent.given", "a", SHOP_START - MD_HOUR);
  consent("consent.given", "b", SHOP_START - 3 * MD_HOUR);
  consent("consent.withdrawn", "b", SHOP_START - 3 * MD_HOUR); // at the same time: the withdrawal counts
  assert_non_null(strstr(profile_of(a), "email/marketing"));
  assert_null(strstr(profile_of(b), "email/marketing"));
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_P3_consent_of_both_sides),
      cmocka_unit_test(test_P3_a_later_consent_counts),
      cmocka_unit_test(test_P3_open_waits_see_both_sides),
      cmocka_unit_test(test_P3_an_event_joins_and_offers),
      cmocka_unit_test(test_P3_two_runs_go_on_and_the_newer_holds),
      cmocka_unit_test(test_P3_skip_sees_the_other_sides_run),
      cmocka_unit_test(test_P3_values_the_newest_write_wins),
      cmocka_unit_test(test_P2_two_people_are_not_joined),
      cmocka_unit_test(test_P2_the_order_does_not_matter),
      cmocka_unit_test(test_P3_undoing_gives_back_what_was),
      cmocka_unit_test(test_P3_a_person_of_1500_rows),
      cmocka_unit_test(test_P3_many_devices_join_one_by_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
