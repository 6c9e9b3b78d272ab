#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: timeout=120 tsan=yes
"""m:http against a server with every fault (H1-H3): slow, 500, nonsense, answering twice, closing midway, redirecting, a
10 MB answer, private addresses; and a crash after the server's answer."""
import collections
import json
import os
import re
import socketserver
import threading
import time
import urllib.parse

from harness import PLAN, SLOW, Shop, main, moment

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def ok(body):
    return OK % (len(body), body)


class Server(socketserver.ThreadingTCPServer):
    """Notes every request; `answer(path, n)` gives the bytes of the n-th one for that path, or does worse by itself."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen = []  # (method, target, headers, body)
        self.count = collections.Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a client that gives up is what the tests want


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline().decode()
            if not line:
                return
            method, target, _ = line.split()
            headers = {}
            while (header := self.rfile.readline().decode().strip()):
                name, _, value = header.partition(": ")
                headers[name.lower()] = value
            body = self.rfile.read(int(headers.get("content-length", 0)))
            self.server.seen.append((method, target, headers, body))
            self.server.count[target] += 1
            answer = self.server.answer(target, self.server.count[target])
            if callable(answer):
                answer(self.connection)
                return
            self.wfile.write(answer)


SCRIPT = moment("""
    local answer, why, code = m:http { connection = "shop", path = event.data.path, save = event.data.save,
      json = event.data.json, query = event.data.query, name = event.data.name, method = event.data.method }
    if answer then
      if answer.file then return "file " .. answer.file.name .. " " .. answer.file.type .. " " .. answer.file.size end
      return "ok " .. answer.status .. " " .. tostring(answer.json and answer.json.n)
    end
    return "failed " .. code .. ": " .. why""", "class = 'service', on = 'a', again = 'parallel'")


def shop_with(server, options="", timeout="2s", **more):
    shop = Shop({"events.lua": PLAN, "m/moment.lua": SCRIPT})
    config = os.path.join(shop.dir, "momentd.lua")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'return {{ connections = {{ shop = {{ url = "{server.url}/api", plain = true, timeout = "{timeout}", '
                   f'headers = {{ ["X-Token"] = "geheim-7" }} {options} }} }} }}\n')
    shop.options["config"] = config
    shop.options.update(more)
    return shop


def outcome(shop, data, seconds=30):
    """Starts a run and answers what it returned."""
    before = {run["id"] for run in shop.rows("runs", "list", "--limit", "1000")}
    shop.send("a", "c1", data)
    run = shop.wait("the run's end", lambda: next(
        (run for run in shop.rows("runs", "list", "--limit", "1000")
         if run["id"] not in before and run["state"] not in ("waiting", "queued")), None), seconds)
    return run["outcome"] or f"{run['state']}: {run['reason']}"


def answers_and_faults():
    def slow(connection):
        time.sleep(4)

    def midway(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"n\":")

    def large(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n")
        for _ in range(11):
            connection.sendall(b" " * (1 << 20))

    def answer(target, count):
        path = urllib.parse.unquote(target.split("?")[0])
        if path == "/api/twice":
            return ok(b'{"n":1}') + ok(b'{"n":2}')
        if path == "/api/busy":
            return ok(b'{"n":3}') if count == 2 else b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
        return {"/api/good": ok(b'{"n":42}'), "/api/empty": b"HTTP/1.1 204 No Content\r\n\r\n",
                "/api/missing": b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
                "/api/nonsense": b"%%% no http\r\n\r\n", "/api/text": ok(b"hello"),
                "/api/moved": b"HTTP/1.1 302 Found\r\nLocation: /api/good\r\nContent-Length: 0\r\n\r\n",
                "/api/label": ok(b"%PDF-1.4 label"), "/api/long": ok(b'"' + b"x" * 70000 + b'"'),
                "/api/slow": slow, "/api/midway": midway, "/api/large": large,
                "/api/a b+c/æ": ok(b'{"n":7}')}.get(path, b"HTTP/1.1 418 ?\r\nContent-Length: 0\r\n\r\n")

    server = Server(answer)
    with shop_with(server, ", attempts = 2") as shop:
        shop.start()
        expected = [
            ({"path": "/good"}, r"ok 200 42"), ({"path": "/empty"}, r"ok 204 nil"),
            ({"path": "/twice"}, r"ok 200 1"), ({"path": "/missing"}, r"failed 404: .*answered 404"),
            ({"path": "/moved"}, r"failed 302: "), ({"path": "/text"}, r"failed not_json: "),
            ({"path": "/label", "save": "label.pdf"}, r"file label.pdf application/pdf 14"),
            ({"path": "/text", "save": "label.pdf"}, r"failed bad_file: "),
            ({"path": "/long"}, r"failed too_large: .*save"), ({"path": "/a b+c/æ"}, r"ok 200 7"),
            ({"path": "/large", "save": "l.txt"}, r"failed too_large: "), ({"path": "/busy"}, r"ok 200 3"),
            ({"path": "/nonsense"}, r"failed network: "), ({"path": "/midway"}, r"failed network: "),
            ({"path": "/slow"}, r"failed timeout: "), ({"path": "/../x"}, r"parked: .*'\.\.'"),
            ({"path": "//x"}, r"parked: .*one '/'"), ({"path": "/x?y=1"}, r"parked: .*query"),
            ({"path": "/x\r\nHost: y"}, r"parked: .*control"),
            ({"path": "/good", "json": {"x": 1}, "method": "GET"}, r"parked: .*no json")]
        for data, wanted in expected:
            got = outcome(shop, data)
            assert re.fullmatch(wanted + r".*", got, re.S), (data, got, wanted)
        assert server.count["/api/slow"] == 2 and server.count["/api/missing"] == 1 and server.count["/api/busy"] == 2
        assert outcome(shop, {"path": "/good", "query": {"b": "x&y", "a": 1}}) == "ok 200 42"
        assert server.seen[-1][1] == "/api/good?a=1&b=x%26y", server.seen[-1]
        assert outcome(shop, {"path": "/good", "json": {"x": [1]}}) == "ok 200 42"
        method, _, headers, body = server.seen[-1]
        assert (method, json.loads(body), headers["x-token"]) == ("POST", {"x": [1]}, "geheim-7")
        # The secret of the connection is in no database and no log.
        assert shop.stop() == 0
        for name in os.listdir(shop.dir):
            path = os.path.join(shop.dir, name)
            if os.path.isfile(path) and name != "momentd.lua":
                assert b"geheim-7" not in open(path, "rb").read(), name


def a_slow_server_holds_nobody_else():
    server = Server(lambda target, count: (lambda connection: time.sleep(10)) if target == "/api/slow" else ok(b'{"n":1}'))
    with shop_with(server) as shop:
        shop.start()
        shop.send("a", "c2", {"path": "/slow"})
        shop.wait("the slow call", lambda: server.count["/api/slow"])
        begun = time.time()
        assert outcome(shop, {"path": "/good"}) == "ok 200 1"
        assert time.time() - begun < 1.5 * SLOW


def a_crash_after_the_answer_repeats_with_the_same_key():
    answered = threading.Event()

    def answer(target, count):
        if count == 1:
            def hold(connection):  # the server has made the label; the answer never arrives whole
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"n\":")
                answered.set()
                time.sleep(5)
            return hold
        return ok(b'{"n":5}')

    server = Server(answer)
    with shop_with(server, timeout="30s") as shop:
        shop.start()
        shop.send("a", "c1", {"path": "/labels", "json": {"order": 1}, "name": "label"})
        assert answered.wait(20 * SLOW)
        shop.kill()
        shop.start()
        run = shop.wait("the run's end", lambda: next(iter(
            [run for run in shop.rows("runs", "list") if run["state"] == "done"]), None))
        assert run["outcome"] == "ok 200 5", run
        keys = [headers["idempotency-key"] for _, _, headers, _ in server.seen]
        assert len(keys) == 2 and keys[0] == keys[1] and re.fullmatch(r"[0-9a-f]{32}", keys[0]), keys


def stopping_does_not_wait_and_the_call_is_made_again():
    server = Server(lambda target, count: (lambda connection: time.sleep(60)) if count == 1 else ok(b'{"n":6}'))
    with shop_with(server, ", attempts = 1", "60s") as shop:
        shop.start()
        shop.send("a", "c1", {"path": "/x"})
        shop.wait("the call", lambda: server.count["/api/x"])
        begun = time.time()
        assert shop.stop() == 0
        assert time.time() - begun < 5 * SLOW
        shop.start()
        shop.wait("the run's end", lambda: any(run["outcome"] == "ok 200 6" for run in shop.rows("runs", "list")))


def private_addresses_and_shadow_mode():
    server = Server(lambda target, count: ok(b'{"n":1}'))
    with shop_with(server) as shop:
        with open(shop.options["config"], "w", encoding="utf-8") as file:
            file.write(f'return {{ connections = {{ shop = {{ url = "https://127.0.0.1:{server.server_address[1]}" }} }} }}')
        shop.start()
        assert outcome(shop, {"path": "/good"}).startswith("failed refused: ")
        assert not server.seen
        assert shop.stop() == 0
    with shop_with(server, delivery="shadow") as shop:
        shop.start()
        assert outcome(shop, {"path": "/good"}) == "ok 200 1"
        assert outcome(shop, {"path": "/good", "json": {}}).startswith("failed shadow: ")
        assert [method for method, *_ in server.seen] == ["GET"]


def a_wrong_configuration_is_refused():
    for options, wanted in (('{ url = "http://example.com" }', "https"), ('{ uri = "https://x" }', 'did you mean "url"'),
                            ('{ url = "https://a:b@x.dk" }', "token_file"), ('{ }', "is missing"),
                            ('{ url = "https://x.dk", attempts = 0 }', "1 to 10"),
                            ('{ url = "https://x.dk", token_file = "/nowhere" }', "token_file")):
        with Shop({"events.lua": PLAN, "m/moment.lua": SCRIPT}) as shop:
            config = os.path.join(shop.dir, "momentd.lua")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"return {{ connections = {{ shop = {options} }} }}")
            said = shop.momentd("run", "--config", config, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", code=2)
            assert wanted in said and "connections.shop" in said, said


main(answers_and_faults, a_slow_server_holds_nobody_else, a_crash_after_the_answer_repeats_with_the_same_key,
     stopping_does_not_wait_and_the_call_is_made_again, private_addresses_and_shadow_mode, a_wrong_configuration_is_refused)
