// SPDX-License-Identifier: Apache-2.0
// Acts on moments and their runs in flight. Each request is one act of bounded time in one batch: whoever asks goes on
// where the answer says, so the daemon keeps nothing between two.
#include "cli/admin_moments.h"
#include "engine/migrate.h"
#include "engine/operator.h"
#include "store/versions.h"
#include <string.h>

enum { RUNS_AT_ONCE = 250 };
#define SPAN_AT_ONCE (10 * (MD_SECOND / 1000))

typedef struct act {
  md_submission submission;
  md_admin_request *request;
  const json_t *object;
  const char *moment;
  md_daemon *daemon;
  void (*settle)(struct act *at); // when it is known what became of the batch
  json_t *answer, *runs;
  bool each; // tell of those that fit, too
  int64_t counts[MD_FIT_BUSY + 1], answered, due, drift;
  bool failed; // the answer lacks something
  int64_t to;  // of a rollback
  md_share share;
} act;

static void answer_act(md_submission *submission) {
  act *at = submission->context;
  if (at->settle) at->settle(at);
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  int code = submission->code ? submission->code : at->failed ? MD_ENOMEM : 0;
  md_admin_answer(at->request, code, at->answer, &submission->error);
  md_json_scope(scope);
}

static void submit(md_daemon *daemon, md_admin_request *request, const json_t *object,
                   int (*carry_out)(md_submission *, md_engine *, md_error *), void (*settle)(act *at)) {
  md_error err = {0};
  act *at = md_arena_alloc_zero(md_admin_arena(request), sizeof *at);
  if (!at) {
    md_admin_answer(request, MD_ENOMEM, NULL, &err);
    return;
  }
  const char *moment = md_json_text(object, "moment");
  *at = (act){.daemon = daemon,
              .request = request,
              .object = object,
              .moment = moment ? moment : "",
              .answer = json_object(),
              .settle = settle,
              .share = {.limit = RUNS_AT_ONCE,
                        .span = SPAN_AT_ONCE,
                        .after = json_integer_value(json_object_get(object, "after"))}};
  at->submission.context = at;
  at->submission.act = carry_out;
  at->submission.done = answer_act;
  if (md_queue_push(md_engine_inbox(daemon->engine), &at->submission.node)) return;
  md_error_set(&err, MD_EBUSY, "the engine's queue is full; try again");
  md_admin_answer(request, MD_EBUSY, NULL, &err);
}

static void put(act *at, json_t *object, const char *name, json_t *value) {
  if (json_object_set_new(object, name, value)) at->failed = true;
}

static json_t *text_or_null(const char *text) {
  return text ? json_string(text) : json_null();
}

// The row of the version whose digest stands in the request under `name`; `*id` stays where none does.
static int version_in(act *at, md_engine *engine, const char *name, int64_t *id, md_error *err) {
  const char *digest = md_json_text(at->object, name);
  if (!digest) return 0;
  int rc = md_versions_find(md_engine_store(engine), at->moment, digest, id, err);
  return rc == MD_ENOTFOUND ? md_error_set(err, rc, "%s has no version %s", at->moment, digest) : rc;
}

static int tell_run(void *context, const md_rehearsal *run) {
  act *at = context;
  at->counts[run->fit]++;
  at->answered += run->answered;
  at->due += run->due;
  at->drift += run->fit == MD_FIT_FITS && run->drift > 0;
  if (run->fit == MD_FIT_FITS && !at->each) return 0;
  md_arena *scope = md_json_scope(md_admin_arena(at->request)); // it outlives the batch
  json_t *row = json_object();
  put(at, row, "run", json_integer(run->run));
  put(at, row, "from", json_integer(run->from));
  put(at, row, "why", json_string(md_fit_name(run->fit)));
  put(at, row, "step", json_integer(run->step));
  put(at, row, "recorded", text_or_null(run->recorded));
  put(at, row, "attempted", text_or_null(run->attempted));
  put(at, row, "answered", json_boolean(run->answered));
  put(at, row, "due", json_boolean(run->due));
  if (json_array_append_new(at->runs, row)) at->failed = true;
  md_json_scope(scope);
  return at->failed ? MD_ENOMEM : 0;
}

