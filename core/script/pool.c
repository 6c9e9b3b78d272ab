// SPDX-License-Identifier: Apache-2.0
// Size classes of 16 bytes, carved from slabs. One thread at a time.
#include "script/pool.h"
#include "base/alloc.h"
#include <string.h>

enum { SLAB_BYTES = 16 << 10, SMALL_MAX = MD_POOL_STEP * MD_POOL_CLASSES };

struct md_pool_block {
  struct md_pool_block *next;
};

struct md_pool_slab {
  struct md_pool_slab *next;
  _Alignas(16) char bytes[SLAB_BYTES];
};

static size_t class_of(size_t size) {
  return (size - 1) / MD_POOL_STEP;
}

static void put_back(md_pool *pool, void *memory, size_t class_index) {
  struct md_pool_block *block = memory;
  block->next = pool->free[class_index];
  pool->free[class_index] = block;
}

// The rest of the slab before is given to the classes, so that nothing is lost.
static int add_slab(md_pool *pool) {
  struct md_pool_slab *slab = md_alloc(sizeof *slab);
  if (!slab) return 0;
  if (pool->left) put_back(pool, pool->next, class_of(pool->left));
  slab->next = pool->slabs;
  pool->held += sizeof *slab;
  pool->slabs = slab;
  pool->next = slab->bytes;
  pool->left = SLAB_BYTES;
  return 1;
}

static void *take(md_pool *pool, size_t size) {
  size_t class_index = class_of(size), room = (class_index + 1) * MD_POOL_STEP;
  struct md_pool_block *block = pool->free[class_index];
  if (block) {
    pool->free[class_index] = block->next;
    return block;
  }
  if (pool->left < room && !add_slab(pool)) return NULL;
  void *fresh = pool->next;
  pool->next += room;
  pool->left -= room;
  return fresh;
}

static void *obtain(md_pool *pool, size_t size) {
  if (size > SMALL_MAX) return md_alloc(size);
  void *block = take(pool, size);
  if (block) pool->small += size;
  return block;
}

void md_pool_free(md_pool *pool, void *block, size_t size) {
  if (size > SMALL_MAX)
    md_free(block);
  else if (block && size) {
    put_back(pool, block, class_of(size));
    pool->small -= size;
  }
}

void *md_pool_resize(md_pool *pool, void *old, size_t old_size, size_t size) {
  if (!old || old_size == 0) return obtain(pool, size);
  if (old_size > SMALL_MAX && size > SMALL_MAX) return md_realloc(old, size);
  if (old_size <= SMALL_MAX && size <= SMALL_MAX && class_of(old_size) == class_of(size)) {
    pool->small += size - old_size;
    return old;
  }
  void *block = obtain(pool, size);
  if (!block) {
    if (size > old_size || old_size > SMALL_MAX) return NULL;
    pool->small -= old_size - size;
    return old; // a block may serve a smaller class
  }
  memcpy(block, old, old_size < size ? old_size : size);
  md_pool_free(pool, old, old_size);
  return block;
}

void md_pool_deinit(md_pool *pool) {
  while (pool->slabs) {
    struct md_pool_slab *next = pool->slabs->next;
    md_free(pool->slabs);
    pool->slabs = next;
  }
  *pool = (md_pool){0};
}
