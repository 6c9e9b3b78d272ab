// SPDX-License-Identifier: Apache-2.0
// The decision in the turn: M1 (frozen, dry-rendered), M5's limit, M6's names, M8, M9.
#include "message_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define REMINDER "{\"template\":\"reminder\",\"data\":{\"item\":\"sko\"}}"

static md_message decide(message_fixture *f, const char *class_name, const char *args) {
  md_send send = message_fixture_send(f, class_name, args);
  return message_fixture_decide(f, &send);
}

static void expect_suppressed(md_message message, const char *reason, const char *words) {
  assert_int_equal(message.state, MD_MESSAGE_SUPPRESSED);
  assert_string_equal(message.reason, reason);
  assert_non_null(message.detail);
  if (!strstr(message.detail, words)) fail_msg("detail: %s", message.detail);
  assert_true(message.final_at > 0);
}

static void expect_raise(message_fixture *f, const char *args, const char *words) {
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  md_send send = message_fixture_send(f, "service", args);
  md_message message;
  md_error err = {0};
  assert_int_equal(messenger->decide(messenger->context, f->store, &send, f->arena, &message, &err), MD_EINVAL);
  if (!strstr(err.text, words)) fail_msg("%s", err.text);
}

static json_t *parse(const char *text) {
  json_t *value = md_json_parse(text, strlen(text), false, NULL);
  assert_non_null(value);
  return value;
}

static void test_a_queued_message_is_frozen_whole(void **state) {
  message_fixture *f = *state;
  md_message m = decide(f, "service", REMINDER);
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_int_equal(m.run, f->run.id);
  assert_int_equal(m.step, 3);
  assert_int_equal(m.version, f->version);
  assert_int_equal(m.person, f->person);
  assert_string_equal(m.moment, "cart");
  assert_string_equal(m.class_name, "service");
  assert_string_equal(m.channel, "email");
  assert_string_equal(m.mode, "live");
  assert_string_equal(m.template_name, "reminder");
  assert_string_equal(m.locale, "da");
  assert_string_equal(m.subject, "Din kurv, sko");
  assert_string_equal(m.to, "ida@kunde.example");
  assert_string_equal(m.data, "{\"item\":\"sko\",\"profile\":{\"email\":\"ida@kunde.example\"}}");
  assert_int_equal(m.created_at, f->now);
  assert_int_equal(m.due_at, f->now);
  assert_false(m.urgent);
  assert_null(m.reason);
}

// The same step of the same run has one id, whatever is replayed; another installation has others.
static void test_message_id_is_determined(void **state) {
  message_fixture *f = *state;
  const char *first = decide(f, "service", REMINDER).message_id;
  char head[32];
  snprintf(head, sizeof head, "%lld.3.", (long long)f->run.id);
  assert_memory_equal(first, head, strlen(head));
  assert_string_equal(strchr(first, '@'), "@shop.example");
  f->now += MD_DAY;
  assert_string_equal(decide(f, "service", REMINDER).message_id, first);
  md_send other = message_fixture_send(f, "service", REMINDER);
  other.step = 4;
  assert_string_not_equal(message_fixture_decide(f, &other).message_id, first);
  f->options.installation = "elsewhere";
  message_fixture_outbox(f);
  assert_string_not_equal(decide(f, "service", REMINDER).message_id, first);
}

// --- where to (M8, M9) ---

static md_event trigger_with(const char *data) {
  return (md_event){.type = "cart.updated", .subject = "kunde-1", .data = parse(data)};
}

static const char *const paths[] = {"data.contact.email", "data.email", NULL};

static void test_the_triggers_address_goes_before_the_profile(void **state) {
  message_fixture *f = *state;
  md_event trigger = trigger_with("{\"contact\":{\"email\":\" per@kunde.example \"},\"email\":\"x@kunde.example\"}");
  md_send send = message_fixture_send(f, "service", REMINDER);
  send.trigger = &trigger;
  send.address_email = paths;
  assert_string_equal(message_fixture_decide(f, &send).to, "per@kunde.example");
  trigger = trigger_with("{\"contact\":{\"email\":\"per\"},\"email\":\"x@kunde.example\"}");
  assert_string_equal(message_fixture_decide(f, &send).to, "x@kunde.example");
  trigger = trigger_with("{\"contact\":7}");
  assert_string_equal(message_fixture_decide(f, &send).to, "ida@kunde.example");
}

static void test_no_address(void **state) {
  message_fixture *f = *state;
  md_send send = message_fixture_send(f, "service", REMINDER);
  json_object_del(send.profile, "email");
  expect_suppressed(message_fixture_decide(f, &send), "no_address", "neither the trigger nor the profile");
  json_object_set_new(send.profile, "email", json_string("ida@kunde.example\r\nBcc: all@kunde.example"));
  expect_suppressed(message_fixture_decide(f, &send), "no_address", "the profile's email");
}

