// SPDX-License-Identifier: Apache-2.0
// What of a send is kept with its message, because it is asked again at claim (M5). The engine's thread.
#pragma once
#include "message/rule.h"

// Writes message->terms: zone, country, products, unless, and until when it may be handed over at the latest. NULL
// where no rule will ask for any of them.
int md_terms_freeze(md_candidate *candidate, const json_t *args, md_error *err);

typedef struct md_terms {
  const char *zone, *country, *products; // NULL where not kept
  const json_t *unless;                  // or NULL
  md_micros until;                       // 0: no bound
} md_terms;
// Reads message->terms; an arena must be in scope. MD_ECORRUPT.
int md_terms_read(const md_message *message, md_terms *out, md_error *err);
