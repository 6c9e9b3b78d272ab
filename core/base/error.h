// SPDX-License-Identifier: Apache-2.0
// Error codes and error detail, one X-macro table for the whole host. Pure; any thread.
#pragma once

// Every function that can fail returns 0 (MD_OK) or one of these negative codes.
#define MD_ERRORS(X)                                                                                                   \
  X(EINVAL, "invalid argument")                                                                                        \
  X(ERANGE, "out of range")                                                                                            \
  X(ESYNTAX, "malformed text")                                                                                         \
  X(ENOMEM, "out of memory")                                                                                           \
  X(ENOTFOUND, "not found")                                                                                            \
  X(EEXISTS, "exists already")                                                                                         \
  X(ECONFLICT, "conflicts with what is stored")                                                                        \
  X(ETOOBIG, "too large")                                                                                              \
  X(EDENIED, "not allowed")                                                                                            \
  X(EUNSUPPORTED, "not supported")                                                                                     \
  X(EBUSY, "busy")                                                                                                     \
  X(EFULL, "no space left")                                                                                            \
  X(EIO, "input/output error")                                                                                         \
  X(ECORRUPT, "damaged data")                                                                                          \
  X(ETIMEOUT, "timed out")                                                                                             \
  X(ECANCELED, "cancelled")                                                                                            \
  X(ENETWORK, "network error")                                                                                         \
  X(ESCRIPT, "script error")                                                                                           \
  X(EBUDGET, "instruction budget exceeded")                                                                            \
  X(EDIVERGED, "script diverged from its journal")

enum md_error_index {
  MD_INDEX_OK,
#define X(name, text) MD_INDEX_##name,
  MD_ERRORS(X)
#undef X
};

enum {
  MD_OK = 0,
#define X(name, text) MD_##name = -(int)MD_INDEX_##name,
  MD_ERRORS(X)
#undef X
};

// Detail of one failure, in the caller's memory. `text` is a whole sentence for a person:
// what was wrong, where, and what to do. Always NUL-terminated once set.
typedef struct md_error {
  int code;
  char text[500];
} md_error;

// Fills `err` (may be NULL) and returns `code`, so that callers write `return md_error_set(...)`.
int md_error_set(md_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ // shown what it cannot see: that `code` comes back
#define md_error_set(err, code, ...)                                                                                   \
  __extension__({                                                                                                      \
    int code_ = (code);                                                                                                \
    (md_error_set)((err), code_, __VA_ARGS__);                                                                         \
    code_;                                                                                                             \
  })
#endif

// The table's short text of a code ("invalid argument"), never NULL.
const char *md_error_text(int code);

// The table's name of a code ("EINVAL"), never NULL.
const char *md_error_name(int code);
