// SPDX-License-Identifier: Apache-2.0
// The SMTP channel: one libcurl easy handle, one connection kept from mail to mail. It hands over and listens; what was
// said is judged by smtp_talk. One thread an instance.
#include "base/alloc.h"
#include "base/file.h"
#include "courier/channel.h"
#include "courier/curl_global.h"
#include "courier/smtp_talk.h"
#include "courier/smtp_url.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef struct smtp_channel {
  md_channel channel;
  CURL *curl;
  const atomic_bool *stopping, *hurry;
  char error[CURL_ERROR_SIZE];
  md_smtp_talk talk;
  const md_delivery *delivery;    // under way, or NULL
  size_t read;                    // bytes of the mail handed to libcurl
  md_delivery_outcome broken_off; // why we ended it ourselves, or MD_DELIVERY_NONE
} smtp_channel;

// True when the mail shall not go out after all; notes why.
static bool break_off(smtp_channel *smtp) {
  if (atomic_load(&smtp->delivery->cancel))
    smtp->broken_off = MD_DELIVERY_CANCELLED;
  else if (smtp->stopping && atomic_load(smtp->stopping))
    smtp->broken_off = MD_DELIVERY_UNSENT;
  return smtp->broken_off != MD_DELIVERY_NONE;
}

// The first call comes after the server's 354 and before any of the mail: the last moment to read the flag (M2).
// Without a final dot the server keeps nothing. libcurl asks no more once it has written as many bytes as it was told
// of, and then sends the dot: so the mail counts as handed over when its last byte is read.
static size_t on_read(char *buffer, size_t size, size_t count, void *context) {
  smtp_channel *smtp = context;
  if (smtp->read == 0 && break_off(smtp)) return CURL_READFUNC_ABORT;
  size_t rest = smtp->delivery->mail_len - smtp->read, len = size * count < rest ? size * count : rest;
  memcpy(buffer, smtp->delivery->mail + smtp->read, len);
  smtp->read += len;
  bool whole = smtp->read == smtp->delivery->mail_len;
  if (whole && smtp->talk.stage != MD_SMTP_DOT) md_smtp_talk_body_done(&smtp->talk);
  return len;
}

// So that a cancel or a stop need not wait for a slow server's greeting, and a stop not for ever for its last word: a
// mail that was handed over whole then has an unknown end (M3).
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  smtp_channel *smtp = context;
  if (smtp->delivery && smtp->hurry && atomic_load(smtp->hurry)) return 1;
  return smtp->delivery && smtp->read == 0 && smtp->talk.stage != MD_SMTP_DOT && break_off(smtp);
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *context) {
  (void)curl;
  smtp_channel *smtp = context;
  if (type == CURLINFO_HEADER_OUT) md_smtp_talk_sent(&smtp->talk, data, len);
  if (type == CURLINFO_HEADER_IN) md_smtp_talk_received(&smtp->talk, data, len);
  return 0;
}

static size_t on_write(char *data, size_t size, size_t count, void *context) {
  (void)data, (void)context;
  return size * count;
}

static void judge(smtp_channel *smtp, CURLcode code, md_delivery_result *result) {
  md_smtp_end end = code == CURLE_OK           ? MD_SMTP_ENDED_WELL
                    : code == CURLE_SEND_ERROR ? MD_SMTP_ENDED_SENDING
                                               : MD_SMTP_ENDED_ELSE;
  *result = (md_delivery_result){.outcome = smtp->broken_off};
  if (code == CURLE_OK || smtp->broken_off == MD_DELIVERY_NONE)
    md_smtp_talk_judge(&smtp->talk, end, smtp->error[0] ? smtp->error : curl_easy_strerror(code), result);
}

static void deliver(md_channel *channel, const md_delivery *delivery, md_delivery_result *result) {
  smtp_channel *smtp = (smtp_channel *)channel;
  smtp->delivery = delivery;
  smtp->read = 0;
  smtp->broken_off = MD_DELIVERY_NONE;
  smtp->error[0] = '\0';
  md_smtp_talk_begin(&smtp->talk);
  struct curl_slist *to = curl_slist_append(NULL, delivery->to);
  curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, to);
  curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)delivery->mail_len);
  CURLcode code = to ? curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, delivery->from) : CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) code = curl_easy_perform(smtp->curl);
  judge(smtp, code, result);
  smtp->delivery = NULL;
  curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
  curl_slist_free_all(to);
}

