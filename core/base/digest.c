// SPDX-License-Identifier: Apache-2.0
// Digests, keyed hashes, random bytes and their text forms, over libcrypto, with an own SipHash. Any thread.
#include "base/digest.h"
#include "base/alloc.h"
#include "base/assert.h"
#include <endian.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

struct md_sha256_state {
  EVP_MD_CTX *context;
};

// Fetched once: EVP_sha256() would look the algorithm up at every use.
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void) {
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  md_require(sha256 != NULL);
}

static const EVP_MD *sha256_method(void) {
  pthread_once(&sha256_once, fetch_sha256);
  return sha256;
}

void md_sha256(const void *data, size_t len, uint8_t out[static MD_SHA256_SIZE]) {
  md_require(EVP_Digest(data, len, out, NULL, sha256_method(), NULL) == 1);
}

void md_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static MD_SHA256_SIZE]) {
  md_require(key_len <= INT_MAX);
  // libcrypto reads a NULL key as "the key of before".
  md_require(HMAC(sha256_method(), key_len ? key : "", (int)key_len, data, len, out, NULL) != NULL);
}

md_sha256_state *md_sha256_new(void) {
  md_sha256_state *state = md_alloc(sizeof *state);
  if (!state) return NULL;
  state->context = EVP_MD_CTX_new();
  if (!state->context || EVP_DigestInit_ex2(state->context, sha256_method(), NULL) != 1) {
    EVP_MD_CTX_free(state->context);
    md_free(state);
    return NULL;
  }
  return state;
}

void md_sha256_update(md_sha256_state *state, const void *data, size_t len) {
  md_require(EVP_DigestUpdate(state->context, data, len) == 1);
}

void md_sha256_finish(md_sha256_state *state, uint8_t out[static MD_SHA256_SIZE]) {
  md_require(EVP_DigestFinal_ex(state->context, out, NULL) == 1);
  EVP_MD_CTX_free(state->context);
  md_free(state);
}

static uint64_t rotl(uint64_t word, int by) {
  return word << by | word >> (64 - by);
}

static void sip_round(uint64_t v[static 4]) {
  v[0] += v[1];
  v[1] = rotl(v[1], 13) ^ v[0];
  v[0] = rotl(v[0], 32);
  v[2] += v[3];
  v[3] = rotl(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotl(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotl(v[1], 17) ^ v[2];
  v[2] = rotl(v[2], 32);
}

static void sip_compress(uint64_t v[static 4], uint64_t word) {
  v[3] ^= word;
  sip_round(v);
  v[0] ^= word;
}

// SipHash-1-3 (Aumasson and Bernstein 2012, section 2) with the key halves k0 = seed, k1 = 0.
uint64_t md_hash64(uint64_t seed, const void *data, size_t len) {
  const uint8_t *bytes = data;
  uint64_t v[4] = {seed ^ 0x736f6d6570736575, 0x646f72616e646f6d, seed ^ 0x6c7967656e657261, 0x7465646279746573};
  size_t whole = len & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    sip_compress(v, le64toh(word));
  }
  uint64_t last = (uint64_t)len << 56;
  for (size_t i = whole; i < len; i++)
    last |= (uint64_t)bytes[i] << 8 * (i - whole);
  sip_compress(v, last);
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++)
    sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void md_random_bytes(void *out, size_t len) {
  md_require(len <= INT_MAX);
  md_require(RAND_bytes(out, (int)len) == 1);
}

void md_hex(const void *data, size_t len, char *out) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t *bytes = data;
  for (size_t i = 0; i < len; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

bool md_unhex(const char *text, size_t text_len, void *out, size_t len) {
  if (text_len % 2 != 0 || text_len / 2 != len) return false;
  uint8_t *bytes = out;
  for (size_t i = 0; i < len; i++) {
    int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static size_t base64(const char alphabet[static 64], bool padded, const uint8_t *bytes, size_t len, char *out) {
  char *to = out;
  for (size_t i = 0; i < len; i += 3) {
    size_t left = len - i;
    uint32_t group = (uint32_t)bytes[i] << 16;
    if (left > 1) group |= (uint32_t)bytes[i + 1] << 8;
    if (left > 2) group |= bytes[i + 2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    if (left > 1 || padded) *to++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
    if (left > 2 || padded) *to++ = left > 2 ? alphabet[group & 63] : '=';
  }
  *to = '\0';
  return (size_t)(to - out);
}

size_t md_base64(const void *data, size_t len, char *out) {
  return base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true, data, len, out);
}

size_t md_base64url(const void *data, size_t len, char *out) {
  return base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false, data, len, out);
}

static int base64url_value(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  return digit == '-' ? 62 : digit == '_' ? 63 : -1;
}

bool md_unbase64url(const char *text, size_t len, void *out, size_t *out_len) {
  uint8_t *to = out;
  uint32_t bits = 0;
  int count = 0;
  if (len % 4 == 1) return false;
  for (size_t i = 0; i < len; i++) {
    int value = base64url_value(text[i]);
    if (value < 0) return false;
    bits = bits << 6 | (uint32_t)value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *to++ = (uint8_t)(bits >> count);
    bits &= (1U << count) - 1;
  }
  *out_len = (size_t)(to - (uint8_t *)out);
  return bits == 0; // what is left over was written as zeros
}

bool md_equal_secret(const void *a, const void *b, size_t len) {
  return CRYPTO_memcmp(a, b, len) == 0;
}
