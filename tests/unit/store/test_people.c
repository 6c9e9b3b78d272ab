// SPDX-License-Identifier: Apache-2.0
// The tables of people, consents and things: P2, P3, P4, P7.
#include "store/internal.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_a_person_is_found_by_each_identity(void **state) {
  store_fixture *f = *state;
  md_identity identities[] = {{"subject", "42", true}, {"data.anonymous_id", "x", false}};
  int64_t id = 0, found = 0;
  md_person person;
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_people_insert(f->store, identities, 2, 5, &id, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_find(f->store, "subject", "42", &found, &f->err));
  assert_int_equal(found, id);
  store_fixture_expect(f, 0, md_people_find(f->store, "data.anonymous_id", "x", &found, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_find(f->store, "subject", "x", &found, &f->err));
  store_fixture_expect(f, 0, md_people_get(f->store, id, f->arena, &person, &f->err));
  assert_int_equal(person.identity_count, 2);
  assert_string_equal(person.identities[0].kind, "subject");
  assert_true(person.identities[0].strong);
  assert_string_equal(person.identities[1].value, "x");
  assert_false(person.identities[1].strong);
  assert_string_equal(person.profile, "{}");
  assert_int_equal(person.alias_of, 0);
  assert_int_equal(person.created_at, 5);
  store_fixture_expect(f, MD_ENOTFOUND, md_people_get(f->store, 99, f->arena, &person, &f->err));
}

