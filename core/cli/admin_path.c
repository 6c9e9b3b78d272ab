// SPDX-License-Identifier: Apache-2.0
// Paths and peers of the admin socket.
#include "cli/admin_path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int md_admin_directory(const char *db, char out[static MD_ADMIN_PATH], md_error *err) {
  int len = snprintf(out, MD_ADMIN_PATH, "%s.admin", db);
  if (len > 0 && len < MD_ADMIN_PATH - 16) return 0;
  return md_error_set(err, MD_ETOOBIG, "the path of the database is too long");
}

int md_admin_address(const char *db, struct sockaddr_un *out, int *fd, md_error *err) {
  char directory[MD_ADMIN_PATH];
  int code = md_admin_directory(db, directory, err);
  if (code) return code;
  *fd = -1;
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(directory) + strlen("/socket") < sizeof out->sun_path) {
    strcat(strcpy(out->sun_path, directory), "/socket");
    return 0;
  }
  *fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*fd < 0) return md_error_set(err, MD_ENOTFOUND, "%s: %s", directory, strerror(errno));
  snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/socket", *fd);
  return 0;
}

bool md_admin_peer_allowed(int socket) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len)) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}
