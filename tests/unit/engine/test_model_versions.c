// SPDX-License-Identifier: Apache-2.0
// R7: which versions keep their files, against an obvious model, over random histories that are cut off at any moment.
#include "engine/state.h"
#include "shop.h"
#include "store/internal.h"
#include <unistd.h>

enum { MOMENTS = 3, VARIANTS = 8, VERSIONS_MAX = MOMENTS * VARIANTS, KEEP_DAYS = 3, HISTORIES = 6, ACTS = 120 };
#define RETENTION (90 * MD_DAY)

// A run waits for `end` of its person, then sends, if its trigger says so, and ends. The messages of this shop are
// never sent by themselves.
static const char script[] =
    "local moment = require 'moment'\n"
    "return moment.define { class = 'service', on = 'start%d', again = 'parallel', run = function(m, e)\n"
    "  m:wait_for('end')\n"
    "  if e.data.send then m:send { template = 'x' } end\n"
    "  if e.data.fail then error('boom') end\n"
    "  return 'variant %d'\n"
    "end }\n";
static const char plan[] = "return require 'plan'.define { person = { strong = { 'subject' } } }\n";

static shop s;
static char path[40];
static uint64_t seed;

static int pick(int count) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (int)((seed >> 33) % (uint64_t)count);
}

static void open_at(md_micros now) {
  shop_open_with(&s, path, now,
                 &(md_engine_options){.retention = RETENTION, .keep_versions = KEEP_DAYS * MD_DAY, .vm_cache = 1});
}

