// SPDX-License-Identifier: Apache-2.0
// Money, dates, lists and plurals as people of a country write them, by ICU. Made formatters are kept in an md_fmt; one
// thread at a time.
#pragma once
#include "base/error.h"
#include <stddef.h>

typedef struct md_fmt md_fmt;

md_fmt *md_fmt_new(void); // returns owned, NULL when out of memory
void md_fmt_free(md_fmt *fmt);
// How many formatters were made since this was asked last: making one costs far more than using it.
int md_fmt_made(md_fmt *fmt);

// All write UTF-8 with a NUL to `out` of `room` bytes and return 0; else MD_EINVAL, MD_ERANGE (it does not fit) or
// MD_ENOMEM. `locale` is a language tag ("da", "en-GB"; NULL: da), `zone` a time zone of the Olson database (NULL:
// Europe/Copenhagen). `style` is short, medium, long or full, else a pattern of Unicode Technical Standard 35
// ("EEEE d. MMMM").

// `amount` in major units: 249.5 kroner.
int md_fmt_money(md_fmt *fmt, double amount, const char *currency, const char *locale, char *out, size_t room,
                 md_error *err);
int md_fmt_date(md_fmt *fmt, double seconds, const char *style, const char *locale, const char *zone, char *out,
                size_t room, md_error *err);
int md_fmt_time(md_fmt *fmt, double seconds, const char *style, const char *locale, const char *zone, char *out,
                size_t room, md_error *err);
// "a, b og c"
int md_fmt_list(md_fmt *fmt, const char *const *items, int count, const char *locale, char *out, size_t room,
                md_error *err);
int md_fmt_number(md_fmt *fmt, double number, const char *locale, char *out, size_t room, md_error *err);
// The CLDR category of a number: "one", "few", "other" …
int md_fmt_plural(md_fmt *fmt, double number, const char *locale, char *out, size_t room, md_error *err);
