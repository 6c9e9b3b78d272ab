// SPDX-License-Identifier: Apache-2.0
// `momentd describe`: moments in words, from the code that is live.
#include "base/log.h"
#include "cli/commands.h"
#include "cli/describe_page.h"
#include "cli/policy.h"
#include "cli/reader.h"
#include "cli/scripts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef enum form { FORM_MARKDOWN, FORM_HTML, FORM_JSON } form;

typedef struct description {
  const md_cli_args *args;
  md_arena *arena;
  form form;
  md_settings settings;
  md_shelf shelf;
  md_doc doc;
  md_buffer out;
  const char *ending; // of files: ".html"
  bool unreachable;   // the database
  int broken;         // moments that could not be described
} description;

static int read_form(description *d, md_error *err) {
  static const char *const names[] = {"md", "html", "json"};
  int given = 0;
  for (int i = 0; i < 3; i++) {
    if (!md_cli_switch(d->args, names[i])) continue;
    d->form = (form)i;
    given++;
  }
  return given > 1 ? md_error_set(err, MD_EINVAL, "give one of --md, --html and --json") : 0;
}

static int open_store(description *d, md_error *err) {
  bool tree = d->shelf.of_tree;
  if (tree && !md_cli_arg(d->args, "db")) return 0;
  md_store_options options = {.path = md_db_path(d->args), .read_only = true};
  int code = md_store_open(&d->shelf.store, &options, err);
  d->unreachable = code == MD_ENOTFOUND || code == MD_EDENIED;
  return code;
}

static int open_shelf(description *d, md_error *err) {
  int code = md_settings_load(&d->settings, d->args, d->arena, err);
  d->shelf = (md_shelf){.arena = d->arena, .settings = &d->settings, .of_tree = md_cli_arg(d->args, "scripts") != NULL};
  d->doc = (md_doc){.arena = d->arena, .settings = &d->settings, .shelf = &d->shelf};
  if (!code) code = md_policy_of_settings(&d->settings, NULL, &d->doc.policy, err);
  if (!code && d->shelf.of_tree) code = md_scripts_read(&d->settings.scripts, d->arena, &d->shelf.tree, NULL, err);
  if (!code) code = open_store(d, err);
  return code ? code : md_shelf_open(&d->shelf, err);
}

// The version that it is compared with: the one that was asked for, else the one before, if there is one.
static int open_since(description *d, md_subject *since, bool *there, md_error *err) {
  const char *digest = md_cli_arg(d->args, "since");
  if (digest && !d->shelf.store)
    return md_error_set(err, MD_EINVAL, "--since needs the database that has the version: give --db FILE too");
  int code = digest ? md_subject_open(since, &d->shelf, d->doc.subject.moment, digest, err)
                    : md_subject_before(since, &d->shelf, &d->doc.subject, err);
  *there = code == 0;
  if (digest || code == 0 || code == MD_ENOMEM) return code;
  *err = (md_error){0}; // a version before that cannot be read is none
  return 0;
}

static int make_moment(description *d, const char *moment, md_error *err) {
  md_subject since = {0};
  bool there = false;
  int code = md_subject_open(&d->doc.subject, &d->shelf, moment, md_cli_arg(d->args, "version"), err);
  if (!code) code = open_since(d, &since, &there, err);
  if (!code) code = md_doc_make(&d->doc, there ? &since : NULL, err);
  md_subject_close(&since);
  md_subject_close(&d->doc.subject);
  return code;
}

static void write_page(description *d, const md_page *page) {
  if (d->form == FORM_HTML)
    md_page_html(page, &d->out);
  else
    md_page_markdown(page, &d->out);
}

static void write_moment(description *d) {
  md_page page = {.arena = d->arena, .blocks = json_array()};
  if (d->form == FORM_JSON) {
    md_json_write(&d->out, d->doc.json);
    md_buffer_putc(&d->out, '\n');
    return;
  }
  md_page_of_moment(&page, &d->doc);
  write_page(d, &page);
}

// Writes what is in the buffer, and empties it. `path` NULL: to standard output.
static int save(description *d, const char *path, md_error *err) {
  if (!md_buffer_ok(&d->out)) return md_error_set(err, MD_ENOMEM, "out of memory");
  FILE *file = path ? fopen(path, "w") : stdout;
  if (!file) return md_error_set(err, MD_EIO, "%s: %s", path, strerror(errno));
  bool bad = fwrite(d->out.data, 1, d->out.len, file) != d->out.len;
  bad |= path ? fclose(file) != 0 : fflush(file) != 0;
  md_buffer_clear(&d->out);
  return bad ? md_error_set(err, MD_EIO, "%s: %s", path ? path : "standard output", strerror(errno)) : 0;
}

// One that cannot be described stands in the overview with the reason, and does not keep the others from it.
static json_t *broken(description *d, const char *moment, const md_error *why) {
  d->broken++;
  fprintf(stderr, "momentd: %s: %s\n", moment, why->text);
  return json_pack("{s:s, s:s}", "moment", moment, "error", why->text);
}

// All moments in full, each in a file of `directory`, or with --json a line each.
static int write_whole(description *d, const char *moment, const char *directory, md_error *err) {
  const char *path = directory ? md_arena_printf(d->arena, "%s/%s%s", directory, moment, d->ending) : NULL;
  if (directory && !path) return md_error_set(err, MD_ENOMEM, "out of memory");
  write_moment(d);
  return directory ? save(d, path, err) : 0;
}

