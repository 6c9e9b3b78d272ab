// SPDX-License-Identifier: Apache-2.0
// What the files of the engine share: its state, and one function a stage of an event's way. Private to engine/.
#pragma once
#include "engine/engine.h"
#include "engine/journal.h"
#include "engine/quarantine.h"
#include "engine/rate.h"
#include "engine/retention.h"
#include "engine/strikes.h"
#include "engine/timekeeper.h"
#include "engine/unplanned.h"
#include "engine/vm_cache.h"
#include "engine/wait.h"
#include "script/experiment.h"
#include "script/plan.h"
#include "script/vm.h"
#include "store/people.h"

enum {
  MD_BATCH_ITEMS = 256,
  MD_TURNS_PER_BATCH = 64,
  MD_EMIT_DEPTH = 16,
  MD_QUEUE_PER_KEY = 100,
  MD_STEPS_MAX = 10000,
  MD_JOINED_MAX = 16 // by one event
};
#define MD_HEAVY_BUDGET 10000000 // S3
#define MD_BATCH_SPAN (20 * (MD_SECOND / 1000))

// A version that can run: its files (in an arena of its own) and, when it was needed, its VM.
typedef struct md_loaded {
  int64_t version;
  char digest[65];
  md_arena *arena;
  const char *moment;
  md_source source;
  md_version_file *files; // the same, as the messenger wants them
  md_vm *vm;
  md_plan *plan;                   // its part of the plan, read with the VM; NULL where it has none
  const md_definition *definition; // once it has had a VM; stays when that goes
  uint64_t used;                   // by the cache's clock
  int pins;                        // while they are not 0 its VM stays
  struct md_loaded *next;
} md_loaded;

// A moment that takes new runs.
typedef struct md_moment {
  char *name;
  md_loaded *live;
  bool paused; // its triggers are kept until it is resumed
} md_moment;

struct md_engine {
  md_engine_options options;
  md_store *store;
  md_queue *inbox;
  md_submission *carried; // taken from the inbox, left for the next batch
  md_plan *plan;
  md_plan *older_plan;         // of versions without a part of one; NULL where there is none
  bool older_plan_read;        // it was looked for
  bool plan_taken;             // it is no default: a script tree or the database had it
  bool taken_up;               // what was live when the process before ended has been looked for
  char plan_digest[65];        // of its text; "" for the default
  char experiments_digest[65]; // of their files
  md_experiments *experiments; // NULL before the first load
  md_moment *moments;          // sorted by name
  int moment_count;
  md_loaded *loaded;
  md_vm_cache vms;
  md_timekeeper timekeeper;
  md_arena *arena;               // of the batch
  md_micros now;                 // engine time of the batch
  const md_event *current;       // the event being processed, or NULL
  const char *request;           // that brought the event being taken, or NULL
  int64_t current_runs;          // runs with a higher id were started by it
  struct md_emission *emitted;   // by the turns of this batch, newest first
  int64_t last_event;            // seq of the newest event
  struct md_call_attempt *calls; // all there are
  md_queue *calls_back;          // those that came back, from any thread
  bool calls_recovered;          // what the last process left attempting is queued again
  bool pending;                  // there may be emitted events to process
  bool offering;                 // there may be events that are still to be offered to runs (T8)
  md_key linked[MD_KEYS_MAX];    // things of which the event being taken told what they belong to, late (P4)
  int linked_count;
  bool rehearsing; // R4: turns are only tried, and nothing of them is kept
  bool heavy;      // there may be runs that wait for their larger budget (S3)
  bool ready;
  int64_t joined[MD_JOINED_MAX]; // persons whom the event being taken has joined (P3)
  int joined_count;
  md_rate rate;            // T4
  uint8_t address_key[32]; // of the hashes of addresses; zeros without a master key
  md_held held;            // S5, S6
  md_strikes strikes;      // S6
  md_unplanned unplanned;
  int64_t drift;
  struct {
    int64_t *owners; // whose keys go after this batch's commit, in the batch's arena
    int count;
    int64_t cursor; // where the last look at the keys ended
    md_micros looked;
  } unneeded;                // X1
  md_micros schedule_due;    // of the earliest schedule, 0: none; while it is known
  bool schedule_known;       // else it is read again
  md_micros schedules_until; // no schedule fires later; 0: no bound
  md_retention retention;    // R7
  md_micros swept;           // when parked runs were last looked at
};

// people.c: finds or makes the event's person (P1, P2); fills event->person (canonical).
int md_identify(md_engine *engine, md_event *event, md_error *err);
// Whether two persons (0: unknown) are one, following aliases.
int md_same_person(md_engine *engine, int64_t a, int64_t b, bool *same, md_error *err);

