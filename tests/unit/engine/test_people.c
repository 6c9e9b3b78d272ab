// SPDX-License-Identifier: Apache-2.0
// Persons (P1, P2): identity values, and a model of sets that is compared with the engine over random events.
#include "engine/identity.h"
#include "shop.h"
#include "store/people.h"

static const char plan[] =
    "local plan = require 'plan'\n"
    "return plan.define { person = { strong = { 'subject', 'data.email' }, weak = { 'data.anon' } } }\n";

enum {
  SUBJECTS = 3,
  EMAILS = 3,
  ANONS = 3,
  VALUES = SUBJECTS + EMAILS + ANONS,
  EVENTS = 12,
  HISTORIES = 1500,
  NOBODY = -1
};

static shop s;

// P1
static void test_values(void **state) {
  (void)state;
  shop_open(&s);
  md_event event;
  shop_prepare(&s, &event, "a", "Ida",
               "{\"email\":\" A@B.dk \",\"n\":42,\"f\":1.5,\"e\":\"\",\"x\":null,\"o\":{\"email\":\"C@D.DK\"}}", NULL);
  assert_string_equal(md_identity_value(&event, "subject", s.arena), "Ida");
  assert_string_equal(md_identity_value(&event, "data.email", s.arena), "a@b.dk");
  assert_string_equal(md_identity_value(&event, "data.o.email", s.arena), "c@d.dk");
  assert_string_equal(md_identity_value(&event, "data.n", s.arena), "42");
  const char *missing[] = {"data.f", "data.e", "data.x", "data.o", "data.none", "data.o.none.deep"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    assert_null(md_identity_value(&event, missing[i], s.arena));
  char text[400];
  snprintf(text, sizeof text, "{\"k\":\"%0300d\"}", 1);
  shop_prepare(&s, &event, "a", NULL, text, NULL);
  assert_null(md_identity_value(&event, "data.k", s.arena));
  shop_close(&s);
}

// The model: which person holds each value (subjects first, then e-mails, then weak ones).
typedef struct people {
  int holder[VALUES];
  int next;
} people;

static bool has(const people *all, int person, int from, int to) {
  for (int i = from; i < to; i++)
    if (all->holder[i] == person) return true;
  return false;
}

static void merge(people *all, int into, int from) {
  for (int i = 0; i < VALUES; i++)
    if (all->holder[i] == from) all->holder[i] = into;
}

// One event with some of the values (or NOBODY for none of a kind); answers its person.
static int meet(people *all, int subject, int email, int anon) {
  int owner = subject != NOBODY ? all->holder[subject] : NOBODY;
  if (subject != NOBODY && owner == NOBODY && email != NOBODY && all->holder[email] != NOBODY &&
      !has(all, all->holder[email], 0, SUBJECTS))
    owner = all->holder[email];
  if (subject == NOBODY && email != NOBODY) owner = all->holder[email];
  if (subject == NOBODY && email == NOBODY && anon != NOBODY) owner = all->holder[anon];
  if (owner == NOBODY) owner = all->next++;
  if (subject != NOBODY) all->holder[subject] = owner;
  if (email != NOBODY) {
    int other = all->holder[email];
    bool two = other != NOBODY && other != owner && has(all, other, 0, SUBJECTS) && has(all, owner, 0, SUBJECTS);
    if (other == NOBODY)
      all->holder[email] = owner;
    else if (other != owner && !two)
      merge(all, owner, other);
  }
  if (anon != NOBODY) {
    int other = all->holder[anon];
    if (other == NOBODY)
      all->holder[anon] = owner;
    else if (other != owner && !has(all, other, 0, SUBJECTS + EMAILS))
      merge(all, owner, other);
  }
  return owner;
}

static unsigned seed = 7;

static int pick(int from, int count) {
  seed = seed * 1103515245 + 12345;
  int n = (int)(seed >> 16 & 0x7fff) % (count + 2);
  return n >= count ? NOBODY : from + n;
}

static int64_t canonical(int64_t person) {
  int64_t out = 0;
  assert_int_equal(md_people_canonical(s.store, person, &out, NULL), 0);
  return out;
}

static int64_t send(int history, int subject, int email, int anon) {
  md_buffer data;
  md_buffer_init(&data);
  md_buffer_putc(&data, '{');
  if (email != NOBODY) md_buffer_printf(&data, "\"email\":\"v%d-%d@b.dk\"", history, email);
  if (anon != NOBODY) md_buffer_printf(&data, "%s\"anon\":\"v%d-%d\"", data.len > 1 ? "," : "", history, anon);
  md_buffer_putc(&data, '}');
  md_event event;
  shop_prepare(&s, &event, "seen", subject == NOBODY ? NULL : md_arena_printf(s.arena, "v%d-%d", history, subject),
               data.data, NULL);
  shop_take(&s, &event);
  md_buffer_deinit(&data);
  return event.person;
}

// The engine's persons are the model's: the same events share one, different ones do not.
static void compare(const int *modelled, const int64_t *seen, const people *all, int count) {
  (void)all;
  for (int i = 0; i < count; i++)
    for (int k = 0; k < i; k++)
      if (modelled[i] >= 0 && modelled[k] >= 0)
        assert_int_equal(modelled[i] == modelled[k], canonical(seen[i]) == canonical(seen[k]));
}

// P2
static void test_model(void **state) {
  (void)state;
  shop_open(&s);
  shop_load(&s, "events.lua", plan, NULL);
  assert_string_equal(s.problems, "");
  for (int h = 0; h < HISTORIES; h++) {
    people all = {.next = 0};
    for (int i = 0; i < VALUES; i++)
      all.holder[i] = NOBODY;
    int values[EVENTS][3], modelled[EVENTS];
    int64_t seen[EVENTS];
    for (int i = 0; i < EVENTS; i++) {
      values[i][0] = pick(0, SUBJECTS), values[i][1] = pick(SUBJECTS, EMAILS),
      values[i][2] = pick(SUBJECTS + EMAILS, ANONS);
      meet(&all, values[i][0], values[i][1], values[i][2]);
      seen[i] = send(h, values[i][0], values[i][1], values[i][2]);
    }
    // Who each event's person is at the end, after all joins: the holder of what it carried first.
    for (int i = 0; i < EVENTS; i++) {
      int first = values[i][0] != NOBODY ? values[i][0] : values[i][1] != NOBODY ? values[i][1] : values[i][2];
      modelled[i] = first == NOBODY ? NOBODY : all.holder[first];
      assert_int_equal(first == NOBODY, seen[i] == 0);
    }
    compare(modelled, seen, &all, EVENTS);
    md_arena_reset(s.arena);
  }
  shop_close(&s);
}

int main(void) {
  md_json_init();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_model)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
