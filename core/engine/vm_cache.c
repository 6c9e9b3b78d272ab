// SPDX-License-Identifier: Apache-2.0
// Which Lua state goes when memory is short. What it takes is counted by its allocator.
#include "engine/vm_cache.h"
#include "base/assert.h"
#include "engine/prepared.h"

static size_t bytes_of(const md_loaded *loaded) {
  return (loaded->vm ? md_vm_memory(loaded->vm) : 0) + md_arena_used(loaded->arena);
}

static size_t bytes_of_all(const md_engine *engine) {
  size_t sum = 0;
  for (const md_loaded *at = engine->loaded; at; at = at->next)
    sum += bytes_of(at);
  return sum;
}

static bool is_live(const md_engine *engine, const md_loaded *loaded) {
  for (int i = 0; i < engine->moment_count; i++)
    if (engine->moments[i].live == loaded) return true;
  return false;
}

// The one unused for longest that has something to lose; `whole`: its files count too.
static md_loaded *oldest(md_engine *engine, bool whole) {
  md_loaded *found = NULL;
  for (md_loaded *at = engine->loaded; at; at = at->next) {
    if (at->pins || (found && at->used >= found->used)) continue;
    if (at->vm || (whole && !is_live(engine, at))) found = at;
  }
  return found;
}

static void forget(md_engine *engine, md_loaded *loaded) {
  md_loaded **at = &engine->loaded;
  while (*at != loaded)
    at = &(*at)->next;
  *at = loaded->next;
  md_loaded_free(loaded);
}

static void trim(md_engine *engine, bool whole) {
  size_t sum = bytes_of_all(engine);
  md_loaded *victim;
  while (sum > engine->vms.limit && (victim = oldest(engine, whole)) != NULL) {
    size_t before = bytes_of(victim);
    engine->vms.dropped += victim->vm != NULL;
    md_loaded_forget_vm(victim);
    size_t left = bytes_of(victim);
    if (whole && !is_live(engine, victim)) {
      forget(engine, victim);
      left = 0;
    }
    sum -= before - left;
  }
}

int md_loaded_use(md_engine *engine, md_loaded *loaded, md_error *err) {
  loaded->used = ++engine->vms.uses;
  if (loaded->vm) return 0;
  int rc = md_loaded_vm(loaded, err);
  if (rc) return rc;
  engine->vms.built++;
  md_loaded_pin(loaded);
  trim(engine, false);
  md_loaded_unpin(loaded);
  return 0;
}

void md_loaded_pin(md_loaded *loaded) {
  loaded->pins++;
}

void md_loaded_unpin(md_loaded *loaded) {
  md_require(loaded->pins > 0);
  loaded->pins--;
}

void md_vm_cache_trim(md_engine *engine) {
  trim(engine, true);
}
