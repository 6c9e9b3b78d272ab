// SPDX-License-Identifier: Apache-2.0
// The program's entry.
#include "cli/command.h"

int main(int argc, char **argv) {
  return md_cli_main(argc, argv);
}
