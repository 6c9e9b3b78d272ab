// SPDX-License-Identifier: Apache-2.0
// `momentd stats`: the statistics as a calculator, JSON in and JSON out; and the help of each method from its tables.
#include "base/json.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/stats_input.h"
#include "stats/method.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_value(md_buffer *out, const json_t *value);

static void write_array(md_buffer *out, const json_t *array) {
  md_buffer_putc(out, '[');
  for (size_t i = 0; i < json_array_size(array); i++) {
    if (i) md_buffer_putc(out, ',');
    write_value(out, json_array_get(array, i));
  }
  md_buffer_putc(out, ']');
}

static void write_object(md_buffer *out, const json_t *object) {
  json_t *borrowed = (json_t *)object; // jansson's iteration asks for a mutable one, and changes nothing
  char before = '{';
  for (void *at = json_object_iter(borrowed); at; at = json_object_iter_next(borrowed, at)) {
    md_buffer_putc(out, before);
    md_json_write_string(out, json_object_iter_key(at), json_object_iter_key_len(at));
    md_buffer_putc(out, ':');
    write_value(out, json_object_iter_value(at));
    before = ',';
  }
  md_buffer_puts(out, before == '{' ? "{}" : "}");
}

// Fields in their table's order, numbers with 17 digits: they read back exactly.
static void write_value(md_buffer *out, const json_t *value) {
  if (json_is_object(value))
    write_object(out, value);
  else if (json_is_array(value))
    write_array(out, value);
  else if (json_is_real(value))
    md_buffer_printf(out, "%.17g", json_real_value(value));
  else
    md_json_write(out, value);
}

static int print(const json_t *result) {
  md_buffer out;
  md_buffer_init(&out);
  write_value(&out, result);
  md_buffer_putc(&out, '\n');
  bool ok = md_buffer_ok(&out) && fwrite(out.data, 1, out.len, stdout) == out.len;
  md_buffer_deinit(&out);
  return ok ? MD_EXIT_OK : MD_EXIT_FAILED;
}

static int call(const char *method, const md_buffer *text, json_t **result, md_error *err) {
  json_t *in = md_json_parse_reals(text->data, text->len, err);
  return in ? md_stats_call(method, in, result, err) : err->code;
}

// Bad input is wrong usage; memory and files are not the caller's fault.
static int fail(const char *method, const md_error *err) {
  md_print_error("momentd stats %s: %s\n", method, err->text);
  return err->code == MD_ENOMEM || err->code == MD_EIO ? MD_EXIT_FAILED : MD_EXIT_USAGE;
}

static int compute(const char *method, md_arena *arena) {
  md_error err = {0};
  md_buffer text;
  json_t *result = NULL;
  md_buffer_init(&text);
  md_arena *scope = md_json_scope(arena);
  int code = md_stats_input_read(STDIN_FILENO, md_stats_method_find(method), &text, &err);
  if (!code) code = call(method, &text, &result, &err);
  code = code ? fail(method, &err) : print(result);
  md_json_scope(scope);
  md_buffer_deinit(&text);
  return code;
}

static int unknown(const char *name) {
  const char *nearest = md_stats_method_nearest(name);
  if (nearest)
    md_print_error("momentd stats: there is no method \"%s\"; did you mean %s?\n", name, nearest);
  else
    md_print_error("momentd stats: there is no method \"%s\"; momentd stats --list shows them\n", name);
  return MD_EXIT_USAGE;
}

static int list(void) {
  const md_stats_method *method;
  for (size_t i = 0; (method = md_stats_method_at(i)); i++)
    printf("%-45s %s\n", method->name, method->summary);
  return MD_EXIT_OK;
}

static int stats(const md_cli_args *args) {
  if (md_cli_switch(args, "list")) return list();
  if (args->positional_count == 0) return md_cli_misuse(args, "say which method; momentd stats --list shows them");
  const char *name = args->positional[0];
  if (!md_stats_method_find(name)) return unknown(name);
  md_arena *arena = md_arena_new(0);
  if (!arena) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  int code = compute(name, arena);
  md_arena_free(arena);
  return code;
}

static const char *type_name(const md_stats_field *field, char text[static 128]) {
  static const char *const names[] = {
      "count", "number", "true or false", "", "text", "an arm: {n, sum, sum_squares} or {n, x}", "object", "pairs"};
  static const char *const lists[] = {"counts", "numbers", "", "", "texts", "", "objects", "lists of pairs"};
  if (field->list) {
    snprintf(text, 128, "list of %s", lists[field->type]);
  } else if (field->type == MD_STATS_WORD) {
    text[0] = '\0';
    for (const char *const *word = field->words; *word; word++)
      snprintf(text + strlen(text), 128 - strlen(text), "%s\"%s\"", word == field->words ? "" : " or ", *word);
  } else {
    snprintf(text, 128, "%s", names[field->type]);
  }
  return text;
}

static void print_bounds(const md_stats_field *field) {
  if (field->least < field->most) {
    if (!isinf(field->least)) printf(", %s %.17g", field->open ? "more than" : "at least", field->least);
    if (!isinf(field->most)) printf(", %s %.17g", field->open ? "less than" : "at most", field->most);
  }
  if (field->at_most) printf(", at most %s", field->at_most);
  if (field->as_many_as) printf(", as many as %s", field->as_many_as);
  if (field->list && field->longest) printf(", at most %zu items", field->longest);
  if (field->optional && field->otherwise) printf(" (default %s)", field->otherwise);
}

static void print_fields(const md_stats_field *fields, const char *prefix, bool input) {
  for (const md_stats_field *field = fields; field->name; field++) {
    char path[96], type[128];
    snprintf(path, sizeof path, "%s%s", prefix, field->name);
    printf("  %s%s\n      %s [%s]; %s", path, field->list ? "[]" : "", field->meaning, field->unit,
           type_name(field, type));
    if (input) print_bounds(field);
    puts("");
    snprintf(path, sizeof path, "%s%s%s.", prefix, field->name, field->list ? "[]" : "");
    if (field->members) print_fields(field->members, path, input);
  }
}

static int help(const md_cli_args *args) {
  const md_stats_method *method = md_stats_method_find(args->positional[0]);
  if (!method) return unknown(args->positional[0]);
  const char *stop = strchr(method->summary, '?') ? "" : ".";
  printf("%s%s\n\nUsage: momentd stats %s < INPUT.json\nSource: %s.\n\nInput, one JSON object:\n", method->summary,
         stop, method->name, method->source);
  print_fields(method->in, "", true);
  puts("\nOutput, one JSON object:");
  print_fields(method->out, "", false);
  puts("  why\n      only where a result does not exist and is null: the reason [text]; text");
  printf("\nLists have at most %d items, unless it says otherwise.\n", MD_STATS_VALUES_MAX);
  return MD_EXIT_OK;
}

static const md_cli_option options[] = {{"list", NULL, "show the methods"}, {0}};

const md_cli_command md_cli_stats = {
    .name = "stats",
    .arguments = "METHOD",
    .summary = "Compute a statistic: JSON on standard input, JSON on standard output",
    .notes =
        "momentd stats METHOD --help shows a method's fields. Input that is missing or impossible is answered with\n"
        "one line that names the field and the rule, and exit code 2.",
    .example = "  echo '{\"x\":15,\"n\":148,\"level\":0.95}' | momentd stats wilson_interval",
    .options = options,
    .positional_max = 1,
    .run = stats,
    .help = help,
};
