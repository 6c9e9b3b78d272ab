// SPDX-License-Identifier: Apache-2.0
// Finds in a Lua text, before it runs, the names that scripts do not get (S1), the templates (M1) and the experiments
// that it names, names that are nothing. Pure; any thread.
#pragma once
#include "base/arena.h"
#include <stddef.h>

// Calls `each` for every use of a forbidden name, with its line and a sentence that says what to write instead. A name
// that the text declares itself (local, parameter, loop variable) is its own.
void md_script_lint(const char *text, size_t len, void (*each)(void *context, int line, const char *what),
                    void *context);

// Calls `each` for every step that m does not have, and every option that a step does not take, where the text names
// them in so many words.
void md_script_lint_steps(const char *text, size_t len, void (*each)(void *context, int line, const char *what),
                          void *context);

// Calls `each` for every template that the text names in so many words: template = "x", fallback_template = "x". The
// name is not NUL-terminated.
void md_script_templates(const char *text, size_t len,
                         void (*each)(void *context, int line, const char *name, size_t name_len), void *context);

// The same for every experiment: m:experiment("x"), m:experiment "x".
void md_script_experiments(const char *text, size_t len,
                           void (*each)(void *context, int line, const char *name, size_t name_len), void *context);

// Calls `each` for every name that nothing gives a value, and every name that the text makes global, once a name. 0 or
// MD_ENOMEM.
int md_lint_names(const char *text, size_t len, md_arena *arena,
                  void (*each)(void *context, int line, const char *what), void *context);
