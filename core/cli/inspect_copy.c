// SPDX-License-Identifier: Apache-2.0
// Checks the copy of a moment: each template in its locales, each variant of an experiment (M1). One thread.
#include "cli/inspection.h"
#include <string.h>

static const char *get_copy(void *context, const char *path, size_t *len) {
  const md_inspection *at = context;
  const md_source_file *file = md_source_find(at->own, path);
  if (!file) return NULL;
  *len = file->len;
  return file->data;
}

static const char *nth_path(void *context, size_t index) {
  const md_inspection *at = context;
  return index < (size_t)at->own->count ? at->own->files[index].path : NULL;
}

md_copy_source md_inspect_copy(md_inspection *at) {
  return (md_copy_source){at, md_arena_printf(at->arena, "%s/", at->moment), get_copy, nth_path};
}

static bool among(const char *text, const char **list) {
  for (; *list; list++)
    if (strcmp(*list, text) == 0) return true;
  return false;
}

bool md_inspect_is_copy(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (strcmp(dot, ".md") == 0 || strcmp(dot, ".html") == 0 || strcmp(dot, ".txt") == 0);
}

// "order/reminder.da.md" → template "reminder", locale "da"; false for what is no copy of the moment's own folder.
static bool copy_name(md_inspection *at, const char *path, const char **name, const char **locale) {
  size_t folder = strlen(at->moment);
  if (strncmp(path, at->moment, folder) != 0 || path[folder] != '/' || !md_inspect_is_copy(path)) return false;
  const char *file = path + folder + 1, *dot = strchr(file, '.');
  const char *end = dot ? strchr(dot + 1, '.') : NULL;
  if (!end || strchr(end + 1, '.') || strchr(file, '/')) return false;
  *name = md_arena_strndup(at->arena, file, (size_t)(dot - file));
  *locale = md_arena_strndup(at->arena, dot + 1, (size_t)(end - dot - 1));
  return *name && *locale;
}

// The default locale itself, or its language ("da" for "da-DK").
static bool has_language(const char **locales, const char *wanted) {
  for (; *locales; locales++) {
    size_t len = strlen(*locales);
    if (strncmp(*locales, wanted, len) == 0 && (wanted[len] == '\0' || wanted[len] == '-')) return true;
  }
  return false;
}

// A template is looked at once, however often it is named. Answers whether this is the first time.
static bool first_named(md_inspection *at, const char *name) {
  for (const md_inspect_named *one = at->named; one; one = one->next)
    if (strcmp(one->name, name) == 0) return false;
  md_inspect_named *one = md_arena_alloc(at->arena, sizeof *one);
  if (one) {
    *one = (md_inspect_named){at->named, name};
    at->named = one;
  }
  return true;
}

// Which of its files a person gets whose locale nobody knows.
static void tell_choice(md_inspection *at, const md_copy_source *source, const char *name, const char **locales) {
  md_copy_choice choice;
  const md_copy_request request = {.source = *source, .template_name = name, .default_locale = at->locale};
  const char *all = "";
  for (; all && *locales; locales++)
    all = md_arena_printf(at->arena, "%s%s%s", all, *all ? " " : "", *locales);
  if (all && md_copy_choose(&request, at->arena, &choice, NULL) == 0) at->copy(at->moment, name, &choice, all);
}

// M1: a template that is declared or named exists in the default locale, and in every one that any copy of the moment
// has.
void md_inspect_template(md_inspection *at, const char *name, const char *file, int line) {
  md_copy_source source = md_inspect_copy(at);
  const char **locales = NULL, *other, *locale;
  int count = first_named(at, name) ? md_copy_locales(&source, name, at->arena, &locales) : MD_ENOMEM;
  if (count < 0) return;
  if (count == 0)
    md_inspect_found(at, file, line, "there is no copy for the template %s: write %s.LOCALE.md", name, name);
  bool lacks = count > 0 && !has_language(locales, at->locale);
  if (lacks)
    md_inspect_found(at, file, line,
                     "the template %s has no copy in %s, the default locale: write %s.%s.md, or set locale", name,
                     at->locale, name, at->locale);
  const char *told = "";
  for (int i = 0; count > 0 && i < at->own->count; i++) {
    if (!copy_name(at, at->own->files[i].path, &other, &locale)) continue;
    const char *just[] = {locale, NULL};
    if (among(locale, locales) || strcmp(told, locale) == 0 || (lacks && has_language(just, at->locale))) continue;
    md_inspect_found(at, file, line, "the template %s has no copy in the locale %s, in which %s has one", name, locale,
                     other);
    told = locale;
  }
  if (count > 0 && at->copy) tell_choice(at, &source, name, locales);
}

// Copy for one variant in each of the template's locales: without it who gets the variant would get the plain file.
static void check_variant(md_inspection *at, const char *name, const char **locales, const char *variant, int line,
                          const char *why) {
  md_copy_source source = md_inspect_copy(at);
  const char **own = NULL, *file = md_arena_printf(at->arena, "%s_%s", name, variant);
  if (!file || md_copy_locales(&source, file, at->arena, &own) < 0) return;
  for (; *locales; locales++)
    if (!among(*locales, own))
      md_inspect_found(at, at->file, line, "%s has no copy in %s: write %s.%s.md", why, *locales, file, *locales);
}

// Each arm but the control, which may take the plain file.
static void check_arms(md_inspection *at, const char *name, const char **locales, const md_lint_variant_text *variant) {
  const md_experiment *experiment = md_experiments_find(at->experiments, variant->experiment);
  if (!experiment || strcmp(experiment->moment, at->moment) != 0) return;
  for (int arm = 1; arm < experiment->arm_count; arm++) {
    const char *own = md_arena_printf(at->arena, "%s%s%s", variant->before, experiment->arms[arm], variant->after);
    const char *why = md_arena_printf(at->arena, "the arm %s of %s", experiment->arms[arm], variant->experiment);
    if (own && why) check_variant(at, name, locales, own, variant->line, why);
  }
}

void md_inspect_variant(void *context, const char *template_name, const md_lint_variant_text *variant) {
  md_inspection *at = context;
  md_copy_source source = md_inspect_copy(at);
  const char **locales = NULL;
  if (md_copy_locales(&source, template_name, at->arena, &locales) <= 0) return;
  if (variant->experiment) {
    check_arms(at, template_name, locales, variant);
    return;
  }
  const md_experiment *experiment = variant->asked ? md_experiments_find(at->experiments, variant->asked) : NULL;
  const char *why = md_arena_printf(at->arena, "the variant %s", variant->before);
  bool control = experiment && strcmp(experiment->arms[0], variant->before) == 0;
  if (why && !control) check_variant(at, template_name, locales, variant->before, variant->line, why);
}
