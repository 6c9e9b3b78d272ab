// SPDX-License-Identifier: Apache-2.0
// Prepares a script tree beside a running engine: notes what is live on the engine's thread, then, on any thread, finds
// what of the tree is new and builds it. Nothing is stored and nothing of the engine is touched.
#include "engine/prepare.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "engine/prepared.h"
#include "engine/version_source.h"
#include <string.h>

const char *md_change_name(md_change_kind kind) {
  static const char *const names[] = {"unchanged", "new", "changed", "retired", "held", "refused"};
  return names[kind];
}

typedef struct noting {
  md_prepared *prepared;
  md_engine *engine;
} noting;

static int note_row(void *context, const md_moment_row *row) {
  noting *at = context;
  md_prepared *prepared = at->prepared;
  md_prepared_row *rows = md_arena_alloc(prepared->arena, sizeof *rows * (size_t)(prepared->row_count + 1));
  if (!rows) return MD_ENOMEM;
  if (prepared->row_count) memcpy(rows, prepared->rows, sizeof *rows * (size_t)prepared->row_count);
  md_prepared_row *out = &rows[prepared->row_count++];
  *out = (md_prepared_row){.name = md_arena_strdup(prepared->arena, row->name),
                           .live = row->live,
                           .passed = md_arena_strdup(prepared->arena, row->rolled_back_from)};
  const md_moment *moment = row->live ? md_moment_find(at->engine, row->name) : NULL;
  const md_loaded *loaded = moment ? moment->live : NULL;
  if (loaded) memcpy(out->digest, loaded->digest, sizeof out->digest);
  prepared->rows = rows;
  return out->name && (!row->rolled_back_from || out->passed) ? 0 : MD_ENOMEM;
}

static int note_text(md_engine *engine, const char *name, md_arena *arena, const char **out, md_error *err) {
  int rc = md_settings_get(engine->store, name, arena, out, err);
  if (rc == MD_ENOTFOUND) *out = NULL;
  return rc == MD_ENOTFOUND ? 0 : rc;
}

static int note(md_prepared *prepared, md_engine *engine, md_error *err) {
  prepared->messenger = engine->options.messenger;
  prepared->retention = engine->options.retention;
  prepared->live_plan = engine->plan;
  prepared->planned = engine->plan_taken;
  prepared->live_experiments = engine->experiments;
  memcpy(prepared->plan_part.live, engine->plan_digest, sizeof engine->plan_digest);
  memcpy(prepared->experiments_part.live, engine->experiments_digest, sizeof engine->experiments_digest);
  int rc = md_moments_list(engine->store, note_row, &(noting){prepared, engine}, err);
  if (rc == 0) rc = note_text(engine, "experiments", prepared->arena, &prepared->live_experiment_texts, err);
  if (rc == 0) rc = note_text(engine, "plan_passed", prepared->arena, &prepared->plan_part.passed, err);
  if (rc == 0) rc = note_text(engine, "experiments_passed", prepared->arena, &prepared->experiments_part.passed, err);
  return rc;
}

int md_prepared_new(md_prepared **out, md_engine *engine, md_error *err) {
  int rc = md_engine_take_up(engine, err);
  if (rc) return rc;
  md_prepared *prepared = md_alloc_zero(sizeof *prepared);
  if (prepared) prepared->arena = md_arena_new(0);
  rc = prepared && prepared->arena ? note(prepared, engine, err)
                                   : md_error_set(err, MD_ENOMEM, "out of memory while the scripts were prepared");
  if (rc)
    md_prepared_free(prepared);
  else
    *out = prepared;
  return rc;
}

void md_prepared_free(md_prepared *prepared) {
  if (!prepared) return;
  for (int i = 0; i < prepared->change_count; i++)
    if (prepared->changes[i].built) md_loaded_free(prepared->changes[i].built);
  md_plan_free(prepared->plan);
  md_experiments_free(prepared->experiments);
  if (prepared->arena) md_arena_free(prepared->arena);
  md_free(prepared);
}

const md_plan *md_prepared_plan(const md_prepared *prepared) {
  return prepared->plan ? prepared->plan : prepared->live_plan;
}

const md_experiments *md_prepared_experiments(const md_prepared *prepared) {
  return prepared->experiments ? prepared->experiments : prepared->live_experiments;
}

int md_prepared_problems(const md_prepared *prepared) {
  return prepared->problems;
}

const md_change *md_prepared_changes(const md_prepared *prepared, int *count) {
  *count = prepared->change_count;
  return prepared->changes;
}

bool md_prepared_is_news(const md_prepared *prepared) {
  for (int i = 0; i < prepared->change_count; i++)
    if (prepared->changes[i].built || prepared->changes[i].kind == MD_CHANGE_RETIRED ||
        (prepared->changes[i].marked && prepared->changes[i].kind != MD_CHANGE_HELD))
      return true;
  return prepared->plan_part.text || prepared->experiments_part.text;
}

static void digest_text(const char *text, size_t len, char out[static 65]) {
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256(text, len, digest);
  md_hex(digest, sizeof digest, out);
}

