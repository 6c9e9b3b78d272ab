// SPDX-License-Identifier: Apache-2.0
// Keeps mails in memory.
#include "cli/memory_channel.h"
#include "base/alloc.h"
#include <string.h>

typedef struct kept {
  struct kept *next;
  int64_t message;
  size_t len;
  char mail[];
} kept;

typedef struct memory_channel {
  md_channel channel;
  kept *first;
} memory_channel;

static void deliver(md_channel *channel, const md_delivery *delivery, md_delivery_result *result) {
  memory_channel *memory = (memory_channel *)channel;
  kept *mail = md_alloc(sizeof *mail + delivery->mail_len + 1);
  *result = (md_delivery_result){.outcome = mail ? MD_DELIVERY_ACCEPTED : MD_DELIVERY_TRANSIENT};
  if (!mail) return;
  *mail = (kept){memory->first, delivery->message, delivery->mail_len};
  memcpy(mail->mail, delivery->mail, delivery->mail_len);
  mail->mail[delivery->mail_len] = '\0';
  memory->first = mail;
}

static void forget(md_channel *channel) {
  memory_channel *memory = (memory_channel *)channel;
  while (memory->first) {
    kept *next = memory->first->next;
    md_free(memory->first);
    memory->first = next;
  }
  md_free(memory);
}

md_channel *md_memory_channel_new(void) {
  memory_channel *memory = md_alloc_zero(sizeof *memory);
  if (!memory) return NULL;
  memory->channel = (md_channel){"memory", deliver, forget};
  return &memory->channel;
}

const char *md_memory_channel_mail(const md_channel *channel, int64_t message, size_t *len) {
  const memory_channel *memory = (const memory_channel *)channel;
  for (const kept *at = memory->first; at; at = at->next) {
    if (at->message != message) continue;
    *len = at->len;
    return at->mail;
  }
  return NULL;
}
