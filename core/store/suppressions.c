// SPDX-License-Identifier: Apache-2.0
// The table of suppressions: rows are added, none is ever changed.
#include "store/suppressions.h"
#include "base/digest.h"
#include "store/internal.h"
#include <ctype.h>
#include <string.h>

enum { ADDRESS_BYTES = 320 };

void md_address_key(const md_master_key *key, uint8_t out[static 32]) {
  md_master_key_derive(key, "address hashes", out);
}

void md_address_hash(const uint8_t key[static 32], const char *address, uint8_t out[static MD_ADDRESS_HASH_SIZE]) {
  uint8_t whole[MD_SHA256_SIZE];
  char lower[ADDRESS_BYTES];
  size_t len = 0;
  for (; address[len] && len < sizeof lower; len++)
    lower[len] = (char)tolower((unsigned char)address[len]);
  md_hmac_sha256(key, 32, lower, len, whole);
  memcpy(out, whole, MD_ADDRESS_HASH_SIZE);
}

#define COLUMNS "id, person, at, address, channel, purpose, reason, evidence"

static const char insert_suppression[] =
    "INSERT INTO suppressions(" COLUMNS ") VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)";

int md_suppressions_insert(md_store *store, const md_suppression *s, md_error *err) {
  return md_statement_run(store, err, insert_suppression, "iibtttt", s->person, s->at, s->address,
                          (size_t)(s->address ? MD_ADDRESS_HASH_SIZE : 0), s->channel, s->purpose, s->reason,
                          s->evidence);
}

static int read_suppression(md_row *row, md_suppression *out, md_error *err) {
  size_t len = 0;
  out->id = md_row_int(row, 0);
  out->person = md_row_int(row, 1);
  out->at = md_row_int(row, 2);
  out->address = md_row_blob(row, 3, &len);
  out->channel = md_row_text(row, 4);
  out->purpose = md_row_text(row, 5);
  out->reason = md_row_text(row, 6);
  out->evidence = md_row_text(row, 7);
  return md_row_result(row, err);
}

static int read_first(md_store *store, md_row *row, md_suppression *out, md_error *err) {
  int code = md_statement_step(store, row->stmt, err);
  if (code == 1)
    code = read_suppression(row, out, err);
  else if (code == 0)
    code = MD_ENOTFOUND;
  md_statement_close(row->stmt);
  return code;
}

#define CONCERNS                                                                                                       \
  "channel = ?2 AND purpose IN (?3, '*') AND (reason <> 'unsubscribe' OR at >= ?4) ORDER BY id DESC LIMIT 1"
static const char newest_of_address[] = "SELECT " COLUMNS " FROM suppressions WHERE address = ?1 AND " CONCERNS;

int md_suppressions_of_address(md_store *store, const uint8_t hash[static MD_ADDRESS_HASH_SIZE],
                               const md_suppression_query *query, md_arena *arena, md_suppression *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, newest_of_address, "btti", hash, (size_t)MD_ADDRESS_HASH_SIZE,
                               query->channel, query->purpose, query->consented_at);
  return code ? code : read_first(store, &row, out, err);
}

static const char newest_of_person[] =
    "SELECT " COLUMNS " FROM suppressions WHERE person > 0 AND person = ?1 AND " CONCERNS;

int md_suppressions_of_person(md_store *store, int64_t person, const md_suppression_query *query, md_arena *arena,
                              md_suppression *out, md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, newest_of_person, "itti", person, query->channel, query->purpose,
                               query->consented_at);
  return code ? code : read_first(store, &row, out, err);
}

static const char list_suppressions[] =
    "SELECT " COLUMNS " FROM suppressions WHERE person > 0 AND person = ?1 ORDER BY id";

int md_suppressions_list(md_store *store, int64_t person, int (*each)(void *context, const md_suppression *suppression),
                         void *context, md_error *err) {
  md_row row = {0};
  md_suppression suppression;
  int code = md_statement_open(store, &row.stmt, err, list_suppressions, "i", person);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_suppression(&row, &suppression, err);
    if (code || (code = each(context, &suppression))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
