#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=90 tsan=yes
"""The command line: help everywhere, exit codes that scripts can go by, the field names of --json, times, and ingest
over HTTP (P5, W6)."""
import collections
import fcntl
import gzip
import json
import os
import re
import struct
import subprocess
import tempfile
import termios

from harness import COPY, MOMENTD, SLOW, Shop, main, moment

COMMANDS = ["run", "check", "test", "ingest", "event", "events", "runs list", "runs show", "runs cancel", "runs retry",
            "messages list", "messages show", "why", "status", "reload", "key add", "key list", "key revoke", "help",
            "version", "deploy"]
RUN = "id moment version state outcome reason about person trigger steps waiting_for due_at started_at ended_at".split()
MESSAGE = ("id run moment template variant channel class state reason to locale subject "
           "created_at due_at final_at").split()
UNMATCHED = "event type moment reason".split()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

SCRIPTS = {
    "events.lua": """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  things = { order = { of = 'person', at = 'data.order_id' } },
  events = { a = { means = 'a trigger', address = { email = 'data.email' } }, b = { means = 'an answer' },
    ['c.d'] = { means = 'another' } } }
""",
    "m/moment.lua": moment("m:send { template = 'x', data = { n = event.data.n } }\n"
                           "local b = m:wait_for({ 'b', 'c.*' }, { within = '1d' })\nreturn 'got ' .. b.type",
                           "class = 'service', on = 'a', about = 'order', "
                           "where = function(event) return event.data.n ~= 0 end"),
    "m/x.da.md": COPY,
}


def call(*arguments, text=None, db=None):
    """Exit code, standard output, standard error; in no locale at all."""
    unwanted = ("LC_", "LANG", "MOMENTD_DB")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    if db:
        environment["MOMENTD_DB"] = db
    done = subprocess.run([MOMENTD, *arguments], input=text, capture_output=True, timeout=60 * SLOW, env=environment)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_help():
    code, text, _ = call("help")
    assert code == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command}\s", text, re.M), command
        for words in (["help", *command.split()], [*command.split(), "--help"], [*command.split(), "-h"]):
            code, page, error = call(*words)
            assert code == 0 and not error, (words, code, error)
            assert f"Usage: momentd {command}" in page and "Example:" in page and "Exit code:" in page, page
            assert f"  momentd {command}" in page, "the example is of this command"
            long = [line for line in page.splitlines() if len(line) > 120]
            assert not long, long
    assert call("--help")[1] == text and call("-h")[1] == text
    assert call()[0] == 2 and "Usage:" in call()[1]
    assert re.fullmatch(r"momentd \S+\n", call("version")[1]) and call("--version") == call("version")


def test_misuse_is_2_and_names_the_nearest():
    for words, wanted in [
            (["rnus"], "momentd runs"), (["runs", "lst"], "momentd runs list"), (["runs"], "runs list"),
            (["statsu"], "momentd status"), (["xyzzy"], "momentd help"),
            (["run", "--delivry", "live"], "--delivery"), (["run", "--delivery"], "--delivery MODE"),
            (["status", "--jsn"], "--json"), (["status", "--json=yes"], "takes no value"), (["status", "-x"], "-x"),
            (["runs", "show"], "RUN"), (["runs", "show", "seven"], "seven"), (["runs", "show", "1", "2"], "2"),
            (["runs", "list", "--state", "prked"], "parked"), (["runs", "list", "--limit", "none"], "limit"),
            (["messages", "list", "--state", "acceptd"], "accepted"), (["ingest"], "FILE"),
            (["ingest", "--history", "--virtual-time", "-"], "exclude"), (["event", "a", "--data", "{"], "JSON"),
            (["run", "--delivery", "lve"], "live"), (["run", "--log-level", "loud"], "loud"),
            (["run", "--smtp-reply-timeout", "3 parsecs"], "smtp")]:
        code, out, error = call(*words)
        assert code == 2, (words, code, out, error)
        assert wanted in error and not out, (words, error)


