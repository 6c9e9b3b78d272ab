// SPDX-License-Identifier: Apache-2.0
// What the settings say about consent and decency (M5, M9, A3): read whole, and refused with the setting's name.
#include "base/json.h"
#include "cli/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_arena *arena;
static md_settings settings;

static int set_up(void **state) {
  (void)state;
  arena = md_arena_new(0);
  md_json_scope(arena);
  settings = (md_settings){.timezone = "Europe/Oslo",
                           .country = "NO",
                           .quiet_hours = "22:00-07:00",
                           .caps = json_pack("{s:s, s:s}", "marketing", "3 per 7d", "feedback/email", "1 per 30d"),
                           .consent_sender = "Sko ApS",
                           .consent_products = "shoes",
                           .sale_event = "order.placed",
                           .listen = "127.0.0.1:8484"};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  md_json_scope(NULL);
  md_arena_free(arena);
  return 0;
}

static void test_it_is_read_whole(void **state) {
  md_policy policy;
  (void)state;
  assert_int_equal(md_policy_of_settings(&settings, NULL, &policy, NULL), 0);
  assert_string_equal(md_policy_zone(&policy), "Europe/Oslo");
  assert_string_equal(md_policy_country(&policy), "NO");
  assert_int_equal(policy.quiet.from, 22 * 60);
  assert_int_equal(policy.cap_count, 2);
  md_engine_options engine = {0};
  md_policy_of_engine(&settings, &engine);
  assert_string_equal(engine.consent_products, "shoes");
  assert_null(engine.sale_event); // existing_customer is off
  settings.existing_customer = true;
  md_policy_of_engine(&settings, &engine);
  assert_string_equal(engine.sale_event, "order.placed");
}

static void refused(const char *words) {
  md_policy policy;
  md_error err = {0};
  assert_int_not_equal(md_policy_of_settings(&settings, NULL, &policy, &err), 0);
  if (!strstr(err.text, words)) fail_msg("%s", err.text);
  tear_down(NULL);
  set_up(NULL);
}

static void test_what_is_wrong_is_named(void **state) {
  (void)state;
  settings.timezone = "Europe/Kopenhagen";
  refused("timezone: 'Europe/Kopenhagen' is no time zone");
  settings.country = "Denmark";
  refused("country: \"Denmark\"");
  settings.quiet_hours = "9-17";
  refused("quiet_hours: \"9-17\"");
  settings.caps = json_pack("{s:s}", "marketng", "3 per 7d");
  refused("caps: marketng = ");
}

static const char *link_base(bool stays_here, int code) {
  const char *base = NULL;
  bool own = false;
  assert_int_equal(md_policy_link_base(&settings, stays_here, arena, &base, &own, NULL), code);
  return base;
}

static void test_where_links_lead(void **state) {
  static const char *const wrong[] = {
      "http://mail.example.com", "https://",    "https://a.example/",     "ftp://a.example",
      "https://a.example/?x=1",  "https://a b", "https://a.example/\"><b"};
  (void)state;
  assert_string_equal(link_base(true, 0), "http://127.0.0.1:8484");
  assert_null(link_base(false, 0)); // mail leaves this machine
  settings.public_url = "https://mail.example.com/shop";
  assert_string_equal(link_base(false, 0), "https://mail.example.com/shop");
  settings.public_url = "http://127.0.0.1:80";
  assert_string_equal(link_base(false, 0), "http://127.0.0.1:80");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    settings.public_url = wrong[i];
    link_base(false, MD_EINVAL);
  }
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {T(test_it_is_read_whole), T(test_what_is_wrong_is_named),
                                     T(test_where_links_lead)};
  md_json_init();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
