// SPDX-License-Identifier: Apache-2.0
// A Lua state for one version of a moment (or for the plan, or a configuration file): sandboxed, capped, thrown away at
// will. Turns run in it one at a time, each in a fresh environment. The engine's thread.
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "script/source.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct md_vm md_vm;

typedef struct md_vm_limits {
  size_t memory;        // bytes; 0: 64 MiB (S4)
  int64_t instructions; // new work a turn; 0: 1,000,000 (S3)
  int64_t replay;       // 0: 50,000,000
  int64_t define;       // 0: 1,000,000 (S7)
} md_vm_limits;

// What moment.define was given, checked. Strings live as long as the vm.
typedef enum md_again { MD_AGAIN_SKIP, MD_AGAIN_RESTART, MD_AGAIN_QUEUE, MD_AGAIN_PARALLEL } md_again;
typedef struct md_schedule {
  const char *expression; // base/cron.h
  const char *zone;
} md_schedule;
typedef struct md_definition {
  const char *moment; // the folder's name
  const char *title;  // or the folder's name
  const char *class_name;
  const char *const *on;        // NULL-terminated; "order.*" allowed
  const md_schedule *schedules; // T7
  int schedule_count;
  const char *about; // or NULL: the person
  md_again again;
  md_micros max_age; // -1: not given
  int limit_runs;    // 0: none
  md_micros limit_per;
  const char *const *templates; // NULL-terminated; declared ones
  const char *goal_event;       // or NULL
  md_micros goal_within;
  const char *goal_from; // "exposure" "trigger", or NULL
  bool has_where;
  int store; // R6: the shape of stored values, 1 where nothing is said
  bool has_upgrade;
} md_definition;

// Compiles all Lua files of the version and runs moment.define in <moment>/moment.lua. MD_ESCRIPT, MD_ESYNTAX,
// MD_EBUDGET, MD_ENOMEM with "file:line: what" in err. Returns owned.
int md_vm_new(md_vm **out, const char *moment, const md_source *version, const md_vm_limits *limits, md_error *err);
void md_vm_free(md_vm *vm);
const md_definition *md_vm_definition(const md_vm *vm);
// With all its strings in `arena`, for use when the vm is gone; NULL when out of memory.
const md_definition *md_definition_copy(const md_definition *from, md_arena *arena);
// Bytes that it holds: what its allocator has given out, and what that keeps to give out again.
size_t md_vm_memory(const md_vm *vm);

// An event as scripts see it: id type source subject time data (time in seconds). `data` already has the plan's time
// paths as numbers. Borrowed.
typedef struct md_event_view {
  int64_t seq;
  const char *id, *type, *source, *subject; // subject may be NULL
  md_micros time;
  const json_t *data; // or NULL
} md_event_view;

typedef enum md_step_kind {
  MD_STEP_WAIT_FOR = 1,
  MD_STEP_SLEEP,
  MD_STEP_EMIT,
  MD_STEP_PROFILE,
  MD_STEP_UPDATE_PROFILE,
  MD_STEP_GET,
  MD_STEP_SET,
  MD_STEP_ADD,
  MD_STEP_SEND,
  MD_STEP_COLLECT = 10,
  MD_STEP_PAST,
  MD_STEP_LATEST,
  MD_STEP_SLEEP_UNTIL,
  MD_STEP_HTTP,
  MD_STEP_CONTINUE_AS,
  MD_STEP_COUNT = 16,
  MD_STEP_OBSERVE,
  MD_STEP_QUANTILE,
  MD_STEP_EXPERIMENT,
} md_step_kind;
const char *md_step_kind_name(md_step_kind kind); // "wait_for" …; "?" for one that this program does not know
bool md_step_is_known(md_step_kind kind);

// One m: call. `name` is its identity beside the kind (R1): waits, past: the types sorted, joined by ","; send:
// template; get set add: key; emit: type; others "". `args` are checked and normal: durations and times are numbers of
// seconds.
//   wait_for { types=[…], within=|before=, by=, since=, where=true, max_lateness=, late= }
//   collect { types=[…], within=|before=, quiet=, max=, by=, where=true, max_lateness=, late= }
//   past { types=[…], within=, by= }  latest { }  sleep { for=, max_lateness=, late= }
//   sleep_until { at=, or any of hour= minute= weekday=(0: Sunday) tz=; max_lateness=, late= }  continue_as { state= }
//   emit { type=, data= }  update_profile { … }
//   set { key=, value=, ttl= }  add { key=, n= }  get { key= }
//   count { name=, n=, labels=<JSON text> }  observe { name=, value=, labels= }
//   quantile { name=, q=, labels=, over=, min_n= }  experiment { name= }
//   http { connection=, method=, path=, query={…}, body=<JSON text>, save= }; its name is "connection" or
//   "connection/name"
//   send { template=, data=, channel=, variant=, locale=, to=, urgent=, send_at=, fallback_template=, products=,
//          unless={ past=, within= }, max_lateness= }
typedef struct md_step {
  md_step_kind kind;
  const char *name;
  const json_t *args;
  const char *file; // of the calling line in the script: "order_confirmation/moment.lua"
  int line;
  // The lines that led here, the calling one first: "cart/stock.lua:19 cart/moment.lua:64". NULL unless the host is
  // `traced`; cut where it is long.
  const char *trace;
} md_step;

