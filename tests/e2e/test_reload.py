#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 asan=no processors=2 cost=40
"""Reloads under load: 2,000 events a second, a reload every 200 ms, good, broken and failing in its spec by turns. No
request fails, no run is lost or there twice, none is by a version that was refused; and runs end on the version that
they began on, after 300 reloads and three kills (S7, R7).

usage: test_reload.py [--seconds N] [TEST]…    how long the load lasts (default 6; the full proof is 60)"""
import json
import os
import socket
import subprocess
import sys
import threading
import time

from harness import SLOW, Shop, main, moment

SECONDS = 6
if "--seconds" in sys.argv:
    at = sys.argv.index("--seconds")
    SECONDS = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]

RATE = 2000
EVERY = 0.2  # seconds between two reloads
BUILD = os.environ.get("MOMENTD_BUILD", "build/dev")
LOAD = os.path.join(BUILD, "bench", "load")


def spec(wanted):
    return (f"describe('m', function()\n  it('says {wanted}', function(shop)\n"
            "    shop:event('cart.updated', { subject = 'ida', data = { cart_id = 'c' } })\n"
            f"    shop:expect_outcome('{wanted}')\n  end)\nend)\n")


def version(number, kind):
    """A version of the moment: good, broken, or one whose spec fails."""
    if kind == "broken":
        return {"m/moment.lua": moment(f"return 'broken {number}'", "class = 'service', on = 'cart.updated'") + "}",
                "m/moment_spec.lua": spec(f"broken {number}")}
    text = f"{kind} {number}"
    return {"m/moment.lua": moment(f"return '{text}'", "class = 'service', on = 'cart.updated', again = 'parallel'"),
            "m/moment_spec.lua": spec(text if kind == "good" else "something else")}


KINDS = ("good", "broken", "failing")


def load(shop, events, first):
    done = subprocess.run([LOAD, f"127.0.0.1:{shop.port}", "--connections", "64", "--events", str(events), "--rate",
                           str(RATE), "--first", str(first)], capture_output=True, text=True)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def counts(shop):
    return shop.rows("status")[0]["reload"]


def test_reloads_under_load():
    if not os.access(LOAD, os.X_OK):
        print("skipped: there is no load generator in this build")
        return
    quiet, busy = RATE * max(3, SECONDS // 4), RATE * SECONDS
    with Shop(version(0, "good")) as shop:
        shop.start()
        before = load(shop, quiet, 0)
        stop, done = threading.Event(), []

        def reload_on_and_on():
            while not stop.is_set():
                began = time.time()
                number = len(done) + 1
                put(shop, version(number, KINDS[number % 3]))
                done.append(number)
                stop.wait(max(0, EVERY - (time.time() - began)))
        thread = threading.Thread(target=reload_on_and_on)
        thread.start()
        during = load(shop, busy, quiet)
        stop.set()
        thread.join()
        print(f"{len(done)} reloads; p99 {before['p99_ms']:.1f} ms before, {during['p99_ms']:.1f} ms during; "
              f"{counts(shop)}")
        for answer, count in ((before, quiet), (during, busy)):
            assert answer["acknowledged"] == count and answer["errors"] == 0, answer
        events, = shop.sql("SELECT count(*) FROM events WHERE type = 'cart.updated'")
        runs, = shop.sql("SELECT count(*), count(DISTINCT trigger) FROM runs WHERE moment = 'm'")
        assert events == (quiet + busy,) and runs == (quiet + busy, quiet + busy), (events, runs)
        assert shop.sql("SELECT count(*) FROM runs WHERE state <> 3 OR outcome NOT LIKE 'good %'") == [(0,)]
        # The last good one wins in the end, and what was refused was said.
        number = len(done) + 3 - len(done) % 3
        shop.write(version(number, "good"))
        shop.momentd("reload")
        assert counts(shop)["refused"] > 0, counts(shop)
        assert shop.sql("SELECT count(*) FROM versions")[0][0] > 2
        assert shop.stop() == 0


def put(shop, files):
    """Each file whole, the spec before what it is about: no state in between is one that a spec would let pass."""
    for path in sorted(files, reverse=True):
        full = os.path.join(shop.scripts, path)
        scratch = os.path.join(os.path.dirname(full), ".scratch")
        with open(scratch, "w", encoding="utf-8") as file:
            file.write(files[path])
        os.rename(scratch, full)


class Admin:
    """The admin socket, held open."""

    def __init__(self, shop):
        self.socket = socket.socket(socket.AF_UNIX)
        directory = os.open(shop.db + ".admin", os.O_RDONLY)
        self.socket.connect(f"/proc/self/fd/{directory}/socket")
        os.close(directory)
        self.file = self.socket.makefile("rb")

    def ask(self, command):
        self.socket.sendall(json.dumps({"command": command}).encode() + b"\n")
        return json.loads(self.file.readline())

    def close(self):
        self.file.close()
        self.socket.close()


def waiting(number, kind):
    """Other steps than the first version's: a run that changed versions would diverge."""
    steps = "m:add('n', 1)\nm:wait_for('go', { within = '30d' })\nreturn 'first ' .. m:add('n', 1)"
    if number:
        steps = f"m:get('x{number}')\nm:sleep('{number + 1}h')\nreturn 'version {number}'"
    return {"w/moment.lua": moment(steps, "class = 'service', on = 'long'") + ("}" if kind == "broken" else "")}


RUNS, RELOADS = 40, 300


def test_R7_runs_end_on_their_first_version():
    with Shop(waiting(0, "good")) as shop:
        shop.start()
        for number in range(RUNS):
            shop.send("long", f"p{number}")
        admin, refused = Admin(shop), 0
        for number in range(1, RELOADS + 1):
            kind = "broken" if number % 3 == 1 else "good"
            shop.write(waiting(number, kind))
            answer = admin.ask("reload")
            assert answer["ok"] and bool(answer["errors"]) == (kind == "broken"), answer
            refused += bool(answer["errors"])
            if number % 100 == 50:
                admin.close()
                shop.kill()
                shop.start()
                admin = Admin(shop)
        assert refused == RELOADS // 3, refused
        admin.close()
        assert shop.sql("SELECT count(*) FROM versions WHERE moment = 'w'") == [(1 + RELOADS * 2 // 3,)]
        for number in range(RUNS):
            shop.send("go", f"p{number}")
        ended = shop.wait("the ends", lambda: (rows := shop.rows("runs", "list", "--state", "done"))[RUNS - 1:] and rows)
        assert {row["outcome"] for row in ended} == {"first 2"} and len(ended) == RUNS, ended
        assert shop.sql("SELECT count(DISTINCT version), max(version) FROM runs") == [(1, 1)]
        # New runs take the newest.
        shop.send("long", "new")
        assert shop.sql("SELECT version FROM runs ORDER BY id DESC LIMIT 1") == shop.sql("SELECT max(id) FROM versions")
        assert shop.stop() == 0


main(test_reloads_under_load, test_R7_runs_end_on_their_first_version)