static void answer_migration(act *at, const md_migration *migration) {
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  put(at, at->answer, "after", json_integer(migration->after));
  put(at, at->answer, "done", json_boolean(migration->done));
  put(at, at->answer, "fits", json_integer(at->counts[MD_FIT_FITS]));
  put(at, at->answer, "answered", json_integer(at->answered));
  put(at, at->answer, "due", json_integer(at->due));
  put(at, at->answer, "drift", json_integer(at->drift));
  put(at, at->answer, "runs", at->runs);
  md_json_scope(scope);
}

static int migrate(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  md_migration migration = {.moment = at->moment,
                            .after = json_integer_value(json_object_get(at->object, "after")),
                            .dry = json_is_true(json_object_get(at->object, "dry")),
                            .limit = RUNS_AT_ONCE,
                            .span = SPAN_AT_ONCE,
                            .each = tell_run,
                            .context = at};
  at->each = json_is_true(json_object_get(at->object, "each"));
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  at->runs = json_array();
  md_json_scope(scope);
  int rc = at->runs ? version_in(at, engine, "from", &migration.from, err) : MD_ENOMEM;
  if (rc == 0) rc = version_in(at, engine, "to", &migration.to, err);
  if (rc == 0 && !migration.to) rc = md_engine_live(engine, at->moment, &migration.to, err);
  if (rc == 0) rc = md_engine_migrate(engine, &migration, err);
  if (rc == 0) answer_migration(at, &migration);
  return rc;
}

void md_admin_moments_migrate(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, migrate, NULL);
}

// --- what is done in shares

static int answer_share(act *at, int code) {
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  put(at, at->answer, "after", json_integer(at->share.after));
  put(at, at->answer, "count", json_integer(at->share.count));
  put(at, at->answer, "done", json_boolean(at->share.done));
  md_json_scope(scope);
  return code;
}

static int resume(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  return answer_share(at, md_engine_resume(engine, at->moment, &at->share, err));
}

static int redrive(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  return answer_share(at, md_engine_redrive(engine, at->moment, &at->share, err));
}

static int pause_moment(md_submission *submission, md_engine *engine, md_error *err) {
  return md_engine_pause(engine, ((act *)submission->context)->moment, err);
}

static void settle_pause(act *at) {
  md_engine_paused_settle(at->daemon->engine, at->moment);
}

static int retry_all(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  return answer_share(at, md_engine_retry_runs(engine, at->moment, &at->share, err));
}

static int cancel_all(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  return answer_share(at, md_engine_cancel_runs(engine, at->moment, &at->share, err));
}

static int roll_back(md_submission *submission, md_engine *engine, md_error *err) {
  act *at = submission->context;
  md_version version;
  int rc = version_in(at, engine, "to", &at->to, err);
  if (rc == 0) rc = md_engine_rollback(engine, at->moment, &at->to, err);
  if (rc == 0) rc = md_versions_get(md_engine_store(engine), at->to, md_admin_arena(at->request), &version, err);
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  if (rc == 0) put(at, at->answer, "to", json_string(version.digest));
  md_json_scope(scope);
  return rc;
}

static void settle_rollback(act *at) {
  if (at->submission.code == 0) md_engine_rollback_settle(at->daemon->engine, at->moment, at->to);
}

void md_admin_moments_pause(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, pause_moment, settle_pause);
}

void md_admin_moments_resume(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, resume, settle_pause);
}

void md_admin_moments_rollback(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, roll_back, settle_rollback);
}

void md_admin_runs_retry_all(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, retry_all, NULL);
}

void md_admin_runs_cancel_all(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, cancel_all, NULL);
}

void md_admin_quarantine_redrive(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  submit(daemon, request, object, redrive, NULL);
}
