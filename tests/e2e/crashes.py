# SPDX-License-Identifier: Apache-2.0
"""What tests that kill the daemon under load share: an inbox that counts, customers that insist, and the account of mails."""
import collections
import email
import threading
import time

ATTEMPTING, UNKNOWN = 2, 8  # states of a message
UNDER_WAY = 4 * 2  # mails at once: smtp_connections of the default, each with the one after the one it sends


class Inbox:
    """Counts what an SMTP server has accepted, and when."""

    def __init__(self):
        self.accepted, self.times = collections.Counter(), collections.defaultdict(list)

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content)
        message_id = mail["Message-ID"].strip("<>")
        self.times[message_id].append(time.monotonic())
        self.accepted[message_id] += 1
        return "250 OK"


class Crashes:
    """Kills the daemon, and notes the attempts whose end was not recorded then."""

    def __init__(self, shop):
        self.shop, self.count, self.cut = shop, 0, {}

    def kill(self):
        self.shop.kill()
        self.count += 1
        rows = self.shop.sql("SELECT message_id, attempts FROM messages WHERE state = ?", ATTEMPTING)
        assert len(rows) <= UNDER_WAY, f"{len(rows)} mails were under way at once"
        for attempt in rows:
            self.cut.setdefault(attempt, time.monotonic())


class Customer(threading.Thread):
    """Sends events and remembers what was acknowledged. Subclasses say what, in `run`."""

    def __init__(self, shop, number):
        super().__init__(daemon=True)
        self.shop, self.number = shop, number
        self.acknowledged, self.running = [], True

    def deliver(self, event, insist=False):
        """Until it is acknowledged (or the test ends, unless one insists): after a crash it is sent again."""
        while self.running or insist:
            try:
                status, _ = self.shop.post(event)
            except OSError:
                status = 0
            except Exception:  # a connection cut in the middle of an answer
                status = 0
            if status == 202:
                self.acknowledged.append(event["id"])
                return
            time.sleep(0.01)


def check_mail(message_id, attempts, state, inbox, cut):
    """How often it was accepted: once, unless a crash cut an attempt short, whose end was then not recorded (M3)."""
    count, first, second = inbox.accepted[message_id], cut.get((message_id, 1)), (message_id, 2) in cut
    said = f"{message_id}: accepted {count} times, {attempts} attempts, state {state}, attempts cut short: {first, second}"
    if first is None:
        assert count == 1 and attempts == 1 and state != UNKNOWN, said
        return
    assert count <= 2 and attempts == 2, said
    if count == 2:  # the second one after the crash, and the first before or as it came
        assert inbox.times[message_id][-1] > first, said
    if count == 0 or state == UNKNOWN:
        assert second and state == UNKNOWN, said


def check_mails(shop, inbox, crashes):
    """Each mail of the database; answers how many, how many were accepted twice, and how many never."""
    rows = shop.sql("SELECT message_id, attempts, state FROM messages")
    known = {row[0] for row in rows}
    assert set(inbox.accepted) <= known, f"mails that no row knows: {set(inbox.accepted) - known}"
    for row in rows:
        check_mail(*row, inbox, crashes.cut)
    counts = collections.Counter(inbox.accepted[message_id] for message_id in known)
    assert counts[2] + counts[0] <= UNDER_WAY * crashes.count, "more than the mails that can be under way at a crash"
    return len(rows), counts[2], counts[0]
