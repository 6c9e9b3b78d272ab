// SPDX-License-Identifier: Apache-2.0
// A channel that accepts every mail and keeps it in memory: for specs. One thread.
#pragma once
#include "courier/channel.h"

// Returns owned, NULL when out of memory.
md_channel *md_memory_channel_new(void);
// The mail of this row of messages, or NULL; valid as long as the channel.
const char *md_memory_channel_mail(const md_channel *channel, int64_t message, size_t *len);
