// SPDX-License-Identifier: Apache-2.0
// Somebody who looks on while scripts run. Called on the engine's thread, within the batch. Each may be NULL.
#pragma once
#include "engine/journal.h"
#include "store/runs.h"

typedef struct md_observer {
  void *context;
  // A step was added to the run's journal; whether its turn ends well is not known yet.
  void (*step)(void *context, const md_run *run, const md_entry *entry);
  // m:log, which is then not written to the log; the text is as the script said it.
  void (*said)(void *context, const md_run *run, const char *text, int line);
  // Each step of each replay, with its trace. `index` counts the run's steps from 0, over m:continue_as too.
  // An answer of MD_ANSWER_SUSPEND: the run waits for it, or stops there.
  void (*replayed)(void *context, const md_run *run, int index, const md_step *step, const md_answer *answer);
} md_observer;