static void digest_of_plan(const md_source *source, char out[static 65]) {
  const md_source_file *file = source ? md_source_find(source, "events.lua") : NULL;
  out[0] = '\0';
  if (file) digest_text(file->data, file->len, out);
}

// Their texts as canonical JSON by path, and its digest.
static int write_experiments(const json_t *texts, md_arena *arena, const char **out, char digest[static 65]) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, texts);
  *out = texts && md_buffer_ok(&text) ? md_arena_strndup(arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  if (!*out) return MD_ENOMEM;
  digest_text(*out, strlen(*out), digest);
  return 0;
}

static bool is_passed(const md_prepared *prepared, const md_prepared_part *part) {
  return !prepared->options.deploy && part->passed && strcmp(part->passed, part->digest) == 0;
}

// What cannot be read, by the folder that it costs.
static int tell_refused(md_prepared *prepared) {
  for (const md_refusal *at = prepared->source->refused; at; at = at->next) {
    const char *folder = md_arena_strndup(prepared->scratch, at->path, strcspn(at->path, "/"));
    if (!folder) return MD_ENOMEM;
    md_prepare_tell(prepared, folder, at->why);
  }
  return 0;
}

// A plan that is wrong, or cannot be read, is refused whole (P8): the old one stays.
static int prepare_plan(md_prepared *prepared, md_error *err) {
  md_prepared_part *part = &prepared->plan_part;
  const md_source_file *file = md_source_find(prepared->source, "events.lua");
  md_error why = {0};
  digest_of_plan(prepared->source, part->digest);
  digest_of_plan(prepared->options.files, part->files);
  if (is_passed(prepared, part) || md_refusal_of_path(prepared->source->refused, "events.lua")) return 0;
  if (prepared->planned && strcmp(part->digest, part->live) == 0) return 0;
  int rc = md_plan_new(&prepared->plan, file, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "out of memory for the plan");
  if (rc) {
    md_prepare_tell(prepared, "events.lua", why.text);
    return 0;
  }
  part->text = file ? md_arena_strndup(prepared->arena, file->data, file->len) : md_plan_none;
  return part->text ? 0 : md_error_set(err, MD_ENOMEM, "out of memory for the plan");
}

// Which files of experiments were refused: for those the text of before is remembered.
typedef struct refusing {
  md_prepared *prepared;
  json_t *texts; // by path
  json_t *before;
} refusing;

static void refuse_experiment(void *context, const char *path, const char *text) {
  refusing *at = context;
  json_t *old = json_object_get(at->before, path);
  md_prepare_tell(at->prepared, path, text);
  if (old)
    json_object_set(at->texts, path, old);
  else
    json_object_del(at->texts, path);
}

// A file that cannot be read is not gone: its text of before is remembered.
static void keep_refused(const md_prepared *prepared, refusing *at) {
  const char *path;
  json_t *text;
  json_object_foreach(at->before, path, text) if (md_refusal_of_path(prepared->source->refused, path))
      json_object_set(at->texts, path, text);
}

// Those that are live already are left alone.
static int remember_experiments(md_prepared *prepared, const json_t *texts) {
  md_prepared_part *part = &prepared->experiments_part;
  int rc = write_experiments(texts, prepared->arena, &part->text, part->digest);
  if (rc || !prepared->live_experiments || strcmp(part->digest, part->live) != 0) return rc;
  md_experiments_free(prepared->experiments);
  prepared->experiments = NULL;
  part->text = NULL;
  return 0;
}

static int prepare_experiments(md_prepared *prepared, md_error *err) {
  md_prepared_part *part = &prepared->experiments_part;
  const char *text, *before = prepared->live_experiment_texts;
  const md_source *files = prepared->options.files;
  refusing at = {prepared, md_experiments_texts(prepared->source),
                 before ? md_json_parse(before, strlen(before), false, NULL) : NULL};
  keep_refused(prepared, &at);
  int rc = write_experiments(at.texts, prepared->scratch, &text, part->digest);
  if (rc == 0 && files) rc = write_experiments(md_experiments_texts(files), prepared->scratch, &text, part->files);
  if (rc == 0 && is_passed(prepared, part)) return 0;
  if (rc == 0)
    rc = md_experiments_new(&prepared->experiments, prepared->source, prepared->live_experiments, refuse_experiment,
                            &at, err);
  if (rc == 0) rc = remember_experiments(prepared, at.texts);
  return rc;
}

static md_change *add_change(md_prepared *prepared, const char *moment, size_t len) {
  md_change *change = &prepared->changes[prepared->change_count];
  *change = (md_change){.moment = md_arena_strndup(prepared->arena, moment, len)};
  if (!change->moment) return NULL;
  prepared->change_count++;
  return change;
}

static md_change *find_change(md_prepared *prepared, const char *moment, size_t len) {
  for (int i = 0; i < prepared->change_count; i++)
    if (strncmp(prepared->changes[i].moment, moment, len) == 0 && !prepared->changes[i].moment[len])
      return &prepared->changes[i];
  return NULL;
}

