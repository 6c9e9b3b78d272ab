// SPDX-License-Identifier: Apache-2.0
// Answers: a status, a JSON body, the headers that go with them, and a line in the log. Intake thread.
#pragma once
#include "intake/state.h"

// Queues the answer whose JSON text stands in request->body. The connection must be in libmicrohttpd's handler or
// suspended. `close`: no further request on this connection.
enum MHD_Result md_respond(md_request *request, int status, bool close);
// The same with {"error": text}.
// The body's HTML, with the headers of a page.
enum MHD_Result md_respond_page(md_request *request, int status);
enum MHD_Result md_respond_error(md_request *request, int status, const char *text, bool close);
// Appends text that may have been cut off within a character as a JSON string.
void md_respond_write_text(md_buffer *out, const char *text);
