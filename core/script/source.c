// SPDX-License-Identifier: Apache-2.0
// Script trees: reading a directory, choosing the files of a version, its digest. Pure data; any thread.
#include "script/source.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/suggest.h"
#include "script/builtin.h"
#include "script/lexer.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LUA_FILE_MAX = 256 << 10, FOLDER_MAX = 4 << 20, MODULES_MAX = 256 };

typedef struct reading {
  md_arena *arena;
  md_source *out;
  int capacity;
  size_t folder_bytes; // of the top-level folder of the file read last
  md_error *err;
} reading;

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), tail = strlen(end);
  return len >= tail && strcmp(text + len - tail, end) == 0;
}

static int no_memory(md_error *err) {
  return md_error_set(err, MD_ENOMEM, "out of memory for the scripts");
}

static int source_add(md_source *source, int *capacity, md_arena *arena, md_source_file file, md_error *err) {
  if (source->count == *capacity) {
    int room = *capacity ? 2 * *capacity : 32;
    md_source_file *files = md_arena_alloc(arena, (size_t)room * sizeof *files);
    if (!files) return no_memory(err);
    if (source->count) memcpy(files, source->files, (size_t)source->count * sizeof *files);
    source->files = files;
    *capacity = room;
  }
  source->files[source->count++] = file;
  return 0;
}

static bool same_folder(const char *a, const char *b) {
  size_t len = strcspn(a, "/");
  return a[len] == '/' && strncmp(a, b, len + 1) == 0;
}

bool md_source_is_scratch(const char *path) {
  static const char *const ends[] = {"~", ".swp", ".swx", ".tmp", ".orig", ".rej", NULL};
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  for (const char *const *end = ends; *end; end++)
    if (ends_with(name, *end)) return true;
  return strcmp(name, "4913") == 0 || (name[0] == '#' && ends_with(name, "#")); // vim's test of a directory, emacs
}

static int refuse(reading *r, const char *path, const char *why) {
  return md_refusal_add(&r->out->refused, r->arena, path, why, r->err);
}

// S7. Files of a folder come one after the other. MD_ETOOBIG: it is refused, or with `*whole` its folder is.
static int check_size(reading *r, const char *path, size_t len, bool *whole, md_error *why) {
  const md_source *so_far = r->out;
  bool more = so_far->count && same_folder(path, so_far->files[so_far->count - 1].path);
  *whole = false;
  if (ends_with(path, ".lua") && len > LUA_FILE_MAX)
    return md_error_set(why, MD_ETOOBIG, "%s: a Lua file has at most 256 KiB, this one has %zu KiB: split it", path,
                        len >> 10);
  r->folder_bytes = more ? r->folder_bytes + len : len;
  *whole = r->folder_bytes > FOLDER_MAX && strchr(path, '/');
  if (r->folder_bytes <= FOLDER_MAX) return 0;
  return md_error_set(why, MD_ETOOBIG,
                      "a folder has at most 4 MiB, and with %s this one has more: make its files smaller", path);
}

static int keep_file(reading *r, const char *relative, const md_buffer *data) {
  md_source_file file = {.path = md_arena_strdup(r->arena, relative),
                         .data = md_arena_strndup(r->arena, data->len ? data->data : "", data->len),
                         .len = data->len};
  if (!file.path || !file.data) return no_memory(r->err);
  return source_add(r->out, &r->capacity, r->arena, file, r->err);
}

static int read_file(reading *r, const char *relative, const char *path, md_buffer *data, bool *whole, md_error *why) {
  *whole = false;
  int code = md_file_read(path, FOLDER_MAX, data, why);
  if (code == MD_ETOOBIG)
    return md_error_set(why, code, "%s: a folder has at most 4 MiB, and this file alone has more: make it smaller",
                        relative);
  if (code == MD_EDENIED) return md_error_set(why, code, "%s Let the user that runs momentd read it.", why->text);
  return code ? code : check_size(r, relative, data->len, whole, why);
}

// The rest of a folder that is refused whole is not read.
static int read_one(void *context, const char *relative, const char *path) {
  reading *r = context;
  md_buffer data;
  md_error why = {0};
  bool whole = false;
  if (md_refusal_of_path(r->out->refused, relative) || md_source_is_scratch(relative)) return 0;
  md_buffer_init(&data);
  int code = read_file(r, relative, path, &data, &whole, &why);
  if (code == MD_ENOMEM)
    code = no_memory(r->err);
  else if (code)
    code = refuse(r, whole ? md_arena_strndup(r->arena, relative, strcspn(relative, "/")) : relative, why.text);
  else
    code = keep_file(r, relative, &data);
  md_buffer_deinit(&data);
  return code;
}

