// SPDX-License-Identifier: Apache-2.0
// Counts of runs and messages by version.
#include "store/version_counts.h"
#include "store/internal.h"

// 3 is MD_RUN_DONE, 5 MD_RUN_CANCELLED.
static const char count_ends[] =
    "SELECT version, state, CASE state WHEN 3 THEN outcome WHEN 5 THEN reason END, count(*) FROM runs"
    " WHERE moment = ?1 GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3";

int md_version_ends(md_store *store, const char *moment, int (*each)(void *context, const md_version_end *row),
                    void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, count_ends, "t", moment);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    const md_version_end end = {md_row_int(&row, 0), (md_run_state)md_row_int(&row, 1), md_row_text(&row, 2),
                                md_row_int(&row, 3)};
    if ((code = each(context, &end)) != 0) break;
  }
  md_statement_close(row.stmt);
  return code;
}

static const char count_messages[] = "SELECT state, reason, count(*) FROM messages WHERE version = ?1"
                                     " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";

int md_version_messages(md_store *store, int64_t version, int (*each)(void *context, const md_version_sent *row),
                        void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, count_messages, "i", version);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    const md_version_sent sent = {(md_message_state)md_row_int(&row, 0), md_row_text(&row, 1), md_row_int(&row, 2)};
    if ((code = each(context, &sent)) != 0) break;
  }
  md_statement_close(row.stmt);
  return code;
}

// Accepted, delivered, bounced or complained of (3 to 6); what shadow delivery kept went to nobody.
static const char list_runs[] =
    "SELECT r.id, r.person, r.trigger, e.time, (SELECT min(m.final_at) FROM messages m WHERE m.run = r.id AND m.state"
    " BETWEEN 3 AND 6 AND m.internal = 0 AND coalesce(m.reason, '') <> 'shadow') FROM runs r JOIN events e ON"
    " e.seq = r.trigger WHERE r.version = ?1 AND r.person > 0 AND r.started_at > 0";

int md_version_runs(md_store *store, int64_t version, int (*each)(void *context, const md_version_run *row),
                    void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, list_runs, "i", version);
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    const md_version_run run = {md_row_int(&row, 0), md_row_int(&row, 1), md_row_int(&row, 2), md_row_int(&row, 3),
                                md_row_int(&row, 4)};
    if ((code = each(context, &run)) != 0) break;
  }
  md_statement_close(row.stmt);
  return code;
}
