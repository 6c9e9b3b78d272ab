// SPDX-License-Identifier: Apache-2.0
// Finds versions and opens them.
#include "cli/describe_subject.h"
#include "base/json.h"
#include "base/suggest.h"
#include "cli/moment_names.h"
#include "engine/version_source.h"
#include "message/copy_uses.h"
#include <stdlib.h>
#include <string.h>

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory");
}

// The plan and the experiments that the engine has stored, as files of a tree.
static int read_stored(md_shelf *shelf, md_error *err) {
  const char *plan = NULL, *experiments = NULL, *path;
  int code = md_settings_get(shelf->store, "plan", shelf->arena, &plan, err);
  if (!code || code == MD_ENOTFOUND)
    code = md_settings_get(shelf->store, "experiments", shelf->arena, &experiments, err);
  if (code && code != MD_ENOTFOUND) return code;
  json_t *texts = experiments ? md_json_parse(experiments, strlen(experiments), false, err) : NULL, *text;
  if (experiments && !texts) return MD_ECORRUPT;
  shelf->tree.files = md_arena_alloc(shelf->arena, sizeof *shelf->tree.files * (json_object_size(texts) + 2));
  if (!shelf->tree.files) return no_memory(err);
  if (plan) shelf->tree.files[shelf->tree.count++] = (md_source_file){"events.lua", plan, strlen(plan)};
  json_object_foreach(texts, path, text) shelf->tree.files[shelf->tree.count++] =
      (md_source_file){path, json_string_value(text), json_string_length(text)};
  return 0;
}

static void ignore_problem(void *context, const char *name, const char *text) {
  md_error *err = context;
  if (!err->code) md_error_set(err, MD_EINVAL, "%s: %s", name, text);
}

int md_shelf_open(md_shelf *shelf, md_error *err) {
  md_error why = {0};
  int code = shelf->of_tree ? 0 : read_stored(shelf, err);
  if (!code) code = md_plan_new(&shelf->plan, md_source_find(&shelf->tree, "events.lua"), err);
  if (!code) code = md_experiments_new(&shelf->experiments, &shelf->tree, NULL, ignore_problem, &why, err);
  if (!code && why.code) code = md_error_set(err, why.code, "%s", why.text);
  return code;
}

void md_shelf_close(md_shelf *shelf) {
  md_experiments_free(shelf->experiments);
  md_plan_free(shelf->plan);
}

typedef struct names {
  md_shelf *shelf;
  const char **all;
  int count;
} names;

static int add_name(names *at, const char *name, size_t len) {
  const char **more = md_arena_alloc(at->shelf->arena, sizeof *more * (size_t)(at->count + 2));
  const char *copy = md_arena_strndup(at->shelf->arena, name, len);
  if (!more || !copy) return MD_ENOMEM;
  if (at->count) memcpy(more, at->all, sizeof *more * (size_t)at->count);
  more[at->count++] = copy;
  more[at->count] = NULL;
  at->all = more;
  return 0;
}

static int add_row(void *context, const md_moment_row *row) {
  return row->live ? add_name(context, row->name, strlen(row->name)) : 0;
}

static int add_folders(names *at) {
  int code = 0;
  for (int i = 0; i < at->shelf->tree.count && !code; i++) {
    const char *path = at->shelf->tree.files[i].path, *slash = strchr(path, '/');
    if (slash && strcmp(slash, "/moment.lua") == 0) code = add_name(at, path, (size_t)(slash - path));
  }
  return code;
}

int md_shelf_moments(md_shelf *shelf, const char ***out, md_error *err) {
  static const char *none[] = {NULL};
  names at = {.shelf = shelf, .all = none};
  int code = shelf->of_tree ? add_folders(&at) : md_moments_list(shelf->store, add_row, &at, err);
  if (code == MD_ENOMEM) no_memory(err);
  *out = at.all;
  return code ? code : at.count;
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const md_source_file *)a)->path, ((const md_source_file *)b)->path);
}

// Its own files, and those of the shelf that are about all moments.
static int make_tree(md_subject *subject, const md_shelf *shelf, md_error *err) {
  int count = subject->own.count + shelf->tree.count;
  subject->tree = (md_source){.files = md_arena_alloc(shelf->arena, sizeof *subject->tree.files * (size_t)(count + 1))};
  if (!subject->tree.files) return no_memory(err);
  for (int i = 0; i < subject->own.count; i++)
    subject->tree.files[subject->tree.count++] = subject->own.files[i];
  for (int i = 0; i < shelf->tree.count; i++) {
    const md_source_file *file = &shelf->tree.files[i];
    bool about_all = !strchr(file->path, '/') || strncmp(file->path, "experiments/", 12) == 0;
    if (about_all && !md_source_find(&subject->own, file->path)) subject->tree.files[subject->tree.count++] = *file;
  }
  qsort(subject->tree.files, (size_t)subject->tree.count, sizeof *subject->tree.files, by_path);
  return 0;
}

static int open_vm(md_subject *subject, const md_shelf *shelf, md_error *err) {
  int code = make_tree(subject, shelf, err);
  if (!code) code = md_vm_new(&subject->vm, subject->moment, &subject->own, NULL, err);
  if (!code) subject->definition = md_vm_definition(subject->vm);
  return code;
}

