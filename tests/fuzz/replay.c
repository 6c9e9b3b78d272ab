// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: over the files of the directories and files named, then over inputs made
// from them by small random changes, always the same ones. One thread.
// usage: fuzz.NAME [--runs N] [--seed N] [FILE|DIR]…
// A run that crashes leaves its input in ./crash-NAME, to be kept as tests/fuzz/regression/NAME/<n>.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { LONGEST = 65536, MOST_SEEDS = 4096 };

typedef struct input {
  uint8_t *data;
  size_t size;
} input;

static input seeds[MOST_SEEDS];
static size_t seed_count;
static uint64_t random_state = 1;

// What is being run, for the handler of a crash.
static const uint8_t *current_data;
static size_t current_size;
static char crash_path[256];

static void save_crash(int signal_number) {
  int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0) {
    ssize_t written = write(fd, current_data, current_size);
    (void)written;
    close(fd);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// xorshift64* (Vigna 2016): the same sequence on every machine.
static uint64_t next_random(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * UINT64_C(2685821657736338717);
}

static size_t below(size_t limit) {
  return limit == 0 ? 0 : (size_t)(next_random() % limit);
}

// The input is given in a block of exactly its size, so that a read past its end is seen.
static void run_one(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy) {
    perror("malloc");
    exit(1);
  }
  if (size) memcpy(copy, data, size);
  current_data = copy;
  current_size = size;
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static int read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || seed_count == MOST_SEEDS) {
    fprintf(stderr, "%s: %s\n", path, file ? "too many inputs" : strerror(errno));
    return 1;
  }
  uint8_t *data = malloc(LONGEST);
  size_t size = data ? fread(data, 1, LONGEST, file) : 0;
  fclose(file);
  if (!data) return 1;
  seeds[seed_count++] = (input){data, size};
  return 0;
}

static int read_path(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return errno == ENOENT ? 0 : 1; // a target without kept inputs has no directory
  if (!S_ISDIR(info.st_mode)) return read_file(path);
  struct dirent **names;
  int count = scandir(path, &names, NULL, alphasort);
  int failed = count < 0;
  for (int i = 0; i < count; i++) {
    char name[4096];
    snprintf(name, sizeof name, "%s/%s", path, names[i]->d_name);
    if (names[i]->d_name[0] != '.') failed |= read_file(name);
    free(names[i]);
  }
  if (count >= 0) free(names);
  return failed;
}

// One small change: a byte set, bits flipped, a piece removed, repeated, or taken from another input.
static size_t change(uint8_t *data, size_t size) {
  static const char telling[] = "{}[]\"\\:,.-+eE0123456789 \n\r\t#/<>%'\0\x7f\x80\xc3\xe2\xff";
  size_t at = below(size + 1);
  size_t span = 1 + below(16);
  switch (below(6)) {
  case 0:
    if (at < size) data[at] = (uint8_t)next_random();
    return size;
  case 1:
    if (at < size) data[at] = (uint8_t)telling[below(sizeof telling)];
    return size;
  case 2:
    if (at < size) data[at] ^= (uint8_t)(1u << below(8));
    return size;
  case 3:
    if (span > size - at) span = size - at;
    memmove(data + at, data + at + span, size - at - span);
    return size - span;
  case 4:
    if (size + span > LONGEST) return size;
    memmove(data + at + span, data + at, size - at);
    for (size_t i = 0; i < span; i++)
      data[at + i] = (uint8_t)telling[below(sizeof telling)];
    return size + span;
  default: {
    const input *other = seed_count ? &seeds[below(seed_count)] : NULL;
    if (!other || other->size == 0) return size;
    size_t from = below(other->size);
    if (span > other->size - from) span = other->size - from;
    if (at + span > LONGEST) return size;
    memcpy(data + at, other->data + from, span);
    return at + span > size ? at + span : size;
  }
  }
}

static void run_random(long runs) {
  static uint8_t data[LONGEST];
  for (long run = 0; run < runs; run++) {
    size_t size = 0;
    if (seed_count && below(8)) {
      const input *seed = &seeds[below(seed_count)];
      size = seed->size;
      memcpy(data, seed->data, size);
    }
    for (size_t changes = 1 + below(12); changes > 0; changes--)
      size = change(data, size);
    run_one(data, size);
  }
}

int main(int argc, char **argv) {
  long runs = 20000;
  const char *name = strrchr(argv[0], '/');
  name = name ? name + 1 : argv[0];
  snprintf(crash_path, sizeof crash_path, "crash-%s", strncmp(name, "fuzz.", 5) == 0 ? name + 5 : name);
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  int failed = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
      runs = strtol(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
      random_state = strtoull(argv[++i], NULL, 10) | 1;
    else
      failed |= read_path(argv[i]);
  }
  if (failed) return 1;
  const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
    signal(fatal[i], save_crash);
  for (size_t i = 0; i < seed_count; i++)
    run_one(seeds[i].data, seeds[i].size);
  run_random(runs);
  printf("%s: %zu kept inputs, %ld made ones\n", name, seed_count, runs);
  for (size_t i = 0; i < seed_count; i++)
    free(seeds[i].data);
  return 0;
}
