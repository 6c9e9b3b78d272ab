// SPDX-License-Identifier: Apache-2.0
// Packs and reads journals: varints, names once a change of file, times and lists of events as differences.
#include "engine/journal.h"
#include "base/pack.h"
#include <limits.h>
#include <string.h>

void md_journal_read(md_journal_reader *reader, const void *journal, size_t len) {
  *reader = (md_journal_reader){.next = journal, .end = journal ? (const unsigned char *)journal + len : journal};
}

md_seqs md_seqs_open(const void *packed, size_t len) {
  const unsigned char *first = packed;
  return (md_seqs){first, first ? first + len : first, 0};
}

int64_t md_seqs_next(md_seqs *seqs) {
  md_unpack in = {seqs->next, seqs->end, true};
  if (in.next == in.end) return 0;
  seqs->before += (int64_t)(md_unpack_uint(&in) & INT64_MAX);
  seqs->next = in.ok ? in.next : in.end;
  return in.ok ? seqs->before : 0;
}

static void read_seqs(md_unpack *in, md_entry *entry) {
  uint64_t head = md_unpack_uint(in);
  entry->late = head & 1;
  entry->count = (int64_t)(head >> 1);
  entry->seqs = in->next;
  for (int64_t i = 0; i < entry->count && in->ok; i++)
    md_unpack_uint(in);
  entry->seqs_len = (size_t)(in->next - (const unsigned char *)entry->seqs);
}

static void read_result(md_unpack *in, md_entry *entry) {
  switch (entry->result) {
  case MD_RESULT_JSON:
    entry->json = md_unpack_text(in);
    break;
  case MD_RESULT_EVENT:
    entry->event_seq = (int64_t)md_unpack_uint(in);
    break;
  case MD_RESULT_EVENTS:
    read_seqs(in, entry);
    break;
  case MD_RESULT_SEEN:
    entry->event_seq = (int64_t)md_unpack_uint(in);
    entry->count = (int64_t)md_unpack_uint(in);
    break;
  case MD_RESULT_NIL:
  case MD_RESULT_TRUE:
  case MD_RESULT_FALSE:
  case MD_RESULT_TIMEOUT:
    break;
  }
}

int md_journal_next(md_journal_reader *reader, md_entry *entry) {
  if (reader->next == reader->end) return 0;
  md_unpack in = {reader->next, reader->end, true};
  uint64_t head = md_unpack_uint(&in);
  *entry = (md_entry){.kind = (md_step_kind)(head >> 4), .result = (md_result_kind)(head >> 1 & 7)};
  if (in.ok && !md_step_is_known(entry->kind)) return MD_EUNSUPPORTED;
  if (head & 1) reader->file = md_unpack_text(&in);
  entry->file = reader->file ? reader->file : "";
  entry->name = md_unpack_text(&in);
  entry->line = (int)md_unpack_uint(&in);
  reader->at = (md_micros)((uint64_t)reader->at + (uint64_t)md_unpack_int(&in)); // a damaged one may go round
  entry->at = reader->at;
  entry->arguments = (uint32_t)md_unpack_uint(&in);
  read_result(&in, entry);
  if (entry->kind == MD_STEP_CONTINUE_AS) {
    entry->base = (int)(md_unpack_uint(&in) & INT_MAX);
    read_seqs(&in, entry);
  }
  if (!in.ok) return MD_ECORRUPT;
  reader->next = in.next;
  return 1;
}

static void append_seqs(md_buffer *out, const md_entry *entry) {
  md_pack_uint(out, (uint64_t)entry->count << 1 | entry->late);
  md_buffer_append(out, entry->seqs, entry->seqs_len);
}

static void append_result(md_buffer *out, const md_entry *entry) {
  switch (entry->result) {
  case MD_RESULT_JSON:
    md_pack_text(out, entry->json);
    break;
  case MD_RESULT_EVENT:
    md_pack_uint(out, (uint64_t)entry->event_seq);
    break;
  case MD_RESULT_EVENTS:
    append_seqs(out, entry);
    break;
  case MD_RESULT_SEEN:
    md_pack_uint(out, (uint64_t)entry->event_seq);
    md_pack_uint(out, (uint64_t)entry->count);
    break;
  case MD_RESULT_NIL:
  case MD_RESULT_TRUE:
  case MD_RESULT_FALSE:
  case MD_RESULT_TIMEOUT:
    break;
  }
}

void md_journal_append(md_buffer *out, md_journal_reader *last, const md_entry *entry) {
  bool same = last->file && strcmp(last->file, entry->file) == 0;
  md_pack_uint(out, (uint64_t)entry->kind << 4 | (uint64_t)entry->result << 1 | !same);
  if (!same) md_pack_text(out, entry->file);
  md_pack_text(out, entry->name);
  md_pack_uint(out, (uint64_t)entry->line);
  md_pack_int(out, entry->at - last->at);
  md_pack_uint(out, entry->arguments);
  append_result(out, entry);
  if (entry->kind == MD_STEP_CONTINUE_AS) {
    md_pack_uint(out, (uint64_t)entry->base);
    append_seqs(out, entry);
  }
  last->file = entry->file;
  last->at = entry->at;
}

static bool among(const md_entry *entry, int64_t event_seq) {
  md_seqs seqs = md_seqs_open(entry->seqs, entry->seqs_len);
  for (int64_t seq = md_seqs_next(&seqs); seq; seq = md_seqs_next(&seqs))
    if (seq == event_seq) return true;
  return false;
}

bool md_journal_consumed(const void *journal, size_t len, int64_t event_seq) {
  md_journal_reader reader;
  md_entry entry;
  md_journal_read(&reader, journal, len);
  while (md_journal_next(&reader, &entry) == 1) {
    if (entry.result == MD_RESULT_EVENT && entry.event_seq == event_seq) return true;
    if (entry.seqs && among(&entry, event_seq)) return true;
  }
  return false;
}