// A version's files, read out of the database.
static int open_stored(md_subject *subject, const md_shelf *shelf, md_error *err) {
  md_version_file *files = NULL;
  int count = 0, code = md_versions_files(shelf->store, subject->version.id, shelf->arena, &files, &count, err);
  if (code) return code;
  if (count == 0)
    return md_error_set(err, MD_ENOTFOUND, "the files of version %.12s of %s are gone", subject->version.digest,
                        subject->moment);
  subject->own.files = md_arena_alloc(shelf->arena, sizeof *subject->own.files * (size_t)count);
  if (!subject->own.files) return no_memory(err);
  for (int i = 0; i < count; i++) {
    const char *data = md_arena_strndup(shelf->arena, files[i].data, files[i].len);
    if (!data) return no_memory(err);
    subject->own.files[i] = (md_source_file){files[i].path, data, files[i].len};
  }
  subject->own.count = count;
  subject->stored = true;
  memcpy(subject->digest, subject->version.digest, sizeof subject->digest);
  return open_vm(subject, shelf, err);
}

static int open_of_tree(md_subject *subject, const md_shelf *shelf, md_error *err) {
  static const md_messenger messenger = {.uses = md_copy_uses};
  md_version_source version;
  int code =
      md_version_source_read(&messenger, shelf->plan, &shelf->tree, subject->moment, shelf->arena, &version, err);
  if (code) return code;
  subject->own = version.files;
  memcpy(subject->digest, version.digest, sizeof subject->digest);
  return open_vm(subject, shelf, err);
}

// Looks through the versions of a moment, newest first.
typedef struct search {
  md_shelf *shelf;
  int64_t before; // this id; 0: any
  md_version found;
} search;

static int consider(void *context, const md_version *row) {
  search *at = context;
  if (at->before && row->id >= at->before) return 0;
  if (at->found.id) return 0;
  at->found = *row;
  at->found.moment = md_arena_strdup(at->shelf->arena, row->moment);
  at->found.note = md_arena_strdup(at->shelf->arena, row->note);
  at->found.author = md_arena_strdup(at->shelf->arena, row->author);
  at->found.door = md_arena_strdup(at->shelf->arena, row->door);
  return at->found.moment ? 0 : MD_ENOMEM;
}

typedef struct live_search {
  const char *moment;
  int64_t version;
  md_micros paused_at;
  bool known;
} live_search;

static int find_live(void *context, const md_moment_row *row) {
  live_search *at = context;
  if (strcmp(row->name, at->moment) != 0) return 0;
  at->version = row->live;
  at->paused_at = row->paused_at;
  at->known = true;
  return 0;
}

static int unknown_moment(md_shelf *shelf, const char *moment, md_error *err) {
  const char **all = NULL;
  int count = md_shelf_moments(shelf, &all, err);
  if (count < 0) return count;
  const char *near = md_suggest(moment, all);
  return md_error_set(err, MD_ENOTFOUND, "there is no moment %s; %s%s%s", moment,
                      near         ? "did you mean "
                      : count == 0 ? "there is none at all"
                                   : "momentd describe without a name shows which there are",
                      near ? near : "", near ? "?" : "");
}

static int find_version(md_shelf *shelf, const char *moment, const char *digest, md_version *out, md_error *err) {
  md_reader reader = {.store = shelf->store, .arena = shelf->arena};
  int code = md_version_by_prefix(&reader, moment, digest, out);
  if (code) *err = reader.err;
  return code ? code : md_versions_get(shelf->store, out->id, shelf->arena, out, err);
}

int md_subject_open(md_subject *subject, md_shelf *shelf, const char *moment, const char *digest, md_error *err) {
  live_search live = {.moment = moment};
  *subject = (md_subject){.moment = moment};
  char path[300];
  snprintf(path, sizeof path, "%s/moment.lua", moment);
  bool in_tree = shelf->of_tree && md_source_find(&shelf->tree, path);
  int code = shelf->store ? md_moments_list(shelf->store, find_live, &live, err) : 0;
  if (code) return code;
  if (shelf->of_tree && !digest)
    return in_tree ? open_of_tree(subject, shelf, err) : unknown_moment(shelf, moment, err);
  if (!live.known) return unknown_moment(shelf, moment, err);
  if (!digest && !live.version)
    return md_error_set(err, MD_ENOTFOUND, "%s takes no runs any more: give --version DIGEST of one that it had",
                        moment);
  code = digest ? find_version(shelf, moment, digest, &subject->version, err)
                : md_versions_get(shelf->store, live.version, shelf->arena, &subject->version, err);
  subject->live = subject->version.id == live.version;
  subject->paused_at = live.paused_at;
  return code ? code : open_stored(subject, shelf, err);
}

int md_subject_before(md_subject *before, md_shelf *shelf, const md_subject *subject, md_error *err) {
  search at = {.shelf = shelf, .before = subject->stored ? subject->version.id : 0};
  live_search live = {.moment = subject->moment};
  *before = (md_subject){.moment = subject->moment};
  if (!shelf->store) return MD_ENOTFOUND;
  int code = md_moments_list(shelf->store, find_live, &live, err);
  if (!code && !subject->stored && !live.version) return MD_ENOTFOUND;
  if (!code)
    code = subject->stored ? md_versions_list(shelf->store, subject->moment, consider, &at, err)
                           : md_versions_get(shelf->store, live.version, shelf->arena, &at.found, err);
  if (code || !at.found.id) return code ? code : MD_ENOTFOUND;
  before->version = at.found;
  before->live = at.found.id == live.version;
  return open_stored(before, shelf, err);
}

void md_subject_close(md_subject *subject) {
  if (subject->vm) md_vm_free(subject->vm);
  subject->vm = NULL;
}
