// SPDX-License-Identifier: Apache-2.0
// The counts of S6: an open-addressed table in memory that is written back now and then, and read anew with each slice.
#include "engine/strikes.h"
#include "base/alloc.h"
#include "base/digest.h"
#include "engine/state.h"
#include "store/strikes.h"
#include <string.h>

enum { FIRST_CAPACITY = 64 };
#define SLICE (MD_HOUR / MD_STRIKE_SLICES)

void md_strikes_deinit(md_strikes *strikes) {
  md_free(strikes->slots);
  *strikes = (md_strikes){0};
}

static int64_t key_of(int64_t version, const char *type) {
  int64_t key = (int64_t)md_hash64((uint64_t)version, type, strlen(type));
  return key ? key : 1;
}

static md_strike *slot_of(const md_strikes *strikes, int64_t key) {
  size_t mask = strikes->capacity - 1, at = (uint64_t)key >> 16 & mask;
  while (strikes->slots[at].key != 0 && strikes->slots[at].key != key)
    at = (at + 1) & mask;
  return &strikes->slots[at];
}

// Keeps a third of the slots free.
static int make_room(md_strikes *strikes, md_error *err) {
  if ((strikes->count + 1) * 3 <= strikes->capacity * 2) return 0;
  md_strikes grown = {.capacity = strikes->capacity ? strikes->capacity * 2 : FIRST_CAPACITY};
  grown.slots = md_alloc_zero(grown.capacity * sizeof *grown.slots);
  if (!grown.slots) return md_error_set(err, MD_ENOMEM, "out of memory while parked runs were counted");
  for (size_t i = 0; i < strikes->capacity; i++)
    if (strikes->slots[i].key) *slot_of(&grown, strikes->slots[i].key) = strikes->slots[i];
  md_free(strikes->slots);
  strikes->slots = grown.slots;
  strikes->capacity = grown.capacity;
  return 0;
}

// NULL in *out where there are too many.
static int find(md_strikes *strikes, int64_t key, int64_t version, md_strike **out, md_error *err) {
  int rc = make_room(strikes, err);
  if (rc) return rc;
  md_strike *strike = slot_of(strikes, key);
  *out = strike->key || strikes->count < MD_STRIKE_PAIRS ? strike : NULL;
  if (strike->key || !*out) return 0;
  *strike = (md_strike){.key = key, .version = version};
  strikes->count++;
  return 0;
}

static int save(md_engine *engine, md_strike *strike, md_error *err) {
  const md_strike_row row = {engine->strikes.slice, strike->key, strike->version, strike->touched, strike->parked};
  strike->unsaved = 0;
  return md_strikes_put(engine->store, &row, err);
}

static int save_all(md_engine *engine, md_error *err) {
  md_strikes *strikes = &engine->strikes;
  int rc = 0;
  for (size_t i = 0; strikes->known && rc == 0 && i < strikes->capacity; i++)
    if (strikes->slots[i].unsaved) rc = save(engine, &strikes->slots[i], err);
  return rc;
}

static int take_row(void *context, const md_strike_row *row) {
  md_strikes *strikes = context;
  md_strike *strike;
  int rc = find(strikes, row->key, row->version, &strike, NULL);
  if (rc || !strike) return rc;
  bool now = row->slice == strikes->slice;
  *(now ? &strike->touched : &strike->touched_before) += (int)row->touched;
  *(now ? &strike->parked : &strike->parked_before) += (int)row->parked;
  return 0;
}

static int begin_slice(md_engine *engine, int64_t slice, md_error *err) {
  md_strikes *strikes = &engine->strikes;
  int rc = save_all(engine, err);
  if (rc == 0) rc = md_strikes_forget(engine->store, slice - MD_STRIKE_SLICES + 1, slice, err);
  if (rc) return rc;
  if (strikes->capacity) memset(strikes->slots, 0, strikes->capacity * sizeof *strikes->slots);
  strikes->count = 0;
  strikes->slice = slice;
  strikes->known = false;
  rc = md_strikes_list(engine->store, take_row, strikes, err);
  strikes->known = rc == 0;
  return rc;
}

static int know(md_engine *engine, md_error *err) {
  int64_t slice = engine->now / SLICE;
  return engine->strikes.known && engine->strikes.slice == slice ? 0 : begin_slice(engine, slice, err);
}

int md_strikes_add(md_engine *engine, int64_t version, const char *type, bool parked, int *touched, int *parked_sum,
                   md_error *err) {
  md_strike *strike = NULL;
  *touched = *parked_sum = 0;
  int rc = know(engine, err);
  if (rc == 0) rc = find(&engine->strikes, key_of(version, type), version, &strike, err);
  if (rc || !strike) return rc;
  strike->touched++;
  strike->parked += parked;
  *touched = strike->touched_before + strike->touched;
  *parked_sum = strike->parked_before + strike->parked;
  return parked || ++strike->unsaved >= MD_STRIKE_UNSAVED ? save(engine, strike, err) : 0;
}

int md_strikes_clear(md_engine *engine, int64_t version, md_error *err) {
  int rc = save_all(engine, err);
  if (rc == 0) rc = md_strikes_forget_version(engine->store, version, err);
  engine->strikes.known = false;
  return rc;
}
