// SPDX-License-Identifier: Apache-2.0
// The query plans of all statements: none but the listings and counts for people scans a table.
#include "store/calls.h"
#include "store/exposures.h"
#include "store/forget.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/lazy.h"
#include "store/messages.h"
#include "store/metrics.h"
#include "store/quarantine.h"
#include "store/schedules.h"
#include "store/shadowed.h"
#include "store/strikes.h"
#include "store/suppressions.h"
#include "store/versions.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Statements that may scan: listings newest first with a limit, counts, and small tables read whole.
static const char *const may_scan[] = {
    "SELECT u.id, u.event",
    "SELECT id, at, event, run, kind",
    "SELECT version FROM quarantine",
    "DELETE FROM quarantine WHERE at",
    "SELECT id, kind, at, event, run", // what is held back
    "SELECT slice, key, version",      // an hour of strikes, read each five minutes
    "DELETE FROM strikes",
    "SELECT moment, count(*), max(at) FROM unmatched", // triggers that failed: a partial index
    "SELECT moment, version, state, count(*)",
    "SELECT state, count(*)",
    "SELECT count(*) FROM runs",
    "SELECT name, live, paused_at",
    "SELECT path, below, above",
    "SELECT id, name, scopes",
    "SELECT stripe, events",
    "SELECT moment, expression, zone, due_at FROM schedules WHERE ?1",
    "SELECT id, moment, digest, created_at, note, author, door, live_at FROM versions WHERE ?1 IS NULL",
    "UPDATE calls SET state = 1", // at start, the few that were under way: a partial index
};

static int see_event(void *context, const md_event *event) {
  (void)event;
  return *(int *)context;
}
static int see_unmatched(void *context, const md_unmatched *row) {
  (void)row;
  return *(int *)context;
}
static int see_incident(void *context, const md_incident *row) {
  (void)row;
  return *(int *)context;
}
static int see_consent(void *context, const md_consent *row) {
  (void)row;
  return *(int *)context;
}
static int see_run(void *context, const md_run *run) {
  (void)run;
  return *(int *)context;
}
static int see_run_count(void *context, const md_run_count *row) {
  (void)row;
  return *(int *)context;
}
static int see_message(void *context, const md_message *message) {
  (void)message;
  return *(int *)context;
}
static int see_message_count(void *context, md_message_state state, int64_t count) {
  (void)state;
  (void)count;
  return *(int *)context;
}
static int see_time(void *context, const md_message_time *time) {
  (void)time;
  return *(int *)context;
}
static int see_suppression(void *context, const md_suppression *row) {
  (void)row;
  return *(int *)context;
}
static int see_sale(void *context, const md_sale *row) {
  (void)row;
  return *(int *)context;
}
static int see_version(void *context, const md_version *row) {
  (void)row;
  return *(int *)context;
}
static int see_moment(void *context, const md_moment_row *moment) {
  (void)moment;
  return *(int *)context;
}
static int see_shadowed(void *context, const md_shadowed *row) {
  (void)row;
  return *(int *)context;
}
static int see_key(void *context, const md_api_key *key) {
  (void)key;
  return *(int *)context;
}

static void use_events(store_fixture *f, md_store *s) {
  md_event event;
  uint8_t digest[MD_EVENT_DIGEST_SIZE];
  md_key key = {"order", "o1"};
  int go_on = 0;
  int64_t row;
  make_event(s, "a", "t", 1, "order", "o1");
  md_events_find_id(s, "shop", "a", &row, digest, &f->err);
  md_events_next_about(s, key, 0, f->arena, &event, &f->err);
  md_events_last_about(s, key, INT64_MAX, f->arena, &event, &f->err);
  md_events_next_pending(s, 0, f->arena, &event, &f->err);
  md_events_mark_processed(s, 1, &f->err);
  md_events_mark_conflict(s, 1, &f->err);
  md_events_list(s, NULL, 0, 1, see_event, &go_on, &f->err);
  md_events_after(s, 0, 1, see_event, &go_on, &f->err);
  md_unmatched_insert(s, 1, "m", "where", NULL, 1, &f->err);
  md_unmatched_list(s, 0, 1, see_unmatched, &go_on, &f->err);
  md_unmatched_after(s, 0, 1, see_unmatched, &go_on, &f->err);
  md_unmatched_list(s, 1, 1, see_unmatched, &go_on, &f->err);
  md_incidents_insert(s, "drift", 0, 0, NULL, 1, &f->err);
  md_incidents_list(s, 1, see_incident, &go_on, &f->err);
}

