// SPDX-License-Identifier: Apache-2.0
// Script trees as commands are given them: a root, a moment's folder, or one file of it. One thread.
#pragma once
#include "script/source.h"
#include <stdbool.h>

typedef struct md_tree {
  const char *root;   // the directory that holds the moments' folders
  const char *within; // "order_confirmation" or "order_confirmation/moment_spec.lua": only that; "": all
  md_source source;   // of the whole root
} md_tree;

// Finds root and part from a path, and reads the root. All in `arena`.
int md_tree_read(md_tree *tree, const char *path, md_arena *arena, md_error *err);
// Whether a file of the source is in the part that was asked for.
bool md_tree_wants(const md_tree *tree, const char *path);
// The folder of a file ("order_confirmation"), or "" for one at the root; in `arena`.
const char *md_tree_folder(const char *path, md_arena *arena);
// The moment `folder` alone: its files, the shared ones, the experiments and those at the root. All files when it is no
// moment's folder.
int md_tree_of_moment(const md_tree *tree, const char *folder, md_arena *arena, md_source *out, md_error *err);
