// SPDX-License-Identifier: Apache-2.0
// `momentd status`: what the daemon says of itself, and what the database holds.
#include "base/timestamp.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/parked.h"
#include "cli/reader.h"
#include "cli/rows.h"
#include "cli/status_copy.h"
#include "store/events.h"
#include "store/quarantine.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct overview {
  md_reader *reader;
  json_t *daemon; // its answer, or NULL
  json_t *moments, *runs, *messages, *incidents;
  const char *latest_incident; // what it says, or NULL
  json_t *live;                // the version of each moment
  json_t *errors;              // scripts that were refused, what is held back, and runs that are parked
  md_micros engine_time;
} overview;

static int add_run_count(void *context, const md_run_count *row) {
  overview *at = context;
  const char *state = md_run_state_name(row->state);
  json_t *moment = json_object_get(at->moments, row->moment);
  json_t *counts = moment ? json_object_get(moment, "runs") : NULL;
  json_int_t all = json_integer_value(json_object_get(at->runs, state));
  json_object_set_new(at->runs, state, json_integer(all + row->count));
  if (!counts) return 0;
  json_int_t own = json_integer_value(json_object_get(counts, state));
  json_object_set_new(counts, state, json_integer(own + row->count));
  return 0;
}

static int add_moment(void *context, const md_moment_row *moment) {
  overview *at = context;
  const char *digest = md_version_digest(at->reader->store, at->reader->arena, moment->live);
  json_t *row = json_object();
  json_object_set_new(row, "moment", json_string(moment->name));
  json_object_set_new(row, "version", digest ? json_string(digest) : json_null());
  json_object_set_new(row, "paused", json_boolean(moment->paused_at != 0));
  json_object_set_new(row, "runs", json_object());
  json_object_set_new(at->moments, moment->name, row);
  json_object_set_new(at->live, moment->name, json_integer(moment->live));
  return 0;
}

static int add_message_count(void *context, md_message_state state, int64_t count) {
  overview *at = context;
  json_object_set_new(at->messages, md_message_state_name(state), json_integer(count));
  return 0;
}

static int add_incident_count(void *context, const char *kind, int64_t count) {
  overview *at = context;
  return json_object_set_new(at->incidents, kind, json_integer(count)) ? MD_ENOMEM : 0;
}

static int note_incident(void *context, const md_incident *row) {
  overview *at = context;
  at->latest_incident = md_arena_printf(at->reader->arena, "%s: %s", row->kind, row->detail ? row->detail : "");
  return 0;
}

static int read_incidents(overview *at) {
  int code = md_incidents_count(at->reader->store, add_incident_count, at, &at->reader->err);
  return code ? code : md_incidents_list(at->reader->store, 1, note_incident, at, &at->reader->err);
}

// What shadow delivery kept is counted apart: it went to nobody.
static int split_shadow(overview *at) {
  int64_t shadow = 0;
  const char *accepted = md_message_state_name(MD_MESSAGE_ACCEPTED);
  int code = md_messages_count_shadow(at->reader->store, &shadow, &at->reader->err);
  if (code || !shadow) return code;
  json_int_t rest = json_integer_value(json_object_get(at->messages, accepted)) - shadow;
  json_object_set_new(at->messages, "shadow", json_integer(shadow));
  if (rest > 0) return json_object_set_new(at->messages, accepted, json_integer(rest));
  return json_object_del(at->messages, accepted);
}

// S5, S6: a version that is no longer live stops nobody.
static int add_held(void *context, const md_quarantine *row) {
  overview *at = context;
  bool version = row->kind == MD_QUARANTINE_VERSION;
  if (version && json_integer_value(json_object_get(at->live, row->moment)) != row->version) return 0;
  const char *text =
      md_arena_printf(at->reader->arena, "%s%s%s: %s; after a fix: momentd quarantine redrive %s",
                      version ? "starts no more runs" : "a turn is held back", row->event_id ? " at event " : "",
                      row->event_id ? row->event_id : "", row->detail ? row->detail : "", row->moment);
  if (!text) return MD_ENOMEM;
  json_array_append_new(at->errors,
                        json_pack("{s:s, s:n, s:n, s:s}", "moment", row->moment, "file", "line", "message", text));
  return 0;
}

