// SPDX-License-Identifier: Apache-2.0
// The first part of `momentd why`: the person, and all that says what may be sent to them.
#include "base/json.h"
#include "cli/why.h"
#include "store/suppressions.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void person_json(const md_person *person) {
  md_line line;
  md_why_begin(&line, "person");
  md_line_number(&line, "id", person->id);
  md_line_time(&line, "created_at", person->created_at);
  json_t *identities = json_array();
  for (int i = 0; i < person->identity_count; i++) {
    json_t *identity = json_object();
    json_object_set_new(identity, "path", json_string(person->identities[i].kind));
    json_object_set_new(identity, "value", json_string(person->identities[i].value));
    json_object_set_new(identity, "strong", json_boolean(person->identities[i].strong));
    json_array_append_new(identities, identity);
  }
  md_line_json(&line, "identities", identities);
  md_line_raw(&line, "profile", person->profile);
  md_line_end(&line);
}

static void person_text(const md_person *person) {
  char since[MD_TIME_TEXT];
  md_print("Person #%" PRId64 ", known since %s\n", person->id, md_time_text(person->created_at, since));
  for (int i = 0; i < person->identity_count; i++) {
    md_print("  %s: ", person->identities[i].kind);
    md_print_escaped(person->identities[i].value);
    puts(person->identities[i].strong ? "" : " (weak)");
  }
  if (strcmp(person->profile, "{}") != 0) {
    fputs("  profile: ", stdout);
    md_print_escaped(person->profile);
    putchar('\n');
  }
}

// A value that was typed by somebody, after its name.
static void print_field(const char *name, const char *value) {
  md_print(", %s ", name);
  if (!value) {
    fputs("not recorded", stdout);
    return;
  }
  putchar('"');
  md_print_escaped(value);
  putchar('"');
}

static void consent_json(const md_consent *row) {
  md_line line;
  md_why_begin(&line, "consent");
  md_line_number(&line, "id", row->id);
  md_line_bool(&line, "given", row->given);
  md_line_text(&line, "channel", row->channel);
  md_line_text(&line, "purpose", row->purpose);
  md_line_text(&line, "sender", row->sender);
  md_line_text(&line, "products", row->products);
  md_line_text(&line, "text", row->text);
  md_line_text(&line, "source", row->source);
  md_line_time(&line, "at", row->at);
  md_line_end(&line);
}

static int show_consent(void *context, const md_consent *row) {
  const md_inquiry *at = context;
  char when[MD_TIME_TEXT];
  if (at->json) {
    consent_json(row);
    return 0;
  }
  md_print("  consent %" PRId64 " %s: %s/%s at %s", row->id, row->given ? "given" : "withdrawn", row->channel,
           row->purpose, md_time_text(row->at, when));
  print_field("sender", row->sender);
  print_field("products", row->products);
  print_field("source", row->source);
  print_field("text", row->text);
  putchar('\n');
  return 0;
}

static int show_sale(void *context, const md_sale *row) {
  const md_inquiry *at = context;
  char when[MD_TIME_TEXT];
  if (at->json) {
    md_line line;
    md_why_begin(&line, "sale");
    md_line_number(&line, "id", row->id);
    md_line_text(&line, "order", row->order_id);
    md_line_text(&line, "products", row->products);
    md_line_time(&line, "at", row->at);
    md_line_end(&line);
    return 0;
  }
  md_print("  sale %" PRId64 " at %s, an opt-out was offered", row->id, md_time_text(row->at, when));
  print_field("order", row->order_id);
  print_field("products", row->products);
  putchar('\n');
  return 0;
}

static int show_suppression(void *context, const md_suppression *row) {
  const md_inquiry *at = context;
  char when[MD_TIME_TEXT];
  if (at->json) {
    md_line line;
    md_why_begin(&line, "suppression");
    md_line_number(&line, "id", row->id);
    md_line_text(&line, "channel", row->channel);
    md_line_text(&line, "purpose", row->purpose);
    md_line_text(&line, "reason", row->reason);
    md_line_time(&line, "at", row->at);
    md_line_end(&line);
    return 0;
  }
  md_print("  suppression %" PRId64 " at %s: %s of %s by %s\n", row->id, md_time_text(row->at, when), row->reason,
           row->purpose, row->channel);
  return 0;
}

static int show_row(md_inquiry *at, int64_t row) {
  md_reader *reader = at->reader;
  md_person person;
  int code = md_people_get(reader->store, row, reader->arena, &person, &reader->err);
  if (code) return code;
  if (at->json)
    person_json(&person);
  else
    person_text(&person);
  code = md_consents_list(reader->store, row, show_consent, at, &reader->err);
  if (!code) code = md_sales_list(reader->store, row, show_sale, at, &reader->err);
  return code ? code : md_suppressions_list(reader->store, row, show_suppression, at, &reader->err);
}

int md_why_person(md_inquiry *at) {
  int code = 0;
  for (int i = 0; i < at->row_count && !code; i++)
    code = show_row(at, at->rows[i]);
  return code;
}
