#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120
"""Another momentd takes over: `upgrade --check` tells beforehand whether all runs go on, and changes nothing; a database
of a newer schema is left alone."""
import hashlib
import json
import os
import sqlite3
import subprocess

from harness import MOMENTD, SOURCE, Shop, main, moment

KEPT = os.path.join(SOURCE, "tests", "kept", "schemas")
SCRIPTS = {
    "asks/moment.lua": moment("m:set('seen', 1)\nlocal b = m:wait_for('b', { within = '9d' })\nreturn 'asked'"),
    "sleeps/moment.lua": moment("m:sleep('3d')\nreturn 'slept'"),
    "fails/moment.lua": moment("error('broken on purpose')", "class = 'service', on = 'fail'"),
}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def files_beside(db):
    return sorted(os.listdir(os.path.dirname(db)))


def check(db, *more, code=0):
    done = subprocess.run([MOMENTD, "upgrade", "--check", "--db", db, *more], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def fill(shop):
    shop.start()
    for n in range(5):
        shop.send("a", f"p{n}")
    shop.send("fail", "p9")


def test_R1_all_runs_fit_while_the_old_one_runs():
    with Shop(SCRIPTS) as shop:
        fill(shop)
        told = check(shop.db)
        assert "10 of 10 runs in flight fit this momentd" in told, told
        assert "1 parked ones were not tried" in told, told
        rows = [json.loads(line) for line in check(shop.db, "--json").splitlines()]
        assert len(rows) == 1 and rows[0]["fit"] == rows[0]["tried"] == 10 and rows[0]["parked"] == 1, rows
        assert shop.stop() == 0


def change_file(db, path, old, new):
    """As another program would understand a script otherwise."""
    connection = sqlite3.connect(db)
    with connection:
        changed = connection.execute(
            "UPDATE files SET data = CAST(replace(CAST(data AS TEXT), ?, ?) AS BLOB) WHERE id IN"
            " (SELECT file FROM version_files WHERE path = ?)", (old, new, path)).rowcount
    connection.close()
    assert changed == 1, changed


def test_R1_what_does_not_fit_is_told_with_both_lines():
    with Shop(SCRIPTS) as shop:
        fill(shop)
        assert shop.stop() == 0
        change_file(shop.db, "asks/moment.lua", "m:set('seen', 1)", "m:add('seen', 1)")
        told = check(shop.db, code=1)
        assert "5 of 10 runs in flight fit" in told, told
        assert "diverges at step 1: recorded set(seen) at asks/moment.lua:3" in told, told
        assert "add(seen) at asks/moment.lua:3" in told, told
        change_file(shop.db, "sleeps/moment.lua", "m:sleep('3d')", "m:wait_for('x', { within = '3d' })")
        told = check(shop.db, code=1)
        assert "0 of 10 runs in flight fit" in told, told
        assert "recorded sleep() at sleeps/moment.lua:3, this momentd comes to wait_for(x)" in told, told
        change_file(shop.db, "sleeps/moment.lua", "return 'slept'", "return return")
        told = check(shop.db, code=1)
        assert "sleeps: its live version cannot be built any more: sleeps/moment.lua:4" in told, told
        rows = [json.loads(line) for line in check(shop.db, "--json", code=1).splitlines()]
        assert rows[-1]["unfit"] == 10 and rows[-1]["broken_moments"] == 1, rows[-1]
        assert {row["why"] for row in rows if "run" in row} == {"diverges", "errors"}, rows
        change_file(shop.db, "sleeps/moment.lua", "return return", "return 'slept'")
        change_file(shop.db, "sleeps/moment.lua", "m:wait_for('x', { within = '3d' })", "m:sleep('3d')")
        change_file(shop.db, "asks/moment.lua", "m:add('seen', 1)", "m:set('seen', 1)")
        assert "10 of 10 runs" in check(shop.db)
        assert not [name for name in files_beside(shop.db) if "upgrade" in name]
        before = digest(shop.db)
        check(shop.db)
        assert digest(shop.db) == before


def from_dump(shop, name):
    os.makedirs(os.path.dirname(shop.db), exist_ok=True)
    connection = sqlite3.connect(shop.db)
    with open(os.path.join(KEPT, name), encoding="utf-8") as file:
        connection.executescript(file.read())
    connection.close()


def remembers_plan(db):
    """The first schemas kept no plan: then a run that has looked at a typed time cannot be replayed without scripts."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    found = connection.execute("SELECT count(*) FROM settings WHERE name = 'plan'").fetchone()[0]
    connection.close()
    return found > 0


def test_R1_an_older_schema_is_tried_on_a_copy():
    for name in sorted(os.listdir(KEPT)):
        with Shop({"a/moment.lua": moment("return 'a'")}) as shop:
            from_dump(shop, name)
            before, beside = digest(shop.db), files_beside(shop.db)
            fits = remembers_plan(shop.db)
            told = check(shop.db, code=0 if fits else 1)
            assert fits or told.count("errors at step") == 1 and "a time as the plan types it" in told, told
            assert f"Schema {int(name[:2])} becomes" in told or name == sorted(os.listdir(KEPT))[-1], told
            assert "runs in flight fit" in told, told
            assert digest(shop.db) == before and files_beside(shop.db) == beside, (name, files_beside(shop.db))


def test_a_newer_schema_is_refused_untouched():
    with Shop(SCRIPTS) as shop:
        fill(shop)
        assert shop.stop() == 0
        connection = sqlite3.connect(shop.db)
        newest = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA user_version = 999")
        connection.commit()
        connection.close()
        before = digest(shop.db)
        for words in (["run", "--scripts", shop.scripts, "--listen", "127.0.0.1:0", "--mail", "file:" + shop.mail],
                      ["status"], ["runs", "list"], ["upgrade", "--check"]):
            done = subprocess.run([MOMENTD, *words, "--db", shop.db], capture_output=True, text=True, timeout=60)
            told = done.stdout + done.stderr
            assert done.returncode != 0 and "999" in told and str(newest) in told, (words, told)
            assert digest(shop.db) == before, words


def test_without_check_nothing_is_done():
    done = subprocess.run([MOMENTD, "upgrade"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--check" in done.stderr, done
    missing = subprocess.run([MOMENTD, "upgrade", "--check", "--db", "/nonexistent/x.db"], capture_output=True,
                             text=True, timeout=60)
    assert missing.returncode == 3, missing


main(test_R1_all_runs_fit_while_the_old_one_runs, test_R1_what_does_not_fit_is_told_with_both_lines,
     test_R1_an_older_schema_is_tried_on_a_copy, test_a_newer_schema_is_refused_untouched,
     test_without_check_nothing_is_done)
