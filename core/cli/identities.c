// SPDX-License-Identifier: Apache-2.0
// The identity paths as one setting: paths joined by blanks.
#include "cli/identities.h"
#include "base/buffer.h"
#include "script/plan.h"
#include <string.h>

enum { PATHS_MAX = 64 };

static const char setting[] = "identity_paths";
static const char *const builtin[] = {"subject", "data.email", NULL};

static int split(md_arena *arena, const char *text, const char *paths[static PATHS_MAX + 1]) {
  int count = 0;
  char *rest = NULL;
  char *copy = md_arena_strdup(arena, text);
  for (char *at = copy ? strtok_r(copy, " ", &rest) : NULL; at && count < PATHS_MAX; at = strtok_r(NULL, " ", &rest))
    paths[count++] = at;
  paths[count] = NULL;
  return count;
}

const char *const *md_identities_read(md_store *store, md_arena *arena) {
  const char *text = NULL;
  const char **paths = md_arena_alloc(arena, (PATHS_MAX + 1) * sizeof *paths);
  if (!paths || md_settings_get(store, setting, arena, &text, NULL) || !split(arena, text, paths)) return builtin;
  return paths;
}

static void add(md_buffer *text, const char *const *paths) {
  for (; *paths; paths++) {
    size_t len = strlen(*paths);
    bool known = false;
    for (const char *at = text->data; at && !known; at = strchr(at, ' ')) {
      at += *at == ' ';
      known = strncmp(at, *paths, len) == 0 && (at[len] == ' ' || at[len] == '\0');
    }
    if (!known) md_buffer_printf(text, "%s%s", text->len ? " " : "", *paths);
  }
}

int md_identities_write(md_store *store, const md_plan *plan, md_error *err) {
  md_buffer text;
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_error_set(err, MD_ENOMEM, "out of memory");
  md_buffer_init(&text);
  add(&text, md_plan_strong(plan));
  add(&text, md_plan_weak(plan));
  add(&text, md_identities_read(store, arena));
  int code = md_buffer_ok(&text) ? md_settings_set(store, setting, text.data, err)
                                 : md_error_set(err, MD_ENOMEM, "out of memory");
  md_buffer_deinit(&text);
  md_arena_free(arena);
  return code;
}
