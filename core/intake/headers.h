// SPDX-License-Identifier: Apache-2.0
// A request's headers: those that matter collected, and what libmicrohttpd lets pass refused. Intake thread.
#pragma once
#include "intake/state.h"

// Fills request->headers and request->ce. False when the request is malformed; request->error says how.
bool md_headers_read(md_request *request, const char *method, const char *version);
