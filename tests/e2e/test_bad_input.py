#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60 cost=10 tsan=yes
"""What the binary answers to what is wrong: plans, events, schedules, durations, answers of servers, labels, experiments.
Each answer says what was wrong and where, and nothing else is harmed."""
import http.client
import http.server
import os
import threading

from harness import Shop, main, moment

PEOPLE = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  things = { cart = { of = 'person', at = 'data.cart' } } }
"""
IDLE = moment("return 'done'")


def check(files, *wanted):
    """`check` fails with exactly these problems, each at its file and line."""
    with Shop({"m/moment.lua": IDLE, **files}) as shop:
        said = shop.momentd("check", shop.scripts, code=1).splitlines()
        assert said[:-1] == list(wanted), said
        assert said[-1].endswith(f", {len(wanted)} problem{'s' if len(wanted) > 1 else ''}"), said


def plan(*lines):
    return {"events.lua": "return require 'plan'.define {\n" + ",\n".join(lines) + " }\n"}


def test_a_plan_that_names_a_path_twice():
    check(plan("person = { strong = { 'subject', 'data.email', 'subject' } }"),
          "events.lua:2: person.strong names the path subject a second time: name it once")
    check(plan("person = { strong = { 'subject' }, weak = { 'subject' } }"),
          "events.lua:2: person.weak names the path subject a second time: name it once")
    check(plan("person = { strong = { 'subject' } }", "events = { a = { secret = { 'data.x', 'data.x' } } }"),
          "events.lua:3: events.a.secret names the path data.x a second time: name it once")


def test_a_cycle_of_things():
    check(plan("person = { strong = { 'subject' } }", "things = { a = { of = 'b', at = 'data.a' }",
               "b = { of = 'a', at = 'data.b' } }"),
          "events.lua:3: things.a.of: what it belongs to goes in a circle: one of them must belong to the person, or to nobody")


def test_a_thing_without_a_parent():
    check(plan("person = { strong = { 'subject' } }", "things = { parcel = { of = 'order', at = 'data.p' } }"),
          "events.lua:3: things.parcel.of: there is no thing 'order': declare it, or write \"person\" or \"nobody\"")
    check(plan("person = { strong = { 'subject' } }", "things = { parcel = { at = 'data.p' } }"),
          "events.lua:3: things.parcel needs of: what it belongs to, \"person\" or another thing, or "
          "\"nobody\" where many people share one, as a product in stock")


def incidents(shop, who):
    return [(row["incident"], row["event"], row["detail"]) for row in shop.rows("why", who) if row["kind"] == "incident"]


def test_the_log_quotes_no_body():
    """X2: what a malformed body has is told to its sender at most."""
    binary = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
    with Shop({"m/moment.lua": IDLE}).start() as shop:
        for kind in ({"Content-Type": "application/cloudevents+json"}, binary,
                     {"Content-Type": "application/cloudevents-batch+json"}):
            for body in (b'{"link":"SEKRET\n"}', b'{"link":"SEKRET', b'{"link":SEKRET}', b'{"SEKRET":1,"SEKRET":2}',
                         b'{"link":"SEKRET\xff"}', b'{"link":"\\uSEKR"}', b'{"a":"SEKRET" "b"}', b'{"a":" near \'SEKRET'):
                connection = http.client.HTTPConnection("127.0.0.1", shop.port)
                connection.request("POST", "/v1/events", body, kind)
                assert connection.getresponse().status == 400, (kind, body)
                connection.close()
        assert "SEKR" not in shop.text_log()
        assert shop.text_log().count("JSON: line 1, column") == 24, shop.text_log()


def test_an_event_with_two_customers_identities():
    with Shop({"events.lua": PEOPLE, "m/moment.lua": IDLE}).start() as shop:
        shop.send("seen", "a", {"email": "a@example.com"})
        shop.send("seen", "b", {"email": "b@example.com"})
        both = shop.send("seen", "a", {"email": "b@example.com"})
        (kind, event, detail), = incidents(shop, "a")
        assert (kind, event) == ("identity_conflict", both["id"]) and "they were not joined" in detail, detail
        assert "names two people" in shop.momentd("why", "a") and "identity_conflict" in shop.text_log()
        assert [row["id"] for row in shop.rows("people", "show", "b@example.com")] == [2]
        shop.send("a", "b")
        assert shop.rows("runs", "list")[0]["outcome"] == "done"


def test_a_cart_that_changes_hands():
    with Shop({"events.lua": PEOPLE, "m/moment.lua": IDLE}).start() as shop:
        shop.send("seen", "a", {"cart": "c1"})
        taken = shop.send("seen", "b", {"cart": "c1"})
        (kind, event, detail), = incidents(shop, "b")
        assert (kind, event) == ("identity_conflict", taken["id"]), (kind, event)
        assert detail == "cart c1 belongs to person 1; an event says 2", detail
        assert not incidents(shop, "a") and detail in shop.momentd("why", "b")
        assert shop.sql("SELECT parent_value FROM things WHERE value = 'c1'") == [("1",)]


def test_a_schedule_that_never_fires():
    cron = "class = 'service',\non = moment.schedule('0 8 {} 2 *', 'Europe/Copenhagen')"
    check({"m/moment.lua": moment("return 'x'", cron.format(30))},
          "m/moment.lua:3: moment.schedule: this schedule never fires: none of its months has such a day")
    with Shop({"m/moment.lua": moment("return 'x'", cron.format(29))}) as shop:  # seldom is not never
        assert "no problems" in shop.momentd("check", shop.scripts)


def test_a_negative_duration():
    check({"m/moment.lua": moment("return 'x'", "class = 'service', on = 'a',\nmax_age = -5")},
          "m/moment.lua:2: moment.define: max_age is negative: a duration goes forward")
    check({"m/moment.lua": moment("return 'x'", "class = 'service', on = 'a',\nmax_age = '-5m'")},
          "m/moment.lua:2: moment.define: max_age: Byte 1 ('-') makes the duration negative, and a duration goes forward; "
          "write a number and one of ms, s, m, h, d, w, as in \"90s\" or \"1.5h\".")
    with Shop({"m/moment.lua": moment("local span = '-5m' m:sleep(span)"), "n/moment.lua": moment("local span = -5 m:wait_for('x', { within = span })"),
               "o/moment.lua": IDLE}).start() as shop:
        shop.send("a", "ida")
        runs = {run["moment"]: run for run in shop.rows("runs", "list")}
        assert runs["m"]["state"] == runs["n"]["state"] == "parked" and runs["o"]["outcome"] == "done"
        assert runs["m"]["reason"].startswith("m/moment.lua:3: m:sleep: Byte 1 ('-') makes the duration negative"), runs
        assert runs["n"]["reason"] == "n/moment.lua:3: m:wait_for: within is negative: a duration goes forward", runs


class Large(http.server.BaseHTTPRequestHandler):
    """Answers 10 MB, and a byte too many where it is asked for one."""

    def do_GET(self):
        size = 10_000_000 + self.path.endswith("more")
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            self.wfile.write(b"x" * size)
        except OSError:
            pass  # it is not read to its end

    def log_message(self, *_):
        pass


def test_an_answer_of_10_MB():
    body = """local answer, why, code = m:http { connection = 'shop', path = event.data.path, save = event.data.save }
    return answer and answer.file.size .. ' bytes' or code .. ': ' .. why"""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Large)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Shop({"m/moment.lua": moment(body, "class = 'service', on = 'a', again = 'parallel'")}) as shop:
        shop.options["config"] = os.path.join(shop.dir, "momentd.lua")
        with open(shop.options["config"], "w", encoding="utf-8") as file:
            file.write(f'return {{ connections = {{ shop = {{ url = "http://127.0.0.1:{server.server_address[1]}", '
                       'plain = true } } }\n')
        shop.start()
        for data in ({"path": "/as"}, {"path": "/as", "save": "a.txt"}, {"path": "/more", "save": "a.txt"}):
            shop.send("a", "ida", data)
        done = shop.wait("the runs", lambda: [r for r in shop.rows("runs", "list") if r["state"] == "done"][2:]
                         and shop.rows("runs", "list"))
        whole, saved, more = [run["outcome"] for run in sorted(done, key=lambda run: run["id"])]
        assert whole == "too_large: GET /as of connection shop: the answer has 10000000 bytes, over 65536: " \
                        "give save = \"name\" to keep it as a file", whole
        assert saved == "10000000 bytes", saved
        assert more == "too_large: GET /more of connection shop: the answer is longer than 10000000 bytes", more
        assert shop.request("GET", "/readyz")[0] == 200
    server.shutdown()


def test_a_label_with_10_000_values():
    body = "for i = 1, 2500 do m:count('seen', 1, { sku = 's' .. i + event.data.from }) end"
    with Shop({"m/moment.lua": moment(body, "class = 'service', on = 'a', again = 'parallel'")}).start() as shop:
        for number in range(4):
            shop.send("a", "ida", {"from": 2500 * number})
        shop.wait("the runs", lambda: len([r for r in shop.rows("runs", "list") if r["state"] == "done"]) == 4)
        rows = [row for row in shop.rows("metrics", "list") if row["metric"] == "seen"]
        assert len(rows) == 1001, len(rows)
        other, = [row for row in rows if row["labels"] == {"sku": "other"}]
        assert other["count"] == 9000 and sum(row["count"] for row in rows) == 10000, other
        assert shop.text_log().count("further ones count as other") == 1


def test_an_experiment_without_its_file():
    """At run time everybody gets the control, and nobody is counted as having met an arm."""
    with Shop({"m/moment.lua": moment("local name = 'cart_subject' return m:experiment(name)")}).start() as shop:
        shop.send("a", "ida")
        run, = shop.rows("runs", "list")
        assert (run["state"], run["outcome"]) == ("done", "control"), run
        assert shop.sql("SELECT count(*) FROM exposures") == [(0,)]


main(test_the_log_quotes_no_body, test_a_plan_that_names_a_path_twice, test_a_cycle_of_things, test_a_thing_without_a_parent,
     test_an_event_with_two_customers_identities, test_a_cart_that_changes_hands, test_a_schedule_that_never_fires,
     test_a_negative_duration, test_an_answer_of_10_MB, test_a_label_with_10_000_values,
     test_an_experiment_without_its_file)
