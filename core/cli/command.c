// SPDX-License-Identifier: Apache-2.0
// From the words of a command line to the command that they name, and help made from the commands' data.
#include "cli/command.h"
#include "base/json.h"
#include "base/suggest.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/settings.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 64, HELP_COLUMN = 26 };

const md_cli_command *const md_cli_commands[] = {&md_cli_run,
                                                 &md_cli_check,
                                                 &md_cli_test,
                                                 &md_cli_new,
                                                 &md_cli_try,
                                                 &md_cli_describe,
                                                 &md_cli_ingest,
                                                 &md_cli_event,
                                                 &md_cli_events,
                                                 &md_cli_experiment_list,
                                                 &md_cli_runs_list,
                                                 &md_cli_runs_show,
                                                 &md_cli_runs_cancel,
                                                 &md_cli_runs_retry,
                                                 &md_cli_messages_list,
                                                 &md_cli_messages_show,
                                                 &md_cli_metrics_list,
                                                 &md_cli_moments_list,
                                                 &md_cli_moments_versions,
                                                 &md_cli_moments_migrate,
                                                 &md_cli_moments_compare,
                                                 &md_cli_moments_rollback,
                                                 &md_cli_moments_pause,
                                                 &md_cli_moments_resume,
                                                 &md_cli_why,
                                                 &md_cli_people_show,
                                                 &md_cli_people_join,
                                                 &md_cli_people_split,
                                                 &md_cli_status,
                                                 &md_cli_reload,
                                                 &md_cli_deploy,
                                                 &md_cli_upgrade,
                                                 &md_cli_clock_reset,
                                                 &md_cli_quarantine_list,
                                                 &md_cli_quarantine_redrive,
                                                 &md_cli_key_add,
                                                 &md_cli_key_list,
                                                 &md_cli_key_revoke,
                                                 &md_cli_stats,
                                                 &md_cli_annotations,
                                                 &md_cli_completion,
                                                 &md_cli_help,
                                                 &md_cli_version,
                                                 NULL};

// How many of the words are the command's own; 0 when they are others.
static int words_of(const md_cli_command *command, int count, char *const *words) {
  const char *rest = command->name;
  for (int used = 0; used < count;) {
    size_t len = strcspn(rest, " ");
    if (strlen(words[used]) != len || memcmp(words[used], rest, len) != 0) return 0;
    used++;
    rest += len;
    if (*rest == '\0') return used;
    rest++;
  }
  return 0;
}

const md_cli_command *md_cli_find(int count, char *const *words, int *used) {
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    *used = words_of(*at, count, words);
    if (*used) return *at;
  }
  return NULL;
}

// The verbs of an object ("runs": list, show …), each once; answers how many.
static int verbs_of(const char *object, const char *verbs[static WORDS_MAX]) {
  int count = 0;
  size_t len = strlen(object);
  for (const md_cli_command *const *at = md_cli_commands; *at; at++)
    if (strncmp((*at)->name, object, len) == 0 && (*at)->name[len] == ' ') verbs[count++] = (*at)->name + len + 1;
  verbs[count] = NULL;
  return count;
}

static int unknown_verb(const char *object, const char *verb, const char *const *verbs) {
  const char *nearest = verb ? md_suggest(verb, verbs) : NULL;
  if (nearest) {
    md_print_error("momentd: there is no command \"%s %s\"; did you mean momentd %s %s?\n", object, verb, object,
                   nearest);
    return MD_EXIT_USAGE;
  }
  md_print_error("momentd: say what to do with %s:", object);
  for (int i = 0; verbs[i]; i++)
    md_print_error("%s momentd %s %s", i ? "," : "", object, verbs[i]);
  fputs("\n", stderr);
  return MD_EXIT_USAGE;
}

bool md_cli_help_group(const char *object) {
  const char *verbs[WORDS_MAX];
  if (!verbs_of(object, verbs)) return false;
  size_t len = strlen(object);
  printf("Usage: momentd %s COMMAND [options]\n\nCommands:\n", object);
  for (const md_cli_command *const *at = md_cli_commands; *at; at++)
    if (strncmp((*at)->name, object, len) == 0 && (*at)->name[len] == ' ')
      printf("  %-20s%s\n", (*at)->name, (*at)->summary);
  printf("\nmomentd %s COMMAND --help tells each command's options, with an example.\n", object);
  return true;
}

