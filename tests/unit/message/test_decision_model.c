// SPDX-License-Identifier: Apache-2.0
// The whole decision (M5, M9) over generated people and rules, against a small obvious model: which of all rules speaks
// first, and when the message may go.
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

enum { CASES = 1500, BEFORE_MAX = 5, NIGHT_FROM = 21, NIGHT_UNTIL = 8, CAP = 2, CAP_HOURS = 48, LIMIT_HOURS = 72 };

static const char *const classes[] = {"security", "service", "feedback", "marketing"};
enum { SECURITY, SERVICE, FEEDBACK, MARKETING };

// A person, what was sent before, and what is asked. Hours count from a midnight in Copenhagen's winter.
typedef struct situation {
  int class_index;
  bool consented, withdrawn_after, abroad, has_address, internal, suppressed, happened, limited;
  int before[BEFORE_MAX]; // hours of marketing mail of other runs
  int before_count;
  int hour;
} situation;

static bool coin(int percent) {
  return random() % 100 < percent;
}

static situation random_situation(void) {
  situation s = {.class_index = (int)(random() % 4),
                 .consented = coin(75),
                 .withdrawn_after = coin(20),
                 .abroad = coin(30),
                 .has_address = coin(85),
                 .internal = coin(10),
                 .suppressed = coin(60),
                 .happened = coin(20),
                 .limited = coin(40),
                 .before_count = (int)(random() % (BEFORE_MAX + 1)),
                 .hour = (int)(random() % 96)};
  s.suppressed = s.suppressed && !s.consented; // the later consent would lift it
  for (int i = 0; i < s.before_count; i++)
    s.before[i] = (int)(random() % 96);
  return s;
}

static bool is_night(int hour) {
  return hour % 24 >= NIGHT_FROM || hour % 24 < NIGHT_UNTIL;
}

static bool window_is_full(const situation *s, int hour, int span, int most) {
  for (int start = hour - span + 1; start <= hour; start++) {
    int count = 0;
    for (int i = 0; i < s->before_count; i++)
      count += s->before[i] >= start && s->before[i] < start + span;
    if (count >= most) return true;
  }
  return false;
}

// The reason, or NULL and the hour at which it goes.
static const char *model(const situation *s, int *hour) {
  bool security = s->class_index == SECURITY, internal = s->internal && !security;
  bool needs = s->class_index == MARKETING || (s->class_index == FEEDBACK && s->abroad);
  bool optional = s->class_index == MARKETING || s->class_index == FEEDBACK;
  *hour = s->hour;
  if (!internal && optional && s->withdrawn_after) return "no_consent";
  if (!internal && needs && !s->consented) return "no_consent";
  if (!internal && !s->has_address) return "no_address";
  if (!internal && optional && s->suppressed) return "suppressed";
  if (s->happened) return "unless";
  while (!internal && optional && is_night(*hour))
    ++*hour;
  if (!internal && s->limited && window_is_full(s, *hour, LIMIT_HOURS, 1)) return "limit";
  if (!internal && s->class_index == MARKETING && window_is_full(s, *hour, CAP_HOURS, CAP)) return "cap";
  return NULL;
}

// --- the same, for real ---

static bool happened;

static int seen(void *engine, const md_run *run, const char *type, md_micros since, bool *out, md_error *err) {
  (void)engine, (void)run, (void)type, (void)since, (void)err;
  *out = happened;
  return 0;
}

// 2026-11-27T23:00:00Z is midnight in Copenhagen.
static md_micros at_hour(int hour) {
  return 1795820400 * MD_SECOND + hour * MD_HOUR;
}

static void say(message_fixture *f, const char *purpose, bool given, md_micros at) {
  md_consent row = {.person = f->person, .at = at, .given = given, .channel = "email", .purpose = purpose};
  store_fixture_expect(f->db, 0, md_consents_insert(f->store, &row, &f->db->err));
}

static void suppress(message_fixture *f, const char *purpose) {
  uint8_t hash[MD_ADDRESS_HASH_SIZE] = {1};
  md_suppression row = {.person = f->person, .at = 50, .channel = "email", .purpose = purpose, .reason = "unsubscribe"};
  row.address = hash;
  store_fixture_expect(f->db, 0, md_suppressions_insert(f->store, &row, &f->db->err));
}

