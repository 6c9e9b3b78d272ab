// SPDX-License-Identifier: Apache-2.0
// An event while it is being read: attributes come in one by one from whichever format, are checked, and at the end
// make an md_event with its canonical data and digest. Internal to event_decode. Pure; any thread.
#pragma once
#include "store/events.h"

typedef struct md_draft {
  md_arena *arena;
  md_event *event;
  const char *forced_source;
  bool has_specversion, has_id, has_source, has_type; // named at all, rightly or not
  json_t *extensions;                                 // NULL as long as there are none
  md_buffer problems;                                 // what is wrong, separated by "; "
  bool exhausted;                                     // an allocation failed
} md_draft;

// An arena must be in JSON scope from here to finish.
void md_draft_init(md_draft *draft, md_arena *arena, const char *forced_source, md_event *event);
// Notes something wrong; `name` (an attribute's, shortened and quoted) goes before `what`.
void md_draft_problem(md_draft *draft, const char *name, const char *what);
// Takes one attribute, in JSON or as text of a header (NUL-terminated UTF-8 in the arena).
void md_draft_attribute(md_draft *draft, const char *name, json_t *value);
void md_draft_text(md_draft *draft, const char *name, const char *text);
// True once an attribute of this name was taken.
bool md_draft_has(const md_draft *draft, const char *name);
void md_draft_data(md_draft *draft, json_t *data);
// The bytes of binary data, or their base64 text as it came.
void md_draft_bytes(md_draft *draft, const char *bytes, size_t len);
void md_draft_base64(md_draft *draft, json_t *text);
// Releases what the draft holds. 0, or MD_EINVAL naming all that is missing or wrong, or MD_ENOMEM.
int md_draft_finish(md_draft *draft, md_error *err);
