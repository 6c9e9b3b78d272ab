// SPDX-License-Identifier: Apache-2.0
// A directory, a database and an arena for one test, and short makers of rows.
#include "store_fixture.h"
#include "base/file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void store_expect_at(const char *file, int line, const md_error *err, int expected, int code) {
  if (code == expected) return;
  print_error("expected %s, got %s: %s\n", md_error_name(expected), md_error_name(code), code ? err->text : "");
  _fail(file, line);
}

static store_fixture *new_fixture(void) {
  store_fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  fixture->arena = md_arena_new(0);
  assert_non_null(fixture->arena);
  return fixture;
}

static int set_up(void **state, bool unsynced) {
  store_fixture *fixture = new_fixture();
  fixture->unsynced = unsynced;
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/momentd-test-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->directory);
  store_fixture_open(fixture);
  *state = fixture;
  return 0;
}

int store_fixture_setup(void **state) {
  return set_up(state, false);
}

int store_fixture_setup_unsynced(void **state) {
  return set_up(state, true);
}

int store_fixture_setup_memory(void **state) {
  store_fixture *fixture = new_fixture();
  store_fixture_open(fixture);
  *state = fixture;
  return 0;
}

static int remove_file(void *context, const char *relative, const char *path) {
  (void)context;
  (void)relative;
  return unlink(path);
}

int store_fixture_teardown(void **state) {
  store_fixture *fixture = *state;
  store_fixture_close(fixture);
  if (fixture->directory[0]) {
    assert_int_equal(md_directory_walk(fixture->directory, remove_file, NULL, NULL, &fixture->err), 0);
    assert_int_equal(rmdir(fixture->directory), 0);
  }
  md_arena_free(fixture->arena);
  free(fixture);
  return 0;
}

void store_fixture_open(store_fixture *fixture) {
  md_store_options options = {.path = fixture->path[0] ? fixture->path : NULL, .unsynced = fixture->unsynced};
  store_fixture_expect(fixture, 0, md_store_open(&fixture->store, &options, &fixture->err));
}

void store_fixture_close(store_fixture *fixture) {
  md_store_close(fixture->store);
  fixture->store = NULL;
}

static void copy_file(store_fixture *fixture, const char *from, const char *to) {
  md_buffer buffer;
  md_buffer_init(&buffer);
  if (access(from, F_OK) == 0) {
    store_fixture_expect(fixture, 0, md_file_read(from, SIZE_MAX / 2, &buffer, &fixture->err));
    store_fixture_expect(fixture, 0,
                         md_file_write(to, buffer.data ? buffer.data : "", buffer.len, false, &fixture->err));
  }
  md_buffer_deinit(&buffer);
}

void store_fixture_crash(store_fixture *fixture) {
  char copy[128], wal[128], copy_wal[160];
  static int crashes;
  snprintf(copy, sizeof copy, "%s/crash-%d.db", fixture->directory, ++crashes);
  snprintf(wal, sizeof wal, "%s-wal", fixture->path);
  snprintf(copy_wal, sizeof copy_wal, "%s-wal", copy);
  copy_file(fixture, fixture->path, copy);
  copy_file(fixture, wal, copy_wal);
  store_fixture_close(fixture);
  snprintf(fixture->path, sizeof fixture->path, "%.95s", copy);
  store_fixture_open(fixture);
}

md_store *store_fixture_reader(store_fixture *fixture) {
  md_store *reader = NULL;
  md_store_options options = {.path = fixture->path, .read_only = true};
  store_fixture_expect(fixture, 0, md_store_open(&reader, &options, &fixture->err));
  return reader;
}

void store_fixture_begin(store_fixture *fixture) {
  store_fixture_expect(fixture, 0, md_store_begin(fixture->store, &fixture->err));
}

void store_fixture_commit(store_fixture *fixture) {
  store_fixture_expect(fixture, 0, md_store_commit(fixture->store, &fixture->err));
}

static int64_t checked(int code, const md_error *err, int64_t id) {
  store_expect_at(__FILE__, __LINE__, err, 0, code);
  return id;
}

int64_t make_event(md_store *store, const char *id, const char *type, int64_t person, const char *kind,
                   const char *value) {
  md_error err;
  md_event event = {.received_at = 1000, .time = 900, .id = id, .source = "shop", .type = type, .person = person};
  event.data_text = "{\"total\":1}";
  event.digest[0] = 7;
  if (kind) event.keys[event.key_count++] = (md_key){kind, value};
  int code = md_events_insert(store, &event, &err);
  return checked(code, &err, event.seq);
}

int64_t make_person(md_store *store, const char *kind, const char *value) {
  md_error err;
  int64_t id = 0;
  md_identity identity = {kind, value, true};
  int code = md_people_insert(store, &identity, kind ? 1 : 0, 1000, &id, &err);
  return checked(code, &err, id);
}

int64_t make_thing(md_store *store, const char *kind, const char *value, const char *parent_kind,
                   const char *parent_value) {
  md_error err;
  md_thing thing = {.kind = kind, .value = value, .parent_kind = parent_kind, .parent_value = parent_value};
  thing.first_seq = 1;
  int code = md_things_insert(store, &thing, &err);
  return checked(code, &err, 0);
}

int64_t make_run(md_store *store, const char *moment, int64_t person, const char *kind, const char *value,
                 md_micros due_at) {
  md_error err;
  md_run run = {.moment = moment, .version = 1, .state = MD_RUN_WAITING, .person = person, .about = {kind, value}};
  run.journal = "journal";
  run.journal_len = 7;
  run.steps = 1;
  run.wait = "wait";
  run.wait_len = 4;
  run.due_at = due_at;
  run.started_at = run.turn_at = 1000;
  int code = md_runs_insert(store, &run, &err);
  return checked(code, &err, run.id);
}