// join.c: P3. What a canonical person, with all rows joined to it, has: the value of the first strong kind (or NULL),
// any strong one.
int md_strong_of(md_engine *engine, int64_t person, const char **first, bool *any, md_error *err);
// Two canonical persons become one, the older, who ends up in *a. `because`: an event's seq, or 0.
int md_join(md_engine *engine, int64_t *a, int64_t b, int64_t because, md_error *err);
// Open waits of those that were joined are offered both sides' events since their triggers.
int md_join_offer(md_engine *engine, md_error *err);

// things.c: finds what the event is about (P4); fills event->keys, and the person where only a thing leads to one.
int md_relate(md_engine *engine, md_event *event, md_error *err);
// The things above `key`, nearest first, as far as is known; the person at the end in *person.
int md_ancestors(md_engine *engine, md_key key, md_key *out, int *count, int64_t *person, md_error *err);

// profile.c: profiles and consent (P7, R8). The flat table of a person, in the batch's arena.
int md_profile_read(md_engine *engine, int64_t person, json_t **out, md_error *err);
int md_profile_update(md_engine *engine, int64_t person, const json_t *changes, md_error *err);
// Carries out profile.updated, consent.given and consent.withdrawn.
int md_profile_event(md_engine *engine, const md_event *event, md_error *err);

// take.c: takes one event whole: duplicate check, person, things, storage, triggers and waits (T1, W1).
int md_take_event(md_engine *engine, md_event *event, md_event_status *status, md_error *err);
// Processes a stored event: built-in acts, triggers, waits.
int md_process_event(md_engine *engine, md_event *event, md_error *err);

// trigger.c: T1, T3: which moments it starts.
int md_trigger(md_engine *engine, const md_event *event, md_error *err);
int md_trigger_moment(md_engine *engine, const md_event *event, md_moment *moment, md_error *err);
// redrive.c: a stored event is a trigger once more.
int md_trigger_again(md_engine *engine, md_moment *moment, int64_t seq, md_error *err);
// The key of an ended run is free: the next queued one starts (T3), unless the moment is paused.
int md_trigger_next(md_engine *engine, const md_run *ended, md_error *err);

// many_runs.c: whether the share that was begun at `started` (monotonic) is to end here.
struct md_share;
bool md_share_is_over(const md_engine *engine, const struct md_share *share, md_micros started);

// alarm.c: S5, S6: an event of the host about a moment, of nobody; `data` NULL is MD_ENOMEM. A run without `about` that
// it starts is about that moment.
#define MD_HOST_SOURCE "/momentd"
#define MD_ABOUT_MOMENT "moment"
int md_alarm(md_engine *engine, const char *type, const char *moment, int64_t version, const json_t *data,
             md_error *err);
bool md_alarm_is(const md_event *event);

// schedule.c: T7. What such a run is about: its schedule, as a kind of its own.
#define MD_ABOUT_SCHEDULE "schedule"
int md_trigger_scheduled(md_engine *engine, const md_event *event, md_moment *moment, md_key about, md_error *err);
// Makes the rows of a moment those of its definition (NULL: none).
int md_schedules_sync(md_engine *engine, const char *moment, const md_definition *definition, md_error *err);
// A trigger that failed is tried again, if the event is a schedule's.
int md_schedule_again(md_engine *engine, const md_event *event, md_moment *moment, bool *scheduled, md_error *err);
// When the earliest fires; 0: none.
md_micros md_schedule_due(md_engine *engine);
int md_fire_schedules(md_engine *engine, md_micros until, int *fired, md_error *err);

// resolve.c: the answers of open waits.
typedef struct md_wait_answer {
  md_result_kind result; // EVENT, EVENTS, TIMEOUT or, of a call, JSON; TRUE: a timeout that came too late (W7)
  int64_t event_seq;
  int depth;     // of the event; 0 for a timer
  int64_t count; // EVENTS
  const void *seqs;
  size_t seqs_len;
  bool late;
  const char *json; // JSON
} md_wait_answer;
// What answers the run's open wait by now, of what is stored (W1, W5). The run is changed where a collection has grown
// or a where has failed (then it is parked).
int md_find_answer(md_engine *engine, md_run *run, md_wait_answer *out, bool *found, md_error *err);
// The wait's time is over: its answer, or, with *skip, none at all: the run is cancelled (W7).
int md_run_out(md_engine *engine, md_run *run, md_wait_answer *out, bool *skip, md_error *err);
int md_fire_due(md_engine *engine, md_micros until, int limit, int *fired, md_error *err);

// offer.c: an event goes to the runs that wait for it (T8).
int md_offer_event(md_engine *engine, const md_event *event, md_error *err);
// Goes on with the oldest event that woke too many for one batch.
int md_process_offers(md_engine *engine, int *done, md_error *err);
// Whether events are stored that some runs have not been offered yet: then what comes next may not be their first.
static inline bool md_engine_is_behind(const md_engine *engine) {
  return engine->offering || engine->pending;
}

