// SPDX-License-Identifier: Apache-2.0
// One moment of a tree that is prepared: compared with what is live, and built where it is new: compiled, defined, its
// copy read, examined. Nothing is stored. Any thread.
#include "base/alloc.h"
#include "engine/prepared.h"
#include "engine/version_source.h"
#include <string.h>

static const md_prepared_row *find_row(const md_prepared *prepared, const char *name) {
  for (int i = 0; i < prepared->row_count; i++)
    if (strcmp(prepared->rows[i].name, name) == 0) return &prepared->rows[i];
  return NULL;
}

void md_prepare_tell(md_prepared *prepared, const char *moment, const char *text) {
  prepared->problems++;
  prepared->options.problem(prepared->options.context, moment, text);
}

static int build(md_prepared *prepared, const md_source *own, md_change *change, md_error *err) {
  md_loaded *loaded = change->built = md_loaded_new();
  md_version_file *files = md_arena_alloc(prepared->scratch, sizeof *files * (size_t)(own->count + 1));
  if (!loaded || !files) return md_error_set(err, MD_ENOMEM, "out of memory while %s was built", change->moment);
  for (int i = 0; i < own->count; i++)
    files[i] = (md_version_file){own->files[i].path, own->files[i].data, own->files[i].len};
  memcpy(loaded->digest, change->digest, sizeof loaded->digest);
  int rc = md_loaded_take_files(loaded, change->moment, files, own->count);
  if (rc) return md_error_set(err, rc, "out of memory while %s was built", change->moment);
  rc = md_loaded_vm(loaded, err);
  if (rc == 0) rc = md_loaded_check_limit(loaded, prepared->retention, err);
  return rc ? rc : md_loaded_check_copy(prepared->messenger, loaded, prepared->scratch, err);
}

// `*told`: what is wrong has been told already.
static int examine(md_prepared *prepared, const md_source *own, md_change *change, bool *told, md_error *err) {
  if (!prepared->options.examine) return 0;
  md_candidate candidate = {
      .moment = change->moment,
      .tree = prepared->source,
      .own = own,
      .definition = change->built->definition,
      .plan = md_prepared_plan(prepared),
      .experiments = md_prepared_experiments(prepared),
  };
  int rc = prepared->options.examine(prepared->options.context, &candidate, prepared->scratch, err);
  *told = rc == MD_EINVAL;
  return rc;
}

// Whether the code is that of a wrong script: only its own version is refused.
static bool is_refusal(int code) {
  return code != MD_ENOMEM && code != MD_ECANCELED && code != MD_EIO && code != MD_EFULL;
}

static int build_new(md_prepared *prepared, const md_source *own, md_change *change, md_error *err) {
  bool told = false;
  md_error why = {0};
  int rc = build(prepared, own, change, &why);
  if (rc == 0) rc = examine(prepared, own, change, &told, &why);
  if (rc == 0) return 0;
  if (change->built) md_loaded_free(change->built);
  change->built = NULL;
  if (!is_refusal(rc)) return md_error_set(err, rc, "%s", why.text);
  change->kind = MD_CHANGE_REFUSED;
  prepared->problems += told;
  if (!told) md_prepare_tell(prepared, change->moment, why.text);
  return 0;
}

int md_prepare_moment(md_prepared *prepared, md_change *change, md_error *err) {
  md_version_source version;
  md_error why = {0};
  const md_prepared_row *row = find_row(prepared, change->moment);
  const char *passed = row && !prepared->options.deploy ? row->passed : NULL;
  if (row) memcpy(change->was, row->digest, sizeof change->was);
  change->marked = row && row->passed;
  int rc = md_version_source_read(prepared->messenger, md_prepared_plan(prepared), prepared->source, change->moment,
                                  prepared->scratch, &version, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "%s", why.text);
  if (rc) {
    bool told = md_refusal_of_folder(prepared->source->refused, change->moment) != NULL;
    change->kind = MD_CHANGE_REFUSED;
    if (!told) md_prepare_tell(prepared, change->moment, why.text);
    return 0;
  }
  memcpy(change->digest, version.digest, sizeof change->digest);
  if (passed && strcmp(passed, change->digest) == 0) {
    change->kind = MD_CHANGE_HELD;
    return 0;
  }
  if (strcmp(change->digest, change->was) == 0) return 0;
  change->kind = change->was[0] ? MD_CHANGE_CHANGED : MD_CHANGE_NEW;
  return build_new(prepared, &version.files, change, err);
}
