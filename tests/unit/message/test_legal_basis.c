// SPDX-License-Identifier: Apache-2.0
// The legal basis by class, with its evidence (P7, P3), and suppressions: one case a rule, then generated histories of
// consents against a small obvious model.
#include "message_fixture.h"
#include "store/suppressions.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN "{\"template\":\"plain\"}"

static md_message decide(message_fixture *f, const char *class_name, const char *args) {
  md_send send = message_fixture_send(f, class_name, args);
  return message_fixture_decide(f, &send);
}

static void expect_refused(md_message message, const char *reason, const char *words) {
  assert_int_equal(message.state, MD_MESSAGE_SUPPRESSED);
  assert_string_equal(message.reason, reason);
  if (!strstr(message.detail, words)) fail_msg("detail: %s", message.detail);
  assert_null(message.basis);
}

static void expect_allowed(md_message message, const char *words) {
  if (message.state != MD_MESSAGE_QUEUED) fail_msg("%s: %s", message.reason, message.detail);
  if (!words)
    assert_null(message.basis);
  else if (!message.basis || !strstr(message.basis, words))
    fail_msg("basis: %s", message.basis);
}

static void put(message_fixture *f, md_consent row) {
  if (!row.channel) row.channel = "email";
  if (!row.purpose) row.purpose = "marketing";
  row.person = row.person ? row.person : f->person;
  store_fixture_expect(f->db, 0, md_consents_insert(f->store, &row, &f->db->err));
}

static void test_security_and_service_need_none(void **state) {
  message_fixture *f = *state;
  put(f, (md_consent){.channel = "*", .purpose = "*", .at = 5});
  expect_allowed(decide(f, "service", PLAIN), NULL);
}

static void test_the_evidence_is_kept_with_the_message(void **state) {
  message_fixture *f = *state;
  put(f, (md_consent){.given = true,
                      .at = 1767603600 * MD_SECOND,
                      .sender = "shop",
                      .products = "all",
                      .text = "Ja tak",
                      .source = "checkout"});
  md_message m = decide(f, "marketing", PLAIN);
  expect_allowed(m, "consent 1 of 2026-01-05T09:00:00Z: given for email/marketing, sender shop, products all, source "
                    "checkout");
  store_fixture_expect(f->db, 0, md_messages_insert(f->store, &m, &f->db->err));
  assert_string_equal(message_fixture_get(f, m.id).basis, m.basis);
}

static void test_consent_is_for_a_sender_and_products(void **state) {
  message_fixture *f = *state;
  f->options.policy.sender = "Sko ApS";
  f->options.policy.products = "shoes";
  message_fixture_outbox(f);
  put(f, (md_consent){.given = true, .at = 4, .channel = "sms"});
  put(f, (md_consent){.given = true, .at = 5, .sender = "Vin ApS", .products = "shoes"});
  expect_refused(
      decide(f, "marketing", PLAIN), "no_consent",
      "has sms/marketing (sender *, products *), email/marketing (sender Vin ApS, products shoes); needs channel "
      "email, purpose marketing, sender Sko ApS, products shoes: send consent.given");
  expect_refused(decide(f, "marketing", PLAIN), "no_consent", "names another sender or other products");
  put(f, (md_consent){.given = true, .at = 6, .sender = "Sko ApS", .products = "wine"});
  expect_refused(decide(f, "marketing", PLAIN), "no_consent", "to Sko ApS about shoes");
  expect_allowed(decide(f, "marketing", "{\"template\":\"plain\",\"products\":\"wine\"}"), "products wine");
  put(f, (md_consent){.given = true, .at = 7, .sender = "Sko ApS", .products = "shoes"});
  expect_allowed(decide(f, "marketing", PLAIN), "products shoes");
  put(f, (md_consent){.at = 8, .sender = "*", .products = "wine"});
  expect_allowed(decide(f, "marketing", PLAIN), "products shoes");
  expect_refused(decide(f, "marketing", "{\"template\":\"plain\",\"products\":\"wine\"}"), "no_consent", "withdrew");
}

