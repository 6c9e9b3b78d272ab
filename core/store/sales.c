// SPDX-License-Identifier: Apache-2.0
// The table of sales that may stand for consent.
#include "store/internal.h"
#include "store/suppressions.h"

static const char insert_sale[] = "INSERT INTO sales(person, event, at, address, order_id, products)"
                                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

int md_sales_insert(md_store *store, const md_sale *sale, md_error *err) {
  return md_statement_run(store, err, insert_sale, "iiibtt", sale->person, sale->event_seq, sale->at, sale->address,
                          (size_t)MD_ADDRESS_HASH_SIZE, sale->order_id, sale->products);
}

static const char list_sales[] =
    "SELECT id, person, event, at, address, order_id, products FROM sales WHERE person = ?1 ORDER BY id";

static int read_sale(md_row *row, md_sale *out, md_error *err) {
  size_t len = 0;
  out->id = md_row_int(row, 0);
  out->person = md_row_int(row, 1);
  out->event_seq = md_row_int(row, 2);
  out->at = md_row_int(row, 3);
  out->address = md_row_blob(row, 4, &len);
  out->order_id = md_row_text(row, 5);
  out->products = md_row_text(row, 6);
  return len == MD_ADDRESS_HASH_SIZE ? md_row_result(row, err)
                                     : md_error_set(err, MD_ECORRUPT, "sale %lld has no address", (long long)out->id);
}

int md_sales_list(md_store *store, int64_t person, int (*each)(void *context, const md_sale *sale), void *context,
                  md_error *err) {
  md_row row = {0};
  md_sale sale;
  int code = md_statement_open(store, &row.stmt, err, list_sales, "i", person);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_sale(&row, &sale, err);
    if (code || (code = each(context, &sale))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
