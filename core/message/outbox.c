// SPDX-License-Identifier: Apache-2.0
// The outbox itself: its options checked, its parts wired as the engine's messenger, its deliveries followed through
// commit and rollback.
#include "message/outbox.h"
#include "base/alloc.h"
#include "message/copy_uses.h"
#include "message/outbox_state.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_address(const char *text) {
  return md_mail_address_check(text, strlen(text), NULL) == 0;
}

// momentd@HOSTNAME; a name without a dot is none that mail servers take.
static void default_sender(char out[static 256]) {
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof host - 1);
  snprintf(out, 256, "momentd@%s", host);
  if (!is_address(out)) snprintf(out, 256, "momentd@%s.localdomain", host);
  if (!is_address(out)) snprintf(out, 256, "momentd@localhost");
}

static int check_modes(const md_outbox_options *options, md_error *err) {
  md_mode mode;
  int rc = options->mode ? md_mode_parse(options->mode, &mode, err) : 0;
  for (int i = 0; rc == 0 && i < options->mode_count; i++)
    rc = md_mode_parse(options->modes[i].mode, &mode, err);
  return rc;
}

static int check_addresses(const md_outbox_options *options, md_error *err) {
  for (int i = 0; i < options->address_count; i++) {
    const md_outbox_address *entry = &options->addresses[i];
    md_error why = {0};
    if (md_mail_address_check(entry->address, strlen(entry->address), &why))
      return md_error_set(err, MD_EINVAL, "addresses.%.60s: %.300s", entry->name, why.text);
  }
  return 0;
}

static int set_sender(md_outbox *outbox, md_error *err) {
  const md_outbox_options *options = &outbox->options;
  md_error why = {0};
  if (!options->from)
    default_sender(outbox->from);
  else if (md_mail_address_check(options->from, strlen(options->from), &why))
    return md_error_set(err, MD_EINVAL, "the sender: %.300s", why.text);
  else
    snprintf(outbox->from, sizeof outbox->from, "%s", options->from);
  outbox->host = options->host ? options->host : strrchr(outbox->from, '@') + 1;
  return options->from_name ? md_mime_value_check("the sender's name", options->from_name, err) : 0;
}

