// SPDX-License-Identifier: Apache-2.0
// The decision in the turn: whether a message goes, where to, in which words (M1, M5's limit, M8, M9). It fills a row
// of messages, queued or suppressed, and stores none of it itself.
#include "base/digest.h"
#include "base/secret.h"
#include "message/names.h"
#include "message/opt_out.h"
#include "message/outbox_state.h"
#include "message/recipient.h"
#include "message/secrets.h"
#include "message/terms.h"
#include <string.h>

// One decision under way.
typedef struct decision {
  md_outbox *outbox;
  md_store *store;
  const md_send *send;
  md_arena *arena;
  md_message *out;
  md_error *err;
  md_candidate candidate;
  const char *no_address; // why there is none
  json_t *data;           // frozen, with the values of secrets
  json_t *shown;          // the same without them (X2)
} decision;

static int no_memory(decision *d) {
  return md_error_set(d->err, MD_ENOMEM, "out of memory while a message was decided");
}

static void suppress(decision *d, const char *reason, const char *detail) {
  d->out->state = MD_MESSAGE_SUPPRESSED;
  d->out->reason = reason;
  d->out->detail = md_outbox_readable(d->arena, detail);
  d->out->final_at = d->send->now;
}

static bool open(const decision *d) {
  return d->out->state == MD_MESSAGE_QUEUED;
}

static const char *mode_of(const md_outbox *outbox, const char *moment) {
  const md_outbox_options *options = &outbox->options;
  for (int i = 0; i < options->mode_count; i++)
    if (strcmp(options->modes[i].moment, moment) == 0) return options->modes[i].mode;
  return options->mode ? options->mode : "shadow";
}

// The same run and step always give the same id, whatever is replayed, resent or restored.
static const char *message_id(decision *d) {
  uint8_t digest[MD_SHA256_SIZE];
  char hash[17];
  const char *what = md_arena_printf(d->arena, "%s %lld %d", d->outbox->options.installation,
                                     (long long)d->send->run->id, d->send->step);
  if (!what) return NULL;
  md_sha256(what, strlen(what), digest);
  md_hex(digest, 8, hash);
  return md_arena_printf(d->arena, "%lld.%d.%s@%s", (long long)d->send->run->id, d->send->step, hash, d->outbox->host);
}

static md_micros due_at(const md_send *send) {
  const json_t *at = json_object_get(send->args, "send_at");
  if (!json_is_number(at)) return send->now;
  md_micros due = (md_micros)(json_number_value(at) * (double)MD_SECOND);
  return due > send->now ? due : send->now;
}

static int begin(decision *d) {
  const md_send *send = d->send;
  bool security = strcmp(send->class_name, "security") == 0;
  *d->out = (md_message){.run = send->run->id,
                         .step = send->step,
                         .version = send->run->version,
                         .person = send->run->person,
                         .channel = "email",
                         .state = MD_MESSAGE_QUEUED,
                         .internal = md_recipient_internal(send),
                         .urgent = security || json_is_true(json_object_get(send->args, "urgent")),
                         .created_at = send->now,
                         .due_at = due_at(send)};
  d->out->moment = md_arena_strdup(d->arena, send->run->moment);
  d->out->class_name = md_arena_strdup(d->arena, send->class_name);
  d->out->template_name = md_arena_strdup(d->arena, md_json_text(send->args, "template"));
  d->out->variant = md_arena_strdup(d->arena, md_json_text(send->args, "variant"));
  d->out->mode = md_arena_strdup(d->arena, mode_of(d->outbox, send->run->moment));
  d->out->message_id = message_id(d);
  bool whole = d->out->moment && d->out->class_name && d->out->template_name && d->out->mode && d->out->message_id;
  return whole ? 0 : no_memory(d);
}

static int check_channel(decision *d) {
  const char *channel = md_json_text(d->send->args, "channel");
  if (!channel || strcmp(channel, "email") == 0) return 0;
  return md_error_set(d->err, MD_EINVAL, "channel = \"%.40s\": there is only \"email\"", channel);
}

static int find_recipient(decision *d) {
  const char *to = NULL;
  int rc = md_recipient_find(&d->outbox->options, d->send, d->arena, &to, &d->no_address, d->err);
  if (rc || !to) return rc;
  d->out->to = md_arena_strdup(d->arena, to);
  return d->out->to ? 0 : no_memory(d);
}

// What is frozen of the person and of the send for the rules, here and at claim.
static int set_terms(decision *d) {
  const md_policy *policy = &d->outbox->options.policy;
  const char *products = md_json_text(d->send->args, "products");
  d->candidate = (md_candidate){.policy = policy,
                                .store = d->store,
                                .arena = d->arena,
                                .message = d->out,
                                .zone = md_json_text(d->send->profile, "timezone"),
                                .country = md_json_text(d->send->profile, "country"),
                                .products = products ? products : md_policy_products(policy),
                                .earlier = d->send->earlier,
                                .now = d->send->now};
  return 0;
}

