// SPDX-License-Identifier: Apache-2.0
// One request from its first line to its answer. Intake thread.
#pragma once
#include "intake/state.h"

// Callbacks of libmicrohttpd; `context` is the md_intake, *slot the request.
void *md_request_begin(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result md_request_continue(void *context, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *bytes, size_t *len,
                                    void **slot);
void md_request_completed(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_RequestTerminationCode code);
// Counts memory that the request needs until it is completed. False when all of them together need too much.
bool md_request_charge(md_request *request, size_t bytes);
// Suspends the connections of the requests that were handed over since the last call.
void md_request_suspend_handed(md_intake *intake);
void md_request_free_all(md_intake *intake);
