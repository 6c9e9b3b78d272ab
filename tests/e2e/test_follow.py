#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60 tsan=yes
"""One request followed through the threads, by its id and its run's, in the logs of intake, engine and courier; and a
stop that does not wait for a mail server's last word (B4, M2, M3)."""
import asyncio
import re
import time

from aiosmtpd.smtp import SMTP

from harness import COPY, PLAN, SLOW, Shop, main, moment
from mailserver import Server

SCRIPTS = {"events.lua": PLAN, "m/moment.lua": moment("m:send { template = 'x', data = { n = 1 } }"), "m/x.da.md": COPY}


def lines_of(shop, room, text, **pairs):
    wanted = [f"room={room}", f"msg={text}"]
    wanted += [f"{name}={value}" for name, value in pairs.items()]
    return [line for line in shop.text_log().splitlines() if all(re.search(rf"(^| ){re.escape(w)}( |$)", line) for w in wanted)]


def test_an_id_runs_through_all_threads():
    with Shop(SCRIPTS, log_level="debug") as shop:
        shop.start()
        for who in ("ida", "bo"):
            status, _ = shop.post(shop.event("a", who, {"email": f"{who}@example.com"}), **{"X-Request-Id": f"from-{who}"})
            assert status == 202
        shop.wait("both mails", lambda: len(shop.mails()) == 2)
        shop.wait("acceptance", lambda: all(row["state"] == "accepted" for row in shop.rows("messages", "list")))
        for row in shop.rows("messages", "list"):
            who = row["to"].split("@")[0]
            assert row["request"] == f"from-{who}", row
            assert f"from-{who}" in shop.momentd("messages", "show", str(row["id"]))
            assert len(lines_of(shop, "intake", "request", request=f"from-{who}", status=202)) == 1, shop.text_log()
            assert len(lines_of(shop, "engine", "turn", request=f"from-{who}", run=row["run"])) == 1, shop.text_log()
            sent = lines_of(shop, "courier", "delivery", request=f"from-{who}", run=row["run"], message=row["id"])
            assert len(sent) == 1 and "result=accepted" in sent[0], shop.text_log()
        assert "example.com" not in shop.text_log()
        assert shop.stop() == 0


class Mute:
    """Takes the first mail whole, and does not say so."""

    def __init__(self):
        self.heard, self.ids = 0, []

    async def handle_DATA(self, server, session, envelope):
        self.heard += 1
        self.ids.append(re.search(rb"(?mi)^Message-ID: *(.*)$", envelope.content).group(1).strip())
        if self.heard == 1:
            await asyncio.sleep(600)
        return "250 taken"


def test_a_stop_waits_for_its_grace_only():
    inbox = Mute()
    server = Server(inbox, session=SMTP)
    try:
        with Shop(SCRIPTS, mail=server.url, stop_grace="1s") as shop:
            shop.start()
            shop.send("a", "ida", {"email": "ida@example.com"})
            shop.wait("the dot", lambda: inbox.heard == 1)
            begun = time.time()
            assert shop.stop() == 0
            assert time.time() - begun < 20 * SLOW, "SIGTERM waited for the reply"
            row = shop.rows("messages", "list")[0]
            assert row["state"] == "queued" and row["reason"] == "unknown" and row["attempts"] == 1, row
            assert "unknown end" in shop.text_log()
            shop.start()  # a service mail goes out once more, and that result stands
            shop.wait("the second attempt", lambda: shop.rows("messages", "list")[0]["state"] == "accepted", 40)
            assert inbox.heard == 2 and inbox.ids[0] == inbox.ids[1], inbox.ids
            assert shop.stop() == 0
    finally:
        server.stop()


main(test_an_id_runs_through_all_threads, test_a_stop_waits_for_its_grace_only)
