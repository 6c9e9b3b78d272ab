#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 cost=10 tsan=yes
"""A link that a shop's server answers goes into the customer's mail and nowhere else (H3, X1, X2)."""
import http.server
import json
import os
import threading

from harness import PLAN, SLOW, Shop, main, moment
from hidden import ended, keys, new_link, search_backups, search_files, search_outputs, sent_links

COPY = "---\nsubject: Log ind\npreview: p\n---\nHej\n\n[Log ind]({{link}})\n"
CALL = """local answer, why, code = m:http { connection = 'shop', path = '/links', secret = 'links.reset' }
if not answer then return code .. ': ' .. why end
"""
SEND = "m:sleep('1s')\nlocal sent = m:send { template = 'reset', data = { link = answer.json.links.reset } }\n" \
       "return (sent.sent and 'sent ' or sent.reason .. ' ') .. answer.json.n"


class Server(http.server.ThreadingHTTPServer):
    """Answers the link, and repeats it elsewhere. The first `held` answers never end."""

    daemon_threads = True

    def __init__(self, link, held=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.link, self.held, self.seen = link, held, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that dies is what a test wants


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        link = self.server.link
        body = json.dumps({"links": {"reset": link}, "n": 7, "log": ["made " + link], "x": {link: 1}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Link", link)
        self.end_headers()
        self.server.seen.append(self.headers["Idempotency-Key"])
        if len(self.server.seen) <= self.server.held:
            self.wfile.write(body[:-1])
            self.wfile.flush()
            threading.Event().wait(20)
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def shop_with(server, body=CALL + SEND, **more):
    shop = Shop({"events.lua": PLAN, "m/moment.lua": moment(body, "class = 'service', on = 'a', about = 'person'"),
                 "m/reset.da.md": COPY}, **more)
    shop.options["config"] = os.path.join(shop.dir, "momentd.lua")
    with open(shop.options["config"], "w", encoding="utf-8") as file:
        file.write(f'return {{ connections = {{ shop = {{ url = "http://127.0.0.1:{server.server_address[1]}", '
                   f'plain = true, timeout = "30s" }} }} }}\n')
    return shop


def mail_files(shop):
    return [os.path.join(shop.mail, name) for name in os.listdir(shop.mail)]


def test_live():
    """From the answer to the mail, over a crash between them."""
    link = new_link()
    server = Server(link)
    with shop_with(server).start() as shop:
        shop.send("a", "ida", {"email": "ida@example.com"})
        shop.wait("the answer", lambda: shop.sql("SELECT 1 FROM calls WHERE answer IS NOT NULL"))
        (owner, wrapped), = keys(shop)
        assert owner < 0, "the key is the call's"
        search_files(shop, link)
        shop.kill()  # the run sleeps: only the key makes the mail possible
        search_files(shop, link)
        shop.start()
        shop.wait("the mail", shop.mails)
        (to, links, _), = sent_links(shop)
        assert to == "ida@example.com" and links == {link}, (to, links)
        shop.wait("the message's end", lambda: ended(shop))
        shop.wait("the key's end", lambda: not keys(shop))
        with open(shop.db + ".keys", "rb") as file:
            assert wrapped not in file.read(), "the key is still in a free page"
        assert len(server.seen) == 1
        (answer, sealed), = shop.sql("SELECT answer, length(sealed) FROM calls")
        assert json.loads(answer)["json"] == {"links": {"reset": "[secret]"}, "n": 7, "log": ["[secret]"], "x": {}}
        assert sealed > len(link)
        assert shop.rows("runs", "list")[0]["outcome"] == "sent 7"
        assert "[secret]" in shop.momentd("runs", "show", "1", "--json")
        search_files(shop, link, mail_files(shop))
        search_backups(shop, link)
        search_outputs(shop, link)
        assert shop.stop() == 0
        search_files(shop, link, mail_files(shop))


def test_a_crash_before_the_commit():
    """H1: the call is made again with its key, and nothing of the first answer is anywhere."""
    link = new_link()
    server = Server(link, held=1)
    with shop_with(server).start() as shop:
        shop.send("a", "ida", {"email": "ida@example.com"})
        shop.wait("the call", lambda: server.seen)
        shop.kill()
        search_files(shop, link)
        shop.start()
        shop.wait("the mail", shop.mails)
        (_, links, _), = sent_links(shop)
        assert links == {link} and len(server.seen) == 2 and server.seen[0] == server.seen[1]
        shop.wait("the message's end", lambda: ended(shop))
        search_files(shop, link, mail_files(shop))


def test_shadow_and_redirect():
    """X2: what is kept for the shop's eyes, and what goes to others, has [secret] in its place."""
    for delivery in ("shadow", "redirect:test@example.org"):
        link = new_link()
        with shop_with(Server(link), delivery=delivery).start() as shop:
            shop.send("a", "ida", {"email": "ida@example.com"})
            shop.wait("the message's end", lambda: ended(shop))
            assert len(shop.mails()) == (delivery != "shadow")
            for to, links, text in sent_links(shop):
                assert to == "test@example.org" and not links and "[secret]" in text, text
            search_files(shop, link)
            search_backups(shop, link)
            search_outputs(shop, link)


def test_it_goes_into_no_call():
    """A request is kept, so no secret may be in one."""
    link = new_link()
    server = Server(link)
    wrong = ["json = { link = answer.json.links.reset }", "query = { link = answer.json.links.reset }",
             "json = answer.json"]
    for options in wrong:
        body = CALL + "m:http { connection = 'shop', path = '/x', " + options + " }\nreturn 'told'"
        with shop_with(server, body).start() as shop:
            shop.send("a", "ida", {"email": "ida@example.com"})
            run = shop.wait("the run's end", lambda: [r for r in shop.rows("runs", "list") if r["state"] == "parked"])[0]
            assert "m/moment.lua:" in run["reason"] and "is a secret" in run["reason"], run
            search_files(shop, link)
    shown = CALL + "m:http { connection = 'shop', path = answer.json.links.reset }\nreturn 'told'"
    with shop_with(server, shown).start() as shop:
        shop.send("a", "ida", {"email": "ida@example.com"})
        run = shop.wait("the run's end", lambda: [r for r in shop.rows("runs", "list") if r["state"] == "parked"])[0]
        assert "path must be a text, not a secret" in run["reason"], run
    assert len(server.seen) == len(wrong) + 1


main(test_live, test_a_crash_before_the_commit, test_shadow_and_redirect, test_it_goes_into_no_call)
