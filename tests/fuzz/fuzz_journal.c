// SPDX-License-Identifier: Apache-2.0
// Journals and waits out of a damaged database: read to an end or refused, never past it.
#include "base/assert.h"
#include "engine/journal.h"
#include "engine/wait.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  md_journal_reader reader;
  md_entry entry;
  md_wait wait;
  int rc = 1;
  md_journal_read(&reader, data, size);
  while ((rc = md_journal_next(&reader, &entry)) == 1)
    md_require(strlen(entry.name) <= size && strlen(entry.file) <= size);
  md_require(rc == 0 || rc == MD_ECORRUPT || rc == MD_EUNSUPPORTED);
  rc = md_wait_unpack(data, size, &wait);
  md_require(rc == 0 || rc == MD_ECORRUPT);
  return 0;
}
