// SPDX-License-Identifier: Apache-2.0
// Random programs of waits, collections and looks back on random histories (P5, W1–W6, T3, B1): the engine against an
// obvious model. The model knows the whole history at once and answers each step by its definition.
#include "shop.h"

enum { EVENTS = 16, PEOPLE = 2, CARTS = 2, STEPS = 5, PROGRAMS = 40, HISTORIES = 20, QUEUE_AGE = 30 };

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } },\n"
                           "  things = { cart = { of = 'person', at = 'data.cart' } } }\n";

typedef struct happening {
  char type; // a, b or c
  int person;
  int cart; // of the person; 0: the event carries none
  int at;   // when it is received, in minutes
  int time; // its own
} happening;

typedef struct step {
  char kind; // w wait_for, s sleep, c collect, p past
  const char *types;
  int within; // minutes
  int quiet, max;
  bool by_person, since_now, where;
} step;

typedef struct program {
  bool about_cart;
  md_again again;
  step steps[STEPS];
} program;

// A moment between turns: the time, and how many events are stored by then.
typedef struct point {
  int now, stored;
} point;

typedef struct model_run {
  int trigger; // index of its event
  char outcome[200];
  point end;
  const char *reason; // cancelled for
} model_run;

static unsigned seed = 1;

static int chance(int below) {
  seed = seed * 1103515245 + 12345;
  return (int)(seed >> 16 & 0x7fff) % below;
}

static step random_step(void) {
  static const char *const types[] = {"a", "b", "c", "bc", "ab", "abc"};
  step made = {.kind = "wwwccsp"[chance(7)],
               .types = types[chance(6)],
               .within = chance(8),
               .by_person = chance(3) == 0,
               .since_now = chance(4) == 0,
               .where = chance(4) == 0,
               .quiet = chance(4) - 1,
               .max = chance(3) == 0 ? 1 + chance(3) : 0};
  return made;
}

static void random_history(happening *all) {
  int at = 0;
  for (int i = 0; i < EVENTS; i++) {
    at += chance(3) == 0 ? 0 : chance(4);
    all[i] = (happening){"aabbcc"[chance(6)], chance(PEOPLE), chance(CARTS + 1), at, at - (chance(4) ? 0 : chance(4))};
  }
}

// --- the program as a script
// ------------------------------------------------------------------------------------------

static void write_types(md_buffer *out, const char *types) {
  md_buffer_puts(out, "{ ");
  for (; *types; types++)
    md_buffer_printf(out, "'%c', ", *types);
  md_buffer_puts(out, "}");
}

static void write_step(md_buffer *out, const step *step) {
  if (step->kind == 's') {
    md_buffer_printf(out, "  m:sleep('%dm')\n", step->within);
    return;
  }
  md_buffer_printf(out, "  note(m:%s(", step->kind == 'w' ? "wait_for" : step->kind == 'c' ? "collect" : "past");
  write_types(out, step->types);
  md_buffer_printf(out, ", { within = '%dm'", step->within);
  if (step->by_person) md_buffer_puts(out, ", by = 'person'");
  if (step->kind != 'p' && step->where)
    md_buffer_puts(out, ", where = function(e) return (e.data.n + #got) % 2 == 0 end");
  if (step->kind == 'w' && step->since_now) md_buffer_puts(out, ", since = 'now'");
  if (step->kind == 'c' && step->quiet >= 0) md_buffer_printf(out, ", quiet = '%dm'", step->quiet);
  if (step->kind == 'c' && step->max) md_buffer_printf(out, ", max = %d", step->max);
  md_buffer_puts(out, " }))\n");
}

static void write_script(md_buffer *out, const program *program) {
  static const char *const again[] = {"skip", "restart", "queue", "parallel"};
  md_buffer_printf(out,
                   "local moment = require 'moment'\nreturn moment.define { class = 'service', on = 'a', again = '%s', "
                   "max_age = '%s',%s run = function(m, event)\n"
                   "  local got = {}\n"
                   "  local function note(e)\n"
                   "    if not e then got[#got + 1] = '-'\n"
                   "    elseif e.count then got[#got + 1] = e.count .. '<' .. (e.last and e.last.data.n or '-')\n"
                   "    elseif e.id then got[#got + 1] = e.data.n\n"
                   "    else local list = {} for i, x in ipairs(e) do list[i] = x.data.n end\n"
                   "      got[#got + 1] = '[' .. table.concat(list, ',') .. ']' end\n"
                   "  end\n",
                   again[program->again], program->again == MD_AGAIN_QUEUE ? "30m" : "400d",
                   program->about_cart ? " about = 'cart'," : "");
  for (int i = 0; i < STEPS; i++)
    write_step(out, &program->steps[i]);
  md_buffer_puts(out, "  return event.data.n .. ': ' .. table.concat(got, ' ')\nend }\n");
}