static int read_database(overview *at) {
  md_reader *reader = at->reader;
  at->moments = json_object();
  at->runs = json_object();
  at->messages = json_object();
  at->incidents = json_object();
  at->live = json_object();
  at->errors = json_array();
  if (at->daemon) json_array_extend(at->errors, json_object_get(at->daemon, "errors"));
  int code = md_moments_list(reader->store, add_moment, at, &reader->err);
  if (!code) code = md_runs_counts(reader->store, add_run_count, at, &reader->err);
  if (!code) code = md_messages_counts(reader->store, add_message_count, at, &reader->err);
  if (!code) code = split_shadow(at);
  if (!code) code = read_incidents(at);
  if (!code) code = md_quarantine_list(reader->store, add_held, at, &reader->err);
  if (!code) code = md_status_copy(reader, at->live, at->errors);
  if (!code) code = md_parked_errors(reader->store, reader->arena, at->errors, &reader->err);
  if (!code) md_settings_get_int(reader->store, "engine_time", &at->engine_time, NULL);
  return code;
}

// NULL when no daemon answers.
static json_t *ask_daemon(const md_reader *reader) {
  json_t *request = json_object(), *answer = NULL;
  json_object_set_new(request, "command", json_string("status"));
  return md_admin_ask(reader->path, request, &answer, NULL) ? NULL : answer;
}

static json_t *rows_of(const json_t *object) {
  const char *name;
  json_t *row, *list = json_array();
  json_object_foreach((json_t *)object, name, row) json_array_append(list, row);
  return list;
}

// What is forgotten, and how far that has come (R7); NULL before the first round has ended.
static json_t *read_retention(const overview *at) {
  static const char *const counts[] = {"events", "runs", "versions"};
  int64_t span = 0, done = 0;
  if (md_settings_get_int(at->reader->store, "retention_done_at", &done, NULL)) return NULL;
  md_settings_get_int(at->reader->store, "retention_span", &span, NULL);
  char time[32], name[32];
  json_t *row = json_object();
  md_timestamp_format(done, time);
  json_object_set_new(row, "days", json_integer(span / MD_DAY));
  json_object_set_new(row, "done_at", json_string(time));
  for (int i = 0; i < 3; i++) {
    int64_t count = 0;
    snprintf(name, sizeof name, "retention_%s", counts[i]);
    md_settings_get_int(at->reader->store, name, &count, NULL);
    json_object_set_new(row, counts[i], json_integer(count));
  }
  return row;
}

static void print_retention(const json_t *row) {
  if (!row) return;
  md_print("%-13s%" JSON_INTEGER_FORMAT " days, looked at last %s; forgotten so far: %" JSON_INTEGER_FORMAT
           " events, %" JSON_INTEGER_FORMAT " runs, %" JSON_INTEGER_FORMAT " versions\n",
           "Retention", json_integer_value(json_object_get(row, "days")), md_json_text(row, "done_at"),
           json_integer_value(json_object_get(row, "events")), json_integer_value(json_object_get(row, "runs")),
           json_integer_value(json_object_get(row, "versions")));
}

