// SPDX-License-Identifier: Apache-2.0
// `momentd completion`: scripts for shells, made from the commands' own tables.
#include "cli/args.h"
#include "cli/command_words.h"
#include "cli/commands.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HELP_MAX = 400 };

// Whether files stand for this value or argument.
static bool is_file(const char *word) {
  return word && (strstr(word, "FILE") || strstr(word, "DIR"));
}

// The words that an argument such as "bash|zsh|fish" or "[list]" may be, with spaces between them; "" for others.
static const char *choices(const char *arguments, char out[static HELP_MAX]) {
  size_t len = 0;
  out[0] = '\0';
  for (const char *at = arguments; *at && len < HELP_MAX - 1; at++) {
    if (*at == '[' || *at == ']') continue;
    if (*at != '|' && !islower((unsigned char)*at)) return out[0] = '\0', out;
    out[len++] = (char)(*at == '|' ? ' ' : *at);
    out[len] = '\0';
  }
  return out;
}

// Between single quotes; `special` characters get a backslash besides.
static void quoted(const char *text, const char *special) {
  for (; *text; text++) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else if (strchr(special, *text))
      printf("\\%c", *text);
    else
      putchar(*text);
  }
}

static void bash_words(const char *object) {
  md_command_words words;
  md_command_words_of(object, &words);
  for (int i = 0; i < words.count; i++)
    printf("%s%s", i ? " " : "", words.items[i].text);
}

static void bash_options(const md_cli_command *command, const char *name, int which) {
  md_cli_option options[MD_CLI_OPTIONS_MAX];
  int count = md_cli_options_of(command, options);
  printf(" %s='", name);
  for (int i = 0; i < count; i++)
    if (which == 0 || (options[i].value && (which == 1) == is_file(options[i].value))) printf("--%s ", options[i].name);
  putchar('\'');
}

static void bash(void) {
  char words[HELP_MAX];
  md_command_words all;
  puts("# Completion for bash; made by momentd completion bash.\n"
       "_momentd() {\n"
       "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
       "  local command=${COMP_WORDS[1]} options= files= values= arguments= named=no\n"
       "  COMPREPLY=()");
  fputs("  if ((COMP_CWORD == 1)); then arguments='", stdout);
  bash_words(NULL);
  puts("'; command=; fi\n  case $command in");
  md_command_words_of(NULL, &all);
  for (int i = 0; i < all.count; i++) {
    if (!all.items[i].is_object) continue;
    printf("    %s)\n      command+=\" ${COMP_WORDS[2]}\"\n      if ((COMP_CWORD == 2)); then arguments='",
           all.items[i].text);
    bash_words(all.items[i].text);
    puts("'; command=; fi ;;");
  }
  puts("  esac\n  case $command in");
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    printf("    '%s')", (*at)->name);
    bash_options(*at, "options", 0);
    bash_options(*at, "files", 1);
    bash_options(*at, "values", 2);
    printf(" arguments='%s' named=%s ;;\n", choices((*at)->arguments, words), is_file((*at)->arguments) ? "yes" : "no");
  }
  puts("  esac\n"
       "  [[ \" $files \" == *\" $previous \"* ]] && return # readline's own completion of file names\n"
       "  if [[ \" $values \" == *\" $previous \"* ]]; then compopt +o default; return; fi\n"
       "  [[ $current == -* ]] && arguments=$options named=no\n"
       "  [[ $named == no ]] && compopt +o default\n"
       "  COMPREPLY=($(compgen -W \"$arguments\" -- \"$current\"))\n"
       "}\n"
       "complete -o default -F _momentd momentd");
}

static void zsh_words(const char *object, const char *margin) {
  md_command_words words;
  md_command_words_of(object, &words);
  printf("%slocal -a names=(\n", margin);
  for (int i = 0; i < words.count; i++) {
    printf("%s  '%s:", margin, words.items[i].text);
    quoted(words.items[i].summary, ":\\");
    puts("'");
  }
  printf("%s)\n%s_describe command names\n%sreturn\n", margin, margin, margin);
}

static void zsh_command(const md_cli_command *command) {
  md_cli_option options[MD_CLI_OPTIONS_MAX];
  char words[HELP_MAX];
  int count = md_cli_options_of(command, options);
  printf("    '%s')\n      _arguments \\\n", command->name);
  for (int i = 0; i < count; i++) {
    printf("        '%s--%s%s[", options[i].value ? "*" : "", options[i].name, options[i].value ? "=" : "");
    quoted(options[i].help, "[]:\\");
    putchar(']');
    if (options[i].value) printf(":%s:%s", options[i].value, is_file(options[i].value) ? "_files" : " ");
    puts("' \\");
  }
  if (choices(command->arguments, words)[0])
    printf("        '*: :(%s)' ;;\n", words);
  else
    printf("        '*: :%s' ;;\n", is_file(command->arguments) ? "_files" : " ");
}

