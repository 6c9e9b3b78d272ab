// SPDX-License-Identifier: Apache-2.0
// Whether a class of message may go to a person at all, by the consents on record. The engine's thread.
#pragma once
#include "store/people.h"
#include <stdbool.h>

// security and service need none. marketing needs an e-mail consent for marketing that no withdrawal followed; feedback
// is on until it is withdrawn. A join counts both sides (P3): of what was said about channel and purpose on any of the
// person's rows the newest stands, a withdrawal where two are equally new. `why` is the rule that decided, for people.
int md_consent_allows(md_store *store, int64_t person, const char *class_name, bool *allowed, const char **why,
                      md_error *err);
