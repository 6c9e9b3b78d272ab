// SPDX-License-Identifier: Apache-2.0
// What an SMTP transaction means for its mail: M3 and M4 as a table of conversations.
#include "courier/smtp_talk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct conversation {
  const char *words; // "> " sent, "< " received, "." body handed over, one a line
  md_smtp_end end;
  md_delivery_outcome outcome;
  int reply;
} conversation;

#define HELLO "< 220 hi\n> EHLO me\n< 250-one\n< 250 two\n"
#define UP_TO_RCPT HELLO "> MAIL FROM:<a@b.dk>\n< 250 ok\n> RCPT TO:<c@d.dk>\n"
#define UP_TO_DOT UP_TO_RCPT "< 250 ok\n> DATA\n< 354 go\n.\n"

static const conversation conversations[] = {
    {"", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 0},
    {"< 554 go away\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 554},
    {HELLO, MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 250},
    {HELLO "> AUTH PLAIN\n< 334\n> AGEAYg==\n< 535 no\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 535},
    {HELLO "> MAIL FROM:<a@b.dk>\n< 530 TLS first\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_TRANSIENT, 530},
    {HELLO "> MAIL FROM:<a@b.dk>\n< 553 not you\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_PERMANENT, 553},
    {UP_TO_RCPT, MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 0},
    {UP_TO_RCPT "< 550-no such\n< 550 user\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_PERMANENT, 550},
    {UP_TO_RCPT "< 550 no\n> QUIT\n< 221 bye\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_PERMANENT, 550},
    {UP_TO_RCPT "< 450 later\n> QUIT\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_TRANSIENT, 450},
    {UP_TO_RCPT "< 250 ok\n> DATA\n< 354 go\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 354},
    {UP_TO_DOT, MD_SMTP_ENDED_ELSE, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT, MD_SMTP_ENDED_SENDING, MD_DELIVERY_TRANSIENT, 0},
    {UP_TO_DOT "< 250-ta\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT "< 25", MD_SMTP_ENDED_ELSE, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT "< 250 taken\n", MD_SMTP_ENDED_WELL, MD_DELIVERY_ACCEPTED, 250},
    {UP_TO_DOT "< 250 taken\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_ACCEPTED, 250},
    // What follows the dot has no end that could be read: goodbye takes nothing back, and its reply accepts nothing.
    {UP_TO_DOT "< 250-ta\n> QUIT\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT "> QUIT\n< 221 bye\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT "> QUIT\n", MD_SMTP_ENDED_SENDING, MD_DELIVERY_UNKNOWN, 0},
    {UP_TO_DOT "< 250 taken\n> QUIT\n< 221 bye\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_ACCEPTED, 250},
    {UP_TO_DOT "< 421 closing\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 421},
    {UP_TO_DOT "< 554 spam\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_PERMANENT, 554},
    // The connection of the mail before is found dead and said goodbye to first.
    {"> QUIT\n" HELLO "> MAIL FROM:<a@b.dk>\n< 451 later\n", MD_SMTP_ENDED_ELSE, MD_DELIVERY_TRANSIENT, 451},
};

static void play(md_smtp_talk *talk, const char *words) {
  md_smtp_talk_begin(talk);
  while (*words) {
    size_t len = strcspn(words, "\n");
    if (words[0] == '>') md_smtp_talk_sent(talk, words + 2, len - 2);
    if (words[0] == '<') md_smtp_talk_received(talk, words + 2, len - 2);
    if (words[0] == '.') md_smtp_talk_body_done(talk);
    words += len + (words[len] != '\0');
  }
}

static void test_conversations(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
    const conversation *c = &conversations[i];
    md_smtp_talk talk;
    md_delivery_result result = {0};
    play(&talk, c->words);
    md_smtp_talk_judge(&talk, c->end, "it broke", &result);
    if (result.outcome != c->outcome || result.reply != c->reply)
      fail_msg("conversation %zu: outcome %d, reply %d, wanted %d, %d", i, (int)result.outcome, result.reply,
               (int)c->outcome, c->reply);
  }
}

static void test_the_detail_is_one_printable_line(void **state) {
  (void)state;
  md_smtp_talk talk;
  md_delivery_result result = {0};
  play(&talk, UP_TO_RCPT);
  md_smtp_talk_received(&talk, "550 b\303\246d\x1b[31m\r\n", 14);
  md_smtp_talk_judge(&talk, MD_SMTP_ENDED_ELSE, "it broke", &result);
  assert_string_equal(result.detail, "550 b??d?[31m");
  play(&talk, UP_TO_DOT);
  md_smtp_talk_judge(&talk, MD_SMTP_ENDED_ELSE, "it broke", &result);
  assert_string_equal(result.detail, "after the final dot: it broke");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conversations),
      cmocka_unit_test(test_the_detail_is_one_printable_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
