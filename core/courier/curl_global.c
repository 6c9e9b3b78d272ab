// SPDX-License-Identifier: Apache-2.0
// libcurl's process-wide set-up, done once by whoever needs it first.
#include "courier/curl_global.h"
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started; // written under `once`, read after it

static void start(void) {
  started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURL *md_curl_handle(void) {
  pthread_once(&once, start);
  CURL *curl = started ? NULL : curl_easy_init();
  if (!curl) return NULL;
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  return curl;
}

CURLM *md_curl_multi(void) {
  pthread_once(&once, start);
  return started ? NULL : curl_multi_init();
}
