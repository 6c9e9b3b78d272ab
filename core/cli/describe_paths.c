// SPDX-License-Identifier: Apache-2.0
// Watches specs.
#include "cli/describe_paths.h"
#include "cli/describe_steps.h"
#include "cli/rows.h"
#include "cli/specs.h"
#include "script/needs.h"
#include <inttypes.h>
#include <string.h>

enum { REASON_SHOWN = 160 };

typedef struct walked {
  md_place *place;
  const char *label; // NULL: it waits
} walked;

// A run of the spec under way.
typedef struct followed {
  int64_t id;
  walked *steps;
  int count, room;
  struct followed *next;
} followed;

typedef struct watch {
  md_paths *paths;
  md_arena *arena;
  const char *spec;
  followed *runs;
  md_place **places_end;
  md_ending **endings_end;
} watch;

static void *wanted(watch *w, void *memory) {
  if (!memory) w->paths->no_memory = true;
  return memory;
}

static followed *followed_of(watch *w, int64_t id) {
  for (followed *at = w->runs; at; at = at->next)
    if (at->id == id) return at;
  followed *run = wanted(w, md_arena_alloc_zero(w->arena, sizeof *run));
  if (!run) return NULL;
  *run = (followed){.id = id, .next = w->runs};
  w->runs = run;
  return run;
}

static walked *walked_at(watch *w, followed *run, int index) {
  if (index >= run->room) {
    int room = index < 16 ? 32 : 2 * index;
    walked *more = wanted(w, md_arena_alloc_zero(w->arena, (size_t)room * sizeof *more));
    if (!more) return NULL;
    if (run->count) memcpy(more, run->steps, (size_t)run->count * sizeof *more);
    run->steps = more;
    run->room = room;
  }
  return &run->steps[index];
}

// Steps whose names are not computed as the run goes are told apart by them.
static const char *key_of(watch *w, const md_step *step) {
  bool named = step->kind == MD_STEP_SEND || step->kind == MD_STEP_HTTP || step->kind == MD_STEP_EXPERIMENT ||
               step->kind == MD_STEP_WAIT_FOR || step->kind == MD_STEP_COLLECT || step->kind == MD_STEP_PAST;
  return md_arena_printf(w->arena, "%s|%s|%s", md_step_kind_name(step->kind), named ? step->name : "",
                         step->trace ? step->trace : "");
}

static md_place *find_place(const watch *w, const md_step *step, const char *key) {
  for (md_place *at = w->paths->places; at; at = at->next)
    if (at->kind == step->kind && strcmp(at->key, key) == 0) return at;
  return NULL;
}

static md_place *place_of(watch *w, const md_step *step) {
  const char *key = wanted(w, (void *)key_of(w, step));
  md_place *place = key ? find_place(w, step, key) : NULL;
  if (place || !key) return place;
  place = wanted(w, md_arena_alloc_zero(w->arena, sizeof *place));
  if (!place) return NULL;
  *place = (md_place){.kind = step->kind,
                      .key = key,
                      .name = md_arena_strdup(w->arena, step->name),
                      .file = md_arena_strdup(w->arena, step->file),
                      .line = step->line,
                      .trace = md_arena_strdup(w->arena, step->trace ? step->trace : ""),
                      .args = json_deep_copy(step->args),
                      .spans = json_array(),
                      .results = json_object()};
  if (!place->name || !place->file || !place->trace) w->paths->no_memory = true;
  *w->places_end = place;
  w->places_end = &place->next;
  return place;
}

static void add_span(watch *w, const md_place *place, const md_step *step) {
  const char *span = md_place_span(step->kind, step->args, w->arena);
  size_t i;
  json_t *known;
  if (!span) return;
  json_array_foreach(place->spans, i, known) if (strcmp(json_string_value(known), span) == 0) return;
  json_array_append_new(place->spans, json_string(span));
}

static void note_step(watch *w, const md_run *run, int index, const md_step *step, const md_answer *answer) {
  followed *at = followed_of(w, run->id);
  walked *here = at ? walked_at(w, at, index) : NULL;
  md_place *place = here ? place_of(w, step) : NULL;
  if (!place || index > at->count) return; // what came before it was not seen: it waited in no turn of this shop
  if (index == at->count || here->place != place) add_span(w, place, step);
  *here = (walked){place, md_place_result(step->kind, answer, w->arena)};
  if (index >= at->count) at->count = index + 1;
}

static void replayed(void *context, const md_run *run, int index, const md_step *step, const md_answer *answer) {
  watch *w = context;
  md_arena *scope = md_json_scope(w->arena);
  note_step(w, run, index, step, answer);
  md_json_scope(scope);
}

static void count(int spec, int *specs, int *last) {
  if (*last == spec) return;
  *last = spec;
  ++*specs;
}

