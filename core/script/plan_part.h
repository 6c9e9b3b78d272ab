// SPDX-License-Identifier: Apache-2.0
// The part of a plan that a version uses, as a file of the version: whatever the plan becomes, its runs see events as
// they did. Pure; any thread.
#pragma once
#include "script/needs.h"
#include "script/plan.h"

#define MD_PLAN_PART "plan.json" // its path among the version's files
enum { MD_PLAN_PART_FORMAT = 1 };

// The declared types that `needs` matches, with their paths, and the kinds of things that they, `needs` or those that
// these belong to name: canonical JSON in `arena`. What is only for people (means) is not in it. 0 or MD_ENOMEM.
int md_plan_part_write(const md_plan *plan, const md_needs *needs, md_arena *arena, const char **text, md_error *err);

// Reads one back: a plan without identities. MD_EUNSUPPORTED for a part in a format that only a newer momentd knows;
// MD_ECORRUPT; MD_ENOMEM.
int md_plan_part_read(md_plan **out, const char *text, size_t len, md_error *err);
