#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""S3: a run that comes due again at once, for ever, takes neither the daemon's ears nor the others' turn."""
import json
import os
import time

from harness import PLAN, SLOW, Shop, main, moment

SCRIPTS = {
    "spin/moment.lua": moment("m:sleep('0s')\nm:continue_as(('x'):rep(60000))", "class = 'service', on = 'spin'"),
    "calm/moment.lua": moment("m:sleep('0s')\nreturn 'calm'", "class = 'service', on = 'a'"),
}


def test_S3_a_spinning_run_leaves_the_daemon_its_ears():
    with Shop(SCRIPTS) as shop:
        shop.start()
        shop.send("spin", "one")
        time.sleep(0.5)
        begun = time.monotonic()
        shop.momentd("status")
        shop.send("a", "two")
        shop.wait("the calm run", lambda: [r for r in shop.rows("runs", "list") if r.get("outcome") == "calm"])
        spinning = next(r for r in shop.rows("runs", "list") if r["moment"] == "spin")
        assert spinning["state"] == "waiting" or spinning["state"] == "queued", spinning
        shop.momentd("runs", "cancel", str(spinning["id"]))
        assert time.monotonic() - begun < 10 * SLOW, time.monotonic() - begun
        shop.send("spin", "three")
        time.sleep(0.5)
        begun = time.monotonic()
        assert shop.stop() == 0
        assert time.monotonic() - begun < 10 * SLOW, time.monotonic() - begun


SPEC = """describe("spinning", function()
  it("ends", function(shop)
    shop:event("a", { subject = "ida" })
    shop:advance("1h")
  end)
end)
"""


def goes_on(body, where, words):
    """A run that never ends, in each kind of virtual time, and the error that ends it."""
    with Shop({"events.lua": PLAN, "spin/moment.lua": moment(body), "spin/moment_spec.lua": SPEC}) as shop:
        file = os.path.join(shop.dir, "a.ndjson")
        with open(file, "w", encoding="utf-8") as out:
            out.write(json.dumps(shop.event("a", "ida", time="2026-01-01T00:00:00Z")) + "\n")
        for command in where:
            arguments = {"test": ["test", shop.scripts],
                         "try": ["try", os.path.join(shop.scripts, "spin"), "--event", file],
                         "ingest": ["ingest", file, "--virtual-time", "--scripts", shop.scripts]}[command]
            told = shop.momentd(*arguments, code=1)
            assert words in told, (command, told[-1000:])
        if "ingest" in where and "instant" not in words:  # bounded, it is as long as that
            shop.momentd("ingest", file, "--virtual-time", "--scripts", shop.scripts, "--until", "2026-03-01T00:00:00Z",
                         "--db", os.path.join(shop.dir, "other.db"))


def test_B5_virtual_time_tells_of_a_run_that_spins():
    goes_on("m:sleep('0s')\nm:continue_as(1)", ["test", "try", "ingest"],
            "run 1 of spin goes on and on at one instant of virtual time")


def test_B5_virtual_time_tells_of_a_run_that_never_ends():
    goes_on("m:sleep('1h')\nm:continue_as(1)", ["try", "ingest"], "run 1 of spin goes on and on after the last event")


TESTS = [test_S3_a_spinning_run_leaves_the_daemon_its_ears, test_B5_virtual_time_tells_of_a_run_that_spins,
         test_B5_virtual_time_tells_of_a_run_that_never_ends]
# Virtual time has one thread: there is no race to be seen, for minutes.
main(*TESTS[:1 if os.environ.get("MOMENTD_SANITIZE") == "thread" else None])
