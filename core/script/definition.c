// SPDX-License-Identifier: Apache-2.0
// Reads and checks the table of moment.define. The engine's thread.
#include "script/definition.h"
#include "script/options.h"
#include "script/schedule.h"
#include "script/step_options.h"
#include "script/value.h"
#include <string.h>

enum { TABLE = 1, EVENT_BYTES = 256, LIST_MAX = 64, TITLE_MAX = 200, NAME_BYTES = 64, RUNS_MAX = 1000000 };

static MD_RAISES const char *keep(lua_State *L, const char *text) {
  if (!text) return NULL;
  const char *copy = md_arena_strdup(md_vm_of(L)->arena, text);
  if (!copy) md_raise_nomem(L);
  return copy;
}

// A list in the making, NULL-terminated.
typedef struct list {
  const char **texts;
  int count;
  void (*check)(lua_State *L, const char *text);
} list;

static MD_RAISES void add_text(lua_State *L, void *context, const char *text) {
  list *made = context;
  made->check(L, text);
  made->texts[made->count++] = keep(L, text);
}

static MD_RAISES const char *const *read_list(lua_State *L, const char *name, const char *what,
                                              void (*check)(lua_State *L, const char *text)) {
  list made = {.texts = md_arena_alloc_zero(md_vm_of(L)->arena, (LIST_MAX + 1) * sizeof(char *)), .check = check};
  if (!made.texts) md_raise_nomem(L);
  int type = md_options_get(L, TABLE, name);
  bool empty = type == LUA_TTABLE && lua_rawlen(L, -1) == 0;
  if (type != LUA_TNIL && !empty) md_options_each_text(L, lua_gettop(L), what, add_text, &made);
  lua_pop(L, 1);
  return made.texts;
}

static MD_RAISES void check_on(lua_State *L, const char *type) {
  md_options_event_type(L, "moment.define: on", type, true);
}

static MD_RAISES void check_template(lua_State *L, const char *name) {
  md_options_template(L, "moment.define: templates", name);
}

static MD_RAISES void check_kind(lua_State *L, const char *kind) {
  if (kind && strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(kind))
    md_raise(L, "moment.define: about: '%s' is no kind of thing: it has only a-z, 0-9 and _", kind);
}

// Pushes a table option and returns its index, or 0 when it is absent.
static MD_RAISES int open_table(lua_State *L, const char *name, const char *example) {
  int type = md_options_get(L, TABLE, name);
  if (type == LUA_TNIL) return 0;
  if (type != LUA_TTABLE)
    md_raise(L, "moment.define: %s must be a table such as %s, not %s", name, example, lua_typename(L, type));
  return lua_gettop(L);
}

static MD_RAISES void read_limit(lua_State *L, md_definition *definition) {
  static const char *const known[] = {"per", "runs", NULL};
  const char *what = "moment.define: limit";
  int table = open_table(L, "limit", "{ runs = 1, per = \"7d\" }");
  if (!table) return;
  md_options_check(L, table, what, known);
  lua_Integer runs = md_options_find_count(L, table, what, "runs", 0);
  bool has_per = md_options_find_duration(L, table, what, "per", &definition->limit_per);
  if (!runs || runs > RUNS_MAX || !has_per || definition->limit_per == 0)
    md_raise(L, "%s needs runs and per: { runs = 1, per = \"7d\" }", what);
  definition->limit_runs = (int)runs;
}

static MD_RAISES void read_goal(lua_State *L, md_definition *definition) {
  static const char *const known[] = {"event", "from", "within", NULL};
  static const char *const starts[] = {"exposure", "trigger", NULL};
  const char *what = "moment.define: goal";
  int table = open_table(L, "goal", "{ event = \"order.placed\", within = \"7d\" }");
  if (!table) return;
  md_options_check(L, table, what, known);
  definition->goal_event = keep(L, md_options_find_text(L, table, what, "event", 256));
  bool has_within = md_options_find_duration(L, table, what, "within", &definition->goal_within);
  if (!definition->goal_event || !has_within)
    md_raise(L, "%s needs event and within: { event = \"order.placed\", within = \"7d\" }", what);
  md_options_event_type(L, what, definition->goal_event, false);
  int start = md_options_find_choice(L, table, what, "from", starts);
  definition->goal_from = start < 0 ? NULL : starts[start];
}

static MD_RAISES void read_class(lua_State *L, md_definition *definition) {
  static const char *const classes[] = {"feedback", "marketing", "security", "service", NULL};
  int class_index = md_options_find_choice(L, TABLE, "moment.define", "class", classes);
  if (class_index < 0) md_raise(L, "moment.define needs a class: one of feedback marketing security service");
  definition->class_name = classes[class_index];
}

typedef struct starts {
  const char **types;
  md_schedule *schedules;
  int type_count, schedule_count;
} starts;