static void zsh(void) {
  md_command_words all;
  puts("#compdef momentd\n"
       "# Completion for zsh; made by momentd completion zsh.\n"
       "_momentd() {\n"
       "  local command=$words[2]\n"
       "  if ((CURRENT == 2)); then");
  zsh_words(NULL, "    ");
  puts("  fi\n  case $command in");
  md_command_words_of(NULL, &all);
  for (int i = 0; i < all.count; i++) {
    if (!all.items[i].is_object) continue;
    printf("    %s)\n      command+=\" $words[3]\"\n      if ((CURRENT == 3)); then\n", all.items[i].text);
    zsh_words(all.items[i].text, "        ");
    puts("      fi\n      shift words; ((CURRENT--)) ;;");
  }
  puts("  esac\n  shift words; ((CURRENT--))\n  case $command in");
  for (const md_cli_command *const *at = md_cli_commands; *at; at++)
    zsh_command(*at);
  puts("  esac\n"
       "}\n"
       "if [[ $funcstack[1] == _momentd ]]; then _momentd \"$@\"; else compdef _momentd momentd; fi");
}

static void fish_words(const char *object) {
  md_command_words words;
  md_command_words_of(object, &words);
  for (int i = 0; i < words.count; i++) {
    printf("complete -c momentd -n '__momentd_words %d%s%s' -a '%s' -d '", object ? 2 : 1,
           object ? "; and __momentd_at " : "", object ? object : "", words.items[i].text);
    quoted(words.items[i].summary, "\\");
    puts("'");
  }
}

static void fish_command(const md_cli_command *command) {
  md_cli_option options[MD_CLI_OPTIONS_MAX];
  char words[HELP_MAX];
  int count = md_cli_options_of(command, options);
  for (int i = 0; i < count; i++) {
    const char *takes = !options[i].value ? "" : is_file(options[i].value) ? " -r -F" : " -x";
    printf("complete -c momentd -n '__momentd_at %s' -l %s%s -d '", command->name, options[i].name, takes);
    quoted(options[i].help, "\\");
    puts("'");
  }
  if (choices(command->arguments, words)[0])
    printf("complete -c momentd -n '__momentd_at %s' -a '%s'\n", command->name, words);
  else if (is_file(command->arguments))
    printf("complete -c momentd -n '__momentd_at %s' -F\n", command->name);
}

static void fish(void) {
  md_command_words all;
  puts("# Completion for fish; made by momentd completion fish.\n"
       "function __momentd_at\n"
       "    set -l typed (commandline -opc)\n"
       "    set -e typed[1]\n"
       "    for i in (seq (count $argv))\n"
       "        test \"$typed[$i]\" = \"$argv[$i]\"; or return 1\n"
       "    end\n"
       "end\n"
       "function __momentd_words\n"
       "    test (count (commandline -opc)) -eq $argv[1]\n"
       "end\n"
       "complete -c momentd -f");
  fish_words(NULL);
  md_command_words_of(NULL, &all);
  for (int i = 0; i < all.count; i++)
    if (all.items[i].is_object) fish_words(all.items[i].text);
  for (const md_cli_command *const *at = md_cli_commands; *at; at++)
    fish_command(*at);
}

static int completion(const md_cli_args *args) {
  static const struct {
    const char *shell;
    void (*print)(void);
  } shells[] = {{"bash", bash}, {"fish", fish}, {"zsh", zsh}};
  for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
    if (strcmp(args->positional[0], shells[i].shell) != 0) continue;
    shells[i].print();
    return MD_EXIT_OK;
  }
  return md_cli_misuse(args, "there is completion for bash, zsh and fish, not for \"%s\"", args->positional[0]);
}

const md_cli_command md_cli_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "Print what a shell needs to complete momentd's commands and options",
    .notes =
        "For one shell: source <(momentd completion bash). For all: bash takes it from\n"
        "~/.local/share/bash-completion/completions/momentd, zsh from a directory of fpath as _momentd, fish from\n"
        "~/.config/fish/completions/momentd.fish.",
    .example = "  momentd completion bash >~/.local/share/bash-completion/completions/momentd",
    .positional_min = 1,
    .positional_max = 1,
    .run = completion,
};
