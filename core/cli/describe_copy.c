// SPDX-License-Identifier: Apache-2.0
// The messages of a moment: where they are sent, and their copy in each locale and variant, filled with what a spec
// sent. One thread.
#include "base/secret.h"
#include "cli/describe_doc.h"
#include "message/copy.h"
#include "script/lint.h"
#include <string.h>

#define UNSUBSCRIBE_SHOWN "https://shop.example/unsubscribe"

typedef struct names {
  md_doc *doc;
  json_t *templates; // name → whether it is declared
} names;

static const char *get_copy(void *context, const char *path, size_t *len) {
  const md_source_file *file = md_source_find(context, path);
  if (!file) return NULL;
  *len = file->len;
  return file->data;
}

static const char *nth_path(void *context, size_t index) {
  const md_source *source = context;
  return index < (size_t)source->count ? source->files[index].path : NULL;
}

static void add_named(void *context, int line, const char *name, size_t len) {
  names *at = context;
  const char *copy = md_arena_strndup(at->doc->arena, name, len);
  (void)line;
  if (copy && !json_object_get(at->templates, copy)) json_object_set_new(at->templates, copy, json_false());
}

static json_t *template_names(md_doc *doc) {
  names at = {doc, json_object()};
  const char *const *declared = doc->subject.definition->templates;
  for (int i = 0; i < doc->subject.own.count; i++) {
    const md_source_file *file = &doc->subject.own.files[i];
    size_t len = strlen(file->path);
    bool spec = len > 9 && strcmp(file->path + len - 9, "_spec.lua") == 0;
    if (len > 4 && strcmp(file->path + len - 4, ".lua") == 0 && !spec)
      md_script_templates(file->data, file->len, add_named, &at);
  }
  for (const md_place *place = doc->paths.places; place; place = place->next)
    if (place->kind == MD_STEP_SEND) add_named(&at, 0, place->name, strlen(place->name));
  for (; declared && *declared; declared++)
    json_object_set_new(at.templates, *declared, json_true());
  return at.templates;
}

// "reminder_friendly.da.md" of the moment's folder → base "reminder_friendly", locale "da".
static bool split_name(const md_doc *doc, const char *path, const char **base, const char **locale) {
  size_t folder = strlen(doc->subject.moment);
  if (strncmp(path, doc->subject.moment, folder) != 0 || path[folder] != '/') return false;
  const char *file = path + folder + 1, *dot = strchr(file, '.'), *end = strrchr(file, '.');
  bool copy = dot && end > dot && !strchr(file, '/') &&
              (strcmp(end, ".md") == 0 || strcmp(end, ".html") == 0 || strcmp(end, ".txt") == 0);
  if (!copy) return false;
  *base = md_arena_strndup(doc->arena, file, (size_t)(dot - file));
  *locale = md_arena_strndup(doc->arena, dot + 1, (size_t)(end - dot - 1));
  return *base && *locale;
}

// The template that copy of this name belongs to, as itself or as a variant: the longest whose name it begins with.
static const char *owner_of(const json_t *templates, const char *base) {
  const char *name, *best = NULL;
  json_t *value;
  json_object_foreach((json_t *)templates, name, value) {
    size_t len = strlen(name);
    bool own = strncmp(base, name, len) == 0 && (base[len] == '\0' || base[len] == '_');
    if (own && (!best || len > strlen(best))) best = name;
  }
  return best;
}

static void put_rendered(json_t *one, const md_copy *copy) {
  json_object_set_new(one, "subject", md_doc_text(copy->subject));
  json_object_set_new(one, "preview", md_doc_text(copy->preview));
  json_object_set_new(one, "text", md_doc_text(copy->text));
}

static int render(md_doc *doc, json_t *one, const char *name, const char *variant, const char *locale,
                  const md_source_file *file, md_error *err) {
  const md_sample *sample = md_paths_sample(&doc->paths, name, locale);
  const char *class_name = doc->subject.definition->class_name;
  const char *const locales[] = {locale, NULL};
  bool optional = strcmp(class_name, "marketing") == 0 || strcmp(class_name, "feedback") == 0;
  md_copy copy = {0};
  md_error why = {0};
  const md_copy_request request = {
      .source = {&doc->subject.own, md_arena_printf(doc->arena, "%s/", doc->subject.moment), get_copy, nth_path},
      .class_name = class_name,
      .template_name = name,
      .variant = variant,
      .locales = locales,
      .default_locale = doc->settings->locale,
      .data = sample ? sample->data : NULL,
      .links = optional ? json_pack("{s:s}", "unsubscribe_url", UNSUBSCRIBE_SHOWN) : NULL,
      .placeholder = MD_SECRET_SHOWN};
  int code = md_copy_render(&request, doc->arena, &copy, &why);
  if (code == MD_ENOMEM) return md_error_set(err, code, "out of memory");
  json_object_set_new(one, "spec", md_doc_text(sample && !code ? sample->spec : NULL));
  json_object_set_new(one, "unfilled", md_doc_text(!code ? NULL : sample ? why.text : "no spec sends it"));
  if (code)
    json_object_set_new(one, "source", json_stringn(file->data, file->len));
  else
    put_rendered(one, &copy);
  return 0;
}

// All copy of a template, in the order of the files.
static int copies_of(md_doc *doc, const json_t *templates, const char *name, json_t *all, md_error *err) {
  const char *base, *locale;
  int code = 0;
  for (int i = 0; i < doc->subject.own.count && !code; i++) {
    const md_source_file *file = &doc->subject.own.files[i];
    if (!split_name(doc, file->path, &base, &locale)) continue;
    const char *owner = owner_of(templates, base);
    if (!owner || strcmp(owner, name) != 0) continue;
    const char *variant = base[strlen(name)] ? base + strlen(name) + 1 : NULL;
    json_t *one = json_object();
    json_object_set_new(one, "file", json_string(file->path));
    json_object_set_new(one, "locale", json_string(locale));
    json_object_set_new(one, "variant", md_doc_text(variant));
    code = render(doc, one, name, variant, locale, file, err);
    json_array_append_new(all, one);
  }
  return code;
}

int md_doc_messages(md_doc *doc, md_error *err) {
  json_t *templates = template_names(doc), *messages = json_array(), *declared;
  const char *name;
  int code = 0;
  json_object_foreach(templates, name, declared) {
    json_t *one = json_object(), *copies = json_array();
    json_object_set_new(one, "template", json_string(name));
    json_object_set(one, "declared", declared);
    json_object_set_new(one, "copy", copies);
    json_array_append_new(messages, one);
    if (!code) code = copies_of(doc, templates, name, copies, err);
  }
  json_object_set_new(doc->json, "messages", messages);
  return code;
}
