#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=150 tsan=yes
"""Runs in flight on another version, with the real binary (R4): tried, moved, told apart; under load with kill -9 in the
middle; on a copy of the database without the scripts."""
import glob
import json
import os
import random
import shutil
import subprocess
import threading

from crashes import Customer
from harness import MOMENTD, SLOW, Shop, main, moment

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject' } } }
"""
COPY = "---\nsubject: Hej\npreview: p\n---\nHej\n"
OPTIONS = "class = 'service', on = 'a'"
OLD = moment("""if event.data.early then m:set('x', 1) end
m:wait_for('c', { within = '1h' })
m:send { template = 'x' }
local b = m:wait_for('b', { within = '1h' })
return b and 'old b' or 'old'""", OPTIONS)
# Fits who waits in the first wait; another step stands where others have the mail; who stored a value diverges at once.
NEW = moment("""m:wait_for('c', { within = '3h' })
m:set('sent', 'no')
local b = m:wait_for('b', { within = '2h' })
return b and 'new b' or 'new'""", OPTIONS)
BROKEN = moment("error('no')", OPTIONS)


def scripts(text):
    return {"events.lua": PLAN, "m/moment.lua": text, "m/x.da.md": COPY}


def reload(shop, text):
    shop.write({"m/moment.lua": text})
    shop.momentd("reload")


def digests(shop):
    return {row["id"]: row["version"] for row in shop.rows("runs", "list", "--limit", "100000")}


def test_R4_runs_are_tried_told_apart_and_moved():
    with Shop(scripts(OLD)) as shop:
        shop.start()
        for number in range(6):
            shop.send("a", f"p{number}", {"early": True} if number == 0 else {})
        shop.send("c", "p1")
        shop.send("c", "p2")
        shop.wait("the messages", lambda: len(shop.rows("messages", "list")) == 2)
        reload(shop, NEW)
        old, new = (row["digest"] for row in reversed(shop.rows("moments", "versions", "m")))
        text = shop.momentd("moments", "migrate", "m", "--dry-run", code=1)
        assert "m: 6 runs in flight on other versions, tried on " + new[:12] in text, text
        assert "3 fit." in text and "3 do not fit:" in text and "Nothing was moved" in text, text
        assert "send(x) at m/moment.lua:5" in text and "set(sent) at m/moment.lua:4" in text, text
        assert set(digests(shop).values()) == {old}
        lines = [json.loads(line) for line in shop.momentd("moments", "migrate", "m", "--json", code=1).splitlines()]
        runs, summary = {line["run"]: line for line in lines[:-1]}, lines[-1]
        assert [runs[i]["fits"] for i in range(1, 7)] == [False, False, False, True, True, True], lines
        assert runs[2] == {"run": 2, "fits": False, "why": "diverges", "step": 2, "recorded": "send(x) at m/moment.lua:5",
                           "attempted": "set(sent) at m/moment.lua:4", "from": old, "answered": False, "due": False,
                           "moved": False}, runs[2]
        assert runs[1]["recorded"] == "set(x) at m/moment.lua:3" and runs[1]["step"] == 1, runs[1]
        assert runs[4]["recorded"] == "wait_for(c) at m/moment.lua:4" and runs[4]["moved"], runs[4]
        assert (summary["tried"], summary["fit"], summary["moved"], summary["unfit"]) == (6, 3, 3, 3), summary
        assert digests(shop) == {1: old, 2: old, 3: old, 4: new, 5: new, 6: new}
        for person in ("p1", "p5"):
            shop.send("c", person)
            shop.send("b", person)
        outcomes = lambda: {row["id"]: row["outcome"] for row in shop.rows("runs", "list")}
        shop.wait("the outcomes", lambda: outcomes()[2] == "old b" and outcomes()[6] == "new b")
        versions = shop.rows("moments", "versions", "m")
        assert [(row["digest"], row["live"], row["runs"], row["outcomes"]) for row in versions] == \
            [(new, True, 2, {"new b": 1}), (old, False, 2, {"old b": 1})], versions
        listed = shop.rows("moments", "list")
        assert [(row["moment"], row["live"], row["runs"], row["ended"]) for row in listed] == [("m", new, 4, 2)], listed
        assert new[:12] in shop.momentd("moments", "list") and "old b 1" in shop.momentd("moments", "versions", "m")


def test_what_is_not_known_is_named():
    with Shop(scripts(OLD)) as shop:
        text = shop.momentd("moments", "list", code=3)
        assert "shop.db" in text, text
        shop.start()
        reload(shop, NEW)
        digest = shop.rows("moments", "versions", "m")[0]["digest"]
        assert 'there is no moment "n"; did you mean m?' in shop.momentd("moments", "migrate", "n", code=1)
        assert 'm has no version "zzzz"' in shop.momentd("moments", "migrate", "m", "--to", "zzzz", code=1)
        wrong = digest[:11] + ("0" if digest[11] != "0" else "1")
        assert "nearest: " + digest[:12] in shop.momentd("moments", "migrate", "m", "--to", wrong, code=1)
        assert "several versions of m begin with \"\"" in shop.momentd("moments", "migrate", "m", "--to", "", code=1)
        assert "are the same version" in shop.momentd("moments", "migrate", "m", "--from", digest[:8], code=1)
        assert "--dry-run" in shop.momentd("moments", "migrate", "m", "--dry-rum", code=2)
        shop.stop()
        assert "no momentd runs on" in shop.momentd("moments", "migrate", "m", code=3)


WAITING = moment("return m:wait_for('b', { within = '%s' }) and 'b' or 'time'", OPTIONS + ", again = 'parallel'")
RUNS = 4000 if SLOW == 1 else 1000


def send_many(shop, first, count):
    events = [shop.event("a", f"q{first + i}") for i in range(count)]
    status, answer, _ = shop.request("POST", "/v1/events", json.dumps(events),
                                     {"Content-Type": "application/cloudevents-batch+json"})
    assert status == 200 and all(row["status"] == "accepted" for row in answer), (status, answer)


class Shopper(Customer):
    """Starts further runs and ends them while others are moved."""

    def run(self):
        for round in range(100000):
            if not self.running:
                return
            person = f"c{self.number}-{round}"
            self.deliver(self.shop.event("a", person), insist=True)
            self.deliver(self.shop.event("b", person), insist=True)


def by_version(shop):
    return dict(shop.sql("SELECT version, count(*) FROM runs WHERE state = 1 GROUP BY version"))


def check_whole(shop, spans):
    """Each waiting run has the wait of the version that it is on."""
    spans = {version: span * 3600 * 1000000 for version, span in spans.items()}
    for version, due, started in shop.sql("SELECT version, due_at, started_at FROM runs WHERE state = 1"):
        assert due - started == spans[version], (version, due, started)


def migrate_and_kill(shop, to):
    """Kills the daemon once some runs were moved, if it is not done by then."""
    before = by_version(shop).get(to[0], 0)
    asking = subprocess.Popen([MOMENTD, "moments", "migrate", "m", "--to", to[1], "--db", shop.db],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    limit = before + random.randrange(20, RUNS // 2)  # more than what others start meanwhile
    shop.wait("some to be moved", lambda: by_version(shop).get(to[0], 0) > limit or asking.poll() is not None)
    shop.kill()
    text = asking.communicate()[0].decode()
    assert asking.returncode in (0, 1), text
    return asking.returncode, text


def test_R4_each_run_is_on_one_version_or_the_other_after_kill_9():
    with Shop({"events.lua": PLAN, "m/moment.lua": WAITING % "1h"}) as shop:
        shop.start()
        for first in range(0, RUNS, 500):
            send_many(shop, first, 500)
        reload(shop, WAITING % "2h")
        versions = {row["live"]: row["digest"] for row in shop.rows("moments", "versions", "m")}
        sides = [(2, versions[True]), (1, versions[False])]
        shoppers = [Shopper(shop, number) for number in range(3)]
        for shopper in shoppers:
            shopper.start()
        cut = 0
        for round in range(3):
            code, text = migrate_and_kill(shop, sides[round % 2])
            cut += code
            shop.start()
            check_whole(shop, {1: 1, 2: 2})
        for shopper in shoppers:
            shopper.running = False
        for shopper in shoppers:
            shopper.join(timeout=60 * SLOW)
        print(f"     {cut} of 3 migrations were cut off; {sum(len(s.acknowledged) for s in shoppers)} events beside them")
        text = shop.momentd("moments", "migrate", "m")
        assert "not fit" not in text, text
        check_whole(shop, {2: 2})
        assert by_version(shop) == {2: RUNS}, by_version(shop)
        acknowledged = sum(len(shopper.acknowledged) for shopper in shoppers)
        assert shop.sql("SELECT count(*) FROM runs")[0][0] == RUNS + acknowledged // 2
        assert shop.sql("SELECT count(*) FROM runs WHERE state = 3 AND outcome = 'b'")[0][0] == acknowledged // 2
        assert shop.rows("runs", "list", "--state", "parked") == []


def test_runs_stay_on_their_version_on_another_machine_without_the_scripts():
    with Shop(scripts(OLD)) as shop:
        shop.start()
        shop.send("a", "ida")
        shop.send("a", "bo")
        reload(shop, WAITING % "2h")
        shop.send("a", "eva")
        shop.stop()
        with Shop({}) as other:
            os.makedirs(other.scripts)
            for path in glob.glob(shop.db + "*"):  # with the keys beside it
                if os.path.isfile(path):
                    shutil.copy(path, other.db + path[len(shop.db):])
            other.start()
            other.send("c", "ida")
            other.send("b", "ida")
            other.send("b", "eva")
            done = lambda: {row["person"]: row["outcome"] for row in other.rows("runs", "list") if row["outcome"]}
            assert other.wait("both", lambda: len(done()) == 2 and done()) == {"ida": "old b", "eva": "b"}, done()
            assert len(other.rows("messages", "list")) == 1
            versions = other.rows("moments", "versions", "m")
            assert [row["runs"] for row in versions] == [0, 1], versions
            text = other.momentd("moments", "migrate", "m", "--to", versions[0]["digest"][:10])
            assert "1 fits and is moved" in text, text
            other.send("b", "bo")
            assert other.wait("the last", lambda: done().get("bo")) == "b"


main(test_R4_runs_are_tried_told_apart_and_moved,
     test_what_is_not_known_is_named,
     test_R4_each_run_is_on_one_version_or_the_other_after_kill_9,
     test_runs_stay_on_their_version_on_another_machine_without_the_scripts)
