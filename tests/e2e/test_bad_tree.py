#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""What cannot be read of the scripts, or cannot be run, costs its own folder and no other, at the start too: the
version of before stays live (S7)."""
import json
import os
import signal

from harness import PLAN, Shop, main, moment


def says(word, on="a"):
    return moment(f"return '{word}'", f"class = 'service', on = '{on}', again = 'parallel'")


SCRIPTS = {
    "events.lua": PLAN,
    "first/moment.lua": says("first"),
    "second/moment.lua": says("second"),
    "uses/moment.lua": "local view = require 'view'\n" + says("uses"),
    "shared/view.lua": "return {}\n",
}


def outcomes(shop):
    """What the runs of one more event end with."""
    before = len(shop.rows("runs", "list"))
    shop.send("a", "ida", {"email": "ida@example.com"})
    shop.wait("the runs", lambda: all(row["state"] == "done" for row in shop.rows("runs", "list")))
    rows = shop.rows("runs", "list")
    return sorted(row["outcome"] for row in rows[:len(rows) - before])


def errors(shop):
    return {row["moment"]: row["message"] for row in json.loads(shop.momentd("status", "--json"))["errors"]}


def link(shop, target, path):
    full = os.path.join(shop.scripts, path)
    if os.path.lexists(full):
        os.unlink(full)
    os.symlink(target, full)


def test_a_bad_link_costs_its_folder():
    with Shop(SCRIPTS) as shop:
        link(shop, "nowhere", "second/photo.jpg")
        shop.start()  # the very first: there is no version of before
        assert outcomes(shop) == ["first", "uses"]
        assert "second/photo.jpg" in errors(shop)["second"], errors(shop)
        told = shop.momentd("check", shop.scripts, code=1)
        assert "second: Cannot follow the symbolic link" in told and "put the file itself there" in told, told
        assert told.count("second") == told.count("second/photo.jpg") + 1, told  # told once
        assert "FAILED  second/photo.jpg" in shop.momentd("test", shop.scripts, code=1)
        os.unlink(os.path.join(shop.scripts, "second/photo.jpg"))
        shop.daemon.send_signal(signal.SIGHUP)
        shop.wait("the reload", lambda: not errors(shop))
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0

        # Over a restart the version of before stays, though the folder has changed; even one that is a bad link itself.
        shop.write({"second/moment.lua": says("new")})
        link(shop, "/etc/passwd", "second/photo.jpg")
        os.rename(os.path.join(shop.scripts, "first"), os.path.join(shop.dir, "first"))
        link(shop, "nowhere", "first")
        shop.start()
        assert sorted(errors(shop)) == ["first", "second"], errors(shop)
        assert outcomes(shop) == ["first", "second", "uses"]
        shop.momentd("reload", code=1)
        assert outcomes(shop) == ["first", "second", "uses"]

        # A folder that is gone is retired, while the daemon runs and while it does not.
        os.unlink(os.path.join(shop.scripts, "first"))
        shop.daemon.send_signal(signal.SIGHUP)
        shop.wait("the reload", lambda: "first" not in errors(shop))
        assert outcomes(shop) == ["second", "uses"]
        assert shop.stop() == 0
        for name in os.listdir(os.path.join(shop.scripts, "second")):
            os.unlink(os.path.join(shop.scripts, "second", name))
        os.rmdir(os.path.join(shop.scripts, "second"))
        shop.start()
        assert outcomes(shop) == ["uses"]
        assert shop.stop() == 0


def test_a_shared_file_costs_those_that_use_it():
    with Shop(SCRIPTS) as shop:
        shop.start()
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0
        shop.write({"first/moment.lua": says("new"), "uses/moment.lua": "local view = require 'view'\n" + says("newer")})
        link(shop, "nowhere", "shared/view.lua")
        shop.start()
        assert sorted(errors(shop)) == ["shared", "uses"], errors(shop)
        assert "shared/view.lua cannot be used" in errors(shop)["uses"]
        assert outcomes(shop) == ["new", "second", "uses"]
        link(shop, "view.lua", "shared/layout.html")  # to the bad link
        shop.write({"first/moment.lua": says("newest")})
        shop.daemon.send_signal(signal.SIGHUP)
        told = shop.wait("the reload", lambda: "first" in errors(shop) and errors(shop))
        assert "every moment may use it" in told["first"], told
        assert outcomes(shop) == ["new", "second", "uses"]
        assert shop.stop() == 0


def test_a_broken_script_costs_itself_at_the_start():
    with Shop(SCRIPTS) as shop:
        shop.start()
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0
        shop.write({"second/moment.lua": "return moment.define {", "first/moment.lua": says("new")})
        shop.start()
        assert "second" in errors(shop), errors(shop)
        assert outcomes(shop) == ["new", "second", "uses"]
        assert shop.stop() == 0


def test_the_plan_of_before_stays():
    plan = PLAN.replace("typed = {", "secret = { 'data.link' }, typed = {")
    with Shop({"events.lua": plan, "first/moment.lua": says("first")}) as shop:
        shop.start()
        assert shop.stop() == 0
        link(shop, "nowhere", "events.lua")
        shop.start()
        assert "events.lua" in errors(shop), errors(shop)
        shop.send("a", "ida", {"link": "https://example.com/once"})
        assert shop.stop() == 0
        with open(shop.db, "rb") as file:
            assert b"example.com/once" not in file.read()


def test_R7_a_limit_counts_what_retention_keeps():
    limited = says("second").replace("again =", "limit = { runs = 1, per = '200d' },\nagain =")
    with Shop({**SCRIPTS, "second/moment.lua": limited}) as shop:
        shop.start()
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0
        wanted = "limit counts the runs of 200d, but retention forgets them after 120d"
        told = shop.momentd("run", "--db", shop.db, "--scripts", shop.scripts, "--retention", "120d", code=2)
        assert "the live version of second: " in told and wanted in told, told
        config = os.path.join(shop.dir, "momentd.lua")
        with open(config, "w", encoding="utf-8") as file:
            file.write("return { retention = '120d' }\n")
        told = shop.momentd("check", shop.scripts, "--config", config, code=1)
        assert "second/moment.lua:2: " + wanted in told, told
        shop.options["retention"] = "200d"
        shop.start()
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0
    with Shop({**SCRIPTS, "second/moment.lua": limited}, retention="120d") as shop:
        shop.start()
        assert wanted in errors(shop)["second"], errors(shop)
        assert outcomes(shop) == ["first", "uses"]
        assert shop.stop() == 0


def test_R7_a_cap_counts_what_retention_keeps():
    with Shop(SCRIPTS) as shop:
        config = os.path.join(shop.dir, "momentd.lua")
        with open(config, "w", encoding="utf-8") as file:
            file.write("return { retention = '100d', caps = { marketing = '3 per 100d' } }\n")
        for words in (["check", shop.scripts, "--config", config],
                      ["run", "--db", shop.db, "--scripts", shop.scripts, "--config", config]):
            told = shop.momentd(*words, code=1 if words[0] == "check" else 2)
            assert 'caps: marketing = "3 per 100d" counts messages that retention = "100d" has forgotten' in told, told
        assert not os.path.exists(shop.db)


def used_up(text):
    """Which limit is met first depends on the machine: the budget counts processor time too."""
    return "out of memory" in text or "budget of" in text


GREEDY = "local function f() return 1 + f() end f()\n"


def test_scripts_that_take_all_their_memory_cost_themselves():
    """What a script has is its own to use up: the others go live, and so does the next start."""
    greedy = {"second/moment.lua": says("new"), "experiments/e.lua": GREEDY + "return (require 'experiment').define {}",
              "second/moment_spec.lua": "describe('s', function() it('x', function(shop) " + GREEDY + " end) end)\n"}
    with Shop(SCRIPTS) as shop:
        shop.start()
        shop.write({**greedy, "first/moment.lua": says("first again")})
        shop.momentd("reload", code=1)
        assert sorted(errors(shop)) == ["experiments/e.lua", "second"], errors(shop)
        assert all(used_up(text) for text in errors(shop).values()), errors(shop)
        assert outcomes(shop) == ["first again", "second", "uses"]
        shop.write({"events.lua": GREEDY + PLAN})
        shop.momentd("reload", code=1)
        assert used_up(errors(shop)["events.lua"]), errors(shop)
        assert shop.stop() == 0
        shop.start()
        assert outcomes(shop) == ["first again", "second", "uses"]
        assert shop.stop() == 0


def test_a_tree_without_moments_retires_nothing():
    """A directory that is the wrong one, or half gone: by a deploy, by files, at a start."""
    with Shop(SCRIPTS) as shop:
        shop.start()
        told = shop.momentd("deploy", os.path.join(shop.scripts, "first"), code=1)
        assert "give the directory that holds the moments' folders" in told, told
        assert outcomes(shop) == ["first", "second", "uses"]
        os.rename(shop.scripts, shop.scripts + ".away")
        os.mkdir(shop.scripts)
        told = shop.momentd("reload", code=1)
        assert "there is no moment in it, so nothing is retired" in told, told
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0
        shop.start()
        assert "scripts" in errors(shop), errors(shop)
        assert outcomes(shop) == ["first", "second", "uses"]
        assert shop.stop() == 0


def test_a_database_within_the_scripts_is_refused():
    with Shop(SCRIPTS) as shop:
        for scripts in (shop.scripts, shop.scripts + "/."):
            told = shop.momentd("run", "--db", os.path.join(shop.scripts, "shop.db"), "--scripts", scripts, "--listen",
                                "127.0.0.1:0", code=2)
            assert "lies in the directory of scripts" in told, told
        assert not os.path.exists(os.path.join(shop.scripts, "shop.db"))
        shop.start()  # beside it, with a name that begins alike
        assert shop.stop() == 0


def test_a_start_refused_for_its_key_makes_none():
    with Shop(SCRIPTS) as shop:
        shop.start()
        assert shop.stop() == 0
        os.rename(shop.db + ".key", shop.db + ".away")
        for _ in range(2):
            told = shop.momentd("run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0", code=1)
            assert "another master key" in told, told
            assert not os.path.exists(shop.db + ".key")
        os.rename(shop.db + ".away", shop.db + ".key")
        shop.start()
        assert shop.stop() == 0


main(test_a_database_within_the_scripts_is_refused, test_scripts_that_take_all_their_memory_cost_themselves, test_a_tree_without_moments_retires_nothing,
     test_R7_a_limit_counts_what_retention_keeps, test_R7_a_cap_counts_what_retention_keeps,
     test_a_start_refused_for_its_key_makes_none, test_a_bad_link_costs_its_folder, test_a_shared_file_costs_those_that_use_it,
     test_a_broken_script_costs_itself_at_the_start, test_the_plan_of_before_stays)