// --- the model
// --------------------------------------------------------------------------------------------------------

// P5: a cart's run sees its cart's events, and the person's that name no cart.
static bool sees(const program *program, const happening *trigger, const happening *event, bool by_person) {
  if (event->person != trigger->person) return false;
  return !program->about_cart || by_person || event->cart == 0 || event->cart == trigger->cart;
}

static int stored_by(const happening *all, int now) {
  int count = 0;
  while (count < EVENTS && all[count].at <= now)
    count++;
  return count;
}

static void move_to_event(const happening *all, point *at, int event) {
  if (event < at->stored) return; // it was there already
  *at = (point){all[event].at, event + 1};
}

static void move_to_time(const happening *all, point *at, int now) {
  if (now < at->now) return;
  *at = (point){now, stored_by(all, now)};
}

typedef struct player {
  const happening *all;
  const program *program;
  int trigger;
  bool consumed[EVENTS];
  point at;
  int noted; // answers so far
  char *out;
} player;

static bool fits(const player *p, const step *step, int i, int deadline) {
  const happening *event = &p->all[i];
  return !p->consumed[i] && event->at <= deadline && strchr(step->types, event->type) &&
         sees(p->program, &p->all[p->trigger], event, step->by_person) && (!step->where || (i + p->noted) % 2 == 0);
}

static void note(player *p, const char *text) {
  sprintf(p->out + strlen(p->out), " %s", text);
  p->noted++;
}

static void play_wait(player *p, const step *step) {
  int deadline = p->at.now + step->within, found = -1;
  char text[16] = "-";
  for (int i = step->since_now ? p->at.stored : p->trigger + 1; i < EVENTS && found < 0; i++)
    if (fits(p, step, i, deadline)) found = i;
  if (found >= 0) {
    p->consumed[found] = true;
    snprintf(text, sizeof text, "%d", found);
    move_to_event(p->all, &p->at, found);
  } else {
    move_to_time(p->all, &p->at, deadline);
  }
  note(p, text);
}

static void play_collect(player *p, const step *step) {
  int deadline = p->at.now + step->within, end = deadline, count = 0;
  char text[100] = "[";
  for (int i = p->trigger + 1; i < EVENTS; i++) {
    if (!fits(p, step, i, end)) continue;
    p->consumed[i] = true;
    sprintf(text + strlen(text), count++ ? ",%d" : "%d", i);
    if (step->quiet >= 0) end = p->all[i].at + step->quiet < deadline ? p->all[i].at + step->quiet : deadline;
    if (count != step->max) continue;
    move_to_event(p->all, &p->at, i);
    end = -1;
    break;
  }
  if (end >= 0) move_to_time(p->all, &p->at, end);
  strcat(text, "]");
  note(p, text);
}

static void play_past(player *p, const step *step) {
  int count = 0, last = -1;
  char text[24];
  for (int i = 0; i < p->at.stored; i++) {
    const happening *event = &p->all[i];
    if (i == p->trigger || !strchr(step->types, event->type) || event->time > p->at.now ||
        event->time <= p->at.now - step->within || !sees(p->program, &p->all[p->trigger], event, step->by_person))
      continue;
    count++;
    if (last < 0 || event->time >= p->all[last].time) last = i;
  }
  snprintf(text, sizeof text, last < 0 ? "%d<-" : "%d<%d", count, last);
  note(p, text);
}

// Plays a run by definition, as if nothing cancelled it.
static void play(const happening *all, const program *program, model_run *run, point start) {
  player p = {.all = all, .program = program, .trigger = run->trigger, .at = start, .out = run->outcome};
  sprintf(run->outcome, "%d:", run->trigger);
  for (int i = 0; i < STEPS; i++) {
    const step *step = &program->steps[i];
    if (step->kind == 'w') play_wait(&p, step);
    if (step->kind == 'c') play_collect(&p, step);
    if (step->kind == 'p') play_past(&p, step);
    if (step->kind == 's') move_to_time(all, &p.at, p.at.now + step->within);
  }
  if (p.noted == 0) strcat(run->outcome, " ");
  run->end = p.at;
}

// Whether the run still lives when event `i` is looked at: timers due at an instant fire after its events.
static bool lives(const model_run *run, int i) {
  return !run->reason && run->end.stored > i;
}

