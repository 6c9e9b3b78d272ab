// SPDX-License-Identifier: Apache-2.0
// The table of offers: events that woke many runs, and the runs that they have still to be offered to (T8).
#include "store/internal.h"
#include "store/runs.h"

static const char put_offer[] = "INSERT OR REPLACE INTO offers(event, after, before) VALUES(?1, ?2, ?3)";
static const char delete_offer[] = "DELETE FROM offers WHERE event = ?1";

int md_offers_put(md_store *store, const md_offer *offer, md_error *err) {
  return md_statement_run(store, err, put_offer, "iii", offer->event_seq, offer->after, offer->before);
}

int md_offers_remove(md_store *store, int64_t event_seq, md_error *err) {
  return md_statement_run(store, err, delete_offer, "i", event_seq);
}

static const char select_offer[] = "SELECT event, after, before FROM offers WHERE event > 0 ORDER BY event LIMIT 1";

int md_offers_first(md_store *store, md_offer *out, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, select_offer, "");
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) *out = (md_offer){md_row_int(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2)};
  md_statement_close(row.stmt);
  return code == 1 ? 0 : code ? code : MD_ENOTFOUND;
}
