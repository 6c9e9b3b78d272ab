// SPDX-License-Identifier: Apache-2.0
// The legal basis of a message, by its class: none is needed, a consent, or a customer's earlier purchase.
#include "base/timestamp.h"
#include "message/rule.h"
#include "store/suppressions.h"
#include <string.h>

enum { OTHERS_MAX = 5 };

// The newest word about a purpose among all that the person's rows say (P3).
typedef struct search {
  md_candidate *candidate;
  const char *purpose;
  bool found, given, narrow; // narrow: a consent was given, but to another sender or for other products
  md_micros at;
  const char *evidence;
  const char *others; // consents that are for something else, or NULL
  int other_count;
} search;

static bool covers(const char *field, const char *wanted) {
  return !field || strcmp(field, "*") == 0 || strcmp(field, wanted) == 0;
}

static const char *or_none(const char *text) {
  return text ? text : "not recorded";
}

static const char *describe(search *s, const md_consent *row) {
  char when[32];
  md_timestamp_format(row->at, when);
  return md_arena_printf(s->candidate->arena, "consent %lld of %s: %s for %s/%s, sender %s, products %s, source %s",
                         (long long)row->id, when, row->given ? "given" : "withdrawn", row->channel, row->purpose,
                         row->sender ? row->sender : "*", row->products ? row->products : "*", or_none(row->source));
}

// A consent that was given, but for something else than what is needed.
static int note_other(search *s, const md_consent *row) {
  if (!row->given || ++s->other_count > OTHERS_MAX) return 0;
  const char *before = s->others ? s->others : "", *comma = s->others ? ", " : "";
  s->others = md_arena_printf(s->candidate->arena, "%s%s%s/%s (sender %s, products %s)", before, comma, row->channel,
                              row->purpose, row->sender ? row->sender : "*", row->products ? row->products : "*");
  return s->others ? 0 : MD_ENOMEM;
}

static int consider(void *context, const md_consent *row) {
  search *s = context;
  const md_candidate *candidate = s->candidate;
  if (!covers(row->channel, candidate->message->channel) || !covers(row->purpose, s->purpose))
    return note_other(s, row);
  if (!covers(row->sender, md_policy_sender(candidate->policy)) || !covers(row->products, candidate->products)) {
    s->narrow = s->narrow || row->given;
    return note_other(s, row);
  }
  if (s->found && row->at < s->at) return 0;
  bool tie = s->found && row->at == s->at;
  if (tie && !s->given) return 0; // a withdrawal stands where two are equally new
  s->given = row->given;
  s->at = row->at;
  s->found = true;
  s->evidence = describe(s, row);
  return s->evidence ? 0 : MD_ENOMEM;
}

static int members_of(const md_candidate *candidate, md_members *members, md_error *err) {
  return md_people_rows(candidate->store, candidate->message->person, candidate->arena, members, err);
}

static int search_consents(search *s, md_error *err) {
  md_members members;
  int rc = members_of(s->candidate, &members, err);
  for (int i = 0; rc == 0 && i < members.count; i++)
    rc = md_consents_list(s->candidate->store, members.ids[i], consider, s, err);
  return rc;
}

// Markedsføringsloven § 10(2): the address must come from a sale of similar products, at which one could refuse.
typedef struct purchase {
  md_candidate *candidate;
  uint8_t hash[MD_ADDRESS_HASH_SIZE];
  const char *evidence;
} purchase;

static int consider_sale(void *context, const md_sale *row) {
  purchase *p = context;
  char when[32];
  if (memcmp(row->address, p->hash, sizeof p->hash) != 0 || !covers(row->products, p->candidate->products)) return 0;
  md_timestamp_format(row->at, when);
  p->evidence =
      md_arena_printf(p->candidate->arena,
                      "existing customer, sale %lld of %s: order %s, products %s, the address is of that sale "
                      "and an opt-out was offered",
                      (long long)row->id, when, row->order_id, row->products);
  return p->evidence ? 0 : MD_ENOMEM;
}

static int search_sales(md_candidate *candidate, const char **evidence, md_error *err) {
  md_members members;
  purchase p = {.candidate = candidate};
  if (!candidate->message->to) return 0;
  md_address_hash(candidate->policy->address_key, candidate->message->to, p.hash);
  int rc = members_of(candidate, &members, err);
  for (int i = 0; rc == 0 && i < members.count; i++)
    rc = md_sales_list(candidate->store, members.ids[i], consider_sale, &p, err);
  *evidence = p.evidence;
  return rc;
}

static int refuse(md_candidate *candidate, md_verdict *verdict, const char *detail, md_error *err) {
  verdict->reason = "no_consent";
  verdict->detail = detail;
  (void)candidate;
  return detail ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static int refuse_without(search *s, md_verdict *verdict, md_error *err) {
  const md_candidate *candidate = s->candidate;
  const char *channel = candidate->message->channel, *sender = md_policy_sender(candidate->policy);
  const char *other = s->narrow ? "what there is names another sender or other products" : "there is none";
  const char *sale = !candidate->policy->existing_customer
                         ? ""
                         : ", nor is there a sale with this address, such products and "
                           "an opt-out offered";
  return refuse(
      s->candidate, verdict,
      md_arena_printf(candidate->arena,
                      "%s needs a consent for %s to %s about %s, and %s%s; has %s; needs channel %s, purpose %s, "
                      "sender %s, products %s: send consent.given",
                      s->purpose, channel, sender, candidate->products, other, sale,
                      s->others ? s->others : "none that counts", channel, s->purpose, sender, candidate->products),
      err);
}

static int allow(md_candidate *candidate, const char *basis, md_error *err) {
  candidate->message->basis = basis;
  return basis ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}

static bool feedback_is_on(const md_candidate *candidate) {
  const char *country = candidate->country ? candidate->country : md_policy_country(candidate->policy);
  return strcmp(country, "DK") == 0;
}

static int by_default(search *s, md_verdict *verdict, md_error *err) {
  md_candidate *candidate = s->candidate;
  const char *evidence = NULL;
  if (strcmp(s->purpose, "feedback") == 0)
    return feedback_is_on(candidate) ? allow(candidate, "feedback may be asked for in DK until it is refused", err)
                                     : refuse_without(s, verdict, err);
  if (candidate->policy->existing_customer) {
    int rc = search_sales(candidate, &evidence, err);
    if (rc) return rc;
  }
  return evidence ? allow(candidate, evidence, err) : refuse_without(s, verdict, err);
}

int md_rule_legal_basis(md_candidate *candidate, md_verdict *verdict, md_error *err) {
  const char *class_name = candidate->message->class_name;
  bool marketing = strcmp(class_name, "marketing") == 0;
  if (candidate->message->internal || (!marketing && strcmp(class_name, "feedback") != 0)) return 0;
  search s = {.candidate = candidate, .purpose = class_name};
  int rc = search_consents(&s, err);
  if (rc) return rc == MD_ENOMEM ? md_error_set(err, MD_ENOMEM, "out of memory") : rc;
  if (!s.found) return by_default(&s, verdict, err);
  if (s.given) {
    candidate->consented_at = s.at;
    return allow(candidate, s.evidence, err);
  }
  return refuse(candidate, verdict, md_arena_printf(candidate->arena, "the person withdrew it: %s", s.evidence), err);
}
