// SPDX-License-Identifier: Apache-2.0
// An event while it is being read: the rules of CloudEvents 1.0 for attributes, in one place for all formats. Pure.
#include "intake/event_draft.h"
#include "base/digest.h"
#include "base/shown.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "intake/event_seal.h"
#include "intake/media_type.h"
#include <string.h>

enum { NAME_SHOWN = 40, PROBLEMS_SHOWN = 300 }; // bytes

void md_draft_init(md_draft *draft, md_arena *arena, const char *forced_source, md_event *event) {
  *event = (md_event){0};
  *draft = (md_draft){.arena = arena, .event = event, .forced_source = forced_source};
  md_buffer_init(&draft->problems);
}

// A name that a stranger chose: in quotes, of which it cannot get out, and cut.
static void append_name(md_buffer *out, const char *name) {
  size_t len = strnlen(name, NAME_SHOWN);
  while (len > 0 && ((unsigned char)name[len] & 0xC0) == 0x80)
    len--; // never half a character
  md_buffer_putc(out, '"');
  for (size_t i = 0, step; i < len; i += step) {
    md_shown_next(name + i, len - i, &step);
    if (name[i] == '"' || name[i] == '\\') md_buffer_putc(out, '\\');
    md_shown_append(out, name + i, step);
  }
  md_buffer_puts(out, name[len] ? "…\"" : "\"");
}

void md_draft_problem(md_draft *draft, const char *name, const char *what) {
  if (draft->problems.len > PROBLEMS_SHOWN) return; // enough to go on with
  if (draft->problems.len) md_buffer_puts(&draft->problems, "; ");
  md_buffer_puts(&draft->problems, "attribute ");
  append_name(&draft->problems, name);
  md_buffer_putc(&draft->problems, ' ');
  md_buffer_puts(&draft->problems, what);
}

// CloudEvents' type String has no control characters: C0, DEL, C1.
static bool has_controls(const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at; at++)
    if (*at < 0x20 || *at == 0x7F || (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)) return true;
  return false;
}

static bool name_is_valid(const char *name) {
  const char *at = name;
  while ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9'))
    at++;
  return !*at && at > name;
}

static void take_specversion(md_draft *draft, const char *text) {
  draft->has_specversion = true;
  if (strcmp(text, "1.0") != 0) md_draft_problem(draft, "specversion", "must be \"1.0\"");
}

static void take_time(md_draft *draft, const char *text) {
  if (md_timestamp_parse(text, strlen(text), &draft->event->time, NULL) == 0)
    draft->event->flags |= MD_EVENT_HAS_TIME;
  else
    md_draft_problem(draft, "time", "must be an RFC 3339 time, like \"2026-11-23T09:30:00Z\"");
}

static void take_extension(md_draft *draft, const char *name, json_t *value) {
  if (!name_is_valid(name)) {
    md_draft_problem(draft, name, "is misnamed: names are made of a-z and 0-9");
    return;
  }
  if (!draft->extensions) draft->extensions = json_object();
  if (!draft->extensions || json_object_set_new_nocheck(draft->extensions, name, value) != 0) draft->exhausted = true;
}

// Keeps it only where it says something: JSON is what data is anyway.
static void take_content_type(md_draft *draft, const char *text) {
  md_media_type type;
  if (!md_media_type_parse(text, strlen(text), &type)) {
    md_draft_problem(draft, "datacontenttype", "must be a media type, like \"application/json\"");
    return;
  }
  if (md_media_type_is_plain_json(&type)) return;
  take_extension(draft, "datacontenttype", json_string_nocheck(text));
}

typedef struct field {
  const char *name;
  size_t event_offset; // of the const char * in md_event
  size_t seen_offset;  // of the bool in md_draft, or 0: it may be missing, and empty is missing
} field;

static const field fields[] = {
    {"id", offsetof(md_event, id), offsetof(md_draft, has_id)},
    {"source", offsetof(md_event, source), offsetof(md_draft, has_source)},
    {"type", offsetof(md_event, type), offsetof(md_draft, has_type)},
    {"subject", offsetof(md_event, subject), 0},
};

static const field *field_named(const char *name) {
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (strcmp(fields[i].name, name) == 0) return &fields[i];
  return NULL;
}

static void take_field(md_draft *draft, const field *field, const char *text) {
  if (field->seen_offset) {
    *(bool *)((char *)draft + field->seen_offset) = true;
    if (!*text) md_draft_problem(draft, field->name, "must be a non-empty string");
  }
  if (*text) *(const char **)((char *)draft->event + field->event_offset) = text;
}

void md_draft_text(md_draft *draft, const char *name, const char *text) {
  const field *field = field_named(name);
  if (has_controls(text)) md_draft_problem(draft, name, "has control characters");
  if (field)
    take_field(draft, field, text);
  else if (strcmp(name, "specversion") == 0)
    take_specversion(draft, text);
  else if (strcmp(name, "time") == 0)
    take_time(draft, text);
  else if (strcmp(name, "datacontenttype") == 0)
    take_content_type(draft, text);
  else
    take_extension(draft, name, json_string_nocheck(text));
}

