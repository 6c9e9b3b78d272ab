// SPDX-License-Identifier: Apache-2.0
// Which files of a version a template is made of, by name, variant and locale. Pure; any thread.
#include "message/copy_files.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_LEN_MAX = 64, LOCALE_LEN_MAX = 35 };

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool name_valid(const char *name, size_t len) {
  if (len == 0 || len > NAME_LEN_MAX || name[0] < 'a' || name[0] > 'z') return false;
  for (size_t i = 0; i < len; i++)
    if (!(name[i] >= 'a' && name[i] <= 'z') && !is_digit(name[i]) && name[i] != '_') return false;
  return true;
}

bool md_copy_name_valid(const char *name) {
  return name_valid(name, strlen(name));
}

// "da", "da-DK", "zh-Hant-TW"; an underscore counts as a hyphen.
static bool locale_valid(const char *locale, size_t len) {
  size_t part = 0;
  if (len > LOCALE_LEN_MAX) return false;
  for (size_t i = 0; i <= len; i++) {
    if (i < len && (is_letter(locale[i]) || (is_digit(locale[i]) && part < i))) continue;
    if (i < len && locale[i] != '-' && locale[i] != '_') return false;
    if (i - part < 2 || i - part > (part == 0 ? 3 : 8)) return false;
    part = i + 1;
  }
  return true;
}

