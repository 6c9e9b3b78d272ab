#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=90
"""Completion as somebody types it: real shells in a pty, TAB, and what they show then."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from harness import MOMENTD, SLOW, main

QUIET = 0.4 if SLOW == 1 else 1.0  # the shell itself is not slower under a sanitizer, what it runs is
HOME = tempfile.mkdtemp(prefix="momentd-test-")


class Shell:
    """A shell in a terminal of its own, in an empty folder with one file."""

    def __init__(self, name, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(HOME)
            os.execve(shutil.which(name), [name, *arguments], {
                "PATH": os.path.dirname(os.path.abspath(MOMENTD)) + ":" + os.environ["PATH"], "HOME": HOME, "TERM": "xterm",
                "PS1": "$ ", "LC_ALL": "C.UTF-8", "COLUMNS": "200", "LINES": "50"})
        self.read(2)

    def read(self, seconds):
        """What comes until nothing has come for a while."""
        text, end = b"", time.time() + seconds * SLOW
        while time.time() < end and select.select([self.fd], [], [], QUIET)[0]:
            try:
                got = os.read(self.fd, 65536)
            except OSError:
                break
            text += got
            if b"\x1b[c" in got or b"\x1b[0c" in got:
                os.write(self.fd, b"\x1b[?62;c")  # what kind of terminal it is
        return re.sub(r"\x1b[\[(][0-9;?<>=]*[a-zA-Z]|\x1b[=>]|\r", "", text.decode("utf-8", "replace"))

    def say(self, text, seconds=3):
        os.write(self.fd, text.encode())
        return self.read(seconds)

    def shown(self, text, tabs="\t\t"):
        """What is shown after `text` and TAB; the line is thrown away afterwards."""
        answer = self.say(text) + self.say(tabs)
        self.say("\x15")
        return answer

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def check(shell):
    verbs = shell.shown("momentd runs ")
    assert all(verb in verbs for verb in ("list", "show", "cancel", "retry")), repr(verbs)
    assert "--delivery" in shell.shown("momentd run --deli", "\t")
    if SLOW != 1:
        return  # what momentd prints is the same text for all that follows
    every = shell.shown("momentd ")
    assert all(word in every for word in ("check", "completion", "events")), repr(every)  # fish shows the first page
    options = shell.shown("momentd messages list --")
    assert "--person" in options and "--limit" in options and "--delivery" not in options, repr(options)
    assert "events.json" in shell.shown("momentd try --event eve", "\t")
    shells = shell.shown("momentd completion ")
    assert all(word in shells for word in ("bash", "zsh", "fish")), repr(shells)


def with_shell(name, arguments, *lines):
    if not shutil.which(name):
        print(f"SKIP: there is no {name} here (tools/deps full installs it)")
        return
    shell = Shell(name, *arguments)
    try:
        for line in lines:
            shell.say(line + "\n", 8)
        check(shell)
    finally:
        shell.close()


def test_bash():
    with_shell("bash", ["--norc", "--noprofile", "-i"], "source <(momentd completion bash)")


def test_zsh():
    with_shell("zsh", ["-f", "-i"], "autoload -Uz compinit; compinit -D -u", "source <(momentd completion zsh)")


def test_fish():
    with_shell("fish", ["--no-config"], "momentd completion fish | source")


def test_another_shell_is_refused():
    done = subprocess.run([MOMENTD, "completion", "tcsh"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "bash, zsh and fish" in done.stderr, done


with open(os.path.join(HOME, "events.json"), "w", encoding="utf-8") as file:
    file.write("{}\n")
try:
    main(test_bash, test_zsh, test_fish, test_another_shell_is_refused)
finally:
    shutil.rmtree(HOME, ignore_errors=True)
    sys.stdout.flush()
