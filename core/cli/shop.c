// SPDX-License-Identifier: Apache-2.0
// Opens shops, and sends what specs send.
#include "cli/shop.h"
#include "base/timestamp.h"
#include "cli/memory_channel.h"
#include "cli/rows.h"
#include "cli/shop_arms.h"
#include "cli/shop_calls.h"
#include "cli/shop_expect.h"
#include "cli/timeline.h"
#include "intake/event_decode.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static int load(md_shop *shop, const md_source *source, md_error *err) {
  int code = md_experiments_new(&shop->experiments, source, NULL, md_problems_add, &shop->problems, err);
  if (!code && shop->problems.count == 0)
    code = md_engine_load(shop->driver.engine, source, md_problems_add, &shop->problems, err);
  if (code || shop->problems.count == 0) return code;
  md_buffer text;
  md_buffer_init(&text);
  md_problem_format(&shop->problems.items[0], &text);
  code = md_error_set(err, MD_ESCRIPT, "%s", md_buffer_ok(&text) ? text.data : "a script was refused");
  md_buffer_deinit(&text);
  return code;
}

int md_shop_open(md_shop *shop, const md_source *source, const md_shop_options *wanted, md_error *err) {
  *shop = (md_shop){.arena = md_arena_new(0), .channel = md_memory_channel_new()};
  if (!shop->arena || !shop->channel) {
    md_channel_free(shop->channel);
    return md_error_set(err, MD_ENOMEM, "out of memory for the shop");
  }
  md_virtual_options options = {.start = wanted->start ? wanted->start : MD_SHOP_START,
                                .settings = wanted->settings,
                                .channel = shop->channel,
                                .observer = wanted->observer,
                                .copy = wanted->copy,
                                .verify = true,
                                .answer = md_shop_answer_call,
                                .answer_context = shop,
                                .arm = md_shop_arm_of,
                                .arm_context = shop};
  int code = md_virtual_open(&shop->driver, &options, err);
  return code ? code : load(shop, source, err);
}

void md_shop_close(md_shop *shop) {
  md_virtual_close(&shop->driver);
  md_experiments_free(shop->experiments);
  md_problems_clear(&shop->problems);
  if (shop->arena) md_arena_free(shop->arena);
  *shop = (md_shop){0};
}

int md_shop_take(md_shop *shop, md_event *event, md_error *err) {
  md_event_status status = MD_EVENT_ACCEPTED;
  int code = md_virtual_take(&shop->driver, event, &status, 1, false, err);
  if (!code && status == MD_EVENT_CONFLICTING)
    code = md_error_set(err, MD_ECONFLICT, "another event was sent with the id \"%s\"", event->id);
  if (!code && status == MD_EVENT_REFUSED) code = md_error_set(err, MD_EINVAL, "%s", MD_EVENT_REFUSED_TEXT);
  return code;
}

static int take(md_shop *shop, const json_t *event, md_error *err) {
  md_event decoded;
  md_buffer text;
  md_buffer_init(&text);
  md_json_write(&text, event);
  int code = md_buffer_ok(&text) ? md_event_decode(shop->arena, text.data, text.len, NULL, &decoded, err)
                                 : md_error_set(err, MD_ENOMEM, "out of memory");
  md_buffer_deinit(&text);
  return code ? code : md_shop_take(shop, &decoded, err);
}

static json_t *new_event(md_shop *shop, const char *type, const char *subject) {
  json_t *event = json_object();
  json_object_set_new(event, "specversion", json_string("1.0"));
  json_object_set_new(event, "type", json_string(type));
  json_object_set_new(event, "source", json_string("/spec"));
  json_object_set_new(event, "id", json_string(md_arena_printf(shop->arena, "spec-%" PRId64, ++shop->next_event)));
  if (subject) json_object_set_new(event, "subject", json_string(subject));
  return event;
}

// "email/marketing" → consent.given
static int give_consent(md_shop *shop, const char *subject, const char *text, md_error *err) {
  const char *slash = text ? strchr(text, '/') : NULL;
  if (!slash)
    return md_error_set(err, MD_EINVAL, "shop:person: consent is a list of texts such as \"email/marketing\"");
  const char *channel = md_arena_printf(shop->arena, "%.*s", (int)(slash - text), text);
  int code = channel ? md_expect_named(channel, md_consent_channels, "shop:person: consent: channel", err)
                     : md_error_set(err, MD_ENOMEM, "out of memory");
  if (!code) code = md_expect_named(slash + 1, md_consent_purposes, "shop:person: consent: purpose", err);
  if (code) return code;
  json_t *event = new_event(shop, "consent.given", subject), *data = json_object();
  json_object_set_new(data, "channel", json_string(channel));
  json_object_set_new(data, "purpose", json_string(slash + 1));
  json_object_set_new(data, "source", json_string("spec"));
  json_object_set_new(event, "data", data);
  return take(shop, event, err);
}

