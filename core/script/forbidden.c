// SPDX-License-Identifier: Apache-2.0
// Names that scripts do not get, and what to write instead (S1). The engine's thread.
#include "script/bind.h"
#include "script/builtin.h"
#include "script/sandbox.h"
#include <stdio.h>
#include <string.h>

typedef struct advice {
  const char *name;    // "os.time"; "os.*" for the rest of a library
  const char *instead; // the end of the sentence
} advice;

static const advice forbidden[] = {
    {"_G", "globals live for one turn: use a local table"},
    {"collectgarbage", "memory is the host's matter"},
    {"coroutine.*", "a moment is straight-line code: wait with m:wait_for or m:sleep"},
    {"debug.*", "use error(text) and pcall"},
    {"dofile", "write require \"name\""},
    {"io.*", "a moment reads events and the profile, and writes by its steps"},
    {"load", "write the code in the file, or require \"name\""},
    {"loadfile", "write require \"name\""},
    {"loadstring", "write the code in the file, or require \"name\""},
    {"math.random", "write m:random()"},
    {"math.randomseed", "write m:random(): it is seeded by the run"},
    {"module", "return a table from the file"},
    {"os.clock", "write m:now()"},
    {"os.date", "write fmt.date(m:now()), with local fmt = require \"fmt\""},
    {"os.difftime", "times are seconds: subtract them"},
    {"os.exit", "return from run, or error(text)"},
    {"os.getenv", "what a moment needs to know comes with its trigger"},
    {"os.time", "write m:now()"},
    {"os.*", "a moment does not touch the machine"},
    {"package.*", "write require \"name\""},
    {"print", "write m:log(text)"},
    {"rawset", "write t[key] = value"},
    {"string.dump", "code does not leave a script"},
    {"unpack", "write table.unpack(list)"},
    {"warn", "write m:log(text)"},
};

const char *const md_forbidden_libraries[] = {"coroutine", "debug", "io", "os", "package", NULL};

static const advice *advice_for(const char *full) {
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
    if (strcmp(forbidden[i].name, full) == 0) return &forbidden[i];
  return NULL;
}

const char *md_forbidden_advice(const char *library, const char *name) {
  char full[80], rest[80];
  snprintf(full, sizeof full, "%s%s%.50s", library, *library ? "." : "", name);
  snprintf(rest, sizeof rest, "%s.*", library);
  const advice *found = advice_for(full);
  found = found ? found : advice_for(rest);
  return found ? found->instead : NULL;
}

// What a configuration file is told.
static MD_RAISES void refuse_in_data(lua_State *L, const char *library, const char *name) {
  bool secret = strcmp(library, "os") == 0 && strcmp(name, "getenv") == 0;
  md_raise(L, "%s%s%.50s is not available in a configuration file: %s", library, *library ? "." : "", name,
           secret ? "a secret stands in a file that an option names (smtp_password_file, token_file, key_file); what "
                    "differs from machine to machine is given on the command line"
                  : "write the value itself");
}

void md_forbidden_check(lua_State *L, const char *library, const char *name) {
  if (md_vm_of(L)->data && md_forbidden_advice(library, name)) refuse_in_data(L, library, name);
  const char *instead = md_forbidden_advice(library, name);
  if (instead) md_raise(L, "%s%s%.50s is not available in scripts: %s", library, *library ? "." : "", name, instead);
}

static bool among(const char *name, const char *const *list) {
  for (; *list; list++)
    if (strcmp(*list, name) == 0) return true;
  return false;
}

bool md_forbidden_step(const char *name, char *advice, size_t room) {
  const char *methods[MD_METHODS_MAX];
  md_bind_methods(methods);
  if (!among(name, methods)) return false;
  snprintf(advice, room, "a step is a method of m, which run is given: write m:%s(…)", name);
  return true;
}

// The name in "… nil value (global 'NAME')", after `what`; false where the text says something else.
static bool global_in(const char *text, const char *what, char name[static 64]) {
  const char *at = strstr(text, what);
  if (!at) return false;
  at += strlen(what);
  size_t len = strcspn(at, "'");
  if (len == 0 || len >= 64 || strcmp(at + len, "')") != 0) return false;
  memcpy(name, at, len);
  name[len] = '\0';
  return true;
}

void md_forbidden_explain(md_error *err) {
  char name[64], advice[140];
  size_t len = strlen(err->text);
  if (global_in(err->text, "attempt to call a nil value (global '", name) &&
      md_forbidden_step(name, advice, sizeof advice))
    snprintf(err->text + len, sizeof err->text - len, ": %s", advice);
  else if (global_in(err->text, "attempt to index a nil value (global '", name) && among(name, md_builtins))
    snprintf(err->text + len, sizeof err->text - len, ": write local %s = require \"%s\" first", name, name);
}
