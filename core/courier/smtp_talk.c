// SPDX-License-Identifier: Apache-2.0
// What was said in one SMTP transaction, and what it means for the mail. Pure; any thread.
#include "courier/smtp_talk.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct command_stage {
  const char *command;
  md_smtp_stage stage;
} command_stage;

static const command_stage commands[] = {
    {"EHLO", MD_SMTP_HELLO}, {"HELO", MD_SMTP_HELLO}, {"STARTTLS", MD_SMTP_HELLO}, {"AUTH", MD_SMTP_HELLO},
    {"MAIL", MD_SMTP_MAIL},  {"RCPT", MD_SMTP_RCPT},  {"DATA", MD_SMTP_DATA},      {"QUIT", MD_SMTP_QUIT},
};

void md_smtp_talk_begin(md_smtp_talk *talk) {
  memset(talk, 0, sizeof *talk);
}

// A line that is no command we know (an answer in an AUTH exchange) belongs to the stage that we are in.
void md_smtp_talk_sent(md_smtp_talk *talk, const char *command, size_t len) {
  size_t word = 0;
  while (word < len && isalpha((unsigned char)command[word]))
    word++;
  bool broken_off = talk->stage == MD_SMTP_QUIT;
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strlen(commands[i].command) != word || strncasecmp(command, commands[i].command, word) != 0) continue;
    // Goodbye after the dot tells nothing of the mail: it was handed over whole, and no reply to QUIT is one to it.
    talk->left = talk->stage == MD_SMTP_DOT && commands[i].stage == MD_SMTP_QUIT;
    if (talk->left) continue;
    talk->stage = commands[i].stage;
    // A QUIT says goodbye to a transaction that failed: its reply is the one that counts.
    if (talk->stage != MD_SMTP_QUIT || broken_off) talk->reply = 0;
  }
}

static void keep_line(md_smtp_talk *talk, const char *line, size_t len) {
  while (len > 0 && isspace((unsigned char)line[len - 1]))
    len--;
  if (len >= sizeof talk->line) len = sizeof talk->line - 1;
  for (size_t i = 0; i < len; i++)
    talk->line[i] = line[i] >= 0x20 && line[i] < 0x7f ? line[i] : '?';
  talk->line[len] = '\0';
}

void md_smtp_talk_received(md_smtp_talk *talk, const char *line, size_t len) {
  if (talk->stage == MD_SMTP_QUIT || talk->left || len < 3) return;
  if (!isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) || !isdigit((unsigned char)line[2])) return;
  if (len > 3 && line[3] == '-') return;
  talk->reply = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  keep_line(talk, line, len);
}

void md_smtp_talk_body_done(md_smtp_talk *talk) {
  talk->stage = MD_SMTP_DOT;
  talk->reply = 0;
}

// 530, 534, 535 and 538 (RFC 4954) ask for a login or for TLS, at whatever command: that is the operator's to mend.
static bool about_us(const md_smtp_talk *talk) {
  return talk->stage < MD_SMTP_MAIL || talk->reply == 530 || talk->reply == 534 || talk->reply == 535 ||
         talk->reply == 538;
}

static md_delivery_outcome outcome_of(const md_smtp_talk *talk, md_smtp_end end) {
  if (end == MD_SMTP_ENDED_WELL) return MD_DELIVERY_ACCEPTED;
  if (talk->reply >= 500) return about_us(talk) ? MD_DELIVERY_TRANSIENT : MD_DELIVERY_PERMANENT;
  if (talk->reply >= 400) return MD_DELIVERY_TRANSIENT;
  if (talk->stage != MD_SMTP_DOT) return MD_DELIVERY_TRANSIENT;
  if (talk->reply >= 200 && talk->reply < 300) return MD_DELIVERY_ACCEPTED;
  // The dot itself could not be sent: the server holds a mail without an end, which it must drop (RFC 5321, 4.1.1.4).
  return end == MD_SMTP_ENDED_SENDING && !talk->left ? MD_DELIVERY_TRANSIENT : MD_DELIVERY_UNKNOWN;
}

static const char *where(const md_smtp_talk *talk) {
  switch (talk->stage) {
  case MD_SMTP_CONNECT:
    return "connecting";
  case MD_SMTP_HELLO:
    return "at the greeting, STARTTLS or login";
  case MD_SMTP_MAIL:
    return "at MAIL FROM";
  case MD_SMTP_RCPT:
    return "at RCPT TO";
  case MD_SMTP_DATA:
    return "before the end of DATA";
  case MD_SMTP_DOT:
    return "after the final dot";
  case MD_SMTP_QUIT:
    break;
  }
  return "in the transaction";
}

void md_smtp_talk_judge(const md_smtp_talk *talk, md_smtp_end end, const char *why, md_delivery_result *result) {
  result->outcome = outcome_of(talk, end);
  result->reply = talk->reply;
  if (result->outcome == MD_DELIVERY_ACCEPTED || talk->reply >= 400)
    snprintf(result->detail, sizeof result->detail, "%s", talk->line);
  else
    snprintf(result->detail, sizeof result->detail, "%s: %.180s", where(talk), why);
}
