// SPDX-License-Identifier: Apache-2.0
// What the parts of `momentd why` share: one inquiry about one person.
#pragma once
#include "cli/parked.h"
#include "cli/reader.h"
#include "cli/rows.h"

enum { MD_WHY_SHOWN_MAX = 1000 };

typedef struct md_inquiry {
  md_reader *reader;
  const char *subject;
  const int64_t *rows;
  int row_count;
  int64_t events[MD_WHY_SHOWN_MAX], runs[MD_WHY_SHOWN_MAX]; // seqs and ids that are the person's
  int event_count, run_count;
  int shown; // rows of the section that is being printed
  md_table table;
  md_buffer notes; // on the rows of the table, below it
  bool json;
} md_inquiry;

// Begins a line of JSON, which says what it is.
void md_why_begin(md_line *line, const char *kind);

// why_person.c: who it is, and all that says what may be sent: consents with their evidence, sales, suppressions.
int md_why_person(md_inquiry *at);
