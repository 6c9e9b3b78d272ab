#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,slow timeout=400 processors=2 tsan=yes
"""kill -9 at random moments under load, 50 times: no acknowledged event is lost, no run advanced twice, and no mail accepted twice
but those whose acceptance fell before the crash and its record after it, which are counted (M2, M3, R3, B2)."""
import os
import random
import time

from crashes import Crashes, Customer, Inbox, check_mails
from harness import PLAN, SLOW, Shop, main, moment
from mailserver import Server

KILLS = int(os.environ.get("MOMENTD_KILLS", "50" if SLOW == 1 else "12"))

SCRIPTS = {
    "events.lua": PLAN.replace("events = {", "events = { b = { means = 'an answer', address = { email = 'data.email' } }, "),
    "m/moment.lua": moment(
        "local n = m:add('runs', 1)\n"
        "m:send { template = 'first', data = { n = n } }\n"
        "local b = m:wait_for('b', { within = '1d' })\n"
        "m:send { template = 'second', data = { n = b.data.n } }\n"
        "return 'n' .. b.data.n"),
    "m/first.da.md": "---\nsubject: first {{n}}\n---\nHej\n",
    "m/second.da.md": "---\nsubject: second {{n}}\n---\nHej\n",
}


class Customers(Customer):
    """Sends triggers and answers as fast as they are taken."""

    count = 0

    def run(self):
        while self.running:
            self.count += 1
            who = f"c{self.number}-{self.count}"
            self.deliver(self.shop.event("a", who, {"email": f"{who}@example.com"}, id=f"{who}-a"))
            self.deliver(self.shop.event("b", who, {"n": self.count}, id=f"{who}-b"))
            time.sleep(0.003)


def killer(shop, crashes):
    for _ in range(KILLS):
        time.sleep(random.uniform(0.02, 0.25) * SLOW)
        crashes.kill()
        shop.start()


def check(shop, threads, inbox, crashes):
    """The model: every acknowledged trigger has one run, every acknowledged answer ended it with its own number."""
    acknowledged = [event for thread in threads for event in thread.acknowledged]
    stored = {row[0] for row in shop.sql("SELECT id FROM events")}
    lost = [event for event in acknowledged if event not in stored]
    assert not lost, f"{len(lost)} acknowledged events are lost: {lost[:5]}"
    assert len(acknowledged) > KILLS, "there was no load"
    runs = {}
    for run in shop.rows("runs", "list", "--limit", "1000000"):
        assert run["person"] not in runs, f"{run['person']} has two runs"
        assert run["state"] in ("done", "waiting"), run
        runs[run["person"]] = run
    for event in acknowledged:
        who, kind = event.rsplit("-", 1)
        assert who in runs, f"{who} was acknowledged and has no run"
        if kind == "b":
            assert runs[who]["outcome"] == "n" + who.split("-")[1], runs[who]
    twice = shop.sql("SELECT run, step, count(*) FROM messages GROUP BY run, step HAVING count(*) > 1")
    assert not twice, f"steps carried out twice: {twice[:5]}"
    values = shop.sql("SELECT DISTINCT json FROM stored_values")
    assert values == [("1",)], f"a turn was applied twice: m:add counted to {values}"
    return check_mails(shop, inbox, crashes)


def test_kill_9():
    inbox = Inbox()
    server = Server(inbox)
    with Shop(SCRIPTS, mail=server.url) as shop:
        shop.start()
        threads = [Customers(shop, number) for number in range(6)]
        for thread in threads:
            thread.start()
        crashes = Crashes(shop)
        killer(shop, crashes)
        for thread in threads:
            thread.running = False
        for thread in threads:
            thread.join()
        settled = "SELECT count(*) FROM messages WHERE state IN (1, 2)"
        shop.wait("every mail's end", lambda: shop.sql(settled) == [(0,)], 120)
        mails, doubled, given_up = check(shop, threads, inbox, crashes)
        events = sum(len(thread.acknowledged) for thread in threads)
        print(f"{KILLS} kills, {events} acknowledged events, {mails} mails, {len(crashes.cut)} attempts cut short; {doubled} accepted twice "
              f"because the crash fell between acceptance and its record, {given_up} final as unknown because two crashes cut both attempts short")
        assert shop.stop() == 0
    server.stop()


main(test_kill_9)
