// SPDX-License-Identifier: Apache-2.0
// The sections of a moment's document, a family a file, and what they share. One thread; private to describe.
#pragma once
#include "cli/describe_page.h"

typedef struct md_telling {
  md_page *page;
  const md_doc *doc;
  const json_t *json; // the document's
} md_telling;

// describe_telling.c: members of JSON objects, "" or 0 where there are none; and pieces of lines.
const json_t *md_tell_at(const json_t *object, const char *name);
const char *md_tell_text(const json_t *object, const char *name);
int md_tell_number(const json_t *object, const char *name);
const char *md_tell_words(const md_telling *c, const char *format, const char *a, const char *b);
const char *md_tell_digits(const md_telling *c, int number);
const char *md_tell_specs(const md_telling *c, int count);              // "3 specs"
const char *md_tell_day(const md_telling *c, const char *timestamp);    // "2026-11-23 09:30 UTC"
json_t *md_tell_event(const md_telling *c, const char *type);           // with what it means
json_t *md_tell_place(const md_telling *c, const char *file, int line); // "moment.lua:12"
json_t *md_tell_version(const md_telling *c, const json_t *version);    // digest, since when, by whom, why

// describe_tell_start.c
void md_tell_summary(const md_telling *c);
void md_tell_trigger(const md_telling *c);

// describe_tell_steps.c
void md_tell_drawing(const md_telling *c);
// All steps of these kinds (" wait_for sleep ") in a table, if there are any; `does` heads its first column.
void md_tell_steps(const md_telling *c, const char *id, const char *title, const char *kinds, const char *does);
void md_tell_emitted(const md_telling *c);
void md_tell_experiments(const md_telling *c);
json_t *md_tell_results(const md_telling *c, const json_t *step); // what happened, and in how many specs

// describe_tell_messages.c
void md_tell_messages(const md_telling *c);
void md_tell_rules(const md_telling *c);

// describe_tell_coverage.c
void md_tell_outcomes(const md_telling *c);
void md_tell_uncovered(const md_telling *c);

// describe_tell_changes.c
void md_tell_changes(const md_telling *c);
