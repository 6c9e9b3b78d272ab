// SPDX-License-Identifier: Apache-2.0
// Deliveries: one block of memory each, the strings behind the struct.
#include "message/delivery.h"
#include "base/alloc.h"
#include <string.h>

static const char *put(char **at, const char *text) {
  char *copy = *at;
  *at = stpcpy(copy, text) + 1;
  return copy;
}

md_delivery *md_delivery_new(const md_delivery *shape) {
  const char *request = shape->request ? shape->request : "";
  size_t texts = strlen(shape->from) + strlen(shape->to) + strlen(shape->message_id) + strlen(request) + 4;
  md_delivery *delivery = md_alloc_zero(sizeof *delivery + texts + shape->mail_len + 1);
  if (!delivery) return NULL;
  char *at = (char *)(delivery + 1);
  delivery->message = shape->message;
  delivery->run = shape->run;
  delivery->created_at = shape->created_at;
  delivery->urgent = shape->urgent;
  atomic_init(&delivery->cancel, false);
  delivery->from = put(&at, shape->from);
  delivery->to = put(&at, shape->to);
  delivery->message_id = put(&at, shape->message_id);
  delivery->request = put(&at, request);
  if (!shape->request) delivery->request = NULL;
  delivery->mail = at;
  delivery->mail_len = shape->mail_len;
  memcpy(at, shape->mail, shape->mail_len);
  return delivery;
}

// The mail may carry a secret.
void md_delivery_free(md_delivery *delivery) {
  if (delivery) explicit_bzero((void *)delivery->mail, delivery->mail_len);
  md_free(delivery);
}
