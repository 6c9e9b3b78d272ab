// SPDX-License-Identifier: Apache-2.0
// Tests of method.c, decode.c and encode.c: what is refused and how it is named, defaults, both forms of an arm, nulls
// with their reason, well-formed tables, and memory that fails at every allocation.
#include "base/alloc.h"
#include "base/json.h"
#include "stats/method.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
  *state = md_arena_new(0);
  md_json_init();
  md_json_scope(*state);
  return 0;
}

static int teardown(void **state) {
  md_json_scope(NULL);
  md_arena_free(*state);
  return 0;
}

static json_t *parse(const char *text) {
  md_error err = {0};
  json_t *in = md_json_parse(text, strlen(text), true, &err);
  if (!in) fail_msg("%s: %s", text, err.text);
  return in;
}

static void assert_refused(const char *method, const char *text, const char *wanted) {
  md_error err = {0};
  json_t *out = NULL;
  assert_int_equal(md_stats_call(method, parse(text), &out, &err), MD_EINVAL);
  assert_null(out);
  assert_string_equal(err.text, wanted);
}

static json_t *ask(const char *method, const char *text) {
  md_error err = {0};
  json_t *out = NULL;
  if (md_stats_call(method, parse(text), &out, &err)) fail_msg("%s %s: %s", method, text, err.text);
  return out;
}

static double number(const json_t *out, const char *field) {
  return json_number_value(json_object_get(out, field));
}

static void names_the_field_and_the_rule(void **state) {
  (void)state;
  assert_refused("wilson_interval", "{\"x\":1}", "n: is missing; give a whole number");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":null}", "n: must be a whole number, not null");
  assert_refused("wilson_interval", "{\"x\":\"1\",\"n\":2}", "x: must be a whole number, not text");
  assert_refused("wilson_interval", "{\"x\":-1,\"n\":2}", "x: must not be negative: it counts");
  assert_refused("wilson_interval", "{\"x\":0.5,\"n\":2}", "x: must be a whole number: it counts");
  assert_refused("wilson_interval", "{\"x\":3,\"n\":2}", "x: must be at most n: 3 is more than 2");
  assert_refused("wilson_interval", "{\"x\":0,\"n\":0}", "n: must be at least 1, not 0");
  assert_refused("wilson_interval", "{\"x\":0,\"n\":1e300}", "n: must be at most 9007199254740992 (2^53)");
  assert_refused("wilson_interval", "{\"x\":0,\"n\":9,\"level\":1}",
                 "level: must be more than 0 and less than 1, not 1");
  assert_refused("wilson_interval", "[]", "the input: must be a JSON object");
  assert_refused("k_proportions_chi2", "{\"x\":[],\"n\":[]}", "x: must not be empty");
  assert_refused("k_proportions_chi2", "{\"x\":[1],\"n\":[2]}", "x: must have at least 2 items, not 1");
  assert_refused("k_proportions_chi2", "{\"x\":[1,2],\"n\":[2,3,4]}", "n: must be as long as x: 2 items, not 3");
  assert_refused("k_proportions_chi2", "{\"x\":[1,5],\"n\":[2,3]}", "x[1]: must be at most n: 5 is more than 3");
  assert_refused("k_proportions_chi2", "{\"x\":[1,true],\"n\":[2,3]}", "x[1]: must be a whole number, not true");
  assert_refused("k_proportions_chi2", "{\"x\":7,\"n\":[2,3]}", "x: must be a list, not a number");
  assert_refused("mantel_haenszel_simpson", "{\"strata\":[{\"x_a\":1,\"n_a\":0,\"x_b\":0,\"n_b\":3}]}",
                 "strata[0].x_a: must be at most n_a: 1 is more than 0");
  assert_refused("srm_chi_square", "{\"observed\":[1,2],\"weights\":[0,0]}", "weights: must not sum to 0");
  assert_refused("asympcs_mean",
                 "{\"control\":{\"n\":2,\"sum\":4,\"sum_squares\":7},\"treatment\":{\"n\":2,\"x\":1},"
                 "\"difference\":\"absolute\",\"alpha\":0.05,\"tuning_n\":100}",
                 "control.sum_squares: must be at least sum * sum / n: no values have less");
  assert_refused("asympcs_mean",
                 "{\"control\":{\"n\":2,\"x\":1},\"treatment\":{\"n\":2,\"x\":1},"
                 "\"difference\":\"both\",\"alpha\":0.05,\"tuning_n\":100}",
                 "difference: must be \"relative\" or \"absolute\"");
  assert_refused("group_sequential_lan_demets_obf", "{\"alpha_two_sided\":0.05,\"information_fractions\":[0.5,0.5]}",
                 "information_fractions[1]: must be more than the one before, by 0.001 at least");
}

