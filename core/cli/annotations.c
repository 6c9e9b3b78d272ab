// SPDX-License-Identifier: Apache-2.0
// `momentd annotations`: types for the Lua language server.
#include "script/annotations.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/output.h"

static int annotations(const md_cli_args *args) {
  md_error err = {0};
  md_buffer text;
  (void)args;
  md_buffer_init(&text);
  int code = md_annotations_write(&text, &err);
  if (!code) {
    md_print_buffer(&text);
    return MD_EXIT_OK;
  }
  md_buffer_deinit(&text);
  return md_cli_fail(&err);
}

const md_cli_command md_cli_annotations = {
    .name = "annotations",
    .arguments = "",
    .summary = "Print type annotations for the Lua language server",
    .example = "  mkdir -p .luals && momentd annotations >.luals/momentd.lua",
    .run = annotations,
};
