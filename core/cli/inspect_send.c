// SPDX-License-Identifier: Apache-2.0
// Checks what a send gives its template against the copy: the locale that it names, the data where all of it is written
// out; and files that look like copy and are nobody's. One thread.
#include "base/suggest.h"
#include "cli/inspection.h"
#include "message/copy_asks.h"
#include "message/copy_files.h"
#include <string.h>

static bool among(const char *text, const char *const *list) {
  for (; *list; list++)
    if (strcmp(*list, text) == 0) return true;
  return false;
}

static const char *joined(md_inspection *at, const char *const *list) {
  const char *all = "";
  for (; all && *list; list++)
    all = md_arena_printf(at->arena, "%s%s%s", all, *all ? " " : "", *list);
  return all ? all : "?";
}

// What is not there is replaced by another language, in silence.
void md_inspect_locale(void *context, const char *template_name, const char *locale, int line) {
  md_inspection *at = context;
  md_copy_source source = md_inspect_copy(at);
  md_copy_choice choice;
  const char *wanted[] = {locale, NULL}, **locales = NULL;
  const md_copy_request request = {.source = source, .template_name = template_name, .locales = wanted};
  if (md_copy_locales(&source, template_name, at->arena, &locales) <= 0) return; // told elsewhere
  if (md_copy_choose(&request, at->arena, &choice, NULL) || choice.why == MD_COPY_WANTED) return;
  md_inspect_found(
      at, at->file, line,
      "m:send: locale = \"%.40s\": the template %s has no copy in it, and would be sent in %s; there is: %s", locale,
      template_name, choice.locale, joined(at, (const char *const *)locales));
}

// What the host puts beside the data.
static const char *const given[] = {"name", "preview", "profile", "subject", "unsubscribe_text", "unsubscribe_url",
                                    NULL};

typedef struct asked {
  md_inspection *at;
  const char *path; // of the copy
  const char *const *names;
  int line; // of the data
} asked;

static void check_name(void *context, const char *name, int line) {
  const asked *a = context;
  if (among(name, a->names) || among(name, given)) return;
  const char *near = md_suggest(name, (const char **)a->names);
  md_inspect_found(a->at, a->path, line, "{{%.60s}} is not in the data that m:send gives at %s:%d%s%.60s%s", name,
                   a->at->file, a->line, near ? ": did you mean {{" : ": give it, or put it into a section",
                   near ? near : "", near ? "}}?" : "");
}

void md_inspect_data(void *context, const char *template_name, const char *const *names, int line) {
  md_inspection *at = context;
  md_copy_source source = md_inspect_copy(at);
  asked a = {at, NULL, names, line};
  for (int i = 0; i < at->own->count; i++) {
    md_copy_path file;
    a.path = at->own->files[i].path;
    if (!md_copy_path_split(&source, a.path, &file) || strlen(template_name) != file.name_len) continue;
    if (memcmp(file.name, template_name, file.name_len) == 0) md_copy_asks(&source, a.path, at->arena, check_name, &a);
  }
}

// "back-en.md" is read by nobody. What has no front matter was hardly meant as copy.
void md_inspect_nobodys(md_inspection *at, const md_source_file *text) {
  md_copy_source source = md_inspect_copy(at);
  md_copy_path file;
  size_t folder = strlen(at->moment);
  const char *path = text->path, *dot = strrchr(path, '.');
  if (strncmp(path, at->moment, folder) != 0 || path[folder] != '/' || strchr(path + folder + 1, '/')) return;
  if (!dot || strcmp(dot, ".md") != 0 || text->len < 3 || memcmp(text->data, "---", 3) != 0) return;
  if (md_copy_path_split(&source, path, &file)) return;
  const char *name = path + folder + 1;
  size_t words = strcspn(name, "-. ");
  const char *meant = md_arena_printf(at->arena, "%.*s.%s.md", (int)words, name, at->locale);
  const char *language = name + words;
  if (words && (*language == '-' || *language == '.') && dot - language == 3)
    meant = md_arena_printf(at->arena, "%.*s.%.2s.md", (int)words, name, language + 1);
  md_inspect_found(at, path, 1, "this is nobody's copy, and is not used: copy is named TEMPLATE.LOCALE.md, such as %s",
                   meant ? meant : "welcome.da.md");
}
