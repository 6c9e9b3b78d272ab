// SPDX-License-Identifier: Apache-2.0
// Finds what a failed expectation has as its cause: a newest run that is parked, or none at all.
#include "cli/shop_cause.h"
#include "cli/rows.h"
#include <inttypes.h>

typedef struct search {
  md_shop *shop;
  const char *text;
  bool any;
} search;

static int take_run(void *context, const md_run *run) {
  search *at = context;
  at->any = true;
  if (run->state == MD_RUN_PARKED)
    at->text = md_arena_printf(at->shop->arena, "run %" PRId64 " is parked: %s", run->id,
                               run->reason ? run->reason : "no reason is known");
  return 0;
}

static int take_unmatched(void *context, const md_unmatched *row) {
  search *at = context;
  at->text = md_arena_printf(at->shop->arena, "no run was started: %s: %s%s%s", row->reason,
                             md_reason_text(row->reason), row->detail ? ": " : "", row->detail ? row->detail : "");
  return 0;
}

const char *md_shop_cause(md_shop *shop) {
  search at = {.shop = shop, .text = NULL};
  if (md_runs_list(shop->driver.store, &(md_run_filter){.limit = 1}, take_run, &at, NULL) || at.any) return at.text;
  if (md_unmatched_list(shop->driver.store, 0, 1, take_unmatched, &at, NULL) || at.text) return at.text;
  return "no run was started: nothing was sent that the moment starts on";
}
