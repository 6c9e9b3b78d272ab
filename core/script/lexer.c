// SPDX-License-Identifier: Apache-2.0
// Splits a Lua text into words (Lua 5.4 reference manual, 3.1). Pure; any thread.
#include "script/lexer.h"
#include <ctype.h>
#include <string.h>

void md_lexer_init(md_lexer *lexer, const char *text, size_t len) {
  *lexer = (md_lexer){.at = text, .end = text + len, .line = 1};
  if (len && *text == '#') // a first line for the shell
    while (lexer->at < lexer->end && *lexer->at != '\n')
      lexer->at++;
}

bool md_token_is(const md_token *token, const char *text) {
  return (token->kind == MD_TOKEN_NAME || token->kind == MD_TOKEN_SYMBOL) && strlen(text) == token->len &&
         memcmp(token->text, text, token->len) == 0;
}

static int peek(const md_lexer *lexer, int ahead) {
  return lexer->end - lexer->at > ahead ? (unsigned char)lexer->at[ahead] : -1;
}

static void advance(md_lexer *lexer) {
  if (*lexer->at == '\n') lexer->line++;
  lexer->at++;
}

// The level of a long bracket that opens here ("[[" is 0, "[==[" is 2), or -1.
static int bracket_level(const md_lexer *lexer, int ahead) {
  int level = 0;
  if (peek(lexer, ahead) != '[') return -1;
  while (peek(lexer, ahead + 1 + level) == '=')
    level++;
  return peek(lexer, ahead + 1 + level) == '[' ? level : -1;
}

static bool bracket_closes(const md_lexer *lexer, int level) {
  if (peek(lexer, 0) != ']' || peek(lexer, level + 1) != ']') return false;
  for (int i = 1; i <= level; i++)
    if (peek(lexer, i) != '=') return false;
  return true;
}

// From the opening bracket to past the closing one; `token` gets what is between.
static void read_bracket(md_lexer *lexer, int level, md_token *token) {
  lexer->at += level + 2;
  token->text = lexer->at;
  while (lexer->at < lexer->end && !bracket_closes(lexer, level))
    advance(lexer);
  token->len = (size_t)(lexer->at - token->text);
  if (lexer->at < lexer->end) lexer->at += level + 2;
}

static void skip_comment(md_lexer *lexer) {
  md_token ignored;
  lexer->at += 2;
  int level = bracket_level(lexer, 0);
  if (level >= 0) {
    read_bracket(lexer, level, &ignored);
    return;
  }
  while (lexer->at < lexer->end && *lexer->at != '\n')
    lexer->at++;
}

static void skip_blank(md_lexer *lexer) {
  while (lexer->at < lexer->end)
    if (isspace((unsigned char)*lexer->at))
      advance(lexer);
    else if (*lexer->at == '-' && peek(lexer, 1) == '-')
      skip_comment(lexer);
    else
      return;
}

static void read_quoted(md_lexer *lexer, md_token *token) {
  char quote = *lexer->at++;
  token->text = lexer->at;
  while (lexer->at < lexer->end && *lexer->at != quote && *lexer->at != '\n') {
    if (*lexer->at == '\\' && peek(lexer, 1) >= 0) advance(lexer);
    advance(lexer);
  }
  token->len = (size_t)(lexer->at - token->text);
  if (lexer->at < lexer->end && *lexer->at == quote) lexer->at++;
}

static bool is_word(int byte) {
  return byte >= 0 && (isalnum(byte) || byte == '_');
}

static void read_word(md_lexer *lexer, md_token *token) {
  bool number = isdigit((unsigned char)*lexer->at);
  token->kind = number ? MD_TOKEN_SYMBOL : MD_TOKEN_NAME;
  while (is_word(peek(lexer, 0)) || (number && peek(lexer, 0) == '.' && peek(lexer, 1) != '.'))
    lexer->at++;
  token->len = (size_t)(lexer->at - token->text);
}

static void read_symbol(md_lexer *lexer, md_token *token) {
  token->kind = MD_TOKEN_SYMBOL;
  token->len = 1;
  while (*lexer->at == '.' && token->len < 3 && peek(lexer, (int)token->len) == '.')
    token->len++;
  lexer->at += token->len;
}

md_token md_lexer_next(md_lexer *lexer) {
  skip_blank(lexer);
  md_token token = {.kind = MD_TOKEN_END, .text = lexer->at, .line = lexer->line};
  int first = peek(lexer, 0), level;
  if (first < 0) return token;
  token.kind = MD_TOKEN_STRING;
  if (first == '"' || first == '\'')
    read_quoted(lexer, &token);
  else if ((level = bracket_level(lexer, 0)) >= 0)
    read_bracket(lexer, level, &token);
  else if (is_word(first))
    read_word(lexer, &token);
  else
    read_symbol(lexer, &token);
  return token;
}

// local Name [<attrib>] {, Name [<attrib>]}
static int close_in_local(md_lexer *lexer, md_token *token) {
  do {
    *token = md_lexer_next(lexer); // the name
    *token = md_lexer_next(lexer);
    if (md_token_is(token, "<")) {
      *token = md_lexer_next(lexer);
      if (md_token_is(token, "close")) return token->line;
      *token = md_lexer_next(lexer); // ">"
      *token = md_lexer_next(lexer);
    }
  } while (md_token_is(token, ","));
  return 0;
}

int md_lexer_find_close(const char *text, size_t len) {
  md_lexer lexer;
  md_lexer_init(&lexer, text, len);
  md_token token = md_lexer_next(&lexer);
  while (token.kind != MD_TOKEN_END) {
    if (!md_token_is(&token, "local")) {
      token = md_lexer_next(&lexer);
      continue;
    }
    int line = close_in_local(&lexer, &token);
    if (line) return line;
  }
  return 0;
}
