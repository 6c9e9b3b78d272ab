// SPDX-License-Identifier: Apache-2.0
// A send's own condition: not when something has happened lately, by the event's own time (M5, W6).
#include "base/duration.h"
#include "base/json.h"
#include "message/rule.h"

int md_rule_unless(const md_outbox_options *options, md_candidate *candidate, const md_run *run, const json_t *unless,
                   md_verdict *verdict, md_error *err) {
  bool seen = false;
  const char *past = unless ? md_json_text(unless, "past") : NULL;
  if (!past || !options->seen) return 0;
  char span[24];
  double within = json_number_value(json_object_get(unless, "within"));
  md_micros since = candidate->now - (md_micros)(within * (double)MD_SECOND);
  md_duration_format(candidate->now - since, span);
  int rc = options->seen(options->engine, run, past, since, &seen, err);
  if (rc || !seen) return rc;
  verdict->reason = "unless";
  verdict->detail = md_arena_printf(candidate->arena, "%s came within the last %s", past, span);
  return verdict->detail ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