static void show_json(const overview *at, int64_t events) {
  static const char *const facts[] = {"ready",      "listen",    "delivery", "moment_delivery", "mail",
                                      "version",    "pid",       "inbox",    "under_way",       "requests",
                                      "started_at", "unplanned", "reload",   "shadowed",        NULL};
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "db", at->reader->path);
  md_line_bool(&line, "daemon", at->daemon);
  const char *time = at->daemon ? md_json_text(at->daemon, "engine_time") : NULL;
  if (time)
    md_line_text(&line, "engine_time", time);
  else
    md_line_time(&line, "engine_time", at->engine_time);
  for (int i = 0; facts[i]; i++)
    md_line_json(&line, facts[i], at->daemon ? json_object_get(at->daemon, facts[i]) : NULL);
  md_line_number(&line, "events", events);
  md_line_json(&line, "runs", at->runs);
  md_line_json(&line, "messages", at->messages);
  md_line_json(&line, "incidents", at->incidents);
  json_t *retention = read_retention(at);
  md_line_json(&line, "retention", retention ? retention : json_null());
  md_line_json(&line, "moments", rows_of(at->moments));
  md_line_json(&line, "errors", at->errors);
  md_line_end(&line);
}

// Types that the plan does not declare, since the daemon started: mostly slips of the pen.
static void print_unplanned(const json_t *daemon) {
  size_t i;
  json_t *row;
  json_array_foreach(json_object_get(daemon, "unplanned"), i, row) {
    const char *nearest = md_json_text(row, "nearest");
    md_print("%-13s%" JSON_INTEGER_FORMAT " ", i ? "" : "Not planned",
             json_integer_value(json_object_get(row, "count")));
    md_print_escaped(md_json_text(row, "type"));
    if (nearest) md_print("; did you mean %s?", nearest);
    putchar('\n');
  }
}

// Of builds, what somebody has to look at.
static void print_reload(const json_t *daemon) {
  size_t i;
  json_t *row, *reload = json_object_get(daemon, "reload");
  const char *at = md_json_text(reload, "at"), *door = md_json_text(reload, "door"),
             *error = md_json_text(reload, "error");
  if (!reload) return;
  md_print("%-13s%s; last by %s at %s\n", "Reload", md_json_text(reload, "how"), door ? door : "nobody", at ? at : "-");
  if (error) md_print("%-13sFAILED: %s\n", "", error);
  json_array_foreach(json_object_get(daemon, "shadowed"), i, row)
      md_print("%-13s%s has changed in %s, below the one that is used, in %s\n", i ? "" : "Overlays",
               md_json_text(row, "path"), md_json_text(row, "below"), md_json_text(row, "used"));
}

static void print_counts(const char *title, const json_t *counts) {
  const char *name;
  json_t *count;
  bool any = false;
  md_print("%-13s", title);
  json_object_foreach((json_t *)counts, name, count) {
    md_print("%s%" JSON_INTEGER_FORMAT " %s", any ? ", " : "", json_integer_value(count), name);
    any = true;
  }
  puts(any ? "" : "none");
}

static void print_incidents(const overview *at) {
  if (!json_object_size(at->incidents)) return;
  print_counts("Incidents", at->incidents);
  if (at->latest_incident) md_print("%-13snewest: %s\n", "", at->latest_incident);
}

static void print_daemon(const overview *at) {
  const json_t *daemon = at->daemon;
  const char *moment;
  json_t *mode;
  char time[MD_TIME_TEXT];
  if (!daemon) {
    md_print("%-13snot running; its last batch was at %s\n", "Daemon", md_time_text(at->engine_time, time));
    return;
  }
  const char *mail = md_json_text(daemon, "mail");
  md_print("%-13s%s, %s, process %" JSON_INTEGER_FORMAT "\n", "Daemon",
           json_is_true(json_object_get(daemon, "ready")) ? "ready" : "NOT READY: the database takes no writes",
           md_json_text(daemon, "listen"), json_integer_value(json_object_get(daemon, "pid")));
  md_print("%-13s%s; mail goes to %s\n", "Delivery", md_json_text(daemon, "delivery"), mail ? mail : "nowhere");
  json_object_foreach(json_object_get(daemon, "moment_delivery"), moment, mode)
      md_print("%-13s%s: %s\n", "", moment, json_string_value(mode));
  md_print("%-13s%s\n", "Engine time", md_json_text(daemon, "engine_time") ? md_json_text(daemon, "engine_time") : "-");
  md_print("%-13s%" JSON_INTEGER_FORMAT " submissions wait, %" JSON_INTEGER_FORMAT " messages are being delivered\n",
           "Queues", json_integer_value(json_object_get(daemon, "inbox")),
           json_integer_value(json_object_get(daemon, "under_way")));
}

