// SPDX-License-Identifier: Apache-2.0
// The words that commands are made of: the first ones, and the verbs of an object. Pure.
#pragma once
#include "cli/command.h"

enum { MD_COMMAND_WORDS_MAX = 64 };

typedef struct md_command_word {
  char text[24];
  char summary[120]; // of the command; of an object its verbs
  bool is_object;    // verbs follow: runs
} md_command_word;

typedef struct md_command_words {
  md_command_word items[MD_COMMAND_WORDS_MAX];
  int count;
} md_command_words;

// The verbs of `object`; NULL: the first words. Each once, in the order of the help.
void md_command_words_of(const char *object, md_command_words *out);
