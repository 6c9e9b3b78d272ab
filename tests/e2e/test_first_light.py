#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=60 tsan=yes
"""From an HTTP request to a mail in a folder, through the shipped scripts, and every door of POST /v1/events (E1–E3)."""
import email
import email.policy
import json

from harness import COPY, PLAN, Shop, main, moment

ORDER = {"order_id": "1001", "email": "ida@example.com", "name": "Ida", "currency": "DKK", "total": 598,
         "items": [{"name": "Uldtrøje", "quantity": 2, "price": 299}], "promised_at": "2036-03-06T12:00:00Z"}


def test_an_order_is_confirmed():
    with Shop() as shop:
        shop.start()
        shop.send("order.placed", "kunde-1", ORDER)
        mails = shop.wait("a mail", shop.mails)
        mail = email.message_from_bytes(mails[0], policy=email.policy.default)
        assert mail["Subject"] == "Tak for din ordre 1001", mail["Subject"]
        assert mail["To"] == "ida@example.com"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"] and mail["Date"] and mail["MIME-Version"] == "1.0"
        html = mail.get_body(("html",)).get_content()
        text = mail.get_body(("plain",)).get_content()
        assert "Uldtrøje" in html and "Uldtrøje" in text and "Ida" in text
        run = shop.rows("runs", "list")[0]
        assert run["state"] == "waiting" and run["moment"] == "order_confirmation", run
        assert run["about"] == {"kind": "order", "value": "1001"}, run
        shop.wait("acceptance", lambda: shop.rows("messages", "list")[0]["state"] == "accepted")
        assert "confirmation" in shop.momentd("why", "kunde-1")
        assert "confirmation" in shop.momentd("runs", "show", str(run["id"]))
        assert shop.stop() == 0
        # A second life of the same database: the run is still there, and goes on.
        shop.start()
        shop.send("order.cancelled", "kunde-1", {"order_id": "1001"})
        shop.wait("the second mail", lambda: len(shop.mails()) == 2)
        assert shop.rows("runs", "list")[0]["outcome"] == "cancelled"


def test_three_modes():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("return 'got ' .. event.data.n",
                                                        "class = 'service', on = 'a', again = 'parallel'")}) as shop:
        shop.start()
        status, answer = shop.post(shop.event("a", "ida", {"n": 1}))
        assert status == 202 and answer["status"] == "accepted", answer
        headers = {"ce-specversion": "1.0", "ce-id": "b1", "ce-source": "/test", "ce-type": "a", "ce-subject": "s%C3%B8ren",
                   "Content-Type": "application/json"}
        status, answer, _ = shop.request("POST", "/v1/events", '{"n":2}', headers)
        assert status == 202 and answer == {"id": "b1", "status": "accepted"}, answer
        status, answer, _ = shop.request("POST", "/v1/events", '{"n":2}', headers)
        assert status == 202 and answer["status"] == "duplicate", answer
        status, answer, _ = shop.request("POST", "/v1/events", '{"n":3}', headers)
        assert status == 409, (status, answer)
        batch = [shop.event("a", "ida", {"n": 4}), {"specversion": "1.0"}, shop.event("a", "bo", {"n": 5})]
        status, answer, _ = shop.request("POST", "/v1/events", json.dumps(batch),
                                         {"Content-Type": "application/cloudevents-batch+json"})
        assert status == 200 and [row["status"] for row in answer] == ["accepted", "refused", "accepted"], answer
        status, answer, _ = shop.request("POST", "/v1/events", "[]", {"Content-Type": "application/cloudevents-batch+json"})
        assert status == 200 and answer == [], answer

        def pieces():
            yield b'{"specversion":"1.0","id":"c1","source":"/t",'
            yield b'"type":"a","subject":"ida","data":{"n":6}}'
        status, answer, _ = shop.request("POST", "/v1/events", pieces(), {"Content-Type": "application/cloudevents+json"})
        assert status == 202, answer
        outcomes = sorted(run["outcome"] for run in shop.rows("runs", "list"))
        assert outcomes == ["got 1", "got 2", "got 4", "got 5", "got 6"], outcomes
        assert shop.sql("SELECT count(*) FROM events WHERE subject = 'søren'") == [(1,)]