static void print_moments(const overview *at) {
  static const char *const headers[] = {"MOMENT", "VERSION", "WAITING", "QUEUED", "DONE", "PARKED", "CANCELLED", NULL};
  static const char *const states[] = {"waiting", "queued", "done", "parked", "cancelled"};
  md_table table;
  const char *name;
  json_t *row;
  md_table_init(&table, headers);
  json_object_foreach(at->moments, name, row) {
    const char *digest = md_json_text(row, "version");
    char version[24];
    bool paused = json_is_true(json_object_get(row, "paused"));
    snprintf(version, sizeof version, "%.12s%s", digest ? digest : "removed", paused ? " (paused)" : "");
    md_table_cell(&table, name);
    md_table_cell(&table, version);
    for (int i = 0; i < 5; i++)
      md_table_number(&table, json_integer_value(json_object_get(json_object_get(row, "runs"), states[i])));
  }
  putchar('\n');
  md_table_print(&table, "No moments.");
}

// What to do about runs that are parked.
static void print_retry(const json_t *item) {
  json_int_t run = json_integer_value(json_object_get(item, "run")),
             runs = json_integer_value(json_object_get(item, "runs"));
  if (!run) return;
  md_print("  %" JSON_INTEGER_FORMAT " of %s, the newest is run %" JSON_INTEGER_FORMAT
           ": mend it, reload, then: momentd runs retry %" JSON_INTEGER_FORMAT "\n",
           runs, md_json_text(item, "moment"), run, run);
}

static void print_errors(const json_t *errors) {
  size_t i;
  json_t *item;
  json_array_foreach(errors, i, item) {
    const char *file = md_json_text(item, "file");
    const char *word = json_object_get(item, "run") ? "PARKED" : file ? "REFUSED" : "ERROR";
    if (i == 0) putchar('\n');
    md_print("%s %s", word, file ? file : md_json_text(item, "moment"));
    if (file) printf(":%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, "line")));
    fputs(": ", stdout);
    md_print_escaped(md_json_text(item, "message"));
    putchar('\n');
    print_retry(item);
  }
}

static void show_text(const overview *at, int64_t events) {
  md_print("%-13s%s\n", "Database", at->reader->path);
  print_daemon(at);
  print_reload(at->daemon);
  md_print("%-13s%" PRId64 "\n", "Events", events);
  print_unplanned(at->daemon);
  print_counts("Runs", at->runs);
  print_counts("Messages", at->messages);
  print_incidents(at);
  print_retention(read_retention(at));
  print_moments(at);
  print_errors(at->errors);
}

static int status(const md_cli_args *args) {
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  overview at = {.reader = &reader};
  at.daemon = ask_daemon(&reader);
  code = read_database(&at);
  int64_t events = code ? 0 : md_store_count(reader.store, "events", &reader.err);
  if (events < 0) code = (int)events;
  if (!code && md_cli_switch(args, "json"))
    show_json(&at, events);
  else if (!code)
    show_text(&at, events);
  code = code ? md_cli_fail(&reader.err) : MD_EXIT_OK;
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {{"json", NULL, "one JSON object"}, {0}};

const md_cli_command md_cli_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show the daemon's state, delivery mode, moments, counts and script errors",
    .notes = "Without a daemon it reads the database alone.",
    .example = "  momentd status --db shop.db",
    .options = options,
    .settings = MD_CLI_DB_SETTING,
    .run = status,
};