// M8: neither profile nor `to` play a part.
static void test_security_goes_only_where_its_trigger_says(void **state) {
  message_fixture *f = *state;
  md_send send = message_fixture_send(f, "security", "{\"template\":\"plain\",\"to\":\"team\"}");
  expect_suppressed(message_fixture_decide(f, &send), "no_address", "security");
  md_event trigger = trigger_with("{\"email\":\"per@kunde.example\"}");
  send.trigger = &trigger;
  send.address_email = paths;
  md_message m = message_fixture_decide(f, &send);
  assert_string_equal(m.to, "per@kunde.example");
  assert_true(m.urgent);
}

static void test_to_is_a_name_of_the_configuration(void **state) {
  message_fixture *f = *state;
  static const md_outbox_address addresses[] = {{"team", "team@shop.example"}, {"lager", "lager@shop.example"}};
  f->options.addresses = addresses;
  f->options.address_count = 2;
  message_fixture_outbox(f);
  assert_string_equal(decide(f, "marketing", "{\"template\":\"plain\",\"to\":\"team\"}").to, "team@shop.example");
  expect_raise(f, "{\"template\":\"plain\",\"to\":\"taem\"}", "did you mean \"team\"?");
  expect_raise(f, "{\"template\":\"plain\",\"to\":\"a@b.example\"}", "`addresses` has no such name");
}

static void test_another_channel_raises(void **state) {
  expect_raise(*state, "{\"template\":\"plain\",\"channel\":\"sms\"}", "there is only \"email\"");
}

// --- consent and limit ---

static void consent(message_fixture *f, int64_t person, bool given, const char *channel, const char *purpose,
                    md_micros at) {
  md_consent row = {.person = person, .at = at, .given = given, .channel = channel, .purpose = purpose};
  store_fixture_expect(f->db, 0, md_consents_insert(f->store, &row, &f->db->err));
}

static void test_marketing_needs_consent(void **state) {
  message_fixture *f = *state;
  expect_suppressed(decide(f, "marketing", REMINDER), "no_consent", "there is none");
  consent(f, f->person, true, "sms", "marketing", 10);
  consent(f, f->person, true, "email", "tracking", 10);
  expect_suppressed(decide(f, "marketing", REMINDER), "no_consent", "there is none");
  consent(f, f->person, true, "email", "marketing", 20);
  assert_int_equal(decide(f, "marketing", REMINDER).state, MD_MESSAGE_QUEUED);
  consent(f, f->person, false, "*", "*", 30);
  expect_suppressed(decide(f, "marketing", REMINDER), "no_consent", "withdrew");
  assert_int_equal(decide(f, "service", REMINDER).state, MD_MESSAGE_QUEUED);
  consent(f, f->person, true, "email", "marketing", 30); // as new as the withdrawal
  expect_suppressed(decide(f, "marketing", REMINDER), "no_consent", "withdrew");
  consent(f, f->person, true, "email", "marketing", 31);
  assert_int_equal(decide(f, "marketing", REMINDER).state, MD_MESSAGE_QUEUED);
}

static void test_feedback_is_on_until_withdrawn(void **state) {
  message_fixture *f = *state;
  assert_int_equal(decide(f, "feedback", REMINDER).state, MD_MESSAGE_QUEUED);
  consent(f, f->person, false, "email", "feedback", 10);
  expect_suppressed(decide(f, "feedback", REMINDER), "no_consent", "withdrew");
}

// P3: a withdrawal on either side of a join stands, unless consent came later.
static void test_a_join_counts_both_sides(void **state) {
  message_fixture *f = *state;
  store_fixture_begin(f->db);
  int64_t other = make_person(f->store, "data.anonymous_id", "a1");
  consent(f, f->person, true, "email", "marketing", 10);
  consent(f, other, false, "email", "marketing", 20);
  assert_int_equal(decide(f, "marketing", REMINDER).state, MD_MESSAGE_QUEUED);
  store_fixture_expect(f->db, 0, md_people_alias(f->store, other, f->person, 1, 30, &f->db->err));
  expect_suppressed(decide(f, "marketing", REMINDER), "no_consent", "withdrew");
  store_fixture_commit(f->db);
}

// M5
static void test_limit_counts_other_runs(void **state) {
  message_fixture *f = *state;
  md_send send = message_fixture_send(f, "service", REMINDER);
  send.limit_runs = 1;
  send.limit_per = 7 * MD_DAY;
  message_fixture_queue(f, "service", REMINDER);
  assert_int_equal(message_fixture_decide(f, &send).state, MD_MESSAGE_QUEUED);
  message_fixture_run(f);
  expect_suppressed(message_fixture_decide(f, &send), "limit", "the limit is 1");
  send.now += 8 * MD_DAY;
  assert_int_equal(message_fixture_decide(f, &send).state, MD_MESSAGE_QUEUED);
}

