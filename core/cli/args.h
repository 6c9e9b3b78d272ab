// SPDX-License-Identifier: Apache-2.0
// A command line, taken apart and checked against its command's options. Pure; strings are argv's.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include "cli/command.h"
#include <stddef.h>
#include <stdint.h>

enum { MD_CLI_ARGS_MAX = 256, MD_CLI_OPTIONS_MAX = 96 };

typedef struct md_cli_given {
  const char *name;
  const char *value; // NULL: a switch
} md_cli_given;

struct md_cli_args {
  const md_cli_command *command;
  md_cli_given given[MD_CLI_ARGS_MAX];
  int given_count;
  const char *positional[MD_CLI_ARGS_MAX];
  int positional_count;
  bool help; // --help was among them
};

// All options that a command knows, its own first; how many.
int md_cli_options_of(const md_cli_command *command, md_cli_option out[static MD_CLI_OPTIONS_MAX]);

// Reads what follows the command's words. MD_EINVAL with a sentence that names the nearest known option.
int md_cli_args_read(md_cli_args *out, const md_cli_command *command, int count, char *const *words, md_error *err);

// The value of an option (the last one given), or NULL.
const char *md_cli_arg(const md_cli_args *args, const char *name);
bool md_cli_switch(const md_cli_args *args, const char *name);
// The whole number of an option, `otherwise` without it; MD_EINVAL when it is no number from `least` on.
int md_cli_number(const md_cli_args *args, const char *name, int64_t least, int64_t otherwise, int64_t *out,
                  md_error *err);
// A positive decimal number: a run's or message's id.
int md_cli_id(const char *text, const char *what, int64_t *out, md_error *err);

// Prints the sentence of `err` on standard error, and answers the exit code that belongs to it.
int md_cli_fail(const md_error *err);
// The same for a usage error.
int md_cli_misuse(const md_cli_args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));
