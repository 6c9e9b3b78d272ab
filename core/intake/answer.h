// SPDX-License-Identifier: Apache-2.0
// What became of the events of a request, as an answer (E1). Intake thread.
#pragma once
#include "intake/state.h"

// The engine is done with request->submission, or (a batch without a single event) never saw it.
enum MHD_Result md_answer(md_request *request);