// --- words (M1, M6) ---

static void test_locale_order(void **state) {
  message_fixture *f = *state;
  md_send send = message_fixture_send(f, "service", REMINDER);
  json_object_set_new(send.profile, "locale", json_string("en-GB"));
  assert_string_equal(message_fixture_decide(f, &send).locale, "en");
  send.args = parse("{\"template\":\"reminder\",\"locale\":\"da\",\"data\":{\"item\":\"sko\"}}");
  assert_string_equal(message_fixture_decide(f, &send).locale, "da");
  send.args = parse("{\"template\":\"b\",\"locale\":\"en\"}");
  assert_string_equal(message_fixture_decide(f, &send).locale, "da");
  assert_string_equal(
      decide(f, "service", "{\"template\":\"reminder\",\"data\":{\"item\":\"x\",\"locale\":\"en\"}}").locale, "en");
  f->options.locale = "en";
  message_fixture_outbox(f);
  assert_string_equal(decide(f, "service", REMINDER).locale, "en");
}

static void test_variant(void **state) {
  message_fixture *f = *state;
  md_message m = decide(f, "service", "{\"template\":\"reminder\",\"variant\":\"b\",\"data\":{\"item\":\"sko\"}}");
  assert_string_equal(m.subject, "Variant sko");
  assert_string_equal(m.variant, "b");
}

static void test_data_and_names(void **state) {
  message_fixture *f = *state;
  static const char *const names[] = {"name", NULL};
  md_send send = message_fixture_send(f, "service", "{\"template\":\"plain\"}");
  json_object_set_new(send.profile, "name", json_string("Ida"));
  assert_string_equal(message_fixture_decide(f, &send).data,
                      "{\"name\":\"Ida\",\"profile\":{\"email\":\"ida@kunde.example\",\"name\":\"Ida\"}}");
  json_object_set_new(send.profile, "name", json_string("se www.vind.example"));
  assert_string_equal(message_fixture_decide(f, &send).data, "{\"profile\":{\"email\":\"ida@kunde.example\"}}");
  send.args = parse("{\"template\":\"plain\",\"data\":{\"name\":\"http://vind.example\",\"n\":1}}");
  send.name_paths = names;
  assert_string_equal(message_fixture_decide(f, &send).data, "{\"n\":1,\"profile\":{\"email\":\"ida@kunde.example\"}}");
}

static int count_incident(void *context, const md_incident *row) {
  assert_string_equal(row->kind, "template");
  ++*(int *)context;
  return 0;
}

static int incidents(message_fixture *f) {
  int count = 0;
  store_fixture_expect(f->db, 0, md_incidents_list(f->store, 100, count_incident, &count, &f->db->err));
  return count;
}

static void test_a_template_that_cannot_be_filled(void **state) {
  message_fixture *f = *state;
  md_message m = decide(f, "service", "{\"template\":\"missing\"}");
  expect_suppressed(m, "template", "nowhere");
  assert_string_equal(m.template_name, "missing");
  assert_int_equal(incidents(f), 1);
  expect_suppressed(decide(f, "service", "{\"template\":\"never_written\"}"), "template", "never_written");
  assert_int_equal(incidents(f), 2);
}

static void test_fallback_template(void **state) {
  message_fixture *f = *state;
  md_message m = decide(f, "service", "{\"template\":\"missing\",\"fallback_template\":\"plain\"}");
  assert_int_equal(m.state, MD_MESSAGE_QUEUED);
  assert_string_equal(m.template_name, "plain");
  assert_string_equal(m.subject, "Enkelt");
  assert_non_null(strstr(m.detail, "nowhere"));
  assert_int_equal(incidents(f), 1);
  m = decide(f, "service", "{\"template\":\"missing\",\"fallback_template\":\"missing\"}");
  expect_suppressed(m, "template", "; missing: ");
}

// M7: never stripped.
static void test_a_control_character_in_a_header(void **state) {
  message_fixture *f = *state;
  md_message m =
      decide(f, "service", "{\"template\":\"whole\",\"data\":{\"subject_line\":\"Hej\\r\\nBcc: alle@kunde.example\"}}");
  assert_string_equal(m.reason, "template");
}

static void test_modes_and_time(void **state) {
  message_fixture *f = *state;
  static const md_outbox_mode modes[] = {{"other", "live"}, {"cart", "redirect:dev@shop.example"}};
  f->options.mode = NULL;
  message_fixture_outbox(f);
  assert_string_equal(decide(f, "service", REMINDER).mode, "shadow");
  f->options.modes = modes;
  f->options.mode_count = 2;
  message_fixture_outbox(f);
  md_message m = decide(f, "service", "{\"template\":\"plain\",\"urgent\":true,\"send_at\":1795426260.5}");
  assert_string_equal(m.mode, "redirect:dev@shop.example");
  assert_true(m.urgent);
  assert_int_equal(m.due_at, f->now + 60500000);
  assert_int_equal(decide(f, "service", "{\"template\":\"plain\",\"send_at\":5}").due_at, f->now);
}

