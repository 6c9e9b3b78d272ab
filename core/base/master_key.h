// SPDX-License-Identifier: Apache-2.0
// The master key of an installation: 32 random bytes that lie outside the database, and from which every other key is
// derived, one a purpose. It is never shown, logged or stored. Any thread; a key does not change once it is there.
#pragma once
#include "base/error.h"
#include <stdint.h>

enum { MD_MASTER_KEY_SIZE = 32 };

typedef struct md_master_key md_master_key;

// Reads the key of a database, the first of these that there is:
//   `file`                               where the setting key_file says so (may be NULL)
//   $CREDENTIALS_DIRECTORY/momentd.key   a credential given by systemd
//   <db>.key                             beside the database
// Without any the key is a new, random one, whose file md_master_key_keep makes. MD_EDENIED when others may read or
// change it, MD_ECORRUPT when it does not hold exactly 32 bytes. Returns owned.
int md_master_key_open(md_master_key **out, const char *db, const char *file, md_error *err);
// Makes the file of a new key, with mode 0600; one that was read needs nothing. To be called once it is known that the
// database goes with the key, and before anything is written with it. MD_ECONFLICT when another process was quicker.
int md_master_key_keep(const md_master_key *key, md_error *err);
// A random one that dies with the process: for databases in memory.
int md_master_key_new(md_master_key **out, md_error *err);
// Wipes it. NULL is allowed.
void md_master_key_free(md_master_key *key);

// The key of a purpose ("event keys", "unsubscribe tokens" …): HKDF-SHA256 (RFC 5869) with the purpose as info. The
// same for the same two; nothing about the master key or another purpose's key follows from it. Wipe it after use.
void md_master_key_derive(const md_master_key *key, const char *purpose, uint8_t out[static MD_MASTER_KEY_SIZE]);
