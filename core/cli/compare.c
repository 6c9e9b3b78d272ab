// SPDX-License-Identifier: Apache-2.0
// Adds up what a version came to.
#include "cli/compare.h"
#include "script/vm.h"
#include "store/version_counts.h"
#include <inttypes.h>
#include <string.h>

enum { EVENTS_LOOKED_AT = 1000 }; // of one person after a trigger

int md_goal_of_version(md_reader *reader, const md_version *version, md_goal *out) {
  md_version_file *files = NULL;
  md_vm *vm = NULL;
  md_source source = {0};
  *out = (md_goal){0};
  int code = md_versions_files(reader->store, version->id, reader->arena, &files, &source.count, &reader->err);
  if (code || source.count == 0) return code; // its files are gone (R7): there is no goal to read
  source.files = md_arena_alloc(reader->arena, sizeof *source.files * (size_t)source.count);
  if (!source.files) return md_error_set(&reader->err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < source.count; i++)
    source.files[i] = (md_source_file){.path = files[i].path, .data = files[i].data, .len = files[i].len};
  code = md_vm_new(&vm, version->moment, &source, NULL, &reader->err);
  if (code) return code;
  const md_definition *definition = md_vm_definition(vm);
  if (definition->goal_event) {
    out->event = md_arena_strdup(reader->arena, definition->goal_event);
    out->within = definition->goal_within;
    out->from_exposure = definition->goal_from && strcmp(definition->goal_from, "exposure") == 0;
  }
  md_vm_free(vm);
  return 0;
}

static int add_end(void *context, const md_version_end *row) {
  md_version_sum *sum = context;
  if (row->version != sum->version.id) return 0;
  sum->in_flight += row->state == MD_RUN_WAITING || row->state == MD_RUN_QUEUED ? row->count : 0;
  sum->parked += row->state == MD_RUN_PARKED ? row->count : 0;
  sum->cancelled += row->state == MD_RUN_CANCELLED ? row->count : 0;
  if (row->state != MD_RUN_DONE) return 0;
  sum->done += row->count;
  return json_object_set_new(sum->outcomes, row->end ? row->end : "(nothing)", json_integer(row->count)) ? MD_ENOMEM
                                                                                                         : 0;
}

static int add_messages(void *context, const md_version_sent *row) {
  md_version_sum *sum = context;
  bool sent = row->state >= MD_MESSAGE_ACCEPTED && row->state <= MD_MESSAGE_COMPLAINED;
  bool waits = row->state <= MD_MESSAGE_ATTEMPTING || row->state == MD_MESSAGE_HELD;
  sum->messages += row->count;
  sum->sent += sent ? row->count : 0;
  sum->waiting += waits ? row->count : 0;
  sum->failed += row->state == MD_MESSAGE_FAILED || row->state == MD_MESSAGE_UNKNOWN ? row->count : 0;
  if (row->state != MD_MESSAGE_SUPPRESSED && row->state != MD_MESSAGE_WITHDRAWN) return 0;
  const char *why = row->reason ? row->reason : md_message_state_name(row->state);
  json_int_t before = json_integer_value(json_object_get(sum->suppressed, why));
  return json_object_set_new(sum->suppressed, why, json_integer(before + row->count)) ? MD_ENOMEM : 0;
}

typedef struct counting {
  md_reader *reader;
  const md_goal *goal;
  md_version_sum *sum;
  md_arena *scratch; // of one run
  md_micros now;
} counting;

// Whether one of the rows that a person is joined of has such an event in time. W6: by the event's own time.
static int reached_by(counting *at, int64_t row, const md_version_run *run, md_micros start, bool *reached) {
  char value[24];
  md_event event = {.seq = run->trigger_seq};
  snprintf(value, sizeof value, "%" PRId64, row);
  for (int i = 0; i < EVENTS_LOOKED_AT && !*reached; i++) {
    int code = md_events_next_about(at->reader->store, (md_key){"person", value}, event.seq, at->scratch, &event,
                                    &at->reader->err);
    if (code) return code == MD_ENOTFOUND ? 0 : code;
    *reached =
        strcmp(at->goal->event, event.type) == 0 && event.time >= start && event.time <= start + at->goal->within;
  }
  return 0;
}

static int count_run(void *context, const md_version_run *run) {
  counting *at = context;
  md_members rows;
  bool reached = false;
  md_micros start = at->goal->from_exposure ? run->sent_at : run->triggered_at;
  if (!start) return 0; // nothing went out: it could have no effect
  if (start + at->goal->within > at->now) {
    at->sum->open++;
    return 0;
  }
  int code = md_people_rows(at->reader->store, run->person, at->scratch, &rows, &at->reader->err);
  for (int i = 0; !code && i < rows.count && !reached; i++)
    code = reached_by(at, rows.ids[i], run, start, &reached);
  at->sum->eligible++;
  at->sum->converted += reached;
  md_arena_reset(at->scratch);
  return code;
}

static int add_goal(md_reader *reader, const md_goal *goal, md_version_sum *out) {
  counting at = {.reader = reader, .goal = goal, .sum = out, .scratch = md_arena_new(0)};
  if (!at.scratch) return md_error_set(&reader->err, MD_ENOMEM, "out of memory");
  int code = md_settings_get_int(reader->store, "engine_time", &at.now, &reader->err);
  if (code == MD_ENOTFOUND) code = 0;
  if (!code) code = md_version_runs(reader->store, out->version.id, count_run, &at, &reader->err);
  md_arena_free(at.scratch);
  return code;
}

int md_version_add_up(md_reader *reader, const md_goal *goal, md_version_sum *out) {
  out->outcomes = json_object();
  out->suppressed = json_object();
  int code = md_version_ends(reader->store, out->version.moment, add_end, out, &reader->err);
  if (!code) code = md_version_messages(reader->store, out->version.id, add_messages, out, &reader->err);
  return code || !goal->event ? code : add_goal(reader, goal, out);
}
