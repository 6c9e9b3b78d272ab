// SPDX-License-Identifier: Apache-2.0
// The tables of moments, versions, files and API keys: R7, A1.
#include "store/keys.h"
#include "store/versions.h"
#include "store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const md_version_file files[] = {
    {"shared/view.lua", "return {}", 9},
    {"cart/moment.lua", "re\0turn", 7},
    {"cart/empty.md", NULL, 0},
};

static void test_a_version_is_stored_once(void **state) {
  store_fixture *f = *state;
  int64_t id = 0, again = 0, other = 0;
  const md_version_origin first = {.note = "first", .author = "ida", .door = "deploy"},
                          again_origin = {.note = "again"};
  md_version version;
  store_fixture_begin(f);
  store_fixture_expect(f, 0, md_versions_put(f->store, "cart", "aa", files, 3, &first, 5, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_put(f->store, "cart", "aa", files, 3, &again_origin, 6, &again, &f->err));
  store_fixture_expect(f, 0, md_versions_put(f->store, "order", "aa", files, 3, NULL, 7, &other, &f->err));
  store_fixture_commit(f);
  assert_int_equal(id, again);
  assert_int_not_equal(id, other);
  assert_int_equal(md_store_count(f->store, "versions", &f->err), 2);
  assert_int_equal(md_store_count(f->store, "files", &f->err), 3);
  store_fixture_expect(f, 0, md_versions_get(f->store, id, f->arena, &version, &f->err));
  assert_string_equal(version.moment, "cart");
  assert_string_equal(version.digest, "aa");
  assert_string_equal(version.note, "first");
  assert_string_equal(version.author, "ida");
  assert_string_equal(version.door, "deploy");
  assert_int_equal(version.created_at, 5);
  store_fixture_expect(f, MD_ENOTFOUND, md_versions_get(f->store, 99, f->arena, &version, &f->err));
}

static void test_files_come_sorted(void **state) {
  store_fixture *f = *state;
  int64_t id = 0;
  md_version_file *out;
  int count = 0;
  store_fixture_expect(f, 0, md_versions_put(f->store, "cart", "aa", files, 3, NULL, 5, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_files(f->store, id, f->arena, &out, &count, &f->err));
  assert_int_equal(count, 3);
  assert_string_equal(out[0].path, "cart/empty.md");
  assert_int_equal(out[0].len, 0);
  assert_string_equal(out[1].path, "cart/moment.lua");
  assert_int_equal(out[1].len, 7);
  assert_memory_equal(out[1].data, "re\0turn", 7);
  assert_string_equal(out[2].path, "shared/view.lua");
  store_fixture_expect(f, 0, md_versions_files(f->store, 99, f->arena, &out, &count, &f->err));
  assert_int_equal(count, 0);
}

static int see_version(void *context, const md_version *row) {
  char *text = context;
  sprintf(text + strlen(text), "%s/%s ", row->moment, row->digest);
  return 0;
}

static int see_moment(void *context, const md_moment_row *moment) {
  char *text = context;
  sprintf(text + strlen(text), "%s=%d/%s ", moment->name, (int)moment->live,
          moment->rolled_back_from ? moment->rolled_back_from : "-");
  return 0;
}

static void test_versions_and_moments_are_listed(void **state) {
  store_fixture *f = *state;
  char all[100] = "", one[100] = "", moments[100] = "";
  int64_t id;
  store_fixture_expect(f, 0, md_versions_put(f->store, "cart", "aa", files, 3, NULL, 5, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_put(f->store, "order", "bb", files, 1, NULL, 5, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_put(f->store, "cart", "cc", files, 1, NULL, 5, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_list(f->store, NULL, see_version, all, &f->err));
  assert_string_equal(all, "cart/cc order/bb cart/aa ");
  store_fixture_expect(f, 0, md_versions_list(f->store, "cart", see_version, one, &f->err));
  assert_string_equal(one, "cart/cc cart/aa ");
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "order", 2, 10, &f->err));
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", 1, 11, &f->err));
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "order", 0, 12, &f->err));
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", 3, 13, &f->err));
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", 3, 14, &f->err));
  store_fixture_expect(f, 0, md_moments_set_rolled_back(f->store, "cart", "aa", &f->err));
  store_fixture_expect(f, 0, md_moments_set_rolled_back(f->store, "nobody", "aa", &f->err));
  store_fixture_expect(f, 0, md_moments_list(f->store, see_moment, moments, &f->err));
  assert_string_equal(moments, "cart=3/aa order=0/- ");
  md_version version;
  store_fixture_expect(f, 0, md_versions_get(f->store, 3, f->arena, &version, &f->err));
  assert_int_equal(version.live_at, 14);
  store_fixture_expect(f, 0, md_versions_get(f->store, 1, f->arena, &version, &f->err));
  assert_int_equal(version.live_at, 11);
}

// The one that was live before is the one whose time of going live is the next lower; going back changes no time.
static void test_a_moment_is_rolled_back(void **state) {
  store_fixture *f = *state;
  static const char *const digests[] = {"aa", "bb", "cc", "dd"};
  int64_t id = 0;
  md_moment_row row;
  for (int i = 0; i < 4; i++)
    store_fixture_expect(f, 0, md_versions_put(f->store, "cart", digests[i], files, 1, NULL, 5, &id, &f->err));
  for (int i = 0; i < 3; i++) // dd never was
    store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", i + 1, 10 + i, &f->err));
  store_fixture_expect(f, 0, md_versions_find(f->store, "cart", "bb", &id, &f->err));
  assert_int_equal(id, 2);
  store_fixture_expect(f, MD_ENOTFOUND, md_versions_find(f->store, "order", "bb", &id, &f->err));
  store_fixture_expect(f, 0, md_versions_before(f->store, "cart", 3, &id, &f->err));
  assert_int_equal(id, 2);
  store_fixture_expect(f, 0, md_moments_roll_back(f->store, "cart", 2, "cc", 20, &f->err));
  store_fixture_expect(f, 0, md_versions_before(f->store, "cart", 2, &id, &f->err));
  assert_int_equal(id, 1);
  store_fixture_expect(f, MD_ENOTFOUND, md_versions_before(f->store, "cart", 1, &id, &f->err));
  store_fixture_expect(f, 0, md_versions_before(f->store, "cart", 0, &id, &f->err));
  assert_int_equal(id, 3);
  store_fixture_expect(f, 0, md_moments_get(f->store, "cart", f->arena, &row, &f->err));
  assert_int_equal(row.live, 2);
  assert_string_equal(row.rolled_back_from, "cc");
  store_fixture_expect(f, MD_ENOTFOUND, md_moments_get(f->store, "nobody", f->arena, &row, &f->err));
}

static void test_a_moment_is_paused(void **state) {
  store_fixture *f = *state;
  md_micros since = 9;
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", 1, 10, &f->err));
  store_fixture_expect(f, 0, md_moments_paused_at(f->store, "cart", &since, &f->err));
  assert_int_equal(since, 0);
  store_fixture_expect(f, 0, md_moments_set_paused(f->store, "cart", 7, &f->err));
  store_fixture_expect(f, 0, md_moments_set_live(f->store, "cart", 2, 11, &f->err)); // a new version is paused, too
  store_fixture_expect(f, 0, md_moments_paused_at(f->store, "cart", &since, &f->err));
  assert_int_equal(since, 7);
  store_fixture_expect(f, 0, md_moments_paused_at(f->store, "nobody", &since, &f->err));
  assert_int_equal(since, 0);
}

static int see_key(void *context, const md_api_key *key) {
  char *text = context;
  sprintf(text + strlen(text), "%s/%s/%s/%s/%d/%d ", key->name, key->scopes, key->source ? key->source : "-",
          key->types ? key->types : "-", key->hash[31], (int)key->revoked_at);
  return 0;
}

// A1
static void test_keys_are_revoked_by_name(void **state) {
  store_fixture *f = *state;
  char text[200] = "";
  md_api_key shop = {.name = "shop", .scopes = "events", .source = "web", .types = "order.*", .hash = {[31] = 9}};
  md_api_key ci = {.name = "ci", .scopes = "deploy"};
  store_fixture_expect(f, 0, md_keys_insert(f->store, &shop, &f->err));
  store_fixture_expect(f, 0, md_keys_insert(f->store, &ci, &f->err));
  assert_int_equal(ci.id, 2);
  store_fixture_expect(f, MD_EEXISTS, md_keys_insert(f->store, &ci, &f->err));
  store_fixture_expect(f, 0, md_keys_revoke(f->store, "ci", 50, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_keys_revoke(f->store, "ci", 60, &f->err));
  store_fixture_expect(f, MD_ENOTFOUND, md_keys_revoke(f->store, "nobody", 60, &f->err));
  store_fixture_expect(f, 0, md_keys_list(f->store, see_key, text, &f->err));
  assert_string_equal(text, "shop/events/web/order.*/9/0 ci/deploy/-/-/0/50 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_fixture_setup_memory, store_fixture_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_version_is_stored_once), TEST(test_files_come_sorted),  TEST(test_versions_and_moments_are_listed),
      TEST(test_a_moment_is_rolled_back),  TEST(test_a_moment_is_paused), TEST(test_keys_are_revoked_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
