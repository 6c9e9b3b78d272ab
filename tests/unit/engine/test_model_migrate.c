// SPDX-License-Identifier: Apache-2.0
// ctest: timeout=300 quick=no
// R4: random scripts edited at random, tried on the runs of random histories. A small interpreter of the edited script
// walks through each run's journal and says what must come out; what fits never diverges later, what diverges does when
// it is forced; a change of copy or of durations alone always fits.
#include "base/log.h"
#include "migration.h"
#include <fcntl.h>

enum { LINES = 9, EVENTS = 14, PEOPLE = 3, ROUNDS = 3000, ROUNDS_A_SHOP = 25 };

static const char plan[] = "local plan = require 'plan'\nreturn plan.define { person = { strong = { 'subject' } } }\n";

// w wait_for, s sleep, m send, a add, v set, g get, p past, e error, r return
typedef struct line {
  char kind;
  int name;   // which types, template or key
  int within; // minutes
  int copy;   // of what does not count: data, values, log lines
  bool where;
  char guard; // 'e' after an event, 'n' after none, 'o' the sum is odd, ' ' always
  int times;
} line;

typedef struct program {
  line lines[LINES * 2];
  int count;
} program;

typedef struct happening {
  char type;
  int person, n;
  int64_t seq;
  md_micros at;
} happening;

static unsigned seed;

static int chance(int below) {
  seed = seed * 1103515245 + 12345;
  return (int)(seed >> 16 & 0x7fff) % below;
}

static const char *const waits[] = {"b", "c", "b,c"};

static line random_line(void) {
  return (line){.kind = "wwwwsmaavgper"[chance(40) ? chance(11) : 11 + chance(2)],
                .name = chance(3),
                .within = 1 + chance(12),
                .copy = chance(5),
                .where = chance(4) == 0,
                .guard = "   eno"[chance(6)],
                .times = chance(6) ? 1 : 2};
}

static program random_program(void) {
  program made = {.count = 3 + chance(LINES - 3)};
  for (int i = 0; i < made.count; i++)
    made.lines[i] = random_line();
  return made;
}

static void insert_line(program *p) {
  int at = chance(p->count + 1);
  if (p->count == LINES * 2) return;
  memmove(&p->lines[at + 1], &p->lines[at], (size_t)(p->count - at) * sizeof(line));
  p->lines[at] = random_line();
  if (chance(3) == 0) p->lines[at].kind = 'e';
  p->count++;
}

static void delete_line(program *p) {
  int at = chance(p->count);
  memmove(&p->lines[at], &p->lines[at + 1], (size_t)(p->count - at - 1) * sizeof(line));
  p->count--;
}

static void swap_lines(program *p) {
  if (p->count < 2) return;
  int at = chance(p->count - 1);
  line kept = p->lines[at];
  p->lines[at] = p->lines[at + 1];
  p->lines[at + 1] = kept;
}

static void change_copy(program *p) {
  for (int i = 0; i < p->count; i++) {
    p->lines[i].copy = chance(5);
    p->lines[i].within = 1 + chance(12);
  }
}

static void edit(program *p) {
  line *some = &p->lines[chance(p->count)];
  switch (chance(10)) {
  case 0:
    insert_line(p);
    break;
  case 1:
    if (p->count > 1) delete_line(p);
    break;
  case 2:
    swap_lines(p);
    break;
  case 3:
  case 7:
  case 8:
    some->name = chance(3); // another template, key, or set of types
    break;
  case 4:
    some->guard = " eno"[chance(4)]; // a branch around it
    break;
  case 5:
  case 9:
    some->where = !some->where;
    if (chance(3) == 0) some->times = 1 + chance(2);
    break;
  default:
    change_copy(p);
  }
}

// --- the program as a script -----------------------------------------------------------------------------------------

