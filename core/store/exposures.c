// SPDX-License-Identifier: Apache-2.0
// Exposures, one a person and experiment.
#include "store/exposures.h"
#include "store/internal.h"

static const char insert_exposure[] = "INSERT INTO exposures(experiment, person, arm, moment, version, run, at)"
                                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(experiment, person) DO NOTHING";

int md_exposures_insert(md_store *store, const md_exposure *exposure, md_error *err) {
  return md_statement_run(store, err, insert_exposure, "tittiii", exposure->experiment, exposure->person, exposure->arm,
                          exposure->moment, exposure->version, exposure->run, exposure->at);
}

static const char select_exposure[] =
    "SELECT arm, moment, version, run, at FROM exposures WHERE experiment = ?1 AND person = ?2";

int md_exposures_get(md_store *store, const char *experiment, int64_t person, md_arena *arena, md_exposure *out,
                     md_error *err) {
  md_row row = {.arena = arena};
  int code = md_statement_open(store, &row.stmt, err, select_exposure, "ti", experiment, person);
  if (code) return code;
  code = md_statement_step(store, row.stmt, err);
  if (code == 1) {
    *out = (md_exposure){.experiment = experiment,
                         .person = person,
                         .arm = md_row_text(&row, 0),
                         .moment = md_row_text(&row, 1),
                         .version = md_row_int(&row, 2),
                         .run = md_row_int(&row, 3),
                         .at = md_row_int(&row, 4)};
    code = md_row_result(&row, err);
  } else if (code == 0) {
    code = md_error_set(err, MD_ENOTFOUND, "there is no such exposure");
  }
  md_statement_close(row.stmt);
  return code;
}

static const char count_exposures[] =
    "SELECT experiment, arm, count(*) FROM exposures GROUP BY experiment, arm ORDER BY experiment, arm";

int md_exposures_counts(md_store *store,
                        int (*each)(void *context, const char *experiment, const char *arm, int64_t count),
                        void *context, md_error *err) {
  md_row row = {0};
  int code = md_statement_open(store, &row.stmt, err, count_exposures, "");
  if (code) return code;
  while ((code = md_statement_step(store, row.stmt, err)) == 1) {
    code = each(context, md_row_text(&row, 0), md_row_text(&row, 1), md_row_int(&row, 2));
    if (code) break;
  }
  md_statement_close(row.stmt);
  return code;
}
