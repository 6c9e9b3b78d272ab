// SPDX-License-Identifier: Apache-2.0
// Every function that is bound, and every option of a step, is annotated.
#include "script/annotations.h"
#include "script/bind.h"
#include "script/step_options.h"
#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void write(md_buffer *text) {
  md_error err = {0};
  md_buffer_init(text);
  if (md_annotations_write(text, &err)) fail_msg("%s", err.text);
  md_buffer_putc(text, '\0');
}

static void every_method_and_option_is_there(void **state) {
  const char *methods[MD_METHODS_MAX];
  char wanted[100];
  md_buffer text;
  (void)state;
  write(&text);
  md_bind_methods(methods);
  assert_true(methods[20] != NULL);
  for (int i = 0; methods[i]; i++) {
    snprintf(wanted, sizeof wanted, "\nfunction m:%s(", methods[i]);
    if (!strstr(text.data, wanted)) fail_msg("m:%s is missing", methods[i]);
    const md_step_options *options = md_step_options_of(methods[i]);
    if (!options) continue;
    snprintf(wanted, sizeof wanted, "---@class md.%s_options\n", methods[i]);
    const char *class = strstr(text.data, wanted);
    assert_non_null(class);
    for (const char *const *known = options->known; *known; known++) {
      snprintf(wanted, sizeof wanted, "---@field %s", *known);
      const char *field = strstr(class, wanted);
      if (!field || field > strstr(class, "\n\n")) fail_msg("%s of m:%s is missing", *known, methods[i]);
    }
  }
  md_buffer_deinit(&text);
}

static void parameters_and_results_are_taken_apart(void **state) {
  md_buffer text;
  (void)state;
  write(&text);
  assert_non_null(strstr(text.data, "---@param types string|string[]\n---@param options? md.wait_for_options\n"
                                    "---@return md.event? event\n---@return \"late\"? late\n"
                                    "function m:wait_for(types, options) end\n"));
  assert_non_null(strstr(text.data, "function m:now() end\n"));
  assert_non_null(strstr(text.data, "---@param ... any\nfunction m:log(...) end\n"));
  assert_non_null(strstr(text.data, "\nfunction describe(name, body) end\n"));
  assert_non_null(strstr(text.data, "---@overload fun(name: \"fmt\"): md.fmt\n"));
  md_buffer_deinit(&text);
}

static void it_is_lua(void **state) {
  md_buffer text;
  lua_State *L = luaL_newstate();
  (void)state;
  write(&text);
  if (luaL_loadbuffer(L, text.data, text.len - 1, "annotations")) fail_msg("%s", lua_tostring(L, -1));
  lua_close(L);
  md_buffer_deinit(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_method_and_option_is_there),
                                     cmocka_unit_test(parameters_and_results_are_taken_apart),
                                     cmocka_unit_test(it_is_lua)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
