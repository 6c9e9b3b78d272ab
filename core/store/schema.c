// SPDX-License-Identifier: Apache-2.0
// The schema: one entry a migration, applied in order, never changed once released.
#include "store/schema.h"
#include "store/internal.h"
#include <stdio.h>

// The small columns stand before the large ones, so that counts and listings read no overflow pages. 1 is the state
// `waiting` of runs and `queued` of messages, 2 `attempting` of messages; flag 2 of events is "pending".
static const char initial[] =
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE lazy_index(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE stripes(stripe INTEGER PRIMARY KEY, events INTEGER NOT NULL, runs INTEGER NOT NULL,"
    " people INTEGER NOT NULL, things INTEGER NOT NULL) STRICT;"
    "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 1023)"
    " INSERT INTO stripes SELECT i, 0, 0, 0, 0 FROM n;"

    "CREATE TABLE events(seq INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, time INTEGER NOT NULL,"
    " flags INTEGER NOT NULL, person INTEGER NOT NULL, depth INTEGER NOT NULL, emitter_run INTEGER NOT NULL,"
    " type TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL, keys BLOB, subject TEXT,"
    " extensions TEXT, data TEXT) STRICT;"
    "CREATE INDEX events_pending ON events(seq) WHERE flags & 2 <> 0;"
    "CREATE TABLE unmatched(id INTEGER PRIMARY KEY, event INTEGER NOT NULL, at INTEGER NOT NULL, moment TEXT NOT NULL,"
    " reason TEXT NOT NULL, detail TEXT) STRICT;"
    "CREATE INDEX unmatched_event ON unmatched(event);"
    "CREATE TABLE incidents(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event INTEGER NOT NULL, run INTEGER NOT NULL,"
    " kind TEXT NOT NULL, detail TEXT) STRICT;"

    "CREATE TABLE people(id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, alias_of INTEGER NOT NULL,"
    " alias_because INTEGER NOT NULL, alias_at INTEGER NOT NULL, identities BLOB, profile TEXT NOT NULL) STRICT;"
    "CREATE INDEX people_alias ON people(alias_of) WHERE alias_of > 0;"
    "CREATE TABLE consents(id INTEGER PRIMARY KEY, person INTEGER NOT NULL, event INTEGER NOT NULL,"
    " at INTEGER NOT NULL, given INTEGER NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL, sender TEXT,"
    " products TEXT, text TEXT, source TEXT) STRICT;"
    "CREATE INDEX consents_person ON consents(person);"
    "CREATE TABLE things(id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,"
    " parent_kind TEXT, parent_value TEXT) STRICT;"

    "CREATE TABLE moments(name TEXT PRIMARY KEY, live INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE versions(id INTEGER PRIMARY KEY, moment TEXT NOT NULL, digest TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, note TEXT, UNIQUE(moment, digest)) STRICT;"
    "CREATE TABLE files(id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE version_files(version INTEGER, path TEXT, file INTEGER NOT NULL, PRIMARY KEY(version, path)) STRICT,"
    " WITHOUT ROWID;"

    "CREATE TABLE runs(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, version INTEGER NOT NULL,"
    " person INTEGER NOT NULL, due_at INTEGER NOT NULL, started_at INTEGER NOT NULL, turn_at INTEGER NOT NULL,"
    " ended_at INTEGER NOT NULL, trigger INTEGER NOT NULL, depth INTEGER NOT NULL, steps INTEGER NOT NULL,"
    " moment TEXT NOT NULL, keys BLOB, outcome TEXT, reason TEXT, wait BLOB, journal BLOB) STRICT;"
    "CREATE INDEX runs_due ON runs(due_at) WHERE state = 1 AND due_at > 0;"
    "CREATE INDEX runs_queued ON runs(id) WHERE state = 2;"
    "CREATE INDEX runs_parked ON runs(id) WHERE state = 4;"
    "CREATE TABLE stored_values(person INTEGER, moment TEXT, key TEXT, json TEXT NOT NULL, expires_at INTEGER NOT NULL,"
    " written_at INTEGER NOT NULL, PRIMARY KEY(person, moment, key)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE messages(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, run INTEGER NOT NULL, step INTEGER NOT NULL,"
    " version INTEGER NOT NULL, person INTEGER NOT NULL, urgent INTEGER NOT NULL, cancel INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, final_at INTEGER NOT NULL,"
    " moment TEXT NOT NULL, channel TEXT, class TEXT, mode TEXT, template TEXT, variant TEXT, locale TEXT,"
    " reason TEXT, detail TEXT, recipient TEXT, message_id TEXT, subject TEXT, data TEXT, rendering TEXT) STRICT;"
    "CREATE INDEX messages_run ON messages(run);"
    "CREATE INDEX messages_person ON messages(person) WHERE person > 0;"
    "CREATE INDEX messages_queued ON messages(urgent, due_at) WHERE state = 1;"
    "CREATE INDEX messages_attempting ON messages(id) WHERE state = 2;"

    "CREATE TABLE api_keys(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, source TEXT,"
    " types TEXT, hash BLOB NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL) STRICT;";

// 1 is the state `queued` of calls, 2 `attempting`.
static const char outgoing_calls[] =
    "CREATE TABLE calls(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, run INTEGER NOT NULL, step INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, attempts_max INTEGER NOT NULL, status INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " due_at INTEGER NOT NULL, final_at INTEGER NOT NULL, moment TEXT NOT NULL, connection TEXT NOT NULL,"
    " method TEXT NOT NULL, path TEXT NOT NULL, query TEXT, key TEXT NOT NULL, body TEXT, save TEXT, answer TEXT,"
    " detail TEXT) STRICT;"
    "CREATE UNIQUE INDEX calls_step ON calls(run, step);"
    "CREATE INDEX calls_queued ON calls(due_at) WHERE state = 1;"
    "CREATE INDEX calls_attempting ON calls(id) WHERE state = 2;"
    "CREATE TABLE run_files(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(run, name)) STRICT;";

// What a decision about a message rests on, and who wants no more of them.
static const char decency[] =
    "ALTER TABLE messages ADD COLUMN internal INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN again_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN basis TEXT;"
    "ALTER TABLE messages ADD COLUMN terms TEXT;"
    "CREATE TABLE suppressions(id INTEGER PRIMARY KEY, person INTEGER NOT NULL, at INTEGER NOT NULL, address BLOB,"
    " channel TEXT NOT NULL, purpose TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT) STRICT;"
    "CREATE INDEX suppressions_address ON suppressions(address);"
    "CREATE INDEX suppressions_person ON suppressions(person) WHERE person > 0;"
    "CREATE TABLE sales(id INTEGER PRIMARY KEY, person INTEGER NOT NULL, event INTEGER NOT NULL, at INTEGER NOT NULL,"
    " address BLOB NOT NULL, order_id TEXT NOT NULL, products TEXT NOT NULL) STRICT;"
    "CREATE INDEX sales_person ON sales(person);";

// When each schedule fires next (T7), and events that are still to be offered to runs (T8): those with an id in
// after … before.
static const char schedules_and_offers[] =
    "CREATE TABLE schedules(moment TEXT, expression TEXT, zone TEXT, due_at INTEGER NOT NULL,"
    " PRIMARY KEY(moment, expression, zone)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX schedules_due ON schedules(due_at);"
    "CREATE TABLE offers(event INTEGER PRIMARY KEY, after INTEGER NOT NULL, before INTEGER NOT NULL) STRICT;";

// What is held back (S5, S6): kind 1 a turn, 2 a version.
static const char quarantine[] =
    "CREATE TABLE quarantine(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL, event INTEGER"
    " NOT NULL, run INTEGER NOT NULL, version INTEGER NOT NULL, moment TEXT NOT NULL, event_id TEXT, detail TEXT) "
    "STRICT;"
    "CREATE INDEX unmatched_error ON unmatched(moment, id) WHERE reason = 'error';";

// What an event's secrets are sealed in, and where a message's data has secrets.
static const char secrets[] = "ALTER TABLE events ADD COLUMN sealed BLOB;"
                              "ALTER TABLE messages ADD COLUMN secrets TEXT;"
                              "CREATE INDEX messages_secret ON messages(id) WHERE secrets IS NOT NULL AND state <= 2;";

static const char experiments_and_metrics[] =
    "CREATE TABLE exposures(experiment TEXT, person INTEGER, arm TEXT NOT NULL, moment TEXT NOT NULL,"
    " version INTEGER NOT NULL, run INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(experiment, person)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, metric TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE(metric, labels))"
    " STRICT;"
    "CREATE TABLE points(series INTEGER, day INTEGER, sum REAL NOT NULL, count INTEGER NOT NULL, sketch BLOB,"
    " PRIMARY KEY(series, day)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE shaped_values(person INTEGER, moment TEXT, shape INTEGER, key TEXT, json TEXT NOT NULL,"
    " expires_at INTEGER NOT NULL, written_at INTEGER NOT NULL, PRIMARY KEY(person, moment, shape, key)) STRICT,"
    " WITHOUT ROWID;"
    "INSERT INTO shaped_values SELECT person, moment, 1, key, json, expires_at, written_at FROM stored_values;"
    "DROP TABLE stored_values;"
    "ALTER TABLE shaped_values RENAME TO stored_values;";

// Which versions have a file: asked when one is forgotten.
static const char files_by_version[] = "CREATE INDEX version_files_file ON version_files(file)";

// The request whose event led to a message, for those who follow it through the logs.
static const char request_of_message[] = "ALTER TABLE messages ADD COLUMN request TEXT";

// What an event type did to the runs of a version, in slices of five minutes (S6).
static const char strikes[] =
    "CREATE TABLE strikes(slice INTEGER, key INTEGER, version INTEGER NOT NULL, touched INTEGER NOT NULL,"
    " parked INTEGER NOT NULL, PRIMARY KEY(slice, key)) STRICT, WITHOUT ROWID;";

// At which paths a call's answer has secrets, and what they are sealed in.
static const char secrets_of_calls[] = "ALTER TABLE calls ADD COLUMN secret TEXT;"
                                       "ALTER TABLE calls ADD COLUMN sealed BLOB;";

// Values with a time to live, by its end: retention looks for them.
static const char expiring_values[] =
    "CREATE INDEX stored_values_expiry ON stored_values(expires_at) WHERE expires_at > 0;";

// Who brought a version and how ("scripts", "deploy"), when it last became the one that new runs take, and since when
// its files are gone (R7; 0: they are there). A moment may be paused since a time, and rolled back from the digest that
// the script files still have.
static const char changes_in_production[] = "ALTER TABLE versions ADD COLUMN author TEXT;"
                                            "ALTER TABLE versions ADD COLUMN door TEXT;"
                                            "ALTER TABLE versions ADD COLUMN live_at INTEGER NOT NULL DEFAULT 0;"
                                            "ALTER TABLE versions ADD COLUMN retired_at INTEGER NOT NULL DEFAULT 0;"
                                            "UPDATE versions SET live_at = created_at;"
                                            "ALTER TABLE moments ADD COLUMN paused_at INTEGER NOT NULL DEFAULT 0;"
                                            "ALTER TABLE moments ADD COLUMN rolled_back_from TEXT;"
                                            "CREATE INDEX unmatched_paused ON unmatched(moment, id)"
                                            " WHERE reason = 'paused';"
                                            "CREATE INDEX messages_held ON messages(moment, id) WHERE state = 11;";

// Which files of a script tree stood below others of the same path, and on which content.
static const char shadowed_files[] =
    "CREATE TABLE shadowed(path TEXT PRIMARY KEY, below TEXT NOT NULL, above TEXT NOT NULL) STRICT, WITHOUT ROWID;";

// Versions of before have no part of the plan among their files: their runs go on to see events through this one.
static const char plan_of_older_versions[] =
    "INSERT INTO settings SELECT 'plan_of_older_versions', value FROM settings WHERE name = 'plan';";

// What reached a person, or is to, by its time: what limits and caps count (M5). Messages that went to nobody are
// counted apart.
static const char messages_in_time[] =
    "CREATE INDEX messages_reached ON messages(person, max(due_at, final_at))"
    " WHERE person > 0 AND internal = 0 AND state NOT IN (7, 9, 10);"
    "CREATE INDEX messages_shadow ON messages(id) WHERE state = 3 AND reason = 'shadow';";

// [n] leads from schema n to n + 1.
static const char *const migrations[] = {initial,
                                         outgoing_calls,
                                         decency,
                                         schedules_and_offers,
                                         quarantine,
                                         secrets,
                                         experiments_and_metrics,
                                         files_by_version,
                                         request_of_message,
                                         strikes,
                                         secrets_of_calls,
                                         expiring_values,
                                         changes_in_production,
                                         shadowed_files,
                                         plan_of_older_versions,
                                         messages_in_time};

int md_schema_newest(void) {
  return (int)(sizeof migrations / sizeof migrations[0]);
}

// Not worth keeping prepared: these run once, before there is a store.
static int read_number(sqlite3 *db, const char *path, const char *sql, int *out, md_error *err) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
  int code = rc == SQLITE_ROW ? 0 : md_sqlite_error(db, path, rc, err);
  if (!code) *out = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return code;
}

static int refuse_foreign(sqlite3 *db, const char *path, md_error *err) {
  int id = 0, tables = 0;
  int code = read_number(db, path, "PRAGMA application_id", &id, err);
  if (!code) code = read_number(db, path, "SELECT count(*) FROM sqlite_schema", &tables, err);
  if (code) return code;
  if (id == MD_SCHEMA_APPLICATION_ID || (id == 0 && tables == 0)) return 0;
  return md_error_set(err, MD_EINVAL, "%s is a database, but not one of momentd: give another path", path);
}

int md_schema_check(sqlite3 *db, const char *path, bool read_only, int *version, md_error *err) {
  int newest = md_schema_newest();
  int code = refuse_foreign(db, path, err);
  if (!code) code = read_number(db, path, "PRAGMA user_version", version, err);
  if (code) return code;
  if (*version > newest)
    return md_error_set(err, MD_EUNSUPPORTED,
                        "%s has schema %d, this momentd knows schemas up to %d: run the newer momentd again", path,
                        *version, newest);
  if (read_only && *version < newest)
    return md_error_set(err, MD_EUNSUPPORTED,
                        "%s has schema %d, this momentd reads schema %d: start `momentd run` once to migrate it", path,
                        *version, newest);
  return 0;
}

static int apply(sqlite3 *db, int from, int target) {
  int rc = SQLITE_OK;
  for (int n = from; n < target && rc == SQLITE_OK; n++) {
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %d; PRAGMA application_id = %d", n + 1,
             MD_SCHEMA_APPLICATION_ID);
    rc = sqlite3_exec(db, migrations[n], NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, stamp, NULL, NULL, NULL);
  }
  return rc;
}

int md_schema_migrate(sqlite3 *db, const char *path, int target, md_error *err) {
  int version = 0;
  int code = read_number(db, path, "PRAGMA user_version", &version, err);
  if (code || version >= target) return code;
  int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (rc == SQLITE_OK) rc = apply(db, version, target);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  if (rc == SQLITE_OK) return 0;
  md_sqlite_require_synced(sqlite3_extended_errcode(db), path);
  code = md_sqlite_error(db, path, rc, err);
  if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return code;
}
