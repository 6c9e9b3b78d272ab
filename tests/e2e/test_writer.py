#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60 tsan=yes
"""What the writer of scripts is told: what `check` finds, what a failed spec shows, what a message said (M1, H1)."""
import json
import os
import time

from harness import COPY, PLAN, SLOW, SOURCE, Shop, main, moment

PLANNED = """return require "plan".define { person = { strong = { "subject" } },
  events = { ["order.placed"] = {}, ["cart.updated"] = { address = { email = "data.email" } } } }
"""


def experiment(name, where):
    return f"""return require "experiment".define {{ name = "{name}", moment = "{where}", arms = {{ {{ "a", 0.5 }}, {{ "b", 0.5 }} }} }}"""


# Each line of a moment, and what `check` says of it; None: nothing.
LINES = [
    ('local e = m:wait_for("order.placed", { within = "1h" })', None),
    ('e = m:wait_for("order.plced", { within = "1h" })', "nothing can answer 'order.plced': the plan (events.lua) does not know it, "
     "and no script emits it; did you mean 'order.placed'?"),
    ('e = m:wait_for({ "order.*", "nobody.sends" }, { within = "1h" })', "nothing can answer 'nobody.sends'"),
    ('e = m:wait_for("own.thing", { within = "1h" })', None),
    ('m:emit { type = "own.thing", data = { type = "x" } }', None),
    ('e = m:wait_for("message.failed", { within = "1h" })', None),
    ('e = m:wait_for("order.placed", { withn = "1h" })', "m:wait_for has no option 'withn'; did you mean 'within'?"),
    ('m:sedn { template = "w" }', "there is no m:sedn; did you mean m:send?"),
    ('m:send { template = "w", lcale = "da", data = { lcale = 1 } }', "m:send has no option 'lcale'; did you mean 'locale'?"),
    ('m:send { template = event.data.which }', "template is chosen at run time: declare what it may be"),
    ('m:send { template = "gone" }', "there is no copy for the template gone: write gone.LOCALE.md"),
    ('m:send { template = "w" }', None),
    ('m:set("k", { ttl_ = 1 }, { tll = "3d" })', "m:set has no option 'tll'; did you mean 'ttl'?"),
    ('while m:now() == 0 do m:http { connection = "c", method = "POST", path = "/x" } end', "posts in a loop without a name"),
    ('while m:now() == 0 do m:http { connection = "c", json = { e == 1 }, path = "/x", name = "n" } end', None),
    ('m:http { connection = "c", method = "POST", path = "/x" }', None),
    ('for _ = 1, 2 do local f = function() if e then return 1 end end f() end m:http { connection = "c", json = {}, path = "/" }', None),
    ('m:wait_for("order.placed", { within = "1h", by = "person" })', None),
    ('m:wait_for("order.placed", { within = "1h", by = "persn" })', "m:wait_for: by = 'persn' is no kind of thing: the plan "
     "(events.lua) has no such thing; did you mean 'person'?"),
    ('m:past({ "order.placed" }, { by = "basket" })', "m:past: by = 'basket' is no kind of thing"),
    ('m:send { template = "w", unless = { past = "order.plased", within = "1h" } }', "m:send: unless: nothing can answer "
     "'order.plased': the plan (events.lua) does not know it, and no script emits it; did you mean 'order.placed'?"),
    ('m:sleep("1h", { late = "skip" })', "m:sleep: late says what to do past max_lateness: give max_lateness too"),
    ('m:sleep("1h", { late = "goon", max_lateness = "1h" })', "m:sleep: late is 'goon'; it must be one of: branch go_on skip"),
    ('m:collect("order.placed", { within = "7 days" })', 'm:collect: within: Byte 2 (0x20) of the duration cannot be read where a unit should stand; write "7d".'),
    ('m:sleep("7 dage")', 'm:sleep: the duration: Byte 2 (0x20) of the duration cannot be read where a unit should stand; write "7d".'),
    ('m:send { template = "w", unless = { past = "order.placed", within = "2 timer" } }', 'm:send: unless: within: Byte 2 (0x20)'),
    ('m:quantile("q", 0.5, { over = "2 uger" })', 'write "2w".'),
    ('send { template = "w" }', "there is no function send: a step is a method of m, which run is given: write m:send(…)"),
    ('e = wait_for("order.placed", { within = "1h" })', "there is no function wait_for: a step is a method of m, which run is given: write m:wait_for(…)"),
    ('m:sleep_until { hour = 25 }', "m:sleep_until: hour must be a whole number from 0 to 23"),
    ('m:sleep_until { hour = 23, minute = 59, late = "go_on", max_lateness = "2h" }', None),
    ('m:sleep_until { hour = event.data.h + 1 }', None),
    ('m:experiment("subject")', None),
    ('m:experiment "subjct"', 'm:experiment("subjct") names an experiment that no file declares; did you mean "subject"?'),
    ('m:experiment "other"', 'm:experiment("other") names an experiment that no file declares for this moment: '
     'write experiments/other.lua with moment = "m"'),
    ('m:experiment("elsewhere")', 'm:experiment("elsewhere") names an experiment that no file declares for this moment'),
    ('-- m:sedn { } "m:sedn {}"', None),
]