static void count_result(json_t *results, const char *label, bool first) {
  json_int_t before = json_integer_value(json_object_get(results, label));
  if (first || !before) json_object_set_new(results, label, json_integer(before + 1));
}

static void note_ending(watch *w, const char *outcome) {
  md_ending *at = w->paths->endings;
  while (at && (outcome ? !at->text || strcmp(at->text, outcome) != 0 : at->text != NULL))
    at = at->next;
  if (!at) {
    at = wanted(w, md_arena_alloc_zero(w->arena, sizeof *at));
    if (!at) return;
    at->text = md_arena_strdup(w->arena, outcome);
    *w->endings_end = at;
    w->endings_end = &at->next;
  }
  count(w->paths->specs, &at->specs, &at->last);
}

static md_graph_kind graph_kind(md_step_kind kind) {
  switch (kind) {
  case MD_STEP_WAIT_FOR:
  case MD_STEP_COLLECT:
  case MD_STEP_SLEEP:
  case MD_STEP_SLEEP_UNTIL:
    return MD_GRAPH_WAIT;
  case MD_STEP_SEND:
    return MD_GRAPH_SEND;
  case MD_STEP_HTTP:
    return MD_GRAPH_CALL;
  case MD_STEP_EXPERIMENT:
    return MD_GRAPH_CHOICE;
  default:
    return MD_GRAPH_STEP;
  }
}

// Of what a run says when it fails: a line, without what follows it.
static const char *first_line(watch *w, const char *text) {
  size_t len = strcspn(text, "\n");
  return wanted(w, md_arena_strndup(w->arena, text, len > REASON_SHOWN ? REASON_SHOWN : len));
}

// What only looks something up or counts it is told of in the tables: a drawing with it would show little else.
static bool is_drawn(md_step_kind kind) {
  switch (kind) {
  case MD_STEP_PROFILE:
  case MD_STEP_GET:
  case MD_STEP_LATEST:
  case MD_STEP_COUNT:
  case MD_STEP_OBSERVE:
  case MD_STEP_QUANTILE:
    return false;
  default:
    return true;
  }
}

// How the run ended, as the last step of its path; false while it lives.
static bool ending_of(watch *w, const md_run *run, md_graph_step *out) {
  *out = (md_graph_step){.kind = MD_GRAPH_HALT, .label = ""};
  if (run->state == MD_RUN_DONE) {
    note_ending(w, run->outcome);
    out->kind = MD_GRAPH_END;
    out->text = run->outcome ? md_arena_strdup(w->arena, run->outcome) : "the end";
  } else if (run->state == MD_RUN_CANCELLED) {
    out->text = md_arena_printf(w->arena, "cancelled: %s", run->reason ? md_reason_text(run->reason) : "?");
  } else if (run->state == MD_RUN_PARKED) {
    out->text = md_arena_printf(w->arena, "stopped by an error: %s", first_line(w, run->reason ? run->reason : "?"));
  }
  out->key = out->text ? md_arena_printf(w->arena, "end|%d|%s", run->state, out->text) : NULL;
  return out->key != NULL;
}

static const char *trigger_of(watch *w, md_shop *shop, int64_t seq) {
  md_event event;
  return md_events_get(shop->driver.store, seq, w->arena, &event, NULL) ? "?" : event.type;
}

typedef struct gathering {
  watch *w;
  md_shop *shop;
} gathering;

static int add_run(void *context, const md_run *run) {
  gathering *at = context;
  watch *w = at->w;
  followed *walk = followed_of(w, run->id);
  int spec = w->paths->specs, made = 0;
  if (!walk) return MD_ENOMEM;
  md_graph_step *steps = wanted(w, md_arena_alloc_zero(w->arena, (size_t)(walk->count + 2) * sizeof *steps));
  if (!steps) return MD_ENOMEM;
  for (int i = 0; i < walk->count; i++) {
    md_place *place = walk->steps[i].place;
    const char *label = walk->steps[i].label;
    bool first = place->last != spec;
    count(spec, &place->specs, &place->last);
    if (label && *label) count_result(place->results, label, first);
    if (is_drawn(place->kind))
      steps[made++] = (md_graph_step){graph_kind(place->kind), place->key, "", label, place->file, place->line};
  }
  if (ending_of(w, run, &steps[made])) made++;
  md_graph_add(&w->paths->graph, spec, trigger_of(w, at->shop, run->trigger_seq), steps, made);
  return 0;
}

static int add_unmatched(void *context, const md_unmatched *row) {
  gathering *at = context;
  watch *w = at->w;
  md_graph_step step = {.kind = MD_GRAPH_HALT, .label = ""};
  step.text = md_arena_printf(w->arena, "starts nothing: %s", md_reason_text(row->reason));
  if (!step.text) return MD_ENOMEM;
  step.key = step.text;
  md_graph_add(&w->paths->graph, w->paths->specs, row->type, &step, 1);
  return 0;
}

