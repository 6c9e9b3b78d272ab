// SPDX-License-Identifier: Apache-2.0
// The master key: where it comes from, how it is made, and what is derived from it.
#include "base/master_key.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREDENTIAL "/momentd.key"

enum { PURPOSE_MAX = 64 };

struct md_master_key {
  uint8_t secret[MD_MASTER_KEY_SIZE];
  char *path; // of its file, while that is still to be made; else NULL
};

// What a file may allow to whom. A credential's group bits are the mask of an access list that systemd sets for its
// user alone, below a directory that nobody else enters.
enum { MAY_FILE = 0077, MAY_CREDENTIAL = 0027 };

static int failed(const char *what, const char *path, md_error *err) {
  int number = errno;
  int code = number == ENOENT ? MD_ENOTFOUND : number == EACCES || number == ELOOP ? MD_EDENIED : MD_EIO;
  return md_error_set(err, code, "%s: the master key cannot be %s: %s", path, what, strerrordesc_np(number));
}

static int check_file(int fd, const char *path, mode_t forbidden, md_error *err) {
  struct stat about;
  if (fstat(fd, &about) != 0) return failed("read", path, err);
  if (!S_ISREG(about.st_mode)) return md_error_set(err, MD_EINVAL, "%s: the master key must be a regular file", path);
  if (about.st_uid != geteuid() && about.st_uid != 0)
    return md_error_set(err, MD_EDENIED,
                        "%s: the master key belongs to another user: chown it to the one that runs momentd", path);
  if (about.st_mode & forbidden)
    return md_error_set(err, MD_EDENIED, "%s: others may read or change the master key: chmod 600 it", path);
  if (about.st_size == MD_MASTER_KEY_SIZE) return 0;
  return md_error_set(err, MD_ECORRUPT,
                      "%s: a master key is exactly 32 random bytes, this file has %lld: restore the right one", path,
                      (long long)about.st_size);
}

static int read_file(const char *path, mode_t forbidden, md_master_key *key, md_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failed("read", path, err);
  int code = check_file(fd, path, forbidden, err);
  ssize_t got = 0;
  if (!code) got = read(fd, key->secret, sizeof key->secret);
  if (!code && got < 0) code = failed("read", path, err);
  if (!code && got != (ssize_t)sizeof key->secret)
    code = md_error_set(err, MD_EIO, "%s: the master key could not be read whole", path);
  close(fd);
  return code;
}

static int read_or_make(const char *path, md_master_key *key, md_error *err) {
  int code = read_file(path, MAY_FILE, key, err);
  if (code != MD_ENOTFOUND) return code;
  md_random_bytes(key->secret, sizeof key->secret);
  key->path = md_strdup(path);
  return key->path ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static char *join(const char *a, const char *b) {
  size_t len = strlen(a) + strlen(b) + 1;
  char *path = md_alloc(len);
  if (path) snprintf(path, len, "%s%s", a, b);
  return path;
}

static int read_named(const char *before, const char *after, bool credential, md_master_key *key, md_error *err) {
  char *path = join(before, after);
  if (!path) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = credential ? read_file(path, MAY_CREDENTIAL, key, err) : read_or_make(path, key, err);
  md_free(path);
  return code;
}

static int find(md_master_key *key, const char *db, const char *file, md_error *err) {
  const char *credentials = getenv("CREDENTIALS_DIRECTORY");
  if (file) return read_or_make(file, key, err);
  int code = MD_ENOTFOUND;
  if (credentials && credentials[0]) code = read_named(credentials, CREDENTIAL, true, key, err);
  return code == MD_ENOTFOUND ? read_named(db, ".key", false, key, err) : code;
}

int md_master_key_open(md_master_key **out, const char *db, const char *file, md_error *err) {
  md_master_key *key = md_alloc_zero(sizeof *key);
  *out = NULL;
  if (!key) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = find(key, db, file, err);
  if (code)
    md_master_key_free(key);
  else
    *out = key;
  return code;
}

int md_master_key_keep(const md_master_key *key, md_error *err) {
  if (!key->path) return 0;
  int code = md_file_create(key->path, key->secret, sizeof key->secret, 0600, err);
  if (code != MD_EEXISTS) return code;
  return md_error_set(err, MD_ECONFLICT, "%s: another process has just made this master key: start again", key->path);
}

int md_master_key_new(md_master_key **out, md_error *err) {
  *out = md_alloc_zero(sizeof **out);
  if (!*out) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_random_bytes((*out)->secret, sizeof(*out)->secret);
  return 0;
}

void md_master_key_free(md_master_key *key) {
  if (!key) return;
  md_free(key->path);
  OPENSSL_cleanse(key, sizeof *key);
  md_free(key);
}

// RFC 5869 with a salt of zeros; one block is all that is wanted, so expanding is one HMAC.
void md_master_key_derive(const md_master_key *key, const char *purpose, uint8_t out[static MD_MASTER_KEY_SIZE]) {
  static const uint8_t salt[MD_SHA256_SIZE];
  uint8_t extracted[MD_SHA256_SIZE];
  char info[PURPOSE_MAX + 1];
  int len = snprintf(info, sizeof info, "%s\x01", purpose); // the block's number, which is the first
  md_require(len < (int)sizeof info);
  md_hmac_sha256(salt, sizeof salt, key->secret, sizeof key->secret, extracted);
  md_hmac_sha256(extracted, sizeof extracted, info, (size_t)len, out);
  OPENSSL_cleanse(extracted, sizeof extracted);
}
