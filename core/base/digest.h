// SPDX-License-Identifier: Apache-2.0
// Digests, keyed hashes and random bytes, by libcrypto; one fast 64-bit hash for indexes. Any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MD_SHA256_SIZE = 32 };

void md_sha256(const void *data, size_t len, uint8_t out[static MD_SHA256_SIZE]);
void md_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static MD_SHA256_SIZE]);

// Incremental SHA-256 for several parts. new returns NULL when out of memory; finish frees.
typedef struct md_sha256_state md_sha256_state;
md_sha256_state *md_sha256_new(void);
void md_sha256_update(md_sha256_state *state, const void *data, size_t len);
void md_sha256_finish(md_sha256_state *state, uint8_t out[static MD_SHA256_SIZE]);

// A 64-bit hash with good avalanche (SipHash-1-3, Aumasson and Bernstein 2012), stable across machines and releases,
// keyed by `seed`: indexes on disk are built on it. Chain parts by passing the result as the next seed.
uint64_t md_hash64(uint64_t seed, const void *data, size_t len);

// Cryptographic random bytes; ends the process if the system has none to give.
void md_random_bytes(void *out, size_t len);

// Lower-case hex; `out` holds 2 * len + 1 bytes.
void md_hex(const void *data, size_t len, char *out);
// Reads exactly 2 * len hex digits (either case); false otherwise.
bool md_unhex(const char *text, size_t text_len, void *out, size_t len);
// Base64 (RFC 4648, with padding), without line breaks. `out` holds 4 * ((len + 2) / 3) + 1 bytes. Returns the length.
size_t md_base64(const void *data, size_t len, char *out);
size_t md_base64url(const void *data, size_t len, char *out); // without padding
// Reads base64url without padding, as md_base64url writes it and in no other form; `out` holds len * 3 / 4 bytes.
bool md_unbase64url(const char *text, size_t len, void *out, size_t *out_len);
// Constant time in the contents.
bool md_equal_secret(const void *a, const void *b, size_t len);
