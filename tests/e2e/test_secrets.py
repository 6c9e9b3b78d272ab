#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=120 cost=20 tsan=yes
"""A reset link goes to the customer and nowhere else (X1, X2, M8): not into a file of the shop, not into an output."""
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess

from harness import MOMENTD, SLOW, Shop, main, moment
from hidden import (assert_nowhere, ended, keys, new_link, search_backups, search_files, search_outputs,
                    sent_links)

PLAN = """local plan = require 'plan'
return plan.define { person = { strong = { 'subject', 'data.email' } },
  events = { ['password.reset_requested'] = { means = 'The customer cannot log in',
    secret = { 'data.link' }, address = { email = 'data.email' }, typed = { ['data.name'] = 'name' } } } }
"""
COPY = "---\nsubject: Ny adgangskode\npreview: p\n---\nHej {{name}}\n\n[Nyt kodeord]({{link}})\n"
SEND = "m:sleep('1s')\nlocal sent = m:send { template = 'reset', data = event.data }\n" \
       "return sent.sent and 'sent' or sent.reason"
ON = "on = 'password.reset_requested', "


def scripts(**more):
    return {"events.lua": PLAN, "reset/moment.lua": moment(SEND, "class = 'security', " + ON + "about = 'person'"),
            "reset/reset.da.md": COPY, **more}


def with_service():
    """A service moment beside it, which a redirection concerns."""
    return scripts(**{"told/moment.lua": moment(SEND, "class = 'service', " + ON + "about = 'person'"),
                      "told/reset.da.md": COPY})


def data(link, **more):
    return {"email": "ida@example.com", "name": "Ida", "link": link, "note": "se " + link, **more}


def test_live():
    link = new_link()
    with Shop(scripts()).start() as shop:
        event = shop.event("password.reset_requested", "ida", data(link))
        assert shop.post(event)[0] == 202
        assert shop.post(event)[1]["status"] == "duplicate"
        other = {**event, "data": {**event["data"], "link": link[:-1] + "x"}}
        assert shop.post(other)[0] == 409
        rows = keys(shop)
        assert len(rows) == 1
        search_files(shop, link)
        shop.kill()  # the run sleeps: only the key makes the mail possible
        search_files(shop, link)
        shop.start()
        assert shop.post(event)[1]["status"] == "duplicate"
        shop.wait("the mail", shop.mails)
        (to, links, _), = sent_links(shop)
        assert to == "ida@example.com" and links == {link}, (to, links)
        shop.wait("the message's end", lambda: ended(shop))
        shop.wait("the key's end", lambda: not keys(shop))
        with open(shop.db + ".keys", "rb") as file:
            assert rows[0][1] not in file.read(), "the key is still in a free page"
        search_files(shop, link, [os.path.join(shop.mail, name) for name in os.listdir(shop.mail)])
        search_backups(shop, link)
        search_outputs(shop, link)
        assert shop.rows("runs", "list")[0]["outcome"] == "sent"
        assert os.stat(shop.db + ".keys").st_mode & 0o7777 == 0o600
        assert os.stat(shop.db + ".key").st_mode & 0o7777 == 0o600
        for name in os.listdir(shop.mail):  # they hold links that still work
            assert os.stat(os.path.join(shop.mail, name)).st_mode & 0o7777 == 0o600, name
        assert shop.stop() == 0
        search_files(shop, link, [os.path.join(shop.mail, name) for name in os.listdir(shop.mail)])


def test_keys_that_do_not_fit():
    """X1: keys of another life of the database cost the mails they were for, and nothing else."""
    link, other = new_link(), new_link()
    late = SEND.replace("'1s'", "'3s'")
    files = {**scripts(), "reset/moment.lua": moment(late, "class = 'security', " + ON + "about = 'person'")}
    with Shop(files).start() as shop:
        shop.send("password.reset_requested", "ida", data(link))
        assert shop.stop() == 0
        with sqlite3.connect(shop.db + ".keys") as db:
            db.execute("UPDATE event_keys SET wrapped = randomblob(length(wrapped))")
        db.close()
        shop.start()
        shop.wait("the message's end", lambda: ended(shop))
        assert [run["outcome"] for run in shop.rows("runs", "list")] == ["secret_expired"]
        with sqlite3.connect(shop.db) as db:
            assert db.execute("SELECT kind FROM incidents").fetchall() == [("secret_lost",)]
        db.close()
        shop.send("password.reset_requested", "ida", data(other))
        shop.wait("the mail", shop.mails)
        assert [links for _, links, _ in sent_links(shop)] == [{other}]
        search_files(shop, link)


