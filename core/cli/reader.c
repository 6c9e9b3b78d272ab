// SPDX-License-Identifier: Apache-2.0
// Opens databases for reading, and finds the names of people, versions and events.
#include "cli/reader.h"
#include "base/json.h"
#include "cli/identities.h"
#include "cli/output.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *md_db_path(const md_cli_args *args) {
  const char *given = md_cli_arg(args, "db");
  if (given) return given;
  const char *environment = getenv("MOMENTD_DB");
  return environment && environment[0] ? environment : "momentd.db";
}

int md_reader_open(md_reader *reader, const md_cli_args *args) {
  *reader = (md_reader){.path = md_db_path(args), .arena = md_arena_new(0)};
  if (!reader->arena) {
    fputs("momentd: out of memory\n", stderr);
    return MD_EXIT_FAILED;
  }
  reader->scope = md_json_scope(reader->arena);
  md_store_options options = {.path = reader->path, .read_only = true};
  int code = md_store_open(&reader->store, &options, &reader->err);
  if (!code) return MD_EXIT_OK;
  md_print_error("momentd: %s\n", reader->err.text);
  if (code == MD_ENOTFOUND) fputs("Give the database of momentd run by --db FILE or MOMENTD_DB.\n", stderr);
  md_reader_close(reader);
  return code == MD_ENOTFOUND || code == MD_EDENIED ? MD_EXIT_UNREACHABLE : MD_EXIT_FAILED;
}

void md_reader_close(md_reader *reader) {
  md_store_close(reader->store);
  md_json_scope(reader->scope);
  md_arena_free(reader->arena);
}

static const char *profile_email(md_arena *arena, const char *profile) {
  md_arena *scope = md_json_scope(arena);
  json_t *parsed = md_json_parse(profile, strlen(profile), false, NULL);
  const char *email = parsed ? md_json_text(parsed, "email") : NULL;
  md_json_scope(scope);
  return email;
}

static const char *name_of_row(md_store *store, md_arena *arena, int64_t id) {
  md_person person;
  if (md_people_get(store, id, arena, &person, NULL)) return NULL;
  for (int i = 0; i < person.identity_count; i++)
    if (person.identities[i].strong) return person.identities[i].value;
  return person.identity_count ? person.identities[0].value : profile_email(arena, person.profile);
}

const char *md_person_name(md_store *store, md_arena *arena, int64_t person) {
  int64_t canonical = person;
  if (!person) return NULL;
  const char *name = name_of_row(store, arena, person);
  if (name) return name;
  if (md_people_canonical(store, person, &canonical, NULL) == 0 && canonical != person)
    name = name_of_row(store, arena, canonical);
  return name ? name : md_arena_printf(arena, "#%" PRId64, person);
}

const char *md_key_value(md_store *store, md_arena *arena, md_key key) {
  if (!key.kind || strcmp(key.kind, "person") != 0) return key.value;
  return md_person_name(store, arena, strtoll(key.value, NULL, 10));
}

const char *md_version_digest(md_store *store, md_arena *arena, int64_t version) {
  md_version row;
  if (!version || md_versions_get(store, version, arena, &row, NULL)) return NULL;
  return md_arena_strdup(arena, row.digest);
}

const char *md_event_id(md_store *store, md_arena *arena, int64_t seq) {
  md_event event;
  if (!seq || md_events_get(store, seq, arena, &event, NULL)) return NULL;
  return event.id;
}

// P1: e-mail identities are stored trimmed and in lower case.
static const char *folded(md_arena *arena, const char *text) {
  while (isspace((unsigned char)*text))
    text++;
  char *copy = md_arena_strdup(arena, text);
  size_t len = copy ? strlen(copy) : 0;
  while (len && isspace((unsigned char)copy[len - 1]))
    copy[--len] = '\0';
  for (size_t i = 0; i < len; i++)
    copy[i] = (char)tolower((unsigned char)copy[i]);
  return copy;
}

static int find_by(md_reader *reader, const char *path, const char *subject, int64_t *id) {
  int code = md_people_find(reader->store, path, subject, id, &reader->err);
  if (code != MD_ENOTFOUND) return code;
  const char *lower = folded(reader->arena, subject);
  return lower ? md_people_find(reader->store, path, lower, id, &reader->err) : MD_ENOMEM;
}

int md_person_row(md_reader *reader, const char *subject, int64_t *id) {
  int code = MD_ENOTFOUND;
  const char *const *paths = md_identities_read(reader->store, reader->arena);
  for (int i = 0; paths[i] && code == MD_ENOTFOUND; i++)
    code = find_by(reader, paths[i], subject, id);
  if (code == MD_ENOTFOUND && subject[0] == '#') {
    md_person person;
    *id = strtoll(subject + 1, NULL, 10);
    code = md_people_get(reader->store, *id, reader->arena, &person, &reader->err);
  }
  return code;
}

int md_person_rows(md_reader *reader, const char *subject, const int64_t **rows) {
  int64_t id = 0;
  md_members members;
  int code = md_person_row(reader, subject, &id);
  if (code) return code == MD_ENOTFOUND ? 0 : code;
  code = md_people_rows(reader->store, id, reader->arena, &members, &reader->err);
  *rows = members.ids;
  return code ? code : members.count;
}
