#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e,quick timeout=60 tsan=yes
"""How a moment is begun, tried out and watched: `new`, `try`, `events list --follow`."""
import json
import os
import signal
import subprocess

from harness import COPY, MOMENTD, PLAN, SLOW, Shop, main, moment


def files(root):
    return sorted(os.path.relpath(os.path.join(where, name), root) for where, _, names in os.walk(root) for name in names)


def passes(shop, name):
    assert "no problems" in shop.momentd("check", shop.scripts)
    said = shop.momentd("test", os.path.join(shop.scripts, name))
    assert said.endswith("4 specs, 0 failed\n"), said


def test_new_passes_check_and_test_at_once():
    with Shop({}) as shop:
        said = shop.momentd("new", "thank_you", "--scripts", shop.scripts)
        assert "events.lua: a tracking plan, since there was none" in said and "momentd check" in said, said
        assert files(shop.scripts) == ["events.lua"] + ["thank_you/" + name for name in (
            "hello.da.md", "hello.en.md", "moment.lua", "moment_spec.lua")]
        passes(shop, "thank_you")
        before = open(os.path.join(shop.scripts, "events.lua"), encoding="utf-8").read()
        shop.momentd("new", "second", "--scripts", shop.scripts)
        assert before == open(os.path.join(shop.scripts, "events.lua"), encoding="utf-8").read()
        passes(shop, "second")
    with Shop({"events.lua": PLAN}) as shop:  # the plan's own event is taken
        shop.momentd("new", "hi", "--scripts", shop.scripts)
        assert 'on = "a",' in open(os.path.join(shop.scripts, "hi/moment.lua"), encoding="utf-8").read()
        passes(shop, "hi")
    with Shop({}) as shop:  # another event, and a plan for it
        shop.momentd("new", "hi", "--scripts", shop.scripts, "--on", "cart.left_alone")
        passes(shop, "hi")
    with Shop() as shop:  # beside what is shipped
        shop.momentd("new", "hi", "--scripts", shop.scripts, "--on", "shipment.scanned")
        passes(shop, "hi")


def test_new_refuses():
    with Shop({"events.lua": PLAN}) as shop:
        def refused(*arguments):
            return shop.momentd("new", *arguments, "--scripts", shop.scripts, code=1)
        shop.momentd("new", "hi", "--scripts", shop.scripts)
        assert "is there already: choose another name" in refused("hi")
        for name in ("Hi", "1st", "a b", "../x", "", "a" * 65, "_x"):
            assert "it begins with a letter and has only a-z, 0-9 and _" in refused(name), name
        assert "has a meaning of its own" in refused("shared")
        assert "did you mean 'a'?" in refused("other", "--on", "aa")
        assert "takes one event type" in refused("other", "--on", "order.*")
        assert "change `on` by hand" in refused("other", "--on", "consent.given")
        assert files(shop.scripts)[0] == "events.lua" and len(files(shop.scripts)) == 5
        shop.write({"events.lua": PLAN.replace("'subject', 'data.email'", "'data.number'")})
        assert "knows nobody by subject" in refused("other")


STEPS = """m:log("hello", event.data.n)
local stock = m:http { connection = "shop", method = "GET", path = "/stock" }
m:send { template = "x", data = { n = stock and stock.json.left or 0 } }
local e = m:wait_for("b", { within = "2d" })
if e and e.data.fail then error("so it goes") end
return e and "answered" or "left alone"
"""
EVENT = json.dumps({"type": "a", "subject": "ida", "data": {"email": "ida@example.com", "n": 7}})
ANSWER = json.dumps({"connection": "shop", "path": "/stock", "json": {"left": 3}})


def tried(**more):
    return Shop({"events.lua": PLAN, "m/x.da.md": COPY, "m/moment.lua": moment(STEPS), **more})


