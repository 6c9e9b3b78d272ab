#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""What somebody meets who has read the manual once and writes what it lets one expect (P4, T3)."""
import json
import os
import signal

from harness import PLAN, Shop, main, moment

BACK = """---
subject: {{product_id}} er på lager
---
Den er her igen.
"""


def shop_of(of, options, by):
    plan = f"""return require "plan".define {{
  things = {{ product = {{ of = "{of}", at = "data.product_id" }} }},
  events = {{ ["stock.watched"] = {{ address = {{ email = "data.email" }} }}, ["back.in_stock"] = {{}} }},
}}
"""
    body = f"""local back = m:wait_for("back.in_stock", {{ within = "90d"{by} }})
if not back then return "never" end
m:send {{ template = "back", data = back.data }}
return "told\""""
    return {"events.lua": plan, "back/back.da.md": BACK,
            "back/moment.lua": moment(body, f"class = 'service', on = 'stock.watched'{options}")}


def watch(shop, who):
    shop.send("stock.watched", who, {"product_id": "TEAPOT", "email": who + "@example.com"})


def test_P4_back_in_stock_reaches_all_who_watch():
    for options, by in (("", ', by = "product"'), (", about = 'product'", "")):
        with Shop(shop_of("nobody", options, by)) as shop:
            assert "no problems" in shop.momentd("check", shop.scripts)
            shop.start()
            for who in ("ida", "bo", "eva"):
                watch(shop, who)
            shop.send("back.in_stock", None, {"product_id": "TEAPOT"})
            shop.wait("the runs", lambda: [row["outcome"] for row in shop.rows("runs", "list")] == ["told"] * 3)
            shop.wait("the mails", lambda: sorted(row["to"] for row in shop.rows("messages", "list")
                                                  if row["state"] in ("accepted", "delivered")) ==
                      ["bo@example.com", "eva@example.com", "ida@example.com"])
            assert shop.rows("status")[0]["incidents"] == {}


def test_P4_a_thing_of_another_person_is_told_of():
    with Shop(shop_of("person", "", ', by = "product"')) as shop:
        shop.start()
        watch(shop, "ida")
        watch(shop, "bo")
        wanted = "product TEAPOT belongs to person 1; an event says 2"
        assert shop.rows("status")[0]["incidents"] == {"identity_conflict": 1}
        assert "Incidents    1 identity_conflict\n             newest: identity_conflict: " + wanted in shop.momentd("status")
        with open(shop.log, encoding="utf-8") as log:
            assert "an event contradicts what a thing belongs to" in log.read()
        events = os.path.join(shop.dir, "events.json")
        with open(events, "w", encoding="utf-8") as file:
            for who in ("ida", "bo"):
                json.dump({"type": "stock.watched", "subject": who, "data": {"product_id": "TEAPOT"}}, file)
                file.write("\n")
        assert wanted in shop.momentd("try", os.path.join(shop.scripts, "back"), "--event", events)


def test_a_reload_refuses_what_check_refuses():
    """S7: an unknown option and an experiment that nobody declares; what was live stays."""
    good = shop_of("nobody", "", ', by = "product"')
    with Shop(good) as shop:
        shop.start()
        for line, told in (('m:wait_for("back.in_stock", { witin = "1d" })', "m:wait_for has no option 'witin'; did you mean 'within'?"),
                           ('m:experiment("subject")', "names an experiment that no file declares")):
            shop.write({"back/moment.lua": moment(line, "class = 'service', on = 'stock.watched'")})
            assert told in shop.momentd("check", shop.scripts, code=1)
            shop.daemon.send_signal(signal.SIGHUP)
            shop.wait("the refusal", lambda told=told: any(told in row["message"] for row in shop.rows("status")[0]["errors"]))
            assert "REFUSED back/moment.lua:3: " in shop.momentd("status")
            assert "\\x0a" not in shop.momentd("status")
        watch(shop, "ida")
        assert shop.rows("runs", "list")[0]["state"] == "waiting"


KNOWN = "assert error getmetatable ipairs math next null pairs pcall rawequal rawget rawlen select " \
        "setmetatable string table tonumber tostring type utf8 xpcall"

