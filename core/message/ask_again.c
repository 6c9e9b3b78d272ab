// SPDX-License-Identifier: Apache-2.0
// The rules asked again when a message is due: a withdrawal holds for what is queued already (M5, M9, W7).
#include "base/timestamp.h"
#include "message/outbox_state.h"
#include "message/terms.h"
#include <string.h>

typedef struct asking {
  md_outbox *outbox;
  md_candidate candidate;
  md_terms terms;
  md_verdict verdict;
  md_error *err;
} asking;

static int ask_lateness(asking *a) {
  char until[32];
  if (a->terms.until == 0 || a->candidate.now <= a->terms.until) return 0;
  md_timestamp_format(a->terms.until, until);
  a->verdict.reason = "late";
  a->verdict.detail = md_arena_printf(a->candidate.arena, "max_lateness: it was to go by %s", until);
  return a->verdict.detail ? 0 : md_error_set(a->err, MD_ENOMEM, "out of memory");
}

static int ask_legal_basis(asking *a) {
  return md_rule_legal_basis(&a->candidate, &a->verdict, a->err);
}

static int ask_suppression(asking *a) {
  return md_rule_suppression(&a->candidate, &a->verdict, a->err);
}

static int ask_unless(asking *a) {
  md_run run;
  if (!a->terms.unless) return 0;
  int rc = md_runs_get(a->candidate.store, a->candidate.message->run, a->candidate.arena, &run, a->err);
  if (rc) return rc == MD_ENOTFOUND ? 0 : rc;
  return md_rule_unless(&a->outbox->options, &a->candidate, &run, a->terms.unless, &a->verdict, a->err);
}

static int ask_caps(asking *a) {
  return md_rule_caps(&a->candidate, &a->verdict, a->err);
}

static int (*const rules[])(asking *) = {ask_lateness, ask_legal_basis, ask_suppression, ask_unless, ask_caps};

// A message that no rule may stop: it costs nothing to know.
static bool is_free(const md_message *message) {
  return strcmp(message->class_name, "security") == 0 || (message->internal && !message->terms);
}

static int end(asking *a) {
  md_message *message = a->candidate.message;
  message->state = MD_MESSAGE_SUPPRESSED;
  message->reason = a->verdict.reason;
  message->detail = md_outbox_readable(a->candidate.arena, a->verdict.detail);
  message->again_at = a->verdict.again_at;
  message->final_at = a->candidate.now;
  return md_messages_update(a->candidate.store, message, a->err);
}

// In quiet hours it waits for their end.
static int put_off(asking *a, bool *goes) {
  md_verdict none = {0};
  md_micros due = a->candidate.message->due_at;
  int rc = md_rule_quiet_hours(&a->candidate, &none, a->err);
  if (rc) return rc;
  *goes = a->candidate.message->due_at == due;
  return *goes ? 0 : md_messages_update(a->candidate.store, a->candidate.message, a->err);
}

int md_outbox_ask_again(md_outbox *outbox, md_store *store, md_message *message, md_micros now, bool *goes,
                        md_error *err) {
  asking a = {.outbox = outbox, .err = err};
  *goes = true;
  if (is_free(message)) return 0;
  int rc = md_terms_read(message, &a.terms, err);
  if (rc) return rc;
  const md_policy *policy = &outbox->options.policy;
  a.candidate = (md_candidate){.policy = policy,
                               .store = store,
                               .arena = outbox->arena,
                               .message = message,
                               .zone = a.terms.zone,
                               .country = a.terms.country,
                               .products = a.terms.products ? a.terms.products : md_policy_products(policy),
                               .now = now,
                               .claimed = true};
  for (size_t i = 0; rc == 0 && !a.verdict.reason && i < sizeof rules / sizeof *rules; i++)
    rc = rules[i](&a);
  if (rc) return rc;
  *goes = !a.verdict.reason;
  return a.verdict.reason ? end(&a) : put_off(&a, goes);
}