def test_check_names_file_line_field_and_remedy():
    with Shop({"events.lua": PLANNED, "m/w.da.md": COPY.replace("{{n}}", "n"),
               "experiments/one.lua": experiment("subject", "m"), "experiments/two.lua": experiment("elsewhere", "other"), "other/moment.lua": moment("return 'x'", "class = 'service', on = 'cart.updated'"),
               "m/moment.lua": moment("\n".join(line for line, _ in LINES), "class = 'service', on = 'cart.updated'")}) as shop:
        said = shop.momentd("check", shop.scripts, code=1).splitlines()[:-1]
        wanted = {number: text for number, (_, text) in enumerate(LINES, 3) if text}
        for number, text in wanted.items():
            assert any(line.startswith(f"m/moment.lua:{number}: ") and text in line for line in said), (number, text, said)
        assert len(said) == len(wanted), said
    with Shop({"events.lua": PLANNED, "m/moment.lua": moment("return 'x'", "class = 'service',\non = 'cart.updatd'")}) as shop:
        said = shop.momentd("check", shop.scripts, code=1)
        assert "m/moment.lua:3: on: nothing can start it by 'cart.updatd'" in said and "'cart.updated'?" in said, said
    with Shop({"m/moment.lua": moment("m:wait_for('whatever')")}) as shop:  # without a plan nothing is unknown
        assert "no problems" in shop.momentd("check", shop.scripts)


def test_check_reads_the_experiments():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("return 'x'"), "experiments/one.lua": "return 1\n"}) as shop:
        said = shop.momentd("check", shop.scripts, code=1)
        assert "experiments/one.lua:1: the file must end with: return experiment.define { … }" in said, said
        good = experiment("subject", "m")
        for wrong, told in ((good.replace("0.5", "0.7"), "experiments/one.lua:1: experiment.define: the weights of the arms must make 1"),
                            (good.replace("arms", "coverage = 100, arms"), "experiments/one.lua:1: experiment.define: coverage must be"),
                            (good.replace('"m"', '"n"'), 'experiments/one.lua:1: moment = "n": there is no such moment; did you mean "m"?')):
            shop.write({"experiments/one.lua": wrong})
            said = shop.momentd("check", shop.scripts, code=1)
            assert told in said, said
        shop.write({"experiments/one.lua": good})
        assert "no problems" in shop.momentd("check", shop.scripts)


def test_check_reads_the_definition():
    options = "class = 'service', on = 'cart.updated',\nabout = 'cart',\ngoal = { event = 'order.plased', within = '1d' }"
    with Shop({"events.lua": PLANNED, "m/moment.lua": moment("return 'x'", options)}) as shop:
        said = shop.momentd("check", shop.scripts, code=1)
        assert "m/moment.lua:3: about = \"cart\": the plan (events.lua) has no such thing" in said, said
        assert "m/moment.lua:4: goal: nothing can reach it by 'order.plased'" in said and "'order.placed'?" in said, said


def test_check_reads_the_connections_of_a_configuration():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment('m:http { connection = "stok", path = "/x" }')}) as shop:
        config = os.path.join(shop.dir, "momentd.lua")
        with open(config, "w", encoding="utf-8") as file:
            file.write('return { connections = { stock = "https://stock.example" } }')
        assert "no problems" in shop.momentd("check", shop.scripts)
        said = shop.momentd("check", "--config", config, shop.scripts, code=1)
        assert "m/moment.lua:3: m:http: the configuration has no connection 'stok'; did you mean 'stock'?" in said, said