# Each line of a moment, and what `check` says of it; None: nothing.
NAMES = [
    ("local news = event.data", None),
    ("if nws then return nws.x end", "nws is nothing here, and nil when it is read: did you mean news?"),
    ("counter = 1", "counter is global by this: write local counter = …"),
    ("counter = counter + 1", None),
    ("function helper(x) return x end", "function helper is global: write local function helper"),
    ("helper(fmt.money(1, 'DKK', 'da'))", 'fmt is nothing here: write local fmt = require "fmt" first'),
    ("local a <const>, b = 1, 2; local t = { a = a, b = b, c = function(d, ...) return d, ... end }", None),
    ("for i, v in ipairs(t) do t[i] = v == a and b or t.c end goto over ::over::", None),
    ("local function own(p) return p.q end own { q = 'q' } function t.f() end function t:g() return self end", None),
    ("t.a, t.b = t.b, t.a; t.x = 1; if a ~= b and a <= b and a == b then a2 = 1 end", "a2 is global by this"),
    ("local s = 'nothing' .. [[ here ]] -- nothing either", None),
]

VALUES = [
    ('m.send { template = "w" }', "m.send is no call of a step: a colon stands before its name, write m:send"),
    ('m.send(m, { template = "w", data = event.data })', None),
    ('m:wait_for("order.placed", { within = -3 })', 'm:wait_for: within is negative: give a text such as "1h", or seconds'),
    ('m:wait_for("order.placed", { within = {} })', "m:wait_for: within is a table: give"),
    ('m:wait_for("order.placed", { within = true })', "m:wait_for: within is a boolean: give"),
    ('m:wait_for("order.placed", { within = 3600, where = function() return true end })', None),
    ('m:sleep(-1)', "m:sleep: the duration is negative"),
    ('m:sleep(event.data.pause - 1)', None),
    ('m:send { template = "w", data = event.data, variant = "nope" }', "the variant nope has no copy in da: write w_nope.da.md"),
    ('m:send { template = "w", data = event.data, locale = "danish" }', 'm:send: locale = "danish": the template w has no copy in it, and would be '
     "sent in da; there is: da"),
    ('m:send { template = "w", data = event.data, locale = "da-DK" }', None),
]


def expect_lines(shop, lines, first=3):
    said = shop.momentd("check", shop.scripts, code=1).splitlines()[:-1]
    wanted = {number: text for number, (_, text) in enumerate(lines, first) if text}
    for number, text in wanted.items():
        assert any(line.startswith(f"m/moment.lua:{number}: ") and text in line for line in said), (number, text, said)
    assert len(said) == len(wanted), said


def test_check_knows_which_names_are_nothing():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("\n".join(line for line, _ in NAMES))}) as shop:
        expect_lines(shop, NAMES)
        names = ", ".join(KNOWN.split())
        shop.write({"m/moment.lua": moment(f"for i, v in ipairs {{ {names} }} do\n  assert(v ~= nil)\nend\n"
                                           f"return tostring(select('#', {names}))")})
        assert "no problems" in shop.momentd("check", shop.scripts)
        shop.start()
        shop.send("a", "ida", {})
        shop.wait("the run", lambda: shop.rows("runs", "list")[0]["outcome"] == str(len(KNOWN.split())))


def test_check_reads_values_that_are_written_out():
    with Shop({"m/w.da.md": BACK.replace("{{product_id}}", "x"),
               "m/moment.lua": moment("\n".join(line for line, _ in VALUES))}) as shop:
        expect_lines(shop, VALUES)


def test_check_compares_copy_and_data():
    copy = "---\nsubject: {{titel}}\n---\n{{#lines}}{{whatever}}{{/lines}} {{order.id}} {{name}}\n"
    for data, wanted in (('{ title = "x", order = event.data }',
                          ["m/w.da.md:2: {{titel}} is not in the data that m:send gives at m/moment.lua:3: did you mean {{title}}?"]),
                         ('{ titel = "x", ["order"] = event.data }', []),
                         ('{ title = "x", [event.data.key] = 1 }', []),  # who knows
                         ('event.data', [])):
        with Shop({"events.lua": PLAN, "m/w.da.md": copy,
                   "m/moment.lua": moment(f'm:send {{ template = "w", data = {data} }}')}) as shop:
            said = shop.momentd("check", shop.scripts, code=1 if wanted else 0).splitlines()
            assert said[:-1] == wanted, (data, said)


