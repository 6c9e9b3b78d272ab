#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120
"""A change makes new versions of just the moments that use what was changed, and does not reach runs in flight."""
from harness import COPY, Shop, main, moment

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject' } },
  events = { b = {}, a = { typed = { ['data.at'] = 'time' } }, c = { means = '%s', typed = { ['data.sum'] = '%s' } } } }
"""
LAYOUT = "<html><body>{{{body}}}{{> foot}}</body></html>"
SCRIPTS = {
    "events.lua": PLAN % ("x", "money"),
    "mails/moment.lua": moment("m:send { template = 'x', data = { n = 1 } }\nm:wait_for('b', { within = '9d' })\n"
                               "return type(event.data.at)"),
    "mails/x.da.md": COPY,
    "silent/moment.lua": moment("m:wait_for('b', { within = '9d' })\nreturn type(event.data.at)"),
    "modular/moment.lua": moment("require('words')\nm:wait_for('b', { within = '9d' })\nreturn 'c'",
                                 "class = 'service', on = 'c'"),
    "shared/layout.html": LAYOUT,
    "shared/layout_marketing.html": LAYOUT,
    "shared/partials/foot.mustache": "foot",
    "shared/partials/unused.mustache": "unused",
    "shared/words.lua": "return 1\n",
    "shared/unused.lua": "return 1\n",
}


def counts(shop):
    return dict(shop.sql("SELECT moment, count(*) FROM versions GROUP BY moment"))


def change(shop, path, text):
    """Writes the file, reloads, and answers which moments got a new version."""
    before = counts(shop)
    shop.write({path: text})
    shop.momentd("reload")
    return sorted(name for name, count in counts(shop).items() if count > before[name])


def test_R7_a_change_reaches_those_that_use_it():
    with Shop(SCRIPTS, delivery="shadow") as shop:
        shop.start()
        for path, text, changed in [
                ("shared/layout.html", LAYOUT + " ", ["mails"]),
                ("shared/partials/foot.mustache", "Foot", ["mails"]),
                ("shared/layout_marketing.html", LAYOUT + " ", []),
                ("shared/partials/unused.mustache", "Unused", []),
                ("shared/words.lua", "return 2\n", ["modular"]),
                ("shared/unused.lua", "return 2\n", []),
                ("silent/moment_spec.lua", "describe('silent', function() end)\n", []),
                ("events.lua", PLAN % ("another meaning", "money"), []),
                ("events.lua", PLAN % ("another meaning", "text"), ["modular"]),
                ("mails/x.da.md", COPY + "more\n", ["mails"])]:
            assert change(shop, path, text) == changed, (path, counts(shop))
        assert shop.stop() == 0


def test_R1_a_changed_plan_does_not_reach_runs_in_flight():
    with Shop(SCRIPTS, delivery="shadow") as shop:
        shop.start()
        shop.send("a", "ida", {"at": "2026-01-01T00:00:00Z"})
        untyped = SCRIPTS["events.lua"].replace("['data.at'] = 'time'", "['data.at'] = 'text'")
        assert change(shop, "events.lua", untyped) == ["mails", "silent"], counts(shop)
        shop.send("a", "eva", {"at": "2026-01-01T00:00:00Z"})
        shop.kill()
        shop.start()
        for person in ("ida", "eva"):
            shop.send("b", person)
        done = "SELECT count(*) FROM runs WHERE state = 3"
        shop.wait("the runs' end", lambda: shop.sql(done)[0][0] == 4)
        outcomes = shop.sql("SELECT moment, outcome FROM runs ORDER BY id")
        assert [outcome for _, outcome in outcomes] == ["number", "number", "string", "string"], outcomes
        assert shop.stop() == 0


main(test_R7_a_change_reaches_those_that_use_it, test_R1_a_changed_plan_does_not_reach_runs_in_flight)