typedef enum md_answer_kind {
  MD_ANSWER_VALUE,   // `value` is pushed (NULL: nil)
  MD_ANSWER_EVENT,   // `event` is pushed as a table
  MD_ANSWER_EVENTS,  // `events`, `count` of them, as a list
  MD_ANSWER_PAST,    // { count = `count`, last = `event` unless it is 0 }
  MD_ANSWER_TEST,    // the step's `where` is called with `event`, and md_turn_host.tested told what it said (W4)
  MD_ANSWER_UPGRADE, // the moment's `upgrade` is called with `value`, md_turn_host.upgraded told the result, the step
                     // taken again
  MD_ANSWER_SUSPEND, // the turn ends here, uncatchably; the host knows why (a wait, a divergence, a storage failure)
  MD_ANSWER_FAILURE, // nil, value.message, value.code are pushed
  MD_ANSWER_RAISE,   // `error` is raised with the script's line
} md_answer_kind;
typedef struct md_answer {
  md_answer_kind kind;
  bool replayed; // from the journal: the instructions since the step before are charged to the replay's budget
  bool late;     // "late" follows as a second value (W7)
  json_t *value;
  md_event_view event;
  const md_event_view *events;
  int64_t count;
  char error[300];
} md_answer;

typedef struct md_turn_host {
  void *context;
  void (*step)(void *context, const md_step *step, md_answer *answer);
  double (*now)(void *context);                                              // seconds
  uint64_t (*random)(void *context);                                         // 64 random bits, deterministic (R2)
  void (*log)(void *context, const char *level, const char *text, int line); // as it was said, and counted already (S9)
  // Whether the journal still has an answer for a step to come: instructions then are the replay's, and lines that were
  // logged before are not logged again. May be NULL: never.
  bool (*replaying)(void *context);
  // What a wait's `where` said of the event it was given last; `error` (or NULL) when it failed. Fills the next answer:
  // TEST with another event, or SUSPEND. Called only after an answer of MD_ANSWER_TEST.
  void (*tested)(void *context, bool accepted, const char *error, md_answer *answer);
  const json_t *state; // what m:continue_as was given: run's third argument; or NULL
  // The file of the version's moment folder with that name ("terms.pdf"), or NULL.
  const md_source_file *(*file)(void *context, const char *name);
  // What the moment's `upgrade` made of the stored values of an older shape (R6): an object. Called only after an
  // answer of MD_ANSWER_UPGRADE.
  void (*upgraded)(void *context, const json_t *values);
  bool traced; // steps come with their trace
} md_turn_host;

typedef enum md_turn_result {
  MD_TURN_DONE,      // run returned; `outcome` (or NULL) in the arena in scope
  MD_TURN_SUSPENDED, // a step said so
  MD_TURN_ERROR,     // `err` has "file:line: text"
  MD_TURN_BUDGET,    // S3
  MD_TURN_NOMEM,     // S4
} md_turn_result;

typedef struct md_turn_end {
  const char *outcome;
  int64_t instructions; // of new work
} md_turn_end;

// Runs the moment from the top in a fresh environment. `budget` overrides the limit for new work (0: the vm's). An
// arena is in scope (base/json.h): step args and values are made in it.
md_turn_result md_vm_turn(md_vm *vm, const md_turn_host *host, const md_event_view *trigger, int64_t budget,
                          md_turn_end *end, md_error *err);

// Calls the moment's `where` (T2): read-only event, no m, 100,000 instructions. 0 and *accepted, or MD_ESCRIPT /
// MD_EBUDGET.
int md_vm_where(md_vm *vm, const md_event_view *event, bool *accepted, md_error *err);

// Runs a Lua text in the sandbox that must return a table of data (configuration): strings, numbers, booleans, tables;
// as JSON in the arena in scope. `name` is shown in errors.
int md_script_data(const char *name, const char *text, size_t len, json_t **out, md_error *err);
// The first line of such a text that gives `name` a value; 0: none does by that name.
int md_script_data_line(const char *text, size_t len, const char *name);
