// SPDX-License-Identifier: Apache-2.0
// Events as scripts see them: data parsed, the plan's time paths as numbers of seconds.
#include "base/timestamp.h"
#include "engine/secrets.h"
#include <string.h>

// Replaces the text at `path` (below data) by seconds, where it is an RFC 3339 time; anything else stays as it came.
static void seconds_at(json_t *data, const char *path) {
  const char *dot = strrchr(path, '.');
  char parent_path[256];
  json_t *parent = data;
  if (dot) {
    if ((size_t)(dot - path) >= sizeof parent_path) return;
    memcpy(parent_path, path, (size_t)(dot - path));
    parent_path[dot - path] = '\0';
    parent = md_json_at(data, parent_path);
  }
  const char *name = dot ? dot + 1 : path;
  const char *text = json_is_object(parent) ? md_json_text(parent, name) : NULL;
  md_micros at = 0;
  if (text && md_timestamp_parse(text, strlen(text), &at, NULL) == 0)
    json_object_set_new(parent, name, at % MD_SECOND == 0 ? json_integer(at / MD_SECOND) : json_real((double)at / 1e6));
}

static int typed_data(md_engine *engine, const md_plan *plan, const md_event *event, const json_t **out,
                      md_error *err) {
  json_t *data = event->data;
  const md_plan_event *declared = md_plan_event_of(plan, event->type);
  bool typed = declared && declared->time_paths[0];
  if (!data && event->data_text) {
    int rc = md_secrets_data(engine, event, &data, err);
    if (rc) return rc;
  } else if (data && typed) {
    data = json_deep_copy(data);
    if (!data) return MD_ENOMEM;
  }
  for (const char *const *path = typed ? declared->time_paths : NULL; data && path && *path; path++)
    seconds_at(data, *path);
  *out = data;
  return 0;
}

int md_view(md_engine *engine, const md_plan *plan, const md_event *event, md_event_view *out, md_error *err) {
  *out = (md_event_view){.seq = event->seq,
                         .id = event->id,
                         .type = event->type,
                         .source = event->source,
                         .subject = event->subject,
                         .time = event->time};
  return typed_data(engine, plan, event, &out->data, err);
}
