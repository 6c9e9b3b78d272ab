// SPDX-License-Identifier: Apache-2.0
// The claim at a batch's end: what is due becomes `attempting`, as many as the courier has slots for (M2). Mail that
// its mode keeps back is rendered into its row instead.
#include "base/log.h"
#include "base/secret.h"
#include "message/opt_out.h"
#include "message/outbox_state.h"
#include "message/secrets.h"
#include <string.h>

typedef struct claim {
  md_outbox *outbox;
  md_store *store;
  md_micros now;
  md_error *err;
  int urgent_slots, normal_slots;
} claim;

static int no_memory(claim *c) {
  return md_error_set(c->err, MD_ENOMEM, "out of memory while a mail was made");
}

// Fails only for what the mail is made of: `why` says it.
static int render(claim *c, const md_message *message, const char *to, md_compose *compose, md_buffer *mail,
                  md_error *why) {
  const md_outbox_options *options = &c->outbox->options;
  const char *const locales[] = {message->locale, NULL};
  md_copy copy = {0};
  compose->moment = message->moment;
  compose->class_name = message->class_name;
  compose->template_name = message->template_name;
  compose->variant = message->variant;
  compose->locales = locales;
  compose->default_locale = options->locale;
  compose->from = (md_mailbox){.name = options->from_name, .address = c->outbox->from};
  compose->to = (md_mailbox){.address = to};
  compose->message_id = message->message_id;
  compose->date = c->now;
  int rc = md_opt_out_url(options, message, c->outbox->arena, &compose->unsubscribe_url, why);
  if (rc == 0) rc = md_compose_mail(compose, c->outbox->arena, &copy, mail, why);
  compose->locales = NULL; // it ends with this call
  if (rc && rc != MD_ENOMEM && message->secrets && !compose->placeholder)
    md_error_set(why, rc, "%s", md_outbox_secret_unfit);
  return rc;
}

// The frozen data; secrets with their values where the mail goes to whom it is for, else as people see them (X2).
static int thaw(claim *c, const md_message *message, bool reveal, md_compose *compose, md_error *why) {
  if (!message->data) return 0;
  json_t *data = md_json_parse(message->data, strlen(message->data), false, why);
  if (!data) return why->code;
  compose->data = data;
  if (!message->secrets) return 0;
  if (!reveal) {
    compose->placeholder = MD_SECRET_SHOWN;
    return 0;
  }
  const json_t *references = md_json_parse(message->secrets, strlen(message->secrets), true, why);
  if (!references) return why->code;
  int rc = md_message_reveal(c->store, data, references, c->now, c->outbox->arena, &data, why);
  compose->data = data;
  return rc;
}

// X1: its key is gone, or does not fit, so it goes nowhere.
static int expired(claim *c, md_message *message, bool lost) {
  message->state = MD_MESSAGE_SUPPRESSED;
  message->reason = "secret_expired";
  message->final_at = c->now;
  int rc = lost ? md_outbox_secret_lost(c->store, message, c->now, c->err) : 0;
  return rc ? rc : md_outbox_end(c->outbox, c->store, message, 0, c->err);
}

static int unfillable(claim *c, md_message *message, const md_error *why) {
  message->state = MD_MESSAGE_FAILED;
  message->reason = "template";
  message->detail = md_outbox_readable(c->outbox->arena, why->text);
  message->final_at = c->now;
  int rc = md_outbox_alert(c->store, message, c->now, c->err);
  return rc ? rc : md_outbox_end(c->outbox, c->store, message, 0, c->err);
}

static int keep_back(claim *c, md_message *message, const md_buffer *mail) {
  message->state = MD_MESSAGE_ACCEPTED;
  message->reason = "shadow";
  message->rendering = mail->data;
  message->final_at = c->now;
  return md_messages_update(c->store, message, c->err);
}

static int hand_over(claim *c, md_message *message, const char *to, const md_buffer *mail) {
  md_delivery shape = {.message = message->id,
                       .run = message->run,
                       .created_at = message->created_at,
                       .from = c->outbox->from,
                       .to = to,
                       .message_id = message->message_id,
                       .request = message->request,
                       .mail = mail->data,
                       .mail_len = mail->len,
                       .urgent = message->urgent};
  message->state = MD_MESSAGE_ATTEMPTING;
  message->attempts++;
  int rc = md_messages_update(c->store, message, c->err);
  if (rc) return rc;
  md_delivery *delivery = md_delivery_new(&shape);
  if (!delivery) return no_memory(c);
  delivery->stage = MD_STAGE_CLAIMED;
  delivery->next = c->outbox->first;
  c->outbox->first = delivery;
  if (!message->urgent) md_pace_spend(&c->outbox->pace, c->now);
  c->urgent_slots--;
  c->normal_slots--;
  return 0;
}