static void a_misspelt_field_is_no_default(void **state) {
  (void)state;
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"levle\":0.9}", "levle: is no field; did you mean level?");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"LEVEL\":0.9}", "LEVEL: is no field; did you mean level?");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"level\":0.9,\"Level\":0.8}",
                 "Level: is no field; did you mean level?");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"conf_level\":0.9}",
                 "conf_level: is no field; did you mean level?");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"lvl\":0.9}", "lvl: is no field; there are x, n, level");
  assert_refused("wilson_interval", "{\"x\":1,\"n\":2,\"a\\nb\\u001b\":0.9}",
                 "a?b?: is no field; there are x, n, level");
  assert_refused("mantel_haenszel_simpson",
                 "{\"strata\":[{\"x_a\":1,\"n_a\":2,\"x_b\":0,\"n_b\":3,\"name\":\"spring\"}]}",
                 "strata[0].name: is no field; there are x_a, n_a, x_b, n_b");
  assert_refused("mean_ttest_absolute",
                 "{\"control\":{\"n\":2,\"sum\":1,\"sum_square\":1,\"sum_squares\":1},\"treatment\":{\"n\":2,\"x\":1}}",
                 "control.sum_square: is no field; did you mean sum_squares?");
}

// 2^53 is the last whole number that a double counts to; the next would be taken for it.
static void counts_end_at_2_to_the_53(void **state) {
  (void)state;
  ask("wilson_interval", "{\"x\":9007199254740992,\"n\":9007199254740992}");
  assert_refused("wilson_interval", "{\"x\":0,\"n\":9007199254740993}", "n: must be at most 9007199254740992 (2^53)");
  assert_refused("wilson_interval", "{\"x\":0,\"n\":9223372036854775807}",
                 "n: must be at most 9007199254740992 (2^53)");
  assert_refused(
      "beta_binomial_chance_to_win",
      "{\"x_control\":1,\"n_control\":2,\"x_treatment\":1,\"n_treatment\":2,\"prior_alpha\":1e16,\"prior_beta\":1}",
      "prior_alpha: must be more than 0 and less than 9007199254740992, not 10000000000000000");
}

// No two numbers have a sum of 2 and a sum of squares of less than 2; up to what adding up rounds.
static void sums_that_no_values_have(void **state) {
  (void)state;
  static const char format[] =
      "{\"control\":{\"n\":10,\"sum\":1e8,\"sum_squares\":%s},\"treatment\":{\"n\":10,\"x\":3}}";
  char text[160];
  snprintf(text, sizeof text, format, "9.999999999e14");
  assert_refused("mean_ttest_absolute", text,
                 "control.sum_squares: must be at least sum * sum / n: no values have less");
  snprintf(text, sizeof text, format, "999999999999999.99");
  ask("mean_ttest_absolute", text);
}

