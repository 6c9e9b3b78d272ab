#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=60 tsan=yes
"""Each Lua block of the pages runs, as docs/script-api.md says under Examples, and each function has one."""
import glob
import os
import re

from harness import MOMENTD, SOURCE, SLOW, Shop, main

import subprocess

PAGES = [os.path.join(SOURCE, "README.md"), os.path.join(SOURCE, "docs/script-api.md"),
         *sorted(glob.glob(os.path.join(SOURCE, "core/script/*.md")))]
WHOLE = ("moment.define", "plan.define", "experiment.define", "describe(")
PLAN = """return require "plan".define {
  person = { strong = { "subject", "data.email" } },
  things = { cart = { of = "person", at = "data.cart_id" }, order = { of = "person", at = "data.order_id" } },
}
"""
COPY = "---\nsubject: Hej\npreview: p\n---\nHej\n"
DATA = """{ order_id = "1001", cart_id = "k1", total = 250, sku = "s1", email = "ida@example.com", name = "Ida" }"""


def blocks():
    for page in PAGES:
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for found in re.finditer(r"^```lua\n(.*?)^```", text, re.M | re.S):
            yield os.path.relpath(page, SOURCE), text[:found.start()].count("\n") + 2, found.group(1)


def asserted(body):
    """`call --> text` is an assertion; a space in it may be one that does not break."""
    def line(found):
        call, wanted = found.group(1).strip(), found.group(2).strip()
        return (f"do local got = tostring(({call})):gsub('\\u{{A0}}', ' '):gsub('\\u{{202F}}', ' ') "
                f"if got ~= [==[{wanted}]==] then error('it is ' .. got) end end")
    return re.sub(r"^(?!\s*--)(.*?)\s*--> (.*)$", line, body, flags=re.M)


def as_moment(body):
    """The block is the body of run; event, order and cart are its trigger."""
    return ('local moment = require "moment"\nlocal fmt = require "fmt"\n'
            'return moment.define { class = "service", on = "example.happened", run = function(m, event)\n'
            "local order, cart = event, event\n"
            f"if m and event then\n{asserted(body)}\nend\nreturn 'done', order, cart, fmt\nend }}\n")


def spec(text):
    """Starts the moment and lets forty days pass: a run that is parked fails it."""
    on = re.search(r'\bon = \{? ?"([a-z_.]+)"', text)
    answers = "".join(f'shop:answer("{name}", {{ json = {{ left = 3 }} }})\n' for name in set(re.findall(r'connection = "(\w+)"', text)))
    event = f'shop:event("{on.group(1)}", {{ subject = "ida", data = {DATA} }})\n' if on else ""
    return ('describe("the example", function()\nit("runs", function(shop)\n'
            'shop:person("ida", { email = "ida@example.com", locale = "da", consent = { "email/marketing" } })\n'
            f'{answers}{event}shop:advance("40d")\nend)\nend)\n')


def page_trees():
    """For each page the files of a script tree, and where each folder is from."""
    trees = {}
    for page, line, text in blocks():
        tree, places = trees.setdefault(page, ({"events.lua": PLAN}, {}))
        named = re.match(r"-- scripts/(\w+)/moment.lua\n", text)
        folder = named.group(1) if named else f"example_{line}"
        if "plan.define" in text:
            tree["events.lua"] = text
        elif "experiment.define" in text:
            tree[f"experiments/{re.search('name = .(.*?).,', text).group(1)}.lua"] = text
        elif "describe(" in text:
            last = list(places)[-1]
            tree[f"{last}/moment_spec.lua"] = text
        else:
            whole = text if "moment.define" in text else as_moment(text)
            tree[f"{folder}/moment.lua"] = whole
            tree[f"{folder}/moment_spec.lua"] = spec(whole)
            tree[f"{folder}/terms.txt"] = "Terms\n"
            for name in re.findall(r'template = "(\w+)"', whole):
                subject = re.search(r'expect_message \{[^}]*subject = "(.*?)"', "".join(b for p, _, b in blocks() if p == page))
                arms = re.findall(r'\{ "(\w+)", [0-9.]+ \}', "".join(tree[file] for file in tree if file.startswith("experiments/")))
                for file in [name] + [f"{name}_{arm}" for arm in arms if "variant = m:experiment" in whole]:
                    tree[f"{folder}/{file}.da.md"] = COPY.replace("Hej", subject.group(1), 1) if subject else COPY
            places[folder] = f"{page}:{line}"
    return trees


def test_every_block_runs():
    ran, wrong = 0, []
    for page, (tree, places) in page_trees().items():
        with Shop(tree) as shop:
            for arguments in (("check", shop.scripts), ("test", shop.scripts)):
                done = subprocess.run([MOMENTD, *arguments], capture_output=True, text=True, timeout=60 * SLOW)
                if arguments[0] == "test" and not places:
                    continue
                if done.returncode != 0:
                    wrong.append(f"{page}: {done.stdout}{done.stderr}\n{places}")
            ran += len(places)
    assert not wrong, "\n".join(wrong)
    assert ran >= 20, ran


def test_every_function_has_an_example():
    done = subprocess.run([MOMENTD, "annotations"], capture_output=True, text=True, timeout=20, check=True)
    functions = re.findall(r"^function (?:(\w+)([.:]))?(\w+)\(", done.stdout, re.M)
    assert len(functions) > 35, functions
    text = "\n".join(block for _, _, block in blocks())
    missing = [f"{owner}{mark}{name}" for owner, mark, name in functions
               if name != "require" and not re.search(rf"\b{owner}{re.escape(mark)}{name}\s*[({{\"]" if owner else rf"\b{name}\(", text)]
    assert not missing, f"without an example: {missing}"


main(test_every_block_runs, test_every_function_has_an_example)
