// SPDX-License-Identifier: Apache-2.0
// Which files of a version a template is made of, by name, variant and locale. Pure; any thread.
#pragma once
#include "message/copy.h"

typedef struct md_copy_file {
  const char *path; // NULL: there is none
  const char *text;
  size_t len;
} md_copy_file;

// Either markdown, or html, txt or both.
typedef struct md_copy_files {
  const char *locale;
  md_copy_reason why;
  int wanted;
  md_copy_file markdown, html, txt;
} md_copy_files;

// The first file that there is.
const md_copy_file *md_copy_files_first(const md_copy_files *files);

// Whether a template's name is well formed.
bool md_copy_name_valid(const char *name);

// The files for a request, by the order of md_copy_render. MD_ENOTFOUND, MD_EINVAL, MD_ENOMEM.
int md_copy_files_find(const md_copy_request *request, md_arena *arena, md_copy_files *out, md_error *err);

// The text of a partial, from the moment's folder or the shared one. `context` is the md_copy_partials.
typedef struct md_copy_partials {
  const md_copy_source *source;
  md_arena *arena;
} md_copy_partials;
const char *md_copy_partial(void *context, const char *name, size_t *len, const char **file);

// Splits "reminder.da.md" within the moment's folder: false when `path` is no copy file. `ending` is "md", "html" or
// "txt"; the name and the locale are spans of `path`.
typedef struct md_copy_path {
  const char *name, *locale, *ending;
  size_t name_len, locale_len;
} md_copy_path;
bool md_copy_path_split(const md_copy_source *source, const char *path, md_copy_path *out);
