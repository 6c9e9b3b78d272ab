// SPDX-License-Identifier: Apache-2.0
// The table of consents: each given or withdrawn one is a row, none is ever changed.
#include "store/internal.h"
#include "store/people.h"

const char *const md_consent_channels[] = {"email", "push", "sms", NULL};
const char *const md_consent_purposes[] = {"feedback", "marketing", "tracking", NULL};

static const char insert_consent[] =
    "INSERT INTO consents(person, event, at, given, channel, purpose, sender, products, text, source)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

int md_consents_insert(md_store *store, const md_consent *consent, md_error *err) {
  return md_statement_run(store, err, insert_consent, "iiidtttttt", consent->person, consent->event_seq, consent->at,
                          (int)consent->given, consent->channel, consent->purpose, consent->sender, consent->products,
                          consent->text, consent->source);
}

static const char list_consents[] = "SELECT id, person, event, at, given, channel, purpose, sender, products, text,"
                                    " source FROM consents WHERE person = ?1 ORDER BY id";

static int read_consent(md_row *row, md_consent *out, md_error *err) {
  out->id = md_row_int(row, 0);
  out->person = md_row_int(row, 1);
  out->event_seq = md_row_int(row, 2);
  out->at = md_row_int(row, 3);
  out->given = md_row_int(row, 4) != 0;
  out->channel = md_row_text(row, 5);
  out->purpose = md_row_text(row, 6);
  out->sender = md_row_text(row, 7);
  out->products = md_row_text(row, 8);
  out->text = md_row_text(row, 9);
  out->source = md_row_text(row, 10);
  return md_row_result(row, err);
}

int md_consents_list(md_store *store, int64_t person, int (*each)(void *context, const md_consent *row), void *context,
                     md_error *err) {
  md_row row = {0};
  md_consent consent;
  int code = md_statement_open(store, &row.stmt, err, list_consents, "i", person);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_consent(&row, &consent, err);
    if (code || (code = each(context, &consent))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
