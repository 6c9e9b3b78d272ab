#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=90 tsan=yes cost=20
"""A real SMTP server that is down, slow, refuses, closes too early or says nothing (B4, M2, M3, M4). Its recipients'
names say how it behaves: each mail goes its own way, and all of them at the same time, since a first retry takes its
ten seconds."""
import asyncio
import collections
import datetime
import email
import email.policy
import re

from aiosmtpd.smtp import SMTP

from harness import SLOW, Shop, main, moment
from mailserver import Server

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = {
    service = { means = 'a trigger', address = { email = 'data.email' } },
    marketing = { means = 'a trigger', address = { email = 'data.email' } } } }
"""
SEND = "m:send { template = 'x', data = { n = event.data.n, text = event.data.text }, urgent = event.data.urgent }"
COPY = "---\nsubject: Nummer {{n}}\n---\nHej\n\n{{#text}}{{text}}{{/text}}\n"

SCRIPTS = {
    "events.lua": PLAN,
    "service/moment.lua": moment(SEND, "class = 'service', on = 'service'"),
    "service/x.da.md": COPY,
    "marketing/moment.lua": moment(SEND, "class = 'marketing', on = 'marketing'"),
    "marketing/x.da.md": COPY,
    "alarm/moment.lua": moment("return event.data.reason .. ': ' .. event.data.detail",
                               "class = 'service', on = 'message.failed'"),
}


class Session(SMTP):
    async def smtp_DATA(self, arg):
        who = self.envelope.rcpt_tos[0].split("@")[0]
        inbox = self.event_handler
        if who in ("cut", "torn") and inbox.first(who):
            if who == "torn":
                await self.push("354 go on")
                await self._reader.read(1000)
            inbox.tried[who] += 1
            self.transport.abort()
            await asyncio.sleep(60)  # until the loss of the connection ends this
        await super().smtp_DATA(arg)

    def connection_made(self, transport):
        self.event_handler.connections += 1
        super().connection_made(transport)


class Inbox:
    def __init__(self):
        self.tried, self.accepted, self.ids = collections.Counter(), [], collections.defaultdict(list)
        self.mails, self.connections, self.first_seen = [], 0, set()
        self.slow = asyncio.Event()

    def first(self, who):
        new = who not in self.first_seen
        self.first_seen.add(who)
        return new

    async def handle_RCPT(self, server, session, envelope, address, options):
        who = address.split("@")[0]
        if who == "refused":
            self.tried[who] += 1
            return "550 5.1.1 no such person here"
        if who == "later" and self.first(who):
            self.tried[who] += 1
            return "451 4.7.1 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        who = envelope.rcpt_tos[0].split("@")[0]
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.tried[who] += 1
        self.ids[who].append(mail["Message-ID"])
        if who in ("lost", "marketing") or (who == "silent" and self.first(who)):
            server.transport.abort()
            return "250 nobody hears this"
        if who == "slow":
            await self.slow.wait()
        self.accepted.append(who)
        self.mails.append(mail)
        return "250 2.0.0 taken"


def serve(inbox, port=0):
    server = Server(inbox, port, Session)
    inbox.connections = 0  # but for the one that tried it out
    return server


def free_port():
    server = serve(Inbox())
    server.stop()
    return server.port


def send(shop, who, kind="service", **data):
    shop.send(kind, who, {"n": who, "email": f"{who}@example.com", **data})


def message(shop, who):
    found = [row for row in shop.rows("messages", "list") if row["to"] == f"{who}@example.com"]
    assert len(found) == 1, (who, found)
    return found[0]


def reaches(shop, who, *states):
    return shop.wait(f"{who} to be {states}", lambda: (row := message(shop, who))["state"] in states and row, 40)


def check_at_once(shop, inbox):
    """What needs no second attempt."""
    refused = reaches(shop, "refused", "failed")
    assert refused["reason"] == "refused" and "550" in refused["detail"] and refused["attempts"] == 1, refused
    assert refused["final_at"], refused
    stored = shop.sql("SELECT data FROM events WHERE type = 'message.failed'")
    assert len(stored) == 1 and '"refused"' in stored[0][0], stored
    alarm = shop.wait("the alarm", lambda: shop.rows("runs", "list", "--moment", "alarm"))
    assert alarm[0]["outcome"].startswith("refused: 550 5.1.1"), alarm
    assert "550" in shop.momentd("why", "refused")
    lost = reaches(shop, "marketing", "unknown")
    assert lost["attempts"] == 1 and inbox.tried["marketing"] == 1, lost
    assert reaches(shop, "plain", "accepted")["attempts"] == 1


def seconds_between(earlier, later):
    times = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (earlier, later)]
    return (times[1] - times[0]).total_seconds()


def check_first_retry(row):
    wait = seconds_between(row["created_at"], row["due_at"])
    assert 1 < wait <= 30, f"the first retry is {wait} s after the start"


def check_later(shop, inbox):
    """What needs one: the same mail, once more, and no oftener."""
    for who in ("later", "cut", "torn", "silent"):
        row = reaches(shop, who, "accepted")
        assert row["attempts"] == 2 and row["reason"] is None, row
        assert inbox.tried[who] == 2 and inbox.accepted.count(who) == 1, (who, inbox.tried)
    assert len(set(inbox.ids["silent"])) == 1, inbox.ids["silent"]
    lost = reaches(shop, "lost", "unknown")
    assert lost["attempts"] == 2 and inbox.tried["lost"] == 2, lost
    assert len(set(inbox.ids["lost"])) == 1, inbox.ids["lost"]
    assert inbox.tried["marketing"] == 1 and inbox.tried["refused"] == 1, inbox.tried


def test_what_a_server_may_do():
    inbox, late = Inbox(), Inbox()
    server = serve(inbox)
    closed = free_port()
    with Shop(SCRIPTS, mail=server.url, public_url="https://mail.shop.example", quiet_hours="none") as shop, \
            Shop(SCRIPTS, mail=f"smtp://127.0.0.1:{closed}") as other:
        shop.start()
        other.start()
        send(other, "down")
        for who in ("later", "cut", "silent", "lost", "plain", "refused"):
            send(shop, who)
        send(shop, "torn", text="ø" * 25000)
        shop.send("consent.given", "marketing",
                  {"channel": "email", "purpose": "marketing", "text": "Ja tak", "source": "test"})
        send(shop, "marketing", "marketing", urgent=True)
        down = other.wait("the first attempt", lambda: (row := message(other, "down"))["attempts"] == 1
                          and row["state"] == "queued" and row)
        assert re.search("connect", down["detail"], re.I), down
        check_first_retry(down)
        check_at_once(shop, inbox)
        check_first_retry(message(shop, "later"))
        late_server = serve(late, closed)
        check_later(shop, inbox)
        row = reaches(other, "down", "accepted")
        assert row["attempts"] == 2 and late.tried["down"] == 1, row
        assert shop.stop() == 0 and other.stop() == 0
        late_server.stop()
    server.stop()


def test_a_slow_server_holds_up_no_urgent_mail():
    inbox = Inbox()
    server = serve(inbox)
    with Shop(SCRIPTS, mail=server.url, smtp_connections=2) as shop:
        shop.start()
        send(shop, "slow")
        shop.wait("the slow mail", lambda: inbox.tried["slow"])
        send(shop, "behind")
        send(shop, "ahead", urgent=True)
        reaches(shop, "ahead", "accepted")
        assert inbox.accepted == ["ahead"], inbox.accepted
        # The daemon goes on while a mail is under way.
        assert shop.request("GET", "/readyz")[0] == 200
        server.loop.call_soon_threadsafe(inbox.slow.set)
        reaches(shop, "behind", "accepted")
        assert inbox.accepted == ["ahead", "slow", "behind"], inbox.accepted
        assert shop.stop() == 0
    server.stop()


def test_connections_are_kept():
    inbox = Inbox()
    server = serve(inbox)
    with Shop(SCRIPTS, mail=server.url) as shop:
        shop.start()
        for number in range(60):
            send(shop, f"k{number}", text=".\n..punktum\n. " + "æ" * 100)
        shop.wait("all mails", lambda: len(inbox.accepted) == 60)
        assert len(set(inbox.accepted)) == 60
        assert inbox.connections <= 4, f"{inbox.connections} connections for 60 mails"
        assert len({mail["Message-ID"] for mail in inbox.mails}) == 60
        for mail in inbox.mails:
            assert "æ" * 100 in mail.get_body(("plain",)).get_content()
            assert "punktum" in mail.get_body(("html",)).get_content()
        assert shop.stop() == 0
    server.stop()


def test_stopping_hands_mail_back():
    """B4: what is not yet in DATA stays queued, and goes out in the next life."""
    inbox = Inbox()
    server = serve(inbox)
    with Shop(SCRIPTS, mail=server.url, smtp_connections=2) as shop:
        shop.start()
        send(shop, "slow")
        shop.wait("the slow mail", lambda: inbox.tried["slow"])
        send(shop, "behind")
        asyncio.run_coroutine_threadsafe(release(inbox, 0.3 * SLOW), server.loop)
        assert shop.stop() == 0
        assert inbox.accepted.count("slow") == 1
        shop.start()
        assert reaches(shop, "behind", "accepted") and reaches(shop, "slow", "accepted")
        assert inbox.accepted.count("behind") == 1 and inbox.accepted.count("slow") == 1, inbox.accepted
    server.stop()


async def release(inbox, seconds):
    await asyncio.sleep(seconds)
    inbox.slow.set()


main(test_what_a_server_may_do, test_a_slow_server_holds_up_no_urgent_mail, test_connections_are_kept,
     test_stopping_hands_mail_back)