static void use_people(store_fixture *f, md_store *s) {
  md_person person;
  md_thing thing;
  md_consent consent = {.person = 1, .channel = "email", .purpose = "marketing"};
  int go_on = 0;
  int64_t row;
  md_members rows;
  make_person(s, "subject", "1");
  make_person(s, "subject", "2");
  md_people_find(s, "subject", "1", &row, &f->err);
  md_people_get(s, 1, f->arena, &person, &f->err);
  md_people_add_identity(s, 1, (md_identity){"x", "y", false}, &f->err);
  md_people_set_profile(s, 1, "{}", &f->err);
  md_people_alias(s, 1, 2, 1, 1, &f->err);
  md_people_split(s, 1, &f->err);
  md_people_rows(s, 2, f->arena, &rows, &f->err);
  md_consents_insert(s, &consent, &f->err);
  md_consents_list(s, 1, see_consent, &go_on, &f->err);
  make_thing(s, "order", "o1", NULL, NULL);
  md_things_get(s, "order", "o1", f->arena, &thing, &f->err);
  md_things_set_parent(s, 1, "person", "1", &f->err);
}

static void use_runs(store_fixture *f, md_store *s) {
  md_run run;
  md_offer offer;
  md_value value = {"1", 0, 0};
  int go_on = 0;
  make_run(s, "m", 1, "order", "o1", 5);
  md_runs_get(s, 1, f->arena, &run, &f->err);
  run.person = 2;
  md_runs_update(s, &run, &f->err);
  md_runs_next_live(s, run.about, 0, INT64_MAX, f->arena, &run, &f->err);
  md_runs_relate(s, &run, &f->err);
  md_offers_put(s, &(md_offer){1, 2, 3}, &f->err);
  assert_int_equal(md_offers_first(s, &offer, &f->err), 0);
  md_offers_remove(s, offer.event_seq, &f->err);
  assert_int_equal(md_offers_first(s, &offer, &f->err), MD_ENOTFOUND);
  md_runs_next_due(s, 9, f->arena, &run, &f->err);
  md_runs_due_at(s);
  md_runs_next_queued(s, 0, f->arena, &run, &f->err);
  md_runs_next_parked(s, 0, f->arena, &run, &f->err);
  md_runs_next_unended(s, 0, f->arena, &run, &f->err);
  md_runs_list(s, &(md_run_filter){.limit = 1}, see_run, &go_on, &f->err);
  md_runs_counts(s, see_run_count, &go_on, &f->err);
  md_values_set(s, "m", 1, 1, "k", &value, &f->err);
  md_values_get(s, "m", 1, 1, "k", f->arena, &value, &f->err);
  md_values_set(s, "m", 1, 1, "k", NULL, &f->err);
}

static int see_schedule(void *context, const md_schedule_row *row) {
  (void)row;
  return *(int *)context;
}

static void use_schedules(store_fixture *f, md_store *s) {
  md_schedule_row row = {"m", "0 8 * * *", "UTC", 5};
  int go_on = 0;
  md_schedules_add(s, &row, &f->err);
  md_schedules_set_due(s, &row, &f->err);
  assert_int_equal(md_schedules_due_at(s), 5);
  assert_int_equal(md_schedules_next_due(s, 5, f->arena, &row, &f->err), 0);
  md_schedules_list(s, "m", see_schedule, &go_on, &f->err);
  md_schedules_remove(s, &row, &f->err);
  assert_int_equal(md_schedules_next_due(s, 5, f->arena, &row, &f->err), MD_ENOTFOUND);
}

