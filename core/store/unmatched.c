// SPDX-License-Identifier: Apache-2.0
// The tables of triggers that started nothing, and of incidents.
#include "store/events.h"
#include "store/internal.h"

static const char insert_unmatched[] =
    "INSERT INTO unmatched(event, at, moment, reason, detail) VALUES(?1, ?2, ?3, ?4, ?5)";

int md_unmatched_insert(md_store *store, int64_t seq, const char *moment, const char *reason, const char *detail,
                        md_micros at, md_error *err) {
  return md_statement_run(store, err, insert_unmatched, "iittt", seq, at, moment, reason, detail);
}

static const char list_unmatched[] =
    "SELECT u.id, u.event, u.at, e.id, e.type, u.moment, u.reason, u.detail FROM unmatched u"
    " LEFT JOIN events e ON e.seq = u.event ORDER BY u.id DESC LIMIT ?1";
static const char list_unmatched_of[] =
    "SELECT u.id, u.event, u.at, e.id, e.type, u.moment, u.reason, u.detail FROM unmatched u"
    " LEFT JOIN events e ON e.seq = u.event WHERE u.event = ?2 ORDER BY u.id DESC LIMIT ?1";

static int read_unmatched(md_row *row, md_unmatched *out, md_error *err) {
  out->id = md_row_int(row, 0);
  out->event_seq = md_row_int(row, 1);
  out->at = md_row_int(row, 2);
  out->event_id = md_row_text(row, 3);
  out->type = md_row_text(row, 4);
  out->moment = md_row_text(row, 5);
  out->reason = md_row_text(row, 6);
  out->detail = md_row_text(row, 7);
  return md_row_result(row, err);
}

static int open_unmatched(md_store *store, md_row *row, int64_t event_seq, int limit, md_error *err) {
  limit = limit > 0 ? limit : -1;
  if (!event_seq) return md_statement_open(store, &row->stmt, err, list_unmatched, "d", limit);
  return md_statement_open(store, &row->stmt, err, list_unmatched_of, "di", limit, event_seq);
}

static int read_all(md_store *store, md_row *row, int (*each)(void *context, const md_unmatched *row), void *context,
                    md_error *err) {
  md_unmatched unmatched;
  int code;
  while ((code = md_statement_step(store, row->stmt, err)) == 1) {
    code = read_unmatched(row, &unmatched, err);
    if (code || (code = each(context, &unmatched))) break;
  }
  md_statement_close(row->stmt);
  return code;
}

int md_unmatched_list(md_store *store, int64_t event_seq, int limit,
                      int (*each)(void *context, const md_unmatched *row), void *context, md_error *err) {
  md_row row = {0};
  int code = open_unmatched(store, &row, event_seq, limit, err);
  return code ? code : read_all(store, &row, each, context, err);
}

static const char list_unmatched_after[] =
    "SELECT u.id, u.event, u.at, e.id, e.type, u.moment, u.reason, u.detail FROM unmatched u"
    " LEFT JOIN events e ON e.seq = u.event WHERE u.id > ?1 ORDER BY u.id LIMIT ?2";

int md_unmatched_after(md_store *store, int64_t after, int limit, int (*each)(void *context, const md_unmatched *row),
                       void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_unmatched_after, "id", after, limit);
  return code ? code : read_all(store, &row, each, context, err);
}

static const char insert_incident[] = "INSERT INTO incidents(at, event, run, kind, detail) VALUES(?1, ?2, ?3, ?4, ?5)";

int md_incidents_insert(md_store *store, const char *kind, int64_t event_seq, int64_t run, const char *detail,
                        md_micros at, md_error *err) {
  return md_statement_run(store, err, insert_incident, "iiitt", at, event_seq, run, kind, detail);
}

static const char list_incidents[] = "SELECT id, at, event, run, kind, detail FROM incidents ORDER BY id DESC LIMIT ?1";

static int read_incident(md_row *row, md_incident *out, md_error *err) {
  out->id = md_row_int(row, 0);
  out->at = md_row_int(row, 1);
  out->event_seq = md_row_int(row, 2);
  out->run = md_row_int(row, 3);
  out->kind = md_row_text(row, 4);
  out->detail = md_row_text(row, 5);
  return md_row_result(row, err);
}

int md_incidents_list(md_store *store, int limit, int (*each)(void *context, const md_incident *row), void *context,
                      md_error *err) {
  md_row row = {0};
  md_incident incident;
  int code = md_statement_open(store, &row.stmt, err, list_incidents, "d", limit > 0 ? limit : -1);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = read_incident(&row, &incident, err);
    if (code || (code = each(context, &incident))) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char count_incidents[] = "SELECT kind, COUNT(*) FROM incidents GROUP BY kind ORDER BY kind";

int md_incidents_count(md_store *store, int (*each)(void *context, const char *kind, int64_t count), void *context,
                       md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, count_incidents, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = each(context, md_row_text(&row, 0), md_row_int(&row, 1));
    if (code || (code = md_row_result(&row, err))) break;
  }
  md_statement_close(row.stmt);
  return code;
}
