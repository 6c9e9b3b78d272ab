// SPDX-License-Identifier: Apache-2.0
// The page behind an unsubscribe link (RFC 8058): GET and HEAD show it and change nothing, a POST acts. Intake thread.
#pragma once
#include "intake/state.h"

#define MD_UNSUBSCRIBE_PATH "/u/"

// Checks method and token of a request whose headers were read. 0: go on; otherwise the status of the refusal.
int md_unsubscribe_check(md_request *request, const char *method);
// Shows the page, or hands the act over to the engine.
enum MHD_Result md_unsubscribe_act(md_request *request);
// After the commit.
enum MHD_Result md_unsubscribe_answer(md_request *request);
// A refusal, or that it cannot be done now, as a page.
enum MHD_Result md_unsubscribe_refuse(md_request *request, int status);
