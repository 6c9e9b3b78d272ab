// SPDX-License-Identifier: Apache-2.0
// The matcher behind find, match, gmatch and gsub. Each item that is tried is a step, a set as many as it has
// characters; a thousand steps are charged at once. The engine's thread.
#include "script/pattern.h"
#include "script/limits.h"
#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 200, STEPS_CHARGED = 1000, BYTES_PER_STEP = 64, ESCAPE = '%' };
enum { UNFINISHED = -1, POSITION = -2 }; // lengths of a capture

static MD_RAISES const char *match(md_match *m, const char *s, const char *p);

void md_match_init(md_match *m, lua_State *L, const char *text, size_t len, const char *pattern_end) {
  m->L = L;
  m->begin = text;
  m->end = text + len;
  m->pattern_end = pattern_end;
  m->steps = 0;
  m->level = 0;
}

void md_match_settle(md_match *m) {
  int64_t steps = m->steps;
  m->steps = 0;
  md_limits_charge(m->L, steps);
}

static MD_RAISES void spend(md_match *m, int64_t steps) {
  m->steps += steps;
  if (m->steps >= STEPS_CHARGED) md_match_settle(m);
}

void md_match_copied(md_match *m, size_t bytes) {
  spend(m, 1 + (int64_t)(bytes / BYTES_PER_STEP));
}

// Past the single item at `p`: a character, an escape or a set.
static MD_RAISES const char *item_end(const md_match *m, const char *p) {
  if (*p == ESCAPE) {
    if (p + 1 == m->pattern_end) md_raise(m->L, "malformed pattern (ends with '%%')");
    return p + 2;
  }
  if (*p != '[') return p + 1;
  p++;
  if (*p == '^') p++;
  do { // a ] that comes first is one of the set
    if (p == m->pattern_end) md_raise(m->L, "malformed pattern (missing ']')");
    if (*p++ == ESCAPE && p < m->pattern_end) p++;
  } while (p == m->pattern_end || *p != ']');
  return p + 1;
}

static bool in_class(int c, int class) {
  bool in;
  switch (tolower(class)) {
  case 'a':
    in = isalpha(c);
    break;
  case 'c':
    in = iscntrl(c);
    break;
  case 'd':
    in = isdigit(c);
    break;
  case 'g':
    in = isgraph(c);
    break;
  case 'l':
    in = islower(c);
    break;
  case 'p':
    in = ispunct(c);
    break;
  case 's':
    in = isspace(c);
    break;
  case 'u':
    in = isupper(c);
    break;
  case 'w':
    in = isalnum(c);
    break;
  case 'x':
    in = isxdigit(c);
    break;
  case 'z': // no longer in the manual, but in the library
    in = c == 0;
    break;
  default:
    return class == c;
  }
  return isupper(class) ? !in : in;
}

// The set from `[` at `p` to `]` at `close`.
static bool in_set(int c, const char *p, const char *close) {
  bool found = true;
  if (p[1] == '^') {
    found = false;
    p++;
  }
  while (++p < close) {
    unsigned char first = (unsigned char)*p;
    if (first == ESCAPE) {
      p++;
      if (in_class(c, (unsigned char)*p)) return found;
    } else if (p[1] == '-' && p + 2 < close) {
      p += 2;
      if (first <= c && c <= (unsigned char)*p) return found;
    } else if (first == c) {
      return found;
    }
  }
  return !found;
}

static MD_RAISES bool fits(md_match *m, const char *s, const char *p, const char *end) {
  spend(m, *p == '[' ? end - p : 1);
  if (s >= m->end) return false;
  int c = (unsigned char)*s;
  if (*p == '.') return true;
  if (*p == ESCAPE) return in_class(c, (unsigned char)p[1]);
  return *p == '[' ? in_set(c, p, end - 1) : (unsigned char)*p == c;
}

// %bxy, p at x.
static MD_RAISES const char *balanced(md_match *m, const char *s, const char *p) {
  if (p >= m->pattern_end - 1) md_raise(m->L, "malformed pattern (missing arguments to '%%b')");
  if (*s != *p) return NULL;
  int open = 1;
  while (++s < m->end) {
    spend(m, 1);
    if (*s == p[1]) {
      if (--open == 0) return s + 1;
    } else if (*s == *p) {
      open++;
    }
  }
  return NULL;
}

static MD_RAISES const char *longest(md_match *m, const char *s, const char *p, const char *end) {
  ptrdiff_t count = 0;
  while (fits(m, s + count, p, end))
    count++;
  for (; count >= 0; count--) {
    const char *found = match(m, s + count, end + 1);
    if (found) return found;
  }
  return NULL;
}

static MD_RAISES const char *shortest(md_match *m, const char *s, const char *p, const char *end) {
  for (;; s++) {
    const char *found = match(m, s, end + 1);
    if (found) return found;
    if (!fits(m, s, p, end)) return NULL;
  }
}