static void test_an_identity_is_added_once(void **state) {
  store_fixture *f = *state;
  md_identity email = {"data.email", "a@b.dk", true};
  int64_t found = 0;
  store_fixture_begin(f);
  int64_t id = make_person(f->store, NULL, NULL);
  store_fixture_expect(f, 0, md_people_add_identity(f->store, id, email, &f->err));
  store_fixture_expect(f, MD_EEXISTS, md_people_add_identity(f->store, id, email, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_add_identity(f->store, 99, email, &f->err));
  store_fixture_expect(f, 0, md_people_find(f->store, "data.email", "a@b.dk", &found, &f->err));
  assert_int_equal(found, id);
  for (int i = 1; i < MD_IDENTITIES_MAX; i++) {
    char value[16];
    snprintf(value, sizeof value, "%d", i);
    store_fixture_expect(f, 0, md_people_add_identity(f->store, id, (md_identity){"x", value, false}, &f->err));
  }
  store_fixture_expect(f, MD_ETOOBIG, md_people_add_identity(f->store, id, (md_identity){"x", "0", false}, &f->err));
  store_fixture_commit(f);
}

static void test_a_profile_is_replaced(void **state) {
  store_fixture *f = *state;
  md_person person;
  store_fixture_begin(f);
  int64_t id = make_person(f->store, "subject", "1");
  store_fixture_expect(f, 0, md_people_set_profile(f->store, id, "{\"name\":\"Anna\"}", &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_set_profile(f->store, 99, "{}", &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_get(f->store, id, f->arena, &person, &f->err));
  assert_string_equal(person.profile, "{\"name\":\"Anna\"}");
}

// P3
static void test_joins_are_aliases(void **state) {
  store_fixture *f = *state;
  int64_t canonical = 0;
  md_members rows;
  md_person person;
  store_fixture_begin(f);
  for (int i = 0; i < 4; i++)
    make_person(f->store, NULL, NULL);
  store_fixture_expect(f, 0, md_people_alias(f->store, 1, 2, 10, 100, &f->err));
  store_fixture_expect(f, 0, md_people_alias(f->store, 2, 3, 11, 101, &f->err));
  store_fixture_expect(f, MD_ECONFLICT, md_people_alias(f->store, 1, 4, 12, 102, &f->err));
  store_fixture_expect(f, MD_ECONFLICT, md_people_alias(f->store, 4, 2, 12, 102, &f->err));
  store_fixture_expect(f, MD_EINVAL, md_people_alias(f->store, 3, 3, 12, 102, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_people_alias(f->store, 99, 3, 12, 102, &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_people_canonical(f->store, 1, &canonical, &f->err));
  assert_int_equal(canonical, 3);
  store_fixture_expect(f, 0, md_people_canonical(f->store, 4, &canonical, &f->err));
  assert_int_equal(canonical, 4);
  store_fixture_expect(f, MD_ENOTFOUND, md_people_canonical(f->store, 99, &canonical, &f->err));
  store_fixture_expect(f, 0, md_people_members(f->store, 3, f->arena, &rows, &f->err));
  assert_int_equal(rows.count, 3);
  assert_int_equal(rows.ids[0], 3);
  assert_int_equal(rows.ids[1], 2);
  assert_int_equal(rows.ids[2], 1);
  store_fixture_expect(f, 0, md_people_get(f->store, 1, f->arena, &person, &f->err));
  assert_int_equal(person.alias_of, 2);
}

enum { CROWD = 1500 };

// P3: a person of any number of rows, in the longest chain that there can be, whichever way it points.
static void test_a_long_chain_is_one_person(void **state) {
  store_fixture *f = *state;
  for (int upwards = 0; upwards < 2; upwards++) {
    int64_t first = 0, last = 0, canonical = 0;
    md_members rows;
    store_fixture_begin(f);
    for (int i = 0; i < CROWD; i++) {
      last = make_person(f->store, NULL, NULL);
      if (i == 0) first = last;
    }
    for (int i = 1; i < CROWD; i++) {
      int64_t alias = upwards ? first + i - 1 : last - i + 1;
      store_fixture_expect(f, 0, md_people_alias(f->store, alias, upwards ? alias + 1 : alias - 1, 1, 1, &f->err));
    }
    store_fixture_commit(f);
    store_fixture_expect(f, 0, md_people_canonical(f->store, upwards ? first : last, &canonical, &f->err));
    assert_int_equal(canonical, upwards ? last : first);
    store_fixture_expect(f, 0, md_people_rows(f->store, first + 900, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, CROWD);
    assert_int_equal(rows.ids[0], canonical);
    assert_int_equal(rows.ids[CROWD - 1], upwards ? first : last);
  }
}

// Only damage makes a circle of aliases: it is one person still, and no failure of the storage.
static void test_a_circle_is_one_person(void **state) {
  store_fixture *f = *state;
  md_members rows;
  store_fixture_begin(f);
  for (int i = 0; i < 9; i++)
    make_person(f->store, NULL, NULL);
  assert_int_equal(
      sqlite3_exec(f->store->db,
                   "UPDATE people SET alias_of = id - 1 WHERE id BETWEEN 2 AND 8;"
                   "UPDATE people SET alias_of = 6 WHERE id = 3; UPDATE people SET alias_of = 9 WHERE id = 9",
                   NULL, NULL, NULL),
      SQLITE_OK);
  store_fixture_commit(f);
  for (int64_t id = 3; id < 10; id++) { // 8 → 7 → 6 → 5 → 4 → 3 → 6; 9 → 9
    int64_t canonical = 0;
    store_fixture_expect(f, 0, md_people_canonical(f->store, id, &canonical, &f->err));
    assert_int_equal(canonical, id == 9 ? 9 : 3);
    store_fixture_expect(f, 0, md_people_rows(f->store, id, f->arena, &rows, &f->err));
    assert_int_equal(rows.count, id == 9 ? 1 : 6);
  }
}

static int see_consent(void *context, const md_consent *row) {
  char *text = context;
  sprintf(text + strlen(text), "%s:%s:%s:%s:%d ", row->given ? "given" : "withdrawn", row->channel, row->purpose,
          row->text ? row->text : "-", (int)row->at);
  return 0;
}

// P7
static void test_consents_come_oldest_first(void **state) {
  store_fixture *f = *state;
  char text[200] = "";
  md_consent given = {.person = 1, .event_seq = 2, .at = 5, .given = true, .channel = "email", .purpose = "marketing"};
  md_consent withdrawn = {.person = 1, .event_seq = 3, .at = 6, .channel = "*", .purpose = "*", .text = "nej"};
  md_consent other = {.person = 2, .channel = "sms", .purpose = "feedback"};
  store_fixture_expect(f, 0, md_consents_insert(f->store, &given, &f->err));
  store_fixture_expect(f, 0, md_consents_insert(f->store, &other, &f->err));
  store_fixture_expect(f, 0, md_consents_insert(f->store, &withdrawn, &f->err));
  store_fixture_expect(f, 0, md_consents_list(f->store, 1, see_consent, text, &f->err));
  assert_string_equal(text, "given:email:marketing:-:5 withdrawn:*:*:nej:6 ");
}

// P4
static void test_a_thing_gets_its_parent(void **state) {
  store_fixture *f = *state;
  md_thing thing;
  store_fixture_begin(f);
  make_thing(f->store, "parcel", "p1", NULL, NULL);
  make_thing(f->store, "order", "p1", "person", "7");
  store_fixture_expect(f, 0, md_things_get(f->store, "parcel", "p1", f->arena, &thing, &f->err));
  assert_null(thing.parent_kind);
  store_fixture_expect(f, 0, md_things_set_parent(f->store, thing.id, "order", "o1", &f->err));
  store_fixture_commit(f);
  store_fixture_expect(f, 0, md_things_get(f->store, "parcel", "p1", f->arena, &thing, &f->err));
  assert_string_equal(thing.kind, "parcel");
  assert_string_equal(thing.value, "p1");
  assert_string_equal(thing.parent_kind, "order");
  assert_string_equal(thing.parent_value, "o1");
  assert_int_equal(thing.first_seq, 1);
  store_fixture_expect(f, 0, md_things_get(f->store, "order", "p1", f->arena, &thing, &f->err));
  assert_string_equal(thing.parent_value, "7");
  store_fixture_expect(f, MD_ENOTFOUND, md_things_get(f->store, "order", "o2", f->arena, &thing, &f->err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_memory, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_person_is_found_by_each_identity),
      TEST(test_an_identity_is_added_once),
      TEST(test_a_profile_is_replaced),
      TEST(test_joins_are_aliases),
      TEST(test_a_long_chain_is_one_person),
      TEST(test_a_circle_is_one_person),
      TEST(test_consents_come_oldest_first),
      TEST(test_a_thing_gets_its_parent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
