#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120
"""S3: a run that comes due again at once, for ever, takes neither the daemon's ears nor the others' turn."""
import time

from harness import SLOW, Shop, main, moment

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


main(test_S3_a_spinning_run_leaves_the_daemon_its_ears)
