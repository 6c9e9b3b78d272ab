// SPDX-License-Identifier: Apache-2.0
// `momentd try`: a moment and events, and what happens then, in virtual time, step by step.
#include "base/duration.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/tree.h"
#include "cli/try_input.h"
#include "cli/try_show.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct trial {
  md_settings settings;
  md_arena *arena;
  const char *moment;
  md_source source; // of the moment alone
  md_event *events;
  int event_count;
  md_micros span; // how far past the last event; -1: until nothing waits any more
  md_shop shop;
  md_try_show show;
  md_observer observer;
  md_copy_observer copy;
} trial;

// A folder, or a moment's name in the script tree.
static int read_moment(trial *t, const char *name, md_error *err) {
  md_tree tree;
  struct stat info;
  const char *path = name, *root = t->settings.scripts.count ? t->settings.scripts.items[0] : "scripts";
  if (stat(name, &info) || !S_ISDIR(info.st_mode)) path = md_arena_printf(t->arena, "%s/%s", root, name);
  if (!path) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (stat(path, &info))
    return md_error_set(err, MD_ENOTFOUND, "there is no moment %s: neither a folder %s nor %s", name, name, path);
  int code = md_tree_read(&tree, path, t->arena, err);
  if (!code && !tree.within[0])
    code = md_error_set(err, MD_EINVAL, "%s is no moment: a moment is a folder with a moment.lua", path);
  if (code) return code;
  t->moment = md_tree_folder(md_arena_printf(t->arena, "%s/", tree.within), t->arena);
  return md_tree_of_moment(&tree, t->moment, t->arena, &t->source, err);
}

static int read_span(trial *t, const md_cli_args *args, md_error *err) {
  const char *text = md_cli_arg(args, "advance");
  t->span = -1;
  return text ? md_duration_parse(text, strlen(text), &t->span, err) : 0;
}

static int prepare(trial *t, const md_cli_args *args, md_error *err) {
  const char *events = md_cli_arg(args, "event");
  int code = md_settings_load(&t->settings, args, t->arena, err);
  t->settings.delivery = "live";
  t->settings.moment_delivery = json_object();
  t->show = (md_try_show){
      .shop = &t->shop, .scratch = md_arena_new(0), .arena = t->arena, .json = md_cli_switch(args, "json")};
  if (!t->show.scratch) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) code = read_span(t, args, err);
  if (!code) code = read_moment(t, args->positional[0], err);
  if (!code && events) code = md_try_events(events, t->arena, &t->events, &t->event_count, err);
  return code;
}

static int open_shop(trial *t, const char *answers, md_error *err) {
  bool timed = t->event_count && t->events[0].flags & MD_EVENT_HAS_TIME;
  t->observer = md_try_observer(&t->show);
  t->copy = md_try_copy_observer(&t->show);
  md_shop_options options = {
      .settings = &t->settings, .start = timed ? t->events[0].time : 0, .observer = &t->observer, .copy = &t->copy};
  int code = md_shop_open(&t->shop, &t->source, &options, err);
  return !code && answers ? md_try_answers(answers, &t->shop, err) : code;
}

static int show_instant(trial *t, md_error *err) {
  int code = md_try_show_state(&t->show, err);
  md_arena_reset(t->show.scratch);
  return code;
}

// Instant by instant, to what is due before `until` or at it.
static int run_until(trial *t, md_micros until, bool inclusive, md_error *err) {
  md_engine *engine = t->shop.driver.engine;
  md_micros due;
  int code = 0;
  while (!code && (due = md_engine_next_due(engine)) != 0 && (due < until || (inclusive && due == until))) {
    code = md_virtual_advance(&t->shop.driver, due, true, err);
    if (!code) code = show_instant(t, err);
  }
  return code ? code : md_virtual_advance(&t->shop.driver, until, inclusive, err);
}

static int run_on(trial *t, md_error *err) {
  md_virtual *driver = &t->shop.driver;
  int64_t begun = driver->done;
  int code = 0;
  if (t->span >= 0) return run_until(t, driver->clock.at + t->span, true, err);
  md_engine_end_schedules(driver->engine, driver->clock.at);
  while (!code && md_engine_next_work(driver->engine) != 0) {
    code = md_virtual_advance(driver, md_engine_next_due(driver->engine), true, err);
    if (!code) code = show_instant(t, err);
    if (!code) code = md_virtual_check_end(driver, begun, err);
  }
  return code;
}