static void test_feedback_goes_by_country(void **state) {
  message_fixture *f = *state;
  expect_allowed(decide(f, "feedback", PLAIN), "DK");
  md_send send = message_fixture_send(f, "feedback", PLAIN);
  json_object_set_new(send.profile, "country", json_string("SE"));
  expect_refused(message_fixture_decide(f, &send), "no_consent", "feedback needs a consent");
  put(f, (md_consent){.given = true, .at = 5, .purpose = "feedback"});
  expect_allowed(message_fixture_decide(f, &send), "consent 1");
  put(f, (md_consent){.at = 6, .channel = "*", .purpose = "*"});
  expect_refused(decide(f, "feedback", PLAIN), "no_consent", "withdrew");
  f->options.policy.country = "DE";
  message_fixture_outbox(f);
  message_fixture_person(f, "kunde-2");
  expect_refused(decide(f, "feedback", PLAIN), "no_consent", "there is none");
}

static void sell(message_fixture *f, const char *address, const char *products) {
  uint8_t hash[MD_ADDRESS_HASH_SIZE];
  md_address_hash(f->options.policy.address_key, address, hash);
  md_sale sale = {.person = f->person, .at = 5, .address = hash, .order_id = "o-7", .products = products};
  store_fixture_expect(f->db, 0, md_sales_insert(f->store, &sale, &f->db->err));
}

// Markedsføringsloven § 10(2): off by default, the sale's own address, similar products.
static void test_an_existing_customer(void **state) {
  message_fixture *f = *state;
  sell(f, "Ida@kunde.example", "all");
  expect_refused(decide(f, "marketing", PLAIN), "no_consent", "there is none");
  f->options.policy.existing_customer = true;
  message_fixture_outbox(f);
  expect_allowed(decide(f, "marketing", PLAIN), "existing customer, sale 1 of 1970-01-01T00:00:00.000005Z: order o-7");
  expect_refused(decide(f, "marketing", "{\"template\":\"plain\",\"products\":\"wine\"}"), "no_consent",
                 "nor is there a sale");
  md_send send = message_fixture_send(f, "marketing", PLAIN);
  json_object_set_new(send.profile, "email", json_string("ny@kunde.example"));
  expect_refused(message_fixture_decide(f, &send), "no_consent", "nor is there a sale with this address");
  put(f, (md_consent){.at = 4}); // refused before the sale: the sale does not lift it
  expect_refused(decide(f, "marketing", PLAIN), "no_consent", "withdrew");
}

static void suppress(message_fixture *f, int64_t person, const char *address, const char *purpose, const char *reason,
                     md_micros at) {
  uint8_t hash[MD_ADDRESS_HASH_SIZE];
  md_address_hash(f->options.policy.address_key, address, hash);
  md_suppression row = {.person = person, .at = at, .channel = "email", .purpose = purpose, .reason = reason};
  row.address = hash;
  store_fixture_expect(f->db, 0, md_suppressions_insert(f->store, &row, &f->db->err));
}

static void test_suppressions(void **state) {
  message_fixture *f = *state;
  put(f, (md_consent){.given = true, .at = 10});
  suppress(f, 0, "andre@kunde.example", "marketing", "unsubscribe", 20);
  suppress(f, f->person + 1, "andre@kunde.example", "marketing", "unsubscribe", 20);
  expect_allowed(decide(f, "marketing", PLAIN), "consent 1");
  suppress(f, 0, "IDA@kunde.example", "marketing", "unsubscribe", 20);
  md_message m = decide(f, "marketing", PLAIN);
  assert_string_equal(m.reason, "suppressed");
  assert_non_null(strstr(m.detail, "unsubscribe of marketing"));
  expect_allowed(decide(f, "feedback", PLAIN), "DK");
  expect_allowed(decide(f, "service", PLAIN), NULL);
  put(f, (md_consent){.given = true, .at = 21}); // the newer word holds
  expect_allowed(decide(f, "marketing", PLAIN), "consent 2");
  suppress(f, f->person, "gammel@kunde.example", "marketing", "unsubscribe", 30); // the person, whatever address
  assert_string_equal(decide(f, "marketing", PLAIN).reason, "suppressed");
  suppress(f, 0, "ida@kunde.example", "*", "bounce", 5); // a dead address: no consent brings it to life
  assert_string_equal(decide(f, "service", PLAIN).reason, "suppressed");
}

