// SPDX-License-Identifier: Apache-2.0
// The charge of blocks and of processor time. The engine's thread.
#include "script/guard.h"
#include "script/limits.h"
#include <time.h>

enum {
  BYTES_PER_INSTRUCTION = 64,
  OWED_MAX = MD_GUARD_TICK, // more than this is looked at with the next instruction
  CLOCKED = 4 << 10,        // bytes of a block from which on time counts
  LARGE = 16 << 10,         // and from which on it is looked at more often
  TICK_MIN = 16,
  NANOSECONDS = 50, // that an instruction may take; it takes about 5
};

static int64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t counted(const md_vm *vm) {
  return vm->meter.work + vm->meter.replay + vm->meter.pending;
}

static void start_clock(md_vm *vm) {
  vm->guard.clocked = true;
  vm->guard.wall = nanoseconds(CLOCK_MONOTONIC);
  vm->guard.cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
  vm->guard.from = counted(vm);
}

void md_guard_restart(md_vm *vm) {
  if (vm->guard.clocked) start_clock(vm);
}

void md_guard_clock(md_vm *vm) {
  if (!vm->guard.clocked) start_clock(vm);
}

// The larger a block is, the less may be done with it between two looks.
static void watch(md_vm *vm, size_t size) {
  md_guard_clock(vm);
  if (size <= LARGE) return;
  int64_t tick = (int64_t)MD_GUARD_TICK * LARGE / (int64_t)size;
  vm->guard.tick = tick < TICK_MIN ? TICK_MIN : (int)tick;
  md_limits_hook(vm->running, vm->guard.look || vm->memory.asked ? 1 : vm->guard.tick);
}

void md_guard_begin(md_vm *vm) {
  vm->guard = (md_guard){.tick = MD_GUARD_TICK, .largest = vm->memory.literal_size};
  if (vm->guard.largest > CLOCKED) watch(vm, vm->guard.largest);
}

void md_guard_block(md_vm *vm, size_t size, bool string) {
  md_guard *guard = &vm->guard;
  guard->blocks += (int64_t)(size / BYTES_PER_INSTRUCTION);
  if (string && size > guard->largest_string) guard->largest_string = size;
  if (!vm->running) return;
  if (size > guard->largest) {
    guard->largest = size;
    if (size > CLOCKED) watch(vm, size);
  }
  if (guard->blocks > OWED_MAX && !guard->look) {
    guard->look = true;
    md_limits_hook(vm->running, 1);
  }
}

// Time is asked of the kernel only when the clock on the wall says that it may matter.
static int64_t overspent(const md_vm *vm, int64_t instructions) {
  const md_guard *guard = &vm->guard;
  int64_t spent = counted(vm) - guard->from + instructions;
  if (!guard->clocked || (nanoseconds(CLOCK_MONOTONIC) - guard->wall) / NANOSECONDS <= spent) return 0;
  int64_t used = (nanoseconds(CLOCK_THREAD_CPUTIME_ID) - guard->cpu) / NANOSECONDS;
  return used > spent ? used - spent : 0;
}

int64_t md_guard_owed(md_vm *vm, int64_t instructions) {
  int64_t owed = instructions + vm->guard.blocks;
  vm->guard.blocks = 0;
  vm->guard.look = false;
  return owed + overspent(vm, owed);
}

bool md_guard_hooked(const md_vm *vm) {
  return vm->guard.tick != MD_GUARD_TICK || vm->guard.look;
}
