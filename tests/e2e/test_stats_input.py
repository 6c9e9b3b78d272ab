#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 processors=2
"""`momentd stats` from outside: every method answers; every field that its help names, made wrong, is exit 2 and one line
that names it; ten million values are refused in bounded time and memory."""
import concurrent.futures
import copy
import json
import os
import re
import subprocess
import time

from harness import MOMENTD, SLOW, SOURCE, main

MANY = 10_000_000
EVERY = 1 if SLOW == 1 else 4  # under a sanitizer each fourth wrong input and long list
FIELD = re.compile(r"  (\S+)\n      .* \[[^]]*\]; (.+)")


def call(method, text):
    done = subprocess.run([MOMENTD, "stats", method], input=text.encode(), capture_output=True, timeout=60 * SLOW)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def help_of(method):
    done = subprocess.run([MOMENTD, "stats", method, "--help"], capture_output=True, timeout=60 * SLOW)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def methods():
    done = subprocess.run([MOMENTD, "stats", "--list"], capture_output=True, timeout=60 * SLOW)
    assert done.returncode == 0 and done.stdout
    return [line.split()[0] for line in done.stdout.decode().splitlines()]


def vectors(method):
    with open(os.path.join(SOURCE, "tests/stats/vectors", method + ".json"), encoding="utf-8") as file:
        return json.load(file)


def fields(method):
    """Of the input, as the help shows them: path ("strata[].x_a") and what it says of the type and bounds."""
    text = help_of(method)
    assert "Usage:" in text and "Source:" in text and "Output" in text, text
    found = FIELD.findall(text[text.index("Input"):text.index("Output")])
    assert found, text
    return found


class Raw(str):
    """Stands in the text as it is: NaN, 1e999."""


def encode(value):
    """JSON, and Raw within it bare."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(name) + ":" + encode(item) for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return json.dumps(value)


def find(record, path):
    """The object that holds the last field of the path, the first item of each list on the way; and its name."""
    *way, name = path.split(".")
    for step in way:
        record = record[step.rstrip("[]")]
        record = record[0] if isinstance(record, list) else record
    return record, name


MISSING = object()


def wrong_values(kind, is_list, good):
    """What the field's type forbids, and the word for it."""
    number = kind.startswith(("count", "number", "list of counts", "list of numbers"))
    if "(default" not in kind:
        yield "missing", MISSING
        yield "null", None
    yield "of another kind", 3 if kind.startswith(("text", "an arm", "\"", "true")) else "many"
    if is_list:
        yield "empty", []
        yield "with a null", good[:-1] + [None]
        if number:
            yield "with NaN", good[:-1] + [Raw("NaN")]
            yield "with text", good[:-1] + ["7"]
    elif number:
        yield "NaN", Raw("NaN")
        yield "too large", Raw("1e999")
        yield "infinite", Raw("-Infinity")
    for what, bad in wrong_numbers(kind):
        yield what, good[:-1] + [bad] if is_list else bad
    if "as many as" in kind:
        yield "of another length", good + good[:1]


def wrong_numbers(kind):
    if "count" in kind.split(",")[0]:
        yield "negative", -1
        yield "of a half", 0.5
    for bound, step in (("at least", -1), ("at most", 1)):
        found = re.search(bound + r" (-?[0-9.e+-]+)(?: items)?(?=[,; (]|$)", kind)
        if found and "items" not in found.group():
            yield "out of bounds", float(found.group(1)) + step


def cases(method):
    record = max((vector["in"] for vector in vectors(method)), key=len)
    for path, kind in fields(method):
        is_list = path.endswith("[]")
        path = path.removesuffix("[]")
        holder, name = find(record, path)
        if name not in holder or (is_list and holder[name] is None):
            continue  # optional, and this record does without
        for what, bad in wrong_values(kind, is_list, holder[name]):
            changed = copy.deepcopy(record)
            place, name = find(changed, path)
            if bad is MISSING:
                del place[name]
            else:
                place[name] = bad
            yield name, what, encode(changed)
        limit = re.search(r"at most ([a-z]\w*)", kind)
        if limit:
            changed = copy.deepcopy(record)
            place, name = find(changed, path)
            most = place[limit.group(1)]
            place[name] = [value + 1 for value in most] if is_list else most + 1
            yield name, "more than " + limit.group(1), encode(changed)


def refused(method, name, what, text):
    code, out, error = call(method, text)
    said = f"{method} {name} {what}: {code} {out!r} {error!r}"
    assert code == 2 and not out, said
    assert error.startswith(f"momentd stats {method}: ") and error.endswith("\n") and error.count("\n") == 1, said
    assert name in error.split(":")[1], said


def test_every_field_of_every_method_made_wrong():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        every = [(method, *case) for method in methods() for case in cases(method)]
        waiting = [pool.submit(refused, *case) for case in every[::EVERY]]
        for future in waiting:
            future.result()
    print(f"{len(waiting)} wrong inputs")
    assert len(every) > 8 * len(methods())


def test_every_method_answers_what_the_library_answers():
    for method in methods():
        vector = vectors(method)[3]
        code, out, error = call(method, json.dumps(vector["in"]))
        assert code == 0 and not error, (method, code, error)
        got = json.loads(out)
        assert set(vector["out"]) <= set(got), (method, got)
        assert "NaN" not in out and "Infinity" not in out and out.endswith("\n"), (method, out)