static int passed_over(void *context, const char *relative, const md_error *why) {
  return refuse(context, relative, why->text);
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const md_source_file *)a)->path, ((const md_source_file *)b)->path);
}

static void source_sort(md_source *source) {
  if (source->count > 1) qsort(source->files, (size_t)source->count, sizeof *source->files, by_path);
}

int md_source_read(const char *directory, md_arena *arena, md_source *out, md_error *err) {
  *out = (md_source){0};
  reading r = {.arena = arena, .out = out, .err = err};
  int code = md_directory_walk(directory, read_one, passed_over, &r, err);
  source_sort(out);
  return code;
}

int md_source_check(const md_source *source, md_error *err) {
  md_source so_far = {.files = source->files};
  reading r = {.out = &so_far};
  bool whole;
  int code = 0;
  for (; so_far.count < source->count && !code; so_far.count++)
    code = check_size(&r, source->files[so_far.count].path, source->files[so_far.count].len, &whole, err);
  return code;
}

const md_source_file *md_source_find(const md_source *source, const char *path) {
  md_source_file key = {.path = path};
  return source->count ? bsearch(&key, source->files, (size_t)source->count, sizeof key, by_path) : NULL;
}

// The search for the modules of one version.
typedef struct following {
  const md_source *source;
  const char *moment;
  md_arena *arena;
  md_source *out;
  int capacity;
  md_error *err;
} following;

static bool chosen(const md_source *out, const md_source_file *file) {
  for (int i = 0; i < out->count; i++)
    if (out->files[i].data == file->data && strcmp(out->files[i].path, file->path) == 0) return true;
  return false;
}

static int choose(following *f, const md_source_file *file) {
  return chosen(f->out, file) ? 0 : source_add(f->out, &f->capacity, f->arena, *file, f->err);
}

static bool in_folder(const char *path, const char *folder) {
  size_t len = strlen(folder);
  return strncmp(path, folder, len) == 0 && path[len] == '/';
}

// "shared/view.lua" → "view": the name by which a module of this folder is required, or NULL.
static const char *module_name(md_arena *arena, const char *path, const char *folder) {
  if (!in_folder(path, folder) || !ends_with(path, ".lua")) return NULL;
  const char *name = path + strlen(folder) + 1;
  return strchr(name, '/') ? NULL : md_arena_strndup(arena, name, strlen(name) - 4);
}

static const char *nearest_module(following *f, const char *wrong) {
  const char *known[MODULES_MAX + 4];
  int count = 0;
  for (int i = 0; i < f->source->count && count < MODULES_MAX; i++) {
    const char *path = f->source->files[i].path;
    const char *name = module_name(f->arena, path, "shared");
    name = name ? name : module_name(f->arena, path, f->moment);
    if (name) known[count++] = name;
  }
  for (const char *const *builtin = md_builtins; *builtin; builtin++)
    known[count++] = *builtin;
  known[count] = NULL;
  return md_suggest(wrong, known);
}