static void use_messages(store_fixture *f, md_store *s) {
  md_message message = {.run = 1, .moment = "m", .state = MD_MESSAGE_QUEUED, .person = 1};
  int go_on = 0;
  md_messages_insert(s, &message, &f->err);
  md_messages_get(s, 1, f->arena, &message, &f->err);
  md_messages_next_due(s, 9, false, f->arena, &message, &f->err);
  md_messages_due_at(s);
  message.state = MD_MESSAGE_ATTEMPTING;
  md_messages_update(s, &message, &f->err);
  md_messages_withdraw(s, 1, "x", 1, &f->err);
  md_messages_list(s, &(md_message_filter){.limit = 1}, see_message, &go_on, &f->err);
  md_messages_list(s, &(md_message_filter){.run = 1}, see_message, &go_on, &f->err);
  md_messages_with_secrets(s, see_message, &go_on, &f->err);
  md_messages_interrupted(s, see_message, &go_on, &f->err);
  md_messages_counts(s, see_message_count, &go_on, &f->err);
  assert_int_equal(md_messages_count_shadow(s, &(int64_t){0}, &f->err), 0);
  md_messages_times(s, &(md_message_span){.person = 1, .until = 1}, see_time, &go_on, &f->err);
}

static void use_suppressions(store_fixture *f, md_store *s) {
  static const uint8_t hash[MD_ADDRESS_HASH_SIZE] = {1};
  md_suppression suppression = {
      .person = 1, .address = hash, .channel = "email", .purpose = "marketing", .reason = "unsubscribe"};
  int go_on = 0;
  md_sale sale = {.person = 1, .address = hash, .order_id = "o1", .products = "all"};
  md_suppressions_insert(s, &suppression, &f->err);
  md_suppression_query query = {"email", "marketing", 0};
  md_suppressions_of_address(s, hash, &query, f->arena, &suppression, &f->err);
  md_suppressions_of_person(s, 1, &query, f->arena, &suppression, &f->err);
  md_suppressions_list(s, 1, see_suppression, &go_on, &f->err);
  md_sales_insert(s, &sale, &f->err);
  md_sales_list(s, 1, see_sale, &go_on, &f->err);
}

static int see_point(void *context, const char *labels, const md_point *point) {
  (void)labels;
  (void)point;
  return *(int *)context;
}

static int see_value(void *context, const char *key, const md_value *value) {
  (void)key;
  (void)value;
  return *(int *)context;
}

static void use_metrics(store_fixture *f, md_store *s) {
  md_exposure exposure = {.experiment = "x", .arm = "a", .moment = "m", .person = 1};
  md_point point = {.series = 1, .day = 1};
  int64_t id;
  int go_on = 0;
  md_exposures_insert(s, &exposure, &f->err);
  md_exposures_get(s, "x", 1, f->arena, &exposure, &f->err);
  md_series_insert(s, "x", "{}", &id, &f->err);
  md_series_find(s, "x", "{}", &id, &f->err);
  md_series_count(s, "x", &id, &f->err);
  md_points_put(s, &point, &f->err);
  md_points_get(s, 1, 1, f->arena, &point, &f->err);
  md_points_since(s, "x", 1, see_point, &go_on, &f->err);
  md_values_of_other_shape(s, "m", 2, 1, see_value, &go_on, &f->err);
}

static void use_calls(store_fixture *f, md_store *s) {
  md_call call = {
      .state = MD_CALL_QUEUED, .run = 1, .moment = "m", .connection = "c", .method = "GET", .path = "/", .key = "k"};
  md_run_file file = {"a.txt", "text/plain", "x", 1};
  md_calls_insert(s, &call, &f->err);
  md_calls_next_due(s, 9, f->arena, &call, &f->err);
  md_calls_due_at(s);
  md_calls_update(s, &call, &f->err);
  md_calls_get(s, 1, f->arena, &call, &f->err);
  md_calls_of_step(s, 1, 0, f->arena, &call, &f->err);
  md_calls_requeue(s, 1, &f->err);
  md_calls_withdraw(s, 1, 1, &f->err);
  md_run_files_put(s, 1, &file, 1, &f->err);
  md_run_files_get(s, 1, "a.txt", f->arena, &file, &f->err);
}

