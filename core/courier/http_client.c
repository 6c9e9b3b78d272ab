// SPDX-License-Identifier: Apache-2.0
// A small blocking HTTP client for the command line, on one libcurl easy handle.
#include "courier/http_client.h"
#include "base/alloc.h"
#include "courier/curl_global.h"
#include <stdio.h>
#include <string.h>

enum { ANSWER_LIMIT = 16 * 1024 * 1024 };

struct md_http_client {
  CURL *curl;
  char error[CURL_ERROR_SIZE];
  // The request under way.
  md_http_answer *answer;
  size_t limit;
};

static size_t on_body(char *data, size_t size, size_t count, void *context) {
  md_http_client *client = context;
  size_t len = size * count;
  if (client->answer->body.len + len > client->limit) return 0;
  md_buffer_append(&client->answer->body, data, len);
  return md_buffer_ok(&client->answer->body) ? len : 0;
}

md_http_client *md_http_client_new(const char *unix_socket) {
  md_http_client *client = md_alloc_zero(sizeof *client);
  if (client) client->curl = md_curl_handle();
  if (!client || !client->curl) {
    md_http_client_free(client);
    return NULL;
  }
  curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);
  curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
  if (unix_socket && curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, unix_socket) != CURLE_OK) {
    md_http_client_free(client);
    return NULL;
  }
  return client;
}

void md_http_client_free(md_http_client *client) {
  if (!client) return;
  curl_easy_cleanup(client->curl);
  md_free(client);
}

// "Expect:" is switched off: it would cost a round trip, or a second with a server that does not answer it.
static struct curl_slist *headers_of(const md_http_request *request) {
  struct curl_slist *list = curl_slist_append(NULL, "Expect:");
  for (const char *const *header = request->headers; list && header && *header; header++) {
    struct curl_slist *longer = curl_slist_append(list, *header);
    if (!longer) curl_slist_free_all(list);
    list = longer;
  }
  return list;
}

static CURLcode set_request(CURL *curl, const md_http_request *request, struct curl_slist *headers) {
  const char *method = request->method ? request->method : request->body ? "POST" : "GET";
  md_micros timeout = request->timeout ? request->timeout : 60 * MD_SECOND;
  curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
  if (request->body) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
  }
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout / 1000));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  CURLcode code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  return code ? code : curl_easy_setopt(curl, CURLOPT_URL, request->url);
}

static void read_answer(md_http_client *client) {
  long status = 0;
  curl_off_t retry = 0;
  const char *type = NULL;
  curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry);
  curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
  client->answer->status = (int)status;
  client->answer->retry_after = (long)retry;
  snprintf(client->answer->content_type, sizeof client->answer->content_type, "%s", type ? type : "");
}

static int failure(const md_http_client *client, CURLcode code, const char *url, md_error *err) {
  const char *why = client->error[0] ? client->error : curl_easy_strerror(code);
  switch (code) {
  case CURLE_OUT_OF_MEMORY:
    return md_error_set(err, MD_ENOMEM, "out of memory");
  case CURLE_OPERATION_TIMEDOUT:
    return md_error_set(err, MD_ETIMEOUT, "%.200s: %s", url, why);
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return md_error_set(err, MD_EINVAL, "%.200s: %s", url, why);
  case CURLE_WRITE_ERROR:
    if (!md_buffer_ok(&client->answer->body)) return md_error_set(err, MD_ENOMEM, "out of memory");
    return md_error_set(err, MD_ETOOBIG, "%.200s: the answer is longer than %zu bytes", url, client->limit);
  default:
    return md_error_set(err, MD_ENETWORK, "%.200s: %s", url, why);
  }
}

int md_http_send(md_http_client *client, const md_http_request *request, md_http_answer *answer, md_error *err) {
  *answer = (md_http_answer){0};
  md_buffer_init(&answer->body);
  client->answer = answer;
  client->limit = request->answer_limit ? request->answer_limit : ANSWER_LIMIT;
  client->error[0] = '\0';
  struct curl_slist *headers = headers_of(request);
  CURLcode code = headers ? set_request(client->curl, request, headers) : CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) code = curl_easy_perform(client->curl);
  int rc = code ? failure(client, code, request->url, err) : 0;
  if (rc == 0) read_answer(client);
  curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(headers);
  return rc;
}

void md_http_answer_deinit(md_http_answer *answer) {
  md_buffer_deinit(&answer->body);
}
