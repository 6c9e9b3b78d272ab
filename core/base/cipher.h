// SPDX-License-Identifier: Apache-2.0
// Authenticated encryption: AES-256-GCM by libcrypto, with a random nonce before what it sealed. Any thread.
#pragma once
#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

enum {
  MD_CIPHER_KEY = 32,
  MD_CIPHER_NONCE = 12,
  MD_CIPHER_TAG = 16,
  MD_CIPHER_EXTRA = MD_CIPHER_NONCE + MD_CIPHER_TAG
};

// Seals `len` bytes into `out`, which holds len + MD_CIPHER_EXTRA. `bound` (may be empty) is not sealed, but opening
// needs the same. 0 or MD_ENOMEM.
int md_cipher_seal(const uint8_t key[static MD_CIPHER_KEY], const void *bound, size_t bound_len, const void *text,
                   size_t len, uint8_t *out);
// Opens `len` bytes into `out`, which holds len - MD_CIPHER_EXTRA. 0, MD_ECORRUPT when key, bound or bytes are not
// those of the sealing (`out` is wiped then), or MD_ENOMEM.
int md_cipher_open(const uint8_t key[static MD_CIPHER_KEY], const void *bound, size_t bound_len, const void *sealed,
                   size_t len, uint8_t *out);
