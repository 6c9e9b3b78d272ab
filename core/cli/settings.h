// SPDX-License-Identifier: Apache-2.0
// The settings of momentd: one table from which the configuration file, the command line's options, their help and the
// check of docs/configuration.md are made. Pure but for reading the files named.
#pragma once
#include "base/arena.h"
#include "base/clock.h"
#include "cli/args.h"
#include <jansson.h>

// X(name, type, what stands for the value in the help, default or NULL, help)
#define MD_SETTINGS(X)                                                                                                 \
  X(db, TEXT, "FILE", "momentd.db", "the database (or MOMENTD_DB from the environment)")                               \
  X(key_file, TEXT, "FILE", NULL, "the master key; <db>.key where it is not set, made at the first start")             \
  X(scripts, LIST, "DIR", "scripts", "the script tree; may be given more than once")                                   \
  X(reload, TEXT, "HOW", "auto", "auto: changed scripts go live; poll: without inotify; manual: only by deploy")       \
  X(listen, TEXT, "HOST:PORT", "127.0.0.1:8484", "where events come in; port 0 takes a free one")                      \
  X(mail, TEXT, "WHERE", NULL, "where mail goes: file:DIR, smtp://[USER@]HOST[:PORT] or smtps://…")                    \
  X(public_url, TEXT, "URL", NULL, "where customers reach this server: https://mail.example.com")                      \
  X(delivery, TEXT, "MODE", "shadow", "shadow, redirect:ADDRESS, allow:@DOMAIN or live")                               \
  X(moment_delivery, TABLE, "MOMENT=MODE", NULL, "another mode for one moment; may be given more than once")           \
  X(sender, TEXT, "ADDRESS", NULL, "the sender of mail; momentd@HOSTNAME where it is not set")                         \
  X(sender_name, TEXT, "NAME", NULL, "the name shown beside the sender's address")                                     \
  X(addresses, TABLE, "NAME=ADDRESS", NULL, "a name that scripts may give as `to`; may be given more than once")       \
  X(connections, TREE, "NAME=URL", NULL, "a server that m:http may call; the file has more options")                   \
  X(locale, TEXT, "LOCALE", "da", "the locale of a person who has none")                                               \
  X(timezone, TEXT, "ZONE", "Europe/Copenhagen", "the time zone of a person who has none")                             \
  X(country, TEXT, "CODE", "DK", "the country of a person who has none, as two letters")                               \
  X(quiet_hours, TEXT, "HOURS", "21:00-08:00", "when marketing and feedback wait, by the person's clock; or none")     \
  X(caps, TABLE, "CLASS=N per SPAN", NULL, "at most so many messages a person; may be given more than once")           \
  X(consent_sender, TEXT, "NAME", "shop", "whom a consent is given to that does not say")                              \
  X(consent_products, TEXT, "NAME", "all", "the products of a consent or a message that does not say")                 \
  X(existing_customer, SWITCH, NULL, "no", "let a sale stand for consent (Markedsføringsloven § 10(2))")               \
  X(sale_event, TEXT, "TYPE", "order.placed", "the event that is a sale, where existing_customer is on")               \
  X(max_age, DURATION, "SPAN", "1d", "an older trigger starts nothing, where its moment says nothing else")            \
  X(catch_up_rate, NUMBER, "N", "600", "mails a minute after a downtime, urgent ones apart; 0: no limit")              \
  X(retention, DURATION, "SPAN", "400d", "events and ended runs that are older are forgotten; at least 90d, 0: none")  \
  X(keep_versions, DURATION, "SPAN", "30d", "how long a version that nothing needs any more keeps its files")          \
  X(smtp_password_file, TEXT, "FILE", NULL, "a file whose first line is the password for the SMTP server")             \
  X(smtp_ca_file, TEXT, "FILE", NULL, "certificates to trust instead of the system's")                                 \
  X(smtp_plain, SWITCH, NULL, "no", "allow SMTP without TLS to a server that is not on this machine")                  \
  X(smtp_connections, NUMBER, "N", "4", "connections to the SMTP server at once, one of them for urgent mail")         \
  X(smtp_connect_timeout, DURATION, "SPAN", "30s", "how long a connection to the SMTP server may take")                \
  X(smtp_reply_timeout, DURATION, "SPAN", "180s", "how long each of the SMTP server's replies is waited for")          \
  X(stop_grace, DURATION, "SPAN", "10s", "how long a stop waits for the SMTP server's reply to a mail handed over")    \
  X(body_limit, NUMBER, "BYTES", "262144", "largest event")                                                            \
  X(batch_limit, NUMBER, "BYTES", "4194304", "largest batch of events")                                                \
  X(header_limit, NUMBER, "BYTES", "32768", "largest request line with headers")                                       \
  X(memory_limit, NUMBER, "BYTES", "268435456", "requests taken and not yet answered; more are answered with 503")     \
  X(queue_limit, NUMBER, "N", "8192", "requests waiting for the engine; more are answered with 503")                   \
  X(max_connections, NUMBER, "N", "1024", "HTTP connections at once")                                                  \
  X(max_connections_address, NUMBER, "N", "64", "HTTP connections of one address at once; loopback is exempt")         \
  X(idle_timeout, DURATION, "SPAN", "30s", "a connection without a byte for so long is closed")                        \
  X(request_timeout, DURATION, "SPAN", "60s", "a request that takes longer to arrive is dropped")                      \
  X(turn_limit, DURATION, "SPAN", "30s", "a turn that takes longer ends the process, and is held back; 0s: never")     \
  X(trusted_proxies, LIST, "NETWORK", NULL, "a proxy whose X-Forwarded-For is believed; may be given more than once")  \
  X(vm_cache, NUMBER, "BYTES", "268435456", "what the Lua states of versions take; beyond it they are built anew")     \
  X(page_cache, NUMBER, "KIB", "3072", "the database's page cache")                                                    \
  X(accept_clock, SWITCH, NULL, "no", "start though the clock is over 30 days past the database's time")               \
  X(log_level, TEXT, "LEVEL", "info", "error, warn, info or debug")                                                    \
  X(log_format, TEXT, "FORMAT", "logfmt", "logfmt or json")

