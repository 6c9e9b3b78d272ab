// SPDX-License-Identifier: Apache-2.0
// The expectations of specs, compared with a shop's database. One thread.
#pragma once
#include "cli/shop.h"

// `what` and `wanted` as in script/spec.h. MD_ESCRIPT with a sentence: it is not so.
// Appends the mail whose text was not the expected one, if there was such a one.
void md_expect_show_mail(md_shop *shop, md_buffer *out);

int md_expect(md_shop *shop, const char *what, const json_t *wanted, md_error *err);
// 0 when `name` is one of `known` (three, then NULL); else MD_EINVAL, and `what` says what it would be.
int md_expect_named(const char *name, const char *const known[static 3], const char *what, md_error *err);
// MD_EINVAL, with the nearest that is known, when `name` is not among `known`.
int md_expect_known(const char *name, const char *const *known, const char *where, md_error *err);
