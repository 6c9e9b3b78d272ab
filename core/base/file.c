// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and writing, and walking of directories. Any thread.
#include "base/file.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/digest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, DEEPEST = 64 };

static int code_of(int number) {
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return MD_ENOTFOUND;
  case EACCES:
  case EPERM:
  case EROFS:
  case ELOOP:
    return MD_EDENIED;
  case EEXIST:
    return MD_EEXISTS;
  case ENOSPC:
  case EDQUOT:
    return MD_EFULL;
  case EFBIG:
    return MD_ETOOBIG;
  case ENOMEM:
    return MD_ENOMEM;
  case ENAMETOOLONG:
    return MD_EINVAL;
  default:
    return MD_EIO;
  }
}

// From errno, which must not have been touched since.
static int failed(md_error *err, const char *what, const char *path) {
  int number = errno;
  return md_error_set(err, code_of(number), "Cannot %s %s: %s.", what, path, strerrordesc_np(number));
}

static int no_memory(md_error *err, const char *what, const char *path) {
  return md_error_set(err, MD_ENOMEM, "Cannot %s %s: out of memory.", what, path);
}

static int too_big(md_error *err, const char *path, size_t limit) {
  return md_error_set(err, MD_ETOOBIG, "Cannot read %s: it is larger than %zu bytes.", path, limit);
}

static int read_all(int fd, const char *path, size_t limit, md_buffer *out, md_error *err) {
  struct stat about;
  if (fstat(fd, &about) != 0) return failed(err, "read", path);
  if (!S_ISREG(about.st_mode)) return md_error_set(err, MD_EINVAL, "Cannot read %s: it is not a regular file.", path);
  if ((uintmax_t)about.st_size > limit) return too_big(err, path, limit);
  size_t start = out->len;
  // The size is a hint only: the file may grow, and files of the kernel say 0.
  size_t step = about.st_size > 0 ? (size_t)about.st_size + 1 : READ_STEP;
  for (;; step = READ_STEP) {
    char *to = md_buffer_reserve(out, step);
    if (!to) return no_memory(err, "read", path);
    ssize_t got = read(fd, to, step);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(err, "read", path);
    to[got] = '\0';
    out->len += (size_t)got;
    if (got == 0) return MD_OK;
    if (out->len - start > limit) return too_big(err, path, limit);
  }
}

int md_file_read(const char *path, size_t limit, md_buffer *out, md_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe without a writer must not hang us
  if (fd < 0) return failed(err, "read", path);
  size_t start = out->len;
  int code = read_all(fd, path, limit, out, err);
  if (code && out->len > start) {
    out->len = start;
    out->data[start] = '\0';
  }
  close(fd);
  return code;
}

