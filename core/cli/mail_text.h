// SPDX-License-Identifier: Apache-2.0
// The parts of a mail that momentd made itself, decoded again: for showing renderings and for specs. Pure.
#pragma once
#include "base/buffer.h"
#include "base/error.h"

// Appends the first part of type text/html (or text/plain), its transfer encoding undone. MD_ENOTFOUND without one.
int md_mail_html(const char *mail, size_t len, md_buffer *out, md_error *err);
int md_mail_plain(const char *mail, size_t len, md_buffer *out, md_error *err);
