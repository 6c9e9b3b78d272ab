// SPDX-License-Identifier: Apache-2.0
// An SMTP server's URL taken apart, by libcurl's own parser.
#include "courier/smtp_url.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

// By its name only: what a resolver answers for other names is not proof enough to send in the clear.
static bool is_loopback(const char *host) {
  struct in_addr v4;
  if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
  return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

static bool has(CURLU *parts, CURLUPart part) {
  char *text = NULL;
  bool there = curl_url_get(parts, part, &text, 0) == CURLUE_OK && text[0] && strcmp(text, "/") != 0;
  curl_free(text);
  return there;
}

static int take_apart(CURLU *parts, md_smtp_url *out, md_error *err) {
  char *host = NULL;
  if (has(parts, CURLUPART_PASSWORD))
    return md_error_set(err, MD_EINVAL, "no password in the mail server's URL: give a password file");
  if (has(parts, CURLUPART_PATH) || has(parts, CURLUPART_QUERY) || has(parts, CURLUPART_FRAGMENT))
    return md_error_set(err, MD_EINVAL, "nothing may follow host and port in the mail server's URL");
  if (curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
    return md_error_set(err, MD_EINVAL, "no host in the mail server's URL");
  out->loopback = is_loopback(host);
  curl_free(host);
  CURLUcode code = curl_url_get(parts, CURLUPART_USER, &out->user, CURLU_URLDECODE);
  if (code != CURLUE_OK && code != CURLUE_NO_USER)
    return md_error_set(err, MD_EINVAL, "the user in the mail server's URL: %s", curl_url_strerror(code));
  curl_url_set(parts, CURLUPART_USER, NULL, 0);
  if (curl_url_get(parts, CURLUPART_URL, &out->target, 0) != CURLUE_OK)
    return md_error_set(err, MD_ENOMEM, "out of memory");
  return 0;
}

int md_smtp_url_parse(const char *text, md_smtp_url *out, md_error *err) {
  *out = (md_smtp_url){0};
  CURLU *parts = curl_url();
  if (!parts) return md_error_set(err, MD_ENOMEM, "out of memory");
  CURLUcode code = curl_url_set(parts, CURLUPART_URL, text, 0);
  int rc = code ? md_error_set(err, MD_EINVAL, "the mail server's URL: %s; write smtp://[user@]host[:port]",
                               curl_url_strerror(code))
                : take_apart(parts, out, err);
  curl_url_cleanup(parts);
  if (rc) md_smtp_url_deinit(out);
  return rc;
}

void md_smtp_url_deinit(md_smtp_url *url) {
  curl_free(url->target);
  curl_free(url->user);
  *url = (md_smtp_url){0};
}
