#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""What somebody meets who has read the manual once and writes what it lets one expect (P4, T3)."""
import json
import os
import signal

from harness import Shop, main, moment

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


main(test_P4_back_in_stock_reaches_all_who_watch, test_P4_a_thing_of_another_person_is_told_of,
     test_a_reload_refuses_what_check_refuses)
