// SPDX-License-Identifier: Apache-2.0
// T3: `again = "queue"` against an obvious model, over random histories: first in first out, one at a time, max_age at
// the start, 100 a key.
// ctest: tsan=no
#include "shop.h"

// Events come at whole minutes; the ends of runs do not, so that nothing is a tie (ties are the other model's).
enum { EVENTS = 12, PEOPLE = 2, HISTORIES = 400, WORK = 307, MAX_AGE = 545 }; // seconds

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

// A run works five minutes and seven seconds, or less where a `b` comes in time. What it took is in its outcome.
static const char script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = 'a', again = 'queue', max_age = 545, run = function(m, event)\n"
    "  local b = m:wait_for('b', { within = 307, since = 'now' })\n"
    "  return event.data.n .. (b and ' by ' .. b.data.n or ' by itself')\n"
    "end }\n";

typedef struct happening {
  char type;
  int person, at; // seconds
} happening;

static unsigned seed = 7;

static int chance(int below) {
  seed = seed * 1103515245 + 12345;
  return (int)(seed >> 16 & 0x7fff) % below;
}

static void make_history(happening *all) {
  int at = 0;
  for (int i = 0; i < EVENTS; i++) {
    at += 60 * (1 + chance(4));
    all[i] = (happening){"aaab"[chance(4)], chance(PEOPLE), at};
  }
}

// The model: one after the other for each person, each from the end of the one before.
static void play(const happening *all, int person, char words[EVENTS][32]) {
  int free_at = 0;
  for (int i = 0; i < EVENTS; i++) {
    words[i][0] = '\0';
    if (all[i].type != 'a' || all[i].person != person) continue;
    int start = all[i].at > free_at ? all[i].at : free_at, end = start + WORK, by = -1;
    if (start - all[i].at > MAX_AGE) {
      strcpy(words[i], "max_age");
      continue;
    }
    for (int k = 0; k < EVENTS && by < 0; k++)
      if (all[k].type == 'b' && all[k].person == person && all[k].at > start && all[k].at <= end) by = k;
    if (by >= 0)
      snprintf(words[i], 32, "%d by %d", i, by);
    else
      snprintf(words[i], 32, "%d by itself", i);
    free_at = by >= 0 ? all[by].at : end;
  }
}

static void feed(shop *s, const happening *all, int history) {
  md_micros start = s->clock.at;
  for (int i = 0; i < EVENTS; i++) {
    char type[2] = {all[i].type, '\0'};
    shop_advance(s, start + all[i].at * MD_SECOND - s->clock.at);
    shop_event(s, md_arena_strdup(s->arena, type), md_arena_printf(s->arena, "p%d-%d", history, all[i].person),
               md_arena_printf(s->arena, "{\"n\":%d}", i));
  }
  shop_advance(s, 3 * MD_HOUR);
}

static int compare(shop *s, const happening *all) {
  char words[PEOPLE][EVENTS][32];
  int count = 0, at = 0;
  for (int person = 0; person < PEOPLE; person++)
    play(all, person, words[person]);
  for (int i = 0; i < EVENTS; i++)
    count += all[i].type == 'a';
  shop_runs seen = {.arena = s->arena};
  if (count) md_runs_list(s->store, &(md_run_filter){.limit = count}, shop_collect, &seen, NULL);
  assert_int_equal(seen.count, count);
  for (int i = 0; i < EVENTS; i++) {
    if (all[i].type != 'a') continue;
    const md_run *run = &seen.list[count - 1 - at++];
    const char *got = run->outcome ? run->outcome : run->reason ? run->reason : md_run_state_name(run->state);
    if (strcmp(got, words[all[i].person][i]) == 0) continue;
    for (int k = 0; k < EVENTS; k++)
      print_message("  %d: %c person %d at %d\n", k, all[k].type, all[k].person, all[k].at);
    fail_msg("trigger %d: the model says \"%s\", the engine \"%s\"", i, words[all[i].person][i], got);
  }
  return count;
}

static void test_queue(void **state) {
  (void)state;
  shop s;
  int runs = 0, histories = 0;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", script, NULL);
  assert_string_equal(s.problems, "");
  while (histories < HISTORIES) {
    happening all[EVENTS];
    make_history(all);
    s.clock.at += MD_MINUTE;
    feed(&s, all, histories++);
    runs += compare(&s, all);
    md_arena_reset(s.arena);
  }
  assert_true(runs > HISTORIES * 4);
  shop_close(&s);
}

// T3: the 101st that waits for its key starts nothing; another key is not concerned.
static void test_a_hundred_a_key(void **state) {
  (void)state;
  shop s;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, "m/moment.lua", script, NULL);
  for (int i = 0; i < 101; i++)
    assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"n\":1}")), "");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "ida", "{\"n\":1}")), "again");
  assert_string_equal(shop_unmatched(&s, shop_event(&s, "a", "bo", "{\"n\":1}")), "");
  assert_int_equal(md_store_count(s.store, "runs", NULL), 102);
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_queue), cmocka_unit_test(test_a_hundred_a_key)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
