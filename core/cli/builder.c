// SPDX-License-Identifier: Apache-2.0
// One build at a time, aside. States: idle; building (the thread runs); taking (the act is in the engine's inbox).
#include "cli/builder.h"
#include "base/alloc.h"
#include "base/log.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 1000 }; // after a batch that could not be committed

struct md_builder {
  md_builder_options options;
  uv_async_t built; // the thread is through
  uv_timer_t again; // what failed for the store's sake is tried again
  int open_handles; // the last that closes frees the builder
  pthread_t thread;
  bool busy, running;  // a build is under way; its thread has not been joined
  atomic_bool through; // the thread has done all
  bool stopping;
  atomic_bool stop;        // the same for specs that run
  md_build build;          // the one under way
  md_submission take;      // its act
  md_wish *wishes;         // that wait for it
  bool wanted;             // another build of the files after it
  const char *door;        // of that
  md_wish *later;          // that wait for that
  const md_deploy *deploy; // a deploy after it, or NULL
  md_deploy deploy_copy;
  md_wish *deploy_wish;
  md_arena *last; // of the report
  md_problems problems;
  md_builder_report report;
};

static void begin_next(md_builder *builder);

static void *run(void *context) {
  md_builder *builder = context;
  md_build_run(&builder->build);
  atomic_store(&builder->through, true);
  uv_async_send(&builder->built);
  return NULL;
}

static void answer_wishes(md_wish *wish, const md_build *build) {
  while (wish) {
    md_wish *next = wish->next;
    wish->done(wish, build);
    wish = next;
  }
}

static void log_change(const md_build *build, const md_change *change) {
  bool live = change->kind == MD_CHANGE_NEW || change->kind == MD_CHANGE_CHANGED;
  if (!live && change->kind != MD_CHANGE_RETIRED) return;
  md_log(MD_LOG_INFO, "cli", live ? "a version is live" : "a moment takes no more runs", "moment", change->moment,
         "version", live ? change->digest : change->was, "door", build->door, "author", build->author, NULL);
}

static void log_shadows(const md_build *build) {
  for (int i = 0; i < build->changed_below_count; i++) {
    const md_shadow *at = &build->changed_below[i];
    md_log(MD_LOG_WARN, "cli", "a file has changed below the one that is used: compare them, and save yours anew",
           "file", at->path, "below", at->below, "used", at->above, NULL);
  }
}

static bool same_problems(const md_problems *a, const md_problems *b) {
  bool same = a->count == b->count;
  for (int i = 0; same && i < a->count; i++)
    same = a->items[i].line == b->items[i].line && strcmp(a->items[i].moment, b->items[i].moment) == 0 &&
           strcmp(a->items[i].file, b->items[i].file) == 0 && strcmp(a->items[i].message, b->items[i].message) == 0;
  return same;
}

// Files were touched, and all is as it was.
static bool is_nothing(const md_builder *builder) {
  const md_build *build = &builder->build;
  return strcmp(build->door, MD_DOOR_FILES) == 0 && !build->code && !md_prepared_is_news(build->prepared) &&
         builder->report.code == 0 && same_problems(&build->problems, &builder->problems);
}

static void log_build(const md_builder *builder) {
  const md_build *build = &builder->build;
  int count = 0;
  const md_change *changes = build->prepared ? md_prepared_changes(build->prepared, &count) : NULL;
  const md_source *files = build->source.count ? &build->source : &(md_source){0};
  if (build->dry_run || is_nothing(builder)) return;
  for (int i = 0; i < count && !build->code; i++)
    log_change(build, &changes[i]);
  md_scripts_log_problems(md_engine_store(builder->options.engine), files, &build->problems);
  log_shadows(build);
  if (build->code)
    md_log(MD_LOG_ERROR, "cli", "the scripts were not reloaded: what was live stays", "door", build->door, "error",
           build->err.text[0] ? build->err.text : md_error_text(build->code), NULL);
  else
    md_log(MD_LOG_INFO, "cli", "scripts reloaded", "door", build->door, "problems", md_log_int(build->problems.count),
           "ms", md_log_int(build->took / 1000), NULL);
}

// The report outlives the build.
static void keep_report(md_builder *builder) {
  md_build *build = &builder->build;
  md_builder_report *report = &builder->report;
  int count = 0;
  const md_change *changes = build->prepared ? md_prepared_changes(build->prepared, &count) : NULL;
  report->builds++;
  for (int i = 0; i < count; i++)
    report->refused += changes[i].kind == MD_CHANGE_REFUSED;
  report->failed += build->code != 0;
  report->at = md_engine_time(builder->options.engine);
  report->took = build->took;
  report->door = build->door;
  report->code = build->code;
  report->changed_below = NULL;
  report->changed_below_count = 0;
  md_arena_reset(builder->last);
  report->error =
      build->code ? md_arena_strdup(builder->last, build->err.text[0] ? build->err.text : md_error_text(build->code))
                  : NULL;
  md_shadow *kept = build->changed_below_count
                        ? md_arena_alloc(builder->last, sizeof *kept * (size_t)build->changed_below_count)
                        : NULL;
  for (int i = 0; kept && i < build->changed_below_count; i++) {
    kept[i] = build->changed_below[i];
    kept[i].path = md_arena_strdup(builder->last, kept[i].path);
    if (kept[i].path) report->changed_below_count = i + 1;
  }
  report->changed_below = kept;
}

