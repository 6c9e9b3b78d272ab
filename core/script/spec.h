// SPDX-License-Identifier: Apache-2.0
// Spec files in busted's style: describe, it, before_each, and the shop that each `it` is given. What the shop does is
// the caller's, as callbacks. One thread.
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "script/source.h"

typedef struct md_spec md_spec;

// Each returns 0, or a code with a sentence in `err` that fails the spec at the script's line. JSON is borrowed.
typedef struct md_spec_host {
  void *context;
  int (*person)(void *context, const char *subject, const json_t *fields, md_error *err);
  int (*event)(void *context, const char *type, const json_t *event, md_error *err);
  int (*advance)(void *context, md_micros span, md_error *err);
  // What a connection answers from now on: `answer` has method path status json body fail times, each optional.
  int (*answer)(void *context, const char *connection, const json_t *answer, md_error *err);
  // From now on persons who have no arm of the experiment get this one.
  int (*arm)(void *context, const char *experiment, const char *arm, md_error *err);
  // `what`: "call" "message" "no_message" "outcome" "decision" "run_state" "no_run"; `wanted` is its argument, NULL
  // without one.
  int (*expect)(void *context, const char *what, const json_t *wanted, md_error *err);
} md_spec_host;

// Compiles the file and runs it, which collects its `it`s. `host` is borrowed. MD_ESYNTAX, MD_ESCRIPT, MD_EBUDGET,
// MD_ENOMEM with "file:line: text". Returns owned.
int md_spec_new(md_spec **out, const md_source_file *file, const md_spec_host *host, md_error *err);
void md_spec_free(md_spec *spec);

int md_spec_count(const md_spec *spec);
const char *md_spec_name(const md_spec *spec, int index); // "abandoned cart: keeps silent without consent"
// Runs the n-th `it`, and every before_each around it first. The codes of md_spec_new: it failed.
int md_spec_run(md_spec *spec, int index, md_error *err);
