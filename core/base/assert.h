// SPDX-License-Identifier: Apache-2.0
// Three grades of assertion. md_require: fatal, data would be harmed. md_check: recoverable, the result must be
// handled. md_assume: debug builds only. Any thread.
#pragma once
#include <stdbool.h>

_Noreturn void md_require_failed(const char *file, int line, const char *what);
bool md_check_failed(const char *file, int line, const char *what); // logs, returns false

#define md_require(cond) ((cond) ? (void)0 : md_require_failed(__FILE__, __LINE__, #cond))
#define md_check(cond) ((cond) ? true : md_check_failed(__FILE__, __LINE__, #cond))
#ifdef NDEBUG
#define md_assume(cond) ((void)sizeof(cond))
#else
#define md_assume(cond) md_require(cond)
#endif
