// SPDX-License-Identifier: Apache-2.0
// Tests of virtual.c (B5): stops at what is due, order at one instant, late lines, the end of a run.
#include "base/json.h"
#include "cli/memory_channel.h"
#include "cli/virtual.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START (1767603600 * MD_SECOND)

static const char script[] = "local moment = require 'moment'\n"
                             "return moment.define { class = 'service', on = 'a', again = 'parallel',\n"
                             "  run = function(m)\n"
                             "    local b = m:wait_for('b', { within = '1h' })\n"
                             "    return b and 'came' or 'nothing'\n"
                             "  end }\n";

typedef struct fixture {
  md_virtual driver;
  md_settings settings;
  md_arena *arena;
  int next;
} fixture;

static void ignore(void *context, const char *moment, const char *text) {
  (void)context;
  fail_msg("%s: %s", moment, text);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  md_error err = {0};
  md_json_init();
  f->arena = md_arena_new(0);
  md_json_scope(f->arena);
  f->settings = (md_settings){.delivery = "live",
                              .moment_delivery = json_object(),
                              .addresses = json_object(),
                              .sender = "shop@example.com",
                              .locale = "da",
                              .max_age = MD_DAY};
  md_virtual_options options = {
      .start = START, .settings = &f->settings, .channel = md_memory_channel_new(), .verify = true};
  if (md_virtual_open(&f->driver, &options, &err)) fail_msg("%s", err.text);
  md_source_file file = {"m/moment.lua", script, sizeof script - 1};
  md_source source = {.files = &file, .count = 1};
  if (md_engine_load(f->driver.engine, &source, ignore, NULL, &err)) fail_msg("%s", err.text);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  md_virtual_close(&f->driver);
  md_json_scope(NULL);
  md_arena_free(f->arena);
  free(f);
  return 0;
}

static void take(fixture *f, const char *type, md_micros time) {
  char id[16];
  md_error err = {0};
  md_event_status status = MD_EVENT_CONFLICTING;
  snprintf(id, sizeof id, "e-%d", ++f->next);
  md_event event = {.id = md_arena_strdup(f->arena, id),
                    .source = "/test",
                    .type = type,
                    .subject = "kunde-1",
                    .time = time,
                    .flags = MD_EVENT_HAS_TIME};
  memcpy(event.digest, id, strlen(id));
  if (md_virtual_event(&f->driver, &event, &status, &err)) fail_msg("%s", err.text);
  assert_int_equal(status, MD_EVENT_ACCEPTED);
}

static void run_is(fixture *f, int64_t id, md_run_state state, const char *outcome, md_micros at) {
  md_run run;
  assert_int_equal(md_runs_get(f->driver.store, id, f->arena, &run, NULL), 0);
  assert_int_equal(run.state, state);
  if (outcome) assert_string_equal(run.outcome, outcome);
  if (at) assert_int_equal(run.ended_at, at);
}

// B5: stops at every wait that is due before a line, at its time.
static void stops_at_what_is_due(void **state) {
  fixture *f = *state;
  take(f, "a", START);
  take(f, "x", START + 5 * MD_HOUR);
  run_is(f, 1, MD_RUN_DONE, "nothing", START + MD_HOUR);
  assert_int_equal(f->driver.clock.at, START + 5 * MD_HOUR);
}

// B1, W1: an event at the very instant of a wait's end still answers it, also behind another of that instant.
static void events_come_before_what_is_due_with_them(void **state) {
  fixture *f = *state;
  take(f, "a", START);
  take(f, "x", START + MD_HOUR);
  run_is(f, 1, MD_RUN_WAITING, NULL, 0);
  take(f, "b", START + MD_HOUR);
  run_is(f, 1, MD_RUN_DONE, "came", START + MD_HOUR);
}

static void a_late_line_is_taken_now_and_counted(void **state) {
  fixture *f = *state;
  take(f, "x", START + 2 * MD_HOUR);
  take(f, "a", START + MD_HOUR);
  assert_int_equal(f->driver.late, 1);
  assert_int_equal(f->driver.clock.at, START + 2 * MD_HOUR);
  assert_int_equal(md_virtual_finish(&f->driver, 0, NULL), 0);
  run_is(f, 1, MD_RUN_DONE, "nothing", START + 3 * MD_HOUR);
}

static void runs_on_until_nothing_is_left(void **state) {
  fixture *f = *state;
  take(f, "a", START);
  take(f, "a", START + MD_MINUTE);
  assert_int_equal(md_virtual_finish(&f->driver, START + MD_HOUR, NULL), 0);
  run_is(f, 1, MD_RUN_DONE, "nothing", START + MD_HOUR);
  run_is(f, 2, MD_RUN_WAITING, NULL, 0);
  assert_int_equal(md_virtual_finish(&f->driver, 0, NULL), 0);
  run_is(f, 2, MD_RUN_DONE, "nothing", START + MD_HOUR + MD_MINUTE);
}

static void advancing_takes_its_end_or_not(void **state) {
  fixture *f = *state;
  take(f, "a", START);
  assert_int_equal(md_virtual_advance(&f->driver, START + MD_HOUR, false, NULL), 0);
  run_is(f, 1, MD_RUN_WAITING, NULL, 0);
  assert_int_equal(md_virtual_advance(&f->driver, START + MD_HOUR, true, NULL), 0);
  run_is(f, 1, MD_RUN_DONE, "nothing", START + MD_HOUR);
}

// B5, T7: schedules fire on the way, and do not keep it going.
static void schedules_do_not_keep_it_going(void **state) {
  static const char daily[] = "local moment = require 'moment'\n"
                              "return moment.define { class = 'service', on = moment.schedule('0 9 * * *', 'UTC'),\n"
                              "  run = function(m) return 'fired' end }\n";
  fixture *f = *state;
  md_error err = {0};
  md_source_file files[] = {{"d/moment.lua", daily, sizeof daily - 1}, {"m/moment.lua", script, sizeof script - 1}};
  md_source source = {.files = files, .count = 2};
  if (md_engine_load(f->driver.engine, &source, ignore, NULL, &err)) fail_msg("%s", err.text);
  take(f, "a", START); // at 9:00 UTC
  take(f, "x", START + 2 * MD_DAY);
  assert_int_equal(md_runs_last_id(f->driver.store), 2);
  run_is(f, 2, MD_RUN_DONE, "fired", START + MD_DAY);
  assert_int_equal(md_virtual_finish(&f->driver, 0, &err), 0);
  assert_int_equal(md_runs_last_id(f->driver.store), 3); // the one that is due with the last line
  take(f, "a", START + 3 * MD_DAY - MD_MINUTE);
  assert_int_equal(md_virtual_finish(&f->driver, 0, &err), 0);
  assert_int_equal(md_runs_last_id(f->driver.store), 5); // of the line, of the hour that it waits
  assert_int_equal(md_virtual_finish(&f->driver, START + 5 * MD_DAY, &err), 0);
  assert_int_equal(md_runs_last_id(f->driver.store), 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(stops_at_what_is_due, set_up, tear_down),
      cmocka_unit_test_setup_teardown(events_come_before_what_is_due_with_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_late_line_is_taken_now_and_counted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(runs_on_until_nothing_is_left, set_up, tear_down),
      cmocka_unit_test_setup_teardown(advancing_takes_its_end_or_not, set_up, tear_down),
      cmocka_unit_test_setup_teardown(schedules_do_not_keep_it_going, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
