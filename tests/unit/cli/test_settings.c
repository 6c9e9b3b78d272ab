// SPDX-License-Identifier: Apache-2.0
// Tests of settings.c: defaults, the file, the command line over it, and what is refused.
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
  md_arena *arena;
  char file[64];
  md_error err;
  md_settings settings;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  md_json_init();
  unsetenv("MOMENTD_DB");
  f->arena = md_arena_new(0);
  strcpy(f->file, "/tmp/momentd-settings-XXXXXX");
  close(mkstemp(f->file));
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  unlink(f->file);
  md_arena_free(f->arena);
  free(f);
  return 0;
}

// Loads with this file's text (or NULL) and these words.
static int load(fixture *f, const char *text, int count, const char *const *words) {
  const char *all[32];
  md_cli_args args;
  int n = 0;
  if (text) {
    assert_int_equal(md_file_write(f->file, text, strlen(text), false, NULL), 0);
    all[n++] = "--config";
    all[n++] = f->file;
  }
  for (int i = 0; i < count; i++)
    all[n++] = words[i];
  assert_int_equal(md_cli_args_read(&args, &md_cli_run, n, (char *const *)all, &f->err), 0);
  return md_settings_load(&f->settings, &args, f->arena, &f->err);
}

static void has_defaults(void **state) {
  fixture *f = *state;
  assert_int_equal(load(f, NULL, 0, NULL), 0);
  assert_string_equal(f->settings.delivery, "shadow");
  assert_string_equal(f->settings.scripts.items[0], "scripts");
  assert_int_equal(f->settings.max_age, MD_DAY);
  assert_int_equal(f->settings.body_limit, 256 * 1024);
  assert_false(f->settings.smtp_plain);
  assert_null(f->settings.mail);
  assert_int_equal(json_object_size(f->settings.addresses), 0);
}

static void reads_a_file(void **state) {
  fixture *f = *state;
  assert_int_equal(load(f,
                        "local host = 'example.com'\n"
                        "return { scripts = { 'a', 'b' }, sender = 'shop@' .. host, max_age = 90, idle_timeout = '2m',"
                        " smtp_plain = true, max_connections = 7, addresses = { team = 'team@' .. host } }",
                        0, NULL),
                   0);
  assert_int_equal(f->settings.scripts.count, 2);
  assert_string_equal(f->settings.scripts.items[1], "b");
  assert_string_equal(f->settings.sender, "shop@example.com");
  assert_int_equal(f->settings.max_age, 90 * MD_SECOND);
  assert_int_equal(f->settings.idle_timeout, 2 * MD_MINUTE);
  assert_true(f->settings.smtp_plain);
  assert_int_equal(f->settings.max_connections, 7);
  assert_string_equal(md_json_text(f->settings.addresses, "team"), "team@example.com");
}

static void the_command_line_wins(void **state) {
  fixture *f = *state;
  const char *words[] = {"--db", "c.db", "--scripts", "c", "--addresses", "boss=b@x", "--max-age=2h", "--smtp-plain"};
  setenv("MOMENTD_DB", "b.db", 1);
  assert_int_equal(load(f, "return { db = 'a.db', scripts = { 'a', 'b' }, addresses = { team = 't@x' } }", 0, NULL), 0);
  assert_string_equal(f->settings.db, "b.db");
  assert_int_equal(load(f, "return { db = 'a.db', scripts = { 'a', 'b' }, addresses = { team = 't@x' } }", 8, words),
                   0);
  assert_string_equal(f->settings.db, "c.db");
  assert_int_equal(f->settings.scripts.count, 1);
  assert_string_equal(f->settings.scripts.items[0], "c");
  assert_int_equal(json_object_size(f->settings.addresses), 2);
  assert_int_equal(f->settings.max_age, 2 * MD_HOUR);
  assert_true(f->settings.smtp_plain);
}

static void refuses(fixture *f, const char *text, const char *says) {
  assert_int_not_equal(load(f, text, 0, NULL), 0);
  if (!strstr(f->err.text, says)) fail_msg("\"%s\" does not say \"%s\"", f->err.text, says);
  if (!strstr(f->err.text, f->file)) fail_msg("\"%s\" does not name the file", f->err.text);
}

static void refuses_what_is_wrong(void **state) {
  fixture *f = *state;
  refuses(f, "return { listn = 'x' }", "did you mean \"listen\"?");
  refuses(f, "-- listn\nreturn {\n  db = 'listn',\n  listn = 'x',\n}", ":4: there is no option \"listn\"");
  refuses(f, "return {\n  ['listn'] = 'x',\n}", ":2: there is no option");
  refuses(f, "local t = {} for _, k in ipairs { 'listn' } do t[k] = 1 end return t", ": there is no option");
  refuses(f, "return {\n\n  max_age = 'soon' }", ":3: max_age");
  refuses(f, "return {\n  smtp_password_file = os.getenv('X') }",
          ":2: os.getenv is not available in a configuration file: a secret stands in a file that an option names");
  refuses(f, "return { db = io.open('x') }", "is not available in a configuration file: write the value itself");
  refuses(f, "return { qqqqqqqq = 'x' }", "docs/configuration.md");
  refuses(f, "return { db = 7 }", "db must be a text");
  refuses(f, "return { scripts = { 7 } }", "scripts must be a text or a list of texts");
  refuses(f, "return { max_age = 'soon' }", "max_age");
  refuses(f, "return { max_age = -1 }", "max_age");
  refuses(f, "return { max_connections = 'many' }", "max_connections must be a whole number");
  refuses(f, "return { smtp_plain = 'yes' }", "true or false");
  refuses(f, "return { addresses = { team = 7 } }", "addresses");
  refuses(f, "return { db = os.time() }", ":1:");
  refuses(f, "return", "must return a table");
  refuses(f, "return {\n  db = \n}", ":3:");
}

static void refuses_a_wrong_command_line(void **state) {
  fixture *f = *state;
  assert_int_equal(load(f, NULL, 1, (const char *[]){"--max-connections=x"}), MD_EINVAL);
  assert_non_null(strstr(f->err.text, "--max-connections"));
  assert_int_equal(load(f, NULL, 1, (const char *[]){"--addresses=team"}), MD_EINVAL);
  assert_int_not_equal(load(f, NULL, 1, (const char *[]){"--config=/nowhere/at.lua"}), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(has_defaults, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(reads_a_file, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(the_command_line_wins, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(refuses_what_is_wrong, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(refuses_a_wrong_command_line, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
