// SPDX-License-Identifier: Apache-2.0
// The mark of live and virtual databases, as one setting.
#include "cli/usage_kind.h"
#include "store/events.h"
#include <string.h>

static const char setting[] = "time";

static int mark(md_store *store, const char *kind, md_error *err) {
  int code = md_store_begin(store, err);
  if (code) return code;
  code = md_settings_set(store, setting, kind, err);
  if (!code) return md_store_commit(store, err);
  md_store_rollback(store);
  return code;
}

static int compare(const char *kind, const char *wanted, md_error *err) {
  if (strcmp(kind, wanted) == 0) return 0;
  if (strcmp(wanted, "virtual") == 0)
    return md_error_set(err, MD_EDENIED,
                        "this database was live: virtual time needs one of its own, give another --db FILE");
  return md_error_set(err, MD_EDENIED,
                      "this database was run in virtual time: it cannot go live, give another --db FILE");
}

int md_usage_claim(md_store *store, bool in_virtual_time, md_error *err) {
  const char *kind = NULL, *wanted = in_virtual_time ? "virtual" : "live";
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  int code = md_settings_get(store, setting, arena, &kind, err);
  if (code == 0)
    code = compare(kind, wanted, err);
  else if (code == MD_ENOTFOUND && in_virtual_time && md_events_last_seq(store) > 0)
    code = compare("live", wanted, err);
  else if (code == MD_ENOTFOUND)
    code = mark(store, wanted, err);
  md_arena_free(arena);
  return code;
}