static int claim_one(claim *c, md_message *message) {
  md_mode mode;
  md_error why = {0};
  md_compose compose = {0};
  md_buffer mail;
  int rc = md_version_files_get(c->outbox->versions, c->store, message->version, &compose.files, &compose.file_count,
                                c->err);
  if (rc) return rc;
  md_buffer_init(&mail);
  rc = md_mode_parse(message->mode, &mode, &why);
  const char *to = rc ? NULL : md_mode_recipient(&mode, message->class_name, message->to);
  bool direct = to && mode.kind != MD_MODE_REDIRECT;
  if (rc == 0) rc = thaw(c, message, direct, &compose, &why);
  if (rc == MD_EIO || rc == MD_EBUSY || rc == MD_EFULL) { // the storage's, not the mail's
    md_buffer_deinit(&mail);
    return md_error_set(c->err, rc, "%s", why.text);
  }
  bool lost = rc == MD_ECONFLICT, gone = lost || rc == MD_ENOTFOUND;
  if (rc == 0) rc = render(c, message, to ? to : message->to, &compose, &mail, &why);
  if (gone)
    rc = expired(c, message, lost);
  else if (rc == MD_ENOMEM)
    rc = no_memory(c);
  else if (rc)
    rc = unfillable(c, message, &why);
  else
    rc = to ? hand_over(c, message, to, &mail) : keep_back(c, message, &mail);
  if (mail.data) explicit_bzero(mail.data, mail.len);
  md_buffer_deinit(&mail);
  return rc;
}

// Its moment is paused: it is queued again when that is resumed, and asked about then.
static int hold(claim *c, md_message *message, bool *held) {
  md_micros since = 0;
  int rc = md_moments_paused_at(c->store, message->moment, &since, c->err);
  *held = since != 0;
  if (rc || !*held) return rc;
  message->state = MD_MESSAGE_HELD;
  if (!message->reason) message->reason = "paused"; // else it says that the next attempt is the last (M3)
  return md_messages_update(c->store, message, c->err);
}

static int claim_due(claim *c) {
  int rc = 0;
  for (int i = 0; rc == 0 && i < MD_OUTBOX_CLAIMS_MAX && c->urgent_slots > 0; i++) {
    md_message message;
    bool urgent_only = c->normal_slots <= 0 || !md_pace_allows(&c->outbox->pace, c->now);
    rc = md_messages_next_due(c->store, c->now, urgent_only, c->outbox->arena, &message, c->err);
    if (rc == MD_ENOTFOUND && !urgent_only) md_pace_end(&c->outbox->pace);
    if (rc == MD_ENOTFOUND) return 0;
    bool goes = false, held = false;
    if (rc == 0) rc = hold(c, &message, &held);
    if (rc || held) continue;
    rc = md_outbox_ask_again(c->outbox, c->store, &message, c->now, &goes, c->err);
    if (rc == 0 && goes) rc = claim_one(c, &message);
  }
  return rc;
}

// M2: the flag that a cancel left in the row is told to the courier once this transaction is committed.
static int note_cancels(claim *c) {
  for (md_delivery *delivery = c->outbox->first; delivery; delivery = delivery->next) {
    md_message message;
    if (delivery->stage != MD_STAGE_FLYING || delivery->cancelling) continue;
    int rc = md_messages_get(c->store, delivery->message, c->outbox->arena, &message, c->err);
    if (rc && rc != MD_ENOTFOUND) return rc;
    delivery->cancelling = rc == MD_ENOTFOUND || message.cancel;
  }
  return 0;
}

// The store still says when the engine was last there.
static int start_pace(claim *c) {
  int64_t last = 0;
  if (c->outbox->pace.started) return 0;
  int rc = md_settings_get_int(c->store, "engine_time", &last, c->err);
  if (rc && rc != MD_ENOTFOUND) return rc;
  md_pace_start(&c->outbox->pace, last > 0 ? c->now - last : 0, c->outbox->options.catch_up_rate);
  return 0;
}

int md_outbox_claim(md_outbox *outbox, md_store *store, md_micros now, md_error *err) {
  const md_outbox_options *options = &outbox->options;
  claim c = {.outbox = outbox, .store = store, .now = now, .err = err};
  c.urgent_slots = options->slots(options->courier, true);
  c.normal_slots = options->slots(options->courier, false);
  int rc = start_pace(&c);
  if (rc == 0) rc = note_cancels(&c);
  return rc ? rc : claim_due(&c);
}