static int see_held(void *context, const md_quarantine *row) {
  (void)row;
  return *(int *)context;
}

static int see_strike(void *context, const md_strike_row *row) {
  (void)row;
  return *(int *)context;
}

static int see_failed(void *context, const char *moment, int64_t count, md_micros last) {
  (void)moment;
  (void)count;
  (void)last;
  return *(int *)context;
}

static void use_quarantine(store_fixture *f, md_store *s) {
  md_quarantine row = {.kind = MD_QUARANTINE_TURN, .version = 1, .moment = "m"};
  int64_t id = 0, event = 0;
  int go_on = 0;
  assert_int_equal(md_quarantine_insert(s, &row, &f->err), 0);
  assert_int_equal(md_quarantine_list(s, see_held, &go_on, &f->err), 0);
  assert_int_equal(md_quarantine_delete(s, row.id, &f->err), 0);
  assert_int_equal(md_strikes_put(s, &(md_strike_row){1, 2, 3, 4, 4}, &f->err), 0);
  assert_int_equal(md_strikes_list(s, see_strike, &go_on, &f->err), 0);
  assert_int_equal(md_strikes_forget(s, 2, 9, &f->err), 0);
  assert_int_equal(md_strikes_forget_version(s, 3, &f->err), 0);
  md_unmatched_insert(s, 1, "m", "error", NULL, 1, &f->err);
  assert_int_equal(md_failed_triggers(s, see_failed, &go_on, &f->err), 0);
  assert_int_equal(md_failed_trigger_newest(s, "m", &id, &f->err), 0);
  assert_int_equal(md_failed_trigger_next(s, "m", 0, &id, &event, &f->err), 0);
  assert_int_equal(md_failed_trigger_delete(s, id, &f->err), 0);
}

static void use_versions(store_fixture *f, md_store *s) {
  md_version_file file = {"m/moment.lua", "x", 1}, *files;
  md_version version;
  md_api_key key = {.name = "k", .scopes = "events"};
  const char *text;
  int go_on = 0, count;
  int64_t id;
  md_versions_put(s, "m", "aa", &file, 1, NULL, 1, &id, &f->err);
  md_versions_put(s, "m", "aa", &file, 1, NULL, 1, &id, &f->err);
  md_versions_get(s, 1, f->arena, &version, &f->err);
  md_versions_files(s, 1, f->arena, &files, &count, &f->err);
  md_versions_list(s, NULL, see_version, &go_on, &f->err);
  md_moments_set_live(s, "m", 1, 1, &f->err);
  md_moments_set_rolled_back(s, "m", "aa", &f->err);
  md_shadowed_put(s, &(md_shadowed){"a", "b", "c"}, &f->err);
  md_shadowed_list(s, see_shadowed, &go_on, &f->err);
  md_shadowed_delete(s, "a", &f->err);
  md_moments_list(s, see_moment, &go_on, &f->err);
  md_keys_insert(s, &key, &f->err);
  md_keys_list(s, see_key, &go_on, &f->err);
  md_keys_revoke(s, "k", 1, &f->err);
  md_settings_set(s, "a", "b", &f->err);
  md_settings_get(s, "a", f->arena, &text, &f->err);
  md_settings_delete(s, "a", &f->err);
}

static void use_forget(store_fixture *f, md_store *s) {
  md_run run;
  md_forget_place place = {0};
  md_forget_version old;
  md_idset kept = {0};
  int64_t id = 0, version;
  bool gone;
  md_forget_first_since(s, 1, &id, &f->err);
  md_forget_next_event(s, 1, &id, &f->err);
  md_forget_event(s, 1, &f->err);
  md_forget_next_run(s, 0, f->arena, &run, &f->err);
  md_forget_run(s, &run, 1, &gone, &f->err);
  run.id = 77;
  md_forget_run(s, &run, 1, &gone, &f->err);
  assert_true(gone);
  md_forget_next_message(s, &id, &version, &gone, &f->err);
  md_forget_lowest_run(s, &id, &f->err);
  md_index_add_late(s, md_index_hash(MD_INDEX_EVENT_ID, "a", "b"), 1, &f->err);
  md_forget_next_entry(s, &place, 9, &kept, 1, &f->err);
  md_unmatched_insert(s, 1, "m", "where", NULL, 1, &f->err);
  md_forget_unmatched(s, 9, &f->err);
  md_incidents_insert(s, "drift", 0, 0, NULL, 1, &f->err);
  md_forget_incident(s, 9, &f->err);
  md_forget_next_version(s, 0, &old, &f->err);
  md_forget_retire(s, 1, 1, &f->err);
  md_forget_files(s, 1, &f->err);
  assert_int_equal(md_forget_held(s, 1, &f->err), 0);
  assert_int_equal(md_forget_quarantined(s, &kept, &f->err), 0);
  assert_int_equal(md_forget_value(s, 9, &f->err), MD_ENOTFOUND);
  id = 0;
  assert_int_equal(md_forget_points(s, &id, 9, &f->err), 0);
}

