// SPDX-License-Identifier: Apache-2.0
// The tables of suppressions (who wants no more of what) and of sales (that may stand for consent). Addresses are kept
// as keyed hashes only, so that both outlive an erasure. One thread a store.
#pragma once
#include "base/master_key.h"
#include "store/people.h"

enum { MD_ADDRESS_HASH_SIZE = 16 };

// The key of the hashes: an installation has one, outside the database. The same for engine and messages.
void md_address_key(const md_master_key *key, uint8_t out[static 32]);
// The keyed hash of an address, upper and lower case being one. Pure.
void md_address_hash(const uint8_t key[static 32], const char *address, uint8_t out[static MD_ADDRESS_HASH_SIZE]);

typedef struct md_suppression {
  int64_t id, person; // 0: of the address alone
  md_micros at;
  const uint8_t *address;        // MD_ADDRESS_HASH_SIZE bytes, or NULL
  const char *channel;           // email, sms, push
  const char *purpose;           // marketing, feedback, or "*" for all
  const char *reason, *evidence; // unsubscribe …; how it came about, or NULL
} md_suppression;

int md_suppressions_insert(md_store *store, const md_suppression *suppression, md_error *err);
// The newest that concerns this channel and purpose; one by unsubscribe only when it is not older than `consented_at`
// (0: there is no consent), which lifts it. MD_ENOTFOUND.
typedef struct md_suppression_query {
  const char *channel, *purpose;
  md_micros consented_at;
} md_suppression_query;
int md_suppressions_of_address(md_store *store, const uint8_t hash[static MD_ADDRESS_HASH_SIZE],
                               const md_suppression_query *query, md_arena *arena, md_suppression *out, md_error *err);
int md_suppressions_of_person(md_store *store, int64_t person, const md_suppression_query *query, md_arena *arena,
                              md_suppression *out, md_error *err);
int md_suppressions_list(md_store *store, int64_t person, int (*each)(void *context, const md_suppression *suppression),
                         void *context,
                         md_error *err); // oldest first

// A sale at which the customer gave an address and could refuse mail without cost.
typedef struct md_sale {
  int64_t id, person, event_seq;
  md_micros at;
  const uint8_t *address; // MD_ADDRESS_HASH_SIZE bytes
  const char *order_id, *products;
} md_sale;

int md_sales_insert(md_store *store, const md_sale *sale, md_error *err);
int md_sales_list(md_store *store, int64_t person, int (*each)(void *context, const md_sale *sale), void *context,
                  md_error *err); // oldest first
