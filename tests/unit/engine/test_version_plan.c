// SPDX-License-Identifier: Apache-2.0
// What a version consists of, and that its runs see events through its own part of the plan, whatever the plan becomes.
#include "engine/version_source.h"
#include "shop.h"
#include "store/internal.h"
#include <unistd.h>

#define MOMENT(options, body)                                                                                          \
  "local moment = require 'moment'\nreturn moment.define { class = 'service', " options                                \
  ", run = function(m, event)\n" body "\nend }\n"
#define PLAN(at, person)                                                                                               \
  "return require 'plan'.define { person = { strong = { '" person "' } },\n"                                           \
  " things = { order = { of = 'person', at = 'data.order' } },\n"                                                      \
  " events = { a = { typed = { ['data.at'] = '" at "' } }, b = {} } }\n"

static shop s;

static int set_up(void **state) {
  (void)state;
  shop_open(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  shop_close(&s);
  return 0;
}

static int uses_foot(const md_new_version *version, const char *class_name, bool *used, md_arena *arena,
                     md_error *err) {
  (void)arena, (void)err;
  assert_string_equal(class_name, "service");
  for (int i = 0; i < version->file_count; i++)
    used[i] = strcmp(version->files[i].path, "shared/foot.mustache") == 0;
  return 0;
}

static md_version_source version_of(const char *changed, const char *text, const md_messenger *messenger) {
  static const char *const tree[][2] = {
      {"events.lua", PLAN("time", "subject")},
      {"m/a.da.md", "Hej"},
      {"m/moment.lua", MOMENT("on = 'a'", "local v = require 'view'")},
      {"m/moment_spec.lua", "describe('m', function() end)"},
      {"n/moment.lua", MOMENT("on = 'b'", "")},
      {"shared/foot.mustache", "foot"},
      {"shared/head.mustache", "head"},
      {"shared/unused.lua", "return 1"},
      {"shared/view.lua", "return 1"},
  };
  md_source_file files[16];
  md_source source = {.files = files};
  md_version_source version;
  md_plan *plan = NULL;
  md_error err = {0};
  for (size_t i = 0; i < sizeof tree / sizeof *tree; i++) {
    const char *is = strcmp(tree[i][0], changed) == 0 ? text : tree[i][1];
    files[source.count++] = (md_source_file){tree[i][0], is, strlen(is)};
  }
  assert_int_equal(md_plan_new(&plan, &files[0], &err), 0);
  if (md_version_source_read(messenger, plan, &source, "m", s.arena, &version, &err)) fail_msg("%s", err.text);
  md_plan_free(plan);
  return version;
}

// A change makes a new version of the moments that use what was changed, and of no others.
static void test_a_digest_is_over_what_is_used(void **state) {
  (void)state;
  static const char *const used[][2] = {{"m/moment.lua", MOMENT("on = 'a', about = 'order'", "require 'view'")},
                                        {"m/a.da.md", "Hej hej"},
                                        {"shared/view.lua", "return 2"},
                                        {"shared/foot.mustache", "other"},
                                        {"events.lua", PLAN("money", "subject")}};
  static const char *const unused[][2] = {{"m/moment_spec.lua", "describe('n', function() end)"},
                                          {"n/moment.lua", MOMENT("on = 'c'", "")},
                                          {"shared/unused.lua", "return 2"},
                                          {"shared/head.mustache", "other"},
                                          {"events.lua", PLAN("time", "data.x")}};
  const md_messenger messenger = {.uses = uses_foot};
  md_version_source before = version_of("", "", &messenger);
  for (size_t i = 0; i < sizeof used / sizeof *used; i++)
    assert_string_not_equal(version_of(used[i][0], used[i][1], &messenger).digest, before.digest);
  for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
    assert_string_equal(version_of(unused[i][0], unused[i][1], &messenger).digest, before.digest);
  assert_string_not_equal(version_of("shared/head.mustache", "other", NULL).digest, version_of("", "", NULL).digest);
}

static void test_the_files_of_a_version(void **state) {
  (void)state;
  static const char *const expected[] = {"m/a.da.md", "m/moment.lua",         "m/moment_spec.lua",
                                         "plan.json", "shared/foot.mustache", "shared/view.lua"};
  const md_messenger messenger = {.uses = uses_foot};
  md_version_source version = version_of("", "", &messenger);
  assert_int_equal(version.files.count, 6);
  for (int i = 0; i < 6; i++)
    assert_string_equal(version.files.files[i].path, expected[i]);
  assert_string_equal(version.files.files[3].data,
                      "{\"events\":{\"a\":{\"typed\":{\"data.at\":\"time\"}}},\"format\":1,\"things\":{}}");
}

// Its outcome shows how a run sees its trigger, before its wait and after.
static const char seer[] = MOMENT("on = 'a'", "local first = type(event.data.at)\nlocal b = m:wait_for('b')\n"
                                              "return first .. ' ' .. type(event.data.at) .. ' ' .. type(m:past('a', "
                                              "{ within = '1d' }).count)");
static const char sleeper[] = MOMENT("on = 'a'", "if type(event.data.at) == 'number' then m:sleep('1h') end\n"
                                                 "m:wait_for('b')\nreturn type(event.data.at)");
#define TIMED "{\"at\":\"2026-01-01T00:00:00Z\"}"

static const char *outcome(int64_t run) {
  return shop_all_runs(&s).list[run - 1].outcome;
}

static int version_count(void) {
  return (int)md_store_count(s.store, "versions", NULL);
}

// R1: the plan that a run began with holds for it: what the plan becomes never makes it diverge.
static void test_R1_a_changed_plan_does_not_reach_runs_in_flight(void **state) {
  (void)state;
  shop_load(&s, "events.lua", PLAN("time", "subject"), "m/moment.lua", seer, "n/moment.lua", sleeper, NULL);
  shop_event(&s, "a", "ida", TIMED);
  shop_load(&s, "events.lua", PLAN("money", "subject"), "m/moment.lua", seer, "n/moment.lua", sleeper, NULL);
  assert_int_equal(version_count(), 4);
  shop_event(&s, "a", "eva", TIMED);
  shop_advance(&s, 2 * MD_HOUR);
  shop_event(&s, "b", "ida", NULL);
  shop_event(&s, "b", "eva", NULL);
  assert_string_equal(outcome(1), "number number number");
  assert_string_equal(outcome(2), "number");
  assert_string_equal(outcome(3), "string string number");
  assert_string_equal(outcome(4), "string");
  shop_load(&s, "events.lua", PLAN("money", "data.x"), "m/moment.lua", seer, "n/moment.lua", sleeper, NULL);
  assert_int_equal(version_count(), 4);
}

static void sql(const char *text) {
  char *why = NULL;
  if (sqlite3_exec(s.store->db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

// A run in flight on version 1 in a database at `path`, which is then changed by `text` while no process has it.
static void open_again(const char *path, const char *text) {
  shop_close(&s);
  unlink(path);
  shop_open_at(&s, path, 0, SHOP_START);
  shop_load(&s, "events.lua", PLAN("time", "subject"), "m/moment.lua", seer, NULL);
  shop_event(&s, "a", "ida", TIMED);
  sql(text);
  shop_close(&s);
  shop_open_at(&s, path, 0, SHOP_START);
  s.next_id = 100;
  shop_load(&s, "events.lua", PLAN("money", "subject"), "m/moment.lua", seer, NULL);
  shop_event(&s, "b", "ida", NULL);
}

static void remove_database(const char *path) {
  char name[80];
  static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
  for (int i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "%s%s", path, endings[i]);
    unlink(name);
  }
}

// A version of before there were parts: what its run sees is what the plan said when the database was migrated.
static void test_R1_versions_of_before_keep_the_plan_of_then(void **state) {
  (void)state;
  char path[] = "/tmp/md-plan-XXXXXX";
  close(mkstemp(path));
  open_again(path, "INSERT INTO settings SELECT 'plan_of_older_versions', value FROM settings WHERE name = 'plan';"
                   "DELETE FROM version_files WHERE path = 'plan.json'");
  assert_string_equal(outcome(1), "number number number");
  open_again(path, "INSERT INTO settings VALUES('plan_of_older_versions', 'no Lua');"
                   "DELETE FROM version_files WHERE path = 'plan.json'");
  assert_string_equal(outcome(1), "string string number"); // nothing better is known than the plan of now
  remove_database(path);
}

// What only another momentd knows parks its run with a reason; nothing is guessed, and others go on.
static void test_a_version_of_a_newer_momentd_parks_its_run(void **state) {
  (void)state;
  char path[] = "/tmp/md-plan-XXXXXX";
  close(mkstemp(path));
  open_again(path, "UPDATE files SET data = CAST('{\"format\":2}' AS BLOB) WHERE id = (SELECT file FROM version_files"
                   " WHERE path = 'plan.json')");
  shop_runs runs = shop_all_runs(&s);
  assert_int_equal(runs.list[0].state, MD_RUN_PARKED);
  assert_non_null(strstr(runs.list[0].reason, "stored by another momentd, in format 2, and this one knows format 1"));
  shop_event(&s, "a", "eva", TIMED);
  assert_int_equal(shop_all_runs(&s).list[1].state, MD_RUN_WAITING);
  assert_int_equal(shop_retry(&s, 1), 0); // on the version of now
  assert_string_equal(outcome(1), "string string number");
  remove_database(path);
}

// A journal with a step that only a newer momentd knows.
static void append_unknown_step(const char *path, md_micros at) {
  shop_close(&s);
  unlink(path);
  shop_open_at(&s, path, 0, at);
  shop_load(&s, "events.lua", PLAN("time", "subject"), "m/moment.lua", seer, NULL);
  shop_event(&s, "a", "ida", TIMED);
  md_run run;
  md_journal_reader last;
  md_buffer journal;
  md_error err = {0};
  assert_int_equal(md_runs_get(s.store, 1, s.arena, &run, &err), 0);
  md_buffer_init(&journal);
  md_journal_read(&last, NULL, 0);
  md_journal_append(&journal, &last, &(md_entry){.kind = 60, .name = "x", .file = "m/moment.lua", .line = 3});
  run.journal = journal.data;
  run.journal_len = journal.len;
  run.steps = 1;
  assert_int_equal(md_store_begin(s.store, &err), 0);
  assert_int_equal(md_runs_update(s.store, &run, &err), 0);
  assert_int_equal(md_store_commit(s.store, &err), 0);
  md_buffer_deinit(&journal);
}

// R1: a kind of step that this program does not know parks the run, with an event and with a timer alike; others go on,
// and retention forgets no event that the unread rest may name.
static void test_R1_an_unknown_kind_of_step_parks_its_run(void **state) {
  (void)state;
  char path[] = "/tmp/md-plan-XXXXXX";
  close(mkstemp(path));
  append_unknown_step(path, SHOP_START);
  shop_event(&s, "b", "ida", NULL);
  shop_runs runs = shop_all_runs(&s);
  assert_int_equal(runs.list[0].state, MD_RUN_PARKED);
  assert_non_null(strstr(runs.list[0].reason, "a kind of step that this momentd does not know"));
  shop_event(&s, "a", "eva", TIMED);
  shop_event(&s, "b", "eva", NULL);
  assert_string_equal(outcome(2), "number number number");
  remove_database(path);
}

int main(void) {
  md_json_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_a_digest_is_over_what_is_used),
      TEST(test_the_files_of_a_version),
      TEST(test_R1_a_changed_plan_does_not_reach_runs_in_flight),
      TEST(test_R1_versions_of_before_keep_the_plan_of_then),
      TEST(test_a_version_of_a_newer_momentd_parks_its_run),
      TEST(test_R1_an_unknown_kind_of_step_parks_its_run),
  };
  return cmocka_run_group_tests_name("version_plan", tests, NULL, NULL);
}
