// SPDX-License-Identifier: Apache-2.0
// Every command, option and setting has its place in docs/cli.md and docs/configuration.md, with its default.
#include "base/buffer.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void read_page(const char *name, md_buffer *page) {
  char path[4096];
  md_error err = {0};
  md_buffer_init(page);
  snprintf(path, sizeof path, "%s/docs/%s", MOMENTD_SOURCE_DIR, name);
  if (md_file_read(path, 1 << 20, page, &err)) fail_msg("%s", err.text);
}

static void commands_are_documented(void **state) {
  (void)state;
  md_buffer page;
  read_page("cli.md", &page);
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    char wanted[100];
    snprintf(wanted, sizeof wanted, "momentd %s", (*at)->name);
    if (!strstr(page.data, wanted)) fail_msg("docs/cli.md says nothing of %s", wanted);
    for (const md_cli_option *option = (*at)->options; option && option->name; option++) {
      snprintf(wanted, sizeof wanted, "`--%s", option->name);
      if (!strstr(page.data, wanted)) fail_msg("docs/cli.md says nothing of --%s (%s)", option->name, (*at)->name);
    }
  }
  md_buffer_deinit(&page);
}

static void settings_are_documented(void **state) {
  (void)state;
  md_buffer page;
  const char *name, *fallback;
  read_page("configuration.md", &page);
  for (int i = 0; md_settings_describe(i, &name, &fallback); i++) {
    char wanted[100];
    snprintf(wanted, sizeof wanted, "\n| `%s` |", name);
    const char *row = strstr(page.data, wanted);
    if (!row) fail_msg("docs/configuration.md has no row for %s", name);
    size_t len = strcspn(row + 1, "\n");
    snprintf(wanted, sizeof wanted, "| `%s` |", fallback ? fallback : "");
    if (fallback && !memmem(row, len, wanted, strlen(wanted)))
      fail_msg("docs/configuration.md names another default of %s than %s", name, fallback);
  }
  md_buffer_deinit(&page);
}

static void every_command_has_help(void **state) {
  (void)state;
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    const md_cli_command *command = *at;
    assert_non_null(command->summary);
    assert_non_null(command->arguments);
    assert_non_null(command->run);
    if (!strstr(command->example, command->name)) fail_msg("the example of %s shows something else", command->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(commands_are_documented),
                                     cmocka_unit_test(settings_are_documented),
                                     cmocka_unit_test(every_command_has_help)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
