// SPDX-License-Identifier: Apache-2.0
// Mustache tags as plain words, so that libcmark passes them through text, link targets and code alike. Pure.
#pragma once
#include "message/mustache_node.h"

typedef struct md_markdown_tag {
  const md_mustache_node *node;
  int opener; // of a closing tag: the index of the one that it closes; -1
  bool block; // it stood alone on its line
  bool hard;  // the line before it ended in two spaces: a line break, which a paragraph's end would swallow
} md_markdown_tag;

typedef struct md_markdown_tags {
  md_arena *arena;
  char word[16]; // what stands for a tag begins with it: WORD, the tag's index, 'z'. Letters that no source has.
  size_t word_len;
  md_markdown_tag *items;
  int count, capacity;
  int open[MD_MUSTACHE_DEPTH * 4]; // sections under way
  int depth;
} md_markdown_tags;

// Puts the partials of `template` in and writes its text with words for tags to `out`: one alone on its line becomes
// a comment alone on its line, which is a block of its own in Markdown. `text` is the template's source.
int md_markdown_tags_write(md_markdown_tags *tags, const md_mustache *template, const char *text, size_t len,
                           const md_mustache_options *options, md_arena *arena, md_buffer *out, md_error *err);

// A piece of a literal: a tag's index, or text when that is -1.
typedef struct md_markdown_piece {
  int tag;
  const char *text;
  size_t len;
} md_markdown_piece;

// Takes the next piece from `*at`, which moves on. False at the end.
bool md_markdown_tags_next(const md_markdown_tags *tags, const char **at, md_markdown_piece *piece);

// The tag that a comment stands for, or -1 when the author wrote it.
int md_markdown_tags_marker(const md_markdown_tags *tags, const char *literal);
