// SPDX-License-Identifier: Apache-2.0
// Text made fit for HTML and for the target of a link. Pure; any thread.
#pragma once
#include "base/buffer.h"
#include <stddef.h>

// Appends `text` with & < > " ' as entities.
void md_html_escape(md_buffer *out, const char *text, size_t len);

// Appends `text` with what no URL may hold (space, " < > \ ^ ` { | }) percent-encoded; control characters stay, so that
// md_href_check finds them, and so does what is not ASCII.
void md_html_encode_url(md_buffer *out, const char *text, size_t len);
