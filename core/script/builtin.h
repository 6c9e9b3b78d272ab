// SPDX-License-Identifier: Apache-2.0
// The names of the modules that come with the host: `require` finds them before any file. Pure; any thread.
#pragma once

enum { MD_BUILTINS = 4 };
extern const char *const md_builtins[MD_BUILTINS + 1]; // experiment, fmt, moment, plan; NULL-terminated
