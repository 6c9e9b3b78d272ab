// SPDX-License-Identifier: Apache-2.0
// `momentd moments migrate`: asks the daemon to try and move runs, some at a time, until all were looked at; groups
// what does not fit.
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/moment_names.h"
#include "cli/output.h"
#include "store/runs.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GROUPS_MAX = 200 };

// Runs that do not fit for the same reason.
typedef struct group {
  const char *why, *recorded, *attempted;
  int64_t step, count, example;
} group;

typedef struct migrating {
  md_reader *reader;
  const char *moment;
  md_version from, to; // id 0: every other; the live one
  bool dry, json, progress;
  int64_t total; // in flight on other versions when it began
  int64_t fits, answered, due, drift, others, busy;
  group groups[GROUPS_MAX];
  int group_count;
  int64_t ungrouped;
  md_arena *scratch; // of one answer
} migrating;

static int count_in_flight(void *context, const md_run_count *row) {
  migrating *at = context;
  bool mine = strcmp(row->moment, at->moment) == 0 && row->version != at->to.id;
  bool live = row->state == MD_RUN_WAITING || row->state == MD_RUN_QUEUED;
  if (mine && live && (at->from.id == 0 || row->version == at->from.id)) at->total += row->count;
  return 0;
}

// Which moment and versions are meant; the total, for the progress.
static int look_up(migrating *at, const md_cli_args *args) {
  md_reader *reader = at->reader;
  md_moment_row moment;
  const char *from = md_cli_arg(args, "from"), *to = md_cli_arg(args, "to");
  int code = md_moment_by_name(reader, args->positional[0], &moment);
  if (!code && from) code = md_version_by_prefix(reader, moment.name, from, &at->from);
  if (!code && to) code = md_version_by_prefix(reader, moment.name, to, &at->to);
  if (!code && !to && !moment.live)
    code = md_error_set(&reader->err, MD_ENOTFOUND, "%s was removed: say by --to which of its versions is meant",
                        moment.name);
  if (!code && !to) code = md_versions_get(reader->store, moment.live, reader->arena, &at->to, &reader->err);
  if (!code && at->from.id == at->to.id)
    code = md_error_set(&reader->err, MD_EINVAL, "--from and --to are the same version, %.*s", MD_DIGEST_SHOWN,
                        at->to.digest);
  at->moment = moment.name;
  return code ? code : md_runs_counts(reader->store, count_in_flight, at, &reader->err);
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static group *group_of(migrating *at, const group *like) {
  for (int i = 0; i < at->group_count; i++) {
    group *known = &at->groups[i];
    if (known->step == like->step && same_text(known->why, like->why) && same_text(known->recorded, like->recorded) &&
        same_text(known->attempted, like->attempted))
      return known;
  }
  if (at->group_count == GROUPS_MAX) return NULL;
  md_arena *arena = at->reader->arena;
  group *made = &at->groups[at->group_count++];
  *made = (group){md_arena_strdup(arena, like->why),
                  md_arena_strdup(arena, like->recorded),
                  md_arena_strdup(arena, like->attempted),
                  like->step,
                  0,
                  like->example};
  return made;
}

static void print_run(const migrating *at, const json_t *row, bool fits) {
  md_line line;
  md_line_begin(&line);
  md_line_json(&line, "run", json_object_get(row, "run"));
  md_line_bool(&line, "fits", fits);
  md_line_text(&line, "why", fits ? NULL : md_json_text(row, "why"));
  md_line_json(&line, "step", json_object_get(row, "step"));
  md_line_json(&line, "recorded", json_object_get(row, "recorded"));
  md_line_json(&line, "attempted", json_object_get(row, "attempted"));
  md_line_text(&line, "from",
               md_version_digest(at->reader->store, at->scratch, json_integer_value(json_object_get(row, "from"))));
  md_line_json(&line, "answered", json_object_get(row, "answered"));
  md_line_json(&line, "due", json_object_get(row, "due"));
  md_line_bool(&line, "moved", fits && !at->dry);
  md_line_end(&line);
}

static void take_run(migrating *at, const json_t *row) {
  const char *why = md_json_text(row, "why");
  bool fits = same_text(why, "fits"), busy = same_text(why, "busy");
  if (at->json) print_run(at, row, fits);
  at->busy += busy;
  if (fits || busy) return;
  at->others++;
  const group like = {.why = why,
                      .recorded = md_json_text(row, "recorded"),
                      .attempted = md_json_text(row, "attempted"),
                      .step = json_integer_value(json_object_get(row, "step")),
                      .example = json_integer_value(json_object_get(row, "run"))};
  group *group = group_of(at, &like);
  if (group)
    group->count++;
  else
    at->ungrouped++;
}

static void take_answer(migrating *at, const json_t *answer) {
  size_t i;
  json_t *row;
  at->fits += json_integer_value(json_object_get(answer, "fits"));
  at->answered += json_integer_value(json_object_get(answer, "answered"));
  at->due += json_integer_value(json_object_get(answer, "due"));
  at->drift += json_integer_value(json_object_get(answer, "drift"));
  json_array_foreach(json_object_get(answer, "runs"), i, row) {
    take_run(at, row);
  }
}

static int64_t tried(const migrating *at) {
  return at->fits + at->others + at->busy;
}

static void show_progress(const migrating *at, bool done) {
  if (!at->progress) return;
  if (done)
    fputs("\r\033[K", stderr);
  else
    fprintf(stderr, "\r\033[K%" PRId64 " of %" PRId64 " runs tried, %" PRId64 " fit", tried(at), at->total, at->fits);
  fflush(stderr);
}

static json_t *request_of(const migrating *at, int64_t after) {
  json_t *request = json_object();
  json_object_set_new(request, "command", json_string("moments.migrate"));
  json_object_set_new(request, "moment", json_string(at->moment));
  json_object_set_new(request, "to", json_string(at->to.digest));
  if (at->from.id) json_object_set_new(request, "from", json_string(at->from.digest));
  json_object_set_new(request, "dry", json_boolean(at->dry));
  json_object_set_new(request, "each", json_boolean(at->json));
  json_object_set_new(request, "after", json_integer(after));
  return request;
}

static int ask_until_done(migrating *at) {
  int64_t after = 0;
  for (bool done = false; !done;) {
    json_t *answer = NULL;
    md_arena *scope = md_json_scope(at->scratch);
    int code = md_admin_ask(at->reader->path, request_of(at, after), &answer, &at->reader->err);
    if (!code) take_answer(at, answer);
    done = json_is_true(json_object_get(answer, "done"));
    after = json_integer_value(json_object_get(answer, "after"));
    md_json_scope(scope);
    md_arena_reset(at->scratch);
    if (code) return code;
    show_progress(at, done);
  }
  return 0;
}

static void print_summary_json(const migrating *at) {
  md_line line;
  md_line_begin(&line);
  md_line_text(&line, "moment", at->moment);
  md_line_text(&line, "from", at->from.id ? at->from.digest : NULL);
  md_line_text(&line, "to", at->to.digest);
  md_line_bool(&line, "dry_run", at->dry);
  md_line_number(&line, "tried", tried(at));
  md_line_number(&line, "fit", at->fits);
  md_line_number(&line, "moved", at->dry ? 0 : at->fits);
  md_line_number(&line, "answered", at->answered);
  md_line_number(&line, "due", at->due);
  md_line_number(&line, "drift", at->drift);
  md_line_number(&line, "busy", at->busy);
  md_line_number(&line, "unfit", at->others);
  md_line_end(&line);
}

static void print_groups(const migrating *at) {
  static const char *const headers[] = {"RUNS", "WHY", "STEP", "RECORDED", "THE NEW CODE", "EXAMPLE", NULL};
  md_table table;
  char example[40];
  md_table_init(&table, headers);
  table.whole = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 5;
  for (int i = 0; i < at->group_count; i++) {
    const group *group = &at->groups[i];
    snprintf(example, sizeof example, "run %" PRId64, group->example);
    md_table_number(&table, group->count);
    md_table_cell(&table, group->why);
    md_table_number(&table, group->step);
    md_table_cell(&table, group->recorded ? group->recorded : "-");
    md_table_cell(&table, group->attempted);
    md_table_cell(&table, example);
  }
  md_table_print(&table, "");
  if (at->ungrouped) printf("%" PRId64 " more, in further groups: --json tells of each.\n", at->ungrouped);
}

static const char *plural(int64_t count) {
  return count == 1 ? "" : "s";
}

static void print_summary(const migrating *at) {
  int64_t all = tried(at);
  const char *would = at->dry ? "would be" : at->answered == 1 ? "was" : "were";
  printf("%s: %" PRId64 " run%s in flight on ", at->moment, all, plural(all));
  if (at->from.id)
    printf("version %.*s", MD_DIGEST_SHOWN, at->from.digest);
  else
    fputs("other versions", stdout);
  printf(", tried on %.*s.\n", MD_DIGEST_SHOWN, at->to.digest);
  if (at->fits) {
    bool one = at->fits == 1;
    printf("%" PRId64 " fit%s%s", at->fits, one ? "s" : "", at->dry ? "." : one ? " and is moved." : " and are moved.");
    if (at->answered) printf(" %" PRId64 " %s answered at once, by events that are there.", at->answered, would);
    if (at->due) printf(" %" PRId64 " come%s due at once.", at->due, at->due == 1 ? "s" : "");
    if (at->drift)
      printf(" %" PRId64 " ha%s other arguments than recorded, which stand.", at->drift, at->drift == 1 ? "s" : "ve");
    putchar('\n');
  }
  if (at->busy) printf("%" PRId64 " wait for a turn of their own and were not tried: ask again.\n", at->busy);
  if (at->others) {
    printf("%" PRId64 " do%s not fit%s:\n", at->others, at->others == 1 ? "es" : "",
           at->dry           ? ""
           : at->others == 1 ? " and stays where it is"
                             : " and stay where they are");
    print_groups(at);
  }
  if (at->dry && at->fits) puts("Nothing was moved; without --dry-run those that fit are.");
}

static int migrate(migrating *at, const md_cli_args *args) {
  int code = look_up(at, args);
  int reached = code ? 0 : md_admin_hello(at->reader->path, &at->reader->err);
  if (reached) {
    md_cli_fail(&at->reader->err);
    return MD_EXIT_UNREACHABLE;
  }
  if (!code) code = at->scratch ? ask_until_done(at) : MD_ENOMEM;
  if (code) {
    show_progress(at, true);
    if (tried(at) && !at->dry)
      fprintf(stderr, "momentd: %" PRId64 " runs were moved before that; ask again, and it goes on\n", at->fits);
    return md_cli_fail(&at->reader->err);
  }
  if (at->json)
    print_summary_json(at);
  else
    print_summary(at);
  return at->others || at->busy ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int run(const md_cli_args *args) {
  md_reader reader;
  int code = md_reader_open(&reader, args);
  if (code) return code;
  migrating at = {.reader = &reader,
                  .dry = md_cli_switch(args, "dry-run"),
                  .json = md_cli_switch(args, "json"),
                  .progress = isatty(STDERR_FILENO),
                  .scratch = md_arena_new(0)};
  code = migrate(&at, args);
  if (at.scratch) md_arena_free(at.scratch);
  md_reader_close(&reader);
  return code;
}

static const md_cli_option options[] = {
    {"from", "VERSION", "only runs on this version, by the beginning of its digest; otherwise on every other"},
    {"to", "VERSION", "the version to try; otherwise the one that new runs take"},
    {"dry-run", NULL, "only try, and tell what would happen"},
    {"json", NULL, "one JSON object a run, then a summary"},
    {0}};

const md_cli_command md_cli_moments_migrate = {
    .name = "moments migrate",
    .arguments = "MOMENT",
    .summary = "Try runs in flight on another version, and move those that fit",
    .notes =
        "Each run's journal is replayed on the other code, without effects. A run fits when all of it is answered\n"
        "and the next step is a wait; its wait is then the new code's, counted from when it was opened. It can be\n"
        "stopped and asked again at any time: each run is on one version or the other.",
    .example = "  momentd moments migrate abandoned_cart --dry-run --db shop.db",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = run,
};
