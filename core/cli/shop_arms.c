// SPDX-License-Identifier: Apache-2.0
// Keeps the arms that a spec has chosen.
#include "cli/shop_arms.h"
#include "base/suggest.h"
#include <string.h>

enum { NAMES_MAX = 64 };

struct md_shop_arm {
  const char *experiment, *arm;
  struct md_shop_arm *before;
};

// `what` says which name is wrong; `known` ends in NULL.
static int unknown(md_shop *shop, const char *what, const char *name, const char *const *known, md_error *err) {
  const char *nearest = md_suggest(name, known), *list = "";
  if (nearest) return md_error_set(err, MD_EINVAL, "shop:arm: %s; did you mean \"%s\"?", what, nearest);
  for (int i = 0; known[i] && list; i++)
    list = md_arena_printf(shop->arena, "%s%s%s", list, i ? ", " : "", known[i]);
  return md_error_set(err, MD_EINVAL, "shop:arm: %s; there are: %s", what, list && list[0] ? list : "none");
}

static int unknown_experiment(md_shop *shop, const char *name, md_error *err) {
  const char *names[NAMES_MAX + 1] = {0};
  int count = md_experiments_count(shop->experiments);
  for (int i = 0; i < count && i < NAMES_MAX; i++)
    names[i] = md_experiments_at(shop->experiments, i)->name;
  const char *what = md_arena_printf(shop->arena, "there is no experiment \"%s\" in experiments/", name);
  return what ? unknown(shop, what, name, names, err) : md_error_set(err, MD_ENOMEM, "out of memory");
}

static int unknown_arm(md_shop *shop, const md_experiment *experiment, const char *name, md_error *err) {
  const char *names[MD_EXPERIMENT_ARMS + 1] = {0};
  memcpy(names, experiment->arms, (size_t)experiment->arm_count * sizeof *names);
  const char *what = md_arena_printf(shop->arena, "the experiment \"%s\" has no arm \"%s\"", experiment->name, name);
  return what ? unknown(shop, what, name, names, err) : md_error_set(err, MD_ENOMEM, "out of memory");
}

int md_shop_choose_arm(md_shop *shop, const char *experiment, const char *arm, md_error *err) {
  const md_experiment *found = md_experiments_find(shop->experiments, experiment);
  if (!found) return unknown_experiment(shop, experiment, err);
  for (int i = 0; i < found->arm_count; i++) {
    if (strcmp(found->arms[i], arm) != 0) continue;
    struct md_shop_arm *chosen = md_arena_alloc(shop->arena, sizeof *chosen);
    if (!chosen) return md_error_set(err, MD_ENOMEM, "out of memory");
    *chosen = (struct md_shop_arm){found->name, found->arms[i], shop->arms};
    shop->arms = chosen;
    return 0;
  }
  return unknown_arm(shop, found, arm, err);
}

const char *md_shop_arm_of(void *context, const char *experiment) {
  const md_shop *shop = context;
  for (const struct md_shop_arm *at = shop->arms; at; at = at->before)
    if (strcmp(at->experiment, experiment) == 0) return at->arm;
  return NULL;
}
