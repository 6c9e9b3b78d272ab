#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 cost=10 tsan=yes
"""momentd people: who is one person, joined by hand and taken apart again, over a crash (P2, P3)."""
from harness import Shop, main, moment

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  things = { cart = { of = 'person', at = 'data.cart' } } }
"""
WAITS = "local e = m:wait_for('bought', { within = '1d' })\nreturn e and 'bought ' .. e.data.n or 'nothing'"
SCRIPTS = {"events.lua": PLAN, "w/moment.lua": moment(WAITS, "class = 'service', on = 'start', about = 'person'")}


def runs(shop):
    return {run["id"]: (run["state"], run["outcome"]) for run in shop.rows("runs", "list")}


def test_join_and_split():
    with Shop(SCRIPTS).start() as shop:
        shop.send("start", "4711")
        shop.send("bought", None, {"email": "ida@example.com", "n": "before"})
        shop.send("profile.updated", "4711", {"name": "Ida"})
        assert shop.rows("runs", "list")[0]["state"] == "waiting"
        before = shop.rows("people", "show", "4711") + shop.rows("people", "show", "ida@example.com")
        assert [row["joined_to"] for row in before] == [None, None] and before[0]["id"] != before[1]["id"]
        told = shop.momentd("people", "join", "ida@example.com", "4711")
        assert "are one person now" in told
        shop.wait("the answer of the other side", lambda: runs(shop)[1] == ("done", "bought before"))
        shop.kill()
        shop.start()
        rows = shop.rows("people", "show", "IDA@example.com ")
        assert [row["id"] for row in rows] == [1, 2] and {row["person"] for row in rows} == {1}, rows
        assert rows[1]["joined_to"] == 1 and rows[1]["joined_because"] == "operator" and rows[1]["joined_at"]
        assert "joined to #1" in shop.momentd("people", "show", "4711")
        assert "is a person of their own again" in shop.momentd("people", "split", "ida@example.com")
        after = shop.rows("people", "show", "4711") + shop.rows("people", "show", "ida@example.com")
        assert after == before, (before, after)


def test_joined_by_an_event():
    with Shop(SCRIPTS).start() as shop:
        shop.send("start", "4711")
        shop.send("bought", None, {"email": "ida@example.com", "n": "x"})
        told = shop.send("seen", "4711", {"email": "ida@example.com"})
        assert runs(shop)[1] == ("done", "bought x")
        assert shop.rows("people", "show", "#2")[1]["joined_because"] == told["id"]


def test_refused():
    with Shop(SCRIPTS).start() as shop:
        shop.send("seen", "a")
        shop.send("seen", "b")
        assert "nobody is known as" in shop.momentd("people", "show", "nobody", code=1)
        assert "two people" in shop.momentd("people", "join", "a", "b", code=1)
        assert "one person already" in shop.momentd("people", "join", "a", "a", code=1)
        assert "joined to nobody" in shop.momentd("people", "split", "a", code=1)
        assert "nobody is known as" in shop.momentd("people", "join", "a", "c", code=1)
        shop.stop()
        shop.momentd("people", "split", "a", code=1)  # without a daemon


def test_bad_events():
    """P2, P4: an event with two customers' identities, a cart that changes hands: recorded, not applied."""
    with Shop(SCRIPTS).start() as shop:
        shop.send("seen", "a", {"email": "a@example.com", "cart": "c1"})
        shop.send("seen", "b", {"email": "b@example.com"})
        both = shop.send("seen", "a", {"email": "b@example.com"})
        shop.send("seen", "b", {"cart": "c1"})
        assert {row["id"] for row in shop.rows("people", "show", "a")} == {1}
        assert {row["id"] for row in shop.rows("people", "show", "b@example.com")} == {2}
        kinds = shop.sql("SELECT kind, event FROM incidents ORDER BY id")
        assert kinds == [("identity_conflict", 3), ("identity_conflict", 4)], (kinds, both)
        assert shop.sql("SELECT parent_value FROM things WHERE value = 'c1'") == [("1",)]


main(test_join_and_split, test_joined_by_an_event, test_refused, test_bad_events)
