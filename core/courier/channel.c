// SPDX-License-Identifier: Apache-2.0
// Opens a channel by its URL's scheme.
#include "courier/channel.h"
#include <string.h>

static bool begins(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

int md_channel_open(md_channel **out, const md_channel_options *options, md_error *err) {
  const char *url = options->url;
  if (begins(url, "file:")) return md_channel_file_new(out, url + strlen("file:"), !options->no_sync, err);
  if (begins(url, "smtp://") || begins(url, "smtps://")) return md_channel_smtp_new(out, options, err);
  return md_error_set(
      err, MD_EINVAL,
      "mail goes to file:DIR, smtp://[user@]host[:port] or smtps://[user@]host[:port], not to \"%.100s\"", url);
}

void md_channel_free(md_channel *channel) {
  if (channel) channel->free(channel);
}
