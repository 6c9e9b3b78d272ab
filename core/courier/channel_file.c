// SPDX-License-Identifier: Apache-2.0
// The file channel: each mail becomes DIR/<created>-<message id>.eml, whole or not at all; a repeat writes the same
// name, so that a crash between acceptance and its record doubles nothing. One thread an instance.
#include "base/alloc.h"
#include "base/file.h"
#include "courier/channel.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct file_channel {
  md_channel channel;
  bool sync;
  char directory[]; // NUL-terminated
} file_channel;

static int path_of(const file_channel *file, const md_delivery *delivery, char path[static PATH_MAX]) {
  time_t seconds = (time_t)(delivery->created_at / MD_SECOND);
  struct tm utc;
  char created[40];
  gmtime_r(&seconds, &utc);
  strftime(created, sizeof created, "%Y%m%dT%H%M%SZ", &utc);
  int len = snprintf(path, PATH_MAX, "%s/%s-%s.eml", file->directory, created, delivery->message_id);
  if (len >= PATH_MAX) return MD_ETOOBIG;
  for (char *c = path + strlen(file->directory) + 1; *c; c++)
    if (*c == '/') *c = '_';
  return 0;
}

static void deliver(md_channel *channel, const md_delivery *delivery, md_delivery_result *result) {
  file_channel *file = (file_channel *)channel;
  char path[PATH_MAX];
  md_error error = {0};
  *result = (md_delivery_result){.outcome = MD_DELIVERY_CANCELLED};
  if (atomic_load(&delivery->cancel)) return;
  int rc = path_of(file, delivery, path);
  if (rc == 0) rc = md_file_write(path, delivery->mail, delivery->mail_len, file->sync, &error);
  result->outcome = rc ? MD_DELIVERY_TRANSIENT : MD_DELIVERY_ACCEPTED;
  if (rc)
    snprintf(result->detail, sizeof result->detail, "%.200s", error.text[0] ? error.text : md_error_text(rc));
  else
    snprintf(result->detail, sizeof result->detail, "written to %.200s", path + strlen(file->directory) + 1);
}

static void file_free(md_channel *channel) {
  md_free(channel);
}

int md_channel_file_new(md_channel **out, const char *directory, bool sync, md_error *err) {
  if (!*directory) return md_error_set(err, MD_EINVAL, "file: needs a directory: file:DIR");
  int rc = md_directory_make(directory, 0700, err);
  if (rc) return rc;
  file_channel *file = md_alloc(sizeof *file + strlen(directory) + 1);
  if (!file) return md_error_set(err, MD_ENOMEM, "out of memory");
  file->channel = (md_channel){.name = "file", .deliver = deliver, .free = file_free};
  file->sync = sync;
  strcpy(file->directory, directory);
  *out = &file->channel;
  return 0;
}