static int no_module(following *f, const md_source_file *from, const md_token *name) {
  const char *text = md_arena_strndup(f->arena, name->text, name->len);
  const char *near = text ? nearest_module(f, text) : NULL;
  return md_error_set(f->err, MD_EINVAL,
                      "%s:%d: there is no module %.*s: neither %s/%.*s.lua nor shared/%.*s.lua%s%s%s", from->path,
                      name->line, (int)name->len, name->text, f->moment, (int)name->len, name->text, (int)name->len,
                      name->text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool is_module_name(const md_token *token) {
  if (token->kind != MD_TOKEN_STRING || token->len == 0) return false;
  for (size_t i = 0; i < token->len; i++)
    if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", token->text[i])) return false;
  return true;
}

static int choose_module(following *f, const md_source_file *from, const md_token *name) {
  for (const char *const *builtin = md_builtins; *builtin; builtin++)
    if (strlen(*builtin) == name->len && memcmp(*builtin, name->text, name->len) == 0) return 0;
  const char *folders[] = {f->moment, "shared"};
  for (int i = 0; i < 2; i++) {
    const char *path = md_arena_printf(f->arena, "%s/%.*s.lua", folders[i], (int)name->len, name->text);
    if (!path) return no_memory(f->err);
    const md_source_file *file = md_source_find(f->source, path);
    if (file) return choose(f, file);
    const md_refusal *refused = md_refusal_of_path(f->source->refused, path);
    if (refused)
      return md_error_set(f->err, MD_EDENIED, "%s:%d: %s cannot be used: %s", from->path, name->line, path,
                          refused->why);
  }
  return no_module(f, from, name);
}

// After the word `require`: a name in quotes, in parentheses or not.
static int read_require(following *f, const md_source_file *file, md_lexer *lexer) {
  md_token token = md_lexer_next(lexer);
  bool parenthesis = md_token_is(&token, "(");
  if (parenthesis) token = md_lexer_next(lexer);
  md_token name = token;
  bool closed = true;
  if (parenthesis) {
    token = md_lexer_next(lexer);
    closed = md_token_is(&token, ")");
  }
  if (name.kind != MD_TOKEN_STRING || !closed)
    return md_error_set(f->err, MD_EINVAL,
                        "%s:%d: require takes a name in quotes, so that the files of a version are known: write "
                        "require \"name\"",
                        file->path, name.line);
  if (!is_module_name(&name))
    return md_error_set(f->err, MD_EINVAL, "%s:%d: the name of a module has only a-z, 0-9 and _: \"%.*s\"", file->path,
                        name.line, (int)name.len, name.text);
  return choose_module(f, file, &name);
}

static int follow(following *f, const md_source_file *file) {
  md_lexer lexer;
  md_lexer_init(&lexer, file->data, file->len);
  bool field = false; // after "." or ":" it is a field's name
  for (md_token token; (token = md_lexer_next(&lexer)).kind != MD_TOKEN_END;) {
    if (!field && md_token_is(&token, "require")) {
      int code = read_require(f, file, &lexer);
      if (code) return code;
    }
    field = md_token_is(&token, ".") || md_token_is(&token, ":");
  }
  return 0;
}

static int choose_fixed(following *f) {
  for (int i = 0; i < f->source->count; i++) {
    const md_source_file *file = &f->source->files[i];
    bool own = in_folder(file->path, f->moment);
    bool layout = in_folder(file->path, "shared") && !ends_with(file->path, ".lua");
    int code = own || layout ? choose(f, file) : 0;
    if (code) return code;
  }
  return 0;
}

static int check_refused(const md_source *source, const char *moment, md_error *err) {
  const md_refusal *own = md_refusal_of_folder(source->refused, moment), *all = md_refusal_of_all(source->refused);
  if (own) return md_error_set(err, MD_EDENIED, "%s", own->why);
  if (!all) return 0;
  return md_error_set(err, MD_EDENIED, "%s cannot be used, and every moment may use it: %s", all->path, all->why);
}

int md_source_of_moment(const md_source *source, const char *moment, md_arena *arena, md_source *out, md_error *err) {
  *out = (md_source){0};
  int refused = check_refused(source, moment, err);
  if (refused) return refused;
  following f = {.source = source, .moment = moment, .arena = arena, .out = out, .err = err};
  const char *main = md_arena_printf(arena, "%s/moment.lua", moment);
  if (!main) return no_memory(err);
  if (!md_source_find(source, main))
    return md_error_set(err, MD_ENOTFOUND, "%s: there is no such file: a moment is a folder with a moment.lua", main);
  int code = choose_fixed(&f);
  for (int i = 0; !code && i < out->count; i++) // grows as modules are found
    if (ends_with(out->files[i].path, ".lua") && !ends_with(out->files[i].path, "_spec.lua"))
      code = follow(&f, &out->files[i]);
  source_sort(out);
  return code;
}

static void digest_part(md_sha256_state *state, const char *data, size_t len) {
  uint8_t size[8];
  for (int i = 0; i < 8; i++)
    size[i] = (uint8_t)((uint64_t)len >> (8 * i));
  md_sha256_update(state, size, sizeof size);
  md_sha256_update(state, data, len);
}

void md_source_digest(const md_source *source, char out[static 65]) {
  uint8_t digest[MD_SHA256_SIZE];
  md_sha256_state *state = md_sha256_new();
  md_require(state);
  for (int i = 0; i < source->count; i++) {
    digest_part(state, source->files[i].path, strlen(source->files[i].path));
    digest_part(state, source->files[i].data, source->files[i].len);
  }
  md_sha256_finish(state, digest);
  md_hex(digest, sizeof digest, out);
}