def test_unreachable_is_3():
    with Shop(SCRIPTS) as shop:
        missing = os.path.join(shop.dir, "none.db")
        for words in (["runs", "list"], ["messages", "list"], ["status"], ["why", "ida"], ["events"], ["key", "list"],
                      ["runs", "show", "1"]):
            code, out, error = call(*words, "--db", missing)
            assert code == 3 and missing in error and not out, (words, code, error)
        assert not os.path.exists(missing), "a reading command makes no database"
        shop.start()
        assert shop.stop() == 0
        for words in (["runs", "cancel", "1"], ["runs", "retry", "1"], ["reload"], ["event", "a"],
                      ["ingest", os.devnull]):
            code, _, error = call(*words, "--db", shop.db)
            assert code == 3, (words, code, error)
        code, _, error = call("event", "a", "--url", f"http://127.0.0.1:{shop.port}")
        assert code == 3, (code, error)
        assert call("status", "--db", shop.db)[0] == 0, "a database can be read without its daemon"
        assert "not running" in call("status", "--db", shop.db)[1]
        code, _, error = call("ingest", os.path.join(shop.dir, "none.ndjson"), "--db", shop.db)
        assert code == 1 and "none.ndjson" in error, (code, error)


def check_times(row, *names):
    for name in names:
        assert TIME.fullmatch(row[name]), (name, row)


def first_fields(row, wanted):
    assert list(row)[:len(wanted)] == wanted, list(row)


def check_shapes(shop):
    done, waiting = sorted(shop.rows("runs", "list"), key=lambda row: row["state"])
    assert list(done) == RUN and list(waiting) == RUN, (list(done), RUN)
    check_times(done, "started_at", "ended_at")
    check_times(waiting, "started_at", "due_at")
    assert done["state"] == "done" and done["outcome"] == "got c.d", done
    assert done["waiting_for"] is None and done["due_at"] is None, done
    assert done["about"] == {"kind": "order", "value": "o1"}, done
    assert done["person"] == "ida" and done["trigger"] == "a1", done
    assert done["steps"] == 2 and re.fullmatch("[0-9a-f]{64}", done["version"]) and done["reason"] is None, done
    assert waiting["waiting_for"] == "b, c.*" and waiting["ended_at"] is None and waiting["outcome"] is None, waiting
    shown = shop.rows("runs", "show", str(done["id"]))[0]
    first_fields(shown, RUN)
    assert [step["step"] for step in shown["timeline"]] == ["send", "wait_for"], shown
    assert shown["timeline"][0]["file"] == "m/moment.lua" and shown["timeline"][0]["line"] == 3, shown
    assert shown["timeline"][1]["event"] == "c1" and TIME.fullmatch(shown["timeline"][1]["at"]), shown
    message = shop.rows("messages", "list", "--run", str(done["id"]))[0]
    first_fields(message, MESSAGE)
    check_times(message, "created_at", "due_at", "final_at")
    assert message["run"] == done["id"] and message["template"] == "x" and message["channel"] == "email", message
    assert message["class"] == "service" and message["to"] == "ida@example.com" and message["locale"] == "da", message
    assert message["subject"] == "Hej 1" and message["state"] == "accepted" and message["variant"] is None, message
    first_fields(shown["messages"][0], MESSAGE)
    unmatched = shop.rows("events", "--unmatched")
    first_fields(unmatched[0], UNMATCHED)
    reasons = {(row["event"], row["moment"], row["reason"]) for row in unmatched}
    assert reasons == {("a3", "m", "where"), ("a4", "m", "about")}, unmatched
    event = shop.rows("events", "--type", "c.d")[0]
    check_times(event, "time", "received_at")
    assert event["id"] == "c1" and event["data"] == {"order_id": "o1"} and event["about"] == {"order": "o1"}, event
    check_status(shop)


def check_status(shop):
    status = shop.rows("status")[0]
    check_times(status, "engine_time", "started_at")
    assert status["ready"] is True and status["daemon"] is True and status["delivery"] == "live", status
    assert status["runs"] == {"waiting": 1, "done": 1} and status["errors"] == [], status
    assert status["pid"] == shop.daemon.pid and status["listen"] == f"http://127.0.0.1:{shop.port}", status
    assert "m" in shop.momentd("status") and "live" in shop.momentd("status")


