// SPDX-License-Identifier: Apache-2.0
// The table of things and what they belong to (P4).
#include "store/lazy.h"
#include "store/people.h"
#include <string.h>

static const char select_thing[] =
    "SELECT id, kind, value, parent_kind, parent_value, first_seq FROM things WHERE id = ?1";

static int read_thing(md_row *row, md_thing *out, md_error *err) {
  out->id = md_row_int(row, 0);
  out->kind = md_row_text(row, 1);
  out->value = md_row_text(row, 2);
  out->parent_kind = md_row_text(row, 3);
  out->parent_value = md_row_text(row, 4);
  out->first_seq = md_row_int(row, 5);
  return md_row_result(row, err);
}

// 1 when the row is there, 0 when it is not.
static int get_row(md_store *store, int64_t id, md_arena *arena, md_thing *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_thing, "i", id);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    code = read_thing(&row, out, err);
    if (!code) code = 1;
  }
  md_statement_close(row.stmt);
  return code;
}

int md_things_get(md_store *store, const char *kind, const char *value, md_arena *arena, md_thing *out, md_error *err) {
  uint64_t hash = md_index_hash(MD_INDEX_THING, kind, value);
  int64_t row = 0;
  for (;;) {
    int code = md_index_next(store, hash, row, &row, err);
    if (code) return code;
    if (!row) return md_error_set(err, MD_ENOTFOUND, "there is no such thing");
    code = get_row(store, row, arena, out, err);
    if (code < 0) return code;
    if (code == 1 && strcmp(out->kind, kind) == 0 && strcmp(out->value, value) == 0) return 0;
  }
}

static const char insert_thing[] = "INSERT INTO things(id, first_seq, kind, value, parent_kind, parent_value)"
                                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

int md_things_insert(md_store *store, const md_thing *thing, md_error *err) {
  int64_t id = md_store_next_id(store, MD_SOURCE_THINGS);
  int code = md_statement_run(store, err, insert_thing, "iitttt", id, thing->first_seq, thing->kind, thing->value,
                              thing->parent_kind, thing->parent_value);
  return code ? code : md_index_add(store, md_index_hash(MD_INDEX_THING, thing->kind, thing->value), id, err);
}

static const char update_parent[] = "UPDATE things SET parent_kind = ?2, parent_value = ?3 WHERE id = ?1";

int md_things_set_parent(md_store *store, int64_t id, const char *parent_kind, const char *parent_value,
                         md_error *err) {
  return md_statement_run(store, err, update_parent, "itt", id, parent_kind, parent_value);
}