static bool is_text_only(const char *name) {
  return field_named(name) || strcmp(name, "specversion") == 0 || strcmp(name, "time") == 0 ||
         strcmp(name, "datacontenttype") == 0 || strcmp(name, "dataschema") == 0;
}

static void note_seen(md_draft *draft, const char *name) {
  const field *field = field_named(name);
  if (field && field->seen_offset) *(bool *)((char *)draft + field->seen_offset) = true;
  if (strcmp(name, "specversion") == 0) draft->has_specversion = true;
}

void md_draft_attribute(md_draft *draft, const char *name, json_t *value) {
  if (json_is_string(value)) {
    md_draft_text(draft, name, json_string_value(value));
  } else if (json_is_null(value)) {
    return;
  } else if (is_text_only(name)) {
    note_seen(draft, name);
    md_draft_problem(draft, name, "must be a non-empty string");
  } else if (json_is_integer(value) || json_is_boolean(value)) {
    take_extension(draft, name, value);
  } else {
    md_draft_problem(draft, name, "must be a string, an integer or a boolean");
  }
}

bool md_draft_has(const md_draft *draft, const char *name) {
  const field *field = field_named(name);
  if (field) return *(const char *const *)((const char *)draft->event + field->event_offset) != NULL;
  if (strcmp(name, "specversion") == 0) return draft->has_specversion;
  if (strcmp(name, "time") == 0) return draft->event->flags & MD_EVENT_HAS_TIME;
  return json_object_get(draft->extensions, name) != NULL;
}

void md_draft_data(md_draft *draft, json_t *data) {
  draft->event->data = json_is_null(data) ? NULL : data;
}

static void keep_base64(md_draft *draft, json_t *text) {
  if (!draft->extensions) draft->extensions = json_object();
  if (!draft->extensions || json_object_set_new_nocheck(draft->extensions, "data_base64", text) != 0)
    draft->exhausted = true;
}

void md_draft_bytes(md_draft *draft, const char *bytes, size_t len) {
  char *text = md_arena_alloc(draft->arena, 4 * ((len + 2) / 3) + 1);
  if (text)
    keep_base64(draft, json_stringn_nocheck(text, md_base64(bytes, len, text)));
  else
    draft->exhausted = true;
}

static bool is_base64(const char *text, size_t len) {
  size_t digits = 0;
  while (digits < len && (strchr("+/", text[digits]) || (text[digits] >= '0' && text[digits] <= '9') ||
                          ((text[digits] | 32) >= 'a' && (text[digits] | 32) <= 'z')))
    digits++;
  size_t padding = len - digits;
  return len % 4 == 0 && padding <= 2 && strspn(text + digits, "=") == padding;
}

void md_draft_base64(md_draft *draft, json_t *text) {
  if (json_is_null(text)) return;
  if (json_is_string(text) && is_base64(json_string_value(text), json_string_length(text)))
    keep_base64(draft, text);
  else
    md_draft_problem(draft, "data_base64", "must be a string of base64");
  if (draft->event->data) md_draft_problem(draft, "data_base64", "cannot stand beside \"data\"");
}

static int refuse(const md_draft *draft, md_error *err) {
  const struct {
    bool seen;
    const char *name;
  } required[] = {{draft->has_specversion, "specversion"},
                  {draft->has_id, "id"},
                  {draft->has_source, "source"},
                  {draft->has_type, "type"}};
  char missing[64] = "";
  for (size_t i = 0; i < 4; i++) {
    if (required[i].seen) continue;
    if (*missing) strcat(missing, ", ");
    strcat(missing, required[i].name);
  }
  const char *problems = draft->problems.len ? draft->problems.data : "";
  if (!*missing) return md_error_set(err, MD_EINVAL, "%s", problems);
  return md_error_set(err, MD_EINVAL, "missing %s: %s%s%s", strpbrk(missing, ",") ? "attributes" : "attribute", missing,
                      *problems ? "; " : "", problems);
}

int md_draft_finish(md_draft *draft, md_error *err) {
  int code = 0;
  bool complete = draft->has_specversion && draft->has_id && draft->has_source && draft->has_type;
  if (draft->exhausted || !md_buffer_ok(&draft->problems))
    code = md_error_set(err, MD_ENOMEM, "out of memory while reading an event");
  else if (!complete || draft->problems.len)
    code = refuse(draft, err);
  md_buffer_deinit(&draft->problems);
  if (code) return code;
  if (draft->forced_source) draft->event->source = md_arena_strdup(draft->arena, draft->forced_source);
  return md_event_seal(draft->event, draft->extensions, draft->arena, err);
}
