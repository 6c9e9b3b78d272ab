// SPDX-License-Identifier: Apache-2.0
// Reads script trees, whole or in part.
#include "cli/tree.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *parent(const char *path, md_arena *arena) {
  const char *slash = strrchr(path, '/');
  if (!slash) return ".";
  return slash == path ? "/" : md_arena_strndup(arena, path, (size_t)(slash - path));
}

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static const char *absolute(const char *path, md_arena *arena) {
  char cwd[4096];
  if (path[0] == '/' || !getcwd(cwd, sizeof cwd)) return md_arena_strdup(arena, path);
  return md_arena_printf(arena, "%s/%s", cwd, path);
}

static const char *without_slash(const char *path, md_arena *arena) {
  size_t len = strlen(path);
  while (len > 1 && path[len - 1] == '/')
    len--;
  if (len >= 2 && path[len - 1] == '.' && path[len - 2] == '/') len -= 2;
  return md_arena_strndup(arena, path, len);
}

// A folder that holds moment.lua is a moment's; its parent is the root. A file belongs to the folder that it is in.
static void split(md_tree *tree, const char *path, bool file, md_arena *arena) {
  const char *folder = file ? parent(path, arena) : path;
  const char *whole = absolute(folder, arena);
  const char *moment = md_arena_printf(arena, "%s/moment.lua", folder);
  bool of_moment = moment && access(moment, F_OK) == 0;
  tree->root = of_moment ? parent(whole, arena) : folder;
  tree->within = of_moment ? base(whole) : "";
  if (file) tree->within = of_moment ? md_arena_printf(arena, "%s/%s", tree->within, base(path)) : base(path);
}

int md_tree_read(md_tree *tree, const char *path, md_arena *arena, md_error *err) {
  struct stat info;
  const char *plain = without_slash(path, arena);
  *tree = (md_tree){0};
  if (!plain) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (stat(plain, &info)) return md_error_set(err, MD_ENOTFOUND, "%s: %s", path, strerror(errno));
  split(tree, plain, S_ISREG(info.st_mode), arena);
  if (!tree->root || !tree->within) return md_error_set(err, MD_ENOMEM, "out of memory");
  return md_source_read(tree->root, arena, &tree->source, err);
}

bool md_tree_wants(const md_tree *tree, const char *path) {
  size_t len = strlen(tree->within);
  return len == 0 || (strncmp(path, tree->within, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

const char *md_tree_folder(const char *path, md_arena *arena) {
  const char *slash = strchr(path, '/');
  return slash ? md_arena_strndup(arena, path, (size_t)(slash - path)) : "";
}

static bool belongs(const char *path, const char *folder) {
  size_t len = strlen(folder);
  return !strchr(path, '/') || strncmp(path, "shared/", 7) == 0 || strncmp(path, "experiments/", 12) == 0 ||
         (strncmp(path, folder, len) == 0 && path[len] == '/');
}

// What was refused of another moment is nothing to this one.
static bool concerns(const char *refused, const char *folder) {
  const char *const parts[] = {folder, "shared", "experiments", "events.lua"};
  size_t len = strcspn(refused, "/");
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strncmp(refused, parts[i], len) == 0 && parts[i][len] == '\0') return true;
  return false;
}

int md_tree_of_moment(const md_tree *tree, const char *folder, md_arena *arena, md_source *out, md_error *err) {
  const char *moment = md_arena_printf(arena, "%s/moment.lua", folder);
  *out = tree->source;
  if (!moment || !md_source_find(&tree->source, moment)) return moment ? 0 : MD_ENOMEM;
  out->refused = NULL;
  for (const md_refusal *at = tree->source.refused; at; at = at->next)
    if (concerns(at->path, folder) && md_refusal_add(&out->refused, arena, at->path, at->why, err)) return MD_ENOMEM;
  out->files = md_arena_alloc(arena, (size_t)(tree->source.count + 1) * sizeof *out->files);
  out->count = 0;
  if (!out->files) return md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < tree->source.count; i++)
    if (belongs(tree->source.files[i].path, folder)) out->files[out->count++] = tree->source.files[i];
  return 0;
}
