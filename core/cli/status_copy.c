// SPDX-License-Identifier: Apache-2.0
// The mails that were lost lately because the live version's copy could not be filled (M1), for `momentd status`.
#include "cli/status_copy.h"
#include "store/events.h"
#include "store/runs.h"
#include <string.h>

enum { LATEST = 500 };

typedef struct loss {
  md_reader *reader;
  const json_t *live;
  json_t *by_moment; // moment → { count, detail }
} loss;

static int add(void *context, const md_incident *row) {
  loss *at = context;
  md_run run;
  if (strcmp(row->kind, "template") != 0 || !row->run) return 0;
  if (md_runs_get(at->reader->store, row->run, at->reader->arena, &run, NULL)) return 0; // forgotten
  if (json_integer_value(json_object_get(at->live, run.moment)) != run.version) return 0;
  json_t *known = json_object_get(at->by_moment, run.moment);
  if (!known) {
    known = json_pack("{s:i, s:s}", "count", 0, "detail", row->detail ? row->detail : "");
    if (!known || json_object_set_new(at->by_moment, run.moment, known)) return MD_ENOMEM;
  }
  return json_object_set_new(known, "count", json_integer(json_integer_value(json_object_get(known, "count")) + 1));
}

int md_status_copy(md_reader *reader, const json_t *live, json_t *errors) {
  loss at = {reader, live, json_object()};
  const char *moment;
  json_t *known;
  int code = md_incidents_list(reader->store, LATEST, add, &at, &reader->err);
  json_object_foreach(at.by_moment, moment, known) {
    json_int_t count = json_integer_value(json_object_get(known, "count"));
    const char *text =
        md_arena_printf(reader->arena, "its copy could not be filled, %lld %s lost: %s", (long long)count,
                        count == 1 ? "mail is" : "mails are", json_string_value(json_object_get(known, "detail")));
    if (!text) return MD_ENOMEM;
    json_array_append_new(errors, json_pack("{s:s, s:n, s:n, s:s}", "moment", moment, "file", "line", "message", text));
  }
  return code;
}
