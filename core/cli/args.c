// SPDX-License-Identifier: Apache-2.0
// A command line, taken apart: long options with "--name value" or "--name=value", switches, and the rest.
#include "cli/args.h"
#include "base/shown.h"
#include "base/suggest.h"
#include "cli/output.h"
#include "cli/settings.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const md_cli_option help_option = {"help", NULL, "show this help"};

int md_cli_options_of(const md_cli_command *command, md_cli_option out[static MD_CLI_OPTIONS_MAX]) {
  int count = 0;
  for (const md_cli_option *option = command->options; option && option->name; option++)
    out[count++] = *option;
  for (int i = 0; i < md_settings_options_count(); i++)
    if (md_settings_taken(command->settings, i)) out[count++] = *md_settings_option(i);
  out[count++] = help_option;
  return count;
}

static int unknown(const md_cli_command *command, const char *name, const md_cli_option *known, int count,
                   md_error *err) {
  const char *names[MD_CLI_OPTIONS_MAX + 1];
  for (int i = 0; i < count; i++)
    names[i] = known[i].name;
  names[count] = NULL;
  const char *nearest = md_suggest(name, names);
  if (nearest)
    return md_error_set(err, MD_EINVAL, "momentd %s has no option --%s; did you mean --%s?", command->name, name,
                        nearest);
  return md_error_set(err, MD_EINVAL, "momentd %s has no option --%s; see momentd %s --help", command->name, name,
                      command->name);
}

static const md_cli_option *find(const md_cli_option *known, int count, const char *name, size_t len) {
  for (int i = 0; i < count; i++)
    if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0) return &known[i];
  return NULL;
}

// Reads one option at words[0]; answers how many words it took, or a negative code.
static int read_option(md_cli_args *out, const md_cli_option *known, int known_count, int count, char *const *words,
                       md_error *err) {
  const char *name = words[0] + 2;
  const char *equals = strchr(name, '=');
  size_t len = equals ? (size_t)(equals - name) : strlen(name);
  const md_cli_option *option = find(known, known_count, name, len);
  if (!option) {
    char wrong[64];
    snprintf(wrong, sizeof wrong, "%.*s", (int)len, name);
    return unknown(out->command, wrong, known, known_count, err);
  }
  if (!option->value && equals) return md_error_set(err, MD_EINVAL, "--%s takes no value", option->name);
  if (option->value && !equals && count < 2)
    return md_error_set(err, MD_EINVAL, "--%s needs a value: --%s %s", option->name, option->name, option->value);
  if (out->given_count == MD_CLI_ARGS_MAX) return md_error_set(err, MD_ETOOBIG, "too many options");
  const char *value = !option->value ? NULL : equals ? equals + 1 : words[1];
  out->given[out->given_count++] = (md_cli_given){option->name, value};
  if (option->name == help_option.name) out->help = true;
  return option->value && !equals ? 2 : 1;
}

static int check_positional(const md_cli_args *args, md_error *err) {
  const md_cli_command *command = args->command;
  if (args->help) return 0;
  if (args->positional_count < command->positional_min)
    return md_error_set(err, MD_EINVAL, "momentd %s needs %s", command->name, command->arguments);
  if (command->positional_max >= 0 && args->positional_count > command->positional_max)
    return md_error_set(err, MD_EINVAL, "momentd %s does not take \"%s\"", command->name,
                        args->positional[command->positional_max]);
  return 0;
}

int md_cli_args_read(md_cli_args *out, const md_cli_command *command, int count, char *const *words, md_error *err) {
  *out = (md_cli_args){.command = command};
  md_cli_option known[MD_CLI_OPTIONS_MAX];
  int known_count = md_cli_options_of(command, known);
  bool only_words = false;
  for (int i = 0; i < count;) {
    int used = 1;
    if (!only_words && strcmp(words[i], "--") == 0) {
      only_words = true;
    } else if (!only_words && strcmp(words[i], "-h") == 0) {
      out->help = true;
    } else if (!only_words && strncmp(words[i], "--", 2) == 0) {
      used = read_option(out, known, known_count, count - i, words + i, err);
    } else if (!only_words && words[i][0] == '-' && words[i][1] != '\0') {
      return md_error_set(err, MD_EINVAL, "momentd has no short options: \"%s\"; see momentd %s --help", words[i],
                          command->name);
    } else if (out->positional_count == MD_CLI_ARGS_MAX) {
      return md_error_set(err, MD_ETOOBIG, "too many arguments");
    } else {
      out->positional[out->positional_count++] = words[i];
    }
    if (used < 0) return used;
    i += used;
  }
  return check_positional(out, err);
}

const char *md_cli_arg(const md_cli_args *args, const char *name) {
  for (int i = args->given_count - 1; i >= 0; i--)
    if (strcmp(args->given[i].name, name) == 0) return args->given[i].value;
  return NULL;
}

bool md_cli_switch(const md_cli_args *args, const char *name) {
  for (int i = 0; i < args->given_count; i++)
    if (strcmp(args->given[i].name, name) == 0) return true;
  return false;
}

static bool read_number(const char *text, int64_t *out) {
  char *end = NULL;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  *out = number;
  return errno == 0 && end != text && *end == '\0' && text[0] != ' ' && text[0] != '+';
}

int md_cli_number(const md_cli_args *args, const char *name, int64_t least, int64_t otherwise, int64_t *out,
                  md_error *err) {
  const char *text = md_cli_arg(args, name);
  *out = otherwise;
  if (!text || (read_number(text, out) && *out >= least)) return 0;
  return md_error_set(err, MD_EINVAL, "--%s is \"%s\", but a whole number from %lld on is wanted", name, text,
                      (long long)least);
}

int md_cli_id(const char *text, const char *what, int64_t *out, md_error *err) {
  if (read_number(text, out) && *out > 0) return 0;
  return md_error_set(err, MD_EINVAL, "\"%s\" is no %s: it is a number, as momentd %ss list shows it", text, what,
                      what);
}

int md_cli_fail(const md_error *err) {
  md_print_error("momentd: %s\n", err->text[0] ? err->text : md_error_text(err->code));
  return MD_EXIT_FAILED;
}

int md_cli_misuse(const md_cli_args *args, const char *format, ...) {
  md_buffer what;
  va_list list;
  md_buffer_init(&what);
  va_start(list, format);
  md_shown_vprintf(&what, format, list);
  va_end(list);
  fprintf(stderr, "momentd: %s", md_buffer_ok(&what) && what.data ? what.data : "");
  md_buffer_deinit(&what);
  md_print_error("\nSee momentd %s --help.\n", args->command->name);
  return MD_EXIT_USAGE;
}