def test_bad_input_is_answered():
    with Shop({"events.lua": PLAN}) as shop:
        shop.start()
        kind = {"Content-Type": "application/cloudevents+json"}

        def ask(body, headers=kind, method="POST", path="/v1/events"):
            status, answer, raw = shop.request(method, path, body, headers)
            return status, json.dumps(answer) if not isinstance(answer, bytes) else answer.decode(), raw

        status, text, _ = ask('{"specversion": "1.0",\n  bad}')
        assert status == 400 and "line 2" in text, text
        status, text, _ = ask('{"specversion":"1.0"}')
        assert status == 400 and all(name in text for name in ("id", "source", "type")), text
        status, text, _ = ask("x", {"Content-Type": "application/xml"})
        assert status in (400, 415), (status, text)
        status, text, _ = ask("x", {"Content-Type": "application/xml", "ce-id": "1", "ce-source": "/x", "ce-type": "a",
                                    "ce-specversion": "1.0"})
        assert status == 202, (status, text)  # binary mode: any content type may be data
        status, text, _ = ask('{"a":1,"a":2}')
        assert status == 400 and "a" in text, text
        deep = '{"specversion":"1.0","id":"1","source":"/","type":"a","data":' + "[" * 70 + "]" * 70 + "}"
        assert ask(deep)[0] == 400
        assert ask('{"data":"' + "x" * 300000 + '"}')[0] == 413
        assert ask("{}", path="/v1/nothing")[0] == 404
        status, _, raw = ask(None, method="GET")
        assert status == 405 and "POST" in raw.headers["Allow"]
        for reserved in ("message.failed", "run.ended"):
            status, text, _ = ask(json.dumps(shop.event(reserved, "ida")))
            assert status == 403, (status, text)
        assert ask(None, method="GET", path="/healthz")[0] == 200
        assert ask(None, method="GET", path="/readyz")[0] == 200
        assert shop.sql("SELECT count(*) FROM events") == [(1,)]


def test_a_customers_name_stays_text():
    copy = "---\nsubject: Hej {{#name}}{{name}}{{/name}}\n---\n{{#name}}Hej {{name}}{{/name}}{{^name}}Hej{{/name}}\n"
    scripts = {"events.lua": PLAN,
               "m/moment.lua": moment("m:send { template = 'x', data = { name = event.data.name } }\nreturn 'sent'"),
               "m/x.da.md": copy}
    with Shop(scripts) as shop:
        shop.start()
        names = ["<b>Ida</b>", "**Ida** [x](y)", "Ida\r\nBcc: evil@example.com", "http://evil.example", "gå ind på www.evil"]
        for number, name in enumerate(names):
            shop.send("a", f"k{number}", {"email": f"k{number}@example.com", "name": name})
        shop.wait("ends", lambda: all(row["state"] in ("accepted", "suppressed", "failed") for row in shop.rows("messages", "list"))
                  and len(shop.rows("messages", "list")) == len(names))
        for raw in shop.mails():
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            assert mail["Bcc"] is None
            html = mail.get_body(("html",)).get_content()
            assert "<b>Ida" not in html and "<strong>" not in html and "evil" not in html and "<a " not in html, html


def test_template_that_lacks_a_variable():
    scripts = {"events.lua": PLAN, "m/moment.lua": moment("local s = m:send { template = 'x' }\nreturn s.reason"), "m/x.da.md": COPY}
    with Shop(scripts) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com"})
        assert shop.rows("runs", "list")[0]["outcome"] == "template"
        message = shop.rows("messages", "list")[0]
        assert message["state"] == "suppressed" and message["reason"] == "template", message
        assert "x.da.md" in shop.momentd("why", "ida")
        assert shop.mails() == []


def test_an_unknown_name_in_to_harms_only_its_run():
    scripts = {"events.lua": PLAN, "m/x.da.md": COPY,
               "m/moment.lua": moment("if event.data.bad then m:send { template = 'x', to = 'nobody', data = { n = 1 } } end\n"
                                      "m:send { template = 'x', data = { n = 1 } }\nreturn 'ok'")}
    with Shop(scripts) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com", "bad": True})
        shop.send("a", "bo", {"email": "bo@example.com"})
        runs = shop.rows("runs", "list")
        assert [run["state"] for run in runs] == ["done", "parked"], runs
        assert "m/moment.lua:3" in runs[1]["reason"] and "nobody" in runs[1]["reason"], runs[1]


main(test_an_order_is_confirmed, test_three_modes, test_bad_input_is_answered, test_a_customers_name_stays_text,
     test_template_that_lacks_a_variable, test_an_unknown_name_in_to_harms_only_its_run)
