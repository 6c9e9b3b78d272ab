// SPDX-License-Identifier: Apache-2.0
// What spec.c and bind_shop.c share. Private to core/script.
#pragma once
#include "script/spec.h"
#include "script/state.h"

enum { MD_SPEC_DEPTH = 16, MD_SPEC_STEPS = 16 };

// One `it`: references in the registry.
typedef struct md_spec_case {
  const char *name;
  int function;
  int before[MD_SPEC_STEPS]; // outermost first
  int before_count;
} md_spec_case;

struct md_spec {
  md_vm *vm;
  md_arena *arena; // names and cases
  const md_spec_host *host;
  md_spec_case *cases;
  int count;
  const char *groups[MD_SPEC_DEPTH]; // describes that are open
  int group_count;
  int before[MD_SPEC_STEPS];
  int before_count;
  bool collecting; // the file runs; describe and it may be called
};

static inline md_spec *md_spec_of(lua_State *L) {
  return md_vm_of(L)->user;
}

// Pushes the object that each `it` is given.
MD_RAISES void md_shop_push(lua_State *L);
