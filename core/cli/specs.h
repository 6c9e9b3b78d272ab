// SPDX-License-Identifier: Apache-2.0
// Runs spec files in virtual time on the real engine, each `it` in a shop of its own. Any thread, each run its own.
#pragma once
#include "base/buffer.h"
#include "cli/settings.h"
#include "cli/shop.h"
#include "cli/tree.h"
#include <stdatomic.h>

#define MD_SPECS_MAX (60 * MD_SECOND) // that those of one file may take (S7)

typedef struct md_specs {
  const md_settings *settings; // as md_specs_settings makes them
  md_micros limit;             // for one file; MD_SPECS_MAX at most
  const atomic_bool *stop;     // ends what runs as soon as it asks the shop for something; or NULL
  const md_observer *observer; // borrowed; or NULL
  void *context;
  // Each spec's shop when it is over, passed or failed, before it is closed; or NULL.
  void (*ended)(void *context, const char *name, md_shop *shop);
  void (*passed)(void *context, const char *file, const char *name);
  // `shop`: what it saw, for md_shop_describe; NULL when there is none. False: no more of this file.
  bool (*failed)(void *context, const char *file, const char *name, const md_error *err, md_shop *shop);
} md_specs;

// "order_confirmation/moment_spec.lua"
bool md_is_spec(const char *path);
// What specs run with: mail is always delivered, to a channel in memory. In the arena in scope.
void md_specs_settings(const md_settings *from, md_settings *out);
// The tree's files about the file's own moment are what the shop has. All in `arena`.
void md_specs_run(const md_specs *specs, const md_tree *tree, const md_source_file *file, md_arena *arena);
