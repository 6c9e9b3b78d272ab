// SPDX-License-Identifier: Apache-2.0
// Compares messages and runs with what a spec expects.
#include "cli/shop_expect.h"
#include "base/shown.h"
#include "base/suggest.h"
#include "cli/mail_text.h"
#include "cli/memory_channel.h"
#include "cli/shop_calls.h"
#include "cli/shop_cause.h"
#include <inttypes.h>
#include <string.h>

enum { TEXT_MAX = 300 };

static const char *const message_fields[] = {"template", "to",    "subject", "locale", "variant",
                                             "channel",  "class", "moment",  "text",   NULL};
static const char *const decision_fields[] = {"template", "to",     "subject", "locale", "variant", "channel",
                                              "class",    "moment", "sent",    "reason", NULL};

int md_expect_known(const char *name, const char *const *known, const char *where, md_error *err) {
  for (int i = 0; known[i]; i++)
    if (strcmp(known[i], name) == 0) return 0;
  const char *nearest = md_suggest(name, known);
  return md_error_set(err, MD_EINVAL, "%s knows no field \"%s\"%s%s%s", where, name, nearest ? "; did you mean \"" : "",
                      nearest ? nearest : "", nearest ? "\"?" : "");
}

int md_expect_named(const char *name, const char *const known[static 3], const char *what, md_error *err) {
  for (int i = 0; known[i]; i++)
    if (strcmp(known[i], name) == 0) return 0;
  return md_error_set(err, MD_EINVAL, "%s \"%s\" is none of %s, %s, %s", what, name, known[0], known[1], known[2]);
}

static int check_fields(const json_t *wanted, const char *const *known, const char *where, md_error *err) {
  const char *name;
  json_t *value;
  int code = 0;
  json_object_foreach((json_t *)wanted, name, value) {
    if (!code) code = md_expect_known(name, known, where, err);
  }
  return code;
}

// Messages are listed newest first; they are kept oldest first.
typedef struct inbox {
  md_shop *shop;
  md_message *messages;
  int count;
} inbox;

static int keep(void *context, const md_message *message) {
  inbox *at = context;
  md_message *messages = md_arena_alloc(at->shop->arena, (size_t)(at->count + 1) * sizeof *messages);
  if (!messages) return MD_ENOMEM;
  if (at->count) memcpy(messages + 1, at->messages, (size_t)at->count * sizeof *messages);
  at->messages = messages;
  at->count++;
  return md_messages_get(at->shop->driver.store, message->id, at->shop->arena, &messages[0], NULL);
}

static int read_inbox(md_shop *shop, inbox *out, md_error *err) {
  *out = (inbox){.shop = shop};
  return md_messages_list(shop->driver.store, &(md_message_filter){.limit = MD_SHOP_MESSAGES}, keep, out, err);
}

static const char *field_of(const md_message *message, const char *name) {
  const struct {
    const char *name, *value;
  } fields[] = {{"template", message->template_name}, {"to", message->to},           {"subject", message->subject},
                {"locale", message->locale},          {"variant", message->variant}, {"channel", message->channel},
                {"class", message->class_name},       {"moment", message->moment},   {"reason", message->reason}};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
    if (strcmp(fields[i].name, name) == 0) return fields[i].value;
  return NULL;
}

static void mail_text(md_shop *shop, const md_message *message, md_buffer *out) {
  size_t len = 0;
  const char *mail = md_memory_channel_mail(shop->channel, message->id, &len);
  if (mail && md_mail_plain(mail, len, out, NULL)) md_mail_html(mail, len, out, NULL);
  md_buffer_putc(out, '\0');
}

static bool text_has(md_shop *shop, const md_message *message, const char *wanted) {
  md_buffer text;
  md_buffer_init(&text);
  mail_text(shop, message, &text);
  bool found = wanted && text.data && strstr(text.data, wanted);
  md_buffer_deinit(&text);
  return found;
}

static bool was_sent(const md_message *message) {
  return message->state >= MD_MESSAGE_ACCEPTED && message->state <= MD_MESSAGE_COMPLAINED;
}

// Whether it was decided to send it: it is on its way or has gone.
static bool is_sent(const md_message *message) {
  return message->state == MD_MESSAGE_QUEUED || message->state == MD_MESSAGE_ATTEMPTING || was_sent(message);
}