static int model(const happening *all, const program *program, model_run *runs) {
  int count = 0;
  int last[PEOPLE][CARTS + 1];
  memset(last, -1, sizeof last);
  for (int i = 0; i < EVENTS; i++) {
    if (all[i].type != 'a' || (program->about_cart && all[i].cart == 0)) continue;
    int *before = &last[all[i].person][program->about_cart ? all[i].cart : 0];
    bool busy = *before >= 0 && lives(&runs[*before], i);
    if (program->again == MD_AGAIN_SKIP && busy) continue;
    if (program->again == MD_AGAIN_RESTART && busy) runs[*before].reason = "restarted";
    point start = {all[i].at, i + 1};
    bool queued = program->again == MD_AGAIN_QUEUE && busy;
    if (queued) start = runs[*before].end;
    runs[count] = (model_run){.trigger = i};
    if (queued && all[i].time < start.now - QUEUE_AGE) {
      runs[count].reason = "max_age";
    } else {
      play(all, program, &runs[count], start);
      *before = count;
    }
    count++;
  }
  return count;
}

// --- the engine
// -------------------------------------------------------------------------------------------------------

// All events of one instant are one batch, as virtual time takes them.
static void feed(shop *s, const happening *all, int history) {
  md_micros start = s->clock.at;
  md_event events[EVENTS];
  md_event_status statuses[EVENTS];
  for (int i = 0; i < EVENTS;) {
    shop_advance(s, start + all[i].at * MD_MINUTE - 1 - s->clock.at);
    s->clock.at++;
    int from = i;
    for (; i < EVENTS && all[i].at == all[from].at; i++) {
      const char *cart =
          all[i].cart ? md_arena_printf(s->arena, "\"cart\":\"%d-%d-%d\",", history, all[i].person, all[i].cart) : "";
      shop_prepare(s, &events[i], md_arena_printf(s->arena, "%c", all[i].type),
                   md_arena_printf(s->arena, "p%d-%d", history, all[i].person),
                   md_arena_printf(s->arena, "{%s\"n\":%d}", cart, i), NULL);
      events[i].time = start + all[i].time * MD_MINUTE;
      events[i].flags = MD_EVENT_HAS_TIME;
    }
    md_submission submission = {
        .events = events + from, .statuses = statuses + from, .count = i - from, .done = shop_done, .context = s};
    assert_true(md_queue_push(md_engine_inbox(s->engine), &submission.node));
    shop_settle(s);
  }
  shop_advance(s, 12 * MD_HOUR);
}

static void complain(const happening *all, const char *script, const char *expected, const char *seen) {
  print_message("%s\n", script);
  for (int i = 0; i < EVENTS; i++)
    print_message("  %d: %c person %d cart %d at %d time %d\n", i, all[i].type, all[i].person, all[i].cart, all[i].at,
                  all[i].time);
  fail_msg("the model says \"%s\", the engine \"%s\"", expected, seen);
}

static int compare(shop *s, const happening *all, const program *program, const char *script) {
  model_run runs[EVENTS];
  int count = model(all, program, runs);
  shop_runs seen = {.arena = s->arena};
  md_runs_list(s->store, &(md_run_filter){.limit = count + 1}, shop_collect, &seen, NULL);
  for (int i = 0; i < count; i++) {
    const md_run *run = &seen.list[count - 1 - i];
    const char *expected = runs[i].reason ? runs[i].reason : runs[i].outcome;
    const char *got = run->outcome ? run->outcome : run->reason ? run->reason : md_run_state_name(run->state);
    if (strcmp(expected, got) != 0) complain(all, script, expected, got);
  }
  return count;
}

static void try_program(const program *program, int *runs) {
  shop s;
  md_buffer script;
  shop_open(&s);
  md_buffer_init(&script);
  write_script(&script, program);
  shop_load(&s, "events.lua", plan, "m/moment.lua", script.data, NULL);
  assert_string_equal(s.problems, "");
  for (int i = 0; i < HISTORIES; i++) {
    happening all[EVENTS];
    random_history(all);
    s.clock.at += MD_MINUTE;
    feed(&s, all, i);
    *runs += compare(&s, all, program, script.data);
    md_arena_reset(s.arena);
  }
  md_buffer_deinit(&script);
  shop_close(&s);
}

static void try_all(md_again again) {
  int runs = 0;
  for (int i = 0; i < PROGRAMS; i++) {
    program made = {.about_cart = i % 2, .again = again};
    for (int k = 0; k < STEPS; k++)
      made.steps[k] = random_step();
    try_program(&made, &runs);
  }
  assert_true(runs > PROGRAMS * HISTORIES);
}

static void test_skip(void **state) {
  (void)state;
  try_all(MD_AGAIN_SKIP);
}

static void test_restart(void **state) {
  (void)state;
  try_all(MD_AGAIN_RESTART);
}

static void test_queue(void **state) {
  (void)state;
  try_all(MD_AGAIN_QUEUE);
}

static void test_parallel(void **state) {
  (void)state;
  try_all(MD_AGAIN_PARALLEL);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_skip), cmocka_unit_test(test_restart),
                                     cmocka_unit_test(test_queue), cmocka_unit_test(test_parallel)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
