// SPDX-License-Identifier: Apache-2.0
// Lines of a file or of standard input, plain or gzip. One thread.
#pragma once
#include "base/buffer.h"
#include "base/error.h"
#include <stdint.h>
#include <zlib.h>

typedef struct md_ndjson {
  gzFile file;
  const char *name; // for errors
  md_buffer buffer;
  size_t at;      // of the next line in the buffer
  int64_t number; // of the line read last, from 1
  int64_t bytes;  // read so far, unpacked
  bool ended;
} md_ndjson;

// "-" is standard input.
int md_ndjson_open(md_ndjson *lines, const char *name, md_error *err);
void md_ndjson_close(md_ndjson *lines);
// The next line that is not blank: 1 and the line without its end (valid until the next call), 0 at the end,
// MD_EIO or MD_ECORRUPT for a file that cannot be read on, MD_ETOOBIG for a line over 8 MiB (it is skipped).
int md_ndjson_next(md_ndjson *lines, const char **line, size_t *len, md_error *err);
