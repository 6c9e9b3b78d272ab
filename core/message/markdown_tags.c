// SPDX-License-Identifier: Apache-2.0
// Mustache tags as plain words, so that libcmark passes them through text, link targets and code alike. Pure.
#include "message/markdown_tags.h"
#include "base/digest.h"
#include <string.h>

static int out_of_memory(const md_mustache_node *node, md_error *err) {
  return md_error_set(err, MD_ENOMEM, "%s:%d: out of memory", node->file, node->line);
}

static md_markdown_tag *push(md_markdown_tags *tags) {
  if (tags->count == tags->capacity) {
    int capacity = tags->capacity ? 2 * tags->capacity : 32;
    md_markdown_tag *grown = md_arena_alloc(tags->arena, (size_t)capacity * sizeof *grown);
    if (!grown) return NULL;
    if (tags->count) memcpy(grown, tags->items, (size_t)tags->count * sizeof *grown);
    tags->items = grown;
    tags->capacity = capacity;
  }
  return &tags->items[tags->count++];
}

static int write_tag(void *context, const md_mustache_node *node, bool close, const char *indent, md_buffer *out,
                     md_error *err) {
  md_markdown_tags *tags = context;
  int index = tags->count;
  md_markdown_tag *tag = push(tags);
  if (!tag) return out_of_memory(node, err);
  *tag = (md_markdown_tag){.node = node, .opener = -1, .block = indent != NULL};
  if (close) {
    tag->opener = tags->open[--tags->depth];
  } else if (node->kind != MD_MUSTACHE_VARIABLE) {
    if (tags->depth == (int)(sizeof tags->open / sizeof *tags->open))
      return md_error_set(err, MD_ETOOBIG, "%s:%d: sections nest too deep", node->file, node->line);
    tags->open[tags->depth++] = index;
  }
  if (indent) {
    tag->hard = out->len > 3 && memcmp(out->data + out->len - 3, "  \n", 3) == 0 && out->data[out->len - 4] != '\n';
    md_buffer_printf(out, "%s<!--%s%dz-->\n", indent, tags->word, index);
    return 0;
  }
  // <{{url}}> is to be a link, which for CommonMark begins with a scheme.
  if (node->kind == MD_MUSTACHE_VARIABLE && out->len && out->data[out->len - 1] == '<')
    md_buffer_printf(out, "%s:", tags->word);
  md_buffer_printf(out, "%s%dz", tags->word, index);
  return 0;
}

// Sixty-four bits of the source's hash in letters: a text that holds its own word cannot be written.
static void choose_word(md_markdown_tags *tags, const char *text, size_t len) {
  uint64_t hash = md_hash64(0x6d61726b, text, len);
  tags->word_len = 15;
  for (size_t i = 0; i < tags->word_len; i++, hash >>= 4)
    tags->word[i] = (char)('a' + (hash & 15));
  tags->word[tags->word_len] = '\0';
}

int md_markdown_tags_write(md_markdown_tags *tags, const md_mustache *template, const char *text, size_t len,
                           const md_mustache_options *options, md_arena *arena, md_buffer *out, md_error *err) {
  *tags = (md_markdown_tags){.arena = arena};
  choose_word(tags, text, len);
  const md_mustache_expander expander = {.tag = write_tag, .context = tags};
  return md_mustache_expand(template, options, &expander, arena, out, err);
}

// The index behind the word at `at`, and what follows it; -1 when it stands for no tag.
static int read_index(const md_markdown_tags *tags, const char *at, const char **after) {
  int index = 0;
  const char *c = at + tags->word_len;
  *after = c;
  if (*c == ':') ++*after;
  if (*c < '0' || *c > '9') return -1;
  for (; *c >= '0' && *c <= '9'; c++) {
    if (index >= tags->count) return -1;
    index = index * 10 + (*c - '0');
  }
  if (*c != 'z' || index >= tags->count) return -1;
  *after = c + 1;
  return index;
}

// The text before a marker ends where its line begins, and the marker takes its line's end with it.
static void widen(const char *from, md_markdown_piece *text, const char **after) {
  size_t len = text->len - 4;
  while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
    len--;
  text->len = len;
  *after += strlen("-->");
  if (**after == '\r') ++*after;
  if (**after == '\n') ++*after;
}

bool md_markdown_tags_next(const md_markdown_tags *tags, const char **at, md_markdown_piece *piece) {
  while (**at) {
    const char *word = strstr(*at, tags->word), *after;
    *piece = (md_markdown_piece){-1, *at, word ? (size_t)(word - *at) : strlen(*at)};
    if (!word) {
      *at += piece->len;
      return true;
    }
    int tag = read_index(tags, word, &after);
    bool marker = tag >= 0 && tags->items[tag].block && piece->len >= 4 && memcmp(word - 4, "<!--", 4) == 0 &&
                  strncmp(after, "-->", 3) == 0;
    if (marker) widen(*at, piece, &after);
    if (piece->len > 0) {
      *at += piece->len; // a marker's opening is met again, then with no text before it
      if (!marker) *at = word;
      return true;
    }
    *at = after;
    if (tag < 0) continue;
    piece->tag = tag;
    return true;
  }
  return false;
}

int md_markdown_tags_marker(const md_markdown_tags *tags, const char *literal) {
  const char *comment = literal + strspn(literal, " \t"), *after;
  if (strncmp(comment, "<!--", 4) != 0 || strncmp(comment + 4, tags->word, tags->word_len) != 0) return -1;
  int tag = read_index(tags, comment + 4, &after);
  return tag >= 0 && tags->items[tag].block ? tag : -1;
}