static int apply(decision *d, int rc, const md_verdict *verdict) {
  if (rc || !verdict->reason) return rc;
  suppress(d, verdict->reason, verdict->detail);
  d->out->again_at = verdict->again_at;
  return 0;
}

static int ask_legal_basis(decision *d) {
  md_verdict verdict = {0};
  return apply(d, md_rule_legal_basis(&d->candidate, &verdict, d->err), &verdict);
}

static int require_address(decision *d) {
  if (!d->out->to) suppress(d, "no_address", d->no_address);
  return 0;
}

// A mail that must show the way out is not sent without one.
static int require_opt_out(decision *d) {
  if (md_opt_out_needed(d->out) && !d->outbox->options.link_base)
    suppress(d, "no_public_url", "public_url is not set, so its unsubscribe link would lead nowhere");
  return 0;
}

static int ask_suppression(decision *d) {
  md_verdict verdict = {0};
  return apply(d, md_rule_suppression(&d->candidate, &verdict, d->err), &verdict);
}

static int ask_unless(decision *d) {
  md_verdict verdict = {0};
  const json_t *unless = json_object_get(d->send->args, "unless");
  return apply(d, md_rule_unless(&d->outbox->options, &d->candidate, d->send->run, unless, &verdict, d->err), &verdict);
}

static int ask_quiet_hours(decision *d) {
  md_verdict verdict = {0};
  return apply(d, md_rule_quiet_hours(&d->candidate, &verdict, d->err), &verdict);
}

static int ask_limit(decision *d) {
  md_verdict verdict = {0};
  return apply(d, md_rule_limit(&d->candidate, d->send, &verdict, d->err), &verdict);
}

static int ask_caps(decision *d) {
  md_verdict verdict = {0};
  return apply(d, md_rule_caps(&d->candidate, &verdict, d->err), &verdict);
}

static int freeze_terms(decision *d) {
  return md_terms_freeze(&d->candidate, d->send->args, d->err);
}

static const char *written(decision *d, const json_t *value) {
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, value);
  const char *copy = md_buffer_ok(&text) && text.data ? md_arena_strndup(d->arena, text.data, text.len) : NULL;
  md_buffer_deinit(&text);
  return copy;
}

// Takes the secrets out of what is kept, and puts their values into what is rendered.
static int freeze_secrets(decision *d) {
  json_t *references = NULL;
  if (md_message_secrets(d->data, &d->shown, &references)) return no_memory(d);
  d->out->data = written(d, d->shown);
  if (!d->out->data) return no_memory(d);
  if (!references) return 0;
  d->out->secrets = written(d, references);
  if (!d->out->secrets) return no_memory(d);
  int rc = md_message_reveal(d->store, d->shown, references, d->send->now, d->arena, &d->data, d->err);
  if (rc == MD_ENOTFOUND || rc == MD_ECONFLICT) {
    suppress(d, "secret_expired", NULL);
    return rc == MD_ECONFLICT ? md_outbox_secret_lost(d->store, d->out, d->send->now, d->err) : 0;
  }
  if (rc) return rc;
  d->data = (json_t *)md_names_apply(d->data, d->send->name_paths);
  return d->data ? 0 : no_memory(d);
}

// What the template sees: the script's data, the profile under `profile`, and its name where data has none.
static int freeze_data(decision *d) {
  static const char *const profile_names[] = {"name", NULL};
  const json_t *given = json_object_get(d->send->args, "data");
  const json_t *clean = json_is_object(given) ? md_names_apply(given, d->send->name_paths) : json_object();
  json_t *profile = json_copy(d->send->profile);
  if (!clean || !profile) return no_memory(d);
  json_object_del(profile, "consent");
  const json_t *usable = md_names_apply(profile, profile_names);
  d->data = json_copy((json_t *)clean);
  if (!usable || !d->data) return no_memory(d);
  json_t *name = json_object_get(usable, "name");
  if (!json_object_get(d->data, "profile")) json_object_set(d->data, "profile", (json_t *)usable);
  if (name && !json_object_get(d->data, "name")) json_object_set(d->data, "name", name);
  return freeze_secrets(d);
}

