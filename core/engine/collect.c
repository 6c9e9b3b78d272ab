// SPDX-License-Identifier: Apache-2.0
// Collections: a burst of events as one answer (W5). What was gathered so far stands in the wait, so that each further
// event costs a row and no replay.
#include "base/pack.h"
#include "engine/sight.h"
#include <string.h>

enum { JUDGED_AT_ONCE = 256 };

bool md_collect_is_full(const md_wait *wait) {
  return wait->gathered >= wait->max || wait->bytes >= MD_COLLECT_BYTES;
}

static bool belongs(const md_wait *wait, const md_event *event) {
  return !md_collect_is_full(wait) && event->received_at <= md_wait_due(wait);
}

int md_collect_add(md_engine *engine, md_wait *wait, const md_event *event, md_error *err) {
  md_buffer seqs;
  if (!belongs(wait, event)) return 0;
  md_buffer_init(&seqs);
  md_buffer_append(&seqs, wait->seqs, wait->seqs_len);
  md_pack_uint(&seqs, (uint64_t)(event->seq - wait->last_seq));
  wait->seqs = md_buffer_ok(&seqs) ? md_arena_strndup(engine->arena, seqs.data, seqs.len) : NULL;
  wait->seqs_len = seqs.len;
  wait->gathered++;
  wait->last_seq = event->seq;
  wait->last_at = event->received_at;
  wait->bytes += event->data_text ? (int64_t)strlen(event->data_text) : 0;
  md_buffer_deinit(&seqs);
  return wait->seqs ? 0 : md_error_set(err, MD_ENOMEM, "out of memory while events were collected");
}

// Where the wait has a where: asks it about candidates, many in one replay.
static int add_judged(md_engine *engine, md_run *run, md_wait *wait, const md_event *events, int count, md_error *err) {
  int64_t seqs[JUDGED_AT_ONCE] = {0};
  bool accepted[JUDGED_AT_ONCE];
  for (int i = 0; i < count; i++)
    seqs[i] = events[i].seq;
  int rc = count ? md_judge(engine, run, wait, seqs, count, false, accepted, err) : 0;
  for (int i = 0; rc == 0 && i < count && run->state == MD_RUN_WAITING; i++)
    if (accepted[i]) rc = md_collect_add(engine, wait, &events[i], err);
  return rc;
}

static void forget(md_wait *wait) {
  wait->gathered = 0;
  wait->seqs = NULL;
  wait->seqs_len = 0;
  wait->last_seq = wait->last_at = wait->bytes = 0;
}

int md_collect_scan(md_engine *engine, md_run *run, md_wait *wait, md_error *err) {
  md_sight sight;
  md_event *events = md_arena_alloc(engine->arena, JUDGED_AT_ONCE * sizeof *events);
  if (!events) return md_error_set(err, MD_ENOMEM, "out of memory while events were collected");
  forget(wait);
  md_sight_of_wait(&sight, engine, run, wait);
  int rc = md_sight_open(&sight, err), count = 0;
  int64_t after = md_wait_start(run, wait);
  while (rc == 0 && run->state == MD_RUN_WAITING && !md_collect_is_full(wait)) {
    rc = md_sight_next(&sight, after, &events[count], err);
    if (rc) break;
    after = events[count].seq;
    if (!belongs(wait, &events[count])) break;
    if (!wait->where) {
      rc = md_collect_add(engine, wait, &events[0], err);
    } else if (++count == JUDGED_AT_ONCE) {
      rc = add_judged(engine, run, wait, events, count, err);
      count = 0;
    }
  }
  if (rc == MD_ENOTFOUND) rc = 0;
  return rc ? rc : add_judged(engine, run, wait, events, count, err);
}

int md_collect_keep(md_engine *engine, md_run *run, const md_wait *wait, md_error *err) {
  md_buffer packed;
  md_buffer_init(&packed);
  md_wait_pack(&packed, wait);
  run->wait = md_buffer_ok(&packed) ? md_arena_strndup(engine->arena, packed.data, packed.len) : NULL;
  run->wait_len = packed.len;
  run->due_at = md_wait_due(wait);
  md_buffer_deinit(&packed);
  if (!run->wait) return md_error_set(err, MD_ENOMEM, "out of memory while events were collected");
  return md_save_run(engine, run, err);
}

md_wait_answer md_collect_answer(const md_wait *wait) {
  return (md_wait_answer){
      .result = MD_RESULT_EVENTS, .count = wait->gathered, .seqs = wait->seqs, .seqs_len = wait->seqs_len};
}
