#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,fault timeout=120 tsan=yes
"""A database that is locked, a disk that is full: 503 with Retry-After, readyz red, and it recovers by itself; nothing
that was acknowledged is lost, nothing is there twice (B1, B2)."""
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from harness import PLAN, SLOW, Shop, main, moment

SCRIPTS = {
    "events.lua": PLAN,
    "m/moment.lua": moment("m:add('n', 1)\nm:send { template = 'x', data = { n = event.data.n } }\n"
                           "m:wait_for('b', { within = '1h' })"),
    "m/x.da.md": "---\nsubject: Hej {{n}}\n---\nHej\n",
}


class Customer(threading.Thread):
    """Sends one event after the other, each until it is acknowledged."""

    def __init__(self, shop, name, filling=""):
        super().__init__(daemon=True)
        self.shop, self.name_, self.filling = shop, name, filling
        self.acknowledged, self.refused, self.strange, self.running = [], 0, [], True

    def event(self, number):
        identity = f"{self.name_}-{number}"
        data = {"n": number, "email": f"{identity}@example.com", "filling": self.filling}
        return self.shop.event("a", identity, data, id=identity)

    def run(self):
        number = 0
        while self.running:
            number += 1
            event = self.event(number)
            while self.running and not self.deliver(event):
                time.sleep(0.05)

    def deliver(self, event):
        status, answer, raw = self.shop.request("POST", "/v1/events", json.dumps(event),
                                                {"Content-Type": "application/cloudevents+json"})
        if status == 202:
            self.acknowledged.append(event["id"])
        elif status == 503 and int(raw.headers.get("Retry-After", 0)) >= 1:
            self.refused += 1
        else:
            self.strange.append((status, answer, raw.headers.get("Retry-After")))
        return status == 202


def start_customers(shop, count=3, filling=""):
    customers = [Customer(shop, f"c{number}", filling) for number in range(count)]
    for customer in customers:
        customer.start()
    return customers


def taken(customers):
    return sum(len(customer.acknowledged) for customer in customers)


def refused(customers):
    return sum(customer.refused for customer in customers)


def ready(shop):
    return shop.request("GET", "/readyz")[0] == 200


def trouble_and_recovery(shop, customers, begin, end):
    """Load before, in and after the trouble. A small batch may still fit into a full disk: readyz may change in between."""
    shop.wait("load", lambda: taken(customers) > 20)
    begin()
    shop.wait("readyz to be red", lambda: not ready(shop))
    before = refused(customers)
    shop.wait("503", lambda: refused(customers) > before)
    assert shop.request("GET", "/healthz")[0] == 200, "alive it is"
    end()
    shop.wait("readyz to be green", lambda: ready(shop))
    before = taken(customers)
    shop.wait("load again", lambda: taken(customers) > before + 20)
    for customer in customers:
        customer.running = False
    for customer in customers:
        customer.join()


def check_nothing_lost(shop, customers):
    for customer in customers:
        assert not customer.strange, customer.strange[:3]
    acknowledged = [event for customer in customers for event in customer.acknowledged]
    shop.wait("rest", lambda: shop.sql("SELECT count(*) FROM messages WHERE state IN (1, 2)") == [(0,)], 40)
    stored = [row[0] for row in shop.sql("SELECT id FROM events WHERE type = 'a'")]
    assert len(stored) == len(set(stored)), "an event is there twice"
    lost = set(acknowledged) - set(stored)
    assert not lost, f"{len(lost)} acknowledged events are lost: {sorted(lost)[:5]}"
    assert set(stored) - set(acknowledged) == set(), "what was refused was stored all the same"
    assert shop.sql("SELECT count(*), count(DISTINCT trigger) FROM runs") == [(len(stored), len(stored))]
    accepted = shop.sql("SELECT count(*), count(DISTINCT run) FROM messages WHERE state = 3")
    assert accepted == [(len(stored), len(stored))], accepted
    assert len(shop.mails()) == len(stored), (len(shop.mails()), len(stored))
    assert shop.sql("PRAGMA integrity_check") == [("ok",)]
    # An answered event is a duplicate when it is sent once more, in this life and in the next one.
    sample = customers[0].event(1)
    assert shop.post(sample)[1]["status"] == "duplicate"
    assert shop.stop() == 0
    shop.start()
    assert shop.post(sample)[1]["status"] == "duplicate"
    assert shop.stop() == 0


def test_a_locked_database():
    with Shop(SCRIPTS) as shop:
        shop.start()
        other = sqlite3.connect(shop.db, isolation_level=None, timeout=30, check_same_thread=False)
        customers = start_customers(shop)
        trouble_and_recovery(shop, customers, lambda: other.execute("BEGIN IMMEDIATE"),
                             lambda: other.execute("ROLLBACK"))
        other.close()
        check_nothing_lost(shop, customers)


def test_a_file_that_may_not_grow():
    """A limit of file sizes (a quota of systemd's): the same as a full disk, for those who may not mount one."""
    with Shop(SCRIPTS) as shop:
        shop.start()
        limits = resource.prlimit(shop.daemon.pid, resource.RLIMIT_FSIZE)

        def begin():
            size = os.path.getsize(shop.db + "-wal")
            resource.prlimit(shop.daemon.pid, resource.RLIMIT_FSIZE, (size, limits[1]))

        customers = start_customers(shop, filling="x" * 2000)
        trouble_and_recovery(shop, customers, begin,
                             lambda: resource.prlimit(shop.daemon.pid, resource.RLIMIT_FSIZE, limits))
        check_nothing_lost(shop, customers)


def fill(path):
    """Writes until the disk has no room left."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def full_disk():
    """Within a disk of its own (MOMENTD_TINY_DISK)."""
    tempfile.tempdir = os.environ["MOMENTD_TINY_DISK"]
    with Shop(SCRIPTS) as shop:
        shop.start()
        filler = os.path.join(shop.dir, "filler")
        customers = start_customers(shop, filling="x" * 2000)
        trouble_and_recovery(shop, customers, lambda: fill(filler), lambda: os.remove(filler))
        check_nothing_lost(shop, customers)


def can_mount(flags, where):
    words = ["unshare", *flags, "mount", "-t", "tmpfs", "-o", "size=1m", "none", where]
    return shutil.which("unshare") and subprocess.run(words, capture_output=True).returncode == 0


def test_a_full_disk():
    """In a mount namespace of its own, so that nothing is left behind whatever happens."""
    where = tempfile.mkdtemp(prefix="momentd-disk-")
    try:
        flags = next((flags for flags in (["-m"], ["-r", "-m"]) if can_mount(flags, where)), None)
        if flags is None:
            print("     (no disk can be mounted here: only the limit of file sizes is tested)")
            return
        script = f"mount -t tmpfs -o size=48m none '{where}' && exec \"$@\""
        words = ["unshare", *flags, "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__), "full_disk"]
        done = subprocess.run(words, env={**os.environ, "MOMENTD_TINY_DISK": where}, timeout=100 * SLOW,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        os.rmdir(where)


def test_a_second_daemon_is_refused():
    with Shop(SCRIPTS) as shop:
        shop.start()
        text = shop.momentd("run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", code=1)
        assert shop.db in text, text
        shop.send("a", "ida", {"n": 1, "email": "ida@example.com"})


if sys.argv[1:] == ["full_disk"]:
    main(full_disk)
main(test_a_locked_database, test_a_file_that_may_not_grow, test_a_full_disk, test_a_second_daemon_is_refused)
