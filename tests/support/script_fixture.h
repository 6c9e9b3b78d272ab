// SPDX-License-Identifier: Apache-2.0
// A small host for scripts: a journal in memory, stored values, a trace of steps. For tests of core/script.
#pragma once
#include "script/plan.h"
#include "script/vm.h"

typedef struct script_fixture {
  md_arena *arena; // in scope from open to close
  md_arena *before;
  md_vm *vm;
  json_t *journal; // [{ step, answer }]
  json_t *stored;  // by key
  int at;          // in the journal
  bool diverged;
  bool verbose_trace; // with arguments
  bool no_replaying;  // the host does not tell
  int64_t budget;     // of a turn; 0: the vm's
  char trace[8192];   // a line a step taken, "kind name" or "kind name args file:line"
  char log[8192];     // a line a line
  md_turn_end end;
  md_error err;
} script_fixture;

// Builds the moment "m1" from a moment.lua; further files as path, text, … up to NULL. Fails the test unless it builds.
void script_open(script_fixture *f, const char *moment_lua);
// As script_open, and gives the code and f->err instead of failing.
int script_try(script_fixture *f, const md_vm_limits *limits, const char *moment_lua, const char *more[]);
void script_close(script_fixture *f);

// A turn with the trigger { type = "order.placed", data = `data` } (JSON text or NULL).
md_turn_result script_turn(script_fixture *f, const char *data);
// Answers the open wait (JSON text of an event's data, or NULL: nil) and runs the next turn.
md_turn_result script_answer(script_fixture *f, const char *data);

// Runs `body` as the body of run and expects its outcome; NULL: nil.
void script_expect(const char *body, const char *outcome);
// Runs `body` and expects an error that contains `text`.
void script_expect_error(const char *body, const char *text);
// Builds the moment and expects it to be refused with `code` and `text`.
void script_expect_refused(const char *moment_lua, int code, const char *text);
// The moment.lua whose run has this body. In the arena in scope.
const char *script_with_body(const char *body);
