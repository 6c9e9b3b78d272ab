// SPDX-License-Identifier: Apache-2.0
// What the admin socket is asked about builds: reload, deploy, and what status tells of them.
#include "base/timestamp.h"
#include "cli/daemon.h"
#include <string.h>

// Somebody who waits for a build; it lives in its request's arena.
typedef struct waiting {
  md_wish wish;
  md_daemon *daemon;
  md_admin_request *request;
} waiting;

json_t *md_problems_json(const md_problems *problems) {
  json_t *list = json_array();
  for (int i = 0; i < problems->count; i++) {
    const md_problem *at = &problems->items[i];
    json_t *item = json_object();
    json_object_set_new(item, "moment", json_string(at->moment));
    json_object_set_new(item, "file", at->file[0] ? json_string(at->file) : json_null());
    json_object_set_new(item, "line", at->line ? json_integer(at->line) : json_null());
    json_object_set_new(item, "message", json_string(at->message));
    json_array_append_new(list, item);
  }
  return list;
}

static json_t *text_or_null(const char *text) {
  return text && text[0] ? json_string(text) : json_null();
}

static json_t *changes_json(const md_build *build) {
  int count = 0;
  json_t *list = json_array();
  const md_change *changes = build->prepared ? md_prepared_changes(build->prepared, &count) : NULL;
  for (int i = 0; i < count; i++) {
    json_t *item = json_object();
    bool beside = !changes[i].digest[0] && !changes[i].was[0] && changes[i].kind == MD_CHANGE_NONE;
    if (beside) continue; // a moment of the files alone
    json_object_set_new(item, "moment", json_string(changes[i].moment));
    json_object_set_new(item, "change", json_string(md_change_name(changes[i].kind)));
    json_object_set_new(item, "version", text_or_null(changes[i].digest));
    json_object_set_new(item, "was", text_or_null(changes[i].was));
    json_array_append_new(list, item);
  }
  return list;
}

static void done(md_wish *wish, const md_build *build) {
  waiting *at = (waiting *)wish;
  md_arena *scope = md_json_scope(md_admin_arena(at->request));
  json_t *answer = json_object();
  bool told = build->problems.count > 0; // a deploy that is refused for them
  int code = told && build->code == MD_EINVAL ? 0 : build->code;
  json_object_set_new(answer, "applied", json_boolean(!build->code && !build->dry_run));
  json_object_set_new(answer, "errors", md_problems_json(&build->problems));
  json_object_set_new(answer, "moments", changes_json(build));
  md_admin_answer(at->request, code, answer, &build->err);
  md_json_scope(scope);
}

static waiting *new_waiting(md_daemon *daemon, md_admin_request *request) {
  waiting *at = md_arena_alloc_zero(md_admin_arena(request), sizeof *at);
  if (!at) {
    md_admin_answer(request, MD_ENOMEM, NULL, NULL);
    return NULL;
  }
  *at = (waiting){{NULL, done}, daemon, request};
  return at;
}

void md_daemon_reload(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  (void)object;
  md_error err = {0};
  waiting *at = new_waiting(daemon, request);
  int code = at ? md_builder_reload(daemon->builder, MD_DOOR_RELOAD, &at->wish, &err) : 0;
  if (code) md_admin_answer(request, code, NULL, &err);
}

void md_daemon_deploy(md_daemon *daemon, md_admin_request *request, const json_t *object) {
  md_error err = {0};
  waiting *at = new_waiting(daemon, request);
  if (!at) return;
  md_deploy deploy = {.author = md_json_text(object, "author"),
                      .note = md_json_text(object, "note"),
                      .dry_run = json_is_true(json_object_get(object, "dry_run"))};
  deploy.archive = md_admin_body(request, &deploy.len);
  int code = deploy.archive ? md_builder_deploy(daemon->builder, &deploy, &at->wish, &err)
                            : md_error_set(&err, MD_EINVAL, "deploy needs an archive: \"bytes\", and as many after it");
  if (code) md_admin_answer(request, code, NULL, &err);
}

json_t *md_daemon_reload_json(const md_daemon *daemon) {
  char time[32];
  md_builder_report report = md_builder_report_of(daemon->builder);
  json_t *row = json_object();
  md_timestamp_format(report.at, time);
  json_object_set_new(row, "how", json_string(daemon->settings->reload));
  json_object_set_new(row, "at", report.at ? json_string(time) : json_null());
  json_object_set_new(row, "door", report.door ? json_string(report.door) : json_null());
  json_object_set_new(row, "ms", json_real((double)report.took / 1000));
  json_object_set_new(row, "error", report.error ? json_string(report.error) : json_null());
  json_object_set_new(row, "builds", json_integer(report.builds));
  json_object_set_new(row, "refused", json_integer(report.refused));
  json_object_set_new(row, "failed", json_integer(report.failed));
  return row;
}

json_t *md_daemon_shadows_json(const md_daemon *daemon) {
  md_builder_report report = md_builder_report_of(daemon->builder);
  json_t *list = json_array();
  for (int i = 0; i < report.changed_below_count; i++) {
    const md_shadow *at = &report.changed_below[i];
    json_t *row = json_object();
    json_object_set_new(row, "path", json_string(at->path));
    json_object_set_new(row, "below", json_string(at->below));
    json_object_set_new(row, "used", json_string(at->above));
    json_array_append_new(list, row);
  }
  return list;
}