static int send_person(md_shop *shop, const char *subject, const json_t *fields, md_error *err) {
  json_t *profile = fields ? json_copy((json_t *)fields) : json_object(), *text;
  json_t *consent = json_object_get(profile, "consent");
  size_t i;
  if (consent && !json_is_array(consent))
    return md_error_set(err, MD_EINVAL, "shop:person: consent is a list of texts such as \"email/marketing\"");
  json_object_del(profile, "consent");
  json_t *event = new_event(shop, "profile.updated", subject);
  json_object_set_new(event, "data", profile);
  int code = take(shop, event, err);
  json_array_foreach(consent, i, text) {
    if (!code) code = give_consent(shop, subject, json_string_value(text), err);
  }
  return code;
}

static int person(void *context, const char *subject, const json_t *fields, md_error *err) {
  md_shop *shop = context;
  md_arena *scope = md_json_scope(shop->arena);
  int code = send_person(shop, subject, fields, err);
  md_json_scope(scope);
  return code;
}

// Seconds, as scripts see times, become a timestamp.
static json_t *time_of(const json_t *value) {
  char text[32];
  if (!json_is_number(value)) return (json_t *)value;
  md_timestamp_format((md_micros)llround(json_number_value(value) * 1e6), text);
  return json_string(text);
}

static int send_event(md_shop *shop, const char *type, const json_t *fields, md_error *err) {
  static const char *const known[] = {"subject", "data", "id", "source", "time", NULL};
  const char *name;
  json_t *value, *event = new_event(shop, type, NULL);
  json_object_foreach((json_t *)fields, name, value) {
    int code = md_expect_known(name, known, "shop:event", err);
    if (code) return code;
    json_object_set(event, name, strcmp(name, "time") == 0 ? time_of(value) : value);
  }
  return take(shop, event, err);
}

static int event(void *context, const char *type, const json_t *fields, md_error *err) {
  md_shop *shop = context;
  md_arena *scope = md_json_scope(shop->arena);
  int code = send_event(shop, type, fields, err);
  md_json_scope(scope);
  return code;
}

static int advance(void *context, md_micros span, md_error *err) {
  md_shop *shop = context;
  return md_virtual_advance(&shop->driver, shop->driver.clock.at + span, true, err);
}

static int answer(void *context, const char *connection, const json_t *fields, md_error *err) {
  md_shop *shop = context;
  md_arena *scope = md_json_scope(shop->arena);
  int code = md_shop_add_answer(shop, connection, fields, err);
  md_json_scope(scope);
  return code;
}

static int arm(void *context, const char *experiment, const char *name, md_error *err) {
  return md_shop_choose_arm(context, experiment, name, err);
}

static int expect(void *context, const char *what, const json_t *wanted, md_error *err) {
  md_shop *shop = context;
  md_arena *scope = md_json_scope(shop->arena);
  int code = md_expect(shop, what, wanted, err);
  md_json_scope(scope);
  return code;
}

md_spec_host md_shop_host(md_shop *shop) {
  return (md_spec_host){.context = shop,
                        .person = person,
                        .event = event,
                        .advance = advance,
                        .answer = answer,
                        .arm = arm,
                        .expect = expect};
}

static int check_run(void *context, const md_run *run) {
  md_error *err = context;
  if (run->state != MD_RUN_PARKED) return 0;
  return md_error_set(err, MD_ESCRIPT, "run %" PRId64 " is parked: %s", run->id, run->reason ? run->reason : "?");
}

int md_shop_check_end(md_shop *shop, md_error *err) {
  if (shop->unanswered)
    return md_error_set(err, MD_ESCRIPT, "nothing answers %s: add shop:answer(\"CONNECTION\", { … }) before",
                        shop->unanswered);
  if (shop->parked_expected) return 0;
  return md_runs_list(shop->driver.store, &(md_run_filter){0}, check_run, err, err);
}

typedef struct newest {
  md_shop *shop;
  md_buffer *out;
} newest;

static int describe_run(void *context, const md_run *run) {
  newest *at = context;
  md_timeline_write(at->out, at->shop->driver.store, at->shop->arena, run, md_screen_width(), NULL);
  return 0;
}

static int add_message(void *context, const md_message *message) {
  md_message_row(context, message);
  return 0;
}

void md_shop_describe(md_shop *shop, md_buffer *out) {
  newest at = {shop, out};
  md_table messages;
  if (!shop->driver.store) return;
  md_runs_list(shop->driver.store, &(md_run_filter){.limit = 1}, describe_run, &at, NULL);
  md_table_init(&messages, md_message_headers);
  md_messages_list(shop->driver.store, &(md_message_filter){0}, add_message, &messages, NULL);
  md_table_write(&messages, out, md_screen_width(), "No messages.");
  md_expect_show_mail(shop, out);
}