static void write_line(md_buffer *out, const line *at) {
  const char *guard = at->guard == 'e'   ? "last"
                      : at->guard == 'n' ? "not last"
                      : at->guard == 'o' ? "sum % 2 == 1"
                                         : "true";
  md_buffer_printf(out, "  for _ = 1, %d do if %s then ", at->times, guard);
  switch (at->kind) {
  case 'w':
    md_buffer_puts(out, "last = m:wait_for({ ");
    for (const char *type = waits[at->name]; *type; type++)
      if (*type != ',') md_buffer_printf(out, "'%c', ", *type);
    md_buffer_printf(out, "}, { within = '%dm'%s })", at->within,
                     at->where ? ", where = function(e) return e.data.n % 2 == 0 end" : "");
    break;
  case 's':
    md_buffer_printf(out, "m:sleep('%dm')", at->within);
    break;
  case 'm':
    md_buffer_printf(out, "m:send { template = 't_%c', data = { text = 'copy %d' } }", 'a' + at->name, at->copy);
    break;
  case 'a':
    md_buffer_printf(out, "sum = m:add('sum%d', %d)", at->name, 1 + at->copy);
    break;
  case 'v':
    md_buffer_printf(out, "m:set('v%d', %d)", at->name, at->copy);
    break;
  case 'g':
    md_buffer_printf(out, "m:get('v%d')", at->name);
    break;
  case 'p':
    md_buffer_printf(out, "m:past('%c', { within = '%dm' })", "bcb"[at->name], at -> within);
    break;
  case 'e':
    md_buffer_puts(out, "error('planned')");
    break;
  default:
    md_buffer_puts(out, "do return 'early' end");
  }
  md_buffer_puts(out, " end end\n");
  if (at->copy == 4) md_buffer_printf(out, "  m:log('copy')\n");
}

static const char *script_of(md_arena *arena, const program *p, int edition) {
  md_buffer out;
  md_buffer_init(&out);
  md_buffer_printf(&out,
                   "local moment = require 'moment' -- edition %d\nreturn moment.define { class = 'service', on = 'a', "
                   "again = 'parallel', max_age = '400d', templates = { 't_a', 't_b', 't_c' }, run = function(m)\n"
                   "  local last, sum = nil, 0\n",
                   edition);
  for (int i = 0; i < p->count; i++)
    write_line(&out, &p->lines[i]);
  md_buffer_puts(&out, "  return 'end'\nend }\n");
  const char *text = md_arena_strndup(arena, out.data, out.len);
  md_buffer_deinit(&out);
  return text;
}

// --- the model -------------------------------------------------------------------------------------------------------

static md_step_kind kind_of(char kind) {
  static const md_step_kind kinds[] = {
      ['w'] = MD_STEP_WAIT_FOR, ['s'] = MD_STEP_SLEEP, ['m'] = MD_STEP_SEND, ['a'] = MD_STEP_ADD,
      ['v'] = MD_STEP_SET,      ['g'] = MD_STEP_GET,   ['p'] = MD_STEP_PAST};
  return kinds[(int)kind];
}

static void name_of(const line *at, char out[8]) {
  static const char letters[] = "abc";
  if (at->kind == 'w')
    strcpy(out, waits[at->name]);
  else if (at->kind == 'm')
    snprintf(out, 8, "t_%c", letters[at->name]);
  else if (at->kind == 's')
    out[0] = '\0';
  else if (at->kind == 'p')
    snprintf(out, 8, "%c", "bcb"[at->name]);
  else
    snprintf(out, 8, "%s%d", at->kind == 'a' ? "sum" : "v", at->name);
}

// What the edited script does with a journal.
typedef struct walk {
  const program *program;
  md_journal_reader reader;
  bool last;
  int64_t sum;
  int step;
  md_micros opened;
  md_fit fit;
  bool over;
  const line *wait; // that it opens
} walk;

static void take_entry(walk *w, const line *at, const md_entry *entry) {
  if (at->kind == 'w') w->last = entry->result == MD_RESULT_EVENT;
  if (at->kind == 'a') w->sum = strtoll(entry->json, NULL, 10);
  if (md_is_wait(entry->kind)) w->opened = entry->at;
  w->step++;
}

