// SPDX-License-Identifier: Apache-2.0
// libmicrohttpd: started for a loop that watches its epoll descriptor, and run when that or a timer says so. Intake
// thread, but for start.
#pragma once
#include "intake/state.h"

// Starts it on intake->listen_fd, which is its own from then on.
int md_daemon_start(md_intake *intake, md_error *err);
// What the loop must watch.
int md_daemon_fd(const md_intake *intake);
// Does all there is to do, and sets intake->timeout for the rest.
void md_daemon_drive(md_intake *intake);
// As many connections as there may be.
bool md_daemon_is_full(const md_intake *intake);