def test_json_and_tables():
    with Shop(SCRIPTS) as shop:
        shop.start()
        for identity, kind, subject, data in [
                ("a1", "a", "ida", {"n": 1, "order_id": "o1", "email": "ida@example.com"}),
                ("c1", "c.d", "ida", {"order_id": "o1"}),
                ("a2", "a", "bo", {"n": 2, "order_id": "o2"}),
                ("a3", "a", "eva", {"n": 0, "order_id": "o3"}),
                ("a4", "a", "eva", {"n": 4})]:
            shop.send(kind, subject, data, id=identity)
        shop.wait("the mail", shop.mails)
        shop.wait("acceptance", lambda: shop.rows("messages", "list", "--state", "accepted"))
        check_shapes(shop)
        for words, wanted in [
                (["runs", "list"], "got c.d"), (["runs", "show", "1"], "m/moment.lua:3"),
                (["messages", "list"], "ida@example.com"),
                (["messages", "show", "1"], "Hej 1"), (["events"], "c.d"), (["events", "--unmatched"], "where"),
                (["runs", "list", "--person", "ida@example.com"], "o1"),
                (["runs", "list", "--state", "parked"], "No runs")]:
            assert wanted in shop.momentd(*words), words
        assert shop.rows("messages", "show", "1")[0]["id"] == 1
        assert len(shop.rows("events", "--limit", "2")) == 2
        shop.momentd("runs", "show", "4711", code=1)
        shop.momentd("messages", "show", "4711", code=1)
        shop.momentd("runs", "cancel", "4711", code=1)
        waiting = shop.rows("runs", "list", "--state", "waiting")[0]
        shop.momentd("runs", "cancel", str(waiting["id"]))
        cancelled = shop.rows("runs", "list", "--state", "cancelled")[0]
        assert cancelled["id"] == waiting["id"] and cancelled["reason"] == "operator", cancelled
        check_times(cancelled, "ended_at")
        shop.momentd("runs", "cancel", str(waiting["id"]), code=1)


def test_why():
    with Shop(SCRIPTS) as shop:
        shop.start()
        shop.send("a", "ida", {"n": 1, "order_id": "o1", "email": "ida@example.com"})
        shop.send("a", "ida", {"n": 0, "order_id": "o2"})
        shop.send("a", "bo", {"n": 2, "order_id": "o3"})
        shop.wait("acceptance", lambda: shop.rows("messages", "list", "--state", "accepted"))
        for subject in ("ida", "ida@example.com", " Ida@Example.com "):
            text = shop.momentd("why", subject)
            assert "sent (accepted)" in text and "where said no" in text and "o1" in text, text
            assert "bo" not in text.split(), text
        assert "not sent: no address is known" in shop.momentd("why", "bo"), shop.momentd("why", "bo")
        kinds = [row["kind"] for row in shop.rows("why", "ida")]
        assert all(kinds.count(kind) == 1 for kind in ("person", "run", "message", "unmatched")), kinds
        message = next(row for row in shop.rows("why", "bo") if row["kind"] == "message")
        assert message["sent"] is False and message["reason"] == "no_address" and "address" in message["why"], message
        assert "nobody" in shop.momentd("why", "nobody", code=1)


def test_parked_runs_are_told_in_full():
    body = "if event.data.n then m:wait_for('b', { within = '1d' }) end\nerror('the stock is not a table: ' .. ('x'):rep(80))"
    with Shop({**SCRIPTS, "m/moment.lua": moment(body)}) as shop:
        shop.start()
        shop.send("a", "ida")
        shop.send("a", "bo")
        shop.send("a", "eva", {"n": 1})
        said = "m/moment.lua:4: the stock is not a table: " + "x" * 80
        for words in (["why", "ida"], ["runs", "list"]):
            text = shop.momentd(*words)
            assert f"run 1 of m is parked: {said}\n" in text, text
            assert "mend it, reload, then: momentd runs retry 1\n" in text, text
        assert "is parked" not in shop.momentd("why", "eva"), "a run that waits is none"
        error, = shop.rows("status")[0]["errors"]
        wanted = {"moment": "m", "file": "m/moment.lua", "line": 4, "message": said.split(": ", 1)[1], "run": 2, "runs": 2}
        assert error == wanted, error
        text = shop.momentd("status")
        assert f"PARKED {said}\n  2 of m, the newest is run 2: mend it, reload, then: momentd runs retry 2\n" in text, text


