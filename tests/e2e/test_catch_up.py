#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=120 tsan=yes
"""After a downtime what has piled up leaves at the stated rate, and what is urgent before it (W7)."""
import sqlite3
import time

from harness import COPY, PLAN, Shop, main, moment
from mailserver import Server

COUNT, RATE = 9, 120  # mails; a minute
SEND = "m:send { template = 'x', data = { n = 1 }, send_at = m:now() + 2, urgent = event.data.urgent }"


class Arrivals:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # aiosmtpd's name
        self.mails.append((time.monotonic(), envelope.rcpt_tos[0].split("@")[0]))
        return "250 OK"


def order(shop, name, **data):
    shop.send("a", name, {"email": f"{name}@example.com", **data})


def be_down(shop, hours):
    """As it would lie after so many hours: the engine was last there that long ago."""
    connection = sqlite3.connect(shop.db)
    with connection:
        changed = connection.execute("UPDATE settings SET value = value - ? WHERE name = 'engine_time'", (hours * 3600 * 10**6,))
        assert changed.rowcount == 1
    connection.close()


def catch_up():
    """Nine mails and an urgent one become due while the daemon is down; answers how they arrived."""
    arrivals = Arrivals()
    server = Server(arrivals)
    try:
        with Shop({"events.lua": PLAN, "m/moment.lua": moment(SEND), "m/x.da.md": COPY}, mail=server.url,
                  catch_up_rate=RATE) as shop:
            shop.start()
            for number in range(COUNT):
                order(shop, f"k{number}")
            order(shop, "urgent", urgent=True)
            assert shop.stop() == 0 and not arrivals.mails
            time.sleep(2)
            be_down(shop, hours=1)
            shop.start()
            shop.wait("all mails", lambda: len(arrivals.mails) == COUNT + 1)
            assert sorted(name for _, name in arrivals.mails) == sorted([f"k{n}" for n in range(COUNT)] + ["urgent"])
            return arrivals.mails
    finally:
        server.stop()


def test_W7_after_a_downtime_mail_leaves_at_the_rate():
    mails = catch_up()
    # Two leave at once, the urgent one and the first; the order of their arrival is the server's.
    assert "urgent" in [name for _, name in mails[:2]], mails
    times = [at for at, name in mails if name != "urgent"]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert times[-1] - times[0] >= (COUNT - 1) * 60 / RATE - 1.2, gaps  # a second may be made up for
    assert sorted(gaps)[len(gaps) // 2] > 0.25, gaps


main(test_W7_after_a_downtime_mail_leaves_at_the_rate)
