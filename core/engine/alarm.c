// SPDX-License-Identifier: Apache-2.0
// Events by which the host tells the team what it did to a moment: version.stopped (S6), run.quarantined (S5).
#include "engine/state.h"
#include <string.h>

bool md_alarm_is(const md_event *event) {
  return event->person == 0 && event->key_count == 1 && strcmp(event->keys[0].kind, MD_ABOUT_MOMENT) == 0 &&
         strcmp(event->source, MD_HOST_SOURCE) == 0;
}

int md_alarm(md_engine *engine, const char *type, const char *moment, int64_t version, const json_t *data,
             md_error *err) {
  md_buffer text;
  md_buffer_init(&text);
  if (data) md_json_write(&text, data);
  const char *id =
      md_arena_printf(engine->arena, "%s of version %lld at %lld", type, (long long)version, (long long)engine->now);
  const char *name = md_arena_strdup(engine->arena, moment);
  int rc = data && id && name && md_buffer_ok(&text)
               ? md_emit_about_person(engine, 0, MD_HOST_SOURCE, type, id, text.data, err)
               : md_error_set(err, MD_ENOMEM, "out of memory while an alarm was raised");
  if (rc == 0) {
    md_event *event = &engine->emitted->event;
    event->keys[event->key_count++] = (md_key){MD_ABOUT_MOMENT, name};
  }
  md_buffer_deinit(&text);
  return rc;
}
