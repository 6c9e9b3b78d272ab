#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""docs/statistics.md says of each method what the binary says: fields with type, unit and meaning, source, and an example
that computes what is printed below it."""
import json
import math
import os
import pathlib
import re
import shlex
import subprocess

from harness import MOMENTD, main

PAGE = (pathlib.Path(os.environ["MOMENTD_SOURCE"]) / "docs" / "statistics.md").read_text(encoding="utf-8")
FIELD = re.compile(r"^  (\S+)\n      (.*) \[(.*)\]; (.*)$", re.M)


def stats(*arguments, text=""):
    run = subprocess.run([MOMENTD, "stats", *arguments], input=text, capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode == 0, (arguments, run.stderr)
    return run.stdout


def methods():
    return [line.split()[0] for line in stats("--list").splitlines()]


def section(method):
    found = re.search(rf"^### {method}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    assert found, f"docs/statistics.md has no section {method}"
    return found.group(1)


def rows(text):
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in text.splitlines() if line.startswith("| `")]


def fields_are_as_the_help_says():
    for method in methods():
        page, help_text = section(method), stats(method, "--help")
        summary, source = help_text.split("\n")[0], re.search(r"^Source: .*$", help_text, re.M).group()
        assert page.strip().startswith(f"{summary} {source}"), f"{method}: summary or source differ: {summary} {source}"
        wanted = [(f"`{name}`", kind, unit, meaning) for name, meaning, unit, kind in FIELD.findall(help_text) if name != "why"]
        assert rows(page) == wanted, f"{method}: {set(rows(page)) ^ set(wanted)}"


def same(got, wanted):
    """To 9 digits: the last ones depend on the compiler (whether a product and a sum become one instruction, how libm was
    built), which the page cannot promise and a sanitizer's build changes."""
    if isinstance(wanted, float) and isinstance(got, (int, float)):
        return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(wanted, dict):
        return isinstance(got, dict) and list(got) == list(wanted) and all(same(got[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(same, got, wanted))
    return got == wanted and isinstance(got, type(wanted))


def examples_compute_what_they_show():
    for method in methods():
        shown = re.search(rf"^```\n\$ echo (.*) \| momentd stats {method}\n(.*)\n```$", section(method), re.M)
        assert shown, f"{method}: no example"
        text, = shlex.split(shown.group(1))
        got, wanted = (json.loads(answer, parse_int=float) for answer in (stats(method, text=text), shown.group(2)))
        assert same(got, wanted), f"{method}: {got}, not {wanted}"


def the_page_has_no_method_that_is_not_there():
    assert sorted(re.findall(r"^### (\w+)$", PAGE, re.M)) == sorted(methods())


main(fields_are_as_the_help_says, examples_compute_what_they_show, the_page_has_no_method_that_is_not_there)