static void make_history(message_fixture *f, const situation *s) {
  for (int i = 0; i < s->before_count; i++) {
    md_message m = {.run = f->run.id + 1 + i,
                    .moment = "cart",
                    .version = f->version,
                    .person = f->person,
                    .channel = "email",
                    .class_name = "marketing",
                    .mode = "live",
                    .template_name = "plain",
                    .state = MD_MESSAGE_HELD};
    m.due_at = at_hour(s->before[i]);
    store_fixture_expect(f->db, 0, md_messages_insert(f->store, &m, &f->db->err));
  }
}

static md_message decide(message_fixture *f, const situation *s) {
  char args[200];
  static const char *const paths[] = {"data.email", NULL};
  snprintf(args, sizeof args, "{\"template\":\"plain\",\"send_at\":%lld%s%s}",
           (long long)(at_hour(s->hour) / MD_SECOND), s->internal ? ",\"to\":\"team\"" : "",
           ",\"unless\":{\"past\":\"order.placed\",\"within\":60}");
  md_send send = message_fixture_send(f, classes[s->class_index], args);
  json_t *data = json_object();
  md_event trigger = {.type = "go", .data = data};
  if (s->has_address) json_object_set_new(data, "email", json_string("ida@kunde.example"));
  json_object_del(send.profile, "email");
  send.trigger = &trigger;
  send.address_email = paths;
  if (s->abroad) json_object_set_new(send.profile, "country", json_string("SE"));
  if (s->limited) {
    send.limit_runs = 1;
    send.limit_per = LIMIT_HOURS * MD_HOUR;
  }
  happened = s->happened;
  return message_fixture_decide(f, &send);
}

static const char *const outcomes[] = {"sent", "no_consent", "no_address", "suppressed", "unless", "limit", "cap"};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

static void count(int counts[static OUTCOMES], const char *reason) {
  for (int i = 0; i < OUTCOMES; i++)
    counts[i] += strcmp(outcomes[i], reason) == 0;
}

// Answers the reason, or "sent".
static const char *compare(message_fixture *f, int n) {
  char name[32];
  int hour = 0;
  situation s = random_situation();
  snprintf(name, sizeof name, "model-%d", n);
  message_fixture_person(f, name);
  for (int purpose = 0; purpose < 2; purpose++) {
    const char *word = purpose ? "feedback" : "marketing";
    if (s.consented) say(f, word, true, 100);
    if (s.withdrawn_after) say(f, word, false, 200);
    if (s.suppressed) suppress(f, word);
  }
  make_history(f, &s);
  md_message got = decide(f, &s);
  const char *wanted = model(&s, &hour);
  const char *reason = got.state == MD_MESSAGE_SUPPRESSED ? got.reason : NULL;
  if (strcmp(wanted ? wanted : "", reason ? reason : "") != 0)
    fail_msg("case %d, %s: %s instead of %s", n, classes[s.class_index], reason ? reason : "sent",
             wanted ? wanted : "sent");
  if (!wanted && got.due_at != at_hour(hour))
    fail_msg("case %d: due %lld h off", n, (long long)((got.due_at - at_hour(hour)) / MD_HOUR));
  if (reason && got.again_at) assert_true(got.again_at > at_hour(hour));
  return wanted ? wanted : "sent";
}

static void test_against_the_model(void **state) {
  message_fixture *f = *state;
  static const md_outbox_address team = {"team", "team@shop.example"};
  f->options.addresses = &team;
  f->options.address_count = 1;
  f->options.seen = seen;
  md_quiet_hours_parse("21:00-08:00", &f->options.policy.quiet, NULL);
  assert_int_equal(md_cap_parse("marketing", "2 per 48h", &f->options.policy.caps[0], NULL), 0);
  f->options.policy.cap_count = 1;
  message_fixture_outbox(f);
  f->now = at_hour(0) - MD_HOUR;
  int counts[OUTCOMES] = {0};
  srandom(17);
  for (int n = 0; n < CASES; n++)
    count(counts, compare(f, n));
  for (int i = 0; i < OUTCOMES; i++) // each is met often enough to be told apart
    if (counts[i] < CASES / 100) fail_msg("%s: only %d", outcomes[i], counts[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_against_the_model, message_fixture_setup, message_fixture_teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
