#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=300
"""R7 with the real binary: the daemon is killed again and again while it forgets, and nothing is lost but what is old."""
import os
import random
import sys
import time

from harness import PLAN, Shop, main, moment
from shifted import start_shifted

SCRIPTS = {
    "events.lua": PLAN.replace("events = {", "events = { w = { means = 'a patient one' }, b = { means = 'what it waits for' },"),
    "ends/moment.lua": moment("return 'ended'", "class = 'service', on = 'a', again = 'parallel'"),
    "waits/moment.lua": moment("m:wait_for('b', { within = '300d' })\nreturn 'got it'", "class = 'service', on = 'w'"),
}
OLD, DAYS = 1500, 200


def counts(shop):
    return tuple(shop.sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("events", "runs"))


def test_R7_killed_while_it_forgets():
    with Shop(SCRIPTS, retention="90d") as shop:
        start_shifted(shop, -DAYS * 86400)
        shop.send("w", "patient")
        for number in range(OLD):
            shop.send("a", f"old{number}")
        assert shop.stop() == 0
        before = counts(shop)
        assert before == (OLD + 1, OLD + 1), before
        shop.options["accept_clock"] = True
        seen = []
        for round_ in range(12):
            start_shifted(shop, 0)
            shop.send("a", f"new{round_}")
            time.sleep(random.uniform(0, 0.05))
            shop.kill()
            seen.append(counts(shop))
            assert shop.sql("PRAGMA integrity_check") == [("ok",)]
        start_shifted(shop, 0)
        shop.wait("the round", lambda: shop.rows("status")[0]["retention"])
        shop.send("b", "patient")
        assert shop.rows("runs", "list", "--moment", "waits")[0]["outcome"] == "got it"
        news = [row for row in shop.rows("events", "--limit", "1000") if (row["person"] or "").startswith("new")]
        assert len(news) == 12, (len(news), seen)
        assert counts(shop)[1] == 13, (counts(shop), seen)
        shop.wait("the forgetting of events", lambda: counts(shop)[0] <= 12 + 2)  # with the run's own two
        assert shop.stop() == 0


if os.environ.get("MOMENTD_SANITIZE"):
    print("skipped: a sanitizer's runtime must be loaded first")
    sys.exit(77)
main(test_R7_killed_while_it_forgets)
