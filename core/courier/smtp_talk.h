// SPDX-License-Identifier: Apache-2.0
// What was said in one SMTP transaction, and what it means for the mail (M3, M4): by the reply first, since libcurl's
// result codes mislead (550 at RCPT is a send error, a connection dropped after the dot a receive error). Pure.
#pragma once
#include "message/delivery.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum md_smtp_stage {
  MD_SMTP_CONNECT, // until the first command, the greeting included
  MD_SMTP_HELLO,   // EHLO, STARTTLS, AUTH: about us, not about the mail
  MD_SMTP_MAIL,
  MD_SMTP_RCPT,
  MD_SMTP_DATA, // the command, and the body until all of it was handed over
  MD_SMTP_DOT,  // all of it was handed over
  MD_SMTP_QUIT, // replies count no more
} md_smtp_stage;

typedef struct md_smtp_talk {
  md_smtp_stage stage;
  bool left;      // after the dot QUIT was said: nothing tells of the mail any more
  int reply;      // to the last command; 0: none yet
  char line[200]; // its last line, control characters replaced
} md_smtp_talk;

// How the transfer itself ended.
typedef enum md_smtp_end {
  MD_SMTP_ENDED_WELL,
  MD_SMTP_ENDED_SENDING, // what was to be sent could not be
  MD_SMTP_ENDED_ELSE,
} md_smtp_end;

void md_smtp_talk_begin(md_smtp_talk *talk);
// A command as sent: only its first word is looked at (AUTH carries a secret).
void md_smtp_talk_sent(md_smtp_talk *talk, const char *command, size_t len);
// One line of a reply.
void md_smtp_talk_received(md_smtp_talk *talk, const char *line, size_t len);
void md_smtp_talk_body_done(md_smtp_talk *talk);
// `why` is the transport's own words, for where no reply explains it.
void md_smtp_talk_judge(const md_smtp_talk *talk, md_smtp_end end, const char *why, md_delivery_result *result);
