// SPDX-License-Identifier: Apache-2.0
// `momentd people show`, `join` and `split`: who is one person, and why (P2, P3).
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/reader.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *because(md_reader *reader, const md_person *row) {
  if (!row->alias_of) return NULL;
  if (!row->alias_because) return "operator";
  const char *id = md_event_id(reader->store, reader->arena, row->alias_because);
  return id ? id : "an event that is gone";
}

static json_t *identities(const md_person *row) {
  json_t *list = json_array();
  for (int i = 0; i < row->identity_count; i++)
    json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "path", row->identities[i].kind, "value",
                                          row->identities[i].value, "strong", row->identities[i].strong));
  return list;
}

static void show_json(md_reader *reader, const md_person *row, int64_t person) {
  md_line line;
  md_line_begin(&line);
  md_line_number(&line, "id", row->id);
  md_line_number(&line, "person", person);
  if (row->alias_of)
    md_line_number(&line, "joined_to", row->alias_of);
  else
    md_line_raw(&line, "joined_to", NULL);
  md_line_time(&line, "joined_at", row->alias_at);
  md_line_text(&line, "joined_because", because(reader, row));
  md_line_time(&line, "created_at", row->created_at);
  md_line_json(&line, "identities", identities(row));
  md_line_raw(&line, "profile", row->profile);
  md_line_end(&line);
}

static void show_text(md_reader *reader, const md_person *row) {
  char at[MD_TIME_TEXT];
  md_print("#%" PRId64 "  since %s", row->id, md_time_text(row->created_at, at));
  if (row->alias_of)
    md_print(", joined to #%" PRId64 " at %s by %s", row->alias_of, md_time_text(row->alias_at, at),
             because(reader, row));
  putchar('\n');
  for (int i = 0; i < row->identity_count; i++) {
    md_print("    %-24s ", row->identities[i].kind);
    md_print_escaped(row->identities[i].value);
    puts(row->identities[i].strong ? "" : "  (weak)");
  }
}

static int show_rows(md_reader *reader, const int64_t *rows, int count, bool json) {
  int code = 0;
  for (int i = 0; i < count && !code; i++) {
    md_person row;
    code = md_people_get(reader->store, rows[i], reader->arena, &row, &reader->err);
    if (!code && json)
      show_json(reader, &row, rows[0]);
    else if (!code)
      show_text(reader, &row);
  }
  return code;
}

static int unknown(md_reader *reader, const char *subject) {
  return md_error_set(&reader->err, MD_ENOTFOUND, "nobody is known as \"%s\"", subject);
}

static int show(const md_cli_args *args) {
  md_reader reader;
  const int64_t *rows = NULL;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  int count = md_person_rows(&reader, args->positional[0], &rows);
  code = count > 0 ? show_rows(&reader, rows, count, md_cli_switch(args, "json"))
         : count   ? count
                   : unknown(&reader, args->positional[0]);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

// The row of each subject, found in the database before the daemon is asked.
static int find_rows(md_reader *reader, const md_cli_args *args, int64_t *rows) {
  int code = 0;
  for (int i = 0; i < args->positional_count && !code; i++) {
    code = md_person_row(reader, args->positional[i], &rows[i]);
    if (code == MD_ENOTFOUND) unknown(reader, args->positional[i]);
  }
  return code;
}

static int act(const md_cli_args *args, const char *command, void (*tell)(md_reader *, const int64_t *, bool)) {
  md_reader reader;
  int64_t rows[2] = {0};
  int code = md_reader_open(&reader, args);
  if (code) return code;
  code = find_rows(&reader, args, rows);
  json_t *request =
      json_pack("{s:s, s:I, s:I}", "command", command, "person", (json_int_t)rows[0], "other", (json_int_t)rows[1]);
  json_t *answer = NULL;
  if (!code) code = md_admin_ask(reader.path, request, &answer, &reader.err);
  if (!code) tell(&reader, rows, md_cli_switch(args, "json"));
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const char *named(md_reader *reader, int64_t row) {
  return md_person_name(reader->store, reader->arena, row);
}

static void tell_joined(md_reader *reader, const int64_t *rows, bool json) {
  md_line line;
  if (!json) {
    md_print("%s and %s are one person now; momentd people split takes it back.\n", named(reader, rows[0]),
             named(reader, rows[1]));
    return;
  }
  md_line_begin(&line);
  md_line_number(&line, "person", rows[0]);
  md_line_number(&line, "joined", rows[1]);
  md_line_end(&line);
}

static void tell_split(md_reader *reader, const int64_t *rows, bool json) {
  md_line line;
  if (!json) {
    md_print("%s is a person of their own again, with the runs, consents and messages of before.\n",
             named(reader, rows[0]));
    return;
  }
  md_line_begin(&line);
  md_line_number(&line, "split", rows[0]);
  md_line_end(&line);
}

static int join(const md_cli_args *args) {
  return act(args, "people.join", tell_joined);
}

static int split(const md_cli_args *args) {
  return act(args, "people.split", tell_split);
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object a line"}, {0}};

const md_cli_command md_cli_people_show = {
    .name = "people show",
    .arguments = "SUBJECT",
    .summary = "Show a person: what they are known by, and what was joined to them, when and why",
    .notes = "SUBJECT is any identity of the plan (a customer's number, an e-mail address), or #N for a row.",
    .example = "  momentd people show ida@example.com --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = show,
};

const md_cli_command md_cli_people_join = {
    .name = "people join",
    .arguments = "SUBJECT SUBJECT",
    .summary = "Make two persons one, in the running daemon",
    .notes =
        "A withdrawal on either side stands unless consent was given later; caps and limits add up; runs that wait\n"
        "are offered both sides' events. Refused when both have a value of the plan's first strong identity.",
    .example = "  momentd people join 4711 ida@example.com --db shop.db",
    .options = options,
    .positional_min = 2,
    .positional_max = 2,
    .settings = MD_CLI_DB_SETTING,
    .run = join,
};

const md_cli_command md_cli_people_split = {
    .name = "people split",
    .arguments = "SUBJECT",
    .summary = "Take a join back, in the running daemon",
    .notes =
        "SUBJECT is what was joined: an identity on its row, or #N (momentd people show lists them). Runs, consents,\n"
        "limits and stored values are as before the join; an event that carries both identities joins them again.",
    .example = "  momentd people split '#7' --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = split,
};