def test_check_wants_copy_for_each_arm():
    for line in ('m:send { template = "w", variant = m:experiment("subject") }',
                 'local arm = m:experiment "subject"\nm:send { template = "w", variant = arm }'):
        with Shop({"events.lua": PLAN, "m/w.da.md": COPY, "m/w.en.md": COPY, "m/w_b.da.md": COPY,
                   "experiments/one.lua": experiment("subject", "m"), "m/moment.lua": moment(line)}) as shop:
            said = shop.momentd("check", shop.scripts, code=1).splitlines()
            number = 3 + line.count("\n")
            assert said == [f"m/moment.lua:{number}: the arm b of subject has no copy in en: write w_b.en.md",
                            "1 moment, 1 problem"], said
            shop.write({"m/w_b.en.md": COPY})
            assert "no problems" in shop.momentd("check", shop.scripts)


def test_check_follows_variants_that_are_computed():
    """Texts joined to an arm, `and` and `or`; what cannot be followed is told, since an arm without copy is silent."""
    told = {
        'variant = "x_" .. m:experiment("subject")': "the arm b of subject has no copy in da: write w_x_b.da.md",
        'variant = (m:experiment("subject")) .. "_y"': "the arm b of subject has no copy in da: write w_b_y.da.md",
        'variant = m:experiment("subject") or "a"': "the arm b of subject has no copy in da: write w_b.da.md",
        'variant = m:experiment("subject") == "b" and "short" or nil': "the variant short has no copy in da: write w_short.da.md",
        'variant = event.data[m:experiment("subject")]': "check cannot see which variants come of the arms of subject: give the arm itself",
        'variant = tostring(m:experiment "subject")': "check cannot see which variants come of the arms of subject",
        'variant = event.data.arm': None,
        'variant = "b"': "the variant b has no copy in da: write w_b.da.md",
    }
    for value, wanted in told.items():
        for line, number in ((f'm:send {{ template = "w", {value} }}', 3),
                             (f'local {value.replace("variant", "v", 1)}\nm:send {{ template = "w", variant = v }}', 4)):
            with Shop({"events.lua": PLAN, "m/w.da.md": COPY, "experiments/one.lua": experiment("subject", "m"),
                       "m/moment.lua": moment(line)}) as shop:
                said = shop.momentd("check", shop.scripts, code=1 if wanted else 0).splitlines()
                assert len(said) == (2 if wanted else 1), (line, said)
                assert not wanted or said[0].startswith(f"m/moment.lua:{number}: ") and wanted in said[0], (line, said)


def test_check_looks_at_each_moment_by_itself():
    """Templates of one name: what one of them lacks is told of the moment that lacks it, and of each that does."""
    sends = moment('m:send { template = "w" }\nm:send { template = "v" }')
    with Shop({"events.lua": PLAN, "a/moment.lua": sends, "b/moment.lua": sends, "c/moment.lua": sends, "a/w.da.md": COPY, "a/v.da.md": COPY,
               "b/w.da.md": COPY}) as shop:
        said = shop.momentd("check", shop.scripts, code=1).splitlines()
        assert said == ["b/moment.lua:4: there is no copy for the template v: write v.LOCALE.md",
                        "c/moment.lua:3: there is no copy for the template w: write w.LOCALE.md",
                        "c/moment.lua:4: there is no copy for the template v: write v.LOCALE.md", "3 moments, 3 problems"], said


def test_check_says_which_copy_is_taken():
    with Shop({"events.lua": PLAN, "m/w.da.md": COPY, "m/w.en.md": COPY, "m/moment.lua": moment('m:send { template = "w" }')}) as shop:
        said = shop.momentd("check", shop.scripts, "--verbose").splitlines()
        assert said[0] == "m: the template w is m/w.da.md for who has no locale: it is the default locale; there is copy in: da en", said
        said = shop.momentd("check", shop.scripts, "--verbose", "--locale", "en-GB").splitlines()
        assert "m/w.en.md for who has no locale: it is the default locale" in said[0], said
        said = shop.momentd("check", shop.scripts, "--verbose", "--locale", "sv", code=1).splitlines()
        assert "m/w.da.md for who has no locale: there is none in a wanted locale or the default one" in said[0], said
        assert len(shop.momentd("check", shop.scripts).splitlines()) == 1