def test_a_slip_of_the_pen_is_seen():
    with Shop(SCRIPTS) as shop:
        shop.start()
        for kind in ("stock.was_updated", "aa", "aa", "a", "profile.updated", "consent.withdrawn"):
            shop.send(kind, "ida", {"n": 0, "order_id": "o1"}, id=f"a-very-long-identifier-of-this-one-event-{kind}" + "x" * 60,
                      source="/a/very/long/source/of/this/one/event") if kind != "aa" else shop.send(kind, "ida")
        wanted = [{"type": "stock.was_updated", "count": 1, "nearest": None}, {"type": "aa", "count": 2, "nearest": "a"}]
        assert shop.rows("status")[0]["unplanned"] == wanted, shop.rows("status")
        text = shop.momentd("status")
        assert "Not planned  1 stock.was_updated\n             2 aa; did you mean a?\n" in text, text
        log = shop.text_log()
        assert log.count("the plan declares no such event type") == 2 and "nearest=a" in log, log
        for words in (["events"], ["why", "ida"]):
            assert " stock.was_updated  a-very-" in shop.momentd(*words), "the type stands, the id is cut"


def test_shadow_is_no_delivery():
    with Shop(SCRIPTS, delivery="shadow") as shop:
        shop.start()
        shop.send("a", "ida", {"n": 1, "order_id": "o1", "email": "ida@example.com"})
        shop.wait("the decision", lambda: shop.rows("messages", "list", "--state", "accepted"))
        assert "accepted (shadow)" in shop.momentd("messages", "list"), shop.momentd("messages", "list")
        assert shop.rows("status")[0]["messages"] == {"shadow": 1}, shop.rows("status")
        assert "Messages     1 shadow\n" in shop.momentd("status")
        assert shop.stop() == 0
        shop.options["delivery"] = "live"
        shop.start()
        shop.send("a", "bo", {"n": 1, "order_id": "o2", "email": "bo@example.com"})
        shop.wait("the mail", lambda: shop.rows("status")[0]["messages"] == {"accepted": 1, "shadow": 1})


def test_event():
    with Shop(SCRIPTS) as shop:
        shop.start()
        words = ["event", "a", "--subject", "søren", "--id", "e1", "--source", "/shop",
                 "--time", "2026-01-01T10:00:00+01:00", "--data"]
        text = shop.momentd(*words, '{"n": 1, "order_id": "o1", "email": "s@example.com"}')
        assert text == "accepted e1\n", text
        text = shop.momentd(*words, '{"email":"s@example.com","n":1,"order_id":"o1"}')
        assert text == "duplicate e1\n", text
        assert "before" in shop.momentd("event", "a", "--id", "e1", "--source", "/shop", code=1)
        assert json.loads(shop.momentd("event", "b", "--json"))["status"] == "accepted"
        assert "403" in shop.momentd("event", "message.failed", code=1)
        row = shop.rows("events", "--type", "a")[0]
        assert row["time"] == "2026-01-01T09:00:00Z" and row["subject"] == "søren" and row["source"] == "/shop", row


def lines(count, first=1):
    return [json.dumps({"specversion": "1.0", "id": f"i{n}", "source": "/file", "type": "b", "subject": f"k{n}",
                        "data": {"n": n}}) for n in range(first, first + count)]


def counts(events, accepted, duplicates=0, conflicts=0, refused=0):
    return {"events": events, "accepted": accepted, "duplicates": duplicates, "conflicts": conflicts,
            "refused": refused}


def ingest(shop, *arguments, text=None):
    code, out, error = call("ingest", *arguments, "--json", text=text, db=shop.db)
    return code, json.loads(out), error


def test_ingest_over_http():
    with Shop(SCRIPTS) as shop:
        shop.start()
        plain, packed = os.path.join(shop.dir, "e.ndjson"), os.path.join(shop.dir, "e.ndjson.gz")
        with open(plain, "w", encoding="utf-8") as file:
            file.write("\n".join(lines(450)) + "\n\n")
        with gzip.open(packed, "wt", encoding="utf-8") as file:
            file.write("\r\n".join(lines(450, 401)))
        code, summary, error = ingest(shop, plain)
        assert code == 0 and summary == counts(450, 450), (summary, error)
        assert re.search(r"450 events, \d+ a second", error), error
        code, summary, _ = ingest(shop, packed)
        assert code == 0 and summary == counts(450, 400, duplicates=50), summary
        code, summary, error = ingest(shop, "-", "--quiet", "--batch", "7", text="\n".join(lines(20, 900)).encode())
        assert code == 0 and summary == counts(20, 20), (summary, error)
        assert error == "", error
        # Lines that are none are told by their number, and the others go in.
        bad = lines(3, 2001)
        bad.insert(1, '{"specversion": "1.0", "id": 7}')
        bad.insert(3, "no JSON at all")
        bad.append(lines(1, 1)[0].replace('"n": 1', '"n": 2'))
        bad.append('{"specversion":"1.0","id":"r1","source":"/file","type":"message.failed"}')
        code, summary, error = ingest(shop, "-", text="\n".join(bad).encode())
        assert code == 1 and summary == counts(7, 3, conflicts=1, refused=3), (summary, error)
        told = re.findall(r"^line (\d+): (.*)$", error, re.M)
        assert [number for number, _ in told] == ["2", "4", "6", "7"], error
        assert "source" in dict(told)["2"] and "momentd itself" in dict(told)["7"], told
        check_broken_files(shop, packed)
        code, out, _ = call("ingest", plain, "--db", shop.db)
        assert code == 0 and "450 known already" in out, out


