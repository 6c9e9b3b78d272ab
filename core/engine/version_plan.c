// SPDX-License-Identifier: Apache-2.0
// The plan that a version's runs see events through: its own part. Versions of before there were parts share the plan
// that held when the database was migrated.
#include "base/log.h"
#include "engine/state.h"
#include "script/plan_part.h"
#include <string.h>

#define OLDER_PLAN "plan_of_older_versions" // a setting, written by a migration

int md_loaded_read_plan(md_loaded *loaded, md_error *err) {
  const md_source_file *part = loaded->plan ? NULL : md_source_find(&loaded->source, MD_PLAN_PART);
  return part ? md_plan_part_read(&loaded->plan, part->data, part->len, err) : 0;
}

static int read_older(md_engine *engine, md_error *err) {
  const char *text = NULL;
  md_error why = {0};
  int rc = md_settings_get(engine->store, OLDER_PLAN, engine->arena, &text, err);
  if (rc == MD_ENOTFOUND) return 0;
  if (rc) return rc;
  md_source_file file = {"events.lua", text, strlen(text)};
  rc = md_plan_new(&engine->older_plan, &file, &why);
  if (rc == MD_ENOMEM) return md_error_set(err, rc, "%s", why.text);
  if (rc) md_log(MD_LOG_ERROR, "engine", "the plan of older versions cannot be used", "error", why.text, NULL);
  return 0;
}

int md_loaded_plan(md_engine *engine, md_loaded *loaded, const md_plan **out, md_error *err) {
  int rc = md_loaded_read_plan(loaded, err);
  if (rc == 0 && !loaded->plan && !engine->older_plan_read) rc = read_older(engine, err);
  if (rc) return rc;
  if (!loaded->plan) engine->older_plan_read = true;
  *out = loaded->plan ? loaded->plan : engine->older_plan ? engine->older_plan : engine->plan;
  return 0;
}