def test_a_step_called_as_a_global_is_told_when_it_runs():
    event = json.dumps({"type": "a", "subject": "ida"})
    for line, wanted in (("local t = 'send' send { template = t }", "m/moment.lua:3: attempt to call a nil value (global 'send'): a step is a "
                          "method of m, which run is given: write m:send(…)"),
                         ("fmt.money(3, 'DKK')", "(global 'fmt'): write local fmt = require \"fmt\" first"),
                         ("m:sleep('2 timer')", 'where a unit should stand; write "2h".'),
                         ("while true do end", "m/moment.lua:3: the budget of 10000000 instructions is exceeded: look for a loop that does "
                          'not end; long work is divided by a step that waits, such as m:sleep("0s"), since each turn has a budget of its own')):
        with Shop({"events.lua": PLAN, "m/moment.lua": moment(line)}) as shop:
            said = shop.momentd("try", "m", "--scripts", shop.scripts, "--event", "-", code=1, text=event)
            assert wanted in said, (line, said)


def test_long_work_divided_by_a_wait_is_done():
    """As the message about the budget advises."""
    work = "for i = 1, 4 do for j = 1, 3000000 do end m:sleep('0s') end return 'worked'"
    with Shop({"events.lua": PLAN, "m/moment.lua": moment(work)}) as shop:
        said = shop.momentd("try", "m", "--scripts", shop.scripts, "--event", "-", text=json.dumps({"type": "a", "subject": "ida"}))
        assert "done                        worked" in said, said


def test_the_first_start_with_a_broken_moment():
    """Nothing of it is live then; after a reload the old version is."""
    good = moment("return 'x'")
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("return (")}) as shop:
        shop.start()
        log = shop.text_log()
        assert "it has no older version: no event starts this moment until it is mended" in log and "m/moment.lua" in log, log
        shop.write({"m/moment.lua": good})
        shop.momentd("reload")
        shop.write({"m/moment.lua": moment("return )")})
        shop.momentd("reload", code=1)
        assert "a script was refused: its old version stays" in shop.text_log(), shop.text_log()
        assert shop.stop() == 0


def test_check_wants_the_default_locale():
    with Shop({"events.lua": PLAN, "m/w.en.md": COPY.replace("{{n}}", "n"),
               "m/moment.lua": moment('m:send { template = "w" }')}) as shop:
        said = shop.momentd("check", shop.scripts, code=1)
        assert "m/moment.lua:3: the template w has no copy in da, the default locale: write w.da.md" in said, said
        shop.write({"m/other.da.md": COPY.replace("{{n}}", "n")})  # and `da` is told of once all the same
        assert shop.momentd("check", shop.scripts, code=1).count(" in da") == 1
        os.remove(os.path.join(shop.scripts, "m/other.da.md"))
        assert "no problems" in shop.momentd("check", shop.scripts, "--locale", "en")
        assert "no problems" in shop.momentd("check", shop.scripts, "--locale", "en-GB")


def test_M8_check_wants_an_address_for_security():
    """Of a type, and of each declared type of a family; an address for sms is none, since mail is all that is sent."""
    declared = {"email": 'address = { email = "data.email" }', "sms": 'address = { sms = "data.phone" }',
                "both": 'address = { sms = "data.phone", email = "data.email" }', "none": 'means = "x"'}
    sms, none = "declares one for sms alone, and mail is all that is sent", "declare address for "
    cases = [("password.a", {"a": "email"}, []), ("password.a", {"a": "none"}, [none + "password.a "]),
             ("password.a", {"a": "sms"}, ["password.a " + sms]), ("password.a", {"a": "both"}, []),
             ("password.*", {"a": "email", "b": "both"}, []),
             ("password.*", {"a": "email", "b": "none", "c": "sms"}, [none + "password.b ", "password.c " + sms]),
             ("password.*", {}, [none + "password.*"])]
    for on, types, wanted in cases:
        plan = ('return require "plan".define { person = { strong = { "subject" } }, events = { ["passwords.x"] = {}, '
                + "".join(f'["password.{name}"] = {{ {declared[kind]} }}, ' for name, kind in types.items()) + "} }\n")
        with Shop({"events.lua": plan, "m/moment.lua": moment("return 'x'", f"class = 'security', on = '{on}'")}) as shop:
            said = shop.momentd("check", shop.scripts, code=1 if wanted else 0)
            for text in wanted:
                assert text in said and "in events.lua" in said, (on, types, said)
            assert said.count("a security moment") == len(wanted), (on, types, said)