static int set_up(md_outbox *outbox, md_error *err) {
  int rc = check_modes(&outbox->options, err);
  if (rc == 0) rc = check_addresses(&outbox->options, err);
  if (rc == 0) rc = set_sender(outbox, err);
  if (rc) return rc;
  outbox->arena = md_arena_new(64 * 1024);
  outbox->versions = md_version_files_new();
  outbox->finished = md_queue_new(0, outbox->options.wake, outbox->options.engine);
  bool whole = outbox->arena && outbox->versions && outbox->finished;
  return whole ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static md_micros due_at(void *context, md_store *store) {
  return md_outbox_due_at(context, store);
}

static void committed(void *context);
static void rolled_back(void *context);

// Recovery first, then results, which free slots, then the claim.
static int claim(void *context, md_store *store, md_micros now, md_error *err) {
  md_outbox *outbox = context;
  int applied = md_outbox_apply(outbox, store, now, err);
  if (applied < 0) return applied;
  md_arena *scope = md_json_scope(outbox->arena);
  int rc = md_outbox_claim(outbox, store, now, err);
  md_json_scope(scope);
  md_arena_reset(outbox->arena);
  return rc;
}

int md_outbox_new(md_outbox **out, const md_outbox_options *options, md_error *err) {
  md_outbox *outbox = md_alloc_zero(sizeof *outbox);
  if (!outbox) return md_error_set(err, MD_ENOMEM, "out of memory");
  outbox->options = *options;
  outbox->messenger = (md_messenger){.context = outbox,
                                     .decide = md_outbox_decide,
                                     .check_version = md_outbox_check_version,
                                     .uses = md_copy_uses,
                                     .claim = claim,
                                     .due_at = due_at,
                                     .committed = committed,
                                     .rolled_back = rolled_back};
  int rc = set_up(outbox, err);
  if (rc) {
    md_outbox_free(outbox);
    return rc;
  }
  *out = outbox;
  return 0;
}

static void drop(md_delivery **link) {
  md_delivery *delivery = *link;
  *link = delivery->next;
  md_delivery_free(delivery);
}

void md_outbox_free(md_outbox *outbox) {
  if (!outbox) return;
  while (outbox->first)
    drop(&outbox->first);
  md_queue_free(outbox->finished);
  md_version_files_free(outbox->versions);
  md_arena_free(outbox->arena);
  md_free(outbox);
}

void md_outbox_set_link_base(md_outbox *outbox, const char *link_base) {
  outbox->options.link_base = link_base;
}

const md_messenger *md_outbox_messenger(md_outbox *outbox) {
  return &outbox->messenger;
}

void md_outbox_finished(md_outbox *outbox, md_delivery *delivery) {
  md_queue_push_always(outbox->finished, &delivery->node);
}

int md_outbox_apply(md_outbox *outbox, md_store *store, md_micros now, md_error *err) {
  int count = 0;
  md_arena *scope = md_json_scope(outbox->arena);
  int rc = md_outbox_recover(outbox, store, now, err);
  if (rc == 0) rc = md_outbox_results(outbox, store, now, &count, err);
  md_json_scope(scope);
  md_arena_reset(outbox->arena);
  return rc ? rc : count;
}

static void submit(md_outbox *outbox, md_delivery *delivery) {
  delivery->stage = MD_STAGE_FLYING;
  if (outbox->options.submit(outbox->options.courier, delivery)) return;
  delivery->result = (md_delivery_result){.outcome = MD_DELIVERY_UNSENT};
  md_outbox_finished(outbox, delivery);
}

// What is handed over may come back at once, on this very thread: its stage is touched no more afterwards.
static void committed(void *context) {
  md_outbox *outbox = context;
  outbox->recovering = false;
  outbox->committed_pace = outbox->pace;
  for (md_delivery **link = &outbox->first; *link;) {
    md_delivery *delivery = *link;
    if (delivery->stage == MD_STAGE_APPLIED) {
      drop(link);
      continue;
    }
    if (delivery->cancelling) atomic_store(&delivery->cancel, true);
    if (delivery->stage == MD_STAGE_CLAIMED) submit(outbox, delivery);
    link = &delivery->next;
  }
}

static void rolled_back(void *context) {
  md_outbox *outbox = context;
  if (outbox->recovering) outbox->recovered = outbox->recovering = false;
  outbox->pace = outbox->committed_pace;
  for (md_delivery **link = &outbox->first; *link;) {
    md_delivery *delivery = *link;
    if (delivery->stage == MD_STAGE_CLAIMED) {
      drop(link);
      continue;
    }
    if (delivery->stage == MD_STAGE_APPLIED) delivery->stage = MD_STAGE_BACK;
    if (!atomic_load(&delivery->cancel)) delivery->cancelling = false;
    link = &delivery->next;
  }
}

static bool has_results(const md_outbox *outbox) {
  for (const md_delivery *delivery = outbox->first; delivery; delivery = delivery->next)
    if (delivery->stage == MD_STAGE_BACK) return true;
  return md_queue_length(outbox->finished) > 0;
}

// Only urgent mail has a slot left.
static md_micros urgent_due_at(md_outbox *outbox, md_store *store) {
  md_message message;
  int rc = md_messages_next_due(store, INT64_MAX, true, outbox->arena, &message, NULL);
  md_micros due = rc ? 0 : message.due_at;
  md_arena_reset(outbox->arena);
  return due;
}

// While the pace holds back all but urgent mail.
static md_micros paced_due_at(md_outbox *outbox, md_store *store) {
  md_micros urgent = urgent_due_at(outbox, store), due = md_messages_due_at(store);
  if (due && due < outbox->pace.next_at) due = outbox->pace.next_at;
  return urgent && urgent < due ? urgent : due;
}

md_micros md_outbox_due_at(md_outbox *outbox, md_store *store) {
  const md_outbox_options *options = &outbox->options;
  if (!outbox->recovered || has_results(outbox)) return 1; // at once
  if (options->slots(options->courier, false) > 0)
    return outbox->pace.limited ? paced_due_at(outbox, store) : md_messages_due_at(store);
  return options->slots(options->courier, true) > 0 ? urgent_due_at(outbox, store) : 0;
}

int md_outbox_under_way(const md_outbox *outbox) {
  int count = 0;
  for (const md_delivery *delivery = outbox->first; delivery; delivery = delivery->next)
    count++;
  return count;
}
