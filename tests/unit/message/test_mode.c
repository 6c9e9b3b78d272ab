// SPDX-License-Identifier: Apache-2.0
// Delivery modes: what each is written as, and where a mail goes under it (M8).
#include "message/mode.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static md_mode parse(const char *text) {
  md_mode mode;
  md_error err = {0};
  if (md_mode_parse(text, &mode, &err)) fail_msg("%s", err.text);
  return mode;
}

static const char *recipient(const char *mode_text, const char *class_name) {
  md_mode mode = parse(mode_text);
  const char *to = md_mode_recipient(&mode, class_name, "ida@Shop.example");
  return to ? to : "nobody";
}

static void test_recipients(void **state) {
  (void)state;
  assert_string_equal(recipient("live", "service"), "ida@Shop.example");
  assert_string_equal(recipient("shadow", "service"), "nobody");
  assert_string_equal(recipient("redirect:me@dev.example", "service"), "me@dev.example");
  assert_string_equal(recipient("allow:@shop.example", "service"), "ida@Shop.example");
  assert_string_equal(recipient("allow:@hop.example", "service"), "nobody");
  assert_string_equal(recipient("allow:@example.dk", "service"), "nobody");
}

// M8: security mail goes to its own address or stays.
static void test_security_is_never_redirected(void **state) {
  (void)state;
  assert_string_equal(recipient("redirect:me@dev.example", "security"), "nobody");
  assert_string_equal(recipient("live", "security"), "ida@Shop.example");
  assert_string_equal(recipient("allow:@shop.example", "security"), "ida@Shop.example");
}

static void test_malformed(void **state) {
  static const char *const wrong[] = {"",           "Live",    "redirect:",     "redirect:me", "redirect:a@b.dk\r\n",
                                      "allow:b.dk", "allow:@", "allow:@b@c.dk", "allow:@b dk", "live "};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    md_mode mode;
    md_error err = {0};
    if (md_mode_parse(wrong[i], &mode, &err) != MD_EINVAL) fail_msg("\"%s\" was taken", wrong[i]);
    assert_true(strlen(err.text) > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recipients),
      cmocka_unit_test(test_security_is_never_redirected),
      cmocka_unit_test(test_malformed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
