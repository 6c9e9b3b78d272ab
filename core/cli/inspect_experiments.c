// SPDX-License-Identifier: Apache-2.0
// Checks experiments: that their moments exist, and that what a script asks for is declared. One thread.
#include "base/suggest.h"
#include "cli/inspection.h"
#include <string.h>

// Of this moment.
static const char *nearest_experiment(md_inspection *at, const char *name) {
  int count = md_experiments_count(at->experiments), own = 0;
  const char **names = md_arena_alloc_zero(at->arena, sizeof *names * (size_t)(count + 1));
  for (int i = 0; names && i < count; i++) {
    const md_experiment *experiment = md_experiments_at(at->experiments, i);
    if (strcmp(experiment->moment, at->moment) == 0) names[own++] = experiment->name;
  }
  return names ? md_suggest(name, names) : NULL;
}

// One of the files is wrong, and was told of: it may be the one that is meant.
static bool some_unread(const md_inspection *at) {
  for (int i = 0; i < at->problems.count; i++)
    if (strncmp(at->problems.items[i].file, "experiments/", 12) == 0) return true;
  return false;
}

void md_inspect_experiment(void *context, int line, const char *name, size_t len) {
  md_inspection *at = context;
  const char *own = md_arena_strndup(at->arena, name, len);
  const md_experiment *experiment = own ? md_experiments_find(at->experiments, own) : NULL;
  if (!experiment && some_unread(at)) return;
  const char *near = own && !experiment ? nearest_experiment(at, own) : NULL;
  if (near)
    md_inspect_found(at, at->file, line,
                     "m:experiment(\"%s\") names an experiment that no file declares; did you mean \"%s\"?", own, near);
  else if (own && !(experiment && strcmp(experiment->moment, at->moment) == 0))
    md_inspect_found(
        at, at->file, line,
        "m:experiment(\"%s\") names an experiment that no file declares for this moment: write experiments/%s.lua with "
        "moment = \"%s\"",
        own, own, at->moment);
}

static const char *nearest_moment(md_inspection *at, const char *name) {
  const md_source *source = &at->tree.source;
  const char **names = md_arena_alloc_zero(at->arena, sizeof *names * (size_t)(source->count + 1));
  for (int i = 0, count = 0; names && i < source->count; i++) {
    const char *path = source->files[i].path, *slash = strchr(path, '/');
    if (slash && strcmp(slash, "/moment.lua") == 0) names[count++] = md_tree_folder(path, at->arena);
  }
  return names ? md_suggest(name, names) : NULL;
}

// An experiment of a moment that there is not never begins.
void md_inspect_experiments(md_inspection *at) {
  for (int i = 0; i < md_experiments_count(at->experiments); i++) {
    const md_experiment *experiment = md_experiments_at(at->experiments, i);
    const char *main = md_arena_printf(at->arena, "%s/moment.lua", experiment->moment);
    if (!main || md_source_find(&at->tree.source, main)) continue;
    const char *near = nearest_moment(at, experiment->moment);
    at->moment = experiment->file;
    md_inspect_found(at, experiment->file,
                     md_inspect_line_of(md_source_find(&at->tree.source, experiment->file), "moment"),
                     "moment = \"%s\": there is no such moment%s%s%s", experiment->moment,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  }
}