typedef struct md_setting_list {
  const char **items;
  int count;
} md_setting_list;

typedef enum md_setting_type {
  MD_SETTING_TEXT,
  MD_SETTING_LIST,
  MD_SETTING_TABLE, // names with texts
  MD_SETTING_TREE,  // names with tables of options; on the command line with a text
  MD_SETTING_DURATION,
  MD_SETTING_NUMBER,
  MD_SETTING_SWITCH
} md_setting_type;

#define MD_SETTING_C_TEXT const char *
#define MD_SETTING_C_LIST md_setting_list
#define MD_SETTING_C_TABLE json_t *
#define MD_SETTING_C_TREE json_t *
#define MD_SETTING_C_DURATION md_micros
#define MD_SETTING_C_NUMBER int64_t
#define MD_SETTING_C_SWITCH bool

// A text that is not set is NULL, a table is an object. All in the arena that they were loaded with.
typedef struct md_settings {
#define X(name, type, word, fallback, help) MD_SETTING_C_##type name;
  MD_SETTINGS(X)
#undef X
} md_settings;

// Defaults, then the file of --config, then MOMENTD_DB, then the command line. MD_EINVAL or MD_ESCRIPT with a sentence
// that names file and option, the nearest known one for an unknown name. Texts and tables go into `arena`.
int md_settings_load(md_settings *out, const md_cli_args *args, md_arena *arena, md_error *err);

// The settings as options of the command line, --config first.
int md_settings_options_count(void);
const md_cli_option *md_settings_option(int index);
// Whether a command that takes these settings takes this one.
bool md_settings_taken(md_cli_settings taken, int index);

// For the documentation's check: name and default (or NULL) of the n-th, false past the last.
bool md_settings_describe(int index, const char **name, const char **fallback);