// Problems of a deploy that was refused are its own answer's: what is live has none of them.
static void keep_problems(md_builder *builder) {
  md_build *build = &builder->build;
  bool refused_deploy = build->code && strcmp(build->door, MD_DOOR_DEPLOY) == 0;
  if (refused_deploy) return;
  md_problems_clear(&builder->problems);
  builder->problems = build->problems;
  build->problems = (md_problems){0};
}

static void end(md_builder *builder) {
  md_build_close(&builder->build);
  builder->busy = false;
  if (!builder->stopping) uv_async_send(&builder->built); // whatever is wished for begins from the loop
}

static void finish(md_builder *builder) {
  md_build *build = &builder->build;
  log_build(builder);
  if (!build->dry_run) keep_report(builder);
  md_wish *wishes = builder->wishes;
  builder->wishes = NULL;
  answer_wishes(wishes, build);
  if (!build->dry_run) keep_problems(builder);
  end(builder);
}

static bool of_the_store(int code) {
  return code == MD_EFULL || code == MD_EBUSY || code == MD_EIO || code == MD_ENOMEM || code == MD_ECORRUPT;
}

static void on_again(uv_timer_t *timer) {
  md_builder_reload(timer->data, MD_DOOR_RELOAD, NULL, NULL);
}

// What is live was changed while it was built: once more, for those who wait.
static void build_again(md_builder *builder) {
  md_wish *last = builder->wishes;
  builder->wanted = true;
  builder->door = builder->build.door;
  while (last && last->next)
    last = last->next;
  if (last) {
    last->next = builder->later;
    builder->later = builder->wishes;
    builder->wishes = NULL;
  }
  end(builder);
}

static void taken(md_submission *submission) {
  md_builder *builder = submission->context;
  md_build *build = &builder->build;
  md_build_settle(build, builder->options.engine, submission->code);
  bool deploy = strcmp(build->door, MD_DOOR_DEPLOY) == 0;
  if (!build->code && submission->code == MD_ECONFLICT && !deploy) {
    build_again(builder);
    return;
  }
  if (!build->code && of_the_store(submission->code) && !deploy && !builder->stopping)
    uv_timer_start(&builder->again, on_again, AGAIN_MS, 0);
  if (!build->code) {
    build->code = submission->code;
    build->err = submission->error;
  }
  finish(builder);
}

static int take(md_submission *submission, md_engine *engine, md_error *err) {
  md_builder *builder = submission->context;
  return md_build_take(&builder->build, engine, err);
}

static void submit(md_builder *builder) {
  builder->take = (md_submission){.act = take, .done = taken, .context = builder};
  if (md_queue_push_always(md_engine_inbox(builder->options.engine), &builder->take.node)) return;
  builder->build.code = md_error_set(&builder->build.err, MD_EBUSY, "momentd stops");
  finish(builder);
}

static void on_built(uv_async_t *async) {
  md_builder *builder = async->data;
  if (builder->running && atomic_load(&builder->through)) {
    pthread_join(builder->thread, NULL);
    builder->running = false;
    if (builder->build.dry_run || builder->build.code == MD_ECANCELED)
      finish(builder);
    else
      submit(builder);
  } else if (!builder->busy && !builder->stopping) {
    begin_next(builder);
  }
}

static int begin(md_builder *builder) {
  md_build *build = &builder->build;
  builder->busy = true;
  build->settings = builder->options.settings;
  build->stop = &builder->stop;
  atomic_store(&builder->through, false);
  int code = md_build_open(build, builder->options.engine, &build->err);
  if (!code && pthread_create(&builder->thread, NULL, run, builder))
    code = md_error_set(&build->err, MD_EBUSY, "no thread can be made for the build");
  builder->running = !code; // from here on the build is the thread's until it is through
  if (code) build->code = code;
  return code;
}

static void begin_deploy(md_builder *builder) {
  const md_deploy *deploy = &builder->deploy_copy;
  builder->build = (md_build){.door = MD_DOOR_DEPLOY,
                              .author = deploy->author,
                              .note = deploy->note,
                              .archive = deploy->archive,
                              .archive_len = deploy->len,
                              .dry_run = deploy->dry_run};
  builder->wishes = builder->deploy_wish;
  builder->deploy_wish = NULL;
  builder->deploy = NULL;
  if (begin(builder)) finish(builder);
}

static void begin_files(md_builder *builder) {
  builder->build = (md_build){.door = builder->door};
  builder->wishes = builder->later;
  builder->later = NULL;
  builder->wanted = false;
  if (begin(builder)) finish(builder);
}

static void begin_next(md_builder *builder) {
  if (builder->deploy)
    begin_deploy(builder);
  else if (builder->wanted)
    begin_files(builder);
}

