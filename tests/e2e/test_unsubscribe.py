#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""The way out of marketing mail: the link and the headers (RFC 8058), the page, and what a POST does (A3, M5, P7)."""
import email
import email.policy
import re

from harness import Shop, main

CART = """
local moment = require "moment"
return moment.define { class = "marketing", on = "cart.updated", about = "person", again = "parallel",
  run = function(m, cart)
    if cart.data and cart.data.later then m:send { template = "reminder", send_at = m:now() + cart.data.later } end
    local message = m:send { template = "reminder" }
    return message.sent and "sent" or message.reason
  end }
"""
SCRIPTS = {
    "cart/moment.lua": CART,
    "cart/reminder.da.md": "---\nsubject: Din kurv\n---\nDin kurv venter.\n",
    "cart/reminder.en.md": "---\nsubject: Your cart\n---\nYour cart waits.\n",
}
AWAKE = {"quiet_hours": "none", "consent_sender": "Sko ApS"}


def consent(shop, subject, **data):
    shop.send("consent.given", subject, {"channel": "email", "purpose": "marketing", "text": "Ja tak til nyheder",
                                         "source": "checkout", **data})


def person(shop, subject, **fields):
    shop.send("profile.updated", subject, {"email": f"{subject}@kunde.example", **fields})


def next_mail(shop, subject):
    count = len(shop.mails())
    shop.send("cart.updated", subject)
    shop.wait("a mail", lambda: len(shop.mails()) > count)
    return email.message_from_bytes(shop.mails()[-1], policy=email.policy.default)


def path_of(mail):
    link = re.fullmatch(r"<http://127\.0\.0\.1:\d+(/u/[A-Za-z0-9._-]+)>", mail["List-Unsubscribe"].strip())
    assert link, mail["List-Unsubscribe"]
    return link.group(1)


def one_click(shop, path):
    return shop.request("POST", path, "List-Unsubscribe=One-Click",
                        {"Content-Type": "application/x-www-form-urlencoded"})


def outcome(shop, subject):
    before = len(shop.rows("runs", "list", "--state", "done"))
    shop.send("cart.updated", subject)
    shop.wait("the run", lambda: len(shop.rows("runs", "list", "--state", "done")) > before)
    return shop.rows("runs", "list", "--state", "done")[0]["outcome"]


def withdrawals(shop):
    return shop.sql("SELECT count(*) FROM consents WHERE given = 0")[0][0]


def test_mail_and_page():
    with Shop(SCRIPTS, **AWAKE) as shop:
        shop.start()
        person(shop, "ida", locale="da")
        assert outcome(shop, "ida") == "no_consent"
        consent(shop, "ida")
        mail = next_mail(shop, "ida")
        path = path_of(mail)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", mail
        for kind in ("plain", "html"):
            assert path in mail.get_body((kind,)).get_content(), mail

        for method in ("GET", "HEAD"):
            status, body, answer = shop.request(method, path)
            assert status == 200, body
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            if method == "HEAD":
                assert body == b"", body
                continue
            page = body.decode()
            assert '<html lang="da">' in page and "i***@k***.example" in page and "Sko ApS" in page, page
            assert "ida@kunde.example" not in page and "<script" not in page and "http" not in page, page
        assert withdrawals(shop) == 0
        assert outcome(shop, "ida") == "sent"

        status, body, _ = shop.request("PUT", path, "x")
        assert status == 405, body


def test_one_click():
    with Shop(SCRIPTS, **AWAKE) as shop:
        shop.start()
        person(shop, "bo", locale="en")
        consent(shop, "bo")
        shop.send("cart.updated", "bo", {"later": 3600})  # one is queued for later
        shop.wait("both", lambda: len(shop.rows("messages", "list")) == 2)
        shop.wait("a mail", lambda: len(shop.mails()) == 1)
        path = path_of(email.message_from_bytes(shop.mails()[0], policy=email.policy.default))
        status, body, _ = one_click(shop, path)
        assert status == 200 and "You are unsubscribed" in body.decode(), body
        for _ in range(2):  # again, and by the page's form: nothing more happens
            assert one_click(shop, path)[0] == 200
            assert shop.request("POST", path, "confirm=yes")[0] == 200
        shop.wait("the withdrawal", lambda: withdrawals(shop) == 1)
        assert outcome(shop, "bo") in ("no_consent", "suppressed")
        events = [row for row in shop.rows("events") if row["type"] == "consent.withdrawn"]
        assert len(events) == 1 and events[0]["data"]["source"] == "unsubscribe", events
        assert events[0]["person"] and len(shop.sql("SELECT * FROM suppressions")) == 1
        why = shop.momentd("why", "bo")
        assert "withdrawn: email/marketing" in why and "suppression 1 at" in why and "by consent 1 of" in why, why
        # The address is suppressed for whoever has it; a consent given later lifts it, and can be withdrawn anew.
        person(shop, "co", email="BO@kunde.example")
        consent(shop, "co", at=None)
        consent(shop, "bo")
        assert outcome(shop, "bo") == "sent"
        assert one_click(shop, path)[0] == 200
        shop.wait("the second withdrawal", lambda: withdrawals(shop) == 2)
        # It survives a crash.
        shop.kill()
        shop.start()
        assert outcome(shop, "bo") in ("no_consent", "suppressed")