def test_what_is_no_input():
    for text in ("", "{", "[]", "3", "null", "{}", "{\"x\":1,\"x\":2}", "{} {}", "\0", "{\"strings\":[\"\xff"):
        code, out, error = call("fnv1a_32", text)
        assert code == 2 and not out and error.count("\n") == 1, (text, code, out, error)
    code, out, error = call("wilson", "{}")
    assert code == 2 and not out and "wilson" in error, (code, out, error)


def test_refusals_say_where_and_what():
    long = "{" + ",".join(f'"a{i}":1' for i in range(1_000_000)) + "}"
    for method, text, wanted in (
            ("wilson_interval", '{"x":1,"n":2} n', "the input: must end where its object ends"),
            ("wilson_interval", '{"x":1,"n":2}}', "the input: must end where its object ends"),
            ("wilson_interval", "{'x':1,'n':2}", "the input: text and names need double quotes, not single ones"),
            ("fnv1a_32", "{\"strings\":['a']}", "strings[0]: text and names need double quotes, not single ones"),
            ("wilson_interval", "{x:1}", "the input: names of fields need double quotes"),
            ("wilson_interval", "\ufeff{\"x\":1,\"n\":2}", "the input: begins with a byte order mark: save it as UTF-8 without one"),
            ("wilson_interval", '{"x":1,"n":2,"a\\nb\\u001b":1}', "a?b?: is no field; there are x, n, level"),
            ("wilson_interval", long, "the input: must have at most 100 members"),
            ("wilson_interval", " \n", 'the input: is empty: give one JSON object, such as {"n": 100}'),
            ("wilson_interval", 'x=1', 'the input: must be one JSON object, such as {"n": 100}'),
            ("wilson_interval", '{"x":x=1,"n":2}', "x: is neither a number, true, false nor null; text needs quotes"),
            ("wilson_interval", '{"x":1,"n":2,"LEVEL":0.9}', "LEVEL: is no field; did you mean level?"),
            ("bucket_ranges", '{"cases":[{"n":2,"coverage":1,"weights":[0.5,Infinity]}]}',
             "cases[0].weights[1]: must be a finite number: JSON has no NaN, infinity or hexadecimal"),
            ("wilson_interval", '{"x":1,"n":9007199254740993}', "n: must be at most 9007199254740992 (2^53)"),
            ("wilson_interval", '{"x":1,"n":9007199254740992.5}', "n: must be at most 9007199254740992 (2^53)"),
            ("wilson_interval", '{"x":1,"n":123456789012345678901234567890}', "n: must be at most 9007199254740992 (2^53)"),
            ("mean_ttest_absolute", '{"control":{"n":9007199254740993,"x":1},"treatment":{"n":2,"x":1}}',
             "control.n: must be at most 9007199254740992 (2^53)"),
            ("wilson_interval", '{"x":' + "[" * 9, "x[0][0][0][0][0][0][0]: is nested too deeply for any method")):
        code, out, error = call(method, text)
        assert code == 2 and not out and error == f"momentd stats {method}: {wanted}\n", (method, text[:80], code, out, error)


def test_whole_numbers_of_any_length_are_numbers():
    """A sum of squares is no count: Python and R write a large one without a fraction."""
    arm = '{"n":1000000,"sum":100000000000,"sum_squares":%s}'
    text = '{"control":' + arm % "20000000000000000000000" + ',"treatment":' + arm % "2e22" + "}"
    code, out, error = call("mean_ttest_absolute", text)
    assert code == 0 and json.loads(out)["effect"] == 0, (code, out, error)


def measured(method, head, item, tail):
    """Exit code, error, seconds and peak memory (bytes) of one call, its text streamed."""
    start = time.monotonic()
    child = subprocess.Popen([MOMENTD, "stats", method], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        child.stdin.write(head)
        block = item * 1_000
        for _ in range(MANY // 1_000):
            child.stdin.write(block)
        child.stdin.write(tail)
        child.stdin.close()
    except BrokenPipeError:
        pass  # it had read enough
    error = child.stderr.read().decode()
    child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, error, time.monotonic() - start, usage.ru_maxrss * 1024


def test_ten_million_values_in_bounded_time_and_memory():
    """Of every list of every method, those in lists of objects too: refused with the field's own limit."""
    seen = tried = 0
    for method in methods():
        record = max((vector["in"] for vector in vectors(method)), key=len)
        for path, kind in fields(method):
            if not path.endswith("[]"):
                continue
            seen += 1
            if seen % EVERY:
                continue
            *way, name = path.removesuffix("[]").split(".")
            most = re.search(r"at most (\d+) items", kind)
            most = int(most.group(1)) if most else 1_000_000
            item = encode(record[name][0]) if not way else "1"
            head = "{" + "".join(f'"{step.removesuffix("[]")}":[{{' for step in way) + f'"{name}":[{item}'
            code, error, seconds, memory = measured(method, head.encode(), ("," + item).encode(), b"]")
            shown = "".join(step.removesuffix("[]") + "[0]." for step in way) + name
            assert code == 2 and error == f"momentd stats {method}: {shown}: must have at most {most} items\n", (path, code, error)
            assert seconds < 10 * SLOW, (method, seconds)
            assert memory < (256 << 20) * SLOW, (method, memory)
            tried += 1
    print(f"{tried} of {seen} lists")
    assert seen > 35 and tried >= seen // EVERY


main(test_every_field_of_every_method_made_wrong, test_every_method_answers_what_the_library_answers, test_what_is_no_input,
     test_refusals_say_where_and_what, test_whole_numbers_of_any_length_are_numbers,
     test_ten_million_values_in_bounded_time_and_memory)
