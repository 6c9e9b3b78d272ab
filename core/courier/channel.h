// SPDX-License-Identifier: Apache-2.0
// A channel: what delivers mail, as one small table of functions that plugins fill too. One instance a sender thread,
// used by one thread at a time.
#pragma once
#include "base/error.h"
#include "message/delivery.h"

typedef struct md_channel md_channel;
struct md_channel {
  const char *name; // "file", "smtp"
  // Delivers, waiting until there is a result; always fills `result`. Never raises, never keeps `delivery`.
  void (*deliver)(md_channel *channel, const md_delivery *delivery, md_delivery_result *result);
  void (*free)(md_channel *channel);
};

// All borrowed for the life of the channel.
typedef struct md_channel_options {
  const char *url;             // "file:DIR", "smtp://[user@]host[:port]", "smtps://[user@]host[:port]"
  const char *password_file;   // its first line is the password of `user`; NULL: none
  const char *ca_file;         // certificates to trust instead of the system's; NULL
  bool allow_plain;            // SMTP without TLS to hosts other than loopback
  bool no_sync;                // file: do not wait for the disk (virtual time)
  md_micros connect_timeout;   // 0: 30 s
  md_micros reply_timeout;     // for each SMTP reply, the final one too; 0: 180 s
  const atomic_bool *stopping; // once true, what has not reached DATA ends as unsent; may be NULL
  const atomic_bool *hurry;    // once true, nothing is waited for any more, no final reply either; may be NULL
} md_channel_options;

// Opens by the URL's scheme; connects to nothing yet. MD_EINVAL or MD_EIO say what is wrong with the URL, the directory
// or the password file. Returns owned in `*out`.
int md_channel_open(md_channel **out, const md_channel_options *options, md_error *err);
void md_channel_free(md_channel *channel); // NULL is allowed

// The kinds behind md_channel_open. The file channel writes DIR/<created>-<message id>.eml, whole or not at all, and
// the same name again on a repeat.
int md_channel_file_new(md_channel **out, const char *directory, bool sync, md_error *err);
int md_channel_smtp_new(md_channel **out, const md_channel_options *options, md_error *err);
