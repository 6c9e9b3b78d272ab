// SPDX-License-Identifier: Apache-2.0
// The shop of a spec: events go in, the clock is advanced, expectations are compared by the host. Page: bind_shop.md.
#include "script/bind.h"
#include "script/options.h"
#include "script/sandbox.h"
#include "script/spec_state.h"
#include "script/value.h"

enum { NAME_LENGTH = 256 };

static MD_RAISES const md_spec_host *host_of(lua_State *L, const char *name) {
  if (lua_type(L, 1) != LUA_TTABLE) md_raise(L, "call it with a colon: shop:%s(…)", name);
  return md_spec_of(L)->host;
}

static MD_RAISES int finish(lua_State *L, int code, const md_error *err) {
  if (code) md_raise(L, "%s", err->text[0] ? err->text : md_error_text(code));
  return 0;
}

// The table at `index` as an object; left out: NULL. An empty table is an empty object.
static MD_RAISES json_t *object_at(lua_State *L, int index, const char *what) {
  if (lua_isnoneornil(L, index)) return NULL;
  json_t *value = md_value_read(L, index, what, MD_VALUE_BYTES);
  if (json_is_array(value) && json_array_size(value) == 0) return md_value_made(L, json_object());
  if (!json_is_object(value)) md_raise(L, "%s must be a table with names", what);
  return value;
}

static MD_RAISES int l_shop_person(lua_State *L) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, "person");
  const char *subject = md_options_text(L, 2, "shop:person: the subject", NAME_LENGTH);
  const json_t *fields = object_at(L, 3, "shop:person: the fields");
  return finish(L, host->person(host->context, subject, fields, &err), &err);
}

static MD_RAISES int l_shop_event(lua_State *L) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, "event");
  const char *type = md_options_text(L, 2, "shop:event: the type", NAME_LENGTH);
  md_options_event_type(L, "shop:event", type, false);
  const json_t *event = object_at(L, 3, "shop:event: the event");
  return finish(L, host->event(host->context, type, event, &err), &err);
}

static MD_RAISES int l_shop_advance(lua_State *L) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, "advance");
  md_micros span = md_options_duration(L, 2, "shop:advance");
  return finish(L, host->advance(host->context, span, &err), &err);
}

static MD_RAISES int l_shop_answer(lua_State *L) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, "answer");
  const char *connection = md_options_text(L, 2, "shop:answer: the connection", NAME_LENGTH);
  const json_t *answer = object_at(L, 3, "shop:answer: the answer");
  return finish(L, host->answer(host->context, connection, answer, &err), &err);
}

static MD_RAISES int l_shop_arm(lua_State *L) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, "arm");
  const char *experiment = md_options_text(L, 2, "shop:arm: the experiment", NAME_LENGTH);
  const char *arm = md_options_text(L, 3, "shop:arm: the arm", NAME_LENGTH);
  return finish(L, host->arm(host->context, experiment, arm, &err), &err);
}

static MD_RAISES int expect(lua_State *L, const char *name, const char *what, const json_t *wanted) {
  md_error err = {0};
  const md_spec_host *host = host_of(L, name);
  return finish(L, host->expect(host->context, what, wanted, &err), &err);
}

static MD_RAISES int l_shop_expect_message(lua_State *L) {
  return expect(L, "expect_message", "message", object_at(L, 2, "shop:expect_message"));
}

static MD_RAISES int l_shop_expect_call(lua_State *L) {
  return expect(L, "expect_call", "call", object_at(L, 2, "shop:expect_call"));
}

static MD_RAISES int l_shop_expect_no_message(lua_State *L) {
  return expect(L, "expect_no_message", "no_message", object_at(L, 2, "shop:expect_no_message"));
}

static MD_RAISES int l_shop_expect_decision(lua_State *L) {
  return expect(L, "expect_decision", "decision", object_at(L, 2, "shop:expect_decision"));
}

static MD_RAISES int l_shop_expect_outcome(lua_State *L) {
  const char *text = md_options_text(L, 2, "shop:expect_outcome", 1024);
  return expect(L, "expect_outcome", "outcome", md_value_made(L, json_string(text)));
}

static MD_RAISES int l_shop_expect_run_state(lua_State *L) {
  const char *text = md_options_text(L, 2, "shop:expect_run_state", NAME_LENGTH);
  return expect(L, "expect_run_state", "run_state", md_value_made(L, json_string(text)));
}

static MD_RAISES int l_shop_expect_no_run(lua_State *L) {
  return expect(L, "expect_no_run", "no_run", NULL);
}

const luaL_Reg md_bind_shop[] = {{"advance", l_shop_advance},
                                 {"answer", l_shop_answer},
                                 {"arm", l_shop_arm},
                                 {"event", l_shop_event},
                                 {"expect_call", l_shop_expect_call},
                                 {"expect_decision", l_shop_expect_decision},
                                 {"expect_message", l_shop_expect_message},
                                 {"expect_no_message", l_shop_expect_no_message},
                                 {"expect_no_run", l_shop_expect_no_run},
                                 {"expect_outcome", l_shop_expect_outcome},
                                 {"expect_run_state", l_shop_expect_run_state},
                                 {"person", l_shop_person},
                                 {NULL, NULL}};

void md_shop_push(lua_State *L) {
  lua_createtable(L, 0, 16);
  luaL_setfuncs(L, md_bind_shop, 0);
  md_sandbox_readonly(L, "shop", true);
}
