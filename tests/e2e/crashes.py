# SPDX-License-Identifier: Apache-2.0
"""What tests that kill the daemon under load share: an inbox that counts, customers that insist, and the account of mails."""
import collections
import email
import threading
import time

UNKNOWN = 8  # a message's state


class Inbox:
    """Counts what an SMTP server has accepted."""

    def __init__(self):
        self.accepted = collections.Counter()

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content)
        self.accepted[mail["Message-ID"].strip("<>")] += 1
        return "250 OK"


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


def check_mails(shop, inbox, kills):
    """Twice accepted, or never, only where a crash cut an attempt short: then the row has more attempts than one (M3)."""
    rows = {row[0]: row for row in shop.sql("SELECT message_id, attempts, state FROM messages")}
    doubled = given_up = 0
    for message_id, count in inbox.accepted.items():
        assert message_id in rows, f"a mail that no row knows: {message_id}"
        if count > 1:
            assert count == 2 and rows[message_id][1] == 2, f"{message_id} was accepted {count} times: {rows[message_id]}"
            doubled += 1
    for message_id, attempts, state in rows.values():
        if inbox.accepted[message_id] == 0:
            assert state == UNKNOWN and attempts == 2, f"{message_id} never arrived: {attempts} attempts, state {state}"
            given_up += 1
    assert doubled + given_up <= 8 * kills, "more than the mails that can be under way at a crash"
    return len(rows), doubled, given_up