static bool has_field(md_shop *shop, const md_message *message, const char *name, const json_t *wanted) {
  const char *text = json_string_value(wanted);
  if (strcmp(name, "text") == 0) return text_has(shop, message, text);
  if (strcmp(name, "sent") == 0) return json_is_true(wanted) == is_sent(message);
  const char *seen = field_of(message, name);
  return text && seen && strcmp(text, seen) == 0;
}

static bool matches(md_shop *shop, const md_message *message, const json_t *wanted) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)wanted, name, value) if (!has_field(shop, message, name, value)) return false;
  return true;
}

static bool taken(const md_shop *shop, const md_message *message) {
  for (int i = 0; i < shop->taken_count; i++)
    if (shop->taken[i] == message->id) return true;
  return false;
}

static const char *in_words(const json_t *wanted, char out[static TEXT_MAX]) {
  md_buffer text;
  md_buffer_init(&text);
  if (wanted) md_json_write(&text, wanted);
  size_t len = text.len < TEXT_MAX - 1 ? text.len : TEXT_MAX - 1;
  memcpy(out, text.data ? text.data : "", len);
  out[len] = '\0';
  md_buffer_deinit(&text);
  return out;
}

// Where only the text was another, the mail is shown: what it says is what the writer looks for.
static void note_mail(md_shop *shop, const inbox *all, const json_t *wanted) {
  json_t *rest = json_copy((json_t *)wanted);
  if (!rest || !json_object_get(rest, "text")) return;
  json_object_del(rest, "text");
  for (int i = 0; i < all->count && !shop->shown; i++) {
    const md_message *message = &all->messages[i];
    if (was_sent(message) && !taken(shop, message) && matches(shop, message, rest)) shop->shown = message->id;
  }
}

void md_expect_show_mail(md_shop *shop, md_buffer *out) {
  inbox all;
  if (!shop->shown || read_inbox(shop, &all, NULL)) return;
  for (int i = 0; i < all.count; i++) {
    md_buffer text;
    if (all.messages[i].id != shop->shown) continue;
    md_buffer_init(&text);
    mail_text(shop, &all.messages[i], &text);
    md_shown_printf(out, "The mail \"%s\" to %s says:\n", all.messages[i].subject ? all.messages[i].subject : "",
                    all.messages[i].to ? all.messages[i].to : "nobody");
    md_shown_append_lines(out, text.data ? text.data : "", text.len);
    md_buffer_putc(out, '\n');
    md_buffer_deinit(&text);
  }
}

static int expect_message(md_shop *shop, const json_t *wanted, md_error *err) {
  inbox all;
  all.count = 0;
  char words[TEXT_MAX];
  int open = 0;
  int code = check_fields(wanted, message_fields, "shop:expect_message", err);
  if (!code) code = read_inbox(shop, &all, err);
  if (code) return code;
  for (int i = 0; i < all.count; i++) {
    if (!was_sent(&all.messages[i]) || taken(shop, &all.messages[i])) continue;
    open++;
    if (!matches(shop, &all.messages[i], wanted)) continue;
    if (shop->taken_count < MD_SHOP_MESSAGES) shop->taken[shop->taken_count++] = all.messages[i].id;
    return 0;
  }
  note_mail(shop, &all, wanted);
  const char *cause = open ? NULL : md_shop_cause(shop);
  return md_error_set(err, MD_ESCRIPT, "expected a message %s; seen: %s", in_words(wanted, words),
                      cause  ? cause
                      : open ? "other messages, listed below"
                             : "no message that was not expected before");
}

static int expect_no_message(md_shop *shop, const json_t *wanted, md_error *err) {
  inbox all;
  all.count = 0;
  int code = check_fields(wanted, message_fields, "shop:expect_no_message", err);
  if (!code) code = read_inbox(shop, &all, err);
  for (int i = 0; i < all.count && !code; i++) {
    const md_message *at = &all.messages[i];
    if (!was_sent(at) || taken(shop, at) || !matches(shop, at, wanted)) continue;
    code = md_error_set(err, MD_ESCRIPT, "expected no message; seen: %s to %s, \"%s\"", at->template_name,
                        at->to ? at->to : "nobody", at->subject ? at->subject : "");
  }
  return code;
}

// Without what the decision was: which one is meant.
static json_t *selector(const json_t *wanted) {
  json_t *copy = wanted ? json_copy((json_t *)wanted) : json_object();
  json_object_del(copy, "sent");
  json_object_del(copy, "reason");
  return copy;
}

