// SPDX-License-Identifier: Apache-2.0
// What `momentd status` says of copy that could not be filled (M1).
#pragma once
#include "cli/reader.h"
#include <jansson.h>

// Appends to `errors` one row a moment whose live version (`live`: moment → version) lost mails to its copy, from the
// newest incidents. An arena is in scope. Storage failures and MD_ENOMEM.
int md_status_copy(md_reader *reader, const json_t *live, json_t *errors);
