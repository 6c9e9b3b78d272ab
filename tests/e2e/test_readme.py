#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""The README's first moment, followed to the letter: files as it writes them, commands as it gives them, in its order."""
import os
import re
import socket
import subprocess
import tempfile

from harness import MOMENTD, SLOW, SOURCE, main


def blocks():
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        part = file.read().split("## Your own first moment", 1)[1].split("## Where to read on", 1)[0]
    return re.findall(r"(?:`(scripts/[^`]+)`[^\n]*\n\n)?```(\w*)\n(.*?)```", part, re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_first_moment_works_as_written():
    script, files = ["set -e", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"], 0
    for path, language, body in blocks():
        if path:
            files += 1
            script.append(f"mkdir -p $(dirname {path})\ncat > {path} <<'end-of-file'\n{body}end-of-file")
        elif language == "sh":
            script.append(body)
    assert files == 4, files
    script += ["kill %1", "wait"]
    text = "\n".join(script).replace("8484", str(free_port())).replace("sleep 1", f"sleep {SLOW}")
    text = text.replace('"$PWD/build/release:$PATH"', f'"{os.path.dirname(os.path.abspath(MOMENTD))}:$PATH"')
    with tempfile.TemporaryDirectory(prefix="momentd-readme-") as folder:
        done = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, text=True, timeout=50, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for wanted in ("1 moment, no problems", "1 spec, 0 failed", "listening on http://127.0.0.1:", "Subject: Welcome",
                   "waits for order.placed", "HTTP/1.1 202", '"status":"accepted"'):
        assert wanted in said, (wanted, said)


main(test_the_first_moment_works_as_written)
