// SPDX-License-Identifier: Apache-2.0
// Waits, early events, ties, consumption and `again` (W1–W3, T3, B1): the engine against an obvious model, over
// thousands of random histories. The model knows the whole history at once and answers each wait by its definition.
#include "shop.h"

enum { EVENTS = 14, PEOPLE = 2, HISTORIES = 1000 };

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

static const char script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = 'a', again = '%s', max_age = '400d', run = function(m, event)\n"
    "  local got = {}\n"
    "  local function note(e) got[#got + 1] = e and e.data.n or '-' end\n"
    "  note(m:wait_for({ 'b', 'c' }, { within = '5m' }))\n"
    "  m:sleep('2m')\n"
    "  note(m:wait_for({ 'a', 'b' }, { within = '4m' }))\n"
    "  return event.data.n .. ': ' .. table.concat(got, ' ')\n"
    "end }\n";

typedef struct happening {
  char type; // a, b or c
  int person;
  int at; // minutes
} happening;

// One run of the model.
typedef struct model_run {
  int trigger; // index of its event
  char outcome[64];
  bool by_timer; // how it ended
  int ended_at;  // minutes
  int ended_by;  // index of the event that ended it
  bool cancelled;
} model_run;

static int find(const happening *all, const bool *consumed, const model_run *run, const char *types, int deadline) {
  for (int i = run->trigger + 1; i < EVENTS; i++)
    if (!consumed[i] && all[i].person == all[run->trigger].person && all[i].at <= deadline &&
        strchr(types, all[i].type))
      return i;
  return -1;
}

// Plays a run by definition, as if nothing cancelled it.
static void play(const happening *all, model_run *run) {
  bool consumed[EVENTS] = {false};
  static const struct {
    const char *types;
    int within;
  } waits[] = {{"bc", 5}, {"", 2}, {"ab", 4}};
  int now = all[run->trigger].at;
  int len = snprintf(run->outcome, sizeof run->outcome, "%d:", run->trigger);
  for (int w = 0; w < 3; w++) {
    int deadline = now + waits[w].within;
    int answer = find(all, consumed, run, waits[w].types, deadline);
    if (answer >= 0) {
      consumed[answer] = true;
      bool early = all[answer].at < now || (all[answer].at == now && (run->by_timer || answer < run->ended_by));
      if (!early) {
        now = all[answer].at;
        run->ended_by = answer;
        run->by_timer = false;
      }
    } else {
      now = deadline;
      run->by_timer = true;
    }
    if (waits[w].types[0] && answer >= 0)
      len += snprintf(run->outcome + len, sizeof run->outcome - (size_t)len, " %d", answer);
    else if (waits[w].types[0])
      len += snprintf(run->outcome + len, sizeof run->outcome - (size_t)len, " -");
  }
  run->ended_at = now;
}

// Whether the run still lives when event `i` is looked at: timers due at an instant fire after its events.
static bool lives(const happening *all, const model_run *run, int i) {
  if (run->cancelled) return false;
  if (run->by_timer) return run->ended_at >= all[i].at;
  return run->ended_by >= i;
}

static int model(const happening *all, md_again again, model_run *runs) {
  int count = 0;
  int last[PEOPLE] = {-1, -1};
  for (int i = 0; i < EVENTS; i++) {
    if (all[i].type != 'a') continue;
    int before = last[all[i].person];
    bool busy = before >= 0 && lives(all, &runs[before], i);
    if (again == MD_AGAIN_SKIP && busy) continue;
    if (again == MD_AGAIN_RESTART && busy) runs[before].cancelled = true;
    runs[count] = (model_run){.trigger = i, .ended_by = i};
    play(all, &runs[count]);
    last[all[i].person] = count++;
  }
  return count;
}

static unsigned seed = 1;

static int chance(int below) {
  seed = seed * 1103515245 + 12345;
  return (int)(seed >> 16 & 0x7fff) % below;
}

static void make_history(happening *all) {
  int at = 0;
  for (int i = 0; i < EVENTS; i++) {
    at += chance(3) == 0 ? 0 : chance(4);
    all[i] = (happening){"aabbcc"[chance(6)], chance(PEOPLE), at};
  }
}

// All events of one instant are one batch, as virtual time takes them.
static void feed(shop *s, const happening *all, int history) {
  md_micros start = s->clock.at;
  md_event events[EVENTS];
  md_event_status statuses[EVENTS];
  for (int i = 0; i < EVENTS;) {
    shop_advance(s, start + all[i].at * MD_MINUTE - 1 - s->clock.at);
    s->clock.at++;
    int from = i;
    for (; i < EVENTS && all[i].at == all[from].at; i++)
      shop_prepare(s, &events[i], md_arena_printf(s->arena, "%c", all[i].type),
                   md_arena_printf(s->arena, "p%d-%d", history, all[i].person),
                   md_arena_printf(s->arena, "{\"n\":%d}", i), NULL);
    md_submission submission = {
        .events = events + from, .statuses = statuses + from, .count = i - from, .done = shop_done, .context = s};
    assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
    shop_settle(s);
  }
  shop_advance(s, MD_HOUR);
}

static void complain(const happening *all, const char *expected, const char *seen) {
  for (int i = 0; i < EVENTS; i++)
    print_message("  %d: %c person %d at %d\n", i, all[i].type, all[i].person, all[i].at);
  fail_msg("the model says \"%s\", the engine \"%s\"", expected, seen);
}

static void compare(shop *s, const happening *all, md_again again) {
  model_run runs[EVENTS];
  int count = model(all, again, runs);
  shop_runs seen = {.arena = s->arena};
  md_runs_list(s->store, &(md_run_filter){.limit = count + 1}, shop_collect, &seen, NULL);
  for (int i = 0; i < count; i++) {
    const md_run *run = &seen.list[count - 1 - i];
    const char *expected = runs[i].cancelled ? "restarted" : runs[i].outcome;
    const char *got = run->outcome ? run->outcome : run->reason ? run->reason : md_run_state_name(run->state);
    if (strcmp(expected, got) != 0) complain(all, expected, got);
  }
}

static void run_model(const char *word, md_again again) {
  shop s;
  char text[2000];
  shop_open(&s);
  snprintf(text, sizeof text, script, word);
  shop_load(&s, "events.lua", plan, "m/moment.lua", text, NULL);
  assert_string_equal(s.problems, "");
  for (int i = 0; i < HISTORIES; i++) {
    happening all[EVENTS];
    make_history(all);
    s.clock.at += MD_MINUTE;
    feed(&s, all, i);
    compare(&s, all, again);
    md_arena_reset(s.arena);
  }
  shop_close(&s);
}

static void test_skip(void **state) {
  (void)state;
  run_model("skip", MD_AGAIN_SKIP);
}

static void test_restart(void **state) {
  (void)state;
  run_model("restart", MD_AGAIN_RESTART);
}

static void test_parallel(void **state) {
  (void)state;
  run_model("parallel", MD_AGAIN_PARALLEL);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_skip), cmocka_unit_test(test_restart),
                                     cmocka_unit_test(test_parallel)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
