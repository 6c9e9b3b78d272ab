# SPDX-License-Identifier: Apache-2.0
"""Links that nobody may see, and where to look for them: in files, backups and what commands print."""
import base64
import email
import email.policy
import os
import re
import secrets
import shutil
import sqlite3
import tempfile


def new_link():
    return "https://shop.dk/nulstil?t=" + secrets.token_hex(24)


def traces(link):
    """Short parts of the link, and what base64 makes of it wherever it begins: a line break cannot hide them all."""
    token = link.partition("=")[2]
    parts = {token[i:i + 12].encode() for i in range(0, len(token) - 12, 6)}
    for shift in range(3):
        parts.add(base64.b64encode(b" " * shift + token.encode())[8:28])
    return parts


def assert_nowhere(link, text, where):
    for part in traces(link):
        assert part not in text, f"{part} of the link is in {where}"


def search_files(shop, link, except_for=()):
    seen = 0
    for folder, _, names in os.walk(shop.dir):
        for name in names:
            path = os.path.join(folder, name)
            if path in except_for or os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                assert_nowhere(link, file.read(), path)
            seen += 1
    assert seen > 3


def search_backups(shop, link):
    with tempfile.TemporaryDirectory() as folder:
        source = sqlite3.connect(f"file:{shop.db}?mode=ro", uri=True)
        source.execute("VACUUM INTO ?", (os.path.join(folder, "vacuumed"),))
        with sqlite3.connect(os.path.join(folder, "copied")) as target:
            source.backup(target)
        source.close()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read()
                assert b"ida@example.com" in text, name
                assert_nowhere(link, text, name)


def search_outputs(shop, link):
    runs, messages = shop.rows("runs", "list"), shop.rows("messages", "list")
    shown = [shop.momentd(*words) for words in (
        ["events"], ["events", "--json"], ["runs", "list", "--json"], ["messages", "list", "--json"],
        ["why", "ida@example.com"], ["why", "ida@example.com", "--json"], ["status", "--json"],
        *(["runs", "show", str(run["id"])] for run in runs), *(["runs", "show", str(run["id"]), "--json"] for run in runs),
        *(["messages", "show", str(one["id"])] for one in messages),
        *(["messages", "show", str(one["id"]), "--json"] for one in messages))]
    for text in shown:
        assert_nowhere(link, text.encode(), "a command's output")
    assert "[secret]" in shop.momentd("messages", "show", str(messages[0]["id"]), "--json")


def keys(shop):
    """The rows of the key database, from a copy, so that the daemon meets no lock."""
    copy = os.path.join(shop.dir, "copy-of-keys")
    shutil.copy(shop.db + ".keys", copy)
    connection = sqlite3.connect(copy)
    rows = connection.execute("SELECT event, wrapped FROM event_keys").fetchall()
    connection.close()
    os.remove(copy)
    return rows


def sent_links(shop):
    found = []
    for mail in shop.mails():
        parsed = email.message_from_bytes(mail, policy=email.policy.default)
        text = parsed.get_body(("plain",)).get_content() + parsed.get_body(("html",)).get_content()
        found.append((parsed["To"], set(re.findall(r"https://shop\.dk/[^\s\"<>)]+", text)), text))
    return found


def ended(shop, count=1):
    return [one for one in shop.rows("messages", "list") if one["final_at"]][count - 1:]
