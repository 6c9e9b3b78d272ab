// SPDX-License-Identifier: Apache-2.0
// A moment's own limit: how many of its runs message one person within a time (M5).
#include "base/duration.h"
#include "base/timestamp.h"
#include "message/rule.h"
#include "message/window.h"

// Other runs than the candidate's own.
static int read_window(const md_candidate *candidate, const md_send *send, md_window *out, md_error *err) {
  md_history history;
  md_micros at = candidate->message->due_at;
  md_history_filter filter = {
      .moment = candidate->message->moment, .since = at - send->limit_per, .until = at + send->limit_per};
  int rc = md_history_read(candidate, &filter, &history, err);
  if (rc) return rc;
  md_window_item *items = md_arena_alloc(candidate->arena, ((size_t)history.count + 1) * sizeof *items);
  if (!items) return md_error_set(err, MD_ENOMEM, "out of memory");
  *out = (md_window){.items = items, .span = send->limit_per, .most = send->limit_runs};
  for (int i = 0; i < history.count; i++)
    if (history.items[i].run != candidate->message->run)
      items[out->count++] = (md_window_item){.at = history.items[i].at, .group = history.items[i].run};
  md_window_sort(items, out->count);
  return 0;
}

int md_rule_limit(md_candidate *candidate, const md_send *send, md_verdict *verdict, md_error *err) {
  const md_message *message = candidate->message;
  md_window window;
  char when[32], per[24];
  if (send->limit_runs <= 0 || send->limit_per <= 0 || message->person == 0 || message->internal) return 0;
  int rc = read_window(candidate, send, &window, err);
  if (rc || md_window_fits(&window, message->due_at)) return rc;
  verdict->again_at = md_window_next(&window, message->due_at);
  rc = md_quiet_until(candidate, verdict->again_at, &verdict->again_at, err);
  if (rc) return rc;
  md_timestamp_format(verdict->again_at, when);
  verdict->reason = "limit";
  md_duration_format(send->limit_per, per);
  verdict->detail =
      md_arena_printf(candidate->arena, "the limit is %d of the moment's runs a person within %s; the next may at %s",
                      send->limit_runs, per, when);
  return verdict->detail ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
