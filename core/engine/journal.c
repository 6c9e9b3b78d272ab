// SPDX-License-Identifier: Apache-2.0
// Packs and reads journals: varints, names once a change of file, times as differences.
#include "engine/journal.h"
#include "engine/pack.h"
#include <string.h>

void md_journal_read(md_journal_reader *reader, const void *journal, size_t len) {
  *reader = (md_journal_reader){.next = journal, .end = journal ? (const unsigned char *)journal + len : journal};
}

int md_journal_next(md_journal_reader *reader, md_entry *entry) {
  if (reader->next == reader->end) return 0;
  md_unpack in = {reader->next, reader->end, true};
  uint64_t head = md_unpack_uint(&in);
  *entry = (md_entry){.kind = (md_step_kind)(head >> 4), .result = (md_result_kind)(head >> 1 & 7)};
  if (head & 1) reader->file = md_unpack_text(&in);
  entry->file = reader->file ? reader->file : "";
  entry->name = md_unpack_text(&in);
  entry->line = (int)md_unpack_uint(&in);
  reader->at += md_unpack_int(&in);
  entry->at = reader->at;
  entry->arguments = (uint32_t)md_unpack_uint(&in);
  if (entry->result == MD_RESULT_JSON)
    entry->json = md_unpack_text(&in);
  else if (entry->result == MD_RESULT_EVENT)
    entry->event_seq = (int64_t)md_unpack_uint(&in);
  if (!in.ok) return MD_ECORRUPT;
  reader->next = in.next;
  return 1;
}

void md_journal_append(md_buffer *out, md_journal_reader *last, const md_entry *entry) {
  bool same = last->file && strcmp(last->file, entry->file) == 0;
  md_pack_uint(out, (uint64_t)entry->kind << 4 | (uint64_t)entry->result << 1 | !same);
  if (!same) md_pack_text(out, entry->file);
  md_pack_text(out, entry->name);
  md_pack_uint(out, (uint64_t)entry->line);
  md_pack_int(out, entry->at - last->at);
  md_pack_uint(out, entry->arguments);
  if (entry->result == MD_RESULT_JSON)
    md_pack_text(out, entry->json);
  else if (entry->result == MD_RESULT_EVENT)
    md_pack_uint(out, (uint64_t)entry->event_seq);
  last->file = entry->file;
  last->at = entry->at;
}

bool md_journal_consumed(const void *journal, size_t len, int64_t event_seq) {
  md_journal_reader reader;
  md_entry entry;
  md_journal_read(&reader, journal, len);
  while (md_journal_next(&reader, &entry) == 1)
    if (entry.result == MD_RESULT_EVENT && entry.event_seq == event_seq) return true;
  return false;
}