static int give_events(trial *t, md_error *err) {
  md_virtual_clock *clock = &t->shop.driver.clock;
  int code = 0;
  for (int i = 0; i < t->event_count && !code; i++) {
    md_event *event = &t->events[i];
    bool later = event->flags & MD_EVENT_HAS_TIME && event->time > clock->at;
    if (later) code = run_until(t, event->time, false, err);
    md_try_show_event(&t->show, event);
    if (!code) code = md_shop_take(&t->shop, event, err);
    if (!code) code = show_instant(t, err);
  }
  return code;
}

// The exit code of what was seen.
static int judge(trial *t, md_error *err) {
  const char *call = t->shop.unanswered;
  if (call) {
    fprintf(stderr,
            "momentd: nothing answers %s: give --answer a file with lines such as\n"
            "  {\"connection\":\"NAME\",\"method\":\"GET\",\"path\":\"/stock\",\"json\":{\"left\":3}}\n",
            call);
    return MD_EXIT_FAILED;
  }
  if (t->show.run_count == 0) {
    int code = md_try_show_nothing(&t->show, t->moment, err);
    return code ? md_cli_fail(err) : MD_EXIT_FAILED;
  }
  return t->show.parked ? MD_EXIT_FAILED : MD_EXIT_OK;
}

static int carry_out(trial *t, const md_cli_args *args, md_error *err) {
  int code = prepare(t, args, err);
  if (!code) code = open_shop(t, md_cli_arg(args, "answer"), err);
  if (!code) code = give_events(t, err);
  if (!code) code = run_on(t, err);
  if (!code) code = md_try_show_incidents(&t->show, err);
  return code ? md_cli_fail(err) : judge(t, err);
}

static int try(const md_cli_args *args) {
  md_error err = {0};
  if (!md_cli_arg(args, "event") && !md_cli_arg(args, "advance"))
    return md_cli_misuse(args, "say which event starts it: --event FILE, or --event - for standard input");
  md_arena *arena = md_arena_new(0);
  trial *t = arena ? md_arena_alloc_zero(arena, sizeof *t) : NULL;
  if (!t) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  md_arena *scope = md_json_scope(arena);
  md_log_configure(MD_LOG_ERROR, false, open("/dev/null", O_WRONLY | O_CLOEXEC)); // all of it is shown
  t->arena = arena;
  int code = carry_out(t, args, &err);
  md_shop_close(&t->shop);
  if (t->show.scratch) md_arena_free(t->show.scratch);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static const md_cli_option options[] = {
    {"event", "FILE", "the events that come in, as JSON; - is standard input"},
    {"answer", "FILE", "what connections answer to m:http, as JSON"},
    {"advance", "SPAN", "stop so long after the last event, not when nothing waits any more"},
    {"scripts", "DIR", "where the moment lies, when its name is given (default scripts)"},
    {"locale", "LOCALE", "the locale of a person who has none (default da)"},
    {"config", "FILE", "take addresses and locale from this configuration file"},
    {"addresses", "NAME=ADDRESS", "a name that scripts may give as `to`; may be given more than once"},
    {"json", NULL, "one JSON object a line: kind is event, step, log, message, wait, end, incident or unmatched"},
    {0}};

const md_cli_command md_cli_try = {
    .name = "try",
    .arguments = "MOMENT",
    .summary = "Show what a moment does with an event, step by step, in virtual time",
    .notes =
        "Events are CloudEvents (one, an array of them, or one a line) that need no more than a type; those with a\n"
        "`time` come at that time. The clock begins at the first one's time, else at 2026-01-05 09:00:00, and runs\n"
        "until nothing waits any more. Nothing leaves the process. Exit code 1 when a run is parked, when nothing\n"
        "is started, or when a call has no answer.",
    .example = "  echo "
               "'{\"type\":\"order.placed\",\"subject\":\"kunde-1\",\"data\":{\"order_id\":\"1001\",\"email\":\"ida@"
               "example.com\"}}' |\n"
               "      momentd try order_confirmation --event -",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
    .run = try,
};
