// SPDX-License-Identifier: Apache-2.0
// What an unsubscribe link says: who, which address, of what. All that is needed stands in it, so that it works when
// the message itself is long gone (A3). Pure; any thread.
#pragma once
#include "base/token.h"
#include "store/suppressions.h"

enum { MD_MASKED_SIZE = 64, MD_UNSUBSCRIBE_WORD = 16 };

typedef struct md_unsubscribe {
  int64_t person;
  char purpose[MD_UNSUBSCRIBE_WORD]; // marketing or feedback
  char locale[MD_UNSUBSCRIBE_WORD];
  uint8_t address[MD_ADDRESS_HASH_SIZE];
  char masked[MD_MASKED_SIZE]; // "i***@k***.example"
} md_unsubscribe;

// Fills `masked` with as much of an address as its owner knows it by.
void md_unsubscribe_mask(const char *address, char out[static MD_MASKED_SIZE]);
// The purpose of the ring that signs and reads them: "unsubscribe".
extern const char *const md_unsubscribe_purpose;
int md_unsubscribe_write(const md_token_ring *ring, const md_unsubscribe *link, char out[static MD_TOKEN_SIZE],
                         md_error *err);
// Errors as md_token_read; it never expires.
int md_unsubscribe_read(const md_token_ring *ring, const char *text, size_t len, md_unsubscribe *out, md_error *err);
