// SPDX-License-Identifier: Apache-2.0
// Versions built aside: prepared on another thread, taken whole, swapped after the commit only; what is passed over;
// and what is live after the process has ended: S7, P8, R7.
#include "engine/prepare.h"
#include "shop.h"
#include <pthread.h>
#include <unistd.h>

#define SAYS(text)                                                                                                     \
  "return require 'moment'.define { class = 'service', on = 'a', run = function() return '" text "' end }"
#define PLAN(type) "return require 'plan'.define { events = { ['" type "'] = { means = 'x' } } }"
#define EXPERIMENT(arm)                                                                                                \
  "return require 'experiment'.define { name = 'x', moment = 'm', coverage = 1,"                                       \
  " arms = { { 'plain', 0.5 }, { '" arm "', 0.5 } } }"

typedef struct preparing {
  shop *shop;
  md_prepared *prepared;
  md_source source;
  md_source files;
  bool deploy;
  int code;
  md_error err;
} preparing;

static void *prepare(void *context) {
  preparing *at = context;
  md_prepare_options options = {.problem = shop_problem,
                                .context = at->shop,
                                .deploy = at->deploy,
                                .files = at->deploy && at->files.count ? &at->files : NULL};
  at->code = md_prepare(at->prepared, &at->source, &options, &at->err);
  return NULL;
}

static md_source source_of(md_source_file *files, const char *const *texts) {
  md_source source = {.files = files};
  for (; texts && *texts; texts += 2)
    files[source.count++] = (md_source_file){.path = texts[0], .data = texts[1], .len = strlen(texts[1])};
  return source;
}

