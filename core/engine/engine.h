// SPDX-License-Identifier: Apache-2.0
// The engine: batches of turns over one store, driven by whoever owns its thread (the loop of the daemon, virtual time,
// the test runner). It owns the writing store and all Lua. Not thread-safe but for md_engine_inbox.
#pragma once
#include "base/master_key.h"
#include "engine/caller.h"
#include "engine/messenger.h"
#include "engine/meter.h"
#include "engine/observer.h"
#include "engine/submission.h"
#include "engine/watch.h"
#include "script/source.h"
#include "script/vm.h"
#include "store/unsubscribe.h"

#define MD_EVENT_IDS_REMEMBERED (90 * MD_DAY) // T5: no retention period is shorter

typedef struct md_engine md_engine;

typedef struct md_engine_options {
  md_store *store;                 // borrowed
  md_clock *clock;                 // borrowed
  const md_master_key *master_key; // borrowed: what addresses are hashed with; or NULL
  const md_messenger *messenger;   // borrowed: what m:send does
  const md_caller *caller;         // borrowed: what m:http does; NULL: there are no connections
  // Which arm (its index, or -1: none) somebody gets by the hash of seed and unit; NULL: there are no experiments.
  int (*assign)(const char *seed, double coverage, const double *weights, int count, const char *unit);
  // Of tests: the arm of this experiment (by name) that a person who has none gets; NULL, or it answers NULL: by
  // `assign`.
  const char *(*arm)(void *context, const char *experiment);
  void *arm_context;
  const md_meter *meter;       // borrowed: where m:count and m:observe go; NULL: nowhere
  md_micros trigger_age_max;   // default max_age; 0: one day
  size_t inbox_limit;          // submissions waiting; 0: 8192
  size_t vm_cache;             // bytes that the Lua states of versions take together; 0: 256 MiB
  void (*wake)(void *context); // called on any thread when the inbox turns non-empty; may be NULL
  void *wake_context;
  md_watch *watch;         // borrowed; S5, or NULL
  md_micros retention;     // R7: what is older is forgotten (90 days at least); 0: nothing is
  md_micros keep_versions; // R7: how long a version that nothing needs keeps its files after another took its place
  bool accept_clock;       // B3
  // P7: what a consent that names none is given to and for; NULL: "shop", "all".
  const char *consent_sender, *consent_products;
  const char *sale_event;      // whose events may stand for consent (md_sale), or NULL: none
  const md_observer *observer; // borrowed; or NULL
  bool verify;                 // replays every turn twice and compares the journals (tests)
} md_engine_options;

int md_engine_new(md_engine **out, const md_engine_options *options, md_error *err);
void md_engine_free(md_engine *engine);

// Loads plan and moments from a script tree: each moment's version is stored and becomes live; moments that are not in
// it any more take no new runs. A bad folder refuses its own new version (the old stays, that of the process before
// too), and so does one of which something could not be read; `problem` is told of each with file, line and text.
// Returns 0, or the code of a failure that concerns all. All on this thread, in a transaction of its own:
// engine/prepare.h does the same beside a running engine.
int md_engine_load(md_engine *engine, const md_source *source,
                   void (*problem)(void *context, const char *moment, const char *text), void *context, md_error *err);
// Goes on with what was live when the process before ended: plan, experiments, moments. md_engine_load does it too.
int md_engine_recover(md_engine *engine, void (*problem)(void *context, const char *moment, const char *text),
                      void *context, md_error *err);
// Whether any moment takes runs.
bool md_engine_has_moments(const md_engine *engine);

// R7, M5: whether what a moment's limit counts is kept that long (`retention` 0: for ever). MD_EINVAL names both
// values, and the line of moment.lua, whose text is `main`.
int md_limit_check(const md_definition *definition, const md_source_file *main, md_micros retention, md_error *err);

md_queue *md_engine_inbox(md_engine *engine);

// Takes what is in the inbox as one batch at engine time now: pending emitted events, waits due before it, events by
// sequence, waits due at it (unless `hold`: more events of this very instant follow), commits, answers. Returns the
// number of items done (0: nothing to do), or a negative code when the batch was rolled back.
int md_engine_batch(md_engine *engine, bool hold, md_error *err);
// Something was handed in that no batch has taken yet.
bool md_engine_is_asked(const md_engine *engine);
// When the next timer, message or schedule is due (0: none), so that the driver can sleep.
md_micros md_engine_next_due(md_engine *engine);
// The same without schedules: 0 when no wait and no send is left (B5).
md_micros md_engine_next_work(md_engine *engine);
// No schedule fires after `until` (0: no bound).
void md_engine_end_schedules(md_engine *engine, md_micros until);
// True while batches commit (readyz); any thread.
bool md_engine_ready(const md_engine *engine);
// The time of the last batch; it never goes back (B3).
md_micros md_engine_time(const md_engine *engine);
// Event types that came since the start though the plan declares others and not them; `nearest` is one of those, or
// NULL.
void md_engine_unplanned(const md_engine *engine,
                         void (*each)(void *context, const char *type, int64_t count, const char *nearest),
                         void *context);
md_store *md_engine_store(md_engine *engine);

// Any thread: an attempt comes back with its end filled in.
void md_engine_call_finished(md_engine *engine, md_call_attempt *attempt);

// Acts, for use inside md_submission.act (T9, R3).
int md_engine_cancel_run(md_engine *engine, int64_t id, const char *reason, md_error *err);
int md_engine_retry_run(md_engine *engine, int64_t id, md_error *err);
// The version that new runs of a moment take; MD_ENOTFOUND when it takes none.
int md_engine_live(md_engine *engine, const char *moment, int64_t *version, md_error *err);
// P3: makes two persons one (rows of people, resolved to whom they are joined to), or MD_ECONFLICT: they are one, or
// each has a value of the plan's first strong kind. And undoes the join that made `row` an alias: MD_ECONFLICT when it
// is none.
int md_engine_join_people(md_engine *engine, int64_t a, int64_t b, int64_t *canonical, md_error *err);
int md_engine_split_person(md_engine *engine, int64_t row, md_error *err);
// Takes the wall clock as right: held timers go on, and a wrong future of engine time is left (B3).
void md_engine_reset_clock(md_engine *engine);
// Whether an event of this type ("order.*" matches several), which the run may see, has its own time from `since` on;
// the run's trigger is left out (M5's unless).
int md_engine_seen_since(md_engine *engine, const md_run *run, const char *type, md_micros since, bool *seen,
                         md_error *err);
// Inside an act: suppresses the link's address and person, and emits consent.withdrawn. Once only, as long as the
// person does not consent anew.
#define MD_UNSUBSCRIBE_SOURCE "/unsubscribe"
int md_engine_unsubscribe(md_engine *engine, const md_unsubscribe *link, md_error *err);
// Stores an event made by the host itself (message.failed …) about a run's person and things, to be processed by a
// later batch (T4). `data` is canonical JSON.
int md_engine_emit_about_run(md_engine *engine, int64_t run, const char *type, const char *id, const char *data,
                             int depth, md_error *err);