static bool is_allowed_to_scan(const char *sql) {
  for (size_t i = 0; i < sizeof may_scan / sizeof may_scan[0]; i++)
    if (strncmp(sql, may_scan[i], strlen(may_scan[i])) == 0) return true;
  return false;
}

static void check_plan(sqlite3 *db, const char *sql) {
  char explain[2000];
  sqlite3_stmt *plan = NULL;
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
  assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
  while (sqlite3_step(plan) == SQLITE_ROW) {
    const char *detail = (const char *)sqlite3_column_text(plan, 3);
    bool alone = strstr(detail, "CONSTANT ROW") || strstr(detail, "INDEX messages_shadow") ||
                 strstr(detail, "INDEX messages_attempting"); // indexes of just those rows
    bool scans = strncmp(detail, "SCAN", 4) == 0 && !alone;
    if (!scans && !strstr(detail, "TEMP B-TREE FOR ORDER BY")) continue;
    print_error("%s: %s\n", detail, sql);
    fail();
  }
  sqlite3_finalize(plan);
}

// Every statement that was prepared is still in the connection's list.
static int check_all(sqlite3 *db) {
  int checked = 0;
  for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt; stmt = sqlite3_next_stmt(db, stmt)) {
    const char *sql = sqlite3_sql(stmt);
    checked++;
    if (!is_allowed_to_scan(sql)) check_plan(db, sql);
  }
  return checked;
}

static int count_details(sqlite3 *db, const char *sql, const char *wanted) {
  char explain[2000];
  sqlite3_stmt *plan = NULL;
  int count = 0;
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
  assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
  while (sqlite3_step(plan) == SQLITE_ROW)
    count += strstr((const char *)sqlite3_column_text(plan, 3), wanted) != NULL;
  sqlite3_finalize(plan);
  return count;
}

// M5: a decision reads what reached the person within its span, and not all that ever did.
static void test_history_is_read_by_person_and_time(void **state) {
  store_fixture *f = *state;
  int go_on = 0, found = 0;
  md_messages_times(f->store, &(md_message_span){.person = 1, .until = 1}, see_time, &go_on, &f->err);
  sqlite3 *db = f->store->db;
  for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt; stmt = sqlite3_next_stmt(db, stmt))
    found += count_details(db, sqlite3_sql(stmt), "INDEX messages_reached (person=? AND <expr>>? AND <expr><?)");
  assert_int_equal(found, 1);
}

static void test_no_hot_statement_scans(void **state) {
  store_fixture *f = *state;
  store_fixture_begin(f);
  use_people(f, f->store);
  use_events(f, f->store);
  use_runs(f, f->store);
  use_schedules(f, f->store);
  use_messages(f, f->store);
  use_calls(f, f->store);
  use_suppressions(f, f->store);
  use_metrics(f, f->store);
  use_versions(f, f->store);
  use_forget(f, f->store);
  use_quarantine(f, f->store);
  store_fixture_expect(f, 0, md_store_savepoint(f->store, &f->err));
  store_fixture_expect(f, 0, md_store_rollback_to(f->store, &f->err));
  store_fixture_commit(f);
  assert_true(check_all(f->store->db) >= 107);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_no_hot_statement_scans), TEST(test_history_is_read_by_person_and_time)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
