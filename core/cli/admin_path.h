// SPDX-License-Identifier: Apache-2.0
// Where the admin socket of a database is, and its address however long the path. Any thread.
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

enum { MD_ADMIN_PATH = 4096, MD_ADMIN_LINE = 1 << 20, MD_ADMIN_BODY = 32 << 20 };

// "<db>.admin" and "<db>.admin/socket".
int md_admin_directory(const char *db, char out[static MD_ADMIN_PATH], md_error *err);
// The socket's address. A path that is too long for one is reached through an open directory, whose descriptor is
// answered in *fd (-1 otherwise) and must stay open until bind or connect is done.
int md_admin_address(const char *db, struct sockaddr_un *out, int *fd, md_error *err);
// SO_PEERCRED: whether the other end is this user or root.
bool md_admin_peer_allowed(int socket);
