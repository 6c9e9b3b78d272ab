// SPDX-License-Identifier: Apache-2.0
// A scripted SMTP server on loopback for tests: says what it is told to say, breaks off where it is told to, and keeps
// what it was given. Threads of its own.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum fake_smtp_break {
  FAKE_SMTP_STAYS,
  FAKE_SMTP_BREAKS_AT_GREETING, // closes instead of greeting
  FAKE_SMTP_BREAKS_AT_RCPT,     // closes instead of answering RCPT
  FAKE_SMTP_BREAKS_IN_BODY,     // closes after the first bytes of the body
  FAKE_SMTP_BREAKS_AFTER_DOT,   // reads the final dot and closes without a reply
} fake_smtp_break;

// Replies without CRLF; NULL: the usual one. A multi-line reply has CRLF between its lines.
typedef struct fake_smtp_script {
  const char *greeting, *ehlo, *starttls, *auth, *mail, *rcpt, *data, *dot;
  int rcpt_delay_ms, data_delay_ms, dot_delay_ms;
  fake_smtp_break breaks;
} fake_smtp_script;

typedef struct fake_smtp fake_smtp;

fake_smtp *fake_smtp_start(void); // ends the test program on failure
void fake_smtp_stop(fake_smtp *server);
int fake_smtp_port(const fake_smtp *server);
void fake_smtp_url(const fake_smtp *server, char out[static 64]);
// From the next command on. The texts must live on.
void fake_smtp_play(fake_smtp *server, const fake_smtp_script *script);

typedef struct fake_smtp_record {
  int connections;
  int rcpts;    // RCPT commands seen
  int data;     // DATA commands seen
  int dots;     // bodies read to their final dot
  int accepted; // dots answered with 2xx
  char from[256], to[256];
  char login[512];  // the AUTH line
  char body[65536]; // of the last mail, dots unstuffed; cut where longer
  size_t body_len;
} fake_smtp_record;
void fake_smtp_read(fake_smtp *server, fake_smtp_record *out);
// Waits up to five seconds until that many were seen.
bool fake_smtp_wait_rcpt(fake_smtp *server, int count);
bool fake_smtp_wait_dots(fake_smtp *server, int count);