// late.c: what engine->linked says is carried out, before the event itself is processed.
int md_link_late(md_engine *engine, const md_event *event, md_error *err);

// collect.c: W5.
#define MD_COLLECT_BYTES ((int64_t)4 << 20)
enum { MD_COLLECT_MAX = 100 };
// Gathers anew, by definition, all that belongs to the run's open collection.
int md_collect_scan(md_engine *engine, md_run *run, md_wait *wait, md_error *err);
// Adds one more, if it still belongs.
int md_collect_add(md_engine *engine, md_wait *wait, const md_event *event, md_error *err);
// Whether nothing can come any more.
bool md_collect_is_full(const md_wait *wait);
// Keeps what the collection has so far in the run's row.
int md_collect_keep(md_engine *engine, md_run *run, const md_wait *wait, md_error *err);
md_wait_answer md_collect_answer(const md_wait *wait);

// judge.c: asks the open wait's where about events in a replay that is then discarded (W4). With `first` it stops at
// the first accepted. A where that fails parks the run.
int md_judge(md_engine *engine, md_run *run, const md_wait *wait, const int64_t *seqs, int count, bool first,
             bool *accepted, md_error *err);

// save.c: writes a run, a new one for the first time; nothing while a turn is only rehearsed.
int md_save_run(md_engine *engine, md_run *run, md_error *err);

// turn.c: runs one turn and applies what it did. `answer` NULL: the first turn; else the open wait's answer. Answers 0,
// a failure, or MD_TURN_CONTINUES: the run goes on at once with a first turn (R5).
enum { MD_TURN_CONTINUES = 1 };
int md_turn(md_engine *engine, md_run *run, const md_wait_answer *answer, int64_t budget, md_error *err);

// advance.c: turns one after the other, as long as what the run waits for is there already.
int md_advance(md_engine *engine, md_run *run, const md_wait_answer *answer, int64_t budget, md_error *err);
// Runs that wait for their larger budget or for their place in a batch, a few at a time.
int md_advance_queued(md_engine *engine, int *done, md_error *err);
// Cancels runs that were parked for 30 days, alarms a week before (R3).
int md_sweep_parked(md_engine *engine, md_error *err);

// emission.c: events that turns emit are stored at the end of the batch, so that they follow all that came in with it
// (T4).
typedef struct md_emission {
  md_event event;
  struct md_emission *before;
} md_emission;
int md_emit(md_engine *engine, const md_run *run, const char *type, const char *id, const char *data, int depth,
            md_error *err);
// The same about a person alone, from `source`: the host's own word.
int md_emit_about_person(md_engine *engine, int64_t person, const char *source, const char *type, const char *id,
                         const char *data, md_error *err);
// Whether this batch emits such an event already.
bool md_emission_find(const md_engine *engine, const char *source, const char *id);
int md_store_emitted(md_engine *engine, md_error *err);
int md_process_pending(md_engine *engine, int limit, int *done, md_error *err);

// view.c: an event as the scripts of a version see it: parsed, the time paths of its plan as seconds.
int md_view(md_engine *engine, const md_plan *plan, const md_event *event, md_event_view *out, md_error *err);

// versions.c
md_moment *md_moment_find(md_engine *engine, const char *name);
// The version of this row, from memory or from the database.
int md_loaded_get(md_engine *engine, int64_t version, md_loaded **out, md_error *err);
// Builds its VM, unless it has one. Any thread; the engine itself calls md_loaded_use.
int md_loaded_vm(md_loaded *loaded, md_error *err);
// Whether a code of md_loaded_vm says that the version itself is of no use: its runs are parked.
static inline bool md_is_fault_of_version(int code) {
  return code == MD_ESCRIPT || code == MD_ESYNTAX || code == MD_EBUDGET || code == MD_EUNSUPPORTED ||
         code == MD_ECORRUPT;
}
// version_plan.c: reads the version's part of the plan (MD_EUNSUPPORTED: in a newer momentd's format).
int md_loaded_read_plan(md_loaded *loaded, md_error *err);
// The plan that its runs see events through.
int md_loaded_plan(md_engine *engine, md_loaded *loaded, const md_plan **out, md_error *err);
// Whether retention (0: all is kept) keeps what its limit counts. The VM is there. Any thread.
int md_loaded_check_limit(const md_loaded *loaded, md_micros retention, md_error *err);
// Whether its copy can be used: MD_EINVAL with file and line when it cannot, MD_ENOMEM. The VM is there. Any thread.
int md_loaded_check_copy(const md_messenger *messenger, const md_loaded *loaded, md_arena *arena, md_error *err);
// Throws the VM away (S4).
void md_loaded_forget_vm(md_loaded *loaded);
void md_loaded_free_all(md_engine *engine);
