// SPDX-License-Identifier: Apache-2.0
// Makes unsubscribe links.
#include "message/opt_out.h"
#include <stdio.h>
#include <string.h>

bool md_opt_out_needed(const md_message *message) {
  if (message->internal) return false;
  return strcmp(message->class_name, "marketing") == 0 || strcmp(message->class_name, "feedback") == 0;
}

int md_opt_out_url(const md_outbox_options *options, const md_message *message, md_arena *arena, const char **url,
                   md_error *err) {
  char token[MD_TOKEN_SIZE];
  md_unsubscribe link = {.person = message->person};
  *url = NULL;
  if (!md_opt_out_needed(message) || !options->link_base || !message->to) return 0;
  snprintf(link.purpose, sizeof link.purpose, "%s", message->class_name);
  snprintf(link.locale, sizeof link.locale, "%.*s", MD_UNSUBSCRIBE_WORD - 1, message->locale ? message->locale : "");
  md_address_hash(options->policy.address_key, message->to, link.address);
  md_unsubscribe_mask(message->to, link.masked);
  int rc = md_unsubscribe_write(&options->unsubscribe, &link, token, err);
  if (rc) return rc;
  *url = md_arena_printf(arena, "%s/u/%s", options->link_base, token);
  return *url ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
}