// On a thread of its own.
static void prepare_aside(preparing *at, shop *s) {
  pthread_t thread;
  at->shop = s;
  s->problems[0] = '\0';
  assert_int_equal(md_prepared_new(&at->prepared, s->engine, &at->err), 0);
  assert_int_equal(pthread_create(&thread, NULL, prepare, at), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  if (at->code) fail_msg("prepare: %s", at->err.text);
}

static int take(preparing *at) {
  shop *s = at->shop;
  const md_version_origin origin = {.author = "ida", .note = "n", .door = at->deploy ? "deploy" : "files"};
  md_error err = {0};
  assert_int_equal(md_store_begin(s->store, &err), 0);
  int code = md_prepared_take(s->engine, at->prepared, &origin, &err);
  if (code == 0)
    assert_int_equal(md_store_commit(s->store, &err), 0);
  else
    md_store_rollback(s->store);
  md_prepared_settle(s->engine, at->prepared, code);
  md_prepared_free(at->prepared);
  return code;
}

static void reload(shop *s, const char *const *texts) {
  md_source_file files[16];
  preparing at = {.source = source_of(files, texts)};
  prepare_aside(&at, s);
  assert_int_equal(take(&at), 0);
}

static int deploy(shop *s, const char *const *texts, const char *const *on_disk) {
  md_source_file files[16], disk[16];
  preparing at = {.source = source_of(files, texts), .files = source_of(disk, on_disk), .deploy = true};
  prepare_aside(&at, s);
  return take(&at);
}

// What a run of moment `name` started now ends with; "-" when it takes none.
static const char *says(shop *s, const char *name) {
  static char text[100];
  int64_t before = md_runs_last_id(s->store);
  md_run run;
  md_error err = {0};
  shop_event(s, "a", "ida", NULL);
  for (int64_t id = before + 1; id <= md_runs_last_id(s->store); id++) {
    assert_int_equal(md_runs_get(s->store, id, s->arena, &run, &err), 0);
    if (strcmp(run.moment, name) != 0) continue;
    snprintf(text, sizeof text, "%s", run.outcome ? run.outcome : "(parked)");
    return text;
  }
  return "-";
}

static void test_the_engine_goes_on_until_it_is_swapped(void **state) {
  shop *s = *state;
  md_source_file files[4];
  preparing at = {.source = source_of(files, (const char *[]){"m/moment.lua", SAYS("two"), NULL})};
  reload(s, (const char *[]){"m/moment.lua", SAYS("one"), NULL});
  prepare_aside(&at, s);
  assert_string_equal(says(s, "m"), "one");
  assert_true(md_prepared_is_news(at.prepared));
  assert_int_equal(take(&at), 0);
  assert_string_equal(says(s, "m"), "two");
}

// Nothing of it may be seen when the commit has failed.
static void test_a_batch_that_is_rolled_back_takes_nothing(void **state) {
  shop *s = *state;
  md_source_file files[4];
  md_error err = {0};
  preparing at = {.source = source_of(files, (const char *[]){"m/moment.lua", SAYS("two"), "n/moment.lua", SAYS("n"),
                                                              "events.lua", PLAN("b"), NULL})};
  reload(s, (const char *[]){"m/moment.lua", SAYS("one"), "o/moment.lua", SAYS("o"), NULL});
  prepare_aside(&at, s);
  assert_int_equal(md_store_begin(s->store, &err), 0);
  assert_int_equal(md_prepared_take(s->engine, at.prepared, NULL, &err), 0);
  md_store_rollback(s->store);
  md_prepared_settle(s->engine, at.prepared, MD_EIO);
  md_prepared_free(at.prepared);
  assert_string_equal(says(s, "m"), "one");
  assert_string_equal(says(s, "n"), "-");
  assert_string_equal(says(s, "o"), "o");
  reload(s, (const char *[]){"m/moment.lua", SAYS("two"), "n/moment.lua", SAYS("n"), NULL});
  assert_string_equal(says(s, "n"), "n");
  assert_string_equal(says(s, "o"), "-");
}

static void test_S7_a_broken_one_refuses_its_own_version(void **state) {
  shop *s = *state;
  reload(s, (const char *[]){"m/moment.lua", SAYS("one"), "n/moment.lua", SAYS("n1"), NULL});
  reload(s, (const char *[]){"m/moment.lua", "return 7", "n/moment.lua", SAYS("n2"), NULL});
  assert_non_null(strstr(s->problems, "m/moment.lua:1"));
  assert_string_equal(says(s, "m"), "one");
  assert_string_equal(says(s, "n"), "n2");
}

static void test_a_deploy_is_taken_whole_or_not_at_all(void **state) {
  shop *s = *state;
  reload(s, (const char *[]){"m/moment.lua", SAYS("one"), "n/moment.lua", SAYS("n1"), NULL});
  assert_int_equal(deploy(s, (const char *[]){"m/moment.lua", "return 7", "n/moment.lua", SAYS("n2"), NULL}, NULL),
                   MD_EINVAL);
  assert_string_equal(says(s, "n"), "n1");
  assert_int_equal(deploy(s, (const char *[]){"m/moment.lua", SAYS("two"), NULL}, NULL), 0);
  assert_string_equal(says(s, "m"), "two");
  assert_string_equal(says(s, "n"), "-");
}

// The files are passed over until they change, a moment at a time: what they have, and what they have not.
static void test_files_are_passed_over_after_a_deploy(void **state) {
  shop *s = *state;
  const char *disk[] = {"m/moment.lua", SAYS("disk"), "n/moment.lua", SAYS("n"), NULL};
  const char *n_changed[] = {"m/moment.lua", SAYS("disk"), "n/moment.lua", SAYS("n2"), NULL};
  reload(s, disk);
  assert_int_equal(deploy(s, (const char *[]){"m/moment.lua", SAYS("deployed"), "o/moment.lua", SAYS("o"), NULL}, disk),
                   0);
  reload(s, disk);
  assert_string_equal(says(s, "m"), "deployed");
  assert_string_equal(says(s, "n"), "-");
  assert_string_equal(says(s, "o"), "o");
  reload(s, n_changed);
  assert_string_equal(says(s, "m"), "deployed");
  assert_string_equal(says(s, "n"), "n2");
  assert_string_equal(says(s, "o"), "o");
  reload(s, (const char *[]){"m/moment.lua", SAYS("edited"), "n/moment.lua", SAYS("n2"), "o/moment.lua", SAYS("o2"),
                             NULL});
  assert_string_equal(says(s, "m"), "edited");
  assert_string_equal(says(s, "o"), "o2");
  // From then on the files decide again.
  reload(s, disk);
  assert_string_equal(says(s, "m"), "disk");
  assert_string_equal(says(s, "n"), "n");
  assert_string_equal(says(s, "o"), "-");
}

static void roll_back(shop *s, const char *moment, int64_t version, const char *from) {
  md_error err = {0};
  assert_int_equal(md_store_begin(s->store, &err), 0);
  assert_int_equal(md_moments_set_live(s->store, moment, version, 1, &err), 0);
  assert_int_equal(md_moments_set_rolled_back(s->store, moment, from, &err), 0);
  assert_int_equal(md_store_commit(s->store, &err), 0);
}

// What changes under a preparation makes it stale.
static void test_a_stale_preparation_is_not_taken(void **state) {
  shop *s = *state;
  md_source_file files[4];
  preparing at = {.source = source_of(files, (const char *[]){"m/moment.lua", SAYS("two"), NULL})};
  reload(s, (const char *[]){"m/moment.lua", SAYS("one"), NULL});
  prepare_aside(&at, s);
  roll_back(s, "m", 1, "aa");
  assert_int_equal(take(&at), MD_ECONFLICT);
  assert_string_equal(says(s, "m"), "one");
}

static const char path_[] = "prepare-test.db";

static void remove_database(void) {
  static const char *const ends[] = {"", "-wal", "-shm", ".lock", ".keys", ".keys-wal", ".keys-shm"};
  char path[100];
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    snprintf(path, sizeof path, "%s%s", path_, ends[i]);
    unlink(path);
  }
}

