// SPDX-License-Identifier: Apache-2.0
// libcurl's process-wide set-up, done once by whoever needs it first. Any thread; used inside courier/ only.
#pragma once
#include <curl/curl.h>

// A handle with what all of ours have in common: no signals, no proxy from the environment, no redirects. NULL when out
// of memory.
CURL *md_curl_handle(void);
// NULL when out of memory.
CURLM *md_curl_multi(void);
