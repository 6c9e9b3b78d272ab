// SPDX-License-Identifier: Apache-2.0
// Builds a script tree.
#include "cli/build.h"
#include "base/json.h"
#include "cli/archive.h"
#include "cli/gate.h"
#include "cli/identities.h"
#include "cli/overlay.h"
#include "metrics/meter.h"
#include <string.h>

static bool is_deploy(const md_build *build) {
  return strcmp(build->door, MD_DOOR_DEPLOY) == 0;
}

int md_build_open(md_build *build, md_engine *engine, md_error *err) {
  if (!build->arena) build->arena = md_arena_new(256 * 1024);
  if (!build->arena) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were read");
  return md_prepared_new(&build->prepared, engine, err);
}

// What the directories hold is passed over by a deploy; that they cannot be read is nothing to it.
static int read_tree(md_build *build, md_error *err) {
  md_error why;
  const md_setting_list *directories = &build->settings->scripts;
  if (!is_deploy(build)) return md_scripts_read(directories, build->arena, &build->source, &build->shadows, err);
  if (md_scripts_read(directories, build->arena, &build->files, &build->shadows, &why)) build->files = (md_source){0};
  return md_archive_unpack(build->archive, build->archive_len, build->arena, &build->source, err);
}

static int prepare(md_build *build, md_error *err) {
  md_gate gate = {.settings = build->settings, .stop = build->stop, .problems = &build->problems};
  md_prepare_options options = {.problem = md_gate_problem,
                                .examine = md_gate_examine,
                                .context = &gate,
                                .deploy = is_deploy(build),
                                .files = build->files.count ? &build->files : NULL};
  int code = md_prepare(build->prepared, &build->source, &options, err);
  if (!code) md_gate_tree(&gate, &build->source, md_prepared_experiments(build->prepared), build->arena);
  return code;
}

void md_build_run(md_build *build) {
  md_clock *clock = md_clock_real();
  md_micros began = clock->monotonic(clock);
  md_arena *scope = md_json_scope(build->arena);
  build->code = read_tree(build, &build->err);
  if (!build->code) build->code = prepare(build, &build->err);
  if (!build->code && is_deploy(build) && build->problems.count)
    build->code = md_error_set(&build->err, MD_EINVAL, "nothing was deployed: %d %s wrong", build->problems.count,
                               build->problems.count == 1 ? "thing is" : "things are");
  md_json_scope(scope);
  build->took = clock->monotonic(clock) - began;
}

static void note_changed(void *context, const md_shadow *at) {
  md_build *build = context;
  if (!build->changed_below)
    build->changed_below = md_arena_alloc(build->arena, sizeof *at * (size_t)build->shadows.count);
  if (build->changed_below) build->changed_below[build->changed_below_count++] = *at;
}

static int count(md_store *store, const char *labels, int n, md_micros now, md_error *err) {
  return n ? md_meter_of_store.add(store, "momentd_versions", labels, n, false, now, err) : 0;
}

// How often versions went live, were refused and were retired, by day.
static int measure(const md_build *build, md_engine *engine, md_error *err) {
  int changes = 0, live = 0, refused = 0, retired = 0;
  const md_change *change = md_prepared_changes(build->prepared, &changes);
  for (int i = 0; i < changes; i++) {
    live += change[i].kind == MD_CHANGE_NEW || change[i].kind == MD_CHANGE_CHANGED;
    refused += change[i].kind == MD_CHANGE_REFUSED;
    retired += change[i].kind == MD_CHANGE_RETIRED;
  }
  md_store *store = md_engine_store(engine);
  int code = count(store, "{\"change\":\"live\"}", live, md_engine_time(engine), err);
  if (!code) code = count(store, "{\"change\":\"refused\"}", refused, md_engine_time(engine), err);
  return code ? code : count(store, "{\"change\":\"retired\"}", retired, md_engine_time(engine), err);
}

int md_build_take(md_build *build, md_engine *engine, md_error *err) {
  const md_version_origin origin = {.author = build->author, .note = build->note, .door = build->door};
  md_store *store = md_engine_store(engine);
  build->changed_below_count = 0;
  if (build->code) // nothing of it is taken; that it was tried is counted
    return count(store, "{\"change\":\"refused\"}", 1, md_engine_time(engine), err);
  int code = md_prepared_take(engine, build->prepared, &origin, err);
  if (!code) code = md_identities_write(store, md_prepared_plan(build->prepared), err);
  if (!code) code = md_overlay_compare(store, &build->shadows, note_changed, build, err);
  return code ? code : measure(build, engine, err);
}

void md_build_settle(md_build *build, md_engine *engine, int code) {
  md_prepared_settle(engine, build->prepared, build->code ? build->code : code);
}

void md_build_close(md_build *build) {
  md_prepared_free(build->prepared);
  md_problems_clear(&build->problems);
  if (build->arena) md_arena_free(build->arena);
  *build = (md_build){0};
}
