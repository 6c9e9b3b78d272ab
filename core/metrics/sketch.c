// SPDX-License-Identifier: Apache-2.0
// Counts values in buckets whose bounds grow by a constant factor.
#include "metrics/sketch.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/pack.h"
#include <math.h>
#include <string.h>

static const double gamma_factor = (1 + MD_SKETCH_ERROR) / (1 - MD_SKETCH_ERROR);

void md_sketch_init(md_sketch *sketch) {
  *sketch = (md_sketch){.min = HUGE_VAL, .max = -HUGE_VAL};
}

void md_sketch_deinit(md_sketch *sketch) {
  md_free(sketch->positive.bins);
  md_free(sketch->negative.bins);
  md_sketch_init(sketch);
}

// Bucket i holds (γ^(i-1), γ^i].
static int32_t index_of(double magnitude) {
  return (int32_t)ceil(log(magnitude) / log(gamma_factor));
}

// The value of a bucket that is off by at most 1 % from all in it.
static double value_of(int32_t index) {
  return 2 * pow(gamma_factor, index) / (gamma_factor + 1);
}

static int place_of(const md_sketch_side *side, int32_t index) {
  int low = 0, high = side->count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (side->bins[middle].index < index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int make_room(md_sketch_side *side) {
  if (side->count < side->room) return 0;
  int room = side->room ? 2 * side->room : 16;
  md_sketch_bin *bins = md_realloc(side->bins, (size_t)room * sizeof *bins);
  if (!bins) return MD_ENOMEM;
  side->bins = bins;
  side->room = room;
  return 0;
}

// The two buckets nearest to 0 become one: what is large stays exact.
static void collapse(md_sketch_side *side) {
  if (side->count <= MD_SKETCH_BINS) return;
  side->bins[1].count += side->bins[0].count;
  side->count--;
  memmove(side->bins, side->bins + 1, (size_t)side->count * sizeof *side->bins);
}

static int add_bin(md_sketch_side *side, int32_t index, uint64_t count) {
  int at = place_of(side, index);
  if (at < side->count && side->bins[at].index == index) {
    side->bins[at].count += count;
    return 0;
  }
  int rc = make_room(side);
  if (rc) return rc;
  memmove(side->bins + at + 1, side->bins + at, (size_t)(side->count - at) * sizeof *side->bins);
  side->bins[at] = (md_sketch_bin){index, count};
  side->count++;
  collapse(side);
  return 0;
}

int md_sketch_add(md_sketch *sketch, double value) {
  double magnitude = fabs(value);
  int rc = 0;
  if (magnitude < MD_SKETCH_ZERO)
    sketch->zero++;
  else
    rc = add_bin(value > 0 ? &sketch->positive : &sketch->negative, index_of(magnitude), 1);
  if (rc) return rc;
  if (value < sketch->min) sketch->min = value;
  if (value > sketch->max) sketch->max = value;
  return 0;
}

static int merge_side(md_sketch_side *into, const md_sketch_side *from) {
  int rc = 0;
  for (int i = 0; i < from->count && rc == 0; i++)
    rc = add_bin(into, from->bins[i].index, from->bins[i].count);
  return rc;
}

int md_sketch_merge(md_sketch *into, const md_sketch *from) {
  int rc = merge_side(&into->positive, &from->positive);
  if (rc == 0) rc = merge_side(&into->negative, &from->negative);
  into->zero += from->zero;
  if (from->min < into->min) into->min = from->min;
  if (from->max > into->max) into->max = from->max;
  return rc;
}

static uint64_t count_side(const md_sketch_side *side) {
  uint64_t count = 0;
  for (int i = 0; i < side->count; i++)
    count += side->bins[i].count;
  return count;
}

uint64_t md_sketch_count(const md_sketch *sketch) {
  return sketch->zero + count_side(&sketch->positive) + count_side(&sketch->negative);
}

static double between(const md_sketch *sketch, double value) {
  return value < sketch->min ? sketch->min : value > sketch->max ? sketch->max : value;
}

double md_sketch_quantile(const md_sketch *sketch, double q) {
  double rank = q * (double)(md_sketch_count(sketch) - 1);
  uint64_t seen = 0;
  for (int i = sketch->negative.count - 1; i >= 0; i--) {
    seen += sketch->negative.bins[i].count;
    if ((double)seen > rank) return between(sketch, -value_of(sketch->negative.bins[i].index));
  }
  seen += sketch->zero;
  if ((double)seen > rank) return between(sketch, 0);
  for (int i = 0; i < sketch->positive.count; i++) {
    seen += sketch->positive.bins[i].count;
    if ((double)seen > rank) return between(sketch, value_of(sketch->positive.bins[i].index));
  }
  return sketch->max;
}

static void pack_side(md_buffer *out, const md_sketch_side *side) {
  int32_t before = 0;
  md_pack_uint(out, (uint64_t)side->count);
  for (int i = 0; i < side->count; i++) {
    md_pack_int(out, side->bins[i].index - before);
    md_pack_uint(out, side->bins[i].count);
    before = side->bins[i].index;
  }
}

// A double as the varint of its bits: the same on every machine.
static void pack_double(md_buffer *out, double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  md_pack_uint(out, bits);
}

static double unpack_double(md_unpack *in) {
  uint64_t bits = md_unpack_uint(in);
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

void md_sketch_pack(md_buffer *out, const md_sketch *sketch) {
  md_pack_uint(out, sketch->zero);
  pack_double(out, sketch->min);
  pack_double(out, sketch->max);
  pack_side(out, &sketch->positive);
  pack_side(out, &sketch->negative);
}

static int unpack_side(md_unpack *in, md_sketch_side *side) {
  uint64_t count = md_unpack_uint(in);
  int64_t index = 0;
  int rc = 0;
  if (!in->ok || count > MD_SKETCH_BINS) return MD_ECORRUPT;
  for (uint64_t i = 0; i < count && rc == 0; i++) {
    int64_t step = md_unpack_int(in);
    uint64_t of_bin = md_unpack_uint(in);
    bool sane = in->ok && of_bin > 0 && step > -100000 && step < 100000 && (i == 0 || step > 0);
    index += sane ? step : 0;
    rc = sane ? add_bin(side, (int32_t)index, of_bin) : MD_ECORRUPT;
  }
  return rc;
}

int md_sketch_unpack(const void *blob, size_t len, md_sketch *out) {
  md_unpack in = {blob, (const unsigned char *)blob + len, true};
  out->zero = md_unpack_uint(&in);
  out->min = unpack_double(&in);
  out->max = unpack_double(&in);
  int rc = unpack_side(&in, &out->positive);
  if (rc == 0) rc = unpack_side(&in, &out->negative);
  return rc == 0 && in.next != in.end ? MD_ECORRUPT : rc;
}