int md_builder_reload(md_builder *builder, const char *door, md_wish *wish, md_error *err) {
  if (strcmp(builder->options.settings->reload, "manual") == 0)
    return md_error_set(err, MD_EDENIED, "reload is \"manual\": only `momentd deploy DIR` changes what is live");
  if (builder->stopping) return md_error_set(err, MD_EBUSY, "momentd stops");
  if (wish) {
    wish->next = builder->later;
    builder->later = wish;
  }
  if (!builder->wanted) builder->door = door;
  builder->wanted = true;
  if (!builder->busy) begin_next(builder);
  return 0;
}

int md_builder_deploy(md_builder *builder, const md_deploy *deploy, md_wish *wish, md_error *err) {
  bool runs = builder->busy && strcmp(builder->build.door, MD_DOOR_DEPLOY) == 0;
  if (builder->stopping) return md_error_set(err, MD_EBUSY, "momentd stops");
  if (builder->deploy || runs)
    return md_error_set(err, MD_EBUSY, "another deploy is under way: wait for its answer, then deploy again");
  builder->deploy_copy = *deploy;
  builder->deploy = &builder->deploy_copy;
  builder->deploy_wish = wish;
  if (!builder->busy) begin_next(builder);
  return 0;
}

int md_builder_open(md_builder **out, const md_builder_options *options, md_error *err) {
  md_builder *builder = md_alloc_zero(sizeof *builder);
  if (builder) builder->last = md_arena_new(0);
  if (!builder || !builder->last) {
    md_free(builder);
    return md_error_set(err, MD_ENOMEM, "out of memory");
  }
  builder->options = *options;
  atomic_init(&builder->stop, false);
  uv_async_init(options->loop, &builder->built, on_built);
  uv_timer_init(options->loop, &builder->again);
  builder->built.data = builder->again.data = builder;
  builder->open_handles = 2;
  *out = builder;
  return 0;
}

static int take_alone(md_builder *builder, md_error *err) {
  md_engine *engine = builder->options.engine;
  md_store *store = md_engine_store(engine);
  md_build *build = &builder->build;
  int code = md_store_begin(store, err);
  if (code) return code;
  code = md_build_take(build, engine, err);
  if (code)
    md_store_rollback(store);
  else
    code = md_store_commit(store, err);
  md_build_settle(build, engine, code);
  return code;
}

// A live version that this program does not understand is told at every start.
static int recover(md_builder *builder, md_problems *problems, md_error *err) {
  return md_engine_recover(builder->options.engine, md_problems_add, problems, err);
}

int md_builder_start(md_builder *builder, md_error *err) {
  md_build *build = &builder->build;
  bool manual = strcmp(builder->options.settings->reload, "manual") == 0;
  if (manual) {
    int code = recover(builder, &builder->problems, err);
    if (code || md_engine_has_moments(builder->options.engine)) return code;
  }
  *build = (md_build){.door = MD_DOOR_START, .settings = builder->options.settings, .stop = &builder->stop};
  int code = md_build_open(build, builder->options.engine, err);
  if (!code) md_build_run(build);
  if (!code) code = build->code ? md_error_set(err, build->code, "%s", build->err.text) : take_alone(builder, err);
  if (!code) code = recover(builder, &build->problems, err);
  if (!code) {
    log_build(builder);
    keep_report(builder);
    keep_problems(builder);
  }
  md_build_close(build);
  return code;
}

// Those who wait hear of it.
static void drop(md_builder *builder) {
  md_build *build = &builder->build;
  build->code = md_error_set(&build->err, MD_ECANCELED, "momentd stops");
  answer_wishes(builder->wishes, build);
  builder->wishes = NULL;
  md_build_close(build);
  builder->busy = false;
}

void md_builder_stop(md_builder *builder) {
  md_build none = {.door = MD_DOOR_RELOAD};
  if (!builder) return;
  builder->stopping = true;
  atomic_store(&builder->stop, true);
  uv_timer_stop(&builder->again);
  none.code = md_error_set(&none.err, MD_ECANCELED, "momentd stops");
  answer_wishes(builder->later, &none);
  answer_wishes(builder->deploy_wish, &none);
  builder->later = builder->deploy_wish = NULL;
  if (!builder->running) return;
  pthread_join(builder->thread, NULL);
  builder->running = false;
  drop(builder);
}

static void closed(uv_handle_t *handle) {
  md_builder *builder = handle->data;
  if (--builder->open_handles) return;
  md_build_close(&builder->build); // whose act no batch has taken
  md_problems_clear(&builder->problems);
  md_arena_free(builder->last);
  md_free(builder);
}

void md_builder_close(md_builder *builder) {
  if (!builder) return;
  uv_close((uv_handle_t *)&builder->built, closed);
  uv_close((uv_handle_t *)&builder->again, closed);
}

const md_problems *md_builder_problems(const md_builder *builder) {
  return &builder->problems;
}

md_builder_report md_builder_report_of(const md_builder *builder) {
  return builder->report;
}