def test_what_is_shipped_passes():
    with Shop() as shop:
        assert "no problems" in shop.momentd("check", os.path.join(SOURCE, "scripts"))


def test_S7_specs_that_take_too_long_fail():
    """The others of the file fail too, each with the reason; the file beside it has its own time."""
    spec = """describe("long", function()
  it("works", function(shop) while true do shop:advance("1h") end end)
  it("comes too late", function(shop) shop:advance("1h") end)
end)
"""
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("m:sleep('1h')"), "m/long_spec.lua": spec,
               "m/short_spec.lua": 'describe("short", function() it("works", function(shop) end) end)\n'}) as shop:
        begun = time.monotonic()
        out = shop.momentd("test", "--json", "--limit", "1s", shop.scripts, code=1)
        assert time.monotonic() - begun < 15 * SLOW
        rows = {row["spec"]: row for row in map(json.loads, out.splitlines())}
        for name in ("long: works", "long: comes too late"):
            assert not rows[name]["ok"] and "take longer than 1s" in rows[name]["message"], rows[name]
        assert rows["short: works"]["ok"], rows
        for limit in ("61s", "soon"):
            assert "at most 60s" in shop.momentd("test", "--limit", limit, shop.scripts, code=2)


def test_no_specs_is_no_success():
    with Shop({"events.lua": PLAN, "m/moment.lua": moment("return 'x'")}) as shop:
        assert "no specs were found" in shop.momentd("test", shop.scripts, code=1)
        assert "no specs were found" in shop.momentd("test", shop.scripts, "--json", code=1)


SPEC = """describe("m", function()
  it("says it", function(shop)
    shop:event("a", { subject = "ida", data = { email = "ida@example.com", n = 7 } })
    shop:expect_message { template = "x", text = "Nummer 8" }
  end)
end)
"""


def test_another_text_is_shown():
    with Shop({"events.lua": PLAN, "m/x.da.md": COPY, "m/moment_spec.lua": SPEC,
               "m/moment.lua": moment("m:send { template = 'x', data = { n = event.data.n } }")}) as shop:
        said = shop.momentd("test", shop.scripts, code=1)
        assert 'The mail "Hej 7" to ida@example.com says:' in said and "Nummer 7" in said, said


def test_a_live_mail_is_shown_again():
    with Shop({"events.lua": PLAN, "m/x.da.md": COPY,
               "m/moment.lua": moment("m:send { template = 'x', data = { n = event.data.n } }", "class = 'service', on = 'a'")}) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com", "n": 41})
        shop.wait("the mail", shop.mails)
        shop.write({"m/x.da.md": COPY.replace("Nummer", "Tallet")})  # the message is pinned to what was
        assert "Nummer 41" in shop.momentd("messages", "show", "1")
        page = os.path.join(shop.dir, "mail.html")
        shop.momentd("messages", "show", "1", "--html", page)
        with open(page, encoding="utf-8") as file:
            assert "Nummer 41" in file.read()
        retention = shop.wait("the round of forgetting", lambda: shop.rows("status")[0]["retention"])
        assert retention["days"] == 400 and retention["events"] == 0 and retention["done_at"], retention
        assert "400 days" in shop.momentd("status")
        assert shop.stop() == 0


def test_retention_below_90_days_is_refused():
    with Shop({"events.lua": PLAN}) as shop:
        said = shop.momentd("run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", "--retention", "89d", code=2)
        assert "retention is less than 90 days" in said, said


main(test_check_looks_at_each_moment_by_itself, test_check_names_file_line_field_and_remedy, test_check_follows_variants_that_are_computed,
     test_check_says_which_copy_is_taken, test_a_step_called_as_a_global_is_told_when_it_runs,
     test_long_work_divided_by_a_wait_is_done, test_the_first_start_with_a_broken_moment, test_check_reads_the_definition, test_check_wants_copy_for_each_arm,
     test_check_reads_the_connections_of_a_configuration, test_check_wants_the_default_locale,
     test_M8_check_wants_an_address_for_security, test_what_is_shipped_passes,
     test_S7_specs_that_take_too_long_fail, test_no_specs_is_no_success, test_another_text_is_shown,
     test_a_live_mail_is_shown_again,
     test_check_reads_the_experiments, test_retention_below_90_days_is_refused)
