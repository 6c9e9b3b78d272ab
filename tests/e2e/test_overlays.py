#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# ctest: label=e2e timeout=60
"""Script directories that lie over each other: file by file the later wins, and an upgrade tells what changed below."""
import os
import subprocess

from harness import COPY, MOMENTD, PLAN, SLOW, Shop, main, moment

SENDS = moment("m:send { template = 'x', data = { n = 1 } }\nreturn 'shipped'")


class Overlaid(Shop):
    """The shop's scripts are what is shipped; the client's lie over them."""

    def __init__(self, shipped, client):
        super().__init__(shipped)
        self.shipped, self.client = self.scripts, os.path.join(self.dir, "client")
        os.makedirs(self.client)
        self.write_client(client)

    def write_client(self, files):
        self.scripts = self.client
        self.write(files)
        self.scripts = self.shipped

    def start(self):
        # The option is a list: the client's directory goes in by a configuration file of its own.
        path = os.path.join(self.dir, "momentd.lua")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"return {{ scripts = {{ '{self.shipped}', '{self.client}' }} }}\n")
        arguments = [MOMENTD, "run", "--db", self.db, "--config", path, "--listen", "127.0.0.1:0", "--delivery", "live",
                     "--mail", "file:" + self.mail]
        self.daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=open(self.log, "ab"))
        self.port = int(self.daemon.stdout.readline().decode().rsplit(":", 1)[1])
        return self

    def shadowed(self):
        return [row["path"] for row in self.rows("status")[0]["shadowed"]]

    def subjects(self):
        return [row["subject"] for row in self.rows("messages", "list")]


SHIPPED = {"events.lua": PLAN, "m/moment.lua": SENDS, "m/x.da.md": COPY, "n/moment.lua": moment("return 'n'")}


def test_the_later_wins():
    own = {"m/x.da.md": COPY.replace("Hej", "Goddag"), "p/moment.lua": moment("return 'p'")}
    with Overlaid(SHIPPED, own) as shop:
        shop.start()
        shop.send("a", "ida", {"email": "ida@example.com"})
        shop.wait("the mail", shop.mails)
        assert shop.subjects() == ["Goddag 1"]
        assert sorted(row["outcome"] for row in shop.rows("runs", "list")) == ["n", "p", "shipped"]
        # A change on either side goes live; what is hidden does not.
        shop.write({"n/moment.lua": moment("return 'n2'")})
        shop.wait("n", lambda: shop.send("a", "bo") and "n2" in [row["outcome"] for row in shop.rows("runs", "list")])
        before = shop.sql("SELECT live FROM moments WHERE name = 'm'")
        shop.write({"m/x.da.md": COPY.replace("Hej", "Dav")})
        shop.momentd("reload")
        assert shop.sql("SELECT live FROM moments WHERE name = 'm'") == before
        # Without the client's file the shipped one is there again.
        os.remove(os.path.join(shop.client, "m/x.da.md"))
        shop.wait("the shipped copy", lambda: shop.sql("SELECT live FROM moments WHERE name = 'm'") != before)
        shop.send("a", "eva", {"email": "eva@example.com"})
        shop.wait("her mail", lambda: "Dav 1" in shop.subjects())
        assert shop.stop() == 0


def test_an_upgrade_tells_what_changed_below():
    own = {"m/x.da.md": COPY.replace("Hej", "Goddag")}
    with Overlaid(SHIPPED, own) as shop:
        shop.start()
        assert shop.shadowed() == []
        assert shop.stop() == 0
        shop.write({"m/x.da.md": COPY.replace("Hej", "Kære")})
        shop.start()
        assert shop.shadowed() == ["m/x.da.md"]
        text = shop.momentd("status")
        assert f"m/x.da.md has changed in {shop.shipped}, below the one that is used, in {shop.client}" in text, text
        assert "a file has changed below the one that is used" in shop.text_log()
        # It is told until somebody has looked: over reloads and restarts.
        shop.momentd("reload")
        assert shop.shadowed() == ["m/x.da.md"]
        assert shop.stop() == 0
        shop.start()
        assert shop.shadowed() == ["m/x.da.md"]
        shop.write_client({"m/x.da.md": COPY.replace("Hej", "Kære ven")})
        shop.momentd("reload")
        assert shop.shadowed() == []
        # While the daemon runs, too.
        shop.write({"m/x.da.md": COPY.replace("Hej", "Hallo")})
        shop.wait("the change", lambda: shop.shadowed() == ["m/x.da.md"])
        os.remove(os.path.join(shop.client, "m/x.da.md"))
        shop.wait("nothing to tell", lambda: shop.shadowed() == [])
        assert shop.stop() == 0


def test_check_lists_them():
    with Overlaid(SHIPPED, {"m/x.da.md": COPY, "n/moment.lua": moment("return os.time()")}) as shop:
        done = subprocess.run([MOMENTD, "check", "--scripts", shop.shipped, "--scripts", shop.client],
                              capture_output=True, text=True, timeout=60 * SLOW)
        lines = done.stdout.splitlines()
        assert done.returncode == 1 and "n/moment.lua:3" in done.stdout, done
        assert f"m/x.da.md: that of {shop.client} is used, not that of {shop.shipped}" in lines, lines
        assert f"n/moment.lua: that of {shop.client} is used, not that of {shop.shipped}" in lines, lines
        done = subprocess.run([MOMENTD, "check", "--scripts", shop.client, "--scripts", shop.shipped],
                              capture_output=True, text=True, timeout=60 * SLOW)
        assert done.returncode == 0, done


main(test_the_later_wins, test_an_upgrade_tells_what_changed_below, test_check_lists_them)
