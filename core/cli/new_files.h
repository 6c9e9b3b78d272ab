// SPDX-License-Identifier: Apache-2.0
// What `momentd new` writes, as texts with {NAME}, {TITLE} and {EVENT} in them. Pure.
#pragma once
#include "base/buffer.h"

#define MD_NEW_EVENT "order.placed" // where nobody says another

typedef struct md_new_words {
  const char *name;  // of the moment: thank_you
  const char *event; // that starts it
} md_new_words;

typedef struct md_new_file {
  const char *name, *what; // what it is, for people
  const char *form;
} md_new_file;

extern const md_new_file md_new_files[]; // of the moment's folder; ended by a NULL name
extern const char md_new_plan[];         // events.lua

void md_new_fill(md_buffer *out, const char *form, const md_new_words *words);
