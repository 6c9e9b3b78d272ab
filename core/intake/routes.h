// SPDX-License-Identifier: Apache-2.0
// What is served where, and what of a request's head is refused with which status. Intake thread.
#pragma once
#include "intake/state.h"

// The route of a request line's raw target, its query left out.
md_route md_route_find(const char *target);
// Checks method, key, content type and length of a request whose headers were read. 0: go on; otherwise the status of
// the refusal, with request->error and, for 405, request->allow.
int md_route_check(md_request *request, const char *method);
