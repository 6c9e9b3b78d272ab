// SPDX-License-Identifier: Apache-2.0
// From a whole request to the engine and back: decoding, what the key allows, handing over, and the answer after the
// commit. Intake thread, but for the engine's call of `done`.
#pragma once
#include "intake/state.h"

// Decodes the body of a request for /v1/events and hands it to the engine, or answers what is wrong with it.
enum MHD_Result md_submit(md_request *request);
// Hands over a request whose submission is an act.
enum MHD_Result md_submit_act(md_request *request);
// Queues the answers of all that the engine is done with, and resumes their connections. True when there were any.
bool md_submit_take_answers(md_intake *intake);
