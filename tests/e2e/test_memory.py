#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=120 asan=no
"""Memory does not grow with what was done: as many events again, each with a run that ends and a mail that is delivered, and the
daemon's own pages are nearly what they were. Not under a sanitizer, whose allocator keeps what was freed."""
import json
import re

from crashes import Inbox
from harness import COPY, PLAN, Shop, main, moment
from mailserver import Server

EVENTS = 2500
# The index in memory keeps a few dozen bytes an event for good, and the allocator's pools vary by a MB. A mail that is
# not freed is over 2 KiB, a run's arena 4.
BYTES_AN_EVENT = 1000

SCRIPTS = {"events.lua": PLAN, "m/x.da.md": COPY,
           "m/moment.lua": moment("m:send { template = 'x', data = { n = event.data.n } }\nreturn 'sent'")}


def memory(shop):
    with open(f"/proc/{shop.daemon.pid}/status", encoding="ascii") as file:
        return int(re.search(r"RssAnon:\s+(\d+) kB", file.read()).group(1)) * 1024


def send(shop, first):
    for start in range(first, first + EVENTS, 100):
        events = [shop.event("a", f"p{n}", {"email": f"p{n}@example.com", "n": n}) for n in range(start, start + 100)]
        status, answer, _ = shop.request("POST", "/v1/events", json.dumps(events),
                                         {"Content-Type": "application/cloudevents-batch+json"})
        assert status == 200 and all(row["status"] == "accepted" for row in answer), (status, answer)
    shop.wait("the mails", lambda: shop.sql("SELECT count(*) FROM messages WHERE state = 3") == [(first + EVENTS,)], 60)


def test_as_many_again_take_no_more_memory():
    inbox = Inbox()
    server = Server(inbox)
    with Shop(SCRIPTS, mail=server.url, page_cache=512) as shop:
        shop.start()
        send(shop, 0)
        before = memory(shop)
        send(shop, EVENTS)
        grown = memory(shop) - before
        print(f"{before / 1e6:.1f} MB after {EVENTS} events, {grown / EVENTS:.0f} bytes an event more after as many again")
        assert len(inbox.accepted) == 2 * EVENTS
        assert grown < BYTES_AN_EVENT * EVENTS, f"{grown} bytes"
        assert shop.stop() == 0
    server.stop()


main(test_as_many_again_take_no_more_memory)
