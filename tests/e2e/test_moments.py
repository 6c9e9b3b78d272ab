#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e quick=no timeout=120
"""What an operator does with a moment, with the real binary: rollback over SIGHUP and restart, pause and resume with
messages (M9), and acts on all of its runs (R3, T9)."""
import json
import signal

from harness import Shop, main, moment

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = { a = { means = 'a trigger', address = { email = 'data.email' } }, b = { means = 'an answer' },
             ["order.placed"] = { means = 'the goal' } } }
"""
COPY = "---\nsubject: Hej\npreview: p\n---\nHej\n"
OPTIONS = "class = 'service', on = 'a'"


def waiting(word):
    return moment(f"m:wait_for('b', {{ within = '3d' }})\nreturn '{word}'", OPTIONS)


def scripts(text):
    return {"events.lua": PLAN, "m/moment.lua": text, "m/x.da.md": COPY}


def reload(shop, text):
    shop.write({"m/moment.lua": text})
    shop.momentd("reload")


def version_of(shop, person):
    return shop.wait(f"the run of {person}",
                     lambda: next((row["version"] for row in shop.rows("runs", "list") if row["person"] == person), None))


def live(shop):
    return shop.rows("moments", "list")[0]["live"]


def test_a_rollback_holds_over_sighup_and_restart_until_the_files_change():
    with Shop(scripts(waiting("one"))) as shop:
        shop.start()
        assert "no version of m was live before" in shop.momentd("moments", "rollback", "m", code=1)
        reload(shop, waiting("two"))
        two, one = (row["digest"] for row in shop.rows("moments", "versions", "m"))
        assert live(shop) == two
        text = shop.momentd("moments", "rollback", "m")
        assert f"take version {one[:12]} now, in the place of {two[:12]}" in text, text
        shop.send("a", "ida")
        assert version_of(shop, "ida") == one
        reloads = shop.text_log().count("scripts reloaded")
        shop.daemon.send_signal(signal.SIGHUP)
        shop.wait("the reload", lambda: shop.text_log().count("scripts reloaded") > reloads)
        assert live(shop) == one
        shop.stop()
        shop.start()
        assert live(shop) == one
        shop.send("a", "bo")
        assert version_of(shop, "bo") == one
        row = shop.rows("moments", "list")[0]
        assert row["passed_over"] == two, row
        assert f"script files have {two[:12]}, which is passed over" in shop.momentd("moments", "versions", "m")
        reload(shop, waiting("three"))
        three = live(shop)
        assert three not in (one, two) and shop.rows("moments", "list")[0]["passed_over"] is None
        assert shop.rows("moments", "rollback", "m", "--to", two[:10]) == [{"moment": "m", "from": three, "to": two}]
        assert "new runs of m take already" in shop.momentd("moments", "rollback", "m", "--to", two, code=1)
        assert 'there is no moment "x"' in shop.momentd("moments", "rollback", "x", code=1)


def test_M9_a_paused_moment_holds_runs_and_messages_and_drops_nobody():
    sending = moment("m:wait_for('b', { within = '3d' })\nm:send { template = 'x' }\nreturn 'sent'", OPTIONS)
    with Shop(scripts(sending)) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com"})
        assert "m is paused" in shop.momentd("moments", "pause", "m")
        assert shop.rows("moments", "list")[0]["state"] == "paused"
        shop.send("b", "ida")
        shop.wait("the held message", lambda: [m["state"] for m in shop.rows("messages", "list")] == ["held"])
        assert shop.rows("messages", "list")[0]["reason"] == "paused"
        for number in range(5):
            shop.send("a", f"p{number}", {"email": f"p{number}@example.com"})
        assert [row["reason"] for row in shop.rows("events", "list", "--unmatched")] == ["paused"] * 5
        shop.kill()
        shop.start()
        assert len(shop.rows("runs", "list")) == 1 and shop.mails() == []
        assert shop.rows("moments", "resume", "m") == [{"moment": "m", "state": "live", "count": 6}]
        shop.wait("the mail", lambda: len(shop.mails()) == 1)
        assert len(shop.rows("runs", "list")) == 6
        assert shop.rows("events", "list", "--unmatched") == []
        assert "m is not paused" in shop.momentd("moments", "resume", "m", code=1)
        assert "no momentd runs on" in (shop.stop() == 0 and shop.momentd("moments", "pause", "m", code=3))


def test_R3_T9_all_runs_of_a_moment():
    with Shop(scripts(moment("error('broken')", OPTIONS))) as shop:
        shop.start()
        for number in range(7):
            shop.send("a", f"p{number}")
        shop.wait("the parked runs", lambda: len(shop.rows("runs", "list", "--state", "parked")) == 7)
        reload(shop, waiting("mended"))
        assert "7 runs of m were taken up again" in shop.momentd("runs", "retry", "--moment", "m")
        assert len(shop.rows("runs", "list", "--state", "waiting")) == 7
        assert "say so with --yes" in shop.momentd("runs", "cancel", "--moment", "m", code=2)
        assert "give the number of a run, or --moment" in shop.momentd("runs", "cancel", code=2)
        assert "give the number of a run, or --moment" in shop.momentd("runs", "retry", "1", "--moment", "m", code=2)
        assert 'there is no moment "mm"; did you mean m?' in shop.momentd("runs", "retry", "--moment", "mm", code=1)
        row = shop.rows("runs", "cancel", "--moment", "m", "--yes")[0]
        assert row["moment"] == "m" and row["count"] == 7, row
        assert len(shop.rows("runs", "list", "--state", "cancelled")) == 7
        assert shop.rows("runs", "cancel", "--moment", "m", "--yes")[0]["count"] == 0


GOAL = OPTIONS + ", goal = { event = 'order.placed', within = '2d', from = '%s' }"


def test_two_versions_side_by_side():
    """In virtual time, so that the time for the goal is over for some and not for others."""
    with Shop(scripts(moment("m:send { template = 'x' }\nm:wait_for('b', { within = '1d' })\nreturn 'one'",
                             GOAL % "exposure"))) as shop:
        lines = []

        def feed(day, first, count, orders):
            for number in range(first, first + count):
                at = f"2026-03-{day:02d}T10:00:{number % 60:02d}Z"
                data = {"email": f"p{number}@example.com"}
                lines.append({"id": f"a{number}", "type": "a", "subject": f"p{number}", "time": at, "data": data})
                if number - first < orders:
                    at = at.replace("T10", "T11")
                    lines.append({"id": f"o{number}", "type": "order.placed", "subject": f"p{number}", "time": at})
            text = "".join(json.dumps({"specversion": "1.0", "source": "/t", **line}) + "\n" for line in
                           sorted(lines, key=lambda line: line["time"]))
            lines.clear()
            shop.momentd("ingest", "--virtual-time", "--db", shop.db, "--scripts", shop.scripts, "--delivery", "live",
                         "--mail", "file:" + shop.mail, "-", text=text)

        feed(2, 0, 40, 10)
        shop.write({"m/moment.lua": moment("m:send { template = 'x' }\nm:wait_for('b', { within = '1h' })\nreturn 'two'",
                                           GOAL % "exposure")})
        feed(9, 100, 20, 10)
        feed(16, 200, 3, 1)
        two, one = (row["digest"] for row in shop.rows("moments", "versions", "m"))
        text = shop.momentd("moments", "compare", "m", one[:8], two[:8])
        row = shop.rows("moments", "compare", "m", one, two)[0]
        assert row["first"]["done"] == 40 and row["first"]["sent"] == 40 and row["first"]["outcomes"] == {"one": 40}, row
        assert row["first"]["goal"]["runs"] == 40 and row["first"]["goal"]["reached"] == 10, row
        goal = row["second"]["goal"]
        assert goal["runs"] + goal["open"] == 23 and goal["reached"] >= 10, row
        assert row["goal"] == "order.placed" and row["goal_from"] == "exposure", row
        assert row["goal_difference"]["lower"] < row["goal_difference"]["difference"] < row["goal_difference"]["upper"], row
        assert "goal order.placed within 2d" in text and "10 of 40 (25.0 %)" in text and "points" in text, text
        assert "a run's first message" in text and "Before and after" in text, text
        assert "both are version" in shop.momentd("moments", "compare", "m", one, one[:9], code=1)
        assert "has no version" in shop.momentd("moments", "compare", "m", one, "nothing", code=1)
        shop.momentd("moments", "compare", "m", one, code=2)


main(test_a_rollback_holds_over_sighup_and_restart_until_the_files_change,
     test_M9_a_paused_moment_holds_runs_and_messages_and_drops_nobody,
     test_R3_T9_all_runs_of_a_moment,
     test_two_versions_side_by_side)
