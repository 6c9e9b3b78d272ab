// SPDX-License-Identifier: Apache-2.0
// A run's journal: the answers of its steps, packed into one blob (R1). Pure; any thread.
#pragma once
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "script/vm.h"

typedef enum md_result_kind {
  MD_RESULT_NIL,
  MD_RESULT_TRUE,
  MD_RESULT_FALSE,
  MD_RESULT_JSON,    // `json`
  MD_RESULT_EVENT,   // `event_seq`: the run consumed it (W1)
  MD_RESULT_TIMEOUT, // a wait that nothing answered, or a sleep that ended; MD_RESULT_TRUE: later than it allows (W7)
  MD_RESULT_EVENTS,  // `count` events in `seqs`, consumed (W5); `late` as above
  MD_RESULT_SEEN,    // `event_seq` of `count`, looked at and not consumed (past, latest)
} md_result_kind;

// One answered step. Strings point into the blob and are NUL-terminated there.
typedef struct md_entry {
  md_step_kind kind;
  const char *name;
  const char *file;
  int line;
  md_micros at;       // engine time of the batch that answered it
  uint32_t arguments; // digest of the arguments (drift, R1)
  md_result_kind result;
  const char *json;
  int64_t event_seq;
  int64_t count;
  const void *seqs; // packed as differences, read by md_seqs_next
  size_t seqs_len;
  bool late;
  int base; // continue_as: how many steps the run took before; `json` is its state, `seqs` what it has consumed (R5)
} md_entry;

// Reads numbers packed as differences one after the other; `*before` is 0 at first.
typedef struct md_seqs {
  const unsigned char *next, *end;
  int64_t before;
} md_seqs;
md_seqs md_seqs_open(const void *packed, size_t len);
// The next number, or 0 at the end.
int64_t md_seqs_next(md_seqs *seqs);

typedef struct md_journal_reader {
  const unsigned char *next;
  const unsigned char *end;
  const char *file; // of the entry before
  md_micros at;
} md_journal_reader;

void md_journal_read(md_journal_reader *reader, const void *journal, size_t len);
// 1 and `*entry`, 0 at the end, MD_ECORRUPT for a damaged blob, MD_EUNSUPPORTED for a kind of step that only another
// momentd knows: what follows cannot be told.
int md_journal_next(md_journal_reader *reader, md_entry *entry);

// Appends entries; `last` is the state after the entries already in `out` (a reader run to its end).
void md_journal_append(md_buffer *out, md_journal_reader *last, const md_entry *entry);

// Whether the run consumed this event: it is its answer to a wait.
bool md_journal_consumed(const void *journal, size_t len, int64_t event_seq);
