// SPDX-License-Identifier: Apache-2.0
// Lua states are a cache: however little they may take, every run goes on as if nothing had been thrown away.
#include "engine/state.h"
#include "shop.h"

enum { VERSIONS = 300 };

static const char plan[] = "return require 'plan'.define { person = { strong = { 'subject' } } }\n";
static const char waiter[] = "local moment = require 'moment'\n"
                             "return moment.define { class = 'service', on = 'a', where = function(e) return "
                             "e.data.n == %d end,\n"
                             "  run = function(m, e)\n"
                             "    local b = m:wait_for('b', { where = function(b) return b.data.ok end })\n"
                             "    return '%d ' .. e.data.n .. ' ' .. b.data.n end }\n";

static shop s;

static void open_with(size_t bytes) {
  shop_open_with(&s, NULL, SHOP_START, &(md_engine_options){.vm_cache = bytes});
}

static size_t bytes_held(int *states) {
  size_t sum = 0;
  *states = 0;
  for (const md_loaded *at = s.engine->loaded; at; at = at->next) {
    sum += md_arena_used(at->arena) + (at->vm ? md_vm_memory(at->vm) : 0);
    *states += at->vm != NULL;
    assert_int_equal(at->pins, 0);
  }
  return sum;
}

static void load(int n) {
  shop_load(&s, "events.lua", plan, "m/moment.lua", md_arena_printf(s.arena, waiter, n, n), NULL);
  assert_string_equal(s.problems, "");
}

static void send(const char *type, int n) {
  char person[16];
  snprintf(person, sizeof person, "p%d", n);
  shop_event(&s, type, person, md_arena_printf(s.arena, "{\"n\":%d,\"ok\":%s}", n, *type == 'b' ? "true" : "null"));
}

static int outcome_of(void *context, const md_run *run) {
  char expected[40];
  (void)context;
  snprintf(expected, sizeof expected, "%d %d %d", (int)run->id - 1, (int)run->id - 1, (int)run->id - 1);
  assert_int_equal(run->state, MD_RUN_DONE);
  assert_string_equal(run->outcome, expected);
  return 0;
}

// Three hundred versions in flight within what a dozen take; each answers in an order of its own.
static void test_many_versions_under_a_small_cap(void **state) {
  (void)state;
  enum { CAP = 1 << 20 };
  int states = 0;
  open_with(CAP);
  for (int n = 0; n < VERSIONS; n++) {
    load(n);
    send("a", n);
    if (n % 50 == 0) assert_true(bytes_held(&states) <= CAP);
  }
  assert_true(bytes_held(&states) <= CAP);
  assert_in_range(states, 1, VERSIONS / 4);
  for (int i = 0; i < VERSIONS; i++) {
    send("b", i * 7 % VERSIONS);
    assert_true(bytes_held(&states) <= CAP);
  }
  assert_int_equal(md_runs_list(s.store, &(md_run_filter){0}, outcome_of, NULL, NULL), 0);
  assert_int_equal(md_store_count(s.store, "runs", NULL), VERSIONS);
  assert_in_range(s.engine->vms.dropped, VERSIONS, 3 * VERSIONS);
  shop_close(&s);
}

// Room for nothing: what is used stays as long as it is used, and goes after the batch.
static void test_no_room_at_all(void **state) {
  (void)state;
  int states = 0;
  open_with(1);
  load(1);
  send("a", 1);
  load(2);
  send("a", 2);
  bytes_held(&states);
  assert_int_equal(states, 0);
  send("b", 1);
  send("b", 2);
  shop_runs runs = shop_all_runs(&s);
  assert_string_equal(runs.list[0].outcome, "1 1 1");
  assert_string_equal(runs.list[1].outcome, "2 2 2");
  shop_close(&s);
}

// The one unused for longest goes first, and one that is pinned never.
static void test_what_is_used_stays(void **state) {
  (void)state;
  md_loaded *all[4];
  open_with((size_t)1 << 30);
  for (int n = 0; n < 4; n++) {
    load(n);
    send("a", n);
    assert_int_equal(md_loaded_get(s.engine, n + 1, &all[n], NULL), 0);
    assert_non_null(all[n]->vm);
  }
  const md_vm *first = all[0]->vm;
  md_loaded_forget_vm(all[3]);
  md_loaded_pin(all[0]);
  assert_int_equal(md_loaded_use(s.engine, all[1], NULL), 0); // of those that may go, 2 is the oldest now
  s.engine->vms.limit = 0;
  for (int n = 0; n < 4; n++)
    s.engine->vms.limit += md_arena_used(all[n]->arena) + (n < 2 ? md_vm_memory(all[n]->vm) : 0);
  s.engine->vms.limit += md_vm_memory(all[2]->vm) + 4096; // a fourth state is too much
  assert_int_equal(md_loaded_use(s.engine, all[3], NULL), 0);
  assert_ptr_equal(all[0]->vm, first);
  assert_non_null(all[1]->vm);
  assert_null(all[2]->vm);
  assert_non_null(all[3]->vm);
  s.engine->vms.limit = 1;
  md_loaded_forget_vm(all[2]);
  assert_int_equal(md_loaded_use(s.engine, all[2], NULL), 0);
  assert_ptr_equal(all[0]->vm, first);
  assert_null(all[1]->vm);
  assert_non_null(all[2]->vm); // what was asked for is there
  assert_null(all[3]->vm);
  md_loaded_unpin(all[0]);
  md_vm_cache_trim(s.engine);
  assert_ptr_equal(s.engine->loaded, all[3]); // the live version keeps its files
  assert_null(all[3]->next);
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_versions_under_a_small_cap),
      cmocka_unit_test(test_no_room_at_all),
      cmocka_unit_test(test_what_is_used_stays),
  };
  return cmocka_run_group_tests_name("vm_cache", tests, NULL, NULL);
}
