#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 tsan=yes
"""Script files that change under a running daemon: taken when they are whole and right, passed over otherwise (S7)."""
import hashlib
import os
import signal
import sqlite3
import subprocess
import time

from harness import MOMENTD, SLOW, Shop, main, moment

LOOP = "while true do end\n"
SPEC = """describe("m", function()
  it("says %s", function(shop)
    shop:event("a", { subject = "ida" })
    shop:expect_outcome("%s")
  end)
end)
"""


def says(text):
    return moment(f"return '{text}'")


def live(shop, name="m"):
    """What a run of the moment that starts now ends with."""
    answer = shop.send("a", f"s{Shop.counter if hasattr(Shop, 'counter') else 0}")
    rows = [row for row in shop.rows("runs", "list", "--moment", name) if row["trigger"] == answer["id"]]
    return rows[0]["outcome"] if rows else None


def wait_for(shop, text, name="m"):
    shop.wait(f"{name} to say {text}", lambda: live(shop, name) == text)


def errors(shop):
    return [f"{row['file']}:{row['line']}: {row['message']}" for row in shop.rows("status")[0]["errors"]]


def reload_of(shop):
    return shop.rows("status")[0]["reload"]


def replace(shop, path, text):
    """As editors do it: a new file, renamed over the old one."""
    full = os.path.join(shop.scripts, path)
    scratch = os.path.join(os.path.dirname(full), ".scratch")
    with open(scratch, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(scratch, full)


def test_changes_go_live_by_themselves():
    for how in ("auto", "poll"):
        with Shop({"m/moment.lua": says("one"), "n/moment.lua": moment("m:wait_for('go')\nreturn 'went'")},
                  reload=how) as shop:
            shop.start()
            assert live(shop) == "one"
            shop.write({"m/moment.lua": says("two")})
            wait_for(shop, "two")
            # A new folder, and then a change in it.
            shop.write({"new/moment.lua": says("n1")})
            wait_for(shop, "n1", "new")
            shop.write({"new/moment.lua": says("n2 n2")})
            wait_for(shop, "n2 n2", "new")
            # A folder that goes takes no more runs; those in flight finish.
            shop.send("a", "bo")
            os.remove(os.path.join(shop.scripts, "n/moment.lua"))
            shop.wait("the removal", lambda: live(shop, "n") is None)
            shop.send("go", "bo")
            outcomes = [row["outcome"] for row in shop.rows("runs", "list", "--moment", "n")]
            assert "went" in outcomes, outcomes
            assert shop.stop() == 0


def test_editors():
    with Shop({"m/moment.lua": says("one")}) as shop:
        shop.start()
        replace(shop, "m/moment.lua", says("two"))
        wait_for(shop, "two")
        path = os.path.join(shop.scripts, "m/moment.lua")
        os.remove(path)
        shop.write({"m/moment.lua": says("three")})
        wait_for(shop, "three")
        versions = shop.sql("SELECT count(*) FROM versions")
        # What they leave beside it is no part of the moment.
        for name in ("moment.lua~", "#moment.lua#", ".moment.lua.swp", "moment.lua.swp", "4913", "moment.lua.orig"):
            shop.write({"m/" + name: "return 7 7 7"})
        shop.momentd("reload")
        assert errors(shop) == [] and shop.sql("SELECT count(*) FROM versions") == versions
        assert "no problems" in subprocess.run([MOMENTD, "check", shop.scripts], capture_output=True, text=True,
                                               check=True).stdout


def test_a_half_written_file():
    with Shop({"m/moment.lua": says("one")}) as shop:
        shop.start()
        text = says("two")
        with open(os.path.join(shop.scripts, "m/moment.lua"), "w", encoding="utf-8") as file:
            file.write(text[:len(text) // 2])
            file.flush()
            shop.wait("the refusal", lambda: errors(shop))
            assert live(shop) == "one"
            file.write(text[len(text) // 2:])
        wait_for(shop, "two")
        shop.wait("no errors", lambda: not errors(shop))


def test_a_storm_ends_in_one_build():
    with Shop({"m/moment.lua": says("one")}) as shop:
        shop.start()
        shop.momentd("reload")
        before = reload_of(shop)["builds"]
        pauses, last = 0, time.monotonic()
        for number in range(200):
            shop.write({"m/moment.lua": says(f"n{number}")})
            pauses += time.monotonic() - last > 0.03  # long enough to look settled, on a machine that is busy
            last = time.monotonic()
        wait_for(shop, "n199")
        assert reload_of(shop)["builds"] - before <= 1 + pauses, (before, pauses, reload_of(shop))
        # As many signals as one likes while one build runs are one build after it.
        shop.write({"m/moment.lua": says("slow"), "m/moment_spec.lua": SLOW_SPEC})
        shop.wait("a build", lambda: reload_of(shop)["builds"] > before)
        wait_for(shop, "slow")
        before = reload_of(shop)["builds"]
        shop.write({"m/moment.lua": says("slower")})
        for _ in range(200):
            shop.daemon.send_signal(signal.SIGHUP)
        wait_for(shop, "slower")
        shop.momentd("reload")
        assert reload_of(shop)["builds"] - before <= 6, (before, reload_of(shop))
        assert shop.stop() == 0


SLOW_SPEC = """describe("m", function()
  it("takes its time", function(shop)
    for i = 1, 2000 do shop:event("b", { subject = "ida" }) end
  end)
end)
"""


def test_what_is_wrong_is_refused_and_said():
    """In the answer, the log, the status and the metric, with file and line; all else goes live."""
    big = "-- " + "x" * (10 << 20)
    bad = [("return 7 7\n", None, "m/moment.lua:1: "),
           (says("one") + LOOP, None, "m/moment.lua:"),
           (LOOP + says("one"), None, "instructions"),
           (says("two"), SPEC % ("one", "one"), "m/moment_spec.lua:4: "),
           (says("two"), LOOP, "m/moment_spec.lua:1: "),
           (says("two"), f"describe('m', function() it('loops', function()\n{LOOP}end) end)", "m/moment_spec.lua:2: "),
           (says("two"), "-- nothing yet", "m/moment_spec.lua:1: there is no it"),
           (moment("return os.time()"), None, "m/moment.lua:3: "),
           (big, None, "has at most 4 MiB"), (big[:300 << 10], None, "256 KiB")]
    with Shop({"m/moment.lua": says("one"), "n/moment.lua": says("n")}) as shop:
        shop.start()
        for number, (text, spec, wanted) in enumerate(bad):
            files = {"m/moment.lua": text, "n/moment.lua": says(f"n{number}")}
            path = os.path.join(shop.scripts, "m/moment_spec.lua")
            if spec:
                files["m/moment_spec.lua"] = spec
            elif os.path.exists(path):
                os.remove(path)
            shop.write(files)
            told = shop.momentd("reload", code=1)
            assert wanted in told, (wanted, told)
            assert any(wanted in error for error in errors(shop)), (wanted, errors(shop))
            assert wanted in shop.momentd("status"), wanted
            assert live(shop) == "one" and live(shop, "n") == f"n{number}"
        log = shop.text_log()
        assert "its old version stays" in log and "file=m/moment_spec.lua" in log and "line=4" in log, log[-3000:]
        rows = shop.rows("metrics", "list")
        counted = {row["labels"]["change"]: row["sum"] for row in rows if row["metric"] == "momentd_versions"}
        assert counted["refused"] >= len(bad) and counted["live"] >= len(bad) + 2, rows
        assert reload_of(shop)["refused"] >= len(bad), reload_of(shop)


def test_a_link_that_leads_out():
    with Shop({"m/moment.lua": says("one"), "n/moment.lua": says("n")}) as shop:
        shop.start()
        with open(os.path.join(shop.dir, "secret.lua"), "w", encoding="utf-8") as file:
            file.write("return {}")
        os.symlink(os.path.join(shop.dir, "secret.lua"), os.path.join(shop.scripts, "m/secret.lua"))
        shop.write({"n/moment.lua": says("n2")})
        shop.wait("the refusal", lambda: errors(shop))
        assert "leads out" in shop.momentd("status")
        assert live(shop) == "one"
        wait_for(shop, "n2", "n")


def test_manual_leaves_only_deploy():
    with Shop({"m/moment.lua": says("one")}, reload="manual") as shop:
        shop.start()
        assert live(shop) == "one"  # the first start reads the files: there is nothing else
        shop.write({"m/moment.lua": says("two")})
        shop.daemon.send_signal(signal.SIGHUP)
        shop.wait("the log", lambda: "SIGHUP does nothing" in shop.text_log())
        assert "momentd deploy" in shop.momentd("reload", code=1)
        assert live(shop) == "one"
        assert shop.stop() == 0
        shop.start()
        assert live(shop) == "one"
        shop.momentd("deploy", shop.scripts)
        assert live(shop) == "two"
    with Shop({"m/moment.lua": says("one")}, reload="sometimes") as shop:
        done = subprocess.run([MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--reload", "sometimes"],
                              capture_output=True, text=True, timeout=60 * SLOW)
        assert done.returncode == 2 and "auto, poll or manual" in done.stderr, done


def test_what_a_newer_momentd_left():
    """A version that this one does not understand harms only its moment; a newer schema is refused untouched."""
    with Shop({"m/moment.lua": says("one"), "n/moment.lua": says("n")}) as shop:
        shop.start()
        assert shop.stop() == 0
        connection = sqlite3.connect(shop.db)
        newer = moment("return 'x'", "class = 'service', on = 'a', warp = 9").encode()
        connection.execute("INSERT INTO files(digest, data) VALUES(?, ?)", (hashlib.sha256(newer).digest(), newer))
        connection.execute("INSERT INTO versions(moment, digest, created_at) VALUES('m', 'ab', 1)")
        connection.execute("INSERT INTO version_files SELECT max(v.id), 'm/moment.lua', max(f.id)"
                           " FROM versions v, files f")
        connection.execute("UPDATE moments SET live = (SELECT max(id) FROM versions) WHERE name = 'm'")
        connection.commit()
        connection.close()
        shop.options["reload"] = "manual"
        shop.start()
        assert any("m/moment.lua:2" in error and "warp" in error for error in errors(shop)), errors(shop)
        assert live(shop, "n") == "n"
        reasons = [row for row in shop.rows("events", "--unmatched") if row["moment"] == "m"]
        assert reasons and reasons[0]["reason"] == "error" and "warp" in str(reasons[0]), reasons
        assert shop.stop() == 0
        connection = sqlite3.connect(shop.db)
        connection.execute("PRAGMA user_version = 4711")
        connection.commit()
        connection.close()
        with open(shop.db, "rb") as file:
            before = file.read()
        done = subprocess.run([MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts], capture_output=True,
                              text=True, timeout=60 * SLOW)
        assert done.returncode == 1 and "4711" in done.stderr and "schemas up to" in done.stderr, done
        with open(shop.db, "rb") as file:
            assert file.read() == before


main(test_changes_go_live_by_themselves, test_editors, test_a_half_written_file, test_a_storm_ends_in_one_build,
     test_what_is_wrong_is_refused_and_said, test_a_link_that_leads_out, test_manual_leaves_only_deploy,
     test_what_a_newer_momentd_left)
