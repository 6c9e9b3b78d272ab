#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=180 tsan=yes
"""More connections than there may be, and than there are descriptors for: once they are closed events are answered as
before; a process with few descriptors has fewer connections, and says so. And a reload while the daemon starts."""
import os
import signal
import socket
import subprocess
import time

from harness import MOMENTD, PLAN, Shop, main, moment

SCRIPTS = {"events.lua": PLAN, "m/moment.lua": moment("return 'done'", "class = 'service', on = 'a', again = 'parallel'")}
BEGUN = b"POST /v1/events HTTP/1.1\r\nHost: h\r\n"


def start_limited(shop, files):
    """The daemon with a hard limit of `files`, which it cannot raise."""
    arguments = ["prlimit", f"--nofile={files}:{files}", MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0",
                 "--mail", "file:" + shop.mail]
    shop.daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=open(shop.log, "ab"))
    shop.port = int(shop.daemon.stdout.readline().decode().rsplit(":", 1)[1])


def crowd(shop, count):
    """That many connections, each in the middle of a request."""
    sockets = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", shop.port), timeout=20)
        connection.sendall(BEGUN)
        sockets.append(connection)
    return sockets


def answered_after(shop, sockets):
    for connection in sockets:
        connection.close()
    for _ in range(3):
        begun = time.monotonic()
        shop.send("a", "c1")
        assert time.monotonic() - begun < 20, "less than the 30 s after which idle connections end anyway"


def test_more_than_max_connections():
    with Shop(SCRIPTS, max_connections=20) as shop:
        shop.start()
        for count in (20, 21, 60, 200):
            answered_after(shop, crowd(shop, count))
        assert shop.stop() == 0


def test_few_descriptors():
    for files in (64, 128):
        with Shop(SCRIPTS) as shop:
            start_limited(shop, files)
            assert "fewer connections than max_connections" in shop.text_log()
            sockets = crowd(shop, 300)
            assert len(os.listdir(f"/proc/{shop.daemon.pid}/fd")) < files
            answered_after(shop, sockets)
            assert "too many" not in shop.text_log().lower(), shop.text_log()
            assert shop.stop() == 0


def test_too_few_descriptors():
    with Shop(SCRIPTS) as shop:
        done = subprocess.run(["prlimit", "--nofile=32:32", MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts,
                               "--listen", "127.0.0.1:0", "--mail", "file:" + shop.mail],
                              capture_output=True, text=True, timeout=100)
        assert done.returncode == 2 and "LimitNOFILE" in done.stderr, (done.returncode, done.stderr)


def hup_is_held(pid):
    """SIGHUP is blocked or caught: `run` has begun."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        masks = [int(line.split()[1], 16) for line in file if line.startswith(("SigBlk", "SigCgt"))]
    return any(mask & 1 << (signal.SIGHUP - 1) for mask in masks)


def test_a_reload_while_the_daemon_starts():
    with Shop(SCRIPTS) as shop:
        arguments = [MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", "--mail",
                     "file:" + shop.mail, "--reload", "manual"]
        for held in (False, True, False, True):
            hold = (lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})) if held else None
            shop.daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=open(shop.log, "ab"), preexec_fn=hold)
            shop.wait("run", lambda: hup_is_held(shop.daemon.pid))
            shop.daemon.send_signal(signal.SIGHUP)
            line = shop.daemon.stdout.readline().decode()
            assert "listening on" in line, (line, shop.daemon.poll(), shop.text_log())
            shop.wait("the reload", lambda: "SIGHUP does nothing" in shop.text_log() or "door=reload" in shop.text_log())
            assert shop.stop() == 0
            open(shop.log, "w", encoding="utf-8").close()


main(test_more_than_max_connections, test_few_descriptors, test_too_few_descriptors, test_a_reload_while_the_daemon_starts)