def put(shop, name, text):
    path = os.path.join(shop.dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_try_shows_each_step():
    with tried() as shop:
        answer = put(shop, "answers", ANSWER)
        folder = os.path.join(shop.scripts, "m")
        said = shop.momentd("try", folder, "--event", "-", "--answer", answer, text=EVENT)
        wanted = ["event                       a (try-1)", "Run 1 of m starts, about person ida", "log                         hello",
                  "http shop                   200", "send x                      queued",
                  'mail x to ida@example.com, "Hej 3"', "copy m/x.da.md: it is the default locale", "| Nummer 3", "waits until 2026-01-07 09:00:00",
                  "2026-01-07 09:00:00  wait_for b                  nothing came", "2026-01-07 09:00:00  done                        left alone"]
        at = 0
        for text in wanted:  # in this order
            found = said.find(text, at)
            assert found >= at, (text, said)
            at = found
        assert "m/moment.lua:4" in said and "m/moment.lua:6" in said, said
        assert "left alone" not in shop.momentd("try", folder, "--event", "-", "--answer", answer, "--advance", "1d", text=EVENT)
        assert said == shop.momentd("try", "m", "--scripts", shop.scripts, "--event", put(shop, "e", EVENT), "--answer", answer)


def test_try_takes_several_events_in_their_own_time():
    with tried() as shop:
        answer = put(shop, "answers", "[" + ANSWER + "]")
        first, second = json.loads(EVENT), {"type": "b", "subject": "ida", "time": "2026-03-02T08:00:00Z", "data": {}}
        first["time"] = "2026-03-01T07:00:00Z"
        for text in (json.dumps(first) + "\n" + json.dumps(second) + "\n", json.dumps([first, second], indent=2)):
            rows = [json.loads(line) for line in shop.momentd(
                "try", os.path.join(shop.scripts, "m"), "--event", "-", "--answer", answer, "--json", text=text).splitlines()]
            assert [row["kind"] for row in rows] == ["event", "log", "step", "step", "message", "wait", "event", "step", "end"], rows
            assert rows[0]["at"] == "2026-03-01T07:00:00Z" and rows[-2]["at"] == "2026-03-02T08:00:00Z", rows
            assert rows[4]["subject"] == "Hej 3" and "Nummer 3" in rows[4]["text"], rows
            assert (rows[4]["copy"], rows[4]["copy_why"]) == ("m/x.da.md", "it is the default locale"), rows
            assert rows[-1]["outcome"] == "answered" and rows[-1]["state"] == "done", rows


def test_M1_try_says_which_copy_and_why():
    """The locale that send gives, then the profile's, then the data's, then the default, then any."""
    sends = 'm:send { template = "x", data = event.data.data or {}, locale = event.data.option }'
    copy = COPY.replace("{{n}}", "n")
    for files, data, wanted in (
            (("da", "en", "de"), {"option": "de", "locale": "en", "data": {"locale": "da"}}, "x.de.md: it is the locale that send gives"),
            (("da", "en"), {"option": "de", "locale": "en-GB", "data": {"locale": "da"}}, "x.en.md: it is the locale of the profile"),
            (("da", "en"), {"data": {"locale": "en"}}, "x.en.md: it is data.locale"),
            (("da", "en"), {}, "x.da.md: it is the default locale"),
            (("en", "sv"), {}, "x.en.md: there is none in a wanted locale or the default one, and it is the first")):
        with Shop({"events.lua": PLAN, "m/moment.lua": moment(sends), **{f"m/x.{name}.md": copy for name in files}}) as shop:
            events = [{"type": "profile.updated", "subject": "ida", "data": {"email": "ida@example.com", "locale": data.get("locale", "")}}]
            if "locale" not in data:
                del events[0]["data"]["locale"]
            events.append({"type": "a", "subject": "ida", "data": {**data, "email": "ida@example.com"}})
            said = shop.momentd("try", "m", "--scripts", shop.scripts, "--event", "-", text=json.dumps(events))
            assert "copy m/" + wanted in said, (wanted, said)


def test_try_says_what_is_wrong():
    with tried() as shop:
        folder = os.path.join(shop.scripts, "m")
        said = shop.momentd("try", folder, "--event", "-", text=EVENT, code=1)
        assert "nothing answers GET /stock of connection shop: give --answer" in said and "Nummer 0" in said, said
        answer = put(shop, "answers", ANSWER)
        fail = EVENT + "\n" + json.dumps({"type": "b", "subject": "ida", "data": {"fail": True}})
        said = shop.momentd("try", folder, "--event", "-", "--answer", answer, text=fail, code=1)
        assert "parked                      m/moment.lua:7: so it goes" in said and "The steps of this turn are undone" in said, said
        other = json.dumps({"type": "b", "subject": "ida"})
        assert "nothing was started: m says in `on`" in shop.momentd("try", folder, "--event", "-", text=other, code=1)
        for text, why in (("{", "line 1"), ("[1]", "entry 1 is no JSON object"), ('{"typ":1}', "event 1: missing attribute: type"),
                          ("", "standard input"), ("[]", "holds nothing"), (EVENT + "\n{\n", ":2: ")):
            said = shop.momentd("try", folder, "--event", "-", text=text, code=1)
            assert why in said, (text, said)
        assert "names no connection" in shop.momentd("try", folder, "--event", "-", "--answer", put(shop, "n", "{}"), text=EVENT, code=1)
        wrong = put(shop, "n", '{"connection":"shop","jsn":1}')
        assert 'did you mean "json"?' in shop.momentd("try", folder, "--event", "-", "--answer", wrong, text=EVENT, code=1)
        assert "there is no moment n" in shop.momentd("try", "n", "--scripts", shop.scripts, "--event", "-", text=EVENT, code=1)
        assert "say which event" in shop.momentd("try", folder, code=2)
    with tried(**{"m/moment.lua": moment("return 1", "class = 'service', on = 'a', where = function() return false end")}) as shop:
        said = shop.momentd("try", os.path.join(shop.scripts, "m"), "--event", "-", text=EVENT, code=1)
        assert "a started nothing: where: the moment's where said no" in said, said


def test_try_shows_steps_that_a_fresh_start_forgets():
    body = "local n = event2 or 0\nm:sleep('1h')\nm:set('k', n)\nif n == 2 then return 'thrice' end\nm:continue_as(n + 1)"
    text = moment(body).replace("function(m, event)", "function(m, _, event2)")
    with tried(**{"m/moment.lua": text}) as shop:
        said = shop.momentd("try", os.path.join(shop.scripts, "m"), "--event", "-", text=EVENT)
        assert said.count("set k") == 3 and said.count("sleep                       over") == 3 and "thrice" in said, said


def test_try_runs_what_the_clock_starts():
    text = moment("return 'rang'", "class = 'service', on = moment.schedule('0 8 * * *', 'Europe/Copenhagen')")
    with tried(**{"m/moment.lua": text}) as shop:
        said = shop.momentd("try", os.path.join(shop.scripts, "m"), "--advance", "1d")
        assert "2026-01-06 07:00:00  done                        rang" in said, said


def follow(shop, *arguments):
    return subprocess.Popen([MOMENTD, "events", "list", "--db", shop.db, "--follow", *arguments], stdout=subprocess.PIPE, text=True)


def test_follow_shows_what_comes():
    with Shop({"events.lua": PLAN, "m/x.da.md": COPY, "m/moment.lua": moment(
            "m:wait_for('go')", "class = 'service', on = 'a', where = function(event) return event.data.n > 1 end")}) as shop:
        shop.start()
        for n in range(12):
            shop.send("a", "ida", {"n": 5})
        shop.send("b", "ida", {"n": 0})
        watchers = [follow(shop), follow(shop, "--type", "b", "--json"), follow(shop, "--unmatched", "--limit", "1", "--json")]
        told = [watchers[0].stdout.readline() for _ in range(10)]
        assert told[-1].split()[2] == "b" and told[0].split()[2] == "a", told
        assert json.loads(watchers[1].stdout.readline())["data"] == {"n": 0}
        assert json.loads(watchers[2].stdout.readline())["reason"] == "again"
        shop.send("a", "bo", {"n": 0})
        assert "a " in watchers[0].stdout.readline()
        assert json.loads(watchers[2].stdout.readline())["reason"] == "where"
        shop.send("b", "ida", {"n": 1})
        assert json.loads(watchers[1].stdout.readline())["data"] == {"n": 1}
        for watcher, how in zip(watchers, (signal.SIGINT, signal.SIGTERM, signal.SIGINT)):
            watcher.send_signal(how)
            assert watcher.wait(timeout=10 * SLOW) == 0
        assert shop.stop() == 0
        assert len(shop.momentd("events", "list", "--limit", "3").splitlines()) == 4


main(test_M1_try_says_which_copy_and_why, test_new_passes_check_and_test_at_once, test_new_refuses, test_try_shows_each_step,
     test_try_takes_several_events_in_their_own_time, test_try_says_what_is_wrong,
     test_try_shows_steps_that_a_fresh_start_forgets, test_try_runs_what_the_clock_starts, test_follow_shows_what_comes)