static const md_sample *find_sample(const md_paths *paths, const char *template_name, const char *locale) {
  for (const md_sample *at = paths->samples; at; at = at->next)
    if (strcmp(at->template_name, template_name) == 0 && (!locale || strcmp(at->locale, locale) == 0)) return at;
  return NULL;
}

static int add_sample(void *context, const md_message *message) {
  watch *w = context;
  bool reached = message->state == MD_MESSAGE_ACCEPTED || message->state == MD_MESSAGE_DELIVERED;
  if (!reached || !message->data || find_sample(w->paths, message->template_name, message->locale)) return 0;
  md_sample *sample = wanted(w, md_arena_alloc_zero(w->arena, sizeof *sample));
  if (!sample) return MD_ENOMEM;
  *sample = (md_sample){.template_name = md_arena_strdup(w->arena, message->template_name),
                        .locale = md_arena_strdup(w->arena, message->locale ? message->locale : ""),
                        .spec = w->spec,
                        .data = md_json_parse(message->data, strlen(message->data), false, NULL),
                        .next = w->paths->samples};
  if (sample->template_name && sample->locale && sample->data) w->paths->samples = sample;
  return 0;
}

static void ended(void *context, const char *name, md_shop *shop) {
  watch *w = context;
  gathering at = {w, shop};
  md_arena *scope = md_json_scope(w->arena);
  w->paths->specs++;
  w->spec = md_arena_strdup(w->arena, name);
  if (shop->driver.store) {
    md_runs_list(shop->driver.store, &(md_run_filter){0}, add_run, &at, NULL);
    md_unmatched_list(shop->driver.store, 0, MD_SHOP_MESSAGES, add_unmatched, &at, NULL);
    md_messages_list(shop->driver.store, &(md_message_filter){0}, add_sample, w, NULL);
  }
  w->runs = NULL;
  md_json_scope(scope);
}

static void passed(void *context, const char *file, const char *name) {
  (void)context;
  (void)file;
  (void)name;
}

static bool failed(void *context, const char *file, const char *name, const md_error *err, md_shop *shop) {
  watch *w = context;
  json_t *failure = json_object();
  (void)file;
  (void)shop;
  w->paths->failed++;
  json_object_set_new(failure, "spec", json_string(name));
  json_object_set_new(failure, "message", json_string(err->text));
  json_array_append_new(w->paths->failures, failure);
  return true;
}

// The nodes' texts, once it is known how long each waits.
static void write_texts(md_paths *paths, md_arena *arena) {
  for (int i = 0; i < paths->graph.node_count; i++)
    for (const md_place *place = paths->places; place; place = place->next)
      if (strcmp(place->key, paths->graph.nodes[i].key) == 0) paths->graph.nodes[i].text = md_place_words(place, arena);
}

int md_paths_read(md_paths *paths, const md_subject *subject, const md_settings *settings, md_arena *arena,
                  md_error *err) {
  md_settings wanted_settings;
  watch w = {.paths = paths, .arena = arena};
  *paths = (md_paths){.failures = json_array()};
  w.places_end = &paths->places;
  w.endings_end = &paths->endings;
  md_graph_init(&paths->graph, arena, subject->definition->title);
  md_specs_settings(settings, &wanted_settings);
  const md_observer observer = {.context = &w, .replayed = replayed};
  const md_specs specs = {.settings = &wanted_settings,
                          .limit = MD_SPECS_MAX,
                          .observer = &observer,
                          .context = &w,
                          .ended = ended,
                          .passed = passed,
                          .failed = failed};
  const md_tree tree = {.root = "", .within = "", .source = subject->tree};
  for (int i = 0; i < subject->own.count; i++)
    if (md_source_is_spec(subject->own.files[i].path)) md_specs_run(&specs, &tree, &subject->own.files[i], arena);
  write_texts(paths, arena);
  md_graph_number(&paths->graph);
  if (paths->no_memory || paths->graph.failed) return md_error_set(err, MD_ENOMEM, "out of memory");
  return 0;
}

const md_sample *md_paths_sample(const md_paths *paths, const char *template_name, const char *locale) {
  const md_sample *own = find_sample(paths, template_name, locale);
  return own ? own : find_sample(paths, template_name, NULL);
}

bool md_paths_reached(const md_paths *paths, const char *file, int line, const char *method) {
  for (const md_place *at = paths->places; at; at = at->next)
    if (at->line == line && strcmp(at->file, file) == 0 && strcmp(md_step_kind_name(at->kind), method) == 0)
      return true;
  return false;
}