static int expect_decision(md_shop *shop, const json_t *wanted, md_error *err) {
  inbox all;
  all.count = 0;
  char words[TEXT_MAX];
  int code = check_fields(wanted, decision_fields, "shop:expect_decision", err);
  if (!code) code = read_inbox(shop, &all, err);
  if (code) return code;
  json_t *which = selector(wanted);
  for (int i = all.count - 1; i >= 0; i--) {
    const md_message *at = &all.messages[i];
    if (!matches(shop, at, which)) continue;
    if (matches(shop, at, wanted)) return 0;
    return md_error_set(err, MD_ESCRIPT, "expected the decision %s; seen: %s is %s%s%s", in_words(wanted, words),
                        at->template_name, md_message_state_name(at->state), at->reason ? ", reason " : "",
                        at->reason ? at->reason : "");
  }
  const char *cause = md_shop_cause(shop);
  return md_error_set(err, MD_ESCRIPT, "expected the decision %s; seen: %s", in_words(wanted, words),
                      cause ? cause : "no decision about such a message");
}

typedef struct last_run {
  int64_t id;
  md_run_state state;
  char outcome[TEXT_MAX];
  bool has_outcome;
} last_run;

static int keep_run(void *context, const md_run *run) {
  last_run *at = context;
  *at = (last_run){.id = run->id, .state = run->state, .has_outcome = run->outcome};
  strncpy(at->outcome, run->outcome ? run->outcome : "", TEXT_MAX - 1);
  return 0;
}

static int read_last(md_shop *shop, last_run *out, md_error *err) {
  *out = (last_run){0};
  return md_runs_list(shop->driver.store, &(md_run_filter){.limit = 1}, keep_run, out, err);
}

static int expect_outcome(md_shop *shop, const json_t *wanted, md_error *err) {
  last_run run;
  const char *text = json_string_value(wanted);
  int code = read_last(shop, &run, err);
  if (code) return code;
  const char *cause = md_shop_cause(shop);
  if (cause) return md_error_set(err, MD_ESCRIPT, "expected the outcome \"%s\"; seen: %s", text, cause);
  if (run.state != MD_RUN_DONE)
    return md_error_set(err, MD_ESCRIPT, "expected the outcome \"%s\"; seen: run %" PRId64 " is %s", text, run.id,
                        md_run_state_name(run.state));
  if (run.has_outcome && strcmp(run.outcome, text) == 0) return 0;
  return md_error_set(err, MD_ESCRIPT, "expected the outcome \"%s\"; seen: %s%s%s", text, run.has_outcome ? "\"" : "",
                      run.has_outcome ? run.outcome : "none", run.has_outcome ? "\"" : "");
}

static int expect_run_state(md_shop *shop, const json_t *wanted, md_error *err) {
  last_run run;
  const char *text = json_string_value(wanted);
  int code = read_last(shop, &run, err);
  if (code) return code;
  if (strcmp(text, md_run_state_name(MD_RUN_PARKED)) == 0) shop->parked_expected = true;
  if (run.id && strcmp(md_run_state_name(run.state), text) == 0) return 0;
  const char *cause = md_shop_cause(shop);
  if (cause) return md_error_set(err, MD_ESCRIPT, "expected a run that is %s; seen: %s", text, cause);
  return md_error_set(err, MD_ESCRIPT, "expected run %" PRId64 " to be %s; seen: %s", run.id, text,
                      md_run_state_name(run.state));
}

static int expect_no_run(md_shop *shop, const json_t *wanted, md_error *err) {
  last_run run;
  (void)wanted;
  int code = read_last(shop, &run, err);
  if (code || !run.id) return code;
  return md_error_set(err, MD_ESCRIPT, "expected no run; seen: run %" PRId64 " is %s", run.id,
                      md_run_state_name(run.state));
}

int md_expect(md_shop *shop, const char *what, const json_t *wanted, md_error *err) {
  static const struct {
    const char *what;
    int (*compare)(md_shop *shop, const json_t *wanted, md_error *err);
  } expectations[] = {{"call", md_shop_expect_call}, {"message", expect_message}, {"no_message", expect_no_message},
                      {"decision", expect_decision}, {"outcome", expect_outcome}, {"run_state", expect_run_state},
                      {"no_run", expect_no_run}};
  for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++)
    if (strcmp(expectations[i].what, what) == 0) return expectations[i].compare(shop, wanted, err);
  return md_error_set(err, MD_EINVAL, "there is no expectation \"%s\"", what);
}
