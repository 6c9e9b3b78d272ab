// SPDX-License-Identifier: Apache-2.0
// The files of the versions that mails were rendered from lately: a few entries, the one unused for longest goes. What
// a version's row id names never changes, so nothing here turns stale.
#include "message/version_files.h"
#include "base/alloc.h"

enum { ENTRIES = 16 };

typedef struct entry {
  int64_t version; // 0: empty
  uint64_t used;
  md_arena *arena;
  md_version_file *files;
  int count;
} entry;

struct md_version_files {
  uint64_t uses;
  entry entries[ENTRIES];
};

md_version_files *md_version_files_new(void) {
  return md_alloc_zero(sizeof(md_version_files));
}

void md_version_files_free(md_version_files *cache) {
  if (!cache) return;
  for (int i = 0; i < ENTRIES; i++)
    md_arena_free(cache->entries[i].arena);
  md_free(cache);
}

// The entry that holds the version, or else the one to take for it.
static entry *find(md_version_files *cache, int64_t version) {
  entry *oldest = &cache->entries[0];
  for (int i = 0; i < ENTRIES; i++) {
    if (cache->entries[i].version == version) return &cache->entries[i];
    if (cache->entries[i].used < oldest->used) oldest = &cache->entries[i];
  }
  return oldest;
}

static int fill(entry *entry, md_store *store, int64_t version, md_error *err) {
  entry->version = 0;
  if (!entry->arena) entry->arena = md_arena_new(0);
  if (!entry->arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_arena_reset(entry->arena);
  int rc = md_versions_files(store, version, entry->arena, &entry->files, &entry->count, err);
  if (rc == 0) entry->version = version;
  return rc;
}

int md_version_files_get(md_version_files *cache, md_store *store, int64_t version, const md_version_file **files,
                         int *count, md_error *err) {
  entry *entry = find(cache, version);
  int rc = entry->version == version ? 0 : fill(entry, store, version, err);
  if (rc) return rc;
  entry->used = ++cache->uses;
  *files = entry->files;
  *count = entry->count;
  return 0;
}