// A type or a schedule.
static MD_RAISES void add_start(lua_State *L, starts *made, int index) {
  md_schedule schedule;
  if (md_schedule_read(L, index, &schedule)) {
    made->schedules[made->schedule_count++] = (md_schedule){keep(L, schedule.expression), keep(L, schedule.zone)};
    return;
  }
  if (lua_type(L, index) == LUA_TTABLE)
    md_raise(L, "moment.define: on has a table that is no schedule: write moment.schedule(\"0 8 1 * *\")");
  if (lua_type(L, index) != LUA_TSTRING)
    md_raise(L, "moment.define: on must be a type, a schedule, or a list of them, not %s", luaL_typename(L, index));
  const char *type = md_options_text(L, index, "moment.define: on", EVENT_BYTES);
  check_on(L, type);
  made->types[made->type_count++] = keep(L, type);
}

static MD_RAISES void add_starts(lua_State *L, starts *made) {
  int index = lua_gettop(L);
  md_schedule single;
  if (lua_type(L, index) != LUA_TTABLE || md_schedule_read(L, index, &single)) {
    add_start(L, made, index);
    return;
  }
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  if (count > LIST_MAX) md_raise(L, "moment.define: on must be a list of 1 to %d types and schedules", LIST_MAX);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    add_start(L, made, lua_gettop(L));
    lua_pop(L, 1);
  }
}

static MD_RAISES void read_on(lua_State *L, md_definition *definition) {
  md_arena *arena = md_vm_of(L)->arena;
  starts made = {.types = md_arena_alloc_zero(arena, (LIST_MAX + 1) * sizeof *made.types),
                 .schedules = md_arena_alloc_zero(arena, LIST_MAX * sizeof *made.schedules)};
  if (!made.types || !made.schedules) md_raise_nomem(L);
  if (md_options_get(L, TABLE, "on") != LUA_TNIL) add_starts(L, &made);
  lua_settop(L, TABLE);
  if (made.type_count + made.schedule_count == 0)
    md_raise(L, "moment.define needs on: an event type such as \"order.placed\", a schedule, or a list of them");
  definition->on = made.types;
  definition->schedules = made.schedules;
  definition->schedule_count = made.schedule_count;
}

static MD_RAISES void read_start(lua_State *L, md_definition *definition) {
  static const char *const again[] = {"skip", "restart", "queue", "parallel", NULL}; // as md_again
  read_on(L, definition);
  definition->about = keep(L, md_options_find_text(L, TABLE, "moment.define", "about", NAME_BYTES));
  check_kind(L, definition->about);
  if (definition->about && strcmp(definition->about, "person") == 0) definition->about = NULL;
  int choice = md_options_find_choice(L, TABLE, "moment.define", "again", again);
  definition->again = choice < 0 ? MD_AGAIN_SKIP : (md_again)choice;
  if (!md_options_find_duration(L, TABLE, "moment.define", "max_age", &definition->max_age)) definition->max_age = -1;
}

static MD_RAISES bool read_function(lua_State *L, const char *name) {
  int type = md_options_get(L, TABLE, name);
  if (type != LUA_TNIL && type != LUA_TFUNCTION)
    md_raise(L, "moment.define: %s must be a function, not %s", name, lua_typename(L, type));
  lua_pop(L, 1);
  return type != LUA_TNIL;
}

// R6.
static MD_RAISES void read_store(lua_State *L, md_definition *definition) {
  definition->store = (int)md_options_find_count(L, TABLE, "moment.define", "store", 1);
  definition->has_upgrade = read_function(L, "upgrade");
  if (definition->has_upgrade && definition->store < 2)
    md_raise(L, "moment.define: upgrade makes the values of store = 1 into those of a higher one: give store = 2");
}

static MD_RAISES void read_all(lua_State *L, md_definition *definition) {
  md_options_check(L, TABLE, "moment.define", md_options_define);
  const char *title = keep(L, md_options_find_text(L, TABLE, "moment.define", "title", TITLE_MAX));
  definition->title = title ? title : definition->moment;
  read_class(L, definition);
  read_start(L, definition);
  read_limit(L, definition);
  read_goal(L, definition);
  definition->templates = read_list(L, "templates", "moment.define: templates", check_template);
  read_store(L, definition);
  definition->has_where = read_function(L, "where");
  if (!read_function(L, "run")) md_raise(L, "moment.define needs run: run = function(m, event) … end");
}

int md_definition_define(lua_State *L) {
  md_vm *vm = md_vm_of(L);
  if (!vm->moment) md_raise(L, "moment.define belongs in a moment.lua");
  if (lua_type(L, TABLE) != LUA_TTABLE)
    md_raise(L, "moment.define takes a table: moment.define { on = \"order.placed\", run = function(m, order) … end }");
  lua_settop(L, TABLE);
  if (vm->defining && vm->defined) md_raise(L, "moment.define is called twice: a folder is one moment");
  vm->defined = lua_topointer(L, TABLE);
  if (vm->defining) {
    vm->definition = (md_definition){.moment = vm->moment};
    read_all(L, &vm->definition);
  }
  lua_settop(L, TABLE);
  return 1;
}