static MD_RAISES const char *open_capture(md_match *m, const char *s, const char *p, ptrdiff_t len) {
  if (m->level >= MD_PATTERN_CAPTURES) md_raise(m->L, "too many captures");
  m->captures[m->level].at = s;
  m->captures[m->level].len = len;
  m->level++;
  const char *found = match(m, s, p);
  if (!found) m->level--;
  return found;
}

static MD_RAISES const char *close_capture(md_match *m, const char *s, const char *p) {
  int level = m->level - 1;
  while (level >= 0 && m->captures[level].len != UNFINISHED)
    level--;
  if (level < 0) md_raise(m->L, "invalid pattern capture");
  m->captures[level].len = s - m->captures[level].at;
  const char *found = match(m, s, p);
  if (!found) m->captures[level].len = UNFINISHED;
  return found;
}

// %1 … %9
static MD_RAISES const char *repeated(md_match *m, const char *s, int digit) {
  int level = digit - '1';
  if (level < 0 || level >= m->level || m->captures[level].len == UNFINISHED)
    md_raise(m->L, "invalid capture index %%%d", level + 1);
  size_t len = (size_t)m->captures[level].len;
  if ((size_t)(m->end - s) < len) return NULL;
  md_match_copied(m, len);
  return memcmp(m->captures[level].at, s, len) == 0 ? s + len : NULL;
}

// %f[set]: between two characters.
static MD_RAISES bool frontier(md_match *m, const char **s, const char **p) {
  const char *set = *p + 2;
  if (set >= m->pattern_end || *set != '[') md_raise(m->L, "missing '[' after '%%f' in pattern");
  const char *end = item_end(m, set);
  int before = *s == m->begin ? 0 : (unsigned char)(*s)[-1];
  spend(m, 2 * (end - set));
  bool between = !in_set(before, set, end - 1) && in_set((unsigned char)**s, set, end - 1);
  *p = end;
  if (!between) *s = NULL;
  return between;
}

// A single item with what follows it. As `advance`.
static MD_RAISES bool single(md_match *m, const char **s, const char **p) {
  const char *end = item_end(m, *p), *found;
  char repeat = end < m->pattern_end ? *end : 0;
  if (repeat == '*' || repeat == '-') {
    *s = repeat == '*' ? longest(m, *s, *p, end) : shortest(m, *s, *p, end);
    return false;
  }
  bool fit = fits(m, *s, *p, end);
  if (repeat == '?') {
    found = fit ? match(m, *s + 1, end + 1) : NULL;
    *p = end + 1;
    if (found) *s = found;
    return !found;
  }
  if (!fit || repeat == '+') {
    *s = fit ? longest(m, *s + 1, *p, end) : NULL;
    return false;
  }
  ++*s;
  *p = end;
  return true;
}

// Goes past one item of the pattern: true to go on from there; false when *s is the end of the whole match, or NULL.
static MD_RAISES bool advance(md_match *m, const char **s, const char **p) {
  const char *at = *p;
  spend(m, 1);
  if (*at == '(') {
    bool position = at + 1 < m->pattern_end && at[1] == ')';
    *s = open_capture(m, *s, at + (position ? 2 : 1), position ? POSITION : UNFINISHED);
    return false;
  }
  if (*at == ')') {
    *s = close_capture(m, *s, at + 1);
    return false;
  }
  if (*at == '$' && at + 1 == m->pattern_end) {
    *s = *s == m->end ? *s : NULL;
    return false;
  }
  if (*at != ESCAPE || at + 1 == m->pattern_end) return single(m, s, p);
  if (at[1] == 'f') return frontier(m, s, p);
  bool balance = at[1] == 'b';
  if (!balance && !isdigit((unsigned char)at[1])) return single(m, s, p);
  *s = balance ? balanced(m, *s, at + 2) : repeated(m, *s, at[1]);
  *p = at + (balance ? 4 : 2);
  return *s != NULL;
}

static const char *match(md_match *m, const char *s, const char *p) {
  if (m->depth-- == 0) md_raise(m->L, "pattern too complex");
  while (s && p != m->pattern_end && advance(m, &s, &p))
    ;
  m->depth++;
  return s;
}

const char *md_match_at(md_match *m, const char *at, const char *pattern) {
  m->level = 0;
  m->depth = DEPTH_MAX;
  return match(m, at, pattern);
}

void md_match_push(md_match *m, int index, const char *from, const char *to) {
  if (index >= m->level) {
    if (index != 0) md_raise(m->L, "invalid capture index %%%d", index + 1);
    lua_pushlstring(m->L, from, (size_t)(to - from));
    md_match_copied(m, (size_t)(to - from));
    return;
  }
  ptrdiff_t len = m->captures[index].len;
  if (len == UNFINISHED) md_raise(m->L, "unfinished capture");
  if (len == POSITION) {
    lua_pushinteger(m->L, m->captures[index].at - m->begin + 1);
    return;
  }
  lua_pushlstring(m->L, m->captures[index].at, (size_t)len);
  md_match_copied(m, (size_t)len);
}

int md_match_push_all(md_match *m, const char *from, const char *to) {
  int count = m->level == 0 && from ? 1 : m->level;
  luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++)
    md_match_push(m, i, from, to);
  return count;
}