static void open_again(shop *s) {
  int next_id = s->next_id;
  shop_close(s);
  shop_open_at(s, path_, 0, SHOP_START);
  s->next_id = next_id;
}

static int digest_of_live(void *context, const md_version *version) {
  snprintf(context, 65, "%s", version->digest);
  return 1;
}

// A rollback holds until the files' content changes.
static void test_over_a_restart(void **state) {
  shop *s = *state;
  char second[65];
  const char *broken[] = {"events.lua", "return 7", "m/moment.lua", "return 7", NULL};
  const char *files[] = {"events.lua", PLAN("a"), "experiments/x.lua", EXPERIMENT("b"), "m/moment.lua",
                         SAYS("2"),    NULL};
  remove_database();
  open_again(s);
  reload(s, (const char *[]){"m/moment.lua", SAYS("1"), NULL});
  reload(s, files);
  md_versions_list(s->store, "m", digest_of_live, second, NULL);
  // What is broken at the start takes nothing from what was live.
  open_again(s);
  reload(s, broken);
  assert_non_null(strstr(s->problems, "events.lua"));
  assert_string_equal(says(s, "m"), "2");
  roll_back(s, "m", 1, second);
  open_again(s);
  reload(s, files);
  assert_string_equal(says(s, "m"), "1");
  // Nothing is read: all goes on, experiments too.
  open_again(s);
  md_error err = {0};
  assert_int_equal(md_engine_recover(s->engine, shop_problem, s, &err), 0);
  assert_true(md_engine_has_moments(s->engine));
  assert_string_equal(says(s, "m"), "1");
  md_prepared *prepared = NULL;
  md_source_file room[8];
  md_source source = source_of(room, files);
  assert_int_equal(md_prepared_new(&prepared, s->engine, &err), 0);
  assert_int_equal(md_prepare(prepared, &source, &(md_prepare_options){.problem = shop_problem, .context = s}, &err),
                   0);
  assert_false(md_prepared_is_news(prepared));
  md_prepared_free(prepared);
  reload(s, (const char *[]){"m/moment.lua", SAYS("3"), NULL});
  assert_string_equal(says(s, "m"), "3");
  shop_close(s);
  remove_database();
  shop_open(s);
}

// A version that this program cannot read starts nothing and harms nobody else.
static void test_a_version_that_is_not_understood(void **state) {
  shop *s = *state;
  static const char text[] = "return require 'moment'.define { class = 'service', on = 'a', warp = 9, run = type }";
  md_version_file file = {"m/moment.lua", text, sizeof text - 1};
  int64_t id = 0;
  md_error err = {0};
  remove_database();
  open_again(s);
  reload(s, (const char *[]){"n/moment.lua", SAYS("n"), NULL});
  assert_int_equal(md_store_begin(s->store, &err), 0);
  assert_int_equal(md_versions_put(s->store, "m", "ab", &file, 1, NULL, 1, &id, &err), 0);
  assert_int_equal(md_moments_set_live(s->store, "m", id, 1, &err), 0);
  assert_int_equal(md_store_commit(s->store, &err), 0);
  open_again(s);
  assert_int_equal(md_engine_recover(s->engine, shop_problem, s, &err), 0);
  assert_non_null(strstr(s->problems, "m/moment.lua:1"));
  assert_non_null(strstr(s->problems, "warp"));
  assert_string_equal(says(s, "m"), "-");
  assert_string_equal(says(s, "n"), "n");
  remove_database();
}

static int setup(void **state) {
  static shop s;
  shop_open(&s);
  *state = &s;
  return 0;
}

static int teardown(void **state) {
  shop_close(*state);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      TEST(test_the_engine_goes_on_until_it_is_swapped),
      TEST(test_a_batch_that_is_rolled_back_takes_nothing),
      TEST(test_S7_a_broken_one_refuses_its_own_version),
      TEST(test_a_deploy_is_taken_whole_or_not_at_all),
      TEST(test_files_are_passed_over_after_a_deploy),
      TEST(test_a_stale_preparation_is_not_taken),
      TEST(test_over_a_restart),
      TEST(test_a_version_that_is_not_understood),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
