// SPDX-License-Identifier: Apache-2.0
// The Lua states of versions are a cache: built when needed, and thrown away, the one unused for longest first, when
// together they take more than they may. Private to engine/. The engine's thread.
#pragma once
#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

struct md_engine;
struct md_loaded;

typedef struct md_vm_cache {
  size_t limit;    // bytes
  uint64_t uses;   // a clock that counts them
  int64_t built;   // since the start
  int64_t dropped; // likewise
} md_vm_cache;

// The version gets a VM if it has none, and is the one used last; others may lose theirs. Errors as md_loaded_vm.
int md_loaded_use(struct md_engine *engine, struct md_loaded *loaded, md_error *err);
// As long as it is pinned it keeps its VM.
void md_loaded_pin(struct md_loaded *loaded);
void md_loaded_unpin(struct md_loaded *loaded);
// Between two batches: versions that take no new runs lose their files too.
void md_vm_cache_trim(struct md_engine *engine);
