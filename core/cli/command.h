// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: its words, options and help as data, and the function that runs it. Pure data.
#pragma once
#include <stdbool.h>

typedef enum md_cli_exit {
  MD_EXIT_OK,          // done; nothing wrong was found
  MD_EXIT_FAILED,      // it could not be done, or problems were found
  MD_EXIT_USAGE,       // the command line or configuration was wrong
  MD_EXIT_UNREACHABLE, // no daemon, or no database, where it was looked for
} md_cli_exit;

typedef struct md_cli_option {
  const char *name;  // without the dashes; NULL ends a list
  const char *value; // what stands for its value in the help; NULL: a switch
  const char *help;
} md_cli_option;

typedef struct md_cli_args md_cli_args;

// Which of the settings (settings.h) a command takes as options too.
typedef enum md_cli_settings {
  MD_CLI_NO_SETTINGS,
  MD_CLI_DB_SETTING,      // only --db
  MD_CLI_ENGINE_SETTINGS, // what an engine without a server needs
  MD_CLI_ALL_SETTINGS,
} md_cli_settings;

typedef struct md_cli_command {
  const char *name;      // "runs list"
  const char *arguments; // "RUN", "[FILE|-]"; "" for none
  const char *summary;   // one line
  const char *notes;     // a paragraph for its help, or NULL
  const char *example;   // one or more lines
  const md_cli_option *options;
  int positional_min, positional_max; // -1: any number
  md_cli_settings settings;
  int (*run)(const md_cli_args *args); // answers a md_cli_exit
  // Help for what was given besides --help, or NULL: then the command's own is all there is. Answers a md_cli_exit.
  int (*help)(const md_cli_args *args);
} md_cli_command;

// All of them in the order of the help; ended by NULL.
extern const md_cli_command *const md_cli_commands[];

// Runs the program: argv as of main. Answers the exit code.
int md_cli_main(int argc, char **argv);

// The help of one command, or of all, on standard output.
void md_cli_help_command(const md_cli_command *command);
void md_cli_help_all(void);
// That of the commands of an object ("runs"); false when there are none.
bool md_cli_help_group(const char *object);
// The command that these words name (as many as belong to it are counted in *used), or NULL.
const md_cli_command *md_cli_find(int count, char *const *words, int *used);
// Says on standard error that there is no such command, and which comes nearest. Answers MD_EXIT_USAGE.
int md_cli_unknown(int count, char *const *words);