static void expect_refused(message_fixture *f, md_outbox_options options, const char *words) {
  md_outbox *outbox = NULL;
  md_error err = {0};
  (void)f;
  assert_int_equal(md_outbox_new(&outbox, &options, &err), MD_EINVAL);
  if (!strstr(err.text, words)) fail_msg("%s", err.text);
  assert_null(outbox);
}

static void test_wrong_options_are_refused(void **state) {
  message_fixture *f = *state;
  static const md_outbox_address nobody = {"team", "nobody"};
  static const md_outbox_mode loud = {"cart", "loud"};
  md_outbox_options options = f->options;
  options.mode = "off";
  expect_refused(f, options, "\"off\" is no delivery mode");
  options = f->options;
  options.modes = &loud;
  options.mode_count = 1;
  expect_refused(f, options, "\"loud\"");
  options = f->options;
  options.addresses = &nobody;
  options.address_count = 1;
  expect_refused(f, options, "addresses.team");
  options = f->options;
  options.from = "shop";
  expect_refused(f, options, "the sender");
}

static void test_the_default_sender_is_an_address(void **state) {
  message_fixture *f = *state;
  f->options.from = NULL;
  message_fixture_outbox(f);
  assert_int_equal(decide(f, "service", REMINDER).state, MD_MESSAGE_QUEUED);
}

static void expect_copy(message_fixture *f, const md_version_file *file, const md_named_template *named,
                        const char *words) {
  const md_messenger *messenger = md_outbox_messenger(f->outbox);
  const md_new_version version = {.moment = "cart", .files = file, .file_count = 1, .templates = named};
  md_error err = {0};
  int rc = messenger->check_version(messenger->context, &version, f->arena, &err);
  assert_int_equal(rc, words ? MD_EINVAL : 0);
  if (words && !strstr(err.text, words)) fail_msg("%s", err.text);
}

// M1: what no mail can be made of does not go live.
static void test_M1_the_copy_of_a_new_version_is_read(void **state) {
  message_fixture *f = *state;
  static const char good[] = "---\nsubject: Hej\n---\nTekst\n", bare[] = "Tekst\n",
                    open[] = "---\nsubject: Hej\n---\n{{#a}}\n";
  md_version_file file = {"cart/x.da.md", good, sizeof good - 1};
  const md_named_template x = {"x", "cart/moment.lua", 4, NULL}, y = {"y", "cart/moment.lua", 5, NULL};
  expect_copy(f, &file, &x, NULL);
  expect_copy(f, &file, &y, "cart/moment.lua:5: there is no copy for the template y");
  file.data = bare, file.len = sizeof bare - 1;
  expect_copy(f, &file, NULL, "cart/x.da.md:1: no subject");
  file.data = open, file.len = sizeof open - 1;
  expect_copy(f, &file, NULL, "cart/x.da.md:4: {{#a}} is never closed: write {{/a}}");
}

int main(void) {
#define WITH_OUTBOX(test) cmocka_unit_test_setup_teardown(test, message_fixture_setup, message_fixture_teardown)
  const struct CMUnitTest tests[] = {
      WITH_OUTBOX(test_a_queued_message_is_frozen_whole),
      WITH_OUTBOX(test_M1_the_copy_of_a_new_version_is_read),
      WITH_OUTBOX(test_message_id_is_determined),
      WITH_OUTBOX(test_the_triggers_address_goes_before_the_profile),
      WITH_OUTBOX(test_no_address),
      WITH_OUTBOX(test_security_goes_only_where_its_trigger_says),
      WITH_OUTBOX(test_to_is_a_name_of_the_configuration),
      WITH_OUTBOX(test_another_channel_raises),
      WITH_OUTBOX(test_marketing_needs_consent),
      WITH_OUTBOX(test_feedback_is_on_until_withdrawn),
      WITH_OUTBOX(test_a_join_counts_both_sides),
      WITH_OUTBOX(test_limit_counts_other_runs),
      WITH_OUTBOX(test_locale_order),
      WITH_OUTBOX(test_variant),
      WITH_OUTBOX(test_data_and_names),
      WITH_OUTBOX(test_a_template_that_cannot_be_filled),
      WITH_OUTBOX(test_fallback_template),
      WITH_OUTBOX(test_a_control_character_in_a_header),
      WITH_OUTBOX(test_modes_and_time),
      WITH_OUTBOX(test_wrong_options_are_refused),
      WITH_OUTBOX(test_the_default_sender_is_an_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
