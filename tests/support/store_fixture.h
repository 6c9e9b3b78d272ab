// SPDX-License-Identifier: Apache-2.0
// For tests of what lies on the store: a directory of its own, a database in it, an arena, and short makers of rows.
#pragma once
#include "store/people.h"
#include "store/runs.h"

typedef struct store_fixture {
  char directory[64];
  char path[96];
  bool unsynced;
  md_store *store; // the writer, or NULL while closed
  md_arena *arena;
  md_error err;
} store_fixture;

// For cmocka's setup and teardown: `*state` is a store_fixture. The second does not wait for the disk (a crash is a
// copy of the files as they lie, so it tells the same), the third has its database in memory.
int store_fixture_setup(void **state);
int store_fixture_setup_unsynced(void **state);
int store_fixture_setup_memory(void **state);
int store_fixture_teardown(void **state);

void store_fixture_open(store_fixture *fixture);
void store_fixture_close(store_fixture *fixture);
// Copies the database and its WAL as they lie on the disk, as a crash would leave them, and opens the copy instead.
void store_fixture_crash(store_fixture *fixture);
md_store *store_fixture_reader(store_fixture *fixture);
void store_fixture_begin(store_fixture *fixture);
void store_fixture_commit(store_fixture *fixture);

// Fails the test, with the text of the error, unless `code` is `expected`.
#define store_fixture_expect(fixture, expected, code)                                                                  \
  store_expect_at(__FILE__, __LINE__, &(fixture)->err, expected, code)
void store_expect_at(const char *file, int line, const md_error *err, int expected, int code);

// Rows. Text arguments may be NULL where the column may be.
int64_t make_event(md_store *store, const char *id, const char *type, int64_t person, const char *kind,
                   const char *value);
int64_t make_person(md_store *store, const char *kind, const char *value);
int64_t make_thing(md_store *store, const char *kind, const char *value, const char *parent_kind,
                   const char *parent_value);
int64_t make_run(md_store *store, const char *moment, int64_t person, const char *kind, const char *value,
                 md_micros due_at);
