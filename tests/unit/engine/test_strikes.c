// SPDX-License-Identifier: Apache-2.0
// The counts of S6 against a list of all that happened, which is gone through anew for each answer.
#include "engine/state.h"
#include "shop.h"

enum { ACTS = 20000, TYPES = 150 };
#define SLICE (MD_HOUR / MD_STRIKE_SLICES)

typedef struct act {
  int64_t slice, version;
  int type;
  bool parked;
} act;

typedef struct model {
  act acts[ACTS];
  int count;
} model;

static uint32_t seed;

static uint32_t draw(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

static void expect(const model *m, const act *at, int touched, int parked, int lost_most) {
  int all = 0, bad = 0;
  for (int i = m->count - 1; i >= 0 && m->acts[i].slice > at->slice - MD_STRIKE_SLICES; i--) {
    bool same = m->acts[i].version == at->version && m->acts[i].type == at->type;
    all += same;
    bad += same && m->acts[i].parked;
  }
  assert_int_equal(parked, bad);
  assert_in_range(touched, all > lost_most ? all - lost_most : 0, all);
}

// `deaths`: in how many of 10,000 acts the process ends behind it, and what was only in memory is gone.
static void play(uint32_t deaths) {
  shop s;
  model *m = calloc(1, sizeof *m);
  int died = 0;
  shop_open(&s);
  md_engine *engine = s.engine;
  engine->now = SHOP_START;
  assert_int_equal(md_store_begin(s.store, NULL), 0);
  for (; m->count < ACTS; m->count++) {
    act *at = &m->acts[m->count];
    int touched = 0, parked = 0;
    char type[20];
    engine->now += draw(100) ? draw(3) * MD_SECOND : draw(40) * MD_MINUTE;
    // A few pairs come often, many seldom.
    *at = (act){engine->now / SLICE, 1 + draw(2), (int)draw(draw(3) ? 4 : TYPES), draw(3) == 0};
    snprintf(type, sizeof type, "t%d", at->type);
    assert_int_equal(md_strikes_add(engine, at->version, type, at->parked, &touched, &parked, NULL), 0);
    m->count++;
    expect(m, at, touched, parked, died * (MD_STRIKE_UNSAVED - 1));
    m->count--;
    if (draw(10000) >= deaths) continue;
    md_strikes_deinit(&engine->strikes);
    died++;
  }
  assert_int_equal(died > 0, deaths > 0);
  assert_int_equal(md_store_commit(s.store, NULL), 0);
  shop_close(&s);
  free(m);
}

static void test_S6_the_sums_are_those_of_the_last_hour(void **state) {
  (void)state;
  for (seed = 1; seed < 4;) {
    uint32_t round = seed;
    play(0);
    seed = round + 1;
  }
}

static void test_S6_a_death_forgets_nothing_that_was_parked(void **state) {
  (void)state;
  seed = 7;
  play(5);
}

// A version that is let go begins anew; the others' counts stay.
static void test_S6_a_version_begins_anew(void **state) {
  (void)state;
  shop s;
  int touched = 0, parked = 0;
  shop_open(&s);
  s.engine->now = SHOP_START;
  assert_int_equal(md_store_begin(s.store, NULL), 0);
  for (int i = 0; i < 10; i++)
    for (int64_t version = 1; version <= 2; version++)
      assert_int_equal(md_strikes_add(s.engine, version, "a", i % 2, &touched, &parked, NULL), 0);
  assert_int_equal(md_strikes_clear(s.engine, 1, NULL), 0);
  assert_int_equal(md_strikes_add(s.engine, 1, "a", false, &touched, &parked, NULL), 0);
  assert_int_equal(touched, 1);
  assert_int_equal(parked, 0);
  assert_int_equal(md_strikes_add(s.engine, 2, "a", false, &touched, &parked, NULL), 0);
  assert_int_equal(touched, 11);
  assert_int_equal(parked, 5);
  assert_int_equal(md_store_commit(s.store, NULL), 0);
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_S6_the_sums_are_those_of_the_last_hour),
      cmocka_unit_test(test_S6_a_death_forgets_nothing_that_was_parked),
      cmocka_unit_test(test_S6_a_version_begins_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
