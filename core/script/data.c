// SPDX-License-Identifier: Apache-2.0
// Data written as Lua: a configuration file that returns a table. Any thread, one at a time.
#include "script/lexer.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/state.h"
#include "script/value.h"
#include <string.h>

enum { DATA_MEMORY = 16 << 20, DATA_BYTES = 1 << 20 };

static MD_RAISES int read_data(lua_State *L) {
  json_t **out = lua_touserdata(L, 1);
  md_modules_fresh(L);
  md_modules_run_main(L);
  if (!lua_istable(L, -1)) {
    lua_pushfstring(L, "%s:1: the file must return a table", md_vm_of(L)->main->path);
    lua_error(L);
  }
  *out = md_value_read(L, -1, "the table", DATA_BYTES);
  return 0;
}

int md_script_data(const char *name, const char *text, size_t len, json_t **out, md_error *err) {
  md_vm *vm;
  md_vm_limits limits = {.memory = DATA_MEMORY};
  int code = md_vm_open(&vm, &limits, err);
  if (code) return code;
  vm->data = true;
  code = md_modules_compile_text(vm, name, text, len, err);
  md_meter_begin(vm, vm->limits.define, 0);
  if (!code) code = md_script_code(md_script_run(vm, read_data, out, err));
  md_vm_free(vm);
  return code;
}

static bool is_key(const md_token *token, const char *name) {
  return (token->kind == MD_TOKEN_NAME || token->kind == MD_TOKEN_STRING) && strlen(name) == token->len &&
         memcmp(token->text, name, token->len) == 0;
}

// `name = value`, and `["name"] = value`.
int md_script_data_line(const char *text, size_t len, const char *name) {
  md_lexer lexer;
  md_lexer_init(&lexer, text, len);
  for (md_token token = md_lexer_next(&lexer); token.kind != MD_TOKEN_END;) {
    md_token next = md_lexer_next(&lexer);
    if (is_key(&token, name)) {
      if (md_token_is(&next, "]")) next = md_lexer_next(&lexer);
      if (md_token_is(&next, "=")) return token.line;
    }
    token = next;
  }
  return 0;
}
