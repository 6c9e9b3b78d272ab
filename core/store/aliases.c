// SPDX-License-Identifier: Apache-2.0
// Joins of people as aliases (P3): a chain of rows, never rewritten, so that undoing one gives back what was before.
#include "store/internal.h"
#include "store/people.h"
#include <string.h>

static const char select_alias[] = "SELECT alias_of FROM people WHERE id = ?1";

static int step(md_store *store, int64_t id, int64_t *next, md_error *err) {
  int code = md_statement_number(store, next, err, select_alias, "i", id);
  return code == MD_ENOTFOUND ? md_error_set(err, code, "there is no person %lld", (long long)id) : code;
}

// Only damage makes a circle. Its lowest row stands for all, so that it stops nobody else's events.
static int lowest_of_circle(md_store *store, int64_t id, int64_t *out, md_error *err) {
  int64_t at = id;
  int code;
  for (*out = id; (code = step(store, at, &at, err)) == 0 && at != id;)
    if (at < *out) *out = at;
  return code;
}

int md_people_canonical(md_store *store, int64_t id, int64_t *out, md_error *err) {
  int64_t mark =
      id; // a row passed before, moved on after 1, 2, 4, … steps: who comes back to it is in a circle (Brent)
  for (int64_t steps = 0, lap = 1;; steps++) {
    int64_t next = 0;
    int code = step(store, id, &next, err);
    if (code) return code;
    if (next == 0) break;
    if (next == mark) return lowest_of_circle(store, next, out, err);
    if (steps == lap) mark = next, steps = 0, lap *= 2;
    id = next;
  }
  *out = id;
  return 0;
}

static int require_canonical(md_store *store, int64_t id, md_error *err) {
  int64_t canonical;
  int code = md_people_canonical(store, id, &canonical, err);
  if (code || canonical == id) return code;
  return md_error_set(err, MD_ECONFLICT, "person %lld is joined to %lld already", (long long)id, (long long)canonical);
}

static const char update_alias[] = "UPDATE people SET alias_of = ?2, alias_because = ?3, alias_at = ?4 WHERE id = ?1";

int md_people_alias(md_store *store, int64_t id, int64_t canonical, int64_t because, md_micros at, md_error *err) {
  if (id == canonical) return md_error_set(err, MD_EINVAL, "a person cannot be joined to themselves");
  int code = require_canonical(store, id, err);
  if (!code) code = require_canonical(store, canonical, err);
  return code ? code : md_statement_run(store, err, update_alias, "iiii", id, canonical, because, at);
}

static const char remove_alias[] =
    "UPDATE people SET alias_of = 0, alias_because = 0, alias_at = 0 WHERE id = ?1 AND alias_of > 0";

int md_people_split(md_store *store, int64_t id, md_error *err) {
  int code = md_statement_run(store, err, remove_alias, "i", id);
  if (code || sqlite3_changes(store->db)) return code;
  return md_error_set(err, MD_ECONFLICT, "person %lld is joined to nobody", (long long)id);
}

static const char select_aliases[] = "SELECT id FROM people WHERE alias_of > 0 AND alias_of = ?1";

// A list that grows in an arena.
typedef struct growing {
  md_arena *arena;
  int64_t *ids;
  int count, room;
} growing;

static int append(growing *all, int64_t id, md_error *err) {
  if (all->count == all->room) {
    int room = all->room ? 2 * all->room : 8;
    int64_t *ids = md_arena_alloc(all->arena, (size_t)room * sizeof *ids);
    if (!ids) return md_error_set(err, MD_ENOMEM, "out of memory while a person's rows were read");
    if (all->count) memcpy(ids, all->ids, (size_t)all->count * sizeof *ids);
    all->ids = ids;
    all->room = room;
  }
  all->ids[all->count++] = id;
  return 0;
}

// Appends the rows that are aliases of `id` itself. The first row of the list comes again in a circle only.
static int append_aliases(md_store *store, int64_t id, growing *all, md_error *err) {
  sqlite3_stmt *stmt;
  int code = md_statement_open(store, &stmt, err, select_aliases, "i", id);
  if (code) return code;
  while ((code = md_statement_step(store, stmt, err)) == 1) {
    int64_t alias = sqlite3_column_int64(stmt, 0);
    if (alias != all->ids[0] && (code = append(all, alias, err)) != 0) break;
  }
  md_statement_close(stmt);
  return code < 0 ? code : 0;
}

int md_people_members(md_store *store, int64_t canonical, md_arena *arena, md_members *out, md_error *err) {
  growing all = {.arena = arena};
  int code = append(&all, canonical, err);
  for (int i = 0; code == 0 && i < all.count; i++)
    code = append_aliases(store, all.ids[i], &all, err);
  *out = code ? (md_members){0} : (md_members){all.ids, all.count};
  return code;
}

int md_people_rows(md_store *store, int64_t person, md_arena *arena, md_members *out, md_error *err) {
  int64_t canonical = 0;
  *out = (md_members){0};
  if (person == 0) return 0;
  int code = md_people_canonical(store, person, &canonical, err);
  return code ? code : md_people_members(store, canonical, arena, out, err);
}
