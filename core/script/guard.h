// SPDX-License-Identifier: Apache-2.0
// Work in proportion to memory that no function call announces (S3): `..`, comparisons of long texts, the growth of
// tables and of the stack are done by the VM itself. Private to core/script.
//
// Every block of 256 bytes or more costs an instruction per 64 bytes. What such work costs beside that (two texts of a
// megabyte compared again and again allocate nothing) needs large blocks, or metatables that point at each other; once
// a run has such, the hook comes more often, and what the run has used of the processor is charged at 50 ns an
// instruction where that is more than what was counted. Other scripts are counted by instructions alone.
#pragma once
#include "script/state.h"

enum { MD_GUARD_TICK = 1000 }; // instructions between two looks, where nothing is large

// A run begins in vm->running.
void md_guard_begin(md_vm *vm);
// The meter counts from zero again.
void md_guard_restart(md_vm *vm);
// From now on the run's time of the processor counts: for what needs no large block (chains of __index).
void md_guard_clock(md_vm *vm);
// From the allocator.
void md_guard_block(md_vm *vm, size_t size, bool string);
// What is to be charged at a look that comes after `instructions`.
int64_t md_guard_owed(md_vm *vm, int64_t instructions);
// Whether the hook stands otherwise than a new run needs it.
bool md_guard_hooked(const md_vm *vm);