def test_a_withdrawal_stops_what_is_queued():
    with Shop(SCRIPTS, **AWAKE) as shop:
        shop.start()
        person(shop, "ida")
        consent(shop, "ida")
        shop.send("cart.updated", "ida", {"later": 2})
        shop.wait("both", lambda: len(shop.rows("messages", "list")) == 2)
        shop.send("consent.withdrawn", "ida", {"source": "phone"})
        shop.wait("its end", lambda: not shop.rows("messages", "list", "--state", "queued"))
        ended = shop.rows("messages", "list", "--state", "suppressed")
        assert len(ended) == 1 and ended[0]["reason"] == "no_consent", ended
        assert "withdrew" in ended[0]["detail"], ended


def test_forged_links():
    with Shop(SCRIPTS, **AWAKE) as shop:
        shop.start()
        person(shop, "ida")
        consent(shop, "ida")
        path = path_of(next_mail(shop, "ida"))
        parts = path.split(".")
        forged = [path[:-1] + ("A" if path[-1] != "A" else "B"), path[:-4], "/u/", "/u/x", "/u/" + "a" * 2000,
                  ".".join([parts[0], "login", *parts[2:]]), ".".join([*parts[:3], "1", parts[4]]),
                  ".".join([*parts[:2], parts[2][:-2] + "AA", *parts[3:]])]
        for method in ("GET", "POST"):
            for link in forged:
                status, body, answer = shop.request(method, link, "List-Unsubscribe=One-Click" * (method == "POST"))
                assert status == 404, (link, status)
                assert "Linket virker ikke" in body.decode() and "This link does not work" in body.decode(), body
                assert answer.headers["Cache-Control"] == "no-store"
        assert withdrawals(shop) == 0
        assert parts[4] not in shop.text_log() and parts[2] not in shop.text_log()


def test_another_installation_is_forged():
    with Shop(SCRIPTS, **AWAKE) as one, Shop(SCRIPTS, **AWAKE) as other:
        one.start()
        other.start()
        person(one, "ida")
        consent(one, "ida")
        assert one_click(other, path_of(next_mail(one, "ida")))[0] == 404


def test_without_an_address_no_marketing_mail_leaves():
    """SMTP to the world needs public_url; a service mail does not."""
    with Shop(SCRIPTS, **AWAKE) as shop:
        shop.options["mail"] = "smtp://127.0.0.1:9"
        shop.start()
        person(shop, "ida")
        consent(shop, "ida")
        assert outcome(shop, "ida") == "no_public_url"
        assert "public_url is not set" in shop.momentd("why", "ida")
    with Shop(SCRIPTS, public_url="https://mail.sko.example", **AWAKE) as shop:
        shop.start()
        person(shop, "ida")
        consent(shop, "ida")
        assert next_mail(shop, "ida")["List-Unsubscribe"].strip().startswith("<https://mail.sko.example/u/")


def test_a_layout_must_show_the_way_out():
    scripts = {**SCRIPTS, "shared/layout.html": "<html><body>{{{body}}}</body></html>"}
    with Shop(scripts, **AWAKE) as shop:
        shop.start()
        person(shop, "ida")
        consent(shop, "ida")
        assert outcome(shop, "ida") == "template"
        assert "unsubscribe_url" in shop.momentd("why", "ida")


main(test_mail_and_page, test_one_click, test_a_withdrawal_stops_what_is_queued,
     test_forged_links, test_another_installation_is_forged, test_without_an_address_no_marketing_mail_leaves,
     test_a_layout_must_show_the_way_out)
