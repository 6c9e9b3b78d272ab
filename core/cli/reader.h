// SPDX-License-Identifier: Apache-2.0
// A database opened for reading by a command, and how its rows are named for people. One thread.
#pragma once
#include "cli/args.h"
#include "store/events.h"
#include "store/people.h"
#include "store/versions.h"

typedef struct md_reader {
  const char *path;
  md_store *store;
  md_arena *arena; // for the command's whole life; in scope for JSON
  md_arena *scope; // the one before it
  md_error err;
} md_reader;

// The database of --db, MOMENTD_DB or ./momentd.db.
const char *md_db_path(const md_cli_args *args);
// Opens it read-only. 0, or an exit code after the reason was printed.
int md_reader_open(md_reader *reader, const md_cli_args *args);
void md_reader_close(md_reader *reader);

// What a person is called: the first strong identity, any identity, the profile's e-mail, or "#12"; NULL for 0. The
// answer and all below live in `arena`.
const char *md_person_name(md_store *store, md_arena *arena, int64_t person);
// The value of a key as people know it: a person's name instead of its row.
const char *md_key_value(md_store *store, md_arena *arena, md_key key);
// The version's digest, or NULL.
const char *md_version_digest(md_store *store, md_arena *arena, int64_t version);
// The event's id, or NULL.
const char *md_event_id(md_store *store, md_arena *arena, int64_t seq);

// The row that is known by this value, not followed to whom it was joined to; MD_ENOTFOUND for nobody.
int md_person_row(md_reader *reader, const char *subject, int64_t *id);
// The rows of the person who is known by this value: a strong or weak identity of the plan, or an e-mail address.
// Answers how many there are, 0 for nobody, or a negative code.
int md_person_rows(md_reader *reader, const char *subject, const int64_t **rows);
