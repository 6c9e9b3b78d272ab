// SPDX-License-Identifier: Apache-2.0
// The unsubscribe page as HTML, in Danish or English, with everything that it needs in itself. Pure; any thread.
#pragma once
#include "base/buffer.h"
#include "store/unsubscribe.h"

typedef enum md_page_kind {
  MD_PAGE_CONFIRM, // asks, with a form that posts to the page's own address
  MD_PAGE_DONE,
  MD_PAGE_BUSY,    // nothing was done; it may be tried again
  MD_PAGE_INVALID, // no such link
} md_page_kind;

typedef struct md_page {
  md_page_kind kind;
  const md_unsubscribe *link; // NULL where there is none: then in both languages
  const char *shop;           // the shop's name, or NULL
} md_page;

// Appends the document.
void md_page_write(const md_page *page, md_buffer *out);

enum { MD_PAGE_POLICY_SIZE = 256 };
// The Content-Security-Policy that allows the page's own style and form, and nothing else.
void md_page_policy(char out[static MD_PAGE_POLICY_SIZE]);
