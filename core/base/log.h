// SPDX-License-Identifier: Apache-2.0
// Structured log lines on standard error: logfmt or JSON, one line a record, levels. Any thread; a line is written with
// one write(2). Values are escaped as base/shown.h says. Never pass secrets or message bodies.
#pragma once
#include "base/error.h"
#include <stdbool.h>

typedef enum md_log_level { MD_LOG_ERROR, MD_LOG_WARN, MD_LOG_INFO, MD_LOG_DEBUG } md_log_level;

// Before threads are started. `fd` is where lines go.
void md_log_configure(md_log_level level, bool json, int fd);
// "error" "warn" "info" "debug" → level; MD_EINVAL otherwise.
int md_log_level_parse(const char *text, md_log_level *out);
bool md_log_wants(md_log_level level);
// While it is on, this thread writes no lines: what it does is only tried. Answers what it was.
bool md_log_mute(bool on);

// One record: time, level, `room` ("engine", "intake" …), the message, then pairs "name", "value" up to NULL. A NULL
// value leaves its pair out. Names in use: request, run, event, message, moment, version, person, error, code, file,
// line.
//   md_log(MD_LOG_INFO, "engine", "run parked", "run", id, "error", text, NULL);
void md_log(md_log_level level, const char *room, const char *message, ...) __attribute__((sentinel));

// A value on the stack for a number, for use as an argument of md_log.
#define md_log_int(n) (md_log_int_text((long long)(n), (char[24]){0}))
const char *md_log_int_text(long long number, char buf[static 24]);
