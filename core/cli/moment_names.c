// SPDX-License-Identifier: Apache-2.0
// Finds moments and versions by what people write, and says what there is instead.
#include "cli/moment_names.h"
#include "base/suggest.h"
#include "cli/output.h"
#include <string.h>

enum { NAMES_MAX = 1000, NAMED_MAX = 8 };

typedef struct names {
  md_reader *reader;
  const char *wanted;
  md_moment_row *found;
  const char *list[NAMES_MAX + 1];
  int count;
} names;

static int note_moment(void *context, const md_moment_row *row) {
  names *at = context;
  if (at->count < NAMES_MAX) at->list[at->count++] = md_arena_strdup(at->reader->arena, row->name);
  if (strcmp(row->name, at->wanted) != 0) return 0;
  *at->found =
      (md_moment_row){at->wanted, row->live, row->paused_at, md_arena_strdup(at->reader->arena, row->rolled_back_from)};
  return 0;
}

int md_moment_by_name(md_reader *reader, const char *name, md_moment_row *out) {
  names at = {.reader = reader, .wanted = name, .found = out};
  *out = (md_moment_row){0};
  int code = md_moments_list(reader->store, note_moment, &at, &reader->err);
  if (code || out->name) return code;
  const char *nearest = md_suggest(name, at.list);
  return md_error_set(&reader->err, MD_ENOTFOUND, "there is no moment \"%s\"%s%s%s", name,
                      nearest ? "; did you mean " : "; momentd moments list names those that there are",
                      nearest ? nearest : "", nearest ? "?" : "");
}

typedef struct versions {
  md_reader *reader;
  const char *prefix;
  md_version *found;
  int matches;
  const char *list[NAMES_MAX + 1]; // the beginnings of all, the newest first
  int count;
  md_buffer named; // those that match
} versions;

static int note_version(void *context, const md_version *row) {
  versions *at = context;
  char since[MD_TIME_TEXT];
  if (at->count < NAMES_MAX) at->list[at->count++] = md_arena_strndup(at->reader->arena, row->digest, MD_DIGEST_SHOWN);
  if (strncmp(row->digest, at->prefix, strlen(at->prefix)) != 0) return 0;
  if (at->matches++ == 0) {
    *at->found = *row;
    at->found->moment = md_arena_strdup(at->reader->arena, row->moment);
    at->found->note = md_arena_strdup(at->reader->arena, row->note);
  }
  if (at->matches <= NAMED_MAX)
    md_buffer_printf(&at->named, "%s%.16s of %s", at->matches > 1 ? ", " : "", row->digest,
                     md_time_text(row->created_at, since));
  return 0;
}

static int refuse_version(versions *at, const char *moment) {
  md_error *err = &at->reader->err;
  if (at->matches > 1)
    return md_error_set(err, MD_ECONFLICT, "several versions of %s begin with \"%s\": %s; write more of it", moment,
                        at->prefix, md_buffer_ok(&at->named) ? at->named.data : "");
  const char *nearest = md_suggest(at->prefix, at->list);
  if (at->count == 0) return md_error_set(err, MD_ENOTFOUND, "%s has no versions yet", moment);
  return md_error_set(err, MD_ENOTFOUND, "%s has no version \"%s\"; %s %s (momentd moments versions %s)", moment,
                      at->prefix, nearest ? "nearest:" : "its newest is", nearest ? nearest : at->list[0], moment);
}

int md_version_by_prefix(md_reader *reader, const char *moment, const char *prefix, md_version *out) {
  versions at = {.reader = reader, .prefix = prefix, .found = out};
  md_buffer_init(&at.named);
  int code = md_versions_list(reader->store, moment, note_version, &at, &reader->err);
  if (!code && at.matches != 1) code = refuse_version(&at, moment);
  md_buffer_deinit(&at.named);
  return code;
}