def test_database_without_its_key():
    """X1: a database that was moved without its key is not written to with another."""
    with Shop(scripts()).start() as shop:
        assert shop.stop() == 0
        os.rename(shop.db + ".key", shop.db + ".kept")
        os.remove(shop.db + ".keys")
        run = subprocess.run([MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0"],
                             capture_output=True, text=True, timeout=20 * SLOW)
        assert run.returncode != 0 and "another master key" in run.stderr and shop.db + ".key" in run.stderr, run
        os.rename(shop.db + ".kept", shop.db + ".key")
        shop.start()


def test_shadow():
    link = new_link()
    with Shop(with_service(), delivery="shadow").start() as shop:
        shop.send("password.reset_requested", "ida", data(link))
        shop.kill()
        shop.start()
        shop.wait("both messages' ends", lambda: ended(shop, 2))
        assert not shop.mails()
        search_files(shop, link)
        search_backups(shop, link)
        search_outputs(shop, link)
        for one in shop.rows("messages", "list"):
            assert "[secret]" in json.loads(shop.momentd("messages", "show", str(one["id"]), "--json"))["rendering"]


def test_redirect():
    """M8: the security mail goes nowhere else. The service mail goes there, but without the link."""
    link = new_link()
    with Shop(with_service(), delivery="redirect:test@example.org").start() as shop:
        shop.send("password.reset_requested", "ida", data(link))
        shop.wait("both messages' ends", lambda: ended(shop, 2))
        (to, links, text), = sent_links(shop)
        assert to == "test@example.org" and not links and "[secret]" in text, text
        search_files(shop, link)
        search_backups(shop, link)
        search_outputs(shop, link)


def test_only_to_the_triggers_address():
    """M8: neither the profile nor `to` leads a security message elsewhere."""
    link = new_link()
    body = SEND.replace("template =", "to = 'team', template =")
    files = {**scripts(), "reset/moment.lua": moment(body, "class = 'security', " + ON + "about = 'person'")}
    with Shop(files, addresses="team=team@example.org").start() as shop:
        shop.send("profile.updated", "ida", {"email": "thief@example.net"})
        shop.send("password.reset_requested", "ida", data(link))
        shop.send("password.reset_requested", "bo", {"link": link})
        shop.send("profile.updated", "bo", {"email": "thief@example.net"})
        shop.wait("both messages' ends", lambda: ended(shop, 2))
        assert [(to, links) for to, links, _ in sent_links(shop)] == [("ida@example.com", {link})]
        assert {one["reason"] for one in shop.rows("messages", "list")} == {None, "no_address"}


def test_script_that_would_tell():
    """X1: whatever a script does with a secret parks it, with a text that has nothing of it."""
    wrong = ["m:log(event.data.link)", "m:set('k', event.data.link)", "return 'x' .. event.data.link",
             "return tostring(event.data.link)", "m:emit { type = 'x', data = { l = event.data.link } }",
             "error(event.data.link)", "return event.data.link", "return event.data.link.x",
             "local o = { template = event.data.link } m:send(o)", "return string.format('%s', event.data.link)",
             "m:update_profile { l = event.data.link }", "return event.data.link == event.data.other and 'y' or 'n'",
             "return table.concat({ event.data.link })", "for k in pairs(event.data.link) do end", "return #event.data.link",
             "local l = event.data.link\nlocal t = nil\nreturn t.x"]
    plan = PLAN.replace("'data.link' }", "'data.link', 'data.other' }")
    files = {"events.lua": plan}
    for number, body in enumerate(wrong):
        files[f"w{number}/moment.lua"] = moment(body, "class = 'service', " + ON + "about = 'person'")
    link = new_link()
    with Shop(files).start() as shop:
        shop.send("password.reset_requested", "ida", data(link, other=link + "x"))
        runs = shop.wait("all runs", lambda: [r for r in shop.rows("runs", "list") if r["state"] == "parked"][len(wrong) - 1:]
                         and shop.rows("runs", "list"))
        for run in runs:
            assert_nowhere(link, json.dumps(run).encode(), "a run")
            assert f"{run['moment']}/moment.lua:" in run["reason"], run
        assert sum("secret" in run["reason"] for run in runs) >= len(wrong) - 3, [run["reason"] for run in runs]
        search_files(shop, link)
        search_outputs_of_runs(shop, link, runs)


def search_outputs_of_runs(shop, link, runs):
    for run in runs:
        assert_nowhere(link, shop.momentd("runs", "show", str(run["id"])).encode(), "runs show")


def test_bad_link():
    """M1, X2: a link that cannot stand in the mail is told of without its value."""
    link = "http://shop.dk/" + secrets.token_hex(24) + "="
    with Shop(scripts()).start() as shop:
        shop.send("password.reset_requested", "ida", data("=" + link))
        shop.wait("the decision", lambda: ended(shop))
        one, = shop.rows("messages", "list")
        assert one["state"] == "suppressed" and one["reason"] == "template", one
        assert "secret's value" in shop.momentd("messages", "show", str(one["id"]))
        search_files(shop, "=" + link[link.index("dk/") + 3:-1])


def test_virtual_time():
    """B5, X1: an hour in virtual time is the end of a key."""
    link = new_link()
    late = SEND.replace("'1s'", "event.subject == 'ida' and '59m' or '61m'")
    files = {**scripts(), "reset/moment.lua": moment(late, "class = 'security', " + ON + "about = 'person'")}
    with Shop(files) as shop:
        lines = [json.dumps({**shop.event("password.reset_requested", who, data(link, email=who + "@example.com")),
                             "time": "2026-03-01T10:00:00Z"}) for who in ("ida", "bo")]
        shop.momentd("ingest", "-", "--virtual-time", "--db", shop.db, "--scripts", shop.scripts, "--mail",
                     "file:" + shop.mail, "--delivery", "live", text="\n".join(lines) + "\n")
        assert [(to, links) for to, links, _ in sent_links(shop)] == [("ida@example.com", {link})]
        by_subject = {run["person"]: run["outcome"] for run in shop.rows("runs", "list")}
        assert by_subject == {"ida": "sent", "bo": "secret_expired"}, by_subject
        search_files(shop, link, [os.path.join(shop.mail, name) for name in os.listdir(shop.mail)])


def test_virtual_time_that_stops_early():
    """B5, X1: the key of a mail that is not due yet stays, so that feeding the database again goes on with it."""
    link = new_link()
    late = SEND.replace("'1s'", "'10m'")
    files = {**scripts(), "reset/moment.lua": moment(late, "class = 'security', " + ON + "about = 'person'")}
    with Shop(files) as shop:
        event = {**shop.event("password.reset_requested", "ida", data(link)), "time": "2026-03-01T10:00:00Z"}
        feed = ["ingest", "-", "--virtual-time", "--db", shop.db, "--scripts", shop.scripts, "--mail",
                "file:" + shop.mail, "--delivery", "live"]
        shop.momentd(*feed, "--until", "2026-03-01T10:05:00Z", text=json.dumps(event) + "\n")
        assert len(keys(shop)) == 1 and not shop.mails()
        search_files(shop, link)
        shop.momentd(*feed, text="")
        assert [links for _, links, _ in sent_links(shop)] == [{link}]
        assert not keys(shop)
        search_files(shop, link, [os.path.join(shop.mail, name) for name in os.listdir(shop.mail)])


def test_history():
    """W6: history starts nothing, so its secrets are not kept at all."""
    link = new_link()
    with Shop(scripts()) as shop:
        shop.momentd("ingest", "-", "--history", "--db", shop.db, "--scripts", shop.scripts,
                     text=json.dumps(shop.event("password.reset_requested", "ida", data(link))) + "\n")
        assert not keys(shop)
        assert shop.sql("SELECT count(*) FROM events WHERE sealed IS NOT NULL") == [(0,)]
        search_files(shop, link)


def test_no_core_dumps():
    """X2: memory is never dumped."""
    with Shop(scripts()).start() as shop:
        with open(f"/proc/{shop.daemon.pid}/limits", encoding="ascii") as file:
            assert re.search(r"Max core file size +0 +0 ", file.read())
        if SLOW == 1 and os.getuid() != 0:  # the leak checker needs to look into its process
            assert os.stat(f"/proc/{shop.daemon.pid}/fd").st_uid == 0, "dumpable: its files are its user's"
        shop.daemon.send_signal(signal.SIGABRT)
        assert shop.daemon.wait(timeout=20 * SLOW) == -signal.SIGABRT
        assert not [name for name in os.listdir(".") if name.startswith("core") and os.path.isfile(name)]


def test_another_master_key():
    with Shop(scripts()).start() as shop:
        shop.send("password.reset_requested", "ida", data(new_link()))
        assert shop.stop() == 0
        with open(shop.db + ".key", "wb") as file:
            file.write(secrets.token_bytes(32))
        done = subprocess.run([MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=30 * SLOW)
        assert done.returncode == 1 and "was written with another master key" in done.stderr, done.stderr
        os.chmod(shop.db + ".key", 0o644)
        done = subprocess.run([MOMENTD, "run", "--db", shop.db, "--scripts", shop.scripts, "--listen", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=30 * SLOW)
        assert done.returncode == 1 and "chmod 600" in done.stderr, done.stderr


main(test_live, test_keys_that_do_not_fit, test_database_without_its_key, test_shadow, test_redirect,
     test_only_to_the_triggers_address, test_script_that_would_tell, test_bad_link, test_virtual_time,
     test_virtual_time_that_stops_early, test_history, test_no_core_dumps, test_another_master_key)