// Length of the directory part with its slash; 0 when there is none.
static size_t directory_len(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

static int write_all(int fd, const char *data, size_t len, bool sync) {
  while (len) {
    ssize_t put = write(fd, data, len);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return -1;
    data += put;
    len -= (size_t)put;
  }
  return sync ? fsync(fd) : 0;
}

static int sync_directory(const char *directory) {
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  int outcome = fsync(fd);
  int number = errno;
  close(fd);
  errno = number;
  return outcome;
}

// Where a file is made before it is put into its place. The leading dot keeps md_directory_walk away from what a crash
// leaves behind.
static void scratch_name(md_buffer *scratch, const char *path) {
  uint8_t random[8];
  char tag[2 * sizeof random + 1];
  md_random_bytes(random, sizeof random);
  md_hex(random, sizeof random, tag);
  md_buffer_init(scratch);
  md_buffer_append(scratch, path, directory_len(path));
  md_buffer_printf(scratch, ".%s.tmp", tag);
}

// A new file with these bytes; `errno` tells of a failure, and the file is gone then.
static int write_scratch(const char *scratch, const void *data, size_t len, unsigned mode, bool sync) {
  int fd = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return -1;
  int outcome = write_all(fd, data, len, sync);
  int number = errno;
  if (close(fd) != 0 && outcome == 0) {
    outcome = -1;
    number = errno;
  }
  if (outcome == 0) return 0;
  unlink(scratch);
  errno = number;
  return -1;
}

static int write_and_rename(const char *scratch, const char *path, const void *data, size_t len, bool sync) {
  if (write_scratch(scratch, data, len, 0600, sync) != 0) return -1;
  if (rename(scratch, path) == 0) return 0;
  int number = errno;
  unlink(scratch);
  errno = number;
  return -1;
}

// A link, unlike a renaming, never takes the place of another file.
static int write_and_link(const char *scratch, const char *path, const void *data, size_t len, unsigned mode) {
  if (write_scratch(scratch, data, len, mode, true) != 0) return -1;
  int outcome = chmod(scratch, mode) == 0 ? link(scratch, path) : -1;
  int number = errno;
  unlink(scratch);
  errno = number;
  return outcome;
}

static int sync_place(md_buffer *scratch, const char *path, md_error *err) {
  size_t prefix = directory_len(path);
  scratch->data[prefix] = '\0';
  return sync_directory(prefix ? scratch->data : ".") == 0 ? MD_OK : failed(err, "sync the directory of", path);
}

int md_file_write(const char *path, const void *data, size_t len, bool sync, md_error *err) {
  md_buffer scratch;
  int code = MD_OK;
  scratch_name(&scratch, path);
  if (!md_buffer_ok(&scratch))
    code = no_memory(err, "write", path);
  else if (write_and_rename(scratch.data, path, data, len, sync) != 0)
    code = failed(err, "write", path);
  else if (sync)
    code = sync_place(&scratch, path, err);
  md_buffer_deinit(&scratch);
  return code;
}

int md_file_create(const char *path, const void *data, size_t len, unsigned mode, md_error *err) {
  md_buffer scratch;
  int code = MD_OK;
  scratch_name(&scratch, path);
  if (!md_buffer_ok(&scratch))
    code = no_memory(err, "make", path);
  else if (write_and_link(scratch.data, path, data, len, mode) != 0)
    code = failed(err, "make", path);
  else
    code = sync_place(&scratch, path, err);
  md_buffer_deinit(&scratch);
  return code;
}

static int make_one(const char *path, unsigned mode, bool last, md_error *err) {
  if (mkdir(path, mode) == 0) {
    // Exactly the mode that was asked for, whatever the umask.
    if (last && chmod(path, mode) != 0) return failed(err, "set the mode of", path);
    return MD_OK;
  }
  if (errno != EEXIST) return failed(err, "make the directory", path);
  struct stat about;
  if (stat(path, &about) != 0) return failed(err, "look at", path);
  if (S_ISDIR(about.st_mode)) return MD_OK;
  return md_error_set(err, MD_EEXISTS, "Cannot make the directory %s: a file stands in its place.", path);
}

int md_directory_make(const char *path, unsigned mode, md_error *err) {
  if (!*path) return md_error_set(err, MD_EINVAL, "The path of a directory is empty.");
  char *copy = md_strdup(path);
  if (!copy) return no_memory(err, "make the directory", path);
  size_t len = strlen(copy);
  while (len > 1 && copy[len - 1] == '/')
    copy[--len] = '\0';
  int code = MD_OK;
  for (char *at = copy + 1; !code && at < copy + len; at++) {
    if (*at != '/') continue;
    *at = '\0';
    code = make_one(copy, 0755, false, err);
    *at = '/';
  }
  if (!code) code = make_one(copy, mode, true, err);
  md_free(copy);
  return code;
}

// A walk gathers all relative paths first: their bytewise order is not the order of directories.
typedef struct walk {
  const char *root;
  char real_root[PATH_MAX];
  md_arena *arena;
  const char **files;
  size_t count, capacity;
  int (*refused)(void *context, const char *relative, const md_error *why);
  void *context;
  bool stopped; // by `refused`
  md_error *err;
} walk;

// The directories that are open above the present one, to notice a link that leads back up.
typedef struct level {
  const struct level *above;
  int depth;
  dev_t device;
  ino_t inode;
} level;

static int gather(walk *state, const char *relative, const level *above);

static int add_file(walk *state, const char *relative) {
  if (state->count == state->capacity) {
    size_t capacity = state->capacity ? state->capacity * 2 : 64;
    const char **files = md_realloc(state->files, capacity * sizeof *files);
    if (!files) return no_memory(state->err, "list", state->root);
    state->files = files;
    state->capacity = capacity;
  }
  state->files[state->count++] = relative;
  return MD_OK;
}

static int check_link(walk *state, const char *path) {
  char target[PATH_MAX];
  if (!realpath(path, target)) {
    int number = errno;
    return md_error_set(state->err, code_of(number),
                        "Cannot follow the symbolic link %s: %s; remove it, or put the file itself there.", path,
                        strerrordesc_np(number));
  }
  size_t len = strlen(state->real_root);
  if (len == 1 || (strncmp(target, state->real_root, len) == 0 && (target[len] == '/' || target[len] == '\0')))
    return MD_OK;
  return md_error_set(state->err, MD_EDENIED, "The symbolic link %s leads out of %s; put the file itself there.", path,
                      state->root);
}

static int gather_entry(walk *state, const char *relative, const level *here) {
  const char *path = md_arena_printf(state->arena, "%s/%s", state->root, relative);
  if (!path) return no_memory(state->err, "list", state->root);
  struct stat about;
  if (lstat(path, &about) != 0) return failed(state->err, "look at", path);
  if (S_ISLNK(about.st_mode)) {
    int code = check_link(state, path);
    if (code) return code;
    if (stat(path, &about) != 0) return failed(state->err, "look at", path);
  }
  if (S_ISREG(about.st_mode)) return add_file(state, relative);
  return S_ISDIR(about.st_mode) ? gather(state, relative, here) : MD_OK;
}

// An entry that cannot be used is passed over, where the caller wants to know of it.
static int pass_over(walk *state, const char *relative, int code) {
  if (code == MD_ENOMEM || !state->refused || state->stopped) return code;
  code = state->refused(state->context, relative, state->err);
  state->stopped = code != 0;
  if (!code) *state->err = (md_error){0};
  return code;
}

static int gather_all(walk *state, DIR *directory, const char *relative, const level *here) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (!entry) return errno ? failed(state->err, "list", *relative ? relative : state->root) : MD_OK;
    if (entry->d_name[0] == '.') continue;
    char *name = md_arena_printf(state->arena, "%s%s%s", relative, *relative ? "/" : "", entry->d_name);
    int code = name ? gather_entry(state, name, here) : no_memory(state->err, "list", state->root);
    if (code) code = pass_over(state, name, code);
    if (code) return code;
  }
}

