#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes processors=2
"""64, 128, 256 and 384 keep-alive connections that all ask and are all answered at the same time, round after round:
none ever stalls (a number of ready sockets that is a multiple of 128 has stalled servers for ever), and every event is
stored (B2)."""
import json
import os
import re
import selectors
import socket
import time

from harness import PLAN, SLOW, Shop, main, moment

SECONDS = float(os.environ.get("MOMENTD_KEEPALIVE_SECONDS", "2"))
STALLED = 20 * SLOW  # no round takes so long unless one is never answered

SCRIPTS = {"events.lua": PLAN, "m/moment.lua": moment("m:wait_for('b', { within = '1h' })")}


def request(identity):
    body = json.dumps({"specversion": "1.0", "id": identity, "source": "/keepalive", "type": "a", "subject": identity})
    return (f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


class Client:
    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=STALLED)
        self.socket.setblocking(False)
        self.name, self.answer = name, b""

    def ask(self, text):
        self.answer = b""
        assert self.socket.send(text) == len(text)

    def read(self):
        """True once the whole answer is there."""
        part = self.socket.recv(65536)
        assert part, f"{self.name} was closed after {self.answer!r}"
        self.answer += part
        head, blank, body = self.answer.partition(b"\r\n\r\n")
        if not blank:
            return False
        return len(body) >= int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1))


def round_of(clients, selector, number):
    for client in clients:
        client.ask(request(f"{client.name}-{number}"))
    waiting, end = set(clients), time.monotonic() + STALLED
    while waiting:
        left = end - time.monotonic()
        stalled = sorted(client.name for client in waiting)[:5]
        assert left > 0, f"{len(waiting)} of {len(clients)} connections stall in round {number}: {stalled}"
        for key, _ in selector.select(left):
            if key.data.read():
                waiting.discard(key.data)
    for client in clients:
        assert client.answer.startswith(b"HTTP/1.1 202 "), client.answer[:300]


def load(shop, count):
    clients = [Client(shop.port, f"{count}-{number}") for number in range(count)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    rounds, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end or rounds < 3:
        round_of(clients, selector, rounds)
        rounds += 1
    selector.close()
    for client in clients:
        client.socket.close()
    print(f"{count} connections: {rounds} rounds", flush=True)
    return rounds * count


def test_none_stalls():
    with Shop(SCRIPTS) as shop:
        shop.start()
        sent = sum(load(shop, count) for count in (64, 128, 256, 384))
        assert shop.sql("SELECT count(*) FROM events") == [(sent,)]
        assert shop.sql("SELECT count(*) FROM runs") == [(sent,)]
        assert shop.request("GET", "/healthz")[0] == 200
        assert shop.stop() == 0


main(test_none_stalls)