static void walk_line(walk *w, const line *at) {
  md_entry entry;
  char name[8];
  bool goes = at->guard == ' ' || (at->guard == 'e' && w->last) || (at->guard == 'n' && !w->last) ||
              (at->guard == 'o' && w->sum % 2 == 1);
  if (!goes) return;
  w->over = at->kind == 'e' || at->kind == 'r';
  if (at->kind == 'e') w->fit = MD_FIT_ERRORS;
  bool more = md_journal_next(&w->reader, &entry) == 1;
  if (at->kind == 'r') w->fit = more ? MD_FIT_DIVERGES : MD_FIT_ACTS;
  if (w->over) return;
  name_of(at, name);
  if (more && entry.kind == kind_of(at->kind) && strcmp(entry.name, name) == 0) {
    take_entry(w, at, &entry);
    return;
  }
  w->over = true;
  bool waits_here = at->kind == 'w' || at->kind == 's';
  w->fit = more ? MD_FIT_DIVERGES : waits_here ? MD_FIT_FITS : MD_FIT_ACTS;
  w->wait = waits_here ? at : NULL;
}

static walk walk_of(const program *p, const md_run *run) {
  md_entry entry;
  walk w = {.program = p, .opened = run->started_at};
  md_journal_read(&w.reader, run->journal, run->journal_len);
  for (int i = 0; i < p->count && !w.over; i++)
    for (int k = 0; k < p->lines[i].times && !w.over; k++)
      walk_line(&w, &p->lines[i]);
  if (!w.over) w.fit = md_journal_next(&w.reader, &entry) == 1 ? MD_FIT_DIVERGES : MD_FIT_ACTS;
  return w;
}

// W1: the first event after the trigger that the new wait takes.
static int64_t answer_of(const walk *w, const happening *all, int known, const md_run *run) {
  const line *wait = w->wait;
  const happening *trigger = NULL;
  for (int i = 0; i < known; i++)
    if (all[i].seq == run->trigger_seq) trigger = &all[i];
  for (int i = 0; wait->kind == 'w' && i < known; i++) {
    const happening *e = &all[i];
    bool typed = strchr(waits[wait->name], e->type) != NULL;
    bool mine = e->person == trigger->person && e->seq > trigger->seq && (!wait->where || e->n % 2 == 0);
    bool timely = e->at <= w->opened + wait->within * MD_MINUTE;
    if (typed && mine && timely && !md_journal_consumed(run->journal, run->journal_len, e->seq)) return e->seq;
  }
  return 0;
}

// --- one history -----------------------------------------------------------------------------------------------------

typedef struct stage {
  shop s;
  program first, second;
  happening all[EVENTS];
  int known;
  int round;
} stage;

static void happen(stage *st) {
  char type[2] = {chance(2) ? "bbc"[chance(3)] : 'a', '\0'};
  if (st->known == 0) type[0] = 'a';
  shop_advance(&st->s, chance(4) * MD_MINUTE);
  happening *e = &st->all[st->known++];
  *e = (happening){.type = type[0], .person = chance(PEOPLE), .n = chance(10), .at = st->s.clock.at};
  e->seq = shop_event(&st->s, md_arena_strdup(st->s.arena, type),
                      md_arena_printf(st->s.arena, "p%d of %d", e->person, st->round),
                      md_arena_printf(st->s.arena, "{\"n\":%d}", e->n));
}

static void load_edition(stage *st, const program *p, int edition) {
  shop_load(&st->s, "events.lua", plan, "m/moment.lua", script_of(st->s.arena, p, st->round * 2 + edition), NULL);
  if (st->s.problems[0]) fail_msg("%s\n%s", st->s.problems, script_of(st->s.arena, p, edition));
}

static md_run run_of(stage *st, int64_t id) {
  md_run run;
  assert_int_equal(md_runs_get(st->s.store, id, st->s.arena, &run, NULL), 0);
  return run;
}

static bool parked_for(const md_run *run, const char *why) {
  return run->state == MD_RUN_PARKED && run->reason && strstr(run->reason, why);
}

