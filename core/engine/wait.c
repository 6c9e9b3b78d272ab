// SPDX-License-Identifier: Apache-2.0
// Packs waits and matches event types against them.
#include "engine/wait.h"
#include "engine/pack.h"
#include <string.h>

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
}

int md_wait_unpack(const void *blob, size_t len, md_wait *out) {
  md_unpack in = {blob, (const unsigned char *)blob + len, true};
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
  return in.ok ? 0 : MD_ECORRUPT;
}

bool md_type_matches(const char *pattern, const char *type) {
  size_t len = strlen(pattern);
  if (len >= 2 && strcmp(pattern + len - 2, ".*") == 0)
    return strncmp(pattern, type, len - 1) == 0 && type[len - 1] != '\0';
  return strcmp(pattern, type) == 0;
}

bool md_wait_wants(const md_wait *wait, const char *type) {
  for (int i = 0; i < wait->type_count; i++)
    if (md_type_matches(wait->types[i], type)) return true;
  return false;
}
