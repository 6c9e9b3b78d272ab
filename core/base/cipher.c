// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM over libcrypto: nonce, text, tag. Any thread.
#include "base/cipher.h"
#include "base/digest.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>

static bool begin(EVP_CIPHER_CTX *context, bool seal, const uint8_t *key, const uint8_t *nonce, const void *bound,
                  size_t bound_len) {
  int done = 0;
  return EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, nonce, seal, NULL) == 1 &&
         (bound_len == 0 || EVP_CipherUpdate(context, NULL, &done, bound, (int)bound_len) == 1);
}

static bool pass(EVP_CIPHER_CTX *context, const void *from, size_t len, uint8_t *to) {
  int done = 0;
  return len == 0 || (EVP_CipherUpdate(context, to, &done, from, (int)len) == 1 && (size_t)done == len);
}

int md_cipher_seal(const uint8_t key[static MD_CIPHER_KEY], const void *bound, size_t bound_len, const void *text,
                   size_t len, uint8_t *out) {
  uint8_t *sealed = out + MD_CIPHER_NONCE;
  int done = 0;
  if (len > INT_MAX || bound_len > INT_MAX) return MD_ETOOBIG;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  md_random_bytes(out, MD_CIPHER_NONCE);
  bool good = context && begin(context, true, key, out, bound, bound_len) && pass(context, text, len, sealed) &&
              EVP_CipherFinal_ex(context, sealed + len, &done) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, MD_CIPHER_TAG, sealed + len) == 1;
  EVP_CIPHER_CTX_free(context);
  return good ? 0 : MD_ENOMEM; // nothing else can fail here
}

int md_cipher_open(const uint8_t key[static MD_CIPHER_KEY], const void *bound, size_t bound_len, const void *sealed,
                   size_t len, uint8_t *out) {
  const uint8_t *nonce = sealed, *from = nonce + MD_CIPHER_NONCE;
  uint8_t nothing[1];
  int done = 0;
  if (len < MD_CIPHER_EXTRA || len > INT_MAX || bound_len > INT_MAX) return MD_ECORRUPT;
  size_t text = len - MD_CIPHER_EXTRA;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (!context) return MD_ENOMEM;
  bool good = begin(context, false, key, nonce, bound, bound_len) && pass(context, from, text, out) &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, MD_CIPHER_TAG, (void *)(from + text)) == 1 &&
              EVP_CipherFinal_ex(context, text ? out + text : nothing, &done) == 1;
  EVP_CIPHER_CTX_free(context);
  if (!good) OPENSSL_cleanse(out, text);
  return good ? 0 : MD_ECORRUPT;
}