static int outline_moment(description *d, const char *moment, md_error *err) {
  int code = md_subject_open(&d->doc.subject, &d->shelf, moment, NULL, err);
  if (!code) code = md_doc_outline(&d->doc, err);
  md_subject_close(&d->doc.subject);
  return code;
}

static int describe_all(description *d, const char *directory, md_error *err) {
  const char **names = NULL;
  json_t *docs = json_array();
  bool whole = directory || d->form == FORM_JSON;
  int count = md_shelf_moments(&d->shelf, &names, err), code = count < 0 ? count : 0;
  for (int i = 0; i < count && !code; i++) {
    md_error why = {0};
    code = whole ? make_moment(d, names[i], &why) : outline_moment(d, names[i], &why);
    json_array_append_new(docs, code ? broken(d, names[i], &why) : json_incref(d->doc.json));
    if (code == MD_ENOMEM) return md_error_set(err, code, "out of memory");
    bool made = code == 0;
    code = made && whole ? write_whole(d, names[i], directory, err) : 0;
  }
  if (code || d->form == FORM_JSON) return code;
  md_page page = {.arena = d->arena, .blocks = json_array()};
  md_page_of_moments(&page, docs, directory ? d->ending : NULL);
  write_page(d, &page);
  return 0;
}

static bool is_directory(const char *path) {
  struct stat info;
  return path && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int carry_out(description *d, md_error *err) {
  static const char *const endings[] = {".md", ".html", ".json"};
  const char *path = md_cli_arg(d->args, "out"), *directory = is_directory(path) ? path : NULL;
  const char *moment = d->args->positional_count ? d->args->positional[0] : NULL;
  d->ending = endings[d->form];
  int code = open_shelf(d, err);
  if (!code && moment) {
    code = make_moment(d, moment, err);
    if (!code) write_moment(d);
  } else if (!code) {
    code = describe_all(d, directory, err);
  }
  if (code || (d->form == FORM_JSON && directory && !moment)) return code;
  if (directory) path = md_arena_printf(d->arena, "%s/%s%s", directory, moment ? moment : "index", d->ending);
  if (directory && !path) return md_error_set(err, MD_ENOMEM, "out of memory");
  return save(d, path, err);
}

// The exit code of what could not be done.
static int failed(const description *d, const md_error *err) {
  int code = md_cli_fail(err);
  if (d->unreachable && err->code == MD_ENOTFOUND)
    fputs("Give the database of momentd run by --db FILE or MOMENTD_DB, or a script tree by --scripts DIR.\n", stderr);
  return d->unreachable ? MD_EXIT_UNREACHABLE : code;
}

static int misused(const md_cli_args *args, md_error *err) {
  bool picks = md_cli_arg(args, "version") || md_cli_arg(args, "since");
  if (picks && args->positional_count == 0)
    return md_error_set(err, MD_EINVAL, "--version and --since are of one moment: name it");
  return 0;
}

static int describe(const md_cli_args *args) {
  md_error err = {0};
  description *d = NULL;
  md_arena *arena = md_arena_new(0);
  if (arena) d = md_arena_alloc_zero(arena, sizeof *d);
  if (!d) return md_cli_fail(&(md_error){.code = MD_ENOMEM});
  *d = (description){.args = args, .arena = arena};
  if (read_form(d, &err) || misused(args, &err)) {
    md_arena_free(arena);
    return md_cli_misuse(args, "%s", err.text);
  }
  md_arena *scope = md_json_scope(arena);
  md_buffer_init(&d->out);
  md_log_configure(MD_LOG_ERROR, false, open("/dev/null", O_WRONLY | O_CLOEXEC)); // of the specs
  int code = carry_out(d, &err);
  code = code ? failed(d, &err) : d->broken ? MD_EXIT_FAILED : MD_EXIT_OK;
  md_buffer_deinit(&d->out);
  md_shelf_close(&d->shelf);
  if (d->shelf.store) md_store_close(d->shelf.store);
  md_json_scope(scope);
  md_arena_free(arena);
  return code;
}

static const md_cli_option options[] = {
    {"md", NULL, "Markdown, as without it"},
    {"html", NULL, "one HTML page that needs nothing else"},
    {"json", NULL, "one JSON object: all that the documents are made from"},
    {"version", "DIGEST", "another version than the live one: the beginning of its digest"},
    {"since", "DIGEST", "say what changed since this version; without it since the one before"},
    {"out", "FILE", "write it there, not on standard output; in a directory, MOMENT.html and the like"},
    {"scripts", "DIR", "describe a script tree, not what is live; may be given more than once"},
    {"config", "FILE", "take quiet hours, caps, senders and locale from this configuration file"},
    {0}};

const md_cli_command md_cli_describe = {
    .name = "describe",
    .arguments = "[MOMENT]",
    .summary = "Document moments from the code that is live: triggers, steps, messages, rules",
    .notes =
        "Reads the database, with or without a daemon: the files of the live version, its plan and experiments. Its\n"
        "specs are run, in memory, and the drawing shows the paths that they took. With --scripts and --db it\n"
        "describes the files, and what would change. Without MOMENT: an overview of all; with --out DIRECTORY\n"
        "each moment in a file of its own too, with --json an object a line.",
    .example = "  momentd describe abandoned_cart --db shop.db --html --out abandoned_cart.html",
    .options = options,
    .positional_min = 0,
    .positional_max = 1,
    .settings = MD_CLI_DB_SETTING,
    .run = describe,
};
