// SPDX-License-Identifier: Apache-2.0
// What is known of a version of a moment, as one JSON object: its definition, steps, messages, rules, what changed. The
// documents for people are made from it, and `--json` prints it. One thread.
#pragma once
#include "cli/describe_paths.h"
#include "message/policy.h"

typedef struct md_doc {
  md_arena *arena; // in scope
  const md_settings *settings;
  md_policy policy;
  md_shelf *shelf;
  md_subject subject;
  md_paths paths;
  json_t *json;
  json_t *events; // within it: each event type that is named → what it means, or null
} md_doc;

// Makes the whole document of a subject that is open; `since` may be NULL. Members:
//   moment title class comment version trigger about goal rules messages steps experiments outcomes events graph specs
//   files changes
int md_doc_make(md_doc *doc, const md_subject *since, md_error *err);
// What an overview needs of it, without running specs: moment title class about trigger goal messages events version.
int md_doc_outline(md_doc *doc, md_error *err);

// The parts, a file each. Texts go in as they are: whoever writes them out escapes.
void md_doc_definition(md_doc *doc);             // describe_definition.c: version trigger about goal rules
int md_doc_steps(md_doc *doc, md_error *err);    // describe_code.c: steps outcomes experiments files
int md_doc_messages(md_doc *doc, md_error *err); // describe_copy.c
int md_doc_changes(md_doc *doc, const md_subject *since, md_error *err); // describe_changes.c

// What a type means by the plan, noted in `events`.
void md_doc_event(md_doc *doc, const char *type);
json_t *md_doc_text(const char *text); // NULL: null
// The text of an outline's part on one line, cut where it is long.
const char *md_doc_code(const char *text, size_t len, md_arena *arena);
