// SPDX-License-Identifier: Apache-2.0
// The options of steps.
#include "script/step_options.h"
#include <stddef.h>
#include <string.h>

const char *const md_options_collect[] = {"before", "by",    "late",   "max", "max_lateness",
                                          "quiet",  "where", "within", NULL};
const char *const md_options_define[] = {"about", "again", "class",     "goal",  "limit",   "max_age", "on",
                                         "run",   "store", "templates", "title", "upgrade", "where",   NULL};
const char *const md_options_emit[] = {"data", "type", NULL};
const char *const md_options_experiment[] = {"arms", "coverage", "moment", "name", "seed", NULL};
const char *const md_options_fmt[] = {"locale", "tz", NULL};
const char *const md_options_http[] = {"connection", "json", "method", "name", "path", "query", "save", "secret", NULL};
const char *const md_options_past[] = {"by", "within", NULL};
const char *const md_options_quantile[] = {"labels", "min_n", "over", NULL};
const char *const md_options_send[] = {
    "channel", "data",   "fallback_template", "locale", "max_lateness", "products", "send_at", "template", "to",
    "unless",  "urgent", "variant",           NULL};
const char *const md_options_set[] = {"ttl", NULL};
const char *const md_options_sleep[] = {"late", "max_lateness", NULL};
const char *const md_options_sleep_until[] = {"hour", "late", "max_lateness", "minute", "tz", "weekday", NULL};
const char *const md_options_wait_for[] = {"before", "by", "late", "max_lateness", "since", "where", "within", NULL};

const md_step_options *md_step_options_of(const char *method) {
  static const md_step_options all[] = {
      {"collect", 2, md_options_collect},
      {"emit", 1, md_options_emit},
      {"http", 1, md_options_http},
      {"past", 2, md_options_past},
      {"quantile", 3, md_options_quantile},
      {"send", 1, md_options_send},
      {"set", 3, md_options_set},
      {"sleep", 2, md_options_sleep},
      {"sleep_until", 0, md_options_sleep_until},
      {"wait_for", 2, md_options_wait_for},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i].method, method) == 0) return &all[i];
  return NULL;
}
