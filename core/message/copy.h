// SPDX-License-Identifier: Apache-2.0
// The door of the pure part of this room: a template's name, data and wanted locales in, one rendered mail out (M1,
// M6). No I/O, no state; any thread.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// The files of one version, of which nothing is kept after the call.
typedef struct md_copy_source {
  void *context;
  const char *folder; // what the moment's own paths begin with: "abandoned_cart/", "" or NULL
  // The bytes of the file at `path` and their number, or NULL when the version has none.
  const char *(*get)(void *context, const char *path, size_t *len);
  // The `index`-th path of the version in any order, or NULL past the last.
  const char *(*path)(void *context, size_t index);
} md_copy_source;

// What to render. All borrowed for the call; what may be NULL says so.
//
// A template `reminder` is `reminder.da.md` (front matter and Markdown), or the raw pair `reminder.da.html` and
// `reminder.da.txt`, of which one may be missing; front matter is allowed in each. With variant `b`,
// `reminder_b.da.md` stands before `reminder.da.md`. Partials are `NAME.mustache` in the moment's folder, else
// `shared/partials/NAME.mustache`; in Markdown they are Markdown too.
typedef struct md_copy_request {
  md_copy_source source;
  const char *class_name;        // of the moment, for layout_CLASS.html; may be NULL
  const char *template_name;     // words of [a-z_] (digits allowed after the first letter)
  const char *variant;           // may be NULL; one without files of its own is no error
  const char *const *locales;    // wanted, in order (option, profile), NULL-terminated; may be NULL
  const char *default_locale;    // NULL: "da"
  const json_t *data;            // an object; NULL: the empty one
  const json_t *links;           // what the host adds (unsubscribe_url, sender …), found before data; may be NULL
  const char *const *name_paths; // paths in data typed `name`, NULL-terminated, a leading "data." ignored; may be NULL
  const char *placeholder;       // what stands for a secret in a preview and is allowed as an href; may be NULL
  bool bare;                     // for SMS: only the text, without layout, subject optional
} md_copy_request;

// Why a file's locale was chosen.
typedef enum md_copy_reason {
  MD_COPY_WANTED,  // the `wanted`-th of request.locales
  MD_COPY_OF_DATA, // data.locale
  MD_COPY_DEFAULT,
  MD_COPY_FIRST, // none of those has copy: the bytewise first there is
} md_copy_reason;
const char *md_copy_why(md_copy_reason why); // "it is the default locale"

typedef struct md_copy_choice {
  const char *locale, *file; // as in md_copy
  md_copy_reason why;
  int wanted;
} md_copy_choice;

// A rendered mail, in the arena of the call. Text has LF line ends.
typedef struct md_copy {
  const char *locale;  // of the files that were taken, as they spell it
  const char *file;    // the first of them
  md_copy_reason why;  // it is this locale
  int wanted;          // with MD_COPY_WANTED: its place in request.locales
  const char *subject; // NULL only when bare
  const char *preview; // never NULL, may be empty
  const char *html;    // a whole document; NULL when bare or when there is only a raw .txt
  const char *text;    // NULL when there is only a raw .html
} md_copy;

// Renders strictly: this is also the dry render of M1. The locale is the first that has a file of: `locales`, the
// data's `locale`, `default_locale`, the bytewise first there is; each of them falls back to its language ("da-DK" to
// "da"). MD_ENOTFOUND: no such template in any locale. MD_EINVAL: it cannot be filled or is malformed (`err` names
// file and line). MD_ENOMEM.
int md_copy_render(const md_copy_request *request, md_arena *arena, md_copy *out, md_error *err);

// What md_copy_render would take, without rendering it. MD_ENOTFOUND, MD_EINVAL, MD_ENOMEM; `err` may be NULL.
int md_copy_choose(const md_copy_request *request, md_arena *arena, md_copy_choice *out, md_error *err);

// The locales that `template_name` has, sorted bytewise, in `arena`, NULL-terminated; the count is returned (0: none),
// or MD_ENOMEM.
int md_copy_locales(const md_copy_source *source, const char *template_name, md_arena *arena, const char ***out);

// Reads the file at `path` as rendering would, without data: front matter, tags, partials, Markdown, links that are
// written out, layouts. 0 also for files that are no copy; MD_EINVAL and `err` with file and line; MD_ENOMEM.
int md_copy_lint(const md_copy_source *source, const char *path, md_arena *arena, md_error *err);
