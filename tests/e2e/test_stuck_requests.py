#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=180 tsan=yes
"""Who sends a part of a chunked body that fills a connection's memory (a chunk extension, trailers) harms nobody else:
events are answered while such connections are open, and they are closed long before their idle time is over (E2)."""
import socket
import threading
import time

from harness import PLAN, Shop, main, moment

IDLE = 30  # seconds after which libmicrohttpd closes an idle connection
SOON = 20  # far more than anything here takes, and less than IDLE

SCRIPTS = {"events.lua": PLAN, "m/moment.lua": moment("return 'done'", "class = 'service', on = 'a', again = 'parallel'")}

HEAD = (b"POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/cloudevents+json\r\n"
        b"Transfer-Encoding: chunked\r\n")
LONG = b"a" * 70000
STUCK = {
    "an extension": HEAD + b"\r\n5;" + LONG,
    "an extension after a chunk": HEAD + b"\r\n5\r\nabcde\r\n5;" + LONG,
    "an extension of 1 MB": HEAD + b"\r\n5;" + b"a" * 1000000,
    "an extension after many headers": HEAD + b"a:b\r\n" * 200 + b"\r\n5;" + LONG,
    "a size of 70,000 zeros": HEAD + b"\r\n" + b"0" * 70000,
    "trailers": HEAD + b"\r\n5\r\nabcde\r\n0\r\nx: " + LONG,
}


class Attacker(threading.Thread):
    """One connection; `ended` once the server has closed it. With `again`, another one after it."""

    def __init__(self, port, text, again=False):
        super().__init__(daemon=True)
        self.port, self.text, self.again = port, text, again
        self.begun, self.ended, self.over = threading.Event(), threading.Event(), False
        self.start()

    def run(self):
        while not self.over:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                try:
                    connection.settimeout(2 * IDLE)
                    self.begun.set()
                    connection.sendall(self.text)
                    while connection.recv(4096):
                        pass
                except ConnectionError:
                    pass
                self.over = self.over or not self.again
        self.ended.set()


def post(shop):
    begun = time.monotonic()
    shop.send("a", "c1")
    took = time.monotonic() - begun
    assert took < SOON, f"an event was answered after {took:.1f} s"


def test_each_is_closed_and_harms_nobody():
    with Shop(SCRIPTS) as shop:
        shop.start()
        for what, text in STUCK.items():
            attacker = Attacker(shop.port, text)
            assert attacker.begun.wait(SOON)
            for _ in range(3):
                time.sleep(0.1)
                post(shop)
            assert attacker.ended.wait(SOON), f"{what}: the connection is still open"
            post(shop)
        assert "its chunked body does not go on" in shop.text_log()
        assert shop.stop() == 0


def test_two_that_come_again():
    with Shop(SCRIPTS) as shop:
        shop.start()
        attackers = [Attacker(shop.port, STUCK["an extension"], again=True) for _ in range(2)]
        assert all(attacker.begun.wait(SOON) for attacker in attackers)
        for _ in range(30):
            time.sleep(0.1)
            post(shop)
        assert shop.sql("SELECT count(*) FROM events WHERE type = 'a'") == [(30,)]
        for attacker in attackers:
            attacker.over = True
            assert attacker.ended.wait(SOON)
        assert shop.stop() == 0


def test_stopping_does_not_wait_for_them():
    with Shop(SCRIPTS) as shop:
        shop.start()
        attacker = Attacker(shop.port, STUCK["an extension"])
        assert attacker.begun.wait(SOON)
        post(shop)
        begun = time.monotonic()
        assert shop.stop() == 0
        took = time.monotonic() - begun
        assert took < SOON, f"stopping took {took:.1f} s"


main(test_each_is_closed_and_harms_nobody, test_two_that_come_again, test_stopping_does_not_wait_for_them)
