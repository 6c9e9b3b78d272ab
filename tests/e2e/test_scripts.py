#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""Scripts that loop, allocate without end, fail, diverge or keep variables harm nobody but their own runs, and it is
said where (R1, R3, S1, S3, S4, S7)."""
import re
import signal
import subprocess

from harness import COPY, MOMENTD, PLAN, SLOW, Shop, main, moment

LOOP = "local n = 0\nm:add('begun', 1)\nwhile true do n = n + 1 end"
LOOP_IN_C = "return ('a'):rep(40):find(('a*'):rep(40) .. 'b') and 'found' or 'not found'"
HOARD = "m:add('begun', 1)\nlocal t = {}\nfor i = 1, math.maxinteger do t[i] = ('x'):rep(1000) .. i end"
CATCH = "pcall(function() while true do end end)\nm:send { template = 'x', data = { n = 1 } }\nreturn 'caught'"
ERROR = ("m:add('begun', 1)\nm:send { template = 'x', data = { n = 1 } }\n"
         "local order = event.data.order\nreturn order.id")


def on(kind, body):
    return moment(body, f"class = 'service', on = '{kind}', again = 'parallel'")


SCRIPTS = {
    "events.lua": PLAN.replace("go = other", "go = other, loops = other, hoards = other, fails = other, catches = other,"
                               " fine = other"),
    "loops/moment.lua": on("loops", LOOP),
    "hoards/moment.lua": on("hoards", HOARD),
    "fails/moment.lua": on("fails", ERROR),
    "fails/x.da.md": COPY,
    "catches/moment.lua": on("catches", CATCH),
    "catches/x.da.md": COPY,
    "keeps/moment.lua": "local moment = require 'moment'\nlocal seen = 0\nlocal kept = require 'kept'\n"
                        "return moment.define { class = 'service', on = 'fine', again = 'parallel', run = function(m)\n"
                        "seen, kept.total = seen + 1, kept.total + 1\nreturn seen .. ' ' .. kept.total\nend }\n",
    "shared/kept.lua": "return { total = 0 }\n",
    "fine/moment.lua": on("fine", "return 'fine'"),
}


def run_of(shop, name):
    rows = shop.rows("runs", "list", "--moment", name)
    assert len(rows) == 1, rows
    return rows[0]


def test_each_harms_only_itself():
    with Shop(SCRIPTS) as shop:
        shop.start()
        for number, kind in enumerate(("loops", "fine", "hoards", "fine", "fails", "fine", "catches", "fine")):
            shop.send(kind, f"k{number}", {"email": f"k{number}@example.com"})
        shop.wait("ends", lambda: not [row for row in shop.rows("runs", "list") if row["state"] == "queued"])
        assert [row["outcome"] for row in shop.rows("runs", "list", "--moment", "fine")] == ["fine"] * 4
        assert [row["outcome"] for row in shop.rows("runs", "list", "--moment", "keeps")] == ["1 1"] * 4
        for name, words in (("loops", "instructions"), ("hoards", "memory|instructions"), ("fails", "nil value"),
                            ("catches", "instructions")):
            run = run_of(shop, name)
            assert run["state"] == "parked" and run["outcome"] is None and run["ended_at"] is None, run
            assert re.search(words, run["reason"]), run
            assert run["steps"] == 0, run
            assert "parked" in shop.momentd("runs", "show", str(run["id"]))
        assert run_of(shop, "fails")["reason"].startswith("fails/moment.lua:6: "), run_of(shop, "fails")
        # A turn that failed has left nothing behind.
        assert shop.sql("SELECT count(*) FROM messages") == [(0,)]
        assert shop.sql("SELECT count(*) FROM stored_values") == [(0,)]
        status = shop.rows("status")[0]
        assert status["ready"] and status["runs"] == {"done": 8, "parked": 4}, status
        parked = shop.momentd("runs", "list", "--state", "parked")
        assert "fails/moment.lua:6" in parked, parked
        assert shop.request("GET", "/readyz")[0] == 200
        log = shop.text_log()
        assert 'msg="run parked"' in log and "fails/moment.lua:6" in log, log[-2000:]
        assert shop.stop() == 0


def reload(shop, scripts, condition):
    shop.write(scripts)
    shop.daemon.send_signal(signal.SIGHUP)
    shop.wait("the reload", condition)


def versions(shop, name):
    return shop.sql("SELECT count(*) FROM versions WHERE moment = ?", name)[0][0]


FIRST = "m:add('n', 1)\nm:wait_for('go', { within = '1d' })\nerror('the shelf fell down')"
OTHER = "m:get('n')\nm:wait_for('go', { within = '1d' })\nreturn 'other'"
LATER = "m:add('n', 1)\nm:sleep('1h')\nreturn 'slept'"
MENDED = ("m:add('n', 1)\nlocal go = m:wait_for('go', { within = '1d' })\n"
          "return 'went with ' .. m:add('n', 1) .. ' ' .. go.data.by")


def test_fix_reload_retry():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment(FIRST)}) as shop:
        shop.start()
        shop.send("a", "ida")
        run = shop.rows("runs", "list")[0]
        assert run["state"] == "waiting" and run["waiting_for"] == "go" and run["steps"] == 1, run
        shop.send("go", "ida", {"by": "bike"})
        parked = run_of(shop, "m")
        assert parked["state"] == "parked", parked
        assert parked["reason"].startswith("m/moment.lua:5: the shelf fell down"), parked
        identity = str(parked["id"])
        # Retrying without a fix: the same again, nothing twice.
        shop.momentd("runs", "retry", identity)
        assert run_of(shop, "m")["state"] == "parked"
        # A change that does something else is a divergence, shown with both steps and lines.
        for number, (body, step, line) in enumerate([(OTHER, "get", 3), (LATER, "sleep", 4)]):
            reload(shop, {"m/moment.lua": moment(body)}, lambda: versions(shop, "m") == number + 2)
            shop.momentd("runs", "retry", identity)
            run = shop.wait("divergence", lambda: "diverged" in (row := run_of(shop, "m"))["reason"] and row)
            assert run["state"] == "parked", run
            recorded = "add" if step == "get" else "wait_for"
            assert recorded in run["reason"] and step in run["reason"], run
            assert run["reason"].count(f"m/moment.lua:{line}") == 2, run
        # The mended script goes on where the run stood.
        reload(shop, {"m/moment.lua": moment(MENDED)}, lambda: versions(shop, "m") == 4)
        shop.momentd("runs", "retry", identity)
        run = shop.wait("the end", lambda: (row := run_of(shop, "m"))["state"] == "done" and row)
        assert run["outcome"] == "went with 2 bike", run
        assert "no run" in shop.momentd("runs", "retry", "4711", code=1).lower()
        # Runs in flight stay on their version.
        shop.send("a", "bo")
        reload(shop, {"m/moment.lua": moment("return 'new'")}, lambda: versions(shop, "m") == 5)
        shop.send("a", "eva")
        shop.send("go", "bo", {"by": "train"})
        outcomes = sorted(row["outcome"] for row in shop.rows("runs", "list"))
        assert outcomes == ["new", "went with 2 bike", "went with 2 train"], outcomes


def test_a_broken_reload_keeps_the_old():
    scripts = {"events.lua": PLAN, "m/moment.lua": moment("return 'old'"), "n/moment.lua": moment("return 'n1'")}
    changed = {"m/moment.lua": moment("return 'new' 'new'"), "n/moment.lua": moment("return 'n2'")}
    with Shop(scripts) as shop:
        shop.start()
        reload(shop, changed, lambda: shop.rows("status")[0]["errors"])
        errors = shop.rows("status")[0]["errors"]
        assert len(errors) == 1, errors
        assert set(errors[0]) == {"moment", "file", "line", "message"}, errors
        assert errors[0]["moment"] == "m" and errors[0]["file"] == "m/moment.lua" and errors[0]["line"] == 3, errors
        text = shop.momentd("status")
        assert "m/moment.lua:3" in text, text
        text = shop.momentd("reload", code=1)
        assert "m/moment.lua:3" in text, text
        shop.send("a", "ida")
        assert sorted(row["outcome"] for row in shop.rows("runs", "list")) == ["n2", "old"]
        shop.write({"m/moment.lua": moment("return 'new'")})
        shop.momentd("reload")
        assert shop.rows("status")[0]["errors"] == []
        shop.send("a", "bo")
        assert sorted(row["outcome"] for row in shop.rows("runs", "list")) == ["n2", "n2", "new", "old"]


SENDS = moment("m:send { template = 'x', data = { n = 1 } }")
FIELD = COPY.replace("subject:", "subject: {{missing}}", 1)


def test_M1_broken_copy_does_not_go_live():
    with Shop({"events.lua": PLAN, "m/moment.lua": SENDS, "m/x.da.md": COPY}) as shop:
        shop.start()
        for change, where in (({"m/x.da.md": "Hej\n"}, "m/x.da.md:1: no subject"),
                              ({"m/x.da.md": COPY + "{{#lines}}\n"}, "is never closed: write {{/lines}}"),
                              ({"m/x.da.md": COPY, "m/moment.lua": SENDS.replace("'x'", "'y'")}, "template y")):
            shop.write(change)
            text = shop.momentd("reload", code=1)
            assert where in text, text
            errors = shop.rows("status")[0]["errors"]
            assert len(errors) == 1 and errors[0]["file"].startswith("m/") and errors[0]["line"] >= 1, errors
            assert where in shop.momentd("status"), errors
        assert versions(shop, "m") == 1
        shop.send("a", "ida", {"email": "ida@example.com"})
        shop.wait("the mail", lambda: [row["template"] for row in shop.rows("messages", "list")] == ["x"])
        assert "template" not in [row["reason"] for row in shop.rows("messages", "list")]
        # What only the data can tell is known when it is sent; status says so until a version without it is live.
        shop.write({"m/moment.lua": moment("m:send { template = 'x', data = event.data }"), "m/x.da.md": FIELD})
        shop.momentd("reload")
        shop.send("a", "bo", {"email": "bo@example.com", "n": 1})
        shop.wait("the loss", lambda: shop.rows("status")[0]["errors"])
        assert "1 mail is lost: " in shop.momentd("status") and "missing" in shop.momentd("status")
        shop.write({"m/x.da.md": COPY + "More.\n"})
        shop.momentd("reload")
        assert shop.rows("status")[0]["errors"] == []


def test_S7_files_changed_together_are_one_change():
    def scripts(n):
        return {"shared/words.lua": f"return {{ n = {n} }}\n",
                "m/moment.lua": "local words = require 'words'\n" + moment(f"return 'm' .. words.n .. {n}"),
                "n/moment.lua": moment("return 'n'")}
    with Shop({"events.lua": PLAN, **scripts(1)}) as shop:
        shop.start()
        shop.write(scripts(2))
        shop.momentd("reload")
        assert shop.sql("SELECT moment, count(*) FROM versions GROUP BY moment ORDER BY moment") == [("m", 2), ("n", 1)]
        shop.send("a", "ida")
        assert sorted(row["outcome"] for row in shop.rows("runs", "list")) == ["m22", "n"]
        # A wrong shared file refuses the new version of who uses it; whoever does not goes on.
        shop.write({**scripts(3), "shared/words.lua": "return {", "n/moment.lua": moment("return 'n3'")})
        assert "shared/words.lua:1" in shop.momentd("reload", code=1)
        shop.send("a", "bo")
        assert sorted(row["outcome"] for row in shop.rows("runs", "list")) == ["m22", "m22", "n", "n3"]


# A file, and what check must say of it.
WRONG = [
    (moment("return event.data.n +"), r"m/moment\.lua:4: "),
    (moment("return 1", "clas = 'service', on = 'a'"), r"m/moment\.lua:2: .*'?clas'?.*did you mean '?class"),
    (moment("return os.time()"), r"m/moment\.lua:3: .*os.*m:now"),
    (moment("return math.random(6)"), r"m/moment\.lua:3: .*random.*m:random"),
    (moment("m:send { template = 'nowhere' }"), r"m/moment\.lua:3: .*nowhere"),
    (moment("return 1", "class = 'service', on = 'a', templates = { 'elsewhere' }"), r"m/moment\.lua:2: .*elsewhere"),
    (moment("return 1", "class = 'service', on = 'a', about = 'ordre'"), r"m/moment\.lua:.*ordre"),
    (moment("return _G.x"), r"m/moment\.lua:3: _G"),
    ("return 7\n", r"m/moment\.lua.*moment\.define"),
]


def check(shop, code):
    done = subprocess.run([MOMENTD, "check", shop.scripts], capture_output=True, text=True, timeout=60 * SLOW)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_check_says_where():
    with Shop() as shop:
        check(shop, 0)
    missed = []
    for text, wanted in WRONG:
        with Shop({"events.lua": PLAN, "m/moment.lua": text, "m/x.da.md": COPY}) as shop:
            done = subprocess.run([MOMENTD, "check", shop.scripts], capture_output=True, text=True, timeout=60 * SLOW)
            if done.returncode != 1 or not re.search(wanted, done.stdout + done.stderr):
                missed.append((wanted, done.returncode, done.stdout + done.stderr))
    assert not missed, "\n".join(map(str, missed))


def test_misuse_is_told_when_it_runs():
    """What check cannot know raises in the run, with line and the nearest name."""
    body = "local options = {}\noptions[event.data.option] = '1d'\nm:wait_for('b', options)"
    with Shop({"events.lua": PLAN, "m/moment.lua": moment(body)}) as shop:
        shop.start()
        shop.send("a", "ida", {"option": "befor"})
        run = run_of(shop, "m")
        assert run["state"] == "parked" and re.search(r"^m/moment\.lua:5: .*befor.*before", run["reason"]), run


main(test_each_harms_only_itself, test_fix_reload_retry, test_a_broken_reload_keeps_the_old,
     test_M1_broken_copy_does_not_go_live,
     test_S7_files_changed_together_are_one_change, test_check_says_where,
     test_misuse_is_told_when_it_runs)