// As often as alpha/2 chance alone finds something on that side: no number of subjects is too small for it.
static void power_is_more_than_chance(void **state) {
  (void)state;
  static const char refusal[] = "power: must be more than alpha_two_sided / 2, which chance alone gives: 0.25";
  assert_refused("sample_size_two_proportions",
                 "{\"p_control\":0.1,\"p_treatment\":0.2,\"alpha_two_sided\":0.5,\"power\":0.25}", refusal);
  assert_refused("sample_size_two_means", "{\"delta\":1,\"sd\":1,\"alpha_two_sided\":0.5,\"power\":0.1}", refusal);
  assert_refused("mde_two_proportions_absolute",
                 "{\"p_control\":0.1,\"n_per_arm\":100,\"alpha_two_sided\":0.5,\"power\":0.25}", refusal);
  ask("mde_two_proportions_absolute", "{\"p_control\":0.1,\"n_per_arm\":100,\"alpha_two_sided\":0.5,\"power\":0.2501}");
}

static void unknown_methods(void **state) {
  (void)state;
  md_error err = {0};
  json_t *out = NULL;
  assert_int_equal(md_stats_call("wilson", parse("{}"), &out, &err), MD_ENOTFOUND);
  assert_string_equal(md_stats_method_nearest("wilson_intervall"), "wilson_interval");
  assert_null(md_stats_method_nearest("chart"));
}

static void defaults_hold_and_whole_reals_count(void **state) {
  (void)state;
  json_t *plain = ask("wilson_interval", "{\"x\":15,\"n\":148}");
  json_t *said = ask("wilson_interval", "{\"x\":1.5e1,\"n\":148.0,\"level\":0.95}");
  assert_true(number(plain, "lower") == number(said, "lower"));
  json_t *series = ask("interrupted_time_series_ols", "{\"y\":[1,2,2,3,5,6,8],\"n_pre\":3}");
  json_t *lag = ask("interrupted_time_series_ols", "{\"y\":[1,2,2,3,5,6,8],\"n_pre\":3,\"lag\":2}");
  assert_true(json_equal(series, lag));
}

static void arms_in_both_forms(void **state) {
  (void)state;
  json_t *sums = ask("mean_ttest_absolute", "{\"control\":{\"n\":10,\"sum\":3,\"sum_squares\":3},"
                                            "\"treatment\":{\"n\":10,\"sum\":5,\"sum_squares\":5}}");
  json_t *counts = ask("mean_ttest_absolute", "{\"control\":{\"n\":10,\"x\":3},\"treatment\":{\"n\":10,\"x\":5}}");
  assert_true(json_equal(sums, counts));
}

static void null_has_its_reason(void **state) {
  (void)state;
  json_t *out = ask("two_proportion_z_pooled", "{\"x_control\":0,\"n_control\":5,\"x_treatment\":0,\"n_treatment\":5}");
  assert_true(json_is_null(json_object_get(out, "z")));
  assert_true(number(out, "diff") == 0);
  assert_non_null(strstr(md_json_text(out, "why"), "nothing varies"));
  assert_null(json_object_get(ask("wilson_interval", "{\"x\":1,\"n\":2}"), "why"));
}

// Every field of every table has a name, a unit and a meaning, and what it refers to is there.
static void check_table(const char *method, const md_stats_field *fields) {
  for (const md_stats_field *field = fields; field->name; field++) {
    bool at_most = !field->at_most, as_many = !field->as_many_as;
    if (!field->unit || !field->meaning) fail_msg("%s: %s lacks its unit or meaning", method, field->name);
    if (field->optional && !field->otherwise) fail_msg("%s: %s has no default", method, field->name);
    if ((field->type == MD_STATS_WORD) != (field->words != NULL)) fail_msg("%s: %s and its words", method, field->name);
    for (const md_stats_field *other = fields; other->name; other++) {
      at_most |= field->at_most && strcmp(field->at_most, other->name) == 0;
      as_many |= field->as_many_as && strcmp(field->as_many_as, other->name) == 0;
    }
    if (!at_most || !as_many) fail_msg("%s: %s refers to a field that is not there", method, field->name);
    if (field->members) check_table(method, field->members);
  }
}