// The kept connection is left with a QUIT, whose answer libcurl would wait for for two minutes: nothing is read any
// more.
static void stop_listening(CURL *curl) {
  curl_socket_t kept = CURL_SOCKET_BAD;
  if (curl && curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &kept) == CURLE_OK && kept != CURL_SOCKET_BAD)
    shutdown(kept, SHUT_RD);
}

static void smtp_free(md_channel *channel) {
  smtp_channel *smtp = (smtp_channel *)channel;
  stop_listening(smtp->curl);
  curl_easy_cleanup(smtp->curl);
  md_free(smtp);
}

static void set_callbacks(smtp_channel *smtp) {
  CURL *curl = smtp->curl;
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->error);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp);
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L); // what makes libcurl call on_debug; nothing is printed
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
}

// Each reply has its own limit; the speed limit only ends a server that stops reading in the middle of the body.
static void set_timeouts(CURL *curl, const md_channel_options *options) {
  md_micros connect = options->connect_timeout ? options->connect_timeout : 30 * MD_SECOND;
  md_micros reply = options->reply_timeout ? options->reply_timeout : 180 * MD_SECOND;
  long seconds = (long)((reply + MD_SECOND - 1) / MD_SECOND);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / 1000));
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, seconds + 10);
}

// TLS is demanded and verified everywhere but on loopback, where a mail server's certificate is mostly made for another
// name: there it is used when offered, and verified only against `ca_file`. With allow_plain it need not be offered.
static void set_security(CURL *curl, const md_channel_options *options, const md_smtp_url *url) {
  bool plain_is_fine = url->loopback || options->allow_plain;
  bool verify = !url->loopback || options->ca_file;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(plain_is_fine ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (options->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file);
}

static int set_login(CURL *curl, const md_channel_options *options, const md_smtp_url *url, md_error *err) {
  if (!url->user) {
    if (!options->password_file) return 0;
    return md_error_set(err, MD_EINVAL, "a password file without a user: write smtp://USER@HOST");
  }
  if (!options->password_file)
    return md_error_set(err, MD_EINVAL, "SMTP user \"%.60s\" needs a password file", url->user);
  md_buffer password;
  md_buffer_init(&password);
  int rc = md_file_read(options->password_file, 4096, &password, err);
  if (rc == 0) md_buffer_putc(&password, '\0');
  if (rc == 0 && !md_buffer_ok(&password)) rc = MD_ENOMEM;
  if (rc == 0) {
    password.data[strcspn(password.data, "\r\n")] = '\0';
    CURLcode code = curl_easy_setopt(curl, CURLOPT_USERNAME, url->user);
    if (code == CURLE_OK) code = curl_easy_setopt(curl, CURLOPT_PASSWORD, password.data);
    curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
    if (code) rc = md_error_set(err, MD_ENOMEM, "out of memory");
  }
  if (password.data) explicit_bzero(password.data, password.len);
  md_buffer_deinit(&password);
  return rc;
}

static int set_up(smtp_channel *smtp, const md_channel_options *options, md_error *err) {
  md_smtp_url url;
  int rc = md_smtp_url_parse(options->url, &url, err);
  if (rc) return rc;
  set_callbacks(smtp);
  set_timeouts(smtp->curl, options);
  set_security(smtp->curl, options, &url);
  curl_easy_setopt(smtp->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  if (curl_easy_setopt(smtp->curl, CURLOPT_URL, url.target) != CURLE_OK)
    rc = md_error_set(err, MD_ENOMEM, "out of memory");
  if (rc == 0) rc = set_login(smtp->curl, options, &url, err);
  md_smtp_url_deinit(&url);
  return rc;
}

int md_channel_smtp_new(md_channel **out, const md_channel_options *options, md_error *err) {
  smtp_channel *smtp = md_alloc_zero(sizeof *smtp);
  if (!smtp) return md_error_set(err, MD_ENOMEM, "out of memory");
  smtp->channel = (md_channel){.name = "smtp", .deliver = deliver, .free = smtp_free};
  smtp->stopping = options->stopping;
  smtp->hurry = options->hurry;
  smtp->curl = md_curl_handle();
  int rc = smtp->curl ? set_up(smtp, options, err) : md_error_set(err, MD_ENOMEM, "out of memory");
  if (rc) {
    smtp_free(&smtp->channel);
    return rc;
  }
  *out = &smtp->channel;
  return 0;
}