// --- generated people ---

enum { HISTORIES = 400, WORDS = 6 };
static const char *const channels[] = {"email", "sms", "*"};
static const char *const purposes[] = {"marketing", "feedback", "*"};
static const char *const senders[] = {"shop", "other", "*"};
static const char *const groups[] = {"all", "wine", "*"};

typedef struct word {
  bool given;
  int channel, purpose, sender, products, at;
} word;

// The last word that speaks of this; of two equally new ones a withdrawal.
static int model_of(const word *words, int count, int purpose, int products) {
  int last = -1;
  for (int i = 0; i < count; i++) {
    const word *w = &words[i];
    bool speaks = (w->channel == 0 || w->channel == 2) && (w->purpose == purpose || w->purpose == 2) &&
                  (w->sender == 0 || w->sender == 2) && (w->products == products || w->products == 2);
    if (!speaks) continue;
    bool newer = last < 0 || w->at > words[last].at || (w->at == words[last].at && !w->given);
    if (newer) last = i;
  }
  return last;
}

static bool model_allows(const word *words, int count, int purpose, int products) {
  int last = model_of(words, count, purpose, products);
  return last < 0 ? purpose == 1 : words[last].given; // feedback is on in Denmark
}

static void test_against_the_model(void **state) {
  message_fixture *f = *state;
  int allowed = 0, asked = 0;
  srandom(3);
  for (int n = 0; n < HISTORIES; n++) {
    word words[WORDS];
    char name[32];
    int count = (int)(random() % (WORDS + 1));
    snprintf(name, sizeof name, "model-%d", n);
    message_fixture_person(f, name);
    for (int i = 0; i < count; i++) {
      word *w = &words[i];
      *w = (word){random() % 2,        (int)(random() % 3), (int)(random() % 3),
                  (int)(random() % 3), (int)(random() % 3), (int)(random() % 4)};
      put(f, (md_consent){.given = w->given,
                          .channel = channels[w->channel],
                          .purpose = purposes[w->purpose],
                          .sender = senders[w->sender],
                          .products = groups[w->products],
                          .at = w->at});
    }
    for (int purpose = 0; purpose < 2; purpose++)
      for (int products = 0; products < 2; products++) {
        char args[64];
        snprintf(args, sizeof args, "{\"template\":\"plain\",\"products\":\"%s\"}", groups[products]);
        bool got = decide(f, purposes[purpose], args).state == MD_MESSAGE_QUEUED;
        bool wanted = model_allows(words, count, purpose, products);
        if (got != wanted) fail_msg("history %d, %s about %s: %d", n, purposes[purpose], groups[products], got);
        allowed += got;
        asked++;
      }
  }
  assert_in_range(allowed, asked / 5, asked * 4 / 5);
}

int main(void) {
#define WITH_OUTBOX(test) cmocka_unit_test_setup_teardown(test, message_fixture_setup, message_fixture_teardown)
  const struct CMUnitTest tests[] = {
      WITH_OUTBOX(test_security_and_service_need_none),
      WITH_OUTBOX(test_the_evidence_is_kept_with_the_message),
      WITH_OUTBOX(test_consent_is_for_a_sender_and_products),
      WITH_OUTBOX(test_feedback_goes_by_country),
      WITH_OUTBOX(test_an_existing_customer),
      WITH_OUTBOX(test_suppressions),
      WITH_OUTBOX(test_against_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