static void tables_are_whole(void **state) {
  (void)state;
  const md_stats_method *method;
  size_t count = 0;
  for (; (method = md_stats_method_at(count)); count++) {
    assert_ptr_equal(md_stats_method_find(method->name), method);
    assert_non_null(method->source);
    check_table(method->name, method->in);
    check_table(method->name, method->out);
  }
  assert_int_equal(count, 42);
}

// Each allocation fails once: the answer is then MD_ENOMEM, and never a result.
static void memory_that_fails(void **state) {
  static const char *const calls[][2] = {
      {"beta_binomial_prob_best_multiarm", "{\"x\":[1,2,3],\"n\":[9,9,9],\"prior_alpha\":1,\"prior_beta\":1}"},
      {"thompson_weights_gaussian", "{\"posterior_mean\":[1,2],\"posterior_sd\":[1,1],\"min_weight\":0.1}"},
      {"group_sequential_lan_demets_obf", "{\"alpha_two_sided\":0.05,\"information_fractions\":[0.5,1]}"},
      {"funnel_dropoff_wilson", "{\"step_counts\":[9,5,3]}"},
      {"bucket_ranges", "{\"cases\":[{\"n\":3,\"coverage\":1}]}"},
      {"multiple_testing_adjust", "{\"p_values\":[0.1,0.2]}"}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    json_t *in = parse(calls[i][1]);
    int code = MD_ENOMEM;
    for (long n = 1; code; n++) {
      md_error err = {0};
      json_t *out = NULL;
      md_arena *small = md_arena_new(64);
      md_json_scope(small);
      md_alloc_fail_after(n, 0);
      code = md_stats_call(calls[i][0], in, &out, &err);
      md_alloc_fail_after(0, 0);
      if (code) {
        assert_int_equal(code, MD_ENOMEM);
        assert_null(out);
      }
      md_json_scope(*state);
      md_arena_free(small);
      assert_true(n < 100);
    }
  }
}

static void an_arm_has_one_form(void **state) {
  (void)state;
  assert_refused("mean_ttest_absolute",
                 "{\"control\":{\"n\":5,\"x\":2,\"sum\":2,\"sum_squares\":2},\"treatment\":{\"n\":5,\"x\":2}}",
                 "control.x: must not stand beside sum: give {n, x} or {n, sum, sum_squares}");
  assert_refused("asympcs_binary",
                 "{\"control\":{\"n\":5},\"treatment\":{\"n\":5,\"x\":2},\"difference\":\"absolute\","
                 "\"alpha\":0.05,\"tuning_n\":10}",
                 "control.x: is missing; give x, or sum and sum_squares");
  assert_refused("asympcs_binary",
                 "{\"control\":{\"n\":5,\"x\":1},\"treatment\":{\"n\":5,\"sum\":2,\"sum_squares\":3},"
                 "\"difference\":\"absolute\",\"alpha\":0.05,\"tuning_n\":10}",
                 "treatment.sum_squares: must be the sum itself: each value is 0 or 1");
  assert_refused("gaussian_posterior_relative_lift",
                 "{\"control\":{\"n\":5,\"sum\":2,\"sum_squares\":4},\"treatment\":"
                 "{\"n\":5,\"x\":2},\"prior\":{\"proper\":false},\"metric\":\"binary\"}",
                 "control.sum_squares: must be the sum itself: each value is 0 or 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_the_field_and_the_rule),
      cmocka_unit_test(a_misspelt_field_is_no_default),
      cmocka_unit_test(counts_end_at_2_to_the_53),
      cmocka_unit_test(sums_that_no_values_have),
      cmocka_unit_test(power_is_more_than_chance),
      cmocka_unit_test(unknown_methods),
      cmocka_unit_test(defaults_hold_and_whole_reals_count),
      cmocka_unit_test(arms_in_both_forms),
      cmocka_unit_test(an_arm_has_one_form),
      cmocka_unit_test(null_has_its_reason),
      cmocka_unit_test(tables_are_whole),
      cmocka_unit_test(memory_that_fails),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