static void expect_as_the_model_says(stage *st, const md_rehearsal *tried) {
  md_run run = run_of(st, tried->run);
  walk w = walk_of(&st->second, &run);
  if (tried->fit != w.fit)
    fail_msg("run %lld: %s, the model says %s; %s, %s\n%s\n%s", (long long)tried->run, md_fit_name(tried->fit),
             md_fit_name(w.fit), tried->recorded, tried->attempted, script_of(st->s.arena, &st->first, 1),
             script_of(st->s.arena, &st->second, 2));
  assert_int_equal(tried->step, w.step + 1);
  assert_non_null(tried->attempted);
  if (tried->fit == MD_FIT_DIVERGES) assert_non_null(tried->recorded);
  if (tried->fit != MD_FIT_FITS) return;
  int64_t answer = answer_of(&w, st->all, st->known, &run);
  assert_int_equal(tried->answered, answer != 0);
  assert_int_equal(tried->due, !answer && w.opened + w.wait->within * MD_MINUTE <= st->s.clock.at);
}

// Nothing is changed by a dry run.
static void expect_same(const md_run *a, const md_run *b) {
  assert_int_equal(a->version, b->version);
  assert_int_equal(a->state, b->state);
  assert_int_equal(a->due_at, b->due_at);
  assert_int_equal(a->wait_len, b->wait_len);
  if (a->wait_len) assert_memory_equal(a->wait, b->wait, a->wait_len);
  assert_int_equal(a->journal_len, b->journal_len);
  if (a->journal_len) assert_memory_equal(a->journal, b->journal, a->journal_len);
}

static void expect_moved(stage *st, const md_rehearsal *tried, const md_run *before, int64_t to) {
  md_run after = run_of(st, tried->run);
  if (tried->fit != MD_FIT_FITS) {
    expect_same(&after, before);
    return;
  }
  walk w = walk_of(&st->second, before);
  assert_int_equal(after.version, to);
  if (tried->answered && parked_for(&after, "planned")) return; // a failed turn consumes nothing
  if (tried->answered) {
    md_entry entry;
    md_journal_reader reader;
    md_journal_read(&reader, after.journal, after.journal_len);
    for (int i = 0; i <= w.step; i++)
      assert_int_equal(md_journal_next(&reader, &entry), 1);
    assert_int_equal(entry.event_seq, answer_of(&w, st->all, st->known, before));
  } else {
    assert_int_equal(after.state, MD_RUN_WAITING);
    assert_int_equal(after.due_at, w.opened + w.wait->within * MD_MINUTE);
    assert_int_equal(after.steps, before->steps);
  }
}

static int force_act(md_submission *submission, md_engine *engine, md_error *err) {
  md_run *run = submission->context;
  run->state = MD_RUN_PARKED;
  run->version = submission->count;
  int rc = md_runs_update(md_engine_store(engine), run, err);
  return rc ? rc : md_engine_retry_run(engine, run->id, err);
}

// What diverges, in whatever turn it is forced to: answered by time.
static void expect_to_diverge(stage *st, int64_t id, int64_t to) {
  md_run run = run_of(st, id);
  md_submission submission = {.act = force_act, .count = (int)to, .done = migration_done, .context = &run};
  assert_true(md_queue_push(md_engine_inbox(st->s.engine), &submission.node));
  shop_settle(&st->s);
  assert_int_equal(submission.code, 0);
  shop_advance(&st->s, 30 * MD_MINUTE);
  run = run_of(st, id);
  if (!parked_for(&run, "diverged"))
    fail_msg("run %lld was to diverge, it is %s: %s", (long long)id, md_run_state_name(run.state), run.reason);
}

typedef struct counts {
  int tried[MD_FIT_BUSY + 1], answered, due;
} counts;

