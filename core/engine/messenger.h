// SPDX-License-Identifier: Apache-2.0
// What the engine asks of the room of messages, as an interface: the message room fills it, the command line wires it.
#pragma once
#include "store/messages.h"
#include "store/runs.h"
#include "store/versions.h"

// A message of a turn that is not stored yet.
typedef struct md_outgoing {
  md_message message;
  struct md_outgoing *before;
} md_outgoing;

// One m:send, with everything that the decision needs. Borrowed for the call.
typedef struct md_send {
  const md_run *run;
  int step;
  const char *class_name; // of the moment
  md_micros limit_per;    // limit = { runs, per }: 0 without one
  int limit_runs;
  // template data channel variant locale to attach thread urgent send_at fallback_template unless { past, within }
  // max_lateness products, checked
  const json_t *args;
  const md_event *trigger;
  const char *const
      *address_email;            // the plan's address paths of the trigger's type for e-mail, NULL-terminated; or NULL
  const char *const *name_paths; // data paths that the plan types as `name`, NULL-terminated; or NULL
  json_t *profile;               // the person's flat profile; never NULL
  const md_version_file *files;  // of the run's pinned version
  int file_count;
  const md_outgoing *earlier; // what this turn sent before, newest first; or NULL
  md_micros now;
} md_send;

// A template that a moment declares or names in so many words, and where.
typedef struct md_named_template {
  const char *name, *file;
  int line;
  struct md_named_template *next;
} md_named_template;

// A version that is about to go live. Borrowed for the call.
typedef struct md_new_version {
  const char *moment;
  const md_version_file *files;
  int file_count;
  const md_named_template *templates; // in the order of the files; or NULL
} md_new_version;

typedef struct md_messenger {
  void *context;
  // Decides, dry-renders, and fills `out` (strings into `arena`): state queued or suppressed, reason, to, locale,
  // subject… Stores nothing: the engine inserts `out` when the turn is applied. Non-zero only for storage failures and
  // MD_ENOMEM.
  int (*decide)(void *context, md_store *store, const md_send *send, md_arena *arena, md_message *out, md_error *err);
  // Whether the version's copy can be used: every file of it can be read, every template has one. MD_EINVAL, `err` with
  // file and line: the version does not go live. MD_ENOMEM. NULL: copy is not looked at.
  int (*check_version)(void *context, const md_new_version *version, md_arena *arena, md_error *err);
  // Which of the version's files outside the moment's folder its copy uses: sets used[i]. `class_name` of the moment,
  // or NULL: it may be any. Any thread. MD_ENOMEM. NULL: all are used.
  int (*uses)(const md_new_version *version, const char *class_name, bool *used, md_arena *arena, md_error *err);
  // Called at the end of each batch, inside its transaction: claims queued messages that are due (writes `attempting`).
  int (*claim)(void *context, md_store *store, md_micros now, md_error *err);
  // When the next message can be handed over: 0 when none is queued or nobody is free to take one.
  md_micros (*due_at)(void *context, md_store *store);
  // Called after the commit: hands what was claimed to the courier. And after a rollback, to forget it.
  void (*committed)(void *context);
  void (*rolled_back)(void *context);
} md_messenger;
