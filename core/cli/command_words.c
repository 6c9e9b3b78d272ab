// SPDX-License-Identifier: Apache-2.0
// Takes the names of commands apart.
#include "cli/command_words.h"
#include <stdio.h>
#include <string.h>

static md_command_word *word_of(md_command_words *out, const char *text, size_t len) {
  for (int i = 0; i < out->count; i++)
    if (strlen(out->items[i].text) == len && memcmp(out->items[i].text, text, len) == 0) return &out->items[i];
  if (out->count == MD_COMMAND_WORDS_MAX) return NULL;
  md_command_word *word = &out->items[out->count++];
  *word = (md_command_word){0};
  snprintf(word->text, sizeof word->text, "%.*s", (int)len, text);
  return word;
}

static void add(md_command_words *out, const char *name, const char *summary) {
  size_t len = strcspn(name, " ");
  md_command_word *word = word_of(out, name, len);
  if (!word) return;
  size_t used = strlen(word->summary), room = sizeof word->summary - used;
  word->is_object = name[len] == ' ';
  if (word->is_object)
    snprintf(word->summary + used, room, "%s%s", used ? ", " : "", name + len + 1);
  else
    snprintf(word->summary, sizeof word->summary, "%s", summary);
}

void md_command_words_of(const char *object, md_command_words *out) {
  size_t len = object ? strlen(object) : 0;
  out->count = 0;
  for (const md_cli_command *const *at = md_cli_commands; *at; at++) {
    const char *name = (*at)->name;
    if (!object)
      add(out, name, (*at)->summary);
    else if (strncmp(name, object, len) == 0 && name[len] == ' ')
      add(out, name + len + 1, (*at)->summary);
  }
}
