// SPDX-License-Identifier: Apache-2.0
// The table of schedules: when each moment that starts by the clock does so next (T7). One thread a store.
#pragma once
#include "store/store.h"

// Strings are borrowed from the arena they were read with.
typedef struct md_schedule_row {
  const char *moment, *expression, *zone;
  md_micros due_at;
} md_schedule_row;

// Adds one; one that is there already keeps its time, so that what was missed is still known.
int md_schedules_add(md_store *store, const md_schedule_row *row, md_error *err);
int md_schedules_set_due(md_store *store, const md_schedule_row *row, md_error *err);
int md_schedules_remove(md_store *store, const md_schedule_row *row, md_error *err);
// The earliest with due_at <= until. MD_ENOTFOUND when none.
int md_schedules_next_due(md_store *store, md_micros until, md_arena *arena, md_schedule_row *out, md_error *err);
md_micros md_schedules_due_at(md_store *store); // 0 when there is none
// Of one moment, or of all (NULL); `each` non-zero stops.
int md_schedules_list(md_store *store, const char *moment, int (*each)(void *context, const md_schedule_row *row),
                      void *context, md_error *err);