def check_broken_files(shop, packed):
    with open(packed, "rb") as file:
        half = file.read()[:-200]
    torn = os.path.join(shop.dir, "torn.ndjson.gz")
    with open(torn, "wb") as file:
        file.write(half)
    code, _, error = call("ingest", torn, "--db", shop.db)
    assert code == 1 and "torn.ndjson.gz" in error, (code, error)
    code, summary, _ = ingest(shop, "-", text=b"")
    assert code == 0 and summary["events"] == 0, summary


def test_help_of_a_group():
    for words in (["key", "--help"], ["key", "-h"], ["help", "key"]):
        code, out, error = call(*words)
        assert code == 0 and not error, (words, code, error)
        assert all(command in out for command in ("key add", "key list", "key revoke")) and "runs" not in out, out
    assert call("runs", "--help")[0] == 0
    assert call("key")[0] == 2 and call("key", "ad", "--help")[0] == 2 and call("help", "kee")[0] == 2


def in_a_terminal(columns, *arguments, environment=()):
    """What a command prints on a terminal that is so wide (0: that does not say)."""
    reader, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25 if columns else 0, columns, 0, 0))
    rest = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = subprocess.Popen([MOMENTD, *arguments], stdout=terminal, env={**rest, **dict(environment)})
    os.close(terminal)
    text = b""
    while True:
        try:
            more = os.read(reader, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        text += more
    os.close(reader)
    assert command.wait(timeout=60 * SLOW) == 0
    return text.decode().splitlines()


def test_tables_are_cut_on_a_terminal_alone():
    long = " ".join(f"word{number}" for number in range(60))
    with Shop({**SCRIPTS, "long/moment.lua": moment(f"m:set('k', {{ text = '{long}' }})\nm:get('k')\nreturn '{long}'")}) as shop:
        shop.start()
        shop.send("a", "ida", {"n": 1, "order_id": "o1", "email": "ida@example.com"})
        run = shop.wait("the run", lambda: [row for row in shop.rows("runs", "list", "--moment", "long") if row["state"] == "done"])[0]["id"]
        piped = shop.momentd("runs", "show", str(run))
        assert long in piped and "…" not in piped, piped
        assert long in shop.momentd("runs", "list"), "a pipe has no width"
        for columns, environment, width in ((70, {}, 70), (0, {"COLUMNS": "90"}, 90), (0, {}, 80)):
            cut = in_a_terminal(columns, "runs", "list", "--db", shop.db, environment=environment)
            assert max(map(len, cut)) == width and any("…" in line for line in cut), (width, cut)
        shown = in_a_terminal(100, "runs", "show", str(run), "--db", shop.db)
        steps = shown[2:]
        assert all(f"word{number}" in " ".join(steps) for number in range(60)) and not any("…" in line for line in steps[:20]), shown
        assert shop.stop() == 0


TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def texts(value, name=""):
    """All texts of a JSON value, with the names of their fields."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, name)
    elif isinstance(value, str):
        yield name, value


def test_times_in_json_are_rfc_3339():
    with Shop(SCRIPTS) as shop:
        shop.start()
        shop.send("a", "ida", {"n": 1, "order_id": "o1", "email": "ida@example.com"})
        shop.wait("mail and the first look of retention", lambda: shop.mails() and shop.rows("status")[0]["retention"])
        key = shop.momentd("key", "add", "k")
        run, message = shop.rows("runs", "list")[0]["id"], shop.rows("messages", "list")[0]["id"]
        found = collections.Counter()
        for words in (["status"], ["events"], ["events", "--unmatched"], ["runs", "list"], ["runs", "show", str(run)], ["messages", "list"],
                      ["messages", "show", str(message)], ["why", "ida"], ["people", "show", "ida"], ["moments", "list"],
                      ["moments", "versions", "m"], ["quarantine", "list"], ["key", "list"], ["metrics", "list"]):
            for name, text in texts(shop.rows(*words)):
                if TIMES.match(text):
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text), (words, name, text)
                    found[name] += 1
        assert key and found["done_at"] == 1 and found["engine_time"] and found["received_at"], found
        assert shop.stop() == 0


def test_ingest_needs_its_key():
    with Shop(SCRIPTS) as shop:
        shop.start()
        key = shop.momentd("key", "add", "file").strip()
        code, _, error = call("ingest", "-", "--db", shop.db, text=lines(1)[0].encode())
        assert code == 1 and "401" in error, (code, error)
        path = os.path.join(shop.dir, "key")
        with open(path, "w", encoding="utf-8") as file:
            file.write(key + "\n")
        code, out, error = call("ingest", "-", "--db", shop.db, "--api-key-file", path, text=lines(1)[0].encode())
        assert code == 0 and "1 accepted" in out, (out, error)


def test_history_starts_nothing():
    """W6, DESIGN 4: stored only, in a database that no daemon has open."""
    text = json.dumps({"specversion": "1.0", "id": "h1", "source": "/old", "type": "a", "subject": "ida",
                       "time": "2020-01-01T00:00:00Z",
                       "data": {"n": 1, "order_id": "o1", "email": "ida@example.com"}}).encode()
    with Shop(SCRIPTS) as shop:
        shop.start()
        code, _, error = call("ingest", "-", "--history", "--db", shop.db, "--scripts", shop.scripts, text=text)
        assert code == 1 and "daemon" in error, (code, error)
        assert shop.stop() == 0
        code, out, error = call("ingest", "-", "--history", "--db", shop.db, "--scripts", shop.scripts, text=text)
        assert code == 0, (out, error)
        code, _, error = call("ingest", "-", "--virtual-time", "--db", shop.db, "--scripts", shop.scripts, text=text)
        assert code == 1 and "virtual" in error, "virtual time needs a database of its own"
        code, _, error = call("ingest", "-", "--virtual-time", "--db", shop.db + ".v", "--scripts", shop.scripts,
                              "--delivery", "live", "--mail", "smtp://127.0.0.1", text=text)
        assert code == 2 and "file:" in error, (code, error)
        shop.start()
        assert shop.rows("events")[0]["history"] is True and shop.rows("runs", "list") == [] and shop.mails() == []


def test_configuration_file():
    """One Lua file; the command line goes before it; an unknown option names the nearest."""
    with Shop(SCRIPTS) as shop:
        path = os.path.join(shop.dir, "momentd.lua")

        def run(text, *more):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return call("run", "--config", path, "--db", shop.db, *more)
        for text, wanted in [("delivry = 'live'", "return"), ("return {\n delivry = 'live' }", "momentd.lua:2: there is no option \"delivry\"; did you mean \"delivery\"?"),
                             ("return { smtp_password_file = os.getenv('X') }", "a secret stands in a file"), ("return {", "momentd.lua:1"),
                             ("return { delivery = 7 }", "text"),
                             ("return { idle_timeout = '3 parsecs' }", "idle_timeout")]:
            code, _, error = run(text)
            assert code == 2 and wanted in error, (text, code, error)
        code, _, error = call("run", "--config", os.path.join(shop.dir, "none.lua"))
        assert code == 2 and "none.lua" in error, (code, error)


# Commands without --db take momentd.db of where they stand: here, of nowhere else.
with tempfile.TemporaryDirectory(prefix="momentd-cli-") as HERE:
    os.chdir(HERE)
    main(test_help, test_misuse_is_2_and_names_the_nearest, test_unreachable_is_3, test_json_and_tables, test_why,
         test_parked_runs_are_told_in_full, test_shadow_is_no_delivery, test_a_slip_of_the_pen_is_seen, test_event, test_ingest_over_http, test_ingest_needs_its_key, test_history_starts_nothing,
         test_help_of_a_group, test_tables_are_cut_on_a_terminal_alone, test_times_in_json_are_rfc_3339,
         test_configuration_file)