// "order_confirmation/moment.lua" → the folder's length; 0 for anything else.
static size_t moment_folder(const char *path) {
  const char *slash = strchr(path, '/');
  return slash && strcmp(slash, "/moment.lua") == 0 ? (size_t)(slash - path) : 0;
}

static int prepare_moments(md_prepared *prepared, md_error *err) {
  int rc = 0;
  for (int i = 0; i < prepared->source->count && rc == 0; i++) {
    size_t len = moment_folder(prepared->source->files[i].path);
    if (!len) continue;
    md_change *change = add_change(prepared, prepared->source->files[i].path, len);
    rc = change ? md_prepare_moment(prepared, change, err) : MD_ENOMEM;
  }
  return rc;
}

static bool has_moments(const md_source *source) {
  for (int i = 0; i < source->count; i++)
    if (moment_folder(source->files[i].path)) return true;
  return false;
}

// A tree without any moment is taken for the wrong directory, or one half gone, and not for the wish to retire all.
static bool is_wrong_tree(const md_prepared *prepared) {
  bool live = false;
  for (int i = 0; i < prepared->row_count; i++)
    live |= prepared->rows[i].live != 0;
  return !has_moments(prepared->source) && (live || prepared->options.deploy);
}

static void tell_wrong_tree(md_prepared *prepared) {
  bool inside = md_source_find(prepared->source, "moment.lua") != NULL;
  md_prepare_tell(prepared, "scripts",
                  inside ? "this is the folder of one moment: give the directory that holds the moments' folders"
                         : "there is no moment in it, so nothing is retired: a moment is a folder with a moment.lua "
                           "(to stop the last one, pause it)");
}

// Moments that the tree does not have any more; those of a wrong tree stay.
static int retire_missing(md_prepared *prepared, bool wrong) {
  for (int i = 0; i < prepared->row_count; i++) {
    const md_prepared_row *row = &prepared->rows[i];
    bool kept = row->passed && !row->passed[0] && !prepared->options.deploy;
    // Not gone, but not to be read.
    bool refused = wrong || md_refusal_of_folder(prepared->source->refused, row->name) != NULL;
    if (find_change(prepared, row->name, strlen(row->name)) || (!row->live && !row->passed)) continue;
    md_change *change = add_change(prepared, row->name, strlen(row->name));
    if (!change) return MD_ENOMEM;
    change->kind = refused ? MD_CHANGE_REFUSED : kept ? MD_CHANGE_HELD : row->live ? MD_CHANGE_RETIRED : MD_CHANGE_NONE;
    memcpy(change->was, row->digest, sizeof change->was);
    change->marked = row->passed != NULL;
  }
  return 0;
}

// What a deploy leaves of the files: which of their versions are to be passed over. Their plan is passed over too, so
// that they will be looked at with the one of the deploy.
static int note_files(md_prepared *prepared) {
  const md_source *files = prepared->options.files;
  for (int i = 0; files && i < files->count; i++) {
    md_version_source version;
    md_error why = {0};
    size_t len = moment_folder(files->files[i].path);
    if (!len) continue;
    md_change *change = find_change(prepared, files->files[i].path, len);
    if (!change) change = add_change(prepared, files->files[i].path, len);
    if (!change) return MD_ENOMEM;
    int rc = md_version_source_read(prepared->messenger, md_prepared_plan(prepared), files, change->moment,
                                    prepared->scratch, &version, &why);
    if (rc == MD_ENOMEM) return rc;
    if (rc == 0) memcpy(change->files, version.digest, sizeof change->files);
  }
  return 0;
}

static int prepare_all(md_prepared *prepared, md_error *err) {
  int most = prepared->source->count + prepared->row_count;
  if (prepared->options.files) most += prepared->options.files->count;
  prepared->changes = md_arena_alloc(prepared->arena, sizeof *prepared->changes * (size_t)(most + 1));
  if (!prepared->changes) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were prepared");
  int rc = tell_refused(prepared);
  if (rc == 0 && is_wrong_tree(prepared)) {
    tell_wrong_tree(prepared);
    return retire_missing(prepared, true);
  }
  if (rc == 0) rc = prepare_plan(prepared, err);
  if (rc == 0) rc = prepare_experiments(prepared, err);
  if (rc == 0) rc = prepare_moments(prepared, err);
  if (rc == 0) rc = retire_missing(prepared, false);
  if (rc == 0 && prepared->options.deploy) rc = note_files(prepared);
  if (rc == MD_ENOMEM) md_error_set(err, rc, "out of memory while the scripts were prepared");
  return rc;
}

int md_prepare(md_prepared *prepared, const md_source *source, const md_prepare_options *options, md_error *err) {
  prepared->options = *options;
  prepared->source = source;
  prepared->scratch = md_arena_new(256 * 1024);
  if (!prepared->scratch) return md_error_set(err, MD_ENOMEM, "out of memory while the scripts were prepared");
  md_arena *scope = md_json_scope(prepared->scratch);
  int rc = prepare_all(prepared, err);
  md_json_scope(scope);
  md_arena_free(prepared->scratch);
  prepared->scratch = NULL;
  return rc;
}