static bool asks_for_help(int count, char *const *words) {
  return count > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);
}

int md_cli_unknown(int count, char *const *words) {
  const char *verbs[WORDS_MAX];
  if (verbs_of(words[0], verbs)) return unknown_verb(words[0], count > 1 ? words[1] : NULL, verbs);
  static char firsts[WORDS_MAX][24];
  const char *names[WORDS_MAX + 1];
  int n = 0;
  for (const md_cli_command *const *at = md_cli_commands; *at; at++, n++) {
    snprintf(firsts[n], sizeof firsts[n], "%.*s", (int)strcspn((*at)->name, " "), (*at)->name);
    names[n] = firsts[n];
  }
  names[n] = NULL;
  const char *nearest = md_suggest(words[0], names);
  if (nearest)
    md_print_error("momentd: there is no command \"%s\"; did you mean momentd %s?\n", words[0], nearest);
  else
    md_print_error("momentd: there is no command \"%s\"; momentd help lists them\n", words[0]);
  return MD_EXIT_USAGE;
}

static void print_option(const md_cli_option *option) {
  char left[64];
  snprintf(left, sizeof left, "--%s%s%s", option->name, option->value ? " " : "", option->value ? option->value : "");
  if (strlen(left) > HELP_COLUMN - 4)
    printf("  %s\n%*s%s\n", left, HELP_COLUMN, "", option->help);
  else
    printf("  %-*s%s\n", HELP_COLUMN - 2, left, option->help);
}

static void print_options(const md_cli_command *command) {
  puts("\nOptions:");
  for (const md_cli_option *option = command->options; option && option->name; option++)
    print_option(option);
  for (int i = 0; i < md_settings_options_count(); i++)
    if (md_settings_taken(command->settings, i)) print_option(md_settings_option(i));
  print_option(&(md_cli_option){"help", NULL, "show this help"});
}

void md_cli_help_command(const md_cli_command *command) {
  printf("%s.\n\nUsage: momentd %s [options]%s%s\n", command->summary, command->name, command->arguments[0] ? " " : "",
         command->arguments);
  if (command->notes) printf("\n%s\n", command->notes);
  print_options(command);
  printf("\nExample:\n%s\n", command->example);
  puts("\nExit code: 0 done, 1 failed or problems found, 2 wrong usage, 3 daemon or database not reachable.");
}

void md_cli_help_all(void) {
  puts("momentd runs micro moments: short decisive contacts in a customer's journey, written as Lua scripts.\n"
       "\nUsage: momentd COMMAND [options]\n\nCommands:");
  for (const md_cli_command *const *at = md_cli_commands; *at; at++)
    printf("  %-20s%s\n", (*at)->name, (*at)->summary);
  puts("\nmomentd COMMAND --help tells each command's options, with an example.");
}

static int run(const md_cli_command *command, int count, char *const *words) {
  md_cli_args args;
  md_error err = {0};
  if (md_cli_args_read(&args, command, count, words, &err)) {
    md_print_error("momentd: %s\n", err.text);
    return MD_EXIT_USAGE;
  }
  if (args.help && command->help && args.positional_count > 0) return command->help(&args);
  if (args.help) {
    md_cli_help_command(command);
    return MD_EXIT_OK;
  }
  return command->run(&args);
}

static int close_output(int code) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  return code ? code : MD_EXIT_FAILED;
}

int md_cli_main(int argc, char **argv) {
  setlocale(LC_ALL, "C");
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); // a file that may not grow is like a full disk: 503, and no end
  md_json_init();
  if (argc < 2) {
    md_cli_help_all();
    return close_output(MD_EXIT_USAGE);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) argv[1] = "help";
  if (strcmp(argv[1], "--version") == 0) argv[1] = "version";
  int used = 0;
  const md_cli_command *command = md_cli_find(argc - 1, argv + 1, &used);
  if (!command && asks_for_help(argc - 1, argv + 1) && md_cli_help_group(argv[1])) return close_output(MD_EXIT_OK);
  if (!command) return md_cli_unknown(argc - 1, argv + 1);
  return close_output(run(command, argc - 1 - used, argv + 1 + used));
}
