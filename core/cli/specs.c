// SPDX-License-Identifier: Apache-2.0
// Runs spec files.
#include "cli/specs.h"
#include "base/duration.h"
#include <string.h>

// A file that runs.
typedef struct running {
  const md_specs *specs;
  md_micros began;
  md_shop *shop; // of the case that runs
} running;

static md_micros now(void) {
  md_clock *clock = md_clock_real();
  return clock->monotonic(clock);
}

static int check_time(const running *at, md_error *err) {
  char limit[24];
  if (at->specs->stop && atomic_load(at->specs->stop)) return md_error_set(err, MD_ECANCELED, "momentd stops");
  if (now() - at->began <= at->specs->limit) return 0;
  md_duration_format(at->specs->limit, limit);
  return md_error_set(err, MD_EBUDGET, "the specs of this file take longer than %s: split it, or make them do less",
                      limit);
}

// Callbacks go to the shop of the case that runs.
static int person(void *context, const char *subject, const json_t *fields, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  return host.person(host.context, subject, fields, err);
}

static int event(void *context, const char *type, const json_t *fields, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  int code = check_time(context, err);
  return code ? code : host.event(host.context, type, fields, err);
}

static int advance(void *context, md_micros span, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  int code = check_time(context, err);
  return code ? code : host.advance(host.context, span, err);
}

static int answer(void *context, const char *connection, const json_t *fields, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  return host.answer(host.context, connection, fields, err);
}

static int arm(void *context, const char *experiment, const char *name, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  return host.arm(host.context, experiment, name, err);
}

static int expect(void *context, const char *what, const json_t *wanted, md_error *err) {
  md_spec_host host = md_shop_host(((running *)context)->shop);
  return host.expect(host.context, what, wanted, err);
}

// False: no more of this file.
static bool run_case(running *at, md_spec *spec, int index, const char *file, const md_source *source,
                     md_arena *arena) {
  const md_specs *specs = at->specs;
  md_shop *shop = at->shop = md_arena_alloc_zero(arena, sizeof *shop);
  md_error err = {0};
  bool more = true;
  const md_shop_options options = {.settings = specs->settings, .observer = specs->observer};
  int code = shop ? md_shop_open(shop, source, &options, &err) : md_error_set(&err, MD_ENOMEM, "out of memory");
  if (!code) code = check_time(at, &err);
  if (!code) code = md_spec_run(spec, index, &err);
  if (!code) code = md_shop_check_end(shop, &err);
  if (shop && specs->ended) specs->ended(specs->context, md_spec_name(spec, index), shop);
  if (code)
    more = specs->failed(specs->context, file, md_spec_name(spec, index), &err, shop);
  else
    specs->passed(specs->context, file, md_spec_name(spec, index));
  if (shop) md_shop_close(shop);
  return more;
}

void md_specs_run(const md_specs *specs, const md_tree *tree, const md_source_file *file, md_arena *arena) {
  running at = {specs, now(), NULL};
  md_spec_host host = {&at, person, event, advance, answer, arm, expect};
  md_source source;
  md_spec *spec = NULL;
  md_error err = {0};
  bool more = true;
  int code = md_tree_of_moment(tree, md_tree_folder(file->path, arena), arena, &source, &err);
  if (!code) code = md_spec_new(&spec, file, &host, &err);
  if (!code && md_spec_count(spec) == 0) { // as of a file that is being written
    md_spec_free(spec);
    code = md_error_set(&err, MD_EINVAL, "%s:1: there is no it(\"…\", function(shop) … end) in this spec", file->path);
  }
  if (code) {
    specs->failed(specs->context, file->path, "the spec can be loaded", &err, NULL);
    return;
  }
  for (int i = 0; i < md_spec_count(spec) && more; i++)
    more = run_case(&at, spec, i, file->path, &source, arena);
  md_spec_free(spec);
}

bool md_is_spec(const char *path) {
  static const char end[] = "_spec.lua";
  size_t len = strlen(path);
  return len >= sizeof end - 1 && strcmp(path + len - (sizeof end - 1), end) == 0;
}

void md_specs_settings(const md_settings *from, md_settings *out) {
  *out = *from;
  out->delivery = "live";
  out->moment_delivery = json_object();
}
