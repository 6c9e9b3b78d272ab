// SPDX-License-Identifier: Apache-2.0
// Tokens as text: KEY.PURPOSE.OBJECT.EXPIRY.MAC, the object and the MAC in base64url.
#include "base/token.h"
#include "base/digest.h"
#include <stdio.h>
#include <string.h>

enum { PARTS = 5, MAC_TEXT = 43 };

void md_token_ring_init(md_token_ring *ring, const char *purpose) {
  *ring = (md_token_ring){0};
  snprintf(ring->purpose, sizeof ring->purpose, "%s", purpose);
}

int md_token_ring_add(md_token_ring *ring, const md_master_key *key, md_error *err) {
  char name[MD_TOKEN_PURPOSE_SIZE + 8];
  uint8_t digest[MD_SHA256_SIZE];
  if (ring->count == MD_TOKEN_KEYS_MAX)
    return md_error_set(err, MD_ERANGE, "a ring has at most %d keys", MD_TOKEN_KEYS_MAX);
  md_token_key *added = &ring->keys[ring->count++];
  snprintf(name, sizeof name, "token %s", ring->purpose);
  md_master_key_derive(key, name, added->secret);
  md_sha256(added->secret, sizeof added->secret, digest);
  md_hex(digest, 4, added->id);
  return 0;
}

int md_token_write(const md_token_ring *ring, const void *object, size_t len, md_micros expires_at,
                   char out[static MD_TOKEN_SIZE], md_error *err) {
  char text[MD_TOKEN_OBJECT_MAX * 4 / 3 + 8];
  uint8_t mac[MD_SHA256_SIZE];
  if (ring->count == 0) return md_error_set(err, MD_EINVAL, "there is no key for tokens of %s", ring->purpose);
  if (len > MD_TOKEN_OBJECT_MAX)
    return md_error_set(err, MD_ETOOBIG, "the object of a token has at most %d bytes", MD_TOKEN_OBJECT_MAX);
  md_base64url(object, len, text);
  int used = snprintf(out, MD_TOKEN_SIZE, "%s.%s.%s.%lld", ring->keys[0].id, ring->purpose, text,
                      (long long)(expires_at / MD_SECOND));
  md_hmac_sha256(ring->keys[0].secret, sizeof ring->keys[0].secret, out, (size_t)used, mac);
  out[used++] = '.';
  md_base64url(mac, sizeof mac, out + used);
  return 0;
}

typedef struct part {
  const char *text;
  size_t len;
} part;

static bool split(const char *text, size_t len, part parts[static PARTS]) {
  int count = 0;
  const char *from = text, *end = text + len;
  for (const char *at = text; at <= end; at++) {
    if (at != end && *at != '.') continue;
    if (count == PARTS) return false;
    parts[count++] = (part){from, (size_t)(at - from)};
    from = at + 1;
  }
  return count == PARTS;
}

static bool is(const part *part, const char *text) {
  return part->len == strlen(text) && memcmp(part->text, text, part->len) == 0;
}

static const md_token_key *key_of(const md_token_ring *ring, const part *id) {
  for (int i = 0; i < ring->count; i++)
    if (is(id, ring->keys[i].id)) return &ring->keys[i];
  return NULL;
}

static bool is_genuine(const md_token_key *key, const char *text, const part *mac) {
  uint8_t wanted[MD_SHA256_SIZE], given[MD_SHA256_SIZE];
  size_t len = 0;
  if (mac->len != MAC_TEXT || !md_unbase64url(mac->text, mac->len, given, &len) || len != sizeof given) return false;
  md_hmac_sha256(key->secret, sizeof key->secret, text, (size_t)(mac->text - text) - 1, wanted);
  return md_equal_secret(wanted, given, sizeof wanted);
}

// Digits alone, as they were signed.
static md_micros expiry_of(const part *part) {
  md_micros seconds = 0;
  for (size_t i = 0; i < part->len && i < 12; i++)
    seconds = seconds * 10 + (part->text[i] - '0');
  return seconds * MD_SECOND;
}

int md_token_read(const md_token_ring *ring, const char *text, size_t len, md_micros now, void *object,
                  size_t *object_len, md_error *err) {
  part parts[PARTS];
  if (len >= MD_TOKEN_SIZE || !split(text, len, parts)) return md_error_set(err, MD_ESYNTAX, "that is no token");
  const md_token_key *key = is(&parts[1], ring->purpose) ? key_of(ring, &parts[0]) : NULL;
  if (!key || !is_genuine(key, text, &parts[4]))
    return md_error_set(err, MD_EDENIED, "the token is not one of ours for %s", ring->purpose);
  if (parts[2].len > MD_TOKEN_OBJECT_MAX * 4 / 3 + 2 ||
      !md_unbase64url(parts[2].text, parts[2].len, object, object_len))
    return md_error_set(err, MD_ESYNTAX, "the token holds no object");
  md_micros expires_at = expiry_of(&parts[3]);
  if (expires_at == 0 || now < expires_at) return 0;
  return md_error_set(err, MD_ETIMEOUT, "the token has expired");
}
