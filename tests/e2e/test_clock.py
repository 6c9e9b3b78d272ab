#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=300
"""B3 with the real binary: its wall clock is set back and forward while it runs."""
import os
import sys

from harness import COPY, PLAN, Shop, main, moment
from shifted import shift, start_shifted

SCRIPTS = {
    "events.lua": PLAN,
    "naps/moment.lua": moment("m:sleep('3s')\nm:send { template = 'x', data = { n = 1 } }\nreturn 'slept'",
                              "class = 'service', on = 'a', again = 'parallel'"),
    "naps/x.da.md": COPY,
}


def slept(shop):
    return len([row for row in shop.rows("runs", "list") if row["outcome"] == "slept"])


def nap(shop, number):
    shop.send("a", f"k{number}", {"email": f"k{number}@example.com"})


def expect(shop, count):
    """In less than the minute after which the daemon looks at its timers whatever it believes of them."""
    shop.wait(f"run {count}", lambda: slept(shop) == count and len(shop.mails()) == count, 45)


def test_B3_set_back_timers_go_on():
    with Shop(SCRIPTS) as shop:
        start_shifted(shop)
        nap(shop, 1)
        shift(shop, -3600)  # while it waits
        expect(shop, 1)
        nap(shop, 2)  # and what begins in the hour that comes twice
        expect(shop, 2)
        shift(shop, 0)
        nap(shop, 3)
        expect(shop, 3)
        times = [row["received_at"] for row in shop.rows("events")]
        assert times == sorted(times, reverse=True), times
        assert shop.stop() == 0


def test_B3_set_forward_timers_are_held():
    with Shop(SCRIPTS) as shop:
        start_shifted(shop)
        nap(shop, 1)
        expect(shop, 1)
        shift(shop, 7200)
        nap(shop, 2)
        shop.wait("the alarm", lambda: "the clock jumped" in shop.text_log())
        assert slept(shop) == 1
        shop.momentd("clock", "reset")
        expect(shop, 2)
        assert shop.stop() == 0


if os.environ.get("MOMENTD_SANITIZE"):
    print("skipped: a sanitizer's runtime must be loaded first")
    sys.exit(77)
main(test_B3_set_back_timers_go_on, test_B3_set_forward_timers_are_held)
