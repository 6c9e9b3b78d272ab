// SPDX-License-Identifier: Apache-2.0
// The grammar of mail addresses (M7), and mailboxes.
#include "message/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_good(const char *address) {
  md_error err = {0};
  if (md_mail_address_check(address, strlen(address), &err)) fail_msg("%s: %s", address, err.text);
}

static void assert_bad_bytes(const char *address, size_t len, const char *says) {
  md_error err = {0};
  assert_int_equal(md_mail_address_check(address, len, &err), MD_EINVAL);
  if (!strstr(err.text, says)) fail_msg("%s: \"%s\" is not in: %s", address, says, err.text);
}

static void assert_bad(const char *address, const char *says) {
  assert_bad_bytes(address, strlen(address), says);
}

static void good_addresses(void **state) {
  (void)state;
  assert_good("ida@example.com");
  assert_good("ida.b+tag_1@mail.example.co.uk");
  assert_good("!#$%&'*+-/=?^_`{|}~@x-y.dk");
  assert_good("a@localhost");
  assert_good("a@xn--bl-zia.dk");
  assert_good("a@1.2.3.dk");
}

static void bad_addresses(void **state) {
  (void)state;
  assert_bad("", "no @");
  assert_bad("ida", "no @");
  assert_bad("@b.dk", "nothing before");
  assert_bad("a@", "nothing after");
  assert_bad("a@b", "has no dot");
  assert_bad(".a@b.dk", "a dot at the edge");
  assert_bad("a.@b.dk", "a dot at the edge");
  assert_bad("a..b@c.dk", "a dot at the edge");
  assert_bad("a@b..dk", "two in a row");
  assert_bad("a@.dk", "edge of the domain");
  assert_bad("a@b.dk.", "edge of the domain");
  assert_bad("a@-b.dk", "a hyphen");
  assert_bad("a@b-.dk", "a hyphen");
  assert_bad("a@b_c.dk", "'_' in the domain");
  assert_bad("a@[127.0.0.1]", "'[' in the domain");
  assert_bad("a@127.0.0.1", "ends in a number");
  assert_bad("\"a b\"@c.dk", "'\"' in the part before");
  assert_bad("a(x)@c.dk", "'(' in the part before");
  assert_bad("a b@c.dk", "a space");
  assert_bad("a@b@c.dk", "'@' in the part before");
  assert_bad("a@b.dk,c@d.dk", "in the part before");
  assert_bad("a@b.dk>", "'>' in the domain");
  assert_bad("åse@b.dk", "not ASCII");
  assert_bad("a@blå.dk", "not ASCII");
  assert_bad("a@b.dk\r\nBcc: x@y.dk", "in the part before");
  assert_bad("a\n@b.dk", "a control character");
  assert_bad_bytes("a\0@b.dk", 7, "a control character");
  assert_bad_bytes("a@b.dk\0", 7, "a control character");
}

static void long_addresses(void **state) {
  (void)state;
  char text[400];
  snprintf(text, sizeof text, "%064d@b.dk", 0);
  assert_good(text);
  snprintf(text, sizeof text, "%065d@b.dk", 0);
  assert_bad(text, "more than 64");
  snprintf(text, sizeof text, "a@%063d.dk", 0);
  assert_good(text);
  snprintf(text, sizeof text, "a@%064d.dk", 0);
  assert_bad(text, "more than 63");
  snprintf(text, sizeof text, "a@%060d.%060d.%060d.%060d.%05d.dk", 0, 0, 0, 0, 0);
  assert_good(text); // 254
  snprintf(text, sizeof text, "a@%060d.%060d.%060d.%060d.%06d.dk", 0, 0, 0, 0, 0);
  assert_bad(text, "more than 254");
}

static void assert_mailbox(const char *text, const char *name, const char *address) {
  md_arena *arena = md_arena_new(0);
  md_mailbox box;
  md_error err = {0};
  if (md_mailbox_parse(text, strlen(text), arena, &box, &err)) fail_msg("%s: %s", text, err.text);
  if (name)
    assert_string_equal(box.name, name);
  else
    assert_null(box.name);
  assert_string_equal(box.address, address);
  md_arena_free(arena);
}

static void mailboxes(void **state) {
  (void)state;
  assert_mailbox("a@b.dk", NULL, "a@b.dk");
  assert_mailbox(" <a@b.dk> ", NULL, "a@b.dk");
  assert_mailbox("Butikken på Åen <a@b.dk>", "Butikken på Åen", "a@b.dk");
  assert_mailbox("Ida, Bo & Co. <a@b.dk>", "Ida, Bo & Co.", "a@b.dk");
  assert_mailbox("\"Ida \\\"B\\\" <x>\" <a@b.dk>", "Ida \"B\" <x>", "a@b.dk");
  assert_mailbox("\"\" <a@b.dk>", NULL, "a@b.dk");
}

static void bad_mailboxes(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "Ida",
                                    "Ida <a@b>",
                                    "<x> <a@b.dk>",
                                    "\"Ida <a@b.dk>",
                                    "I\nda <a@b.dk>",
                                    "\"a\" b <a@b.dk>",
                                    "Ida <a@b.dk> x",
                                    "\"\n\" <a@b.dk>",
                                    "\xff <a@b.dk>"};
  md_arena *arena = md_arena_new(0);
  md_mailbox box;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (md_mailbox_parse(bad[i], strlen(bad[i]), arena, &box, NULL) != MD_EINVAL) fail_msg("%s", bad[i]);
  md_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_addresses), cmocka_unit_test(bad_addresses),
                                     cmocka_unit_test(long_addresses), cmocka_unit_test(mailboxes),
                                     cmocka_unit_test(bad_mailboxes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