static void sql(const char *text) {
  char *why = NULL;
  if (sqlite3_exec(s.store->db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

static int64_t number(const char *text) {
  sqlite3_stmt *stmt = NULL;
  int64_t found = 0;
  if (sqlite3_prepare_v2(s.store->db, text, -1, &stmt, NULL) != SQLITE_OK)
    fail_msg("%s: %s", text, sqlite3_errmsg(s.store->db));
  if (sqlite3_step(stmt) == SQLITE_ROW) found = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return found;
}

static void load(const int *variants) {
  const char *texts[MOMENTS];
  for (int i = 0; i < MOMENTS; i++)
    texts[i] = variants[i] < 0 ? NULL : md_arena_printf(s.arena, script, i, variants[i]);
  md_source_file files[MOMENTS + 1] = {{"events.lua", plan, sizeof plan - 1}};
  static const char *const paths[] = {"m0/moment.lua", "m1/moment.lua", "m2/moment.lua"};
  md_source source = {.files = files, .count = 1};
  for (int i = 0; i < MOMENTS; i++)
    if (texts[i]) files[source.count++] = (md_source_file){paths[i], texts[i], strlen(texts[i])};
  md_error err = {0};
  if (md_engine_load(s.engine, &source, shop_problem, &s, &err)) fail_msg("load: %s", err.text);
  assert_string_equal(s.problems, "");
}

// What must have its files, asked of the database with one plain question for each reason.
static bool is_needed(int64_t version, md_micros now) {
  static const char *const reasons[] = {
      "SELECT count(*) FROM moments WHERE live = %lld",
      "SELECT count(*) FROM versions, moments WHERE id = %lld AND moment = name AND rolled_back_from = digest",
      "SELECT count(*) FROM runs WHERE version = %lld AND state NOT IN (3, 5)",
      "SELECT count(*) FROM messages WHERE version = %lld AND state IN (1, 2, 11)",
      "SELECT count(*) FROM quarantine WHERE version = %lld",
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (number(md_arena_printf(s.arena, reasons[i], (long long)version))) return true;
  int64_t retired =
      number(md_arena_printf(s.arena, "SELECT retired_at FROM versions WHERE id = %lld", (long long)version));
  return retired > now - KEEP_DAYS * MD_DAY;
}

static bool has_files(int64_t version) {
  return number(md_arena_printf(s.arena, "SELECT count(*) FROM version_files WHERE version = %lld",
                                (long long)version)) > 0;
}

// Nothing that is needed is ever without its files, nor a content kept that nobody has.
static void expect_safe(void) {
  int64_t versions = number("SELECT max(id) FROM versions");
  for (int64_t v = 1; v <= versions; v++)
    if (is_needed(v, s.engine->now) && !has_files(v)) fail_msg("version %lld is needed and has no files", (long long)v);
  assert_int_equal(number("SELECT count(*) FROM version_files v LEFT JOIN files f ON f.id = v.file WHERE f.id IS NULL"),
                   0);
  assert_int_equal(number("SELECT count(*) FROM files WHERE id NOT IN (SELECT file FROM version_files)"), 0);
}

// After a whole round what is not needed is gone.
static void expect_exact(void) {
  md_micros now = s.engine->now;
  int64_t versions = number("SELECT max(id) FROM versions");
  for (int64_t v = 1; v <= versions; v++)
    if (is_needed(v, now - MD_DAY) != has_files(v) && is_needed(v, now) != has_files(v))
      fail_msg("version %lld: needed %d, has files %d", (long long)v, is_needed(v, now), has_files(v));
  expect_safe();
}

// As kill -9 leaves it: the database as it is on disk at this moment, opened by another process.
static void die(void) {
  char copy[64], command[500];
  snprintf(copy, sizeof copy, "%s.copy", path);
  snprintf(command, sizeof command, "cp %s %s && cp %s-wal %s-wal", path, copy, path, copy);
  assert_int_equal(system(command), 0);
  md_micros now = s.clock.at;
  int id = s.next_id;
  shop_close(&s);
  snprintf(command, sizeof command, "rm -f %s-wal %s-shm && mv %s %s && mv %s-wal %s-wal", path, path, copy, path, copy,
           path);
  assert_int_equal(system(command), 0);
  open_at(now);
  s.next_id = id;
  md_error err = {0};
  if (md_engine_recover(s.engine, shop_problem, &s, &err)) fail_msg("%s", err.text);
}

static int live_variant[MOMENTS];

static void start_run(void) {
  int moment = pick(MOMENTS);
  char type[16], person[16];
  snprintf(type, sizeof type, "start%d", moment);
  snprintf(person, sizeof person, "p%d", pick(5));
  shop_event(
      &s, type, person,
      md_arena_printf(s.arena, "{\"send\":%s,\"fail\":%s}", pick(2) ? "true" : "false", pick(6) ? "false" : "true"));
}

static void end_runs(void) {
  char person[16];
  snprintf(person, sizeof person, "p%d", pick(5));
  shop_event(&s, "end", person, NULL);
}

static void cancel_parked(void) {
  int64_t parked = number("SELECT min(id) FROM runs WHERE state = 4");
  if (parked) assert_int_equal(shop_cancel(&s, (int)parked), 0);
}

// By hand, as an operator's rollback does: another version of the moment that has its files becomes the live one.
static void roll_back(void) {
  int moment = pick(MOMENTS);
  if (live_variant[moment] < 0) return;
  char *find = md_arena_printf(s.arena,
                               "SELECT max(v.id) FROM versions v JOIN moments m ON m.name = v.moment WHERE v.moment = "
                               "'m%d' AND v.id <> m.live AND EXISTS (SELECT 1 FROM version_files WHERE version = v.id)",
                               moment);
  int64_t to = number(find);
  char name[8];
  snprintf(name, sizeof name, "m%d", moment);
  if (!to) return;
  sql(md_arena_printf(s.arena,
                      "UPDATE moments SET rolled_back_from = (SELECT digest FROM versions WHERE id = live) WHERE name ="
                      " '%s'",
                      name));
  assert_int_equal(md_moments_set_live(s.store, name, to, s.engine->now, NULL), 0);
  md_loaded *loaded = NULL;
  assert_int_equal(md_loaded_get(s.engine, to, &loaded, NULL), 0);
  md_moment_find(s.engine, name)->live = loaded;
}

// A round stops in its midst where nothing drives it on.
static void begin_round(void) {
  s.clock.at += MD_DAY + MD_HOUR;
  for (int i = pick(12); i > 0; i--) {
    md_error err = {0};
    s.clock.at += MD_SECOND;
    if (md_engine_batch(s.engine, false, &err) < 0) fail_msg("%s", err.text);
  }
}

static void act(void) {
  switch (pick(9)) {
  case 0:
    live_variant[pick(MOMENTS)] = pick(VARIANTS + 1) - 1;
    load(live_variant);
    break;
  case 1:
  case 2:
    start_run();
    break;
  case 3:
    end_runs();
    break;
  case 4:
    sql("UPDATE messages SET state = 3, final_at = created_at WHERE id % 2 = 0 AND state = 1");
    break;
  case 5:
    cancel_parked();
    break;
  case 6:
    roll_back();
    break;
  case 7:
    begin_round();
    break;
  default:
    shop_advance(&s, pick(40) * MD_HOUR);
  }
}

static void test_R7_versions_keep_their_files_as_long_as_needed(void **state) {
  (void)state;
  for (int history = 0; history < HISTORIES; history++) {
    seed = (uint64_t)history + 1;
    snprintf(path, sizeof path, "/tmp/md-model-versions-%d", (int)getpid());
    open_at(SHOP_START);
    for (int i = 0; i < MOMENTS; i++)
      live_variant[i] = 0;
    load(live_variant);
    for (int i = 0; i < ACTS; i++) {
      act();
      expect_safe();
      if (pick(10) == 0) die();
      if (pick(20) == 0) load(live_variant);
    }
    shop_advance(&s, 2 * MD_DAY);
    expect_exact();
    for (int person = 0; person < 5; person++) // what is in flight ends well on its own version
      shop_event(&s, "end", md_arena_printf(s.arena, "p%d", person), NULL);
    assert_int_equal(number("SELECT count(*) FROM runs WHERE state = 1"), 0);
    assert_int_equal(number("SELECT count(*) FROM runs WHERE state = 4 AND reason NOT LIKE '%boom%'"), 0);
    shop_close(&s);
    char command[100];
    snprintf(command, sizeof command, "rm -f %s*", path);
    assert_int_equal(system(command), 0);
  }
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_R7_versions_keep_their_files_as_long_as_needed)};
  return cmocka_run_group_tests_name("model_versions", tests, NULL, NULL);
}
