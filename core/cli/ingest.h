// SPDX-License-Identifier: Apache-2.0
// The ways of `momentd ingest`: over HTTP, as history, in virtual time. One thread.
#pragma once
#include "cli/args.h"
#include "cli/ndjson.h"
#include "cli/progress.h"

// Each reads all lines and answers an exit code, after what went wrong was printed.
int md_ingest_http(const md_cli_args *args, md_ndjson *lines, md_progress *progress);
int md_ingest_history(const md_cli_args *args, md_ndjson *lines, md_progress *progress);
int md_ingest_virtual(const md_cli_args *args, md_ndjson *lines, md_progress *progress);