static int render(decision *d, const char *template_name, const json_t *data, const char *placeholder, md_copy *copy,
                  md_error *why) {
  const md_send *send = d->send;
  const char *wanted[3] = {0};
  const char *option = md_json_text(send->args, "locale"), *profile = md_json_text(send->profile, "locale");
  int n = 0;
  if (option) wanted[n++] = option;
  if (profile) wanted[n++] = profile;
  md_compose compose = {.files = send->files,
                        .file_count = send->file_count,
                        .moment = send->run->moment,
                        .class_name = send->class_name,
                        .template_name = template_name,
                        .variant = d->out->variant,
                        .locales = wanted,
                        .default_locale = d->outbox->options.locale,
                        .data = data,
                        .placeholder = placeholder,
                        .from = {.name = d->outbox->options.from_name, .address = d->outbox->from},
                        .to = {.address = d->out->to},
                        .message_id = d->out->message_id,
                        .date = send->now};
  md_buffer mail;
  int rc = md_opt_out_url(&d->outbox->options, d->out, d->arena, &compose.unsubscribe_url, why);
  if (rc) return rc;
  md_buffer_init(&mail);
  rc = md_compose_mail(&compose, d->arena, copy, &mail, why);
  if (mail.data) explicit_bzero(mail.data, mail.len);
  md_buffer_deinit(&mail);
  return rc;
}

// With the values in their places: what is wrong then is told without them.
static int prove_secrets(decision *d, const char *template_name, md_error *why) {
  md_copy copy = {0};
  md_error hidden = {0};
  int rc = render(d, template_name, d->data, NULL, &copy, &hidden);
  if (rc && rc != MD_ENOMEM) md_error_set(why, rc, "%s", md_outbox_secret_unfit);
  return rc;
}

static void tell_copy(const decision *d, const char *template_name, const md_copy *copy) {
  const md_copy_observer *observer = d->outbox->options.copy;
  bool option = md_json_text(d->send->args, "locale") != NULL;
  const char *why = md_copy_why(copy->why);
  if (copy->why == MD_COPY_WANTED)
    why = copy->wanted == 0 && option ? "it is the locale that send gives" : "it is the locale of the profile";
  if (observer) observer->chosen(observer->context, d->send->run->id, template_name, copy->file, why);
}

// M1: proves that the whole mail can be made of `template_name`; keeps locale and subject.
static int dry_render(decision *d, const char *template_name, md_error *why) {
  md_copy copy = {0};
  int rc = render(d, template_name, d->shown, d->out->secrets ? MD_SECRET_SHOWN : NULL, &copy, why);
  if (rc == 0 && d->out->secrets) rc = prove_secrets(d, template_name, why);
  if (rc) return rc;
  tell_copy(d, template_name, &copy);
  d->out->template_name = md_arena_strdup(d->arena, template_name);
  d->out->locale = md_arena_strdup(d->arena, copy.locale);
  d->out->subject = md_arena_strdup(d->arena, copy.subject);
  return d->out->template_name && d->out->locale && d->out->subject ? 0 : MD_ENOMEM;
}

static int decide_words(decision *d) {
  md_error why = {0}, fallback_why = {0};
  const char *fallback = md_json_text(d->send->args, "fallback_template");
  int rc = freeze_data(d);
  if (rc || !open(d)) return rc;
  rc = dry_render(d, d->out->template_name, &why);
  if (rc == 0) return 0;
  if (rc == MD_ENOMEM) return no_memory(d);
  d->out->detail = md_arena_printf(d->arena, "%s: %s", d->out->template_name, why.text);
  rc = fallback ? dry_render(d, fallback, &fallback_why) : MD_ENOTFOUND;
  if (rc == MD_ENOMEM) return no_memory(d);
  if (rc && fallback)
    d->out->detail = md_arena_printf(d->arena, "%s; %s: %s", d->out->detail, fallback, fallback_why.text);
  if (!d->out->detail) return no_memory(d);
  d->out->detail = md_outbox_readable(d->arena, d->out->detail);
  if (rc) suppress(d, "template", d->out->detail);
  return md_outbox_alert(d->store, d->out, d->send->now, d->err);
}

// In this order: whether one may write at all is asked before where to, and what counts for a time after the time is
// settled. A name of the configuration is the shop's own: the rules about persons pass it by.
static int (*const steps[])(decision *) = {
    begin,           check_channel, find_recipient,  set_terms, ask_legal_basis, require_address, require_opt_out,
    ask_suppression, ask_unless,    ask_quiet_hours, ask_limit, ask_caps,        freeze_terms,    decide_words,
};

static int decide(decision *d) {
  int rc = 0;
  for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof *steps && (i == 0 || open(d)); i++)
    rc = steps[i](d);
  return rc;
}

int md_outbox_decide(void *outbox, md_store *store, const md_send *send, md_arena *arena, md_message *out,
                     md_error *err) {
  decision d = {.outbox = outbox, .store = store, .send = send, .arena = arena, .out = out, .err = err};
  md_arena *scope = md_json_scope(arena);
  int rc = decide(&d);
  md_json_scope(scope);
  return rc;
}