static bool has_prefix(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *folder_of(const md_copy_source *source) {
  return source->folder ? source->folder : "";
}

bool md_copy_path_split(const md_copy_source *source, const char *path, md_copy_path *out) {
  if (!has_prefix(path, folder_of(source))) return false;
  path += strlen(folder_of(source));
  if (strchr(path, '/')) return false;
  const char *dot = strchr(path, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;
  if (!second || strchr(second + 1, '.')) return false;
  *out = (md_copy_path){path, dot + 1, second + 1, (size_t)(dot - path), (size_t)(second - dot - 1)};
  bool known = strcmp(out->ending, "md") == 0 || strcmp(out->ending, "html") == 0 || strcmp(out->ending, "txt") == 0;
  return known && name_valid(out->name, out->name_len) && locale_valid(out->locale, out->locale_len);
}

static int bytewise(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t unique(const char **list, size_t count) {
  size_t to = 0;
  for (size_t i = 0; i < count; i++)
    if (to == 0 || strcmp(list[to - 1], list[i]) != 0) list[to++] = list[i];
  return to;
}

// Whether `file` is a file of the template, or of its variant (which may be NULL).
static bool is_of(const md_copy_path *file, const char *name, const char *variant) {
  size_t len = strlen(name);
  if (file->name_len < len || memcmp(file->name, name, len) != 0) return false;
  if (file->name_len == len) return true;
  return variant && file->name_len == len + 1 + strlen(variant) && file->name[len] == '_' &&
         memcmp(file->name + len + 1, variant, strlen(variant)) == 0;
}

static int locales_of(const md_copy_source *source, const char *name, const char *variant, md_arena *arena,
                      const char ***out) {
  size_t paths = 0, count = 0;
  while (source->path(source->context, paths))
    paths++;
  const char **list = md_arena_alloc(arena, (paths + 1) * sizeof *list);
  if (!list) return MD_ENOMEM;
  for (size_t i = 0; i < paths; i++) {
    md_copy_path file;
    if (!md_copy_path_split(source, source->path(source->context, i), &file) || !is_of(&file, name, variant)) continue;
    list[count] = md_arena_strndup(arena, file.locale, file.locale_len);
    if (!list[count++]) return MD_ENOMEM;
  }
  qsort(list, count, sizeof *list, bytewise);
  count = unique(list, count);
  list[count] = NULL;
  *out = list;
  return (int)count;
}

int md_copy_locales(const md_copy_source *source, const char *template_name, md_arena *arena, const char ***out) {
  return locales_of(source, template_name, NULL, arena, out);
}

// --- choosing
// ---------------------------------------------------------------------------------------------------------

static bool same_locale(const char *a, const char *b, size_t b_len) {
  if (strlen(a) != b_len) return false;
  for (size_t i = 0; i < b_len; i++) {
    char x = a[i] == '_' ? '-' : a[i], y = b[i] == '_' ? '-' : b[i];
    if (is_letter(x) && is_letter(y) ? (x | 32) != (y | 32) : x != y) return false;
  }
  return true;
}

// The entry of `list` for a wanted locale, by itself or by its language; NULL when there is none.
static const char *match(const char *const *list, const char *wanted) {
  size_t len = strlen(wanted), language = strcspn(wanted, "-_");
  for (const char *const *l = list; *l; l++)
    if (same_locale(*l, wanted, len)) return *l;
  for (const char *const *l = list; *l; l++)
    if (same_locale(*l, wanted, language)) return *l;
  return NULL;
}

const char *md_copy_why(md_copy_reason why) {
  switch (why) {
  case MD_COPY_WANTED:
    return "it is the wanted locale";
  case MD_COPY_OF_DATA:
    return "it is data.locale";
  case MD_COPY_DEFAULT:
    return "it is the default locale";
  case MD_COPY_FIRST:
    return "there is none in a wanted locale or the default one, and it is the first";
  }
  return "?";
}

static void choose_locale(const md_copy_request *request, const char *const *list, md_copy_files *out) {
  const char *of_data = request->data ? md_json_text(request->data, "locale") : NULL;
  const char *standard = request->default_locale ? request->default_locale : "da";
  out->why = MD_COPY_WANTED;
  for (out->wanted = 0; request->locales && request->locales[out->wanted]; out->wanted++)
    if ((out->locale = match(list, request->locales[out->wanted]))) return;
  out->why = MD_COPY_OF_DATA;
  if (of_data && (out->locale = match(list, of_data))) return;
  out->why = MD_COPY_DEFAULT;
  if ((out->locale = match(list, standard))) return;
  out->why = MD_COPY_FIRST;
  out->locale = list[0];
}

static int load(const md_copy_request *request, const char *name, const char *locale, const char *ending,
                md_arena *arena, md_copy_file *out) {
  const md_copy_source *source = &request->source;
  const char *path = md_arena_printf(arena, "%s%s.%s.%s", folder_of(source), name, locale, ending);
  if (!path) return MD_ENOMEM;
  size_t len = 0;
  const char *text = source->get(source->context, path, &len);
  *out = text ? (md_copy_file){path, text, len} : (md_copy_file){0};
  return 0;
}

// The files called `name` in the locale; none is no error.
static int load_all(const md_copy_request *request, const char *name, md_arena *arena, md_copy_files *out) {
  int rc = load(request, name, out->locale, "md", arena, &out->markdown);
  if (rc || out->markdown.text) return rc;
  rc = load(request, name, out->locale, "html", arena, &out->html);
  return rc ? rc : load(request, name, out->locale, "txt", arena, &out->txt);
}

static bool variant_valid(const char *variant) {
  if (!variant || !*variant || strlen(variant) > NAME_LEN_MAX) return false;
  for (; *variant; variant++)
    if (!is_letter(*variant) && !is_digit(*variant) && *variant != '_') return false;
  return true;
}

int md_copy_files_find(const md_copy_request *request, md_arena *arena, md_copy_files *out, md_error *err) {
  const char *name = request->template_name;
  if (!md_copy_name_valid(name))
    return md_error_set(err, MD_EINVAL, "a template's name is made of a-z, 0-9 and _, and begins with a letter");
  const char *variant = variant_valid(request->variant) ? request->variant : NULL;
  const char **list;
  int count = locales_of(&request->source, name, variant, arena, &list);
  if (count == 0)
    return md_error_set(err, MD_ENOTFOUND, "there is no template %s%s: write %s%s.da.md", folder_of(&request->source),
                        name, folder_of(&request->source), name);
  *out = (md_copy_files){0};
  if (count > 0) choose_locale(request, list, out);
  int rc = count < 0 ? count : 0;
  if (rc == 0 && variant) {
    const char *varied = md_arena_printf(arena, "%s_%s", name, variant);
    rc = varied ? load_all(request, varied, arena, out) : MD_ENOMEM;
  }
  if (rc == 0 && !out->markdown.text && !out->html.text && !out->txt.text) rc = load_all(request, name, arena, out);
  return rc ? md_error_set(err, rc, "out of memory") : 0;
}

const md_copy_file *md_copy_files_first(const md_copy_files *files) {
  return files->markdown.text ? &files->markdown : files->html.text ? &files->html : &files->txt;
}

int md_copy_choose(const md_copy_request *request, md_arena *arena, md_copy_choice *out, md_error *err) {
  md_copy_files files;
  int rc = md_copy_files_find(request, arena, &files, err);
  if (rc == 0) *out = (md_copy_choice){files.locale, md_copy_files_first(&files)->path, files.why, files.wanted};
  return rc;
}

// --- partials
// ---------------------------------------------------------------------------------------------------------

const char *md_copy_partial(void *context, const char *name, size_t *len, const char **file) {
  const md_copy_partials *partials = context;
  for (const char *c = name; *c; c++)
    if (!is_letter(*c) && !is_digit(*c) && *c != '_' && *c != '-') return NULL;
  for (int shared = 0; shared < 2; shared++) {
    const char *path = md_arena_printf(partials->arena, "%s%s.mustache",
                                       shared ? "shared/partials/" : folder_of(partials->source), name);
    const char *text = path ? partials->source->get(partials->source->context, path, len) : NULL;
    if (!text) continue;
    *file = path;
    return text;
  }
  return NULL;
}
