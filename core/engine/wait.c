// SPDX-License-Identifier: Apache-2.0
// Packs waits and matches event types against them.
#include "engine/wait.h"
#include "base/pack.h"
#include "script/plan.h"
#include <limits.h>
#include <stddef.h>
#include <string.h>

bool md_is_wait(md_step_kind kind) {
  return kind == MD_STEP_WAIT_FOR || kind == MD_STEP_SLEEP || kind == MD_STEP_COLLECT || kind == MD_STEP_SLEEP_UNTIL ||
         kind == MD_STEP_HTTP;
}

md_micros md_wait_due(const md_wait *wait) {
  if (wait->gathered == 0 || wait->quiet < 0) return wait->deadline;
  md_micros quiet = wait->last_at + wait->quiet;
  return quiet < wait->deadline ? quiet : wait->deadline;
}

static bool has_options(const md_wait *wait) {
  return wait->kind == MD_STEP_COLLECT || wait->after || wait->by || wait->where || wait->max_lateness || wait->late;
}

static void pack_options(md_buffer *out, const md_wait *wait) {
  md_pack_uint(out, (uint64_t)wait->late << 2 | (uint64_t)(wait->by_value != NULL) << 1 | wait->where);
  md_pack_uint(out, (uint64_t)wait->after);
  md_pack_text(out, wait->by ? wait->by : "");
  if (wait->by_value) md_pack_text(out, wait->by_value);
  md_pack_int(out, wait->max_lateness);
  if (wait->kind != MD_STEP_COLLECT) return;
  md_pack_int(out, wait->quiet);
  md_pack_uint(out, (uint64_t)wait->max);
  md_pack_uint(out, (uint64_t)wait->gathered);
  md_pack_uint(out, (uint64_t)wait->last_seq);
  md_pack_int(out, wait->last_at);
  md_pack_uint(out, (uint64_t)wait->bytes);
  md_buffer_append(out, wait->seqs, wait->seqs_len);
}

static void unpack_options(md_unpack *in, md_wait *out) {
  uint64_t flags = md_unpack_uint(in);
  out->where = flags & 1;
  out->late = (md_late)(flags >> 2 & 3);
  out->after = (int64_t)md_unpack_uint(in);
  out->by = md_unpack_text(in);
  if (out->by[0] == '\0') out->by = NULL;
  if (flags & 2) out->by_value = md_unpack_text(in);
  out->max_lateness = md_unpack_int(in);
  if (out->kind != MD_STEP_COLLECT) return;
  out->quiet = md_unpack_int(in);
  out->max = (int)(md_unpack_uint(in) & INT_MAX);
  out->gathered = (int)(md_unpack_uint(in) & INT_MAX);
  out->last_seq = (int64_t)md_unpack_uint(in);
  out->last_at = md_unpack_int(in);
  out->bytes = (int64_t)md_unpack_uint(in);
  out->seqs = in->next;
  out->seqs_len = (size_t)(in->end - in->next);
  for (int i = 0; i < out->gathered && in->ok; i++)
    md_unpack_uint(in);
  in->ok &= in->next == in->end;
}

void md_wait_pack(md_buffer *out, const md_wait *wait) {
  md_pack_uint(out, (uint64_t)wait->kind);
  md_pack_text(out, wait->name);
  md_pack_text(out, wait->file);
  md_pack_uint(out, (uint64_t)wait->line);
  md_pack_uint(out, wait->arguments);
  md_pack_int(out, wait->opened_at);
  md_pack_int(out, wait->deadline);
  md_pack_uint(out, (uint64_t)wait->type_count);
  for (int i = 0; i < wait->type_count; i++)
    md_pack_text(out, wait->types[i]);
  if (has_options(wait)) pack_options(out, wait);
}

int md_wait_unpack(const void *blob, size_t len, md_wait *out) {
  md_unpack in = {blob, (const unsigned char *)blob + len, true};
  memset((char *)out + offsetof(md_wait, after), 0, sizeof *out - offsetof(md_wait, after));
  out->kind = (md_step_kind)md_unpack_uint(&in);
  out->name = md_unpack_text(&in);
  out->file = md_unpack_text(&in);
  out->line = (int)md_unpack_uint(&in);
  out->arguments = (uint32_t)md_unpack_uint(&in);
  out->opened_at = md_unpack_int(&in);
  out->deadline = md_unpack_int(&in);
  uint64_t count = md_unpack_uint(&in);
  if (!in.ok || count > MD_WAIT_TYPES_MAX) return MD_ECORRUPT;
  out->type_count = (int)count;
  for (int i = 0; i < out->type_count; i++)
    out->types[i] = md_unpack_text(&in);
  if (in.ok && in.next != in.end) unpack_options(&in, out);
  return in.ok ? 0 : MD_ECORRUPT;
}

bool md_wait_wants(const md_wait *wait, const char *type) {
  for (int i = 0; i < wait->type_count; i++)
    if (md_type_matches(wait->types[i], type)) return true;
  return false;
}
