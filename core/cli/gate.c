// SPDX-License-Identifier: Apache-2.0
// Asks whether a version may go live.
#include "cli/gate.h"
#include "base/log.h"
#include "cli/inspection.h"
#include "cli/specs.h"
#include <string.h>

// The problems are the gate's while it is used.
static md_inspection open_inspection(md_gate *gate, const md_source *source, md_arena *arena) {
  const md_settings *settings = gate->settings;
  return (md_inspection){.tree = {.within = "", .source = *source},
                         .arena = arena,
                         .problems = *gate->problems,
                         .locale = settings->locale,
                         .connections = json_object_size(settings->connections) ? settings->connections : NULL,
                         .types = gate->types};
}

static int inspect(md_gate *gate, const md_candidate *candidate, md_arena *arena, md_error *err) {
  int before = gate->problems->count;
  if (!gate->types_known && md_known_types_read(&gate->types, candidate->plan, candidate->tree, arena))
    return md_error_set(err, MD_ENOMEM, "out of memory while %s was checked", candidate->moment);
  gate->types_known = true;
  md_inspection at = open_inspection(gate, candidate->tree, arena);
  at.plan = candidate->plan;
  at.experiments = candidate->experiments;
  md_inspect_version(&at, candidate->moment, candidate->own, candidate->definition);
  *gate->problems = at.problems;
  return at.problems.count > before ? MD_EINVAL : 0;
}

// Specs of one moment that run.
typedef struct trying {
  md_gate *gate;
  const char *moment;
  md_arena *arena;
  int code;
} trying;

static void passed(void *context, const char *file, const char *name) {
  (void)context, (void)file, (void)name;
}

// The first that fails says enough.
static bool failed(void *context, const char *file, const char *name, const md_error *err, md_shop *shop) {
  trying *at = context;
  (void)shop;
  at->code = err->code == MD_ECANCELED || err->code == MD_ENOMEM ? err->code : MD_EINVAL;
  if (at->code != MD_EINVAL) return false;
  bool placed = strncmp(err->text, file, strlen(file)) == 0;
  const char *text = md_arena_printf(at->arena, "%s%s%s (its spec \"%s\" fails)", placed ? "" : file,
                                     placed ? "" : ":1: ", err->text, name);
  md_problems_add(at->gate->problems, at->moment, text ? text : err->text);
  return false;
}

static bool is_of(const char *path, const char *moment) {
  size_t len = strlen(moment);
  return strncmp(path, moment, len) == 0 && path[len] == '/';
}

static int try_specs(md_gate *gate, const md_candidate *candidate, md_arena *arena, md_error *err) {
  trying at = {gate, candidate->moment, arena, 0};
  md_settings settings;
  md_specs specs = {.settings = &settings,
                    .limit = MD_SPECS_MAX,
                    .stop = gate->stop,
                    .context = &at,
                    .passed = passed,
                    .failed = failed};
  md_tree tree = {.within = "", .source = *candidate->tree};
  bool muted = md_log_mute(true);
  md_specs_settings(gate->settings, &settings);
  for (int i = 0; i < tree.source.count && !at.code; i++) {
    const md_source_file *file = &tree.source.files[i];
    if (is_of(file->path, candidate->moment) && md_is_spec(file->path)) md_specs_run(&specs, &tree, file, arena);
  }
  md_log_mute(muted);
  if (at.code == MD_ECANCELED) return md_error_set(err, at.code, "momentd stops");
  if (at.code == MD_ENOMEM) return md_error_set(err, at.code, "out of memory while the specs of %s ran", at.moment);
  return at.code;
}

void md_gate_problem(void *context, const char *moment, const char *text) {
  md_problems_add(((md_gate *)context)->problems, moment, text);
}

int md_gate_examine(void *context, const md_candidate *candidate, md_arena *arena, md_error *err) {
  md_gate *gate = context;
  int code = inspect(gate, candidate, arena, err);
  return code ? code : try_specs(gate, candidate, arena, err);
}

void md_gate_tree(md_gate *gate, const md_source *source, const md_experiments *experiments, md_arena *arena) {
  md_inspection at = open_inspection(gate, source, arena);
  at.experiments = experiments;
  md_inspect_experiments(&at);
  for (int i = 0; i < source->count; i++)
    md_inspect_stray(&at, source->files[i].path);
  *gate->problems = at.problems;
}
