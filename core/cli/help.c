// SPDX-License-Identifier: Apache-2.0
// `momentd help` and `momentd version`.
#include "cli/args.h"
#include "cli/commands.h"
#include <stdio.h>

static int help(const md_cli_args *args) {
  int used = 0;
  if (args->positional_count == 0) {
    md_cli_help_all();
    return MD_EXIT_OK;
  }
  char *const *words = (char *const *)args->positional;
  const md_cli_command *command = md_cli_find(args->positional_count, words, &used);
  if (!command && args->positional_count == 1 && md_cli_help_group(words[0])) return MD_EXIT_OK;
  if (!command) return md_cli_unknown(args->positional_count, words);
  md_cli_help_command(command);
  return MD_EXIT_OK;
}

const md_cli_command md_cli_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Show the commands, or one command's options",
    .example = "  momentd help runs list",
    .positional_max = 2,
    .run = help,
};

static int version(const md_cli_args *args) {
  (void)args;
  puts("momentd " MOMENTD_VERSION);
  return MD_EXIT_OK;
}

const md_cli_command md_cli_version = {
    .name = "version",
    .arguments = "",
    .summary = "Show the program's version",
    .example = "  momentd version",
    .run = version,
};