def test_check_tells_of_nobodys_copy():
    with Shop({"events.lua": PLAN, "m/w.da.md": BACK.replace("{{product_id}}", "x"), "m/w-en.md": BACK, "m/notes.md": "Notes.\n",
               "m/README.md": "# m\n", "m/moment.lua": moment('m:send { template = "w" }')}) as shop:
        said = shop.momentd("check", shop.scripts, code=1).splitlines()
        assert said == ["m/w-en.md:1: this is nobody's copy, and is not used: copy is named TEMPLATE.LOCALE.md, such as w.en.md",
                        "1 moment, 1 problem"], said


def test_E1_a_whole_event_as_plain_json():
    with Shop({"m/moment.lua": moment("return 'x'")}) as shop:
        shop.start()
        body = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "a"})
        status, answer, _ = shop.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        assert status == 400, answer
        assert answer["error"].startswith("missing attributes: specversion, id, source, type; "), answer
        assert answer["error"].endswith("for a whole event in the body send application/cloudevents+json"), answer
        status, answer, _ = shop.request("POST", "/v1/events", body, {"Content-Type": "application/json", "ce-id": "1"})
        assert status == 400 and "cloudevents+json" not in answer["error"], answer


def test_errors_say_where_and_what_to_write():
    with Shop({"events.lua": 'return require "plan".define { person = { strong = { "subject" } }, events = { a = {} } }\n', "m/x.da.md": BACK.replace("{{product_id}}", "x"),
               "m/moment.lua": moment("m:send { template = 'x' }\nreturn {}", "class = 'service', on = 'a', again = 'parallel'"),
               "n/moment.lua": moment("m:send { 'back' }")}) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com"})
        reasons = {row["moment"]: row["reason"] for row in shop.rows("runs", "list")}
        assert reasons["n"].endswith('m:send takes named options: write template = "back"'), reasons
        assert reasons["m"].startswith("m/moment.lua:5: run returned table: "), reasons
        shop.write({"m/moment.lua": moment("m:send { template = 'x' }", "class = 'service', on = 'a', again = 'parallel'")})
        shop.momentd("reload")
        shop.send("a", "bo", {"email": "bo@example"})
        shop.send("a", "eva", {"email": "eva@example.com"})
        said = shop.momentd("why", "eva")
        assert "the trigger's data.email was not looked at, as events.lua declares no address for its type" in said, said
        assert "there is no run 99 in this database" in shop.momentd("runs", "show", "99", code=1)
        long = "x" * 150
        shop.send("a", long, {})
        assert long in shop.momentd("runs", "list")  # piped: nothing is cut


def test_check_tells_the_first_cause_alone():
    wrong = 'return require "experiment".define { name = "s", moment = "m", arms = { { "a", 0.5 }, { "b", 0.9 } } }\n'
    body = moment('m:experiment("s")\nm:past("a", { by = "cart" })', "class = 'service', on = 'a', about = 'cart'")
    with Shop({"events.lua": "return 1\n", "experiments/s.lua": wrong, "m/moment.lua": body}) as shop:
        said = shop.momentd("check", shop.scripts, code=1).splitlines()
        assert len(said) == 3 and said[0].startswith("events.lua") and said[1].startswith("experiments/s.lua:1: "), said


main(test_check_tells_the_first_cause_alone, test_E1_a_whole_event_as_plain_json, test_errors_say_where_and_what_to_write, test_check_knows_which_names_are_nothing, test_check_reads_values_that_are_written_out,
     test_check_compares_copy_and_data, test_check_tells_of_nobodys_copy, test_P4_back_in_stock_reaches_all_who_watch, test_P4_a_thing_of_another_person_is_told_of,
     test_a_reload_refuses_what_check_refuses)
