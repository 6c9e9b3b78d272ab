// SPDX-License-Identifier: Apache-2.0
// What of a script tree cannot be used: links that lead nowhere, files that may not be read or are too large. It costs
// the folder that it is in, and no other. Pure data; any thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>

typedef struct md_refusal {
  const char *path; // "cart/photo.jpg", "shared/layout.html", or a whole folder: "cart"
  const char *why;  // a sentence with the remedy
  struct md_refusal *next;
} md_refusal;

// Copies both texts into `arena`; the list stays sorted bytewise by path.
int md_refusal_add(md_refusal **list, md_arena *arena, const char *path, const char *why, md_error *err);
// The first that is in this top-level folder, or is the folder itself; NULL when all of it can be used.
const md_refusal *md_refusal_of_folder(const md_refusal *list, const char *folder);
// Of exactly this path, or of the whole top-level folder that it is in; else NULL.
const md_refusal *md_refusal_of_path(const md_refusal *list, const char *path);
// The first that costs every moment: of the shared folder itself, or of a shared file that is no Lua module, which
// every version holds. Who uses a refused module is known by its `require`.
const md_refusal *md_refusal_of_all(const md_refusal *list);