// Tries, moves, and looks how those that were moved end.
static void migrate(stage *st, counts *sum) {
  md_run before[64];
  int64_t to = migration_newest(&st->s), diverging[64];
  int diverging_count = 0;
  tried dry = migration_try(&st->s, to, true, 1 + chance(5));
  for (int i = 0; i < dry.count; i++) {
    before[i] = run_of(st, dry.list[i].run);
    assert_int_not_equal(before[i].version, to);
    expect_as_the_model_says(st, &dry.list[i]);
    sum->tried[dry.list[i].fit]++;
    sum->answered += dry.list[i].answered;
    sum->due += dry.list[i].due;
    if (dry.list[i].fit == MD_FIT_DIVERGES) diverging[diverging_count++] = dry.list[i].run;
  }
  tried real = migration_try(&st->s, to, false, 64);
  assert_int_equal(real.count, dry.count);
  for (int i = 0; i < real.count; i++) {
    assert_int_equal(real.list[i].fit, dry.list[i].fit);
    if (!real.list[i].due) expect_moved(st, &real.list[i], &before[i], to);
  }
  if (chance(2) && diverging_count) expect_to_diverge(st, diverging[chance(diverging_count)], to);
  while (st->known < EVENTS)
    happen(st);
  shop_advance(&st->s, MD_DAY);
  for (int i = 0; i < real.count; i++) {
    md_run last = run_of(st, real.list[i].run);
    if (real.list[i].fit != MD_FIT_FITS) continue;
    bool well = last.state == MD_RUN_DONE || parked_for(&last, "planned");
    if (!well)
      fail_msg("run %lld fitted, and is %s: %s\n%s\n%s", (long long)last.id, md_run_state_name(last.state), last.reason,
               script_of(st->s.arena, &st->first, 1), script_of(st->s.arena, &st->second, 2));
  }
}

static void begin(stage *st) {
  if (st->round++ % ROUNDS_A_SHOP == 0) shop_open(&st->s);
  st->known = 0;
  st->first = random_program();
  load_edition(st, &st->first, 1);
  for (int i = 4 + chance(EVENTS - 4); i > 0; i--)
    happen(st);
  if (chance(2)) shop_advance(&st->s, chance(8) * MD_MINUTE);
}

static void end(stage *st) {
  if (st->round % ROUNDS_A_SHOP == 0) shop_close(&st->s);
}

static void test_R4_what_fits_never_diverges_later(void **state) {
  (void)state;
  counts sum = {0};
  stage *st = calloc(1, sizeof *st);
  for (seed = 1; seed <= ROUNDS;) {
    unsigned round = seed;
    begin(st);
    st->second = st->first;
    for (int edits = 1 + chance(3); edits > 0; edits--)
      edit(&st->second);
    load_edition(st, &st->second, 2);
    migrate(st, &sum);
    end(st);
    seed = round + 1;
  }
  free(st);
  for (int fit = MD_FIT_FITS; fit < MD_FIT_BUSY; fit++)
    assert_true(sum.tried[fit] > ROUNDS / 30);
  assert_true(sum.answered > ROUNDS / 150 && sum.due > ROUNDS / 30);
}

static void test_R4_a_change_of_copy_always_fits(void **state) {
  (void)state;
  counts sum = {0};
  stage *st = calloc(1, sizeof *st);
  for (seed = 500000; seed < 500000 + ROUNDS / 3;) {
    unsigned round = seed;
    begin(st);
    st->second = st->first;
    change_copy(&st->second);
    load_edition(st, &st->second, 2);
    migrate(st, &sum);
    end(st);
    seed = round + 1;
  }
  free(st);
  assert_true(sum.tried[MD_FIT_FITS] > ROUNDS / 10);
  for (int fit = MD_FIT_DIVERGES; fit <= MD_FIT_BUSY; fit++)
    assert_int_equal(sum.tried[fit], 0);
}

int main(void) {
  md_json_init();
  md_log_configure(MD_LOG_ERROR, false, open("/dev/null", O_WRONLY | O_CLOEXEC));
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_R4_what_fits_never_diverges_later),
                                     cmocka_unit_test(test_R4_a_change_of_copy_always_fits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
