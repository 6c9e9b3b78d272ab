# SPDX-License-Identifier: Apache-2.0
"""A daemon whose wall clock can be set at any moment (shifted_clock.c)."""
import os
import struct
import subprocess

from harness import SOURCE


def shift(shop, seconds):
    with open(os.path.join(shop.dir, "shift"), "r+b") as file:
        file.write(struct.pack("q", seconds))


def start_shifted(shop, seconds=0):
    library, offset = os.path.join(shop.dir, "shifted_clock.so"), os.path.join(shop.dir, "shift")
    if not os.path.exists(library):
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                        os.path.join(SOURCE, "tests/e2e/shifted_clock.c")], check=True)
        with open(offset, "wb") as file:
            file.write(bytes(8))
    shift(shop, seconds)
    os.environ.update(LD_PRELOAD=library, SHIFTED_CLOCK=offset)
    shop.start()
    del os.environ["LD_PRELOAD"]
