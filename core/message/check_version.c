// SPDX-License-Identifier: Apache-2.0
// Reads the copy of a version before it goes live (M1): what no mail can be made of is refused there, not found by the
// first person who should have had the mail. Pure.
#include "message/copy.h"
#include "message/outbox_state.h"
#include <string.h>

static const char *get_file(void *context, const char *path, size_t *len) {
  const md_new_version *version = context;
  for (int i = 0; i < version->file_count; i++) {
    if (strcmp(version->files[i].path, path) != 0) continue;
    *len = version->files[i].len;
    return version->files[i].data;
  }
  return NULL;
}

static const char *path_at(void *context, size_t index) {
  const md_new_version *version = context;
  return index < (size_t)version->file_count ? version->files[index].path : NULL;
}

static int check_named(const md_copy_source *source, const md_named_template *named, md_arena *arena, md_error *err) {
  const char **locales = NULL;
  int count = md_copy_locales(source, named->name, arena, &locales);
  if (count == MD_ENOMEM) return md_error_set(err, MD_ENOMEM, "out of memory");
  if (count > 0) return 0;
  return md_error_set(err, MD_EINVAL, "%s:%d: there is no copy for the template %.100s: write %.100s.LOCALE.md",
                      named->file, named->line, named->name, named->name);
}

int md_outbox_check_version(void *outbox, const md_new_version *version, md_arena *arena, md_error *err) {
  (void)outbox;
  md_copy_source source = {(void *)version, md_arena_printf(arena, "%s/", version->moment), get_file, path_at};
  int rc = source.folder ? 0 : md_error_set(err, MD_ENOMEM, "out of memory");
  for (int i = 0; i < version->file_count && rc == 0; i++)
    rc = md_copy_lint(&source, version->files[i].path, arena, err);
  for (const md_named_template *named = version->templates; named && rc == 0; named = named->next)
    rc = check_named(&source, named, arena, err);
  return rc;
}