static int gather(walk *state, const char *relative, const level *above) {
  const char *path = *relative ? md_arena_printf(state->arena, "%s/%s", state->root, relative) : state->root;
  if (!path) return no_memory(state->err, "list", state->root);
  struct stat about;
  if (stat(path, &about) != 0) return failed(state->err, "list", path);
  level here = {above, above ? above->depth + 1 : 0, about.st_dev, about.st_ino};
  if (here.depth > DEEPEST)
    return md_error_set(state->err, MD_ETOOBIG, "Directories are nested more than %d deep at %s.", DEEPEST, path);
  for (; above; above = above->above)
    if (above->device == here.device && above->inode == here.inode)
      return md_error_set(state->err, MD_EINVAL, "The symbolic link %s leads to a directory above it; remove it.",
                          path);
  DIR *directory = opendir(path);
  if (!directory) return failed(state->err, "list", path);
  int code = gather_all(state, directory, relative, &here);
  closedir(directory);
  return code;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int visit(const walk *state, int (*each)(void *context, const char *relative, const char *path)) {
  md_buffer path;
  md_buffer_init(&path);
  int code = MD_OK;
  for (size_t i = 0; !code && i < state->count; i++) {
    md_buffer_clear(&path);
    md_buffer_puts(&path, state->root);
    md_buffer_putc(&path, '/');
    md_buffer_puts(&path, state->files[i]);
    code = md_buffer_ok(&path) ? each(state->context, state->files[i], path.data)
                               : no_memory(state->err, "list", state->root);
  }
  md_buffer_deinit(&path);
  return code;
}

int md_directory_walk(const char *root, int (*each)(void *context, const char *relative, const char *path),
                      int (*refused)(void *context, const char *relative, const md_error *why), void *context,
                      md_error *err) {
  md_error unasked = {0};
  walk state = {.root = root, .refused = refused, .context = context, .err = err ? err : &unasked};
  if (!realpath(root, state.real_root)) return failed(err, "list", root);
  state.arena = md_arena_new(0);
  if (!state.arena) return no_memory(err, "list", root);
  int code = gather(&state, "", NULL);
  if (!code && state.count) qsort(state.files, state.count, sizeof *state.files, by_bytes);
  if (!code) code = visit(&state, each);
  md_free(state.files);
  md_arena_free(state.arena);
  return code;
}
