// SPDX-License-Identifier: Apache-2.0
// Tells of parked runs.
#include "cli/parked.h"
#include "base/shown.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 1000 };

md_parked_at md_parked_read(md_arena *arena, const char *reason) {
  md_parked_at at = {.message = reason ? reason : "no reason is known"};
  const char *end = reason ? strstr(reason, ".lua:") : NULL;
  const char *blank = reason ? strchr(reason, ' ') : NULL;
  if (!end || (blank && blank < end)) return at;
  const char *digits = end + sizeof ".lua:" - 1, *rest = digits;
  while (isdigit((unsigned char)*rest))
    rest++;
  if (rest == digits || strncmp(rest, ": ", 2) != 0) return at;
  at.file = md_arena_printf(arena, "%.*s", (int)(end - reason) + 4, reason);
  at.line = atoi(digits);
  at.message = rest + 2;
  return at;
}

void md_parked_note(md_buffer *out, const md_run *run) {
  if (run->state != MD_RUN_PARKED) return;
  md_shown_printf(out, "run %" PRId64 " of %s is parked: ", run->id, run->moment);
  const char *reason = run->reason ? run->reason : "no reason is known";
  md_shown_append(out, reason, strlen(reason));
  md_buffer_printf(out, "\n  mend it, reload, then: momentd runs retry %" PRId64 "\n", run->id);
}

typedef struct gathering {
  md_arena *arena;
  json_t *errors, *known; // by moment and reason
} gathering;

static json_t *error_of(const gathering *at, const md_run *run) {
  md_parked_at where = md_parked_read(at->arena, run->reason);
  json_t *row = json_object();
  json_object_set_new(row, "moment", json_string(run->moment));
  json_object_set_new(row, "file", where.file ? json_string(where.file) : json_null());
  json_object_set_new(row, "line", where.file ? json_integer(where.line) : json_null());
  json_object_set_new(row, "message", json_string(where.message));
  json_object_set_new(row, "run", json_integer(run->id));
  json_object_set_new(row, "runs", json_integer(1));
  return row;
}

static int gather(void *context, const md_run *run) {
  gathering *at = context;
  const char *key = md_arena_printf(at->arena, "%s\n%s", run->moment, run->reason ? run->reason : "");
  if (!key) return MD_ENOMEM;
  json_t *row = json_object_get(at->known, key);
  if (row) return json_object_set_new(row, "runs", json_integer(json_integer_value(json_object_get(row, "runs")) + 1));
  row = error_of(at, run);
  if (json_array_append_new(at->errors, row) || json_object_set(at->known, key, row)) return MD_ENOMEM;
  return 0;
}

int md_parked_errors(md_store *store, md_arena *arena, json_t *errors, md_error *err) {
  gathering at = {arena, errors, json_object()};
  return md_runs_list(store, &(md_run_filter){.state = MD_RUN_PARKED, .limit = SHOWN_MAX}, gather, &at, err);
}
