// SPDX-License-Identifier: Apache-2.0
// What consent events and sales leave on record: who allowed whom what, in which words, when and where (P7).
#include "engine/consent.h"
#include "base/log.h"
#include "base/suggest.h"
#include "store/suppressions.h"
#include <string.h>

enum { PRODUCTS_MAX = 32 };

static const char *or_any(const char *text) {
  return text ? text : "*";
}

static const char *or_else(const char *text, const char *configured, const char *fallback) {
  return text ? text : configured ? configured : fallback;
}

// A consent or sale may name one group of products, or a list of them: each is a row of its own.
static int each_product(const json_t *data, const char *fallback, int (*write)(void *context, const char *products),
                        void *context) {
  const json_t *list = json_object_get(data, "products"), *item;
  size_t i;
  int rc = 0, written = 0;
  json_array_foreach(list, i, item) {
    if (!json_is_string(item) || written == PRODUCTS_MAX || rc) continue;
    rc = write(context, json_string_value(item));
    written++;
  }
  if (rc || written) return rc;
  const char *one = json_string_value(list);
  return write(context, one ? one : fallback);
}

typedef struct consenting {
  md_engine *engine;
  md_consent row;
  md_error *err;
} consenting;

static int write_consent(void *context, const char *products) {
  consenting *c = context;
  c->row.products = products;
  return md_consents_insert(c->engine->store, &c->row, c->err);
}

static bool is_known(const char *name, const char *const *known) {
  for (int i = 0; known[i]; i++)
    if (strcmp(known[i], name) == 0) return true;
  return false;
}

// What is wrong with a consent is told: where it came from, it was taken as an event like any other.
static int tell(md_engine *engine, const md_event *event, const char *kind, const char *what, const char *detail,
                md_error *err) {
  if (!what || !detail) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_log(MD_LOG_WARN, "engine", kind, "event", event->id, "request", engine->request, "error", what, NULL);
  return md_incidents_insert(engine->store, kind, event->seq, 0, detail, engine->now, err);
}

// A channel or purpose that there is not: the log has the field and what may stand there, the incident the value too.
static int tell_unknown(md_engine *engine, const md_event *event, const char *field, const char *value,
                        const char *const *known, bool given, md_error *err) {
  const char *near = md_suggest(value, known);
  const char *what = md_arena_printf(engine->arena, "%s: the %s is none of %s, %s, %s", event->type, field, known[0],
                                     known[1], known[2]);
  const char *then = given ? "it is no consent" : "it counts for all of them";
  const char *detail = md_arena_printf(engine->arena, "%s names the %s \"%.40s\", known are %s, %s, %s%s%s%s: %s",
                                       event->type, field, value, known[0], known[1], known[2],
                                       near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "", then);
  return tell(engine, event, "consent_unknown", what, detail, err);
}

static int tell_missing(md_engine *engine, const md_event *event, bool channel, bool purpose, md_error *err) {
  const char *what = channel && purpose ? "consent.given names neither a channel nor a purpose: it is no consent"
                     : channel          ? "consent.given names no channel: it is no consent"
                                        : "consent.given names no purpose: it is no consent";
  return tell(engine, event, "consent_incomplete", what, what, err);
}

// Puts "*" for a name that is not known: a withdrawal is never lost. `*good`: it may be a consent.
static int check_name(md_engine *engine, const md_event *event, const char *field, const char **value,
                      const char *const *known, bool given, bool *good, md_error *err) {
  if (strcmp(*value, "*") == 0 || is_known(*value, known)) return 0;
  const char *wrong = *value;
  *value = "*";
  *good = *good && !given;
  return tell_unknown(engine, event, field, wrong, known, given, err);
}

// A withdrawal that names none withdraws them all; a consent that names none is given as the configuration says.
int md_consent_event(md_engine *engine, const md_event *event, bool given, md_error *err) {
  const json_t *data = event->data;
  const md_engine_options *options = &engine->options;
  const char *sender = md_json_text(data, "sender");
  consenting c = {.engine = engine, .err = err};
  c.row = (md_consent){.person = event->person, .event_seq = event->seq, .at = event->time, .given = given};
  c.row.channel = or_any(md_json_text(data, "channel"));
  c.row.purpose = or_any(md_json_text(data, "purpose"));
  c.row.sender = given ? or_else(sender, options->consent_sender, "shop") : or_any(sender);
  c.row.text = md_json_text(data, "text");
  c.row.source = md_json_text(data, "source");
  bool no_channel = strcmp(c.row.channel, "*") == 0, no_purpose = strcmp(c.row.purpose, "*") == 0, good = true;
  if (given && (no_channel || no_purpose)) // consent is for a channel and a purpose; a vague one is no consent
    return tell_missing(engine, event, no_channel, no_purpose, err);
  int rc = check_name(engine, event, "channel", &c.row.channel, md_consent_channels, given, &good, err);
  if (!rc) rc = check_name(engine, event, "purpose", &c.row.purpose, md_consent_purposes, given, &good, err);
  if (rc || !good) return rc;
  return each_product(data, given ? or_else(NULL, options->consent_products, "all") : "*", write_consent, &c);
}

typedef struct selling {
  md_engine *engine;
  md_sale row;
  md_error *err;
} selling;

static int write_sale(void *context, const char *products) {
  selling *s = context;
  s->row.products = products;
  return md_sales_insert(s->engine->store, &s->row, s->err);
}

// The address that the customer gave in this sale: where the plan says that such events carry it, else data.email.
static const char *address_of(md_engine *engine, const md_event *event) {
  const md_plan_event *plan = md_plan_event_of(engine->plan, event->type);
  for (const char *const *path = plan ? plan->address_email : NULL; path && *path; path++) {
    const char *text = strncmp(*path, "data.", 5) == 0 ? json_string_value(md_json_at(event->data, *path + 5)) : NULL;
    if (text) return text;
  }
  return md_json_text(event->data, "email");
}

// A sale that lacks any of what the law asks for is none that may stand for consent.
int md_consent_sale(md_engine *engine, const md_event *event, md_error *err) {
  uint8_t hash[MD_ADDRESS_HASH_SIZE];
  const md_engine_options *options = &engine->options;
  const char *address = address_of(engine, event), *order = md_json_text(event->data, "order_id");
  if (!address || !order || !json_is_true(json_object_get(event->data, "opt_out_offered"))) return 0;
  md_address_hash(engine->address_key, address, hash);
  selling s = {.engine = engine, .err = err};
  s.row = (md_sale){
      .person = event->person, .event_seq = event->seq, .at = event->time, .address = hash, .order_id = order};
  return each_product(event->data, or_else(NULL, options->consent_products, "all"), write_sale, &s);
}
